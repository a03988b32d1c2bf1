//! Whatever datagram arrives where participants announce themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shipmate::domain::graph::announcement::{ADDRESSES, Said, TEXT, read};

fuzz_target!(|datagram: &[u8]| {
    let Some(Said::Here(_, said)) = read(datagram) else {
        return;
    };
    assert!(said.addresses.len() <= ADDRESSES);
    for text in [said.hostname, said.process, said.program, said.enclave] {
        let text = text.unwrap_or_default();
        assert!(text.chars().count() <= TEXT);
        assert!(text.len() <= datagram.len());
    }
});
