//! Which container a participant is in, by what it says of itself; never a guess.
//!
//! Its host name is the container's own: the beginning of the container's id on a network of
//! containers, a name that shipmate gave on the host's network. Where it tells no host name, an
//! address that only one container has will do. What contradicts itself is nobody's.

use std::collections::HashMap;
use std::net::IpAddr;

use super::observation::{ContainerState, Observation, ObservedContainer, ObservedDeployment};
use crate::domain::graph::{Participant, ParticipantId};
use crate::domain::time::Monotonic;

/// Whose a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A container's, by its number in [`Owners`].
    Container(usize),
    /// Nobody's that is known.
    External,
    /// A process' that is there no more, though the middleware does not know it yet.
    Gone,
}

/// Whose a participant is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose it is.
    pub owner: Owner,
    /// How it is known, in a sentence.
    pub evidence: String,
    /// The containers, by number, that its announcements speak for at once.
    pub conflict: Vec<usize>,
}

/// All containers, to be found by what they are announced with.
pub struct Owners<'a> {
    containers: Vec<(&'a ObservedDeployment, &'a ObservedContainer)>,
    by_hostname: HashMap<&'a str, Vec<usize>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
}

impl<'a> Owners<'a> {
    pub fn new(observation: &'a Observation) -> Self {
        let mut owners = Self {
            containers: Vec::new(),
            by_hostname: HashMap::new(),
            by_address: HashMap::new(),
        };
        for deployment in &observation.deployments {
            for container in &deployment.containers {
                owners.add(deployment, container);
            }
        }
        owners
    }

    fn add(&mut self, deployment: &'a ObservedDeployment, container: &'a ObservedContainer) {
        let number = self.containers.len();
        self.containers.push((deployment, container));
        if !container.hostname.is_empty() {
            let same = self.by_hostname.entry(&container.hostname).or_default();
            same.push(number);
        }
        // The machine's addresses tell nothing: whatever runs on its network has them.
        if container.host_network || container.state == ContainerState::Ended {
            return;
        }
        for address in &container.addresses {
            self.by_address.entry(*address).or_default().push(number);
        }
    }

    /// The container with a number.
    pub fn get(&self, number: usize) -> Option<(&'a ObservedDeployment, &'a ObservedContainer)> {
        self.containers.get(number).copied()
    }

    /// Whose a participant is whose first endpoint was seen at `since`.
    pub fn claim(&self, id: ParticipantId, said: Option<&Participant>, since: Monotonic) -> Claim {
        let participant = hex::encode(id.0);
        let Some(said) = said else {
            return external(format!(
                "participant {participant} was not heard saying where it is"
            ));
        };
        if let Some(conflict) = &said.conflict {
            return external(format!(
                "participant {participant} was announced in ways that contradict each other: {conflict}"
            ))
            .between(self.spoken_for(said));
        }
        match &said.hostname {
            Some(hostname) => self.by_name(&participant, hostname, said, since),
            None => self.by_address(&participant, said, since),
        }
    }

    fn by_name(
        &self,
        participant: &str,
        hostname: &str,
        said: &Participant,
        since: Monotonic,
    ) -> Claim {
        let named = self
            .by_hostname
            .get(hostname)
            .map_or(&[][..], Vec::as_slice);
        let (here, elsewhere): (Vec<usize>, Vec<usize>) =
            named.iter().partition(|number| self.may_be(**number, said));
        let announces = format!("participant {participant} announces host {hostname}");
        let mut alive = here.iter().copied().filter(|number| self.lives(*number));
        match (alive.next(), alive.next()) {
            (Some(number), None) => return self.found(number, announces, said, since),
            (Some(_), Some(_)) => {
                let why = format!("{announces}, which several containers have");
                return external(why).between(self.living(&here));
            }
            (None, _) if !here.is_empty() => return gone(format!("{announces}, which has ended")),
            (None, _) => {}
        }
        let addressed = self.addressed(said);
        if elsewhere
            .iter()
            .any(|number| self.is_earlier(*number, since))
        {
            return gone(format!("{announces} as it was before its start"));
        }
        // Whoever had the address before its present owner was started does not contradict it.
        let came_since = addressed
            .iter()
            .copied()
            .filter(|number| self.started(*number) <= since);
        let came_since: Vec<usize> = came_since.collect();
        if came_since.is_empty() {
            let why = if elsewhere.is_empty() {
                "which no container of a deployment has"
            } else {
                "as a container here does, but from an address that is not this machine's"
            };
            return external(format!("{announces}, {why}"));
        }
        let both: Vec<usize> = elsewhere.iter().chain(&came_since).copied().collect();
        external(format!("{announces}, but the address of another container"))
            .between(self.living(&both))
    }

