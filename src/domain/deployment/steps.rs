//! What to do next for a deployment: what was asked for is compared with what is known, and the
//! difference becomes steps. Calling it again without news gives nothing.

use super::containers::Identity;
use super::executable::{ExecutableState, Operation, Sequence};
use super::phase::Phase;
use super::{Deployment, DeploymentId, ExecutableKey};
use crate::domain::container::{BuildSpec, ContainerSpec, ContainerState};
use crate::domain::manifest::{Protocol, PullPolicy};
use crate::domain::time::{Monotonic, Now};

/// Where a step belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its executable.
    pub executable: ExecutableKey,
}

/// Something to be done outside of the domain. Each ends with an outcome for its key.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Find out whether the engine answers and these ports of the machine are free.
    Check {
        /// For which deployment.
        deployment: DeploymentId,
        /// The ports that it needs.
        ports: Vec<(u16, Protocol)>,
    },
    /// Make sure that an image is on the engine.
    Fetch {
        /// For whom.
        key: StepKey,
        /// Where the image comes from.
        image: ImageSource,
        /// The manifest's folder.
        folder: Option<String>,
    },
    /// Give up fetching.
    CancelFetch {
        /// For whom.
        key: StepKey,
    },
    /// Create a container.
    Create {
        /// For whom.
        key: StepKey,
        /// The container.
        spec: Box<ContainerSpec>,
        /// The manifest's folder.
        folder: Option<String>,
    },
    /// Start a container.
    Start {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
    },
    /// Stop and remove a container.
    TakeDown {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
        /// Seconds until it is killed.
        grace: u32,
    },
}

/// Where an image comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageSource {
    /// A registry, or the engine's own store.
    Pull {
        /// The image's reference.
        image: String,
        /// When it is pulled.
        policy: PullPolicy,
    },
    /// A folder.
    Build(BuildSpec),
}

impl Deployment {
    /// The steps that follow from what is known; each is noted as begun.
    pub fn steps(&mut self, identity: &Identity, sequence: Sequence, now: Now) -> Vec<Step> {
        if !self.saved || self.is_over() {
            return Vec::new();
        }
        if self.should_run() {
            if self.phase == Phase::InProgress {
                return self.check_step();
            }
            return self.build_up(identity, sequence, now.monotonic);
        }
        self.tear_down(identity, sequence, now.monotonic)
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
        }]
    }

    fn build_up(&mut self, identity: &Identity, sequence: Sequence, now: Monotonic) -> Vec<Step> {
        // Nothing is started before every image is there: a robot does not move because half of
        // its software could be found. What has run once does not wait for others again.
        let images_ready = self.phase != Phase::Provisioning
            || self.states().all(|(_, state)| {
                state.image_ready || state.container.is_some() || state.failure.is_some()
            });
        let keys: Vec<ExecutableKey> = self.states().map(|(key, _)| key).collect();
        let mut steps = Vec::new();
        for key in keys {
            let Some(operation) = self.wants(&key, images_ready, now) else {
                continue;
            };
            if operation == Operation::Fetch && self.is_fetching(&self.image_of(&key)) {
                continue;
            }
            let Some(step) = self.step(&key, operation, identity) else {
                continue;
            };
            if let Some(state) = self.state_mut(&key) {
                state.begin(operation, sequence);
            }
            steps.push(step);
        }
        steps
    }

    /// What an executable that should run needs next.
    fn wants(&self, key: &ExecutableKey, images_ready: bool, now: Monotonic) -> Option<Operation> {
        let state = self.executables.get(key.component)?.get(key.executable)?;
        if state.operation.is_some() || state.failure.is_some() || waits(state, now) {
            return None;
        }
        match state.container.as_ref().map(|c| &c.state) {
            Some(ContainerState::Created | ContainerState::Exited(_)) => Some(Operation::Start),
            Some(ContainerState::Running | ContainerState::Paused) => None,
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

    fn step(&self, key: &ExecutableKey, operation: Operation, identity: &Identity) -> Option<Step> {
        let step_key = self.step_key(key);
        let state = self.executables.get(key.component)?.get(key.executable)?;
        let (_, executable) = self.manifest_of(key)?;
        Some(match operation {
            Operation::Fetch => Step::Fetch {
                key: step_key,
                image: self.build_of(key).map_or_else(
                    || ImageSource::Pull {
                        image: self.image_of(key),
                        policy: executable.pull,
                    },
                    ImageSource::Build,
                ),
                folder: self.order.folder.clone(),
            },
            Operation::CancelFetch => Step::CancelFetch { key: step_key },
            Operation::Create => Step::Create {
                key: step_key,
                spec: Box::new(self.container_spec(key, identity)?),
                folder: self.order.folder.clone(),
            },
            Operation::Start => Step::Start {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
            },
            Operation::TakeDown => Step::TakeDown {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                grace: executable.stop_grace_period.0,
            },
        })
    }

    fn tear_down(&mut self, identity: &Identity, sequence: Sequence, now: Monotonic) -> Vec<Step> {
        let keys: Vec<ExecutableKey> = self.states().map(|(key, _)| key).collect();
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
            state.begin(operation, sequence);
            steps.extend(self.step(&key, operation, identity));
        }
        steps
    }

    fn step_key(&self, key: &ExecutableKey) -> StepKey {
        StepKey {
            deployment: self.order.id.clone(),
            executable: key.clone(),
        }
    }

    /// The next moment at which something is due without any news.
    pub fn next_due(&self, now: Monotonic) -> Option<Monotonic> {
        self.states()
            .filter(|(_, state)| state.operation.is_none())
            .filter_map(|(_, state)| state.not_before)
            .filter(|due| *due > now)
            .min()
    }
}

fn waits(state: &ExecutableState, now: Monotonic) -> bool {
    state.not_before.is_some_and(|due| due > now)
}
