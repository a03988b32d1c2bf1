//! What to do next for a deployment: what was asked for is compared with what is known, and the
//! difference becomes steps. Calling it again without news gives nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use super::containers::{Identity, container_name};
use super::error_code::Failure;
use super::executable::{ExecutableState, Operation, Sequence};
use super::phase::Phase;
use super::probing::{LookAt, LookKey};
use super::update::{Fate, Images, RETIRED, Update};
use super::{Deployment, DeploymentId, ExecutableKey, Order, Wanted};
use crate::domain::container::{
    BuildSpec, ContainerFacts, ContainerSpec, ContainerState, NetworkSpec,
};
use crate::domain::manifest::{Protocol, PullPolicy};
use crate::domain::policy::ChangesByHand;
use crate::domain::probe::Whereabouts;
use crate::domain::time::{Monotonic, Now};

/// Where a step belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The deployment.
    pub deployment: DeploymentId,
    /// The revision of what was asked for of it: another one has other executables.
    pub revision: u32,
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
        /// The endpoints that need any free port.
        pick: Vec<(String, Protocol)>,
        /// The ports that deployments have, whether they use them now or not.
        avoid: BTreeSet<u16>,
    },
    /// Get ready what an update brings: see that ports are free and images on the engine.
    Prepare {
        /// For which deployment.
        deployment: DeploymentId,
        /// For which revision.
        revision: u32,
        /// The ports that it takes in addition.
        ports: Vec<(u16, Protocol)>,
        /// The endpoints that need any free port in addition.
        pick: Vec<(String, Protocol)>,
        /// The ports that deployments have, whether they use them now or not.
        avoid: BTreeSet<u16>,
        /// The images of executables, by the names of component and executable.
        images: Vec<((String, String), ImageSource)>,
        /// The manifest's folder.
        folder: Option<String>,
    },
    /// Wait until actions have no goal executing.
    Guard {
        /// For which deployment.
        deployment: DeploymentId,
        /// For which revision.
        revision: u32,
        /// The actions, and where their servers are heard.
        actions: Vec<(String, Whereabouts)>,
        /// How long that may take.
        patience: Duration,
    },
    /// Give up an update's preparation.
    CancelPrepare {
        /// For which deployment.
        deployment: DeploymentId,
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
    /// Say that a container cannot be made; it ends with this failure.
    Refuse {
        /// For whom.
        key: StepKey,
        /// Why.
        failure: Failure,
    },
    /// Start a container.
    Start {
        /// For whom.
        key: StepKey,
        /// The container's id.
        container: String,
        /// The networks that it must be on by then.
        networks: Vec<NetworkSpec>,
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
        /// The names of its networks, which go with the last container on them.
        networks: Vec<String>,
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
        let (component, executable) = self.names_of(key)?;
        let name = &self.order.name;
        Some(container_name(
            &identity.prefix,
            name,
            component,
            executable,
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
        let state = self.state(key)?;
        let executable = self.executable_of(key)?;
        Some(match operation {
            Operation::Fetch => Step::Fetch {
                key: step_key,
                image: self.image_source(key)?,
                folder: self.order.folder.clone(),
            },
            Operation::CancelFetch => Step::CancelFetch { key: step_key },
            Operation::Create => match self.not_makeable(key) {
                Some(failure) => Step::Refuse {
                    key: step_key,
                    failure,
                },
                None => Step::Create {
                    key: step_key,
                    spec: Box::new(self.container_spec(key, identity)?),
                    folder: self.order.folder.clone(),
                },
            },
            Operation::Start => Step::Start {
                key: step_key,
                container: state.container.as_ref()?.id.clone(),
                networks: self.networks(key, identity),
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
                networks: { self.networks(key, identity).into_iter() }
                    .map(|network| network.name)
                    .collect(),
            },
        })
    }

    /// Where an executable's image comes from.
    fn image_source(&self, key: &ExecutableKey) -> Option<ImageSource> {
        let (_, executable) = self.manifest_of(key)?;
        Some(match self.build_of(key) {
            Some(build) => ImageSource::Build(build),
            None => ImageSource::Pull {
                image: self.image_of(key),
                policy: executable.pull,
            },
        })
    }

    /// What an update needs to be ready.
    fn prepare_steps(&mut self, identity: &Identity, guard_timeout: Duration) -> Vec<Step> {
        let deployment = self.order.id.clone();
        let Some(next) = self.next_order() else {
            let busy = std::mem::take(&mut self.preparation.busy);
            return Vec::from_iter(busy.then_some(Step::CancelPrepare { deployment }));
        };
        let preparation = &self.preparation;
        if !self.change_saved || preparation.busy || preparation.guarding || preparation.guarded {
            return Vec::new();
        }
        let revision = next.revision;
        let Some(images) = &preparation.images else {
            let after = Self::new(next.clone());
            let sources = after.states().filter_map(|(key, _)| {
                let (component, executable) = after.names_of(&key)?;
                let names = (component.to_owned(), executable.to_owned());
                Some((names, after.image_source(&key)?))
            });
            let own = self.fixed_ports();
            let ports = after.fixed_ports().into_iter();
            let step = Step::Prepare {
                deployment,
                revision,
                ports: ports
                    .filter(|port| !own.iter().any(|o| (o.0, o.1) == (port.0, port.1)))
                    .map(|(port, protocol, _)| (port, protocol))
                    .collect(),
                pick: after.ports_to_pick(),
                avoid: BTreeSet::new(),
                images: sources.collect(),
                folder: next.folder.clone(),
            };
            self.preparation.busy = true;
            return vec![step];
        };
        if preparation.waits.is_some() {
            return Vec::new();
        }
        let actions = self.guarded_actions(next, images, identity);
        if actions.is_empty() {
            self.preparation.guarded = true;
            return Vec::new();
        }
        self.preparation.guarding = true;
        vec![Step::Guard {
            deployment,
            revision,
            actions,
            patience: guard_timeout,
        }]
    }

    /// The actions that may not be interrupted, of what an update will stop.
    fn guarded_actions(
        &self,
        next: &Order,
        images: &Images,
        identity: &Identity,
    ) -> Vec<(String, Whereabouts)> {
        let (fates, gone) = self.fates(next, &self.preparation.needs, images, identity);
        let after = Self::new(next.clone());
        let changed = fates
            .iter()
            .filter(|(_, fate)| *fate == Fate::Changed)
            .filter_map(|(key, _)| {
                let (component, executable) = after.names_of(key)?;
                self.key_of(component, executable)
            });
        let stopped = changed.chain(gone).filter_map(|key| {
            let executable = self.executable_of(&key)?;
            let at = self.whereabouts(&key, self.state(&key)?, identity)?;
            Some((self.expand_all(&executable.update_guard), at))
        });
        stopped
            .flat_map(|(actions, at)| actions.into_iter().map(move |a| (a, at.clone())))
            .collect()
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

    /// Where a step for an executable belongs.
    pub fn step_key(&self, key: &ExecutableKey) -> StepKey {
        StepKey {
            deployment: self.order.id.clone(),
            revision: self.order.revision,
            executable: key.clone(),
        }
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
