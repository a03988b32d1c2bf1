//! Whatever message arrives where action servers say how their goals are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shipmate::domain::graph::goal_status::read;

fuzz_target!(|message: &[u8]| {
    let goals = read(message).unwrap_or_default();
    assert!(goals.len() * 25 <= message.len());
});
