//! Keeps ROS discovery between the machine and its containers open.
//!
//! While no container is attached, Docker's bridge has no carrier, and Fast DDS does not join its
//! multicast group there. Every node of the machine that was started before the first container,
//! the robot's own stack among them, would then never hear a container. Linux hands a datagram of
//! a group that any socket of the machine has joined on an interface to all sockets on that port
//! (IP_MULTICAST_ALL, which is the default), so one socket that joins and never reads is enough
//! for all of them, in every domain.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Where participants announce themselves, by the DDS standard.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 0, 1);

/// The group of announcements, joined on the interfaces of containers.
#[derive(Debug, Default)]
pub struct DiscoveryGroup {
    joined: Mutex<Option<(Ipv4Addr, UdpSocket)>>,
}

impl DiscoveryGroup {
    /// Joins on the interface with this address, and stays joined. Joining again is no work.
    ///
    /// # Errors
    /// When the machine has no such interface, or no multicast.
    pub fn join(&self, interface: Ipv4Addr) -> std::io::Result<()> {
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        if joined
            .as_ref()
            .is_some_and(|(address, _)| *address == interface)
        {
            return Ok(());
        }
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&GROUP, &interface)?;
        tracing::debug!("discovery is open on {interface}");
        *joined = Some((interface, socket));
        Ok(())
    }
}
