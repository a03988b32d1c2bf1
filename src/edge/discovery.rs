//! Keeps ROS discovery between the machine and its containers open.
//!
//! While no container is attached, Docker's bridge has no carrier, and Fast DDS does not join its
//! multicast group there. Every node of the machine that was started before the first container,
//! the robot's own stack among them, would then never hear a container. Linux hands a datagram of
//! a group that any socket of the machine has joined on an interface to all sockets on that port
//! (IP_MULTICAST_ALL, which is the default), so one socket that joins and never reads is enough
//! for all of them, in every domain.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Where participants announce themselves, by the DDS standard.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 0, 1);

/// The group of announcements, joined on the interfaces of containers.
#[derive(Debug, Default)]
pub struct DiscoveryGroup {
    joined: Mutex<Option<(Ipv4Addr, UdpSocket)>>,
}

impl DiscoveryGroup {
    /// Joins on the interface of this name, and stays joined. Joining again is no work.
    ///
    /// # Errors
    /// When the machine has no such interface, or no multicast.
    pub fn join(&self, interface: &str) -> std::io::Result<()> {
        let address = address_of(interface)?;
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        if joined.as_ref().is_some_and(|(known, _)| *known == address) {
            return Ok(());
        }
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&GROUP, &address)?;
        tracing::debug!("discovery is open on {interface} ({address})");
        *joined = Some((address, socket));
        Ok(())
    }
}

fn address_of(interface: &str) -> std::io::Result<Ipv4Addr> {
    let address = if_addrs::get_if_addrs()?
        .into_iter()
        .filter(|known| known.name == interface)
        .find_map(|known| match known.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
    address.ok_or_else(|| {
        std::io::Error::new(
            std::io::ErrorKind::NotFound,
            format!("interface {interface} has no IPv4 address"),
        )
    })
}
