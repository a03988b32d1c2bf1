//! One executable of a deployment: what is known of its container, and what is being done to it.

mod by_hand;
mod operations;
mod revision;
mod runs;
mod words;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error_code::Failure;
use super::probing::Looks;
use super::restart::RestartLimits;
use crate::domain::container::{
    ContainerFacts, ContainerState, Exit, ImageProgress, PublishedPort,
};
use crate::domain::manifest::Restart;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::Monotonic;
use by_hand::Hand;

/// Counts what is learnt of containers, in the order in which it happened; a higher one is newer.
pub type Sequence = u64;

/// Something that is being done for an executable and has not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Its image is looked for, pulled or built.
    Fetch,
    /// Its image's fetch was told to end.
    CancelFetch,
    /// Its container is created.
    Create,
    /// Its container is started.
    Start,
    /// Its container is stopped, to be started again.
    Stop,
    /// Its container was paused by hand and is resumed.
    Resume,
    /// Its container was renamed by hand and gets its name back.
    Rename,
    /// Its container is stopped and removed.
    TakeDown,
}

/// A container of an executable, as the engine last said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Its name; empty until the engine was asked.
    pub name: String,
    /// What it does.
    pub state: ContainerState,
    /// The ports that it publishes.
    pub ports: Vec<PublishedPort>,
    /// Its host name, as its processes see it.
    pub hostname: String,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Its addresses on networks of containers.
    pub addresses: Vec<IpAddr>,
    /// When it was last started, in the engine's words; empty until the engine was asked.
    pub started_at: String,
    /// The revision of the order that it was made for; 0 when that is not known.
    pub revision: u32,
    /// The id of its image; empty when that is not known.
    pub image_id: String,
}

impl Container {
    fn of(facts: &ContainerFacts) -> Self {
        Self {
            id: facts.id.clone(),
            name: facts.name.clone(),
            state: facts.state.clone(),
            ports: facts.ports.clone(),
            hostname: facts.hostname.clone(),
            host_network: facts.host_network,
            addresses: facts.addresses.clone(),
            started_at: facts.started_at.clone(),
            revision: facts.revision(),
            image_id: facts.image_id.clone(),
        }
    }
}

/// What is known of an executable. The part that is serialised outlives the node; the rest is
/// learnt again from the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutableState {
    /// Whether it was ever started.
    pub started: bool,
    /// Whether it was ever ready; running is enough where nothing else is asked for.
    #[serde(default)]
    pub ready_once: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// How its container last ended.
    pub last_exit: Option<Exit>,
    /// Its first failure, with what it wrote before.
    #[serde(default)]
    pub first_failure: Option<Exit>,
    /// Why it was given up.
    pub failure: Option<Failure>,
    /// What somebody did to it by hand, when the policy leaves it so.
    #[serde(default)]
    pub left: Option<String>,
    /// Why its container could not be removed, at the last try.
    pub removal_error: Option<String>,
    /// The id of its container, as last known: a container that was renamed by hand is found
    /// again by it.
    pub container_id: Option<String>,
    /// Containers of an earlier revision than this are outdated.
    #[serde(default)]
    pub least_revision: u32,
    /// The id of the image that it ran before an update.
    #[serde(default)]
    image_before: Option<String>,
    /// The id of the image that it is to run, whatever its name means now: an update that failed may
    /// have built or pulled another one of that name.
    #[serde(default)]
    pub pinned_image: Option<String>,

    /// Its container.
    #[serde(skip)]
    pub container: Option<Container>,
    /// Whether its image is on the engine.
    #[serde(skip)]
    pub image_ready: bool,
    /// What is being done.
    #[serde(skip)]
    pub operation: Option<Operation>,
    /// Nothing is begun before this moment.
    #[serde(skip)]
    pub not_before: Option<Monotonic>,
    /// How far its image is.
    #[serde(skip)]
    pub progress: Option<ImageProgress>,
    /// What is known from looking at it while it runs.
    #[serde(skip)]
    pub looks: Looks,
    /// Whether its container is known to have all that it gets before it is first started. Whoever
    /// was killed after creating it may not have put its files into it.
    #[serde(skip)]
    pub complete: bool,
    /// Why it is not alive, from the look that said so until it has been stopped.
    #[serde(skip)]
    pub ailing: Option<String>,
    /// Why it is restarted although nothing is wrong with it.
    #[serde(skip)]
    renewal: Option<String>,
    /// When it first ran since the node knows it.
    #[serde(skip)]
    pub first_ran: Option<Monotonic>,
    /// What somebody renamed its container to, as far as that was said.
    #[serde(skip)]
    pub renamed_to: Option<String>,
    #[serde(skip)]
    newest: Sequence,
    /// When it was last seen to do anything else than before.
    #[serde(skip)]
    changed: Sequence,
    #[serde(skip)]
    operation_began: Sequence,
    #[serde(skip)]
    start_began: Option<Monotonic>,
    #[serde(skip)]
    running_since: Option<Monotonic>,
    #[serde(skip)]
    failures_in_a_row: u32,
    /// Who may have ended it.
    #[serde(skip)]
    hand: Option<Hand>,
    /// What somebody did to it, as long as that may have been the engine being shut down.
    #[serde(skip)]
    left_lately: Option<Hand>,
    /// Why it is started again, when it did not fail.
    #[serde(skip)]
    cause: Option<String>,
}

/// What an executable needs to know to judge what happens to its container.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// When it is started again.
    pub policy: Restart,
    /// The bounds of that.
    pub limits: &'a RestartLimits,
    /// Another number for another executable, so that those that fail together come back apart.
    pub seed: u64,
    /// Whether it should be running at all; an end is expected when it should not.
    pub wanted: bool,
    /// What follows what somebody did by hand.
    pub by_hand: ChangesByHand,
    /// How long it may take to end after a signal.
    pub grace: Duration,
    /// Whether the engine could not be asked when it happened.
    pub unseen: bool,
    /// The present.
    pub now: Monotonic,
}

impl ExecutableState {
    /// Whether anything of it is left on the engine, or may come to be.
    pub fn is_absent(&self) -> bool {
        self.container.is_none() && self.operation.is_none()
    }

    /// Whether its container runs.
    pub fn is_running(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| c.state == ContainerState::Running)
    }

    /// Whether its container runs or is paused.
    fn is_up(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| matches!(c.state, ContainerState::Running | ContainerState::Paused))
    }

    /// Whether its container is paused.
    pub fn is_paused(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|c| c.state == ContainerState::Paused)
    }

    /// Whether nothing is being done that ends or begins its run.
    pub fn is_undisturbed(&self) -> bool {
        matches!(
            self.operation,
            None | Some(Operation::Resume | Operation::Rename)
        )
    }

    /// Since when its container has been running, as far as that is known.
    pub fn running_since(&self) -> Option<Monotonic> {
        self.running_since
    }

    /// When its present run was begun by shipmate; None when somebody else did, or it does not run.
    pub fn start_began(&self) -> Option<Monotonic> {
        self.start_began
    }

    /// A moment before its container began to run this time. What is on the ROS graph since then
    /// may be its own; the answer to the start may come later than a node's first word.
    pub fn begins_after(&self) -> Option<Monotonic> {
        self.start_began.or(self.running_since)
    }

    /// Whether it ended or was removed after it had been started, and comes again.
    pub fn is_restarting(&self) -> bool {
        let ended = self
            .container
            .as_ref()
            .is_none_or(|c| matches!(c.state, ContainerState::Exited(_)));
        self.started && ended
    }
}

#[cfg(test)]
mod tests;
