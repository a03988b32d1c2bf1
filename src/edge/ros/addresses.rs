//! The addresses of this machine.

use std::net::IpAddr;

/// All of them but loopback's, which every machine has; none when they cannot be read.
pub fn of_this_machine() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::debug!("the addresses of this machine cannot be read: {error}");
        Vec::new()
    });
    let mut all: Vec<IpAddr> = { interfaces.iter() }
        .map(if_addrs::Interface::ip)
        .filter(|address| !address.is_loopback())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
