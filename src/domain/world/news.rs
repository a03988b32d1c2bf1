//! What is learnt: from the engine by itself, and from the ends of steps.

use std::collections::BTreeMap;

use super::{EngineState, Orphan, World};
use crate::domain::container::{ContainerFacts, ImageProgress, labels};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::executable::{ExitRules, Operation, Sequence};
use crate::domain::deployment::phase::{Phase, PhaseEvent};
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::{Deployment, DeploymentId, ExecutableKey, Wanted};
use crate::domain::manifest::Restart;
use crate::domain::time::{Monotonic, Now};

/// Why a step did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepError {
    /// It failed.
    Failed(Failure),
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
    /// The container was stopped and removed.
    TakenDown,
    /// It did not end well.
    Error(StepError),
}

impl World {
    /// The engine answers, and these are all the containers that bear our label. What the world
    /// thought of containers that are not among them is void.
    pub fn resync(&mut self, sequence: Sequence, containers: Vec<ContainerFacts>, now: Now) {
        self.engine = EngineState::Known;
        let ids: Vec<String> = containers.iter().map(|c| c.id.clone()).collect();
        for facts in &containers {
            self.observe(sequence, facts, now);
        }
        for deployment in self.deployments.values_mut() {
            for state in deployment.states_mut() {
                if state
                    .container
                    .as_ref()
                    .is_some_and(|c| !ids.contains(&c.id))
                {
                    state.vanish(sequence);
                }
            }
        }
        self.orphans.retain(|id, _| ids.contains(id));
        self.touch_all();
    }

    /// The engine does not answer.
    pub fn engine_lost(&mut self, why: String) {
        self.engine = EngineState::Unreachable(why);
        self.touch_all();
    }

    /// The engine says how a container is.
    pub fn observe(&mut self, sequence: Sequence, facts: &ContainerFacts, now: Now) {
        let owner = self.owner_of(&facts.labels);
        let Some((id, key)) = owner.filter(|(id, key)| self.belongs_to(id, key, facts)) else {
            // A container of the user's own is not touched, even when it bears our labels.
            if self.has_our_name(facts) {
                self.orphans.entry(facts.id.clone()).or_default();
            }
            return;
        };
        let limits = self.settings.restarts;
        let Some(deployment) = self.deployments.get_mut(&id) else {
            return;
        };
        let policy = restart_policy(deployment, &key);
        let wanted = deployment.should_run();
        if let Some(state) = deployment.state_mut(&key) {
            let rules = ExitRules {
                policy,
                limits: &limits,
                wanted,
                now: now.monotonic,
            };
            state.observe(facts, sequence, rules);
        }
        self.touched.insert(id);
    }

    /// The engine says that a container does not exist any more.
    pub fn gone(&mut self, sequence: Sequence, container: &str) {
        self.orphans.remove(container);
        for (id, deployment) in &mut self.deployments {
            for state in deployment.states_mut() {
                if state.container.as_ref().is_some_and(|c| c.id == container) {
                    state.vanish(sequence);
                    self.touched.insert(id.clone());
                }
            }
        }
    }

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
    pub fn checked(&mut self, id: &str, result: Result<(), Failure>) {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        deployment.checking = false;
        match result {
            Ok(()) if deployment.wanted == Wanted::Running => {
                deployment.phase = deployment.phase.after(PhaseEvent::Checked);
            }
            Ok(()) => {}
            Err(failure) => {
                deployment.phase = deployment.phase.after(PhaseEvent::CheckFailed);
                deployment.failure = Some(failure);
            }
        }
        self.touched.insert(id.to_owned());
    }

