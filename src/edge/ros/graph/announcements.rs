//! Hears participants announce themselves, which says on whose host they are; rcl does not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Clock;
use super::rcl::Waker;
use crate::domain::graph::announcement::Said;
use crate::domain::graph::heard::Heard;
use crate::domain::graph::{Participants, announcement};
use crate::edge::ros::addresses;

/// Where announcements of domain 0 go to, and how far the domains lie apart.
const PORT: u16 = 7400;
const DOMAIN_GAIN: u16 = 250;
/// How many datagrams are read before what they say is told.
const AT_ONCE: usize = 64;
/// More than a datagram can have.
const DATAGRAM: usize = 65_536;

/// What is told of participants, and who is woken by it.
pub struct Announcements {
    /// The domain to listen to.
    pub domain: u8,
    /// Tells the time.
    pub clock: Clock,
    /// Gets every new list.
    pub heard: watch::Sender<Arc<Participants>>,
    /// Wakes the observer.
    pub waker: Waker,
    /// Ends it.
    pub stop: CancellationToken,
}

impl Announcements {
    /// Listens until it is stopped.
    pub async fn hear(self) {
        let (domain, stop) = (self.domain, self.stop.clone());
        if let Some(Err(error)) = stop.run_until_cancelled(self.listen()).await {
            // Then what is a container's own is known by name and time alone.
            tracing::warn!("announcements of ROS domain {domain} cannot be heard: {error}");
        }
    }

    /// Ends only by an error.
    async fn listen(self) -> std::io::Result<()> {
        let socket = open(self.domain)?;
        let mut heard = Heard::default();
        let mut datagram = vec![0; DATAGRAM];
        loop {
            self.next(&socket, &heard).await?;
            let is_new = self.take(&socket, &mut heard, &mut datagram)?;
            if heard.expire((self.clock)()) || is_new {
                self.heard.send_replace(Arc::new(heard.participants()));
                self.waker.wake();
            }
        }
    }

    /// Waits until something arrives, or until somebody has been silent for too long.
    async fn next(&self, socket: &UdpSocket, heard: &Heard) -> std::io::Result<()> {
        let arrival = socket.readable();
        match heard.expires_next() {
            None => arrival.await,
            Some(until) => {
                let silence = until.since((self.clock)());
                let arrived = tokio::time::timeout(silence, arrival).await;
                arrived.unwrap_or(Ok(()))
            }
        }
    }

    /// Reads what has arrived; whether it says anything new.
    fn take(
        &self,
        socket: &UdpSocket,
        heard: &mut Heard,
        datagram: &mut [u8],
    ) -> std::io::Result<bool> {
        let mut is_new = false;
        for _ in 0..AT_ONCE {
            let (length, from) = match socket.try_recv_from(datagram) {
                Ok(received) => received,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            let said = announcement::read(datagram.get(..length).unwrap_or_default());
            if let Some(said) = said {
                let from = origin(&said, heard, from.ip());
                is_new |= heard.note(said, from, (self.clock)());
            }
        }
        Ok(is_new)
    }
}

/// Where a datagram comes from. A network that came to be after a participant, as those of containers
/// do, gives its datagrams an address that it does not know; whose process on this machine it was, no
/// address of this machine says, just as the loopback's does not.
fn origin(said: &Said, heard: &Heard, from: IpAddr) -> IpAddr {
    let said_addresses: &[IpAddr] = match said {
        Said::Here(_, participant) => &participant.addresses,
        Said::Gone(id) => heard.addresses(*id),
    };
    if said_addresses.is_empty() || said_addresses.contains(&from) {
        return from;
    }
    let machine = addresses::of_this_machine();
    let is_here = { said_addresses.iter() }.any(|address| machine.contains(address));
    match is_here && machine.contains(&from) {
        true => Ipv4Addr::LOCALHOST.into(),
        false => from,
    }
}

/// Needs to join no group: Linux hands a datagram of a group that any socket of the machine has joined
/// to all sockets on its port, and every participant of the machine, the observer's among them, has
/// joined; `edge/discovery.rs` does for the networks of containers.
fn open(domain: u8) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // As all participants of the machine do.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    let port = PORT.saturating_add(DOMAIN_GAIN.saturating_mul(domain.into()));
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    UdpSocket::from_std(socket.into())
}
