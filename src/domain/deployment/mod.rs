//! A deployment: what was asked for, how far it is, and what follows next.

pub mod bindings;
pub mod containers;
pub mod error_code;
pub mod executable;
pub mod looks;
pub mod name;
pub mod needs;
pub mod networks;
mod observed;
mod parameter_file;
pub mod phase;
pub mod ports;
pub mod probing;
pub mod references;
pub mod restart;
pub mod ros;
pub mod status;
pub mod steps;
pub mod update;
pub mod view;
pub mod volumes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use error_code::Failure;
use executable::ExecutableState;
use needs::Need;
use phase::{Phase, PhaseEvent};
use ports::PickedPorts;
use update::{Preparation, RETIRED, Retired, Update, UpdateEnd};

use super::dependencies::Binding;
use super::manifest::values::Values;
use super::manifest::{Component, Endpoint, Executable, Network, Package, Protocol};
use super::time::{Monotonic, WallTime};

/// A deployment's id, for example `dep-4f2a9c01`: unique for ever.
pub type DeploymentId = String;

/// Which executable of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutableKey {
    /// The component's place in the package.
    pub component: usize,
    /// The executable's place in the component.
    pub executable: usize,
}

/// Whether a deployment should be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// All of its executables run.
    Running,
    /// Nothing of it is left.
    Stopped,
}

/// What was asked for. An update brings another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Made by shipmate.
    pub id: DeploymentId,
    /// Unique among the deployments that are not over.
    pub name: String,
    /// The package as it was when the goal was accepted.
    pub package: Package,
    /// The absolute path of the manifest's folder; none when the manifest came without a file.
    pub folder: Option<String>,
    /// The value of each of the package's parameters; secrets are not written with it.
    pub parameters: Values,
    /// The deployments that it depends on, by alias.
    #[serde(default)]
    pub bindings: Vec<Binding>,
    /// The free ports of the machine that were picked for its endpoints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: PickedPorts,
    /// The request id of the goal that made the deployment; empty for none.
    pub request_id: String,
    /// The request id of the goal that brought this revision by an update; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub update_id: String,
    /// Counts what was asked for of this deployment, from 1.
    #[serde(default = "first")]
    pub revision: u32,
    /// The group that it is in; empty for the one without a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// When the goal was accepted.
    pub created_at: WallTime,
}

/// A deployment. The part that is serialised outlives the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// What was asked for.
    pub order: Order,
    /// Whether it should be running.
    pub wanted: Wanted,
    /// Where it is in its life.
    pub phase: Phase,
    /// Why it failed before it had started; what had been started is then taken down.
    pub failure: Option<Failure>,
    /// Whether it failed, and the engine was seen to have nothing of it any more.
    pub taken_down: bool,
    /// Whether it was told to stop by cancelling its goal, not by deprovisioning it.
    pub canceled: bool,
    /// When anything of it last changed.
    pub updated_at: WallTime,
    /// What is known of each executable, in the order of the package.
    pub executables: Vec<Vec<ExecutableState>>,
    /// Counts the steps of its updates: the disk has to know each before anything follows from it.
    #[serde(default)]
    pub change: u32,
    /// The update that is on the way.
    #[serde(default)]
    pub update: Option<Update>,
    /// How the latest update ended.
    #[serde(default)]
    pub last_update: Option<UpdateEnd>,
    /// Executables that the package has no more, and that are not gone yet.
    #[serde(default)]
    pub retired: Vec<Retired>,

    /// Whether it is on the disk; nothing is begun before.
    #[serde(skip, default = "yes")]
    pub saved: bool,
    /// Whether the disk knows that it is to be stopped, or could not be told; nothing is stopped
    /// before. Else it would run again after a crash, when its user has seen it stop.
    #[serde(skip, default = "yes")]
    pub stop_saved: bool,
    /// Whether the disk knows of the latest change by an update; what follows from it is not begun
    /// before.
    #[serde(skip, default = "yes")]
    pub change_saved: bool,
    /// How far an update's preparation is.
    #[serde(skip)]
    pub preparation: Preparation,
    /// What was said of its update last.
    #[serde(skip)]
    pub said_of_update: String,
    /// Whether the disk knows the ports that were picked; nothing is created before. Else a
    /// container would have other ones than its deployment after a crash.
    #[serde(skip, default = "yes")]
    pub ports_saved: bool,
    /// Whether it is being checked.
    #[serde(skip)]
    pub checking: bool,
    /// How the deployments are that it depends on.
    #[serde(skip)]
    pub needs: Vec<Need>,
    /// Since when one of them has not been as it has to be.
    #[serde(skip)]
    pub held_since: Option<Monotonic>,
    /// The names of those that have to be gone before it.
    #[serde(skip)]
    pub leave_first: Vec<String>,
}

fn yes() -> bool {
    true
}