    /// A step ended. What was learnt before `sequence` is older than its end.
    pub fn finished(&mut self, sequence: Sequence, key: &StepKey, outcome: Outcome, now: Now) {
        let limits = self.settings.restarts;
        let Some(deployment) = self.deployments.get_mut(&key.deployment) else {
            return;
        };
        let policy = restart_policy(deployment, &key.executable);
        let rules = ExitRules {
            policy,
            limits: &limits,
            wanted: deployment.should_run(),
            now: now.monotonic,
        };
        let provisioning = deployment.phase == Phase::Provisioning;
        let Some(state) = deployment.state_mut(&key.executable) else {
            return;
        };
        match outcome {
            Outcome::Fetched => deployment.image_arrived(&key.executable),
            Outcome::Created(id) => state.created(id),
            Outcome::Started => state.was_started(now.monotonic),
            Outcome::TakenDown => state.removed(sequence),
            Outcome::Error(StepError::Unreachable(why)) => {
                state.operation = None;
                state.progress = None;
                self.engine_lost(why);
            }
            Outcome::Error(StepError::Canceled) => {
                state.operation = None;
                state.progress = None;
            }
            Outcome::Error(StepError::Failed(failure)) => {
                let operation = state.operation;
                state.progress = None;
                if matches!(operation, Some(Operation::TakeDown)) {
                    state.not_removed(failure.reason, now.monotonic + limits.first_wait * 5);
                } else if provisioning {
                    state.operation = None;
                    state.failure = Some(failure.clone());
                    deployment
                        .failure
                        .get_or_insert(name_it(deployment, key, failure));
                } else {
                    state.image_ready = false;
                    state.start_failed(&failure.reason, rules);
                }
            }
        }
        self.touched.insert(key.deployment.clone());
    }

    /// A container that belonged to nobody was removed, or could not be.
    pub fn orphan_removed(&mut self, container: &str, removed: bool, now: Monotonic) {
        if removed {
            self.orphans.remove(container);
        } else if let Some(orphan) = self.orphans.get_mut(container) {
            *orphan = Orphan {
                removing: false,
                not_before: Some(now + self.settings.restarts.longest_wait),
            };
        }
    }

    /// Whether a container is the one of this executable, by its id, or by its name when the
    /// executable has none.
    fn belongs_to(&self, id: &str, key: &ExecutableKey, facts: &ContainerFacts) -> bool {
        let state = self
            .deployments
            .get(id)
            .and_then(|d| d.executables.get(key.component)?.get(key.executable));
        match state.and_then(|state| state.container_id.as_ref()) {
            Some(known) if *known == facts.id => true,
            // The known one may have gone while nobody looked; then this is its successor.
            Some(_) => state.is_some_and(|s| s.container.is_none()) && self.has_our_name(facts),
            None => self.has_our_name(facts),
        }
    }

    /// Whether a container is called what shipmate would call it by its labels.
    fn has_our_name(&self, facts: &ContainerFacts) -> bool {
        let label = |name: &str| facts.labels.get(name).map_or("", String::as_str);
        let expected = container_name(
            &self.settings.identity.prefix,
            label(labels::DEPLOYMENT_NAME),
            label(labels::COMPONENT),
            label(labels::EXECUTABLE),
        );
        facts.name == expected
    }

    /// Which executable a container belongs to, by its labels.
    fn owner_of(&self, of: &BTreeMap<String, String>) -> Option<(DeploymentId, ExecutableKey)> {
        let deployment = self.deployments.get(of.get(labels::DEPLOYMENT)?)?;
        if matches!(deployment.phase, Phase::Stopped | Phase::FailedToStart) {
            return None;
        }
        let key = deployment.key_of(of.get(labels::COMPONENT)?, of.get(labels::EXECUTABLE)?)?;
        Some((deployment.order.id.clone(), key))
    }
}

fn restart_policy(deployment: &Deployment, key: &ExecutableKey) -> Restart {
    deployment
        .manifest_of(key)
        .map(|(_, executable)| executable.restart)
        .unwrap_or_default()
}

/// The failure of an executable as the whole deployment's.
fn name_it(deployment: &Deployment, key: &StepKey, failure: Failure) -> Failure {
    let who = deployment
        .manifest_of(&key.executable)
        .map(|(component, executable)| format!("{}: {}: ", component.name, executable.name))
        .unwrap_or_default();
    Failure {
        code: failure.code,
        reason: format!("{who}{}", failure.reason),
    }
}
