//! Who was heard announcing itself, and what of it contradicts itself.
//!
//! Anyone on the network can announce anyone. So of two announcements of one participant that cannot
//! both be true, the one that was heard first stays until it expires or takes its leave, and what the
//! other said is kept as a conflict.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::announcement::{ADDRESSES, Said};
use super::{Participant, ParticipantId, Participants, Span};
use crate::domain::time::Monotonic;

/// How many participants are known at most; more than a DDS domain can hold.
pub const KNOWN: usize = 4096;
/// How many of them one sender can announce, so that nobody keeps all others from being known; more
/// than a host has ports for in a DDS domain.
pub const OF_ONE_SENDER: usize = 512;
/// The lease of those who do not tell it, by the DDS standard.
const DEFAULT_LEASE: Duration = Duration::from_secs(100);
/// Leases out of these bounds are not believed.
const LEAST_LEASE: Duration = Duration::from_secs(5);
const LONGEST_LEASE: Duration = Duration::from_secs(300);
/// How much longer one is known: as long as its endpoints are on the graph, it has to be known whose
/// they are, and the middleware hears more of it than its announcements.
const GRACE: Duration = Duration::from_secs(10);

/// Who was heard, and when it is forgotten.
#[derive(Debug, Default)]
pub struct Heard(BTreeMap<ParticipantId, Known>);

#[derive(Debug)]
struct Known {
    said: Participant,
    /// Who announced it first.
    from: IpAddr,
    until: Monotonic,
}

impl Heard {
    /// Something was said, and it came from this address; whether anything is new.
    pub fn note(&mut self, said: Said, from: IpAddr, now: Monotonic) -> bool {
        match said {
            Said::Here(id, participant) => self.here(id, participant, from, now),
            Said::Gone(id) => self.gone(id, from),
        }
    }

    fn here(
        &mut self,
        id: ParticipantId,
        mut said: Participant,
        from: IpAddr,
        now: Monotonic,
    ) -> bool {
        if !said.may_send_from(from) {
            let addresses: Vec<_> = said.addresses.iter().map(IpAddr::to_string).collect();
            let conflict = format!(
                "it was announced from {from}, which is not one of its addresses ({})",
                addresses.join(", ")
            );
            said.conflict.get_or_insert(conflict);
        }
        if !from.is_loopback() {
            said.senders.insert(from);
        }
        let until = now + kept(&said);
        let Some(known) = self.0.get_mut(&id) else {
            return self.meet(id, Known { said, from, until }, now);
        };
        let Known { said: earlier, .. } = known;
        if let Some(conflict) = said
            .conflict
            .take()
            .or_else(|| contradiction(earlier, &said))
        {
            if earlier.conflict.is_some() {
                // The same voice as at first goes on, or another one: nothing new either way.
                let same = contradiction(earlier, &said).is_none();
                known.until = if same { until } else { known.until };
                return false;
            }
            earlier.conflict = Some(conflict);
            return true;
        }
        said.conflict.clone_from(&earlier.conflict);
        for sender in &earlier.senders {
            if said.senders.len() < ADDRESSES {
                said.senders.insert(*sender);
            }
        }
        let is_new = *earlier != said;
        *earlier = said;
        known.until = until;
        is_new
    }

    fn meet(&mut self, id: ParticipantId, known: Known, now: Monotonic) -> bool {
        let is_full = |all: &Self| all.0.len() >= KNOWN || all.of(known.from) >= OF_ONE_SENDER;
        let mut is_new = false;
        if is_full(self) {
            is_new = self.expire(now);
        }
        if !is_full(self) {
            self.0.insert(id, known);
            is_new = true;
        }
        is_new
    }

    /// How many a sender has announced.
    fn of(&self, sender: IpAddr) -> usize {
        self.0.values().filter(|known| known.from == sender).count()
    }

    fn gone(&mut self, id: ParticipantId, from: IpAddr) -> bool {
        let Some(Known { said: known, .. }) = self.0.get_mut(&id) else {
            return false;
        };
        if known.may_send_from(from) {
            self.0.remove(&id);
            return true;
        }
        if known.conflict.is_some() {
            return false;
        }
        known.conflict = Some(format!(
            "it was said to have gone by {from}, where it is not"
        ));
        true
    }

    /// Where one is to be reached, as far as it was heard.
    pub fn addresses(&self, id: ParticipantId) -> &[IpAddr] {
        let known = self.0.get(&id);
        known.map_or(&[], |known| &known.said.addresses)
    }

    /// Forgets who has been silent for too long; whether there was anyone.
    pub fn expire(&mut self, now: Monotonic) -> bool {
        let before = self.0.len();
        self.0.retain(|_, known| known.until > now);
        self.0.len() < before
    }

    /// When somebody is forgotten next.
    pub fn expires_next(&self) -> Option<Monotonic> {
        self.0.values().map(|known| known.until).min()
    }

    /// All who are known.
    pub fn participants(&self) -> Participants {
        let known = self.0.iter();
        known.map(|(id, known)| (*id, known.said.clone())).collect()
    }
}

impl Participant {
    /// Whether a datagram of its own may come from an address. What comes over the loopback comes from
    /// this machine; which process of it, an address does not say.
    fn may_send_from(&self, from: IpAddr) -> bool {
        from.is_loopback()
            || self.addresses.is_empty()
            || self.addresses.len() >= ADDRESSES
            || self.addresses.contains(&from)
    }
}

/// How long one is known after it was heard.
fn kept(said: &Participant) -> Duration {
    let lease = match said.lease {
        Span::Of(lease) => lease,
        Span::Infinite => LONGEST_LEASE,
        Span::Unknown => DEFAULT_LEASE,
    };
    lease.clamp(LEAST_LEASE, LONGEST_LEASE) + GRACE
}

/// What can never be so of one participant, in words.
fn contradiction(known: &Participant, said: &Participant) -> Option<String> {
    let differ = |what: &str, one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) if one != other => Some(format!(
            "it was announced as {what} {one} and as {what} {other}"
        )),
        _ => None,
    };
    differ("being on host", &known.hostname, &said.hostname)
        .or_else(|| differ("process", &known.process, &said.process))
        .or_else(|| strangers(&known.addresses, &said.addresses))
}

/// A host may get another address, but hardly another one for each that it had.
fn strangers(known: &[IpAddr], said: &[IpAddr]) -> Option<String> {
    let (one, other) = (known.first()?, said.first()?);
    let is_common = |address: &IpAddr| known.contains(address);
    (!said.iter().any(is_common))
        .then(|| format!("it was announced as being at {one} and as being at {other}"))
}

#[cfg(test)]
#[path = "heard_tests.rs"]
mod tests;