    fn by_address(&self, participant: &str, said: &Participant, since: Monotonic) -> Claim {
        let announces = format!("participant {participant} announces no host");
        match self.addressed(said).as_slice() {
            [] => external(format!(
                "{announces}, and no address that only one container has"
            )),
            [number] => self.found(*number, format!("{announces}, but an address"), said, since),
            several => external(format!("{announces}, but addresses of several containers"))
                .between(several.to_vec()),
        }
    }

    fn found(
        &self,
        number: usize,
        announces: String,
        said: &Participant,
        since: Monotonic,
    ) -> Claim {
        let Some((_, container)) = self.get(number) else {
            return external(announces);
        };
        if since < container.started_at {
            return gone(format!("{announces} as it was before its start"));
        }
        if let Some(elsewhere) = speaks_from_elsewhere(container, said) {
            return external(format!(
                "{announces}, which is a container's here, but speaks from {elsewhere}, where that is not"
            ))
            .between(vec![number]);
        }
        let short = container.container_id.get(..12);
        let short = short.unwrap_or(&container.container_id);
        let network = if container.host_network {
            "the host's network".to_owned()
        } else if container.networks.is_empty() {
            "a network of containers".to_owned()
        } else {
            format!("the network {}", container.networks.join(" and "))
        };
        Claim {
            owner: Owner::Container(number),
            evidence: format!("{announces}, which is container {short}'s on {network}"),
            conflict: Vec::new(),
        }
    }

    /// Those that live and have an address that only they can have.
    fn addressed(&self, said: &Participant) -> Vec<usize> {
        let all = said.addresses.iter();
        let mut numbers: Vec<usize> = all
            .filter_map(|address| self.by_address.get(address))
            .flatten()
            .copied()
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn spoken_for(&self, said: &Participant) -> Vec<usize> {
        let named = said.hostname.as_deref();
        let named = named.and_then(|hostname| self.by_hostname.get(hostname));
        let mut numbers = self.living(named.map_or(&[][..], Vec::as_slice));
        numbers.extend(self.addressed(said));
        numbers
    }

    fn living(&self, numbers: &[usize]) -> Vec<usize> {
        let all = numbers.iter().copied();
        all.filter(|number| self.lives(*number)).collect()
    }

    fn lives(&self, number: usize) -> bool {
        self.get(number)
            .is_some_and(|(_, container)| container.state != ContainerState::Ended)
    }

    fn started(&self, number: usize) -> Monotonic {
        self.get(number)
            .map_or_else(Monotonic::default, |(_, container)| container.started_at)
    }

    /// Whether this is the container's run before the present one. On a network of containers the
    /// name is its own everywhere, and the address may have changed with the start.
    fn is_earlier(&self, number: usize, since: Monotonic) -> bool {
        self.get(number)
            .is_some_and(|(_, container)| !container.host_network && since < container.started_at)
    }

    /// Whether no address speaks against a container.
    fn may_be(&self, number: usize, said: &Participant) -> bool {
        let Some((_, container)) = self.get(number) else {
            return false;
        };
        let mut told = said
            .addresses
            .iter()
            .filter(|it| !it.is_loopback())
            .peekable();
        container.addresses.is_empty()
            || told.peek().is_none()
            || told.any(|address| container.addresses.contains(address))
    }
}

/// Where announcements come from that only a container can send, if that is nowhere where it is. What it
/// names of itself anyone can name, and an address of their own beside it.
fn speaks_from_elsewhere(container: &ObservedContainer, said: &Participant) -> Option<IpAddr> {
    let is_its = |sender: &IpAddr| container.addresses.contains(sender);
    let can_tell = !container.host_network && !container.addresses.is_empty();
    let elsewhere = can_tell && !said.senders.iter().any(is_its);
    said.senders.first().copied().filter(|_| elsewhere)
}

impl Claim {
    fn between(mut self, mut numbers: Vec<usize>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        self.conflict = numbers;
        self
    }
}

fn external(evidence: String) -> Claim {
    Claim {
        owner: Owner::External,
        evidence,
        conflict: Vec::new(),
    }
}

fn gone(evidence: String) -> Claim {
    Claim {
        owner: Owner::Gone,
        ..external(evidence)
    }
}
