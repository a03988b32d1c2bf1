//! What to do next for a deployment: what was asked for is compared with what is known, and the
//! difference becomes steps. Calling it again without news gives nothing.

use std::time::Duration;

use super::containers::{Identity, container_name};
use super::executable::{ExecutableState, Operation, Sequence};
use super::phase::Phase;
use super::probing::{LookAt, LookKey};
use super::{Deployment, DeploymentId, ExecutableKey, Wanted};
use crate::domain::container::{BuildSpec, ContainerFacts, ContainerSpec, ContainerState};
use crate::domain::manifest::{Protocol, PullPolicy};
use crate::domain::policy::ChangesByHand;
use crate::domain::probe::Whereabouts;
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
    /// Stop a container, to start it again.
    Stop {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
        /// Seconds until it is killed.
        grace: u32,
    },
    /// Let a container go on that was paused.
    Resume {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
    },
    /// Give a container its name back.
    Rename {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
        /// The name.
        name: String,
    },
    /// Look at a container that runs. It ends with an answer for its key, not with an outcome.
    Look {
        /// Which look.
        key: LookKey,
        /// What is looked at.
        at: LookAt,
        /// Where the container is heard.
        whereabouts: Whereabouts,
        /// How long it may take.
        timeout: Duration,
        /// How long it may wait for a change of what does not hold yet.
        patience: Duration,
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
    pub fn steps(
        &mut self,
        identity: &Identity,
        by_hand: ChangesByHand,
        sequence: Sequence,
        now: Now,
    ) -> Vec<Step> {
        if !self.saved || self.is_over() {
            return Vec::new();
        }
        if self.should_run() {
            if self.phase == Phase::InProgress {
                return self.check_step();
            }
            let mut steps = self.build_up(identity, by_hand, sequence, now.monotonic);
            steps.extend(self.look_steps(identity, now.monotonic));
            return steps;
        }
        if self.wanted == Wanted::Stopped && (!self.stop_saved || !self.leave_first.is_empty()) {
            return Vec::new();
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
        let keys: Vec<ExecutableKey> = self.states().map(|(key, _)| key).collect();
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
        let state = self.executables.get(key.component)?.get(key.executable)?;
        if state.operation.is_some() || state.failure.is_some() || waits(state, now) {
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
            // Its image may be fetched meanwhile.
            Some(ContainerState::Created | ContainerState::Exited(_)) if self.held().is_some() => {
                None
            }
            None if state.image_ready && self.held().is_some() => None,
            Some(ContainerState::Created | ContainerState::Exited(_)) => Some(Operation::Start),
            None if !state.image_ready => Some(Operation::Fetch),
            None if images_ready => Some(Operation::Create),
            None => None,
        }
    }

    fn is_renamed(&self, key: &ExecutableKey, identity: &Identity) -> bool {
        let state = self
            .executables
            .get(key.component)
            .and_then(|states| states.get(key.executable));
        let name = state.and_then(|s| s.container.as_ref()).map(|c| &c.name);
        name.is_some_and(|name| {
            !name.is_empty() && self.own_name(key, identity).as_ref() != Some(name)
        })
    }

    /// What somebody renamed a container to, in words, when the news is new.
    pub fn renamed_by_hand(
        &mut self,
        key: &ExecutableKey,
        identity: &Identity,
        facts: &ContainerFacts,
    ) -> Option<String> {
        let own = self.own_name(key, identity)?;
        let state = self.state_mut(key)?;
        let renamed = facts.name != own && state.operation != Some(Operation::Rename);
        let news = renamed && state.renamed_to.as_ref() != Some(&facts.name);
        state.renamed_to = renamed.then(|| facts.name.clone());
        news.then(|| format!("was renamed by hand to {}", facts.name))
    }

    /// What the container of an executable is called.
    pub fn own_name(&self, key: &ExecutableKey, identity: &Identity) -> Option<String> {
        let (component, executable) = self.manifest_of(key)?;
        Some(container_name(
            &identity.prefix,
            &self.order.name,
            &component.name,
            &executable.name,
        ))
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
            Operation::Stop => Step::Stop {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                grace: executable.stop_grace_period.0,
            },
            Operation::Resume => Step::Resume {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
            },
            Operation::Rename => Step::Rename {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                name: self.own_name(key, identity)?,
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
            state.begin(operation, sequence, now);
            steps.extend(self.step(&key, operation, identity));
        }
        steps
    }

    /// Where a step for an executable belongs.
    pub fn step_key(&self, key: &ExecutableKey) -> StepKey {
        StepKey {
            deployment: self.order.id.clone(),
            executable: key.clone(),
        }
    }

    /// The next moment at which something is due without any news.
    pub fn next_due(&self, now: Monotonic) -> Option<Monotonic> {
        let waits = self
            .states()
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
