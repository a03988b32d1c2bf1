//! One executable of a deployment: what is known of its container, and what is being done to it.

use serde::{Deserialize, Serialize};

use super::error_code::{ErrorCode, Failure};
use super::restart::{AfterExit, RestartLimits, after_exit, describe};
use crate::domain::container::{
    ContainerFacts, ContainerState, Exit, ImageProgress, PublishedPort,
};
use crate::domain::manifest::Restart;
use crate::domain::time::Monotonic;

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
    /// Its container is stopped and removed.
    TakeDown,
}

/// A container of an executable, as the engine last said.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// What it does.
    pub state: ContainerState,
    /// The ports that it publishes.
    pub ports: Vec<PublishedPort>,
}

/// What is known of an executable. The part that is serialised outlives the node; the rest is
/// learnt again from the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutableState {
    /// Whether it was ever started.
    pub started: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// How its container last ended.
    pub last_exit: Option<Exit>,
    /// What it wrote before its first failure.
    pub first_output: String,
    /// Why it was given up.
    pub failure: Option<Failure>,
    /// Why its container could not be removed, at the last try.
    pub removal_error: Option<String>,
    /// The id of its container, as last known: a container that was renamed by hand is found
    /// again by it.
    pub container_id: Option<String>,

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
    #[serde(skip)]
    newest: Sequence,
    #[serde(skip)]
    operation_began: Sequence,
    #[serde(skip)]
    running_since: Option<Monotonic>,
    #[serde(skip)]
    failures_in_a_row: u32,
}

/// What an executable needs to know to judge an end of its container.
#[derive(Clone, Copy, Debug)]
pub struct ExitRules<'a> {
    /// When it is started again.
    pub policy: Restart,
    /// The bounds of that.
    pub limits: &'a RestartLimits,
    /// Whether it should be running at all; an end is expected when it should not.
    pub wanted: bool,
    /// The present.
    pub now: Monotonic,
}

impl ExecutableState {
    /// Notes that `operation` begins; what was learnt up to `sequence` is older than it.
    pub fn begin(&mut self, operation: Operation, sequence: Sequence) {
        self.operation = Some(operation);
        self.operation_began = sequence;
    }

    /// Takes what the engine says of its container. Older news than what is known are ignored.
    pub fn observe(&mut self, facts: &ContainerFacts, sequence: Sequence, rules: ExitRules<'_>) {
        if sequence < self.newest {
            return;
        }
        self.newest = sequence;
        self.container_id = Some(facts.id.clone());
        let before = self.container.replace(Container {
            id: facts.id.clone(),
            state: facts.state.clone(),
            ports: facts.ports.clone(),
        });
        // When it is being started, that is noted when the start ends. Else who was killed in between
        // started it.
        if was_started(&facts.state) && self.operation != Some(Operation::Start) {
            self.started = true;
        }
        match &facts.state {
            ContainerState::Running => self.runs(rules.now),
            ContainerState::Exited(exit) => {
                let known = before.is_some_and(|c| c.id == facts.id && c.state == facts.state);
                if !known {
                    self.ended(exit, rules);
                }
            }
            ContainerState::Created | ContainerState::Paused => {}
        }
    }

    /// Takes that its container does not exist any more.
    pub fn vanish(&mut self, sequence: Sequence) {
        if sequence < self.newest {
            return;
        }
        self.newest = sequence;
        self.forget_container();
    }

    fn forget_container(&mut self) {
        self.container = None;
        self.container_id = None;
        self.running_since = None;
    }

    /// Its container was created.
    pub fn created(&mut self, id: String) {
        self.operation = None;
        if self.container.as_ref().is_none_or(|c| c.id != id) {
            self.container_id = Some(id.clone());
            self.container = Some(Container {
                id,
                state: ContainerState::Created,
                ports: Vec::new(),
            });
        }
    }