fn first() -> u32 {
    1
}

impl Deployment {
    /// A deployment that was just accepted and is not on the disk yet.
    pub fn new(order: Order) -> Self {
        let executables = order
            .package
            .components
            .iter()
            .map(|component| vec![ExecutableState::default(); component.executables.len()])
            .collect();
        Self {
            wanted: Wanted::Running,
            phase: Phase::InProgress,
            failure: None,
            taken_down: false,
            canceled: false,
            updated_at: order.created_at,
            executables,
            change: 0,
            update: None,
            last_update: None,
            retired: Vec::new(),
            change_saved: true,
            preparation: Preparation::default(),
            said_of_update: String::new(),
            saved: false,
            stop_saved: false,
            ports_saved: true,
            checking: false,
            needs: Vec::new(),
            held_since: None,
            leave_first: Vec::new(),
            order,
        }
    }

    /// Whether nothing of it is left and nothing will come: its name, its ports and its place as
    /// a singleton are free.
    pub fn is_over(&self) -> bool {
        match self.phase {
            Phase::Stopped => true,
            // A node that was killed before it could write more may have left containers even of
            // one that fails its check after that.
            Phase::InProgress | Phase::Provisioning | Phase::Succeeded | Phase::FailedToStart => {
                self.taken_down
            }
            Phase::PartiallyDeprovisioned => false,
        }
    }

    /// Whether its executables should be running.
    pub fn should_run(&self) -> bool {
        self.wanted == Wanted::Running && self.failure.is_none() && !self.is_over()
    }

    /// Whether none of its executables has anything on the engine.
    pub fn is_absent(&self) -> bool {
        self.all_states().all(|(_, state)| state.is_absent())
    }

    /// Each executable's key and state, in the package's order.
    pub fn states(&self) -> impl Iterator<Item = (ExecutableKey, &ExecutableState)> {
        self.executables
            .iter()
            .enumerate()
            .flat_map(|(component, states)| {
                states.iter().enumerate().map(move |(executable, state)| {
                    let key = ExecutableKey {
                        component,
                        executable,
                    };
                    (key, state)
                })
            })
    }

    /// The same, and those that are retired.
    pub fn all_states(&self) -> impl Iterator<Item = (ExecutableKey, &ExecutableState)> {
        let retired = self.retired.iter().enumerate();
        self.states().chain(retired.map(|(executable, retired)| {
            let key = ExecutableKey {
                component: RETIRED,
                executable,
            };
            (key, &retired.state)
        }))
    }

    /// Each executable's state, to be changed.
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut ExecutableState> {
        self.executables.iter_mut().flatten()
    }

    /// One executable's state, be it retired.
    pub fn state(&self, key: &ExecutableKey) -> Option<&ExecutableState> {
        if key.component == RETIRED {
            return self.retired.get(key.executable).map(|r| &r.state);
        }
        self.executables.get(key.component)?.get(key.executable)
    }

    /// One executable's state, be it retired, to be changed.
    pub fn state_mut(&mut self, key: &ExecutableKey) -> Option<&mut ExecutableState> {
        if key.component == RETIRED {
            return self.retired.get_mut(key.executable).map(|r| &mut r.state);
        }
        self.executables
            .get_mut(key.component)?
            .get_mut(key.executable)
    }

    /// What the package says of an executable, and its component.
    pub fn manifest_of(&self, key: &ExecutableKey) -> Option<(&Component, &Executable)> {
        let component = self.order.package.components.get(key.component)?;
        Some((component, component.executables.get(key.executable)?))
    }

    /// What the package says of an executable, or said when it is retired.
    pub fn executable_of(&self, key: &ExecutableKey) -> Option<&Executable> {
        if key.component == RETIRED {
            return self.retired.get(key.executable).map(|r| &r.executable);
        }
        self.manifest_of(key).map(|(_, executable)| executable)
    }

    /// The names of an executable and its component, be it retired.
    pub fn names_of(&self, key: &ExecutableKey) -> Option<(&str, &str)> {
        if key.component == RETIRED {
            let retired = self.retired.get(key.executable)?;
            return Some((&retired.component, &retired.executable.name));
        }
        let (component, executable) = self.manifest_of(key)?;
        Some((&component.name, &executable.name))
    }

    /// The key of an executable that is retired or not.
    pub fn any_key_of(&self, component: &str, executable: &str) -> Option<ExecutableKey> {
        self.key_of(component, executable).or_else(|| {
            let is_it = |r: &Retired| r.component == component && r.executable.name == executable;
            let executable = self.retired.iter().position(is_it)?;
            Some(ExecutableKey {
                component: RETIRED,
                executable,
            })
        })
    }

