//! The part of rcl that r2r does not wrap, as safe types. All of this crate's unsafe code is in here.
//!
//! rcl's objects belong to the thread that makes them: none of these types can be sent to another
//! thread, but for `Waker`. Each holds what it was made from, so that they end in the right order.
#![allow(unsafe_code)]

mod client;
mod discovery;
mod graph;
mod guard;
mod node;
mod subscription;
mod type_support;
mod wait;

use std::ffi::{CStr, CString};

use r2r_rcl::{
    RCL_RET_OK, rcl_ret_t, rcutils_allocator_t, rcutils_get_default_allocator,
    rcutils_get_error_string, rcutils_reset_error,
};

pub use client::Client;
pub use discovery::DiscoveryInfos;
pub use graph::{End, EndpointInfo};
pub use guard::{Guard, Waker};
pub use node::{Context, Node};
pub use subscription::{Subscription, Wanted};
pub use type_support::MessageType;
pub use wait::{WaitSet, Waitable};

/// rcl refused.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {said}")]
pub struct RclError {
    /// What was to be done.
    what: &'static str,
    /// rcl's own words.
    said: String,
}

impl RclError {
    fn new(what: &'static str, said: impl Into<String>) -> Self {
        let said = said.into();
        Self { what, said }
    }
}

/// rcl's answer as a result.
fn check(what: &'static str, answer: rcl_ret_t) -> Result<(), RclError> {
    if is(answer, RCL_RET_OK) {
        return Ok(());
    }
    let said = take_error();
    let said = if said.is_empty() {
        format!("rcl answered {answer}")
    } else {
        said
    };
    Err(RclError::new(what, said))
}

/// Whether rcl gave this answer; its constants have another type than its answers.
fn is(answer: rcl_ret_t, constant: u32) -> bool {
    u32::try_from(answer).is_ok_and(|answer| answer == constant)
}

/// What rcl has to say about the last failure on this thread; it is forgotten with that.
fn take_error() -> String {
    // SAFETY: both act on a record of this thread alone; the text is a copy that ends with a NUL.
    let said = unsafe {
        let said = rcutils_get_error_string();
        rcutils_reset_error();
        said
    };
    let bytes = said.str_.map(|c| c.to_ne_bytes()[0]);
    let text = CStr::from_bytes_until_nul(&bytes).unwrap_or_default();
    // What follows are places in rcl's source.
    let text = text.to_string_lossy();
    text.split(", at ").next().unwrap_or_default().to_owned()
}

fn c_text(what: &'static str, text: &str) -> Result<CString, RclError> {
    CString::new(text).map_err(|_| RclError::new(what, "there is a NUL in the name"))
}

fn allocator() -> rcutils_allocator_t {
    // SAFETY: it only returns a value, that of malloc and its like.
    unsafe { rcutils_get_default_allocator() }
}
