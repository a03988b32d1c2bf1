//! What to do next for a deployment: what was asked for is compared with what is known, and the
//! difference becomes steps. Calling it again without news gives nothing.

mod make;
mod prepare;
mod renamed;
mod step;

use std::collections::BTreeSet;
use std::time::Duration;

use super::containers::Identity;
use super::executable::{ExecutableState, Operation, Sequence};
use super::phase::Phase;
use super::update::{RETIRED, Update};
use super::{Deployment, ExecutableKey, Wanted};
use crate::domain::container::ContainerState;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::{Monotonic, Now};
pub use step::{ImageSource, Step, StepKey};

impl Deployment {
    /// The steps that follow from what is known; each is noted as begun.
    pub fn steps(
        &mut self,
        identity: &Identity,
        by_hand: ChangesByHand,
        guard_timeout: Duration,
        sequence: Sequence,
        now: Now,
    ) -> Vec<Step> {
        if !self.saved || self.is_over() {
            return Vec::new();
        }
        let mut steps = self.prepare_steps(identity, guard_timeout);
        if self.should_run() {
            if self.phase == Phase::InProgress {
                return self.check_step();
            }
            if !self.ports_saved || self.is_at_rest() {
                return steps;
            }
            steps.extend(self.build_up(identity, by_hand, sequence, now.monotonic));
            steps.extend(self.look_steps(identity, now.monotonic));
            return steps;
        }
        if self.wanted == Wanted::Stopped && (!self.stop_saved || !self.leave_first.is_empty()) {
            return Vec::new();
        }
        steps.extend(self.tear_down(identity, sequence, now.monotonic));
        steps
    }

    /// Whether nothing is begun for now, because an update is about to change what there is to do,
    /// or the disk does not know yet that it has.
    fn is_at_rest(&self) -> bool {
        match &self.update {
            Some(Update::Preparing { .. }) => self.preparation.guarded,
            Some(Update::Changing { failure, .. }) => failure.is_some() || !self.change_saved,
            Some(Update::RollingBack(_)) => !self.change_saved,
            None => false,
        }
    }

    fn check_step(&mut self) -> Vec<Step> {
        if self.checking {
            return Vec::new();
        }
        self.checking = true;
        let ports = self
            .fixed_ports()
            .into_iter()
            .map(|(port, protocol, _)| (port, protocol))
            .collect();
        vec![Step::Check {
            deployment: self.order.id.clone(),
            ports,
            pick: self.ports_to_pick(),
            avoid: BTreeSet::new(),
        }]
    }

    fn build_up(
        &mut self,
        identity: &Identity,
        by_hand: ChangesByHand,
        sequence: Sequence,
        now: Monotonic,
    ) -> Vec<Step> {
        // Nothing is started before every image is there: a robot does not move because half of
        // its software could be found. What has run once does not wait for others again.
        let images_ready = self.phase != Phase::Provisioning
            || self.states().all(|(_, state)| {
                state.image_ready
                    || state.container.is_some()
                    || state.failure.is_some()
                    || state.left().is_some()
            });
        let keys: Vec<ExecutableKey> = self.all_states().map(|(key, _)| key).collect();
        let mut steps = Vec::new();
        for key in keys {
            let Some(operation) = self.wants(&key, identity, by_hand, images_ready, now) else {
                continue;
            };
            if operation == Operation::Fetch && self.is_fetching(&self.image_of(&key)) {
                continue;
            }
            let Some(step) = self.step(&key, operation, identity) else {
                continue;
            };
            if let Some(state) = self.state_mut(&key) {
                state.begin(operation, sequence, now);
            }
            steps.push(step);
        }
        steps
    }

    /// What an executable that should run needs next.
    fn wants(
        &self,
        key: &ExecutableKey,
        identity: &Identity,
        by_hand: ChangesByHand,
        images_ready: bool,
        now: Monotonic,
    ) -> Option<Operation> {
        let state = self.state(key)?;
        if state.operation.is_some() || waits(state, now) {
            return None;
        }
        if key.component == RETIRED || state.is_outdated() {
            return state.container.is_some().then_some(Operation::TakeDown);
        }
        if state.failure.is_some() {
            return None;
        }
        let restore = by_hand == ChangesByHand::Restore;
        let left = state.left().is_some();
        match state.container.as_ref().map(|c| &c.state) {
            Some(ContainerState::Running) if state.is_to_be_stopped() => Some(Operation::Stop),
            Some(ContainerState::Running) if restore && self.is_renamed(key, identity) => {
                Some(Operation::Rename)
            }
            Some(ContainerState::Paused) if restore => Some(Operation::Resume),
            Some(ContainerState::Running | ContainerState::Paused) => None,
            Some(ContainerState::Exited(_)) | None if left => None,
            // What makes room for it has to be gone first.
            Some(_) | None if !self.retired.is_empty() => None,
            // Its image may be fetched meanwhile.
            Some(ContainerState::Created | ContainerState::Exited(_)) if self.held().is_some() => {
                None
            }
            None if state.image_ready && self.held().is_some() => None,
            // To create it again puts into it what may be missing.
            Some(ContainerState::Created) if !state.complete && self.has_files(key) => {
                Some(Operation::Create)
            }
            Some(ContainerState::Created | ContainerState::Exited(_)) => Some(Operation::Start),
            None if !state.image_ready => Some(Operation::Fetch),
            None if images_ready => Some(Operation::Create),
            None => None,
        }
    }

    /// Whether an image is fetched for one of the executables already.
    fn is_fetching(&self, image: &str) -> bool {
        self.states().any(|(key, state)| {
            let fetching = matches!(
                state.operation,
                Some(Operation::Fetch | Operation::CancelFetch)
            );
            fetching && self.image_of(&key) == image
        })
    }

    fn tear_down(&mut self, identity: &Identity, sequence: Sequence, now: Monotonic) -> Vec<Step> {
        let keys: Vec<ExecutableKey> = self.all_states().map(|(key, _)| key).collect();
        let mut steps = Vec::new();
        for key in keys {
            let Some(state) = self.state_mut(&key) else {
                continue;
            };
            let operation = match (state.operation, &state.container) {
                (Some(Operation::Fetch), _) => Operation::CancelFetch,
                (None, Some(_)) if !waits(state, now) => Operation::TakeDown,
                (None | Some(_), _) => continue,
            };
            state.begin(operation, sequence, now);
            steps.extend(self.step(&key, operation, identity));
        }
        steps
    }

    /// The next moment at which something is due without any news.
    pub fn next_due(&self, now: Monotonic) -> Option<Monotonic> {
        let waits = self
            .all_states()
            .filter(|(_, state)| state.operation.is_none())
            .filter_map(|(_, state)| state.not_before);
        let hands = self.states().filter_map(|(_, state)| state.hand_due());
        waits
            .chain(hands)
            .chain(self.next_look(now))
            .filter(|due| *due > now)
            .min()
    }
}

fn waits(state: &ExecutableState, now: Monotonic) -> bool {
    state.not_before.is_some_and(|due| due > now)
}