    /// The key of an executable, by the names of its component and its own.
    pub fn key_of(&self, component: &str, executable: &str) -> Option<ExecutableKey> {
        let components = &self.order.package.components;
        let c = components.iter().position(|c| c.name == component)?;
        let e = components
            .get(c)?
            .executables
            .iter()
            .position(|e| e.name == executable)?;
        Some(ExecutableKey {
            component: c,
            executable: e,
        })
    }

    /// Moves on to the phase that follows from what is known. That nothing of it is left is only
    /// believed when the engine was asked, unless it never came so far as to have anything there.
    pub fn settle(&mut self, engine_known: bool) {
        self.note_ready();
        if self.phase == Phase::Provisioning && self.should_run() {
            if self.is_changed() && self.states().all(|(_, state)| state.ready_once) {
                self.phase = self.phase.after(PhaseEvent::AllStarted);
            } else if let Some(failure) = self.given_up_before_ready() {
                self.fail(failure);
            }
        }
        self.settle_update();
        let never_began = matches!(self.phase, Phase::InProgress | Phase::FailedToStart);
        let absent = self.is_absent() && !self.checking && (engine_known || never_began);
        if self.failure.is_some() && absent {
            self.taken_down = true;
        }
        if self.wanted == Wanted::Stopped && self.saved {
            if absent {
                self.phase = self.phase.after(PhaseEvent::AllRemoved);
            } else if self
                .states()
                .any(|(_, state)| state.removal_error.is_some())
            {
                self.phase = self.phase.after(PhaseEvent::RemovalFailed);
            }
        }
    }

    fn note_ready(&mut self) {
        let ready: Vec<ExecutableKey> = self
            .states()
            .filter(|(_, state)| !state.ready_once && !state.is_outdated())
            .filter(|(key, state)| self.was_ready(key, state))
            .map(|(key, _)| key)
            .collect();
        for key in ready {
            if let Some(state) = self.state_mut(&key) {
                state.ready_once = true;
            }
        }
    }

    /// One that was given up before it had been ready keeps the deployment from ever succeeding.
    /// While its start has not been answered it may have been started all the same.
    fn given_up_before_ready(&self) -> Option<Failure> {
        self.states()
            .filter(|(_, state)| !state.ready_once && state.operation.is_none())
            .find_map(|(key, state)| Some(self.blame(&key, state.failure.clone()?)))
    }

    /// The failure of an executable as the whole deployment's: it says which one failed.
    pub fn blame(&self, key: &ExecutableKey, failure: Failure) -> Failure {
        let who = self
            .names_of(key)
            .map(|(component, executable)| format!("{component}: {executable}: "))
            .unwrap_or_default();
        Failure {
            code: failure.code,
            reason: format!("{who}{}", failure.reason),
        }
    }

    /// Whether it has neither succeeded nor failed yet, and is on the way.
    pub fn is_coming(&self) -> bool {
        let failing = matches!(
            self.update,
            Some(Update::Changing {
                failure: Some(_),
                ..
            })
        );
        let before = matches!(self.phase, Phase::InProgress | Phase::Provisioning);
        self.should_run() && before && !failing
    }

    /// The image of an executable is on the engine; so it is for all that run the same image.
    pub fn image_arrived(&mut self, key: &ExecutableKey) {
        let image = self.image_of(key);
        let keys: Vec<ExecutableKey> = self.states().map(|(key, _)| key).collect();
        for other in keys {
            let same = self.image_of(&other) == image;
            if let Some(state) = self.state_mut(&other).filter(|_| same) {
                state.image_ready = true;
                state.pinned_image = None;
            }
        }
        if let Some(state) = self.state_mut(key) {
            state.operation = None;
            state.progress = None;
        }
    }

    /// The ports that it takes of the machine, with the protocol and the endpoint's name.
    pub fn fixed_ports(&self) -> Vec<(u16, Protocol, &str)> {
        fixed_ports(&self.order.package)
    }
}

/// The ports that deployments of a package take of the machine.
pub fn fixed_ports(package: &Package) -> Vec<(u16, Protocol, &str)> {
    package
        .components
        .iter()
        .flat_map(|component| {
            component.endpoints.iter().filter_map(|endpoint| {
                let port = fixed_port(component, endpoint)?;
                Some((port, endpoint.protocol, endpoint.name.as_str()))
            })
        })
        .collect()
}

/// The port of the machine that an endpoint takes, when that is known beforehand.
fn fixed_port(component: &Component, endpoint: &Endpoint) -> Option<u16> {
    if !endpoint.external {
        return None;
    }
    match listener(component, endpoint)?.network {
        Network::Bridge => endpoint.host_port,
        Network::Host => Some(endpoint.port),
    }
}

/// The executable that listens on an endpoint.
pub fn listener<'a>(component: &'a Component, endpoint: &Endpoint) -> Option<&'a Executable> {
    match &endpoint.executable {
        Some(name) => component.executables.iter().find(|e| &e.name == name),
        None => component.executables.first(),
    }
}
