//! How steps end, and what follows from it.

use super::super::{Orphan, World, masking};
use super::rules_of;
use crate::domain::container::ImageProgress;
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::executable::{Operation, Rules, Sequence};
use crate::domain::deployment::phase::{Phase, PhaseEvent};
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::{Deployment, Wanted};
use crate::domain::time::{Monotonic, Now};

/// Why a step did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepError {
    /// It failed.
    Failed(Failure),
    /// It cannot be done, now or later.
    Impossible(Failure),
    /// The engine does not answer; it will be tried again when it does.
    Unreachable(String),
    /// It was told to end.
    Canceled,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The image is on the engine.
    Fetched,
    /// The container was created, with this id.
    Created(String),
    /// The container was started.
    Started,
    /// The container was stopped.
    Stopped,
    /// The container goes on.
    Resumed,
    /// The container has this name again.
    Renamed(String),
    /// The container was stopped and removed.
    TakenDown,
    /// It did not end well.
    Error(StepError),
}

impl World {
    /// How far an image is.
    pub fn progress(&mut self, key: &StepKey, progress: ImageProgress) {
        if let Some(deployment) = self.deployments.get_mut(&key.deployment)
            && let Some(state) = deployment.state_mut(&key.executable)
            && state.operation == Some(Operation::Fetch)
        {
            state.progress = Some(progress);
            self.touched.insert(key.deployment.clone());
        }
    }

    /// A deployment's check ended.
    pub fn checked(&mut self, id: &str, result: Result<PickedPorts, Failure>) {
        // Two checks beside each other may have picked the same.
        let picked_twice = result.as_ref().is_ok_and(|p| self.are_taken(p, id));
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        deployment.checking = false;
        match result {
            // What others have is known by now, and is not picked by the next check.
            Ok(_) if picked_twice => {}
            Ok(ports) if deployment.wanted == Wanted::Running => {
                deployment.take_ports(ports);
                deployment.phase = deployment.phase.after(PhaseEvent::Checked);
            }
            Ok(_) => {}
            Err(failure) => {
                deployment.phase = deployment.phase.after(PhaseEvent::CheckFailed);
                deployment.failure = Some(failure);
            }
        }
        self.touched.insert(id.to_owned());
    }

    /// A step ended. What was learnt before `sequence` is older than its end.
    pub fn finished(&mut self, sequence: Sequence, key: &StepKey, outcome: Outcome, now: Now) {
        let Some(deployment) = self.deployments.get_mut(&key.deployment) else {
            return;
        };
        // An update changes the order when nothing is being done, so that this is of no account.
        if deployment.order.revision != key.revision {
            return;
        }
        let outcome = masking::outcome(outcome, &deployment.masks());
        let rules = rules_of(&self.settings, deployment, key, false, now.monotonic);
        let Some(state) = deployment.state_mut(&key.executable) else {
            return;
        };
        match outcome {
            Outcome::Fetched => deployment.image_arrived(&key.executable),
            // It may be gone before it is known that it was there.
            Outcome::Created(id) if self.removed.contains(&id) => state.operation = None,
            Outcome::Created(id) => {
                let name = deployment
                    .own_name(&key.executable, &self.settings.identity)
                    .unwrap_or_default();
                let revision = deployment.order.revision;
                if let Some(state) = deployment.state_mut(&key.executable) {
                    state.created(id, name, revision, sequence);
                }
            }
            Outcome::Started => state.was_started(now.monotonic),
            Outcome::Stopped => state.was_stopped(now.monotonic),
            Outcome::Resumed => state.was_resumed(),
            Outcome::Renamed(name) => state.was_renamed(name),
            Outcome::TakenDown => {
                let container = state.container_id.clone();
                state.removed(sequence);
                if let Some(container) = container {
                    self.note_removed(container);
                }
            }
            Outcome::Error(StepError::Unreachable(why)) => {
                state.operation = None;
                state.progress = None;
                // A step that began before the engine answered again says nothing about it now.
                if state.operation_began() >= self.synced {
                    self.engine_lost(why, now);
                }
            }
            Outcome::Error(StepError::Canceled) => {
                state.operation = None;
                state.progress = None;
            }
            Outcome::Error(StepError::Impossible(failure)) => {
                give_up(deployment, key, failure);
            }
            Outcome::Error(StepError::Failed(failure)) => {
                failed(deployment, key, failure, rules);
            }
        }
        self.touched.insert(key.deployment.clone());
    }

    /// A container that belonged to nobody was removed, or could not be.
    pub fn orphan_removed(&mut self, container: &str, removed: bool, now: Monotonic) {
        if removed {
            self.networks_untidy = true;
            self.orphans.remove(container);
        } else if let Some(orphan) = self.orphans.get_mut(container) {
            *orphan = Orphan {
                removing: false,
                not_before: Some(now + self.settings.restarts.longest_wait),
            };
        }
    }
}

/// Trying again would change nothing.
fn give_up(deployment: &mut Deployment, key: &StepKey, failure: Failure) {
    let blamed = deployment.blame(&key.executable, failure.clone());
    let provisioning = deployment.phase == Phase::Provisioning && deployment.should_run();
    if provisioning {
        deployment.fail(blamed);
    }
    if let Some(state) = deployment.state_mut(&key.executable) {
        state.operation = None;
        state.failure = Some(failure);
    }
}

/// A step failed.
fn failed(deployment: &mut Deployment, key: &StepKey, failure: Failure, rules: Rules<'_>) {
    let provisioning = deployment.phase == Phase::Provisioning && deployment.should_run();
    let blamed = deployment.blame(&key.executable, failure.clone());
    let Some(state) = deployment.state_mut(&key.executable) else {
        return;
    };
    let operation = state.operation;
    state.progress = None;
    match operation {
        Some(Operation::TakeDown) => {
            let due = rules.now + rules.limits.first_wait * 5;
            state.not_removed(failure.reason, due);
        }
        Some(Operation::Stop | Operation::Resume | Operation::Rename) => {
            state.not_restored(rules.now);
        }
        _ if !rules.wanted => state.operation = None,
        _ if provisioning => {
            state.operation = None;
            state.failure = Some(failure);
            deployment.fail(blamed);
        }
        _ => {
            // The image may be gone since the first start; it is looked for again.
            state.image_ready = false;
            state.start_failed(&failure.reason, rules);
        }
    }
}