    /// Its container was started. What happened since then, and was learnt before this, wins.
    pub fn was_started(&mut self, now: Monotonic) {
        self.operation = None;
        if self.started {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.started = true;
        if self.newest > self.operation_began {
            return;
        }
        if let Some(container) = &mut self.container {
            container.state = ContainerState::Running;
        }
        self.runs(now);
    }

    /// Its container was removed; what was learnt of it before `sequence` is void.
    pub fn removed(&mut self, sequence: Sequence) {
        self.operation = None;
        self.newest = sequence;
        self.removal_error = None;
        self.forget_container();
    }

    /// Its container could not be removed; it is tried again after a wait.
    pub fn not_removed(&mut self, reason: String, not_before: Monotonic) {
        self.operation = None;
        self.removal_error = Some(reason);
        self.not_before = Some(not_before);
    }

    /// Starting it again failed: counted like an end.
    pub fn start_failed(&mut self, message: &str, rules: ExitRules<'_>) {
        self.operation = None;
        let exit = Exit {
            code: -1,
            message: message.to_owned(),
            ..Exit::default()
        };
        self.ended(&exit, rules);
    }

    fn runs(&mut self, now: Monotonic) {
        self.running_since.get_or_insert(now);
        self.not_before = None;
        self.progress = None;
    }

    fn ended(&mut self, exit: &Exit, rules: ExitRules<'_>) {
        let ran = self
            .running_since
            .take()
            .map(|since| rules.now.since(since));
        if !rules.wanted {
            return;
        }
        if ran.is_some_and(|ran| ran >= rules.limits.stable_after) {
            self.failures_in_a_row = 0;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if self.first_output.is_empty() {
            self.first_output.clone_from(&exit.last_output);
        }
        self.last_exit = Some(exit.clone());
        match after_exit(rules.policy, exit, self.failures_in_a_row, rules.limits) {
            AfterExit::Restart(wait) => self.not_before = Some(rules.now + wait),
            AfterExit::GiveUp(reason) => {
                self.failure = Some(Failure::new(ErrorCode::ExecutableFailed, reason));
            }
        }
    }

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

    /// Why it is not running, in words, when it should be and nothing is wrong for good.
    pub fn pending_reason(&self, image: &str) -> String {
        match self.operation {
            Some(Operation::Fetch | Operation::CancelFetch) => self.fetch_reason(image),
            Some(Operation::Create) => "the container is being created".to_owned(),
            Some(Operation::Start) if self.started => self.restart_reason(),
            Some(Operation::Start) => "the container is being started".to_owned(),
            Some(Operation::TakeDown) => "the container is being stopped and removed".to_owned(),
            None => self.idle_reason(),
        }
    }

    fn fetch_reason(&self, image: &str) -> String {
        match &self.progress {
            None => format!("looking for image {image}"),
            Some(p) if p.building => format!("building image {image}: {}", p.step),
            Some(p) if p.bytes_total > 0 => format!(
                "pulling image {image}: {} of {} layers, {:.1} of {:.1} MB",
                p.layers_done,
                p.layers_total,
                megabytes(p.bytes_done),
                megabytes(p.bytes_total)
            ),
            Some(p) => format!("pulling image {image}: {}", p.step),
        }
    }

    fn idle_reason(&self) -> String {
        match self.container.as_ref().map(|c| &c.state) {
            Some(ContainerState::Paused) => {
                "the container was paused by hand; `docker unpause` lets it go on".to_owned()
            }
            Some(ContainerState::Exited(_)) => self.restart_reason(),
            Some(ContainerState::Created) => "the container is about to be started".to_owned(),
            Some(ContainerState::Running) => String::new(),
            None if self.started => {
                "the container was removed by hand and is made again".to_owned()
            }
            None if self.image_ready => "waiting for the deployment's other images".to_owned(),
            None => "waiting for its image".to_owned(),
        }
    }

    fn restart_reason(&self) -> String {
        let how = self.last_exit.as_ref().map_or_else(
            || "the container was stopped".to_owned(),
            |exit| match exit.message.is_empty() {
                true => format!("it {}", describe(exit)),
                // The engine's own words are a sentence.
                false => describe(exit),
            },
        );
        format!("{how}; restart {} follows", self.restarts.saturating_add(1))
    }
}

/// Whether a container was started before it came to be like this. One that could not be started
/// has an end, too, with the engine's message.
fn was_started(state: &ContainerState) -> bool {
    match state {
        ContainerState::Created => false,
        ContainerState::Running | ContainerState::Paused => true,
        ContainerState::Exited(exit) => exit.message.is_empty(),
    }
}

#[allow(clippy::cast_precision_loss)] // shown with one digit after the point
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    fn see(state: &mut ExecutableState, sequence: Sequence, container: ContainerState) {
        let facts = ContainerFacts {
            id: "c1".to_owned(),
            name: "t-arm-main-arm".to_owned(),
            labels: BTreeMap::new(),
            state: container,
            ports: Vec::new(),
        };
        let rules = ExitRules {
            policy: Restart::Always,
            limits: &RestartLimits::default(),
            wanted: true,
            now: Monotonic(Duration::ZERO),
        };
        state.observe(&facts, sequence, rules);
    }

    fn exit_at(moment: &str) -> ContainerState {
        ContainerState::Exited(Exit {
            code: 3,
            ended_at: moment.to_owned(),
            ..Exit::default()
        })
    }

    #[test]
    fn what_a_killed_node_has_started_counts_as_started() {
        for container in [ContainerState::Running, exit_at("noon")] {
            let mut state = ExecutableState::default();
            see(&mut state, 1, container);
            assert!(state.started);
        }
        let mut state = ExecutableState::default();
        see(&mut state, 1, ContainerState::Created);
        assert!(!state.started);
    }

    #[test]
    fn a_start_that_is_seen_before_its_end_is_no_restart() {
        let mut state = ExecutableState::default();
        see(&mut state, 1, ContainerState::Created);
        state.begin(Operation::Start, 1);
        see(&mut state, 2, ContainerState::Running);
        state.was_started(Monotonic(Duration::ZERO));
        assert!(state.started);
        assert_eq!(state.restarts, 0);
    }

    #[test]
    fn old_news_do_not_undo_newer_ones() {
        let mut state = ExecutableState::default();
        see(&mut state, 5, ContainerState::Running);
        see(&mut state, 3, ContainerState::Created);
        state.vanish(4);
        assert!(state.is_running());
        state.removed(6);
        see(&mut state, 5, ContainerState::Running);
        assert!(state.is_absent());
    }

    #[test]
    fn two_ends_that_look_alike_are_two() {
        let mut state = ExecutableState::default();
        see(&mut state, 1, exit_at("noon"));
        see(&mut state, 2, exit_at("noon"));
        assert_eq!(state.failures_in_a_row, 1);
        see(&mut state, 3, exit_at("a second later"));
        assert_eq!(state.failures_in_a_row, 2);
    }
}
