//! Hears participants announce themselves, which says on whose host they are; rcl does not.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Clock;
use super::rcl::Waker;
use crate::domain::graph::{Participant, ParticipantId, Participants, announcement};
use crate::domain::time::Monotonic;

/// Where announcements of domain 0 go to, and how far the domains lie apart.
const PORT: u16 = 7400;
const DOMAIN_GAIN: u16 = 250;
/// Participants announce themselves every few seconds. After so long a silence they are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// How many participants are known at most; more than a DDS domain can hold.
const KNOWN: usize = 4096;
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
        let mut known = Known::default();
        let mut datagram = vec![0; DATAGRAM];
        loop {
            let length = socket.recv(&mut datagram).await?;
            let said = announcement::read(datagram.get(..length).unwrap_or_default());
            let now = (self.clock)();
            if said.is_some_and(|(id, said)| known.note(id, said, now)) {
                self.heard.send_replace(Arc::new(known.participants()));
                self.waker.wake();
            }
        }
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

/// Who was heard, and when last.
#[derive(Default)]
struct Known(BTreeMap<ParticipantId, (Participant, Monotonic)>);

impl Known {
    /// Whether something is new.
    fn note(&mut self, id: ParticipantId, said: Participant, now: Monotonic) -> bool {
        if let Some((before, heard)) = self.0.get_mut(&id)
            && *before == said
        {
            *heard = now;
            return false;
        }
        self.0
            .retain(|_, (_, heard)| now.since(*heard) < FORGOTTEN_AFTER);
        if self.0.len() >= KNOWN {
            return false;
        }
        self.0.insert(id, (said, now));
        true
    }

    fn participants(&self) -> Participants {
        let known = self.0.iter();
        known.map(|(id, (said, _))| (*id, said.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic(Duration::from_secs(seconds))
    }

    fn on(hostname: &str) -> Participant {
        Participant {
            hostname: Some(hostname.to_owned()),
            addresses: vec![],
        }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let mut known = Known::default();
        let (one, two) = (ParticipantId([1; 12]), ParticipantId([2; 12]));
        assert!(known.note(one, on("a"), at(0)));
        assert!(!known.note(one, on("a"), at(3)), "it only says it again");
        assert!(known.note(one, on("b"), at(6)));
        assert!(known.note(two, on("a"), at(65)));
        assert_eq!(known.participants().len(), 2);
        assert!(known.note(two, on("b"), at(67)));
        assert_eq!(known.participants().len(), 1, "silence since 6 s");
    }
}
