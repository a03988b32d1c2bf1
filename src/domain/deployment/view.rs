//! A deployment as it is shown: phase, statuses, reasons, codes.

use super::bindings::scheme;
use super::containers::container_name;
use super::error_code::{ErrorCode, Failure};
use super::executable::ExecutableState;
use super::phase::Phase;
use super::restart::{describe, signal_of};
use super::status::{Situation, Status};
use super::update::Update;
use super::{Deployment, DeploymentId, ExecutableKey, Wanted, listener};
use crate::domain::container::ImageProgress;
use crate::domain::manifest::{Component, Endpoint, Executable, Protocol, Runtime};
use crate::domain::masks::Masks;
use crate::domain::time::WallTime;

/// A status, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// None when there is nothing left to have a status.
    pub status: Option<Status>,
    /// Why it is not Running.
    pub reason: String,
    /// What went wrong, when it is Error.
    pub code: Option<ErrorCode>,
}

/// An executable as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutableView {
    /// Its name in the component.
    pub name: String,
    /// Its container's name.
    pub container_name: String,
    /// Its container's id; empty while there is none.
    pub container_id: String,
    /// Its image.
    pub image: String,
    /// How it is.
    pub condition: Condition,
    /// How its container last ended; none while it has not.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub exit_signal: Option<&'static str>,
    /// Whether it used more memory than it may.
    pub out_of_memory: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// Its first failure, in words, and when by the engine's clock.
    pub first_failure: Option<(String, String)>,
    /// What it wrote before its first failure.
    pub last_output: String,
    /// How far its image is.
    pub progress: Option<ImageProgress>,
}

/// A component as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentView {
    /// Its name in the package.
    pub name: String,
    /// What it runs on.
    pub runtime: Runtime,
    /// The worst condition of its executables.
    pub condition: Condition,
    /// Its executables.
    pub executables: Vec<ExecutableView>,
}

/// An endpoint as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointView {
    /// Its name.
    pub name: String,
    /// Its component.
    pub component: String,
    /// Its transport.
    pub protocol: Protocol,
    /// Whether it is published on the machine.
    pub external: bool,
    /// The port inside of the container.
    pub port: u16,
    /// The port on the machine, while it is up.
    pub host_port: Option<u16>,
    /// What a URL of it begins with.
    pub scheme: String,
    /// The name under which containers of dependents reach it, and the engine's network on which they
    /// do; none when they reach it as part of the machine.
    pub in_network: Option<(String, String)>,
}

/// What a deployment needs of another one, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyView {
    /// What the package calls it.
    pub alias: String,
    /// The package that it has to be of.
    pub package: String,
    /// Which versions of it will do.
    pub version: String,
    /// When it is there.
    pub condition: crate::domain::manifest::Condition,
    /// The deployment that it is bound to.
    pub deployment: DeploymentId,
    /// That deployment's name.
    pub name: String,
    /// Why it is not as it has to be, if so.
    pub unmet: Option<String>,
    /// What the containers are told about it.
    pub bindings: Vec<BindingView>,
}

/// One environment variable that a deployment gets from another one, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingView {
    /// The variable's name.
    pub name: String,
    /// Its value; of a secret it is [`SECRET`].
    pub value: String,
    /// Whether it is a secret.
    pub secret: bool,
}

/// What is shown for a secret.
pub const SECRET: &str = "***";

/// A deployment as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentView {
    /// Its id.
    pub id: DeploymentId,
    /// Its name.
    pub name: String,
    /// Its package's name.
    pub package: String,
    /// Its package's version.
    pub version: String,
    /// The group in which it is the only one of its package; empty for the one without a name.
    pub group: String,
    /// The values of its parameters; of secrets they are [`SECRET`].
    pub parameters: Vec<(String, String)>,
    /// What is taken out of what its containers write.
    pub masks: Masks,
    /// Where it is in its life.
    pub phase: Phase,
    /// The worst condition of its components.
    pub condition: Condition,
    /// Every code that is raised in it, sorted.
    pub error_codes: Vec<ErrorCode>,
    /// Its components.
    pub components: Vec<ComponentView>,
    /// What it needs of other deployments.
    pub dependencies: Vec<DependencyView>,
    /// Its endpoints.
    pub endpoints: Vec<EndpointView>,
    /// When it was accepted.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
    /// Whether it should be running.
    pub wanted: Wanted,
    /// Whether nothing of it is left.
    pub over: bool,
    /// Whether its goal was cancelled.
    pub canceled: bool,
    /// How far its latest update is; none when it was never updated.
    pub update: Option<UpdateView>,
}

/// How far an update is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateView {
    /// The revision that it brings, or was to bring.
    pub revision: u32,
    /// Whether it is on the way.
    pub under_way: bool,
    /// What it does, in words; empty when it is not on the way.
    pub doing: String,
    /// Why what was there before is there again, if so.
    pub rolled_back: Option<String>,
    /// Whether that is because it was cancelled.
    pub canceled: bool,
}

impl DeploymentView {
    /// Whether it failed to start or was stopped; one that failed later stays in sight.
    pub fn ended(&self) -> bool {
        matches!(self.phase, Phase::FailedToStart | Phase::Stopped)
    }
}

impl Condition {
    const NONE: Self = Self {
        status: None,
        reason: String::new(),
        code: None,
    };

    fn error(failure: &Failure) -> Self {
        Self {
            status: Some(Status::Error),
            reason: failure.reason.clone(),
            code: Some(failure.code),
        }
    }

    /// The worst of several, its reason led by the name of the one that it comes from.
    fn combined<'a>(parts: impl Iterator<Item = (&'a str, &'a Self)>) -> Self {
        let mut worst = Self::NONE;
        for (name, part) in parts {
            let Some(status) = part.status else { continue };
            if worst
                .status
                .is_none_or(|known| known != status && known.worse(status) == status)
            {
                worst = part.clone();
                if !worst.reason.is_empty() {
                    worst.reason = format!("{name}: {}", part.reason);
                }
            }
        }
        worst
    }
}

impl Deployment {
    /// How it is shown. `unreachable` says why the engine cannot be asked, when it cannot.
    pub fn view(&self, prefix: &str, unreachable: Option<&str>) -> DeploymentView {
        let components: Vec<ComponentView> = self
            .order
            .package
            .components
            .iter()
            .enumerate()
            .map(|(index, component)| self.component_view(index, component, prefix, unreachable))
            .collect();
        let condition = self.condition(&components);
        DeploymentView {
            id: self.order.id.clone(),
            name: self.order.name.clone(),
            package: self.order.package.name.clone(),
            version: self.order.package.version.to_string(),
            group: self.order.group.clone(),
            parameters: self.parameter_views(),
            masks: self.masks(),
            phase: self.phase,
            error_codes: error_codes(&condition, &components),
            condition,
            dependencies: self.dependency_views(),
            endpoints: self.endpoint_views(prefix),
            components,
            created_at: self.order.created_at,
            updated_at: self.updated_at,
            wanted: self.wanted,
            over: self.is_over(),
            canceled: self.canceled,
            update: self.update_view(),
        }
    }

    fn condition(&self, components: &[ComponentView]) -> Condition {
        match (&self.failure, self.phase) {
            (_, Phase::Stopped) => Condition::NONE,
            (Some(failure), _) => Condition::error(failure),
            (None, _) => {
                let own =
                    Condition::combined(components.iter().map(|c| (c.name.as_str(), &c.condition)));
                // What is wrong with it itself comes first.
                match self.needs_error() {
                    Some(failure) if own.status != Some(Status::Error) => {
                        Condition::error(&failure)
                    }
                    _ => own,
                }
            }
        }
    }

    fn component_view(
        &self,
        index: usize,
        component: &Component,
        prefix: &str,
        unreachable: Option<&str>,
    ) -> ComponentView {
        let states = self
            .executables
            .get(index)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let executables: Vec<ExecutableView> = states
            .iter()
            .enumerate()
            .filter_map(|(executable, state)| {
                let key = ExecutableKey {
                    component: index,
                    executable,
                };
                self.executable_view(&key, state, prefix, unreachable)
            })
            .collect();
        ComponentView {
            name: component.name.clone(),
            runtime: component.runtime,
            condition: Condition::combined(
                executables.iter().map(|e| (e.name.as_str(), &e.condition)),
            ),
            executables,
        }
    }

    fn executable_view(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        prefix: &str,
        unreachable: Option<&str>,
    ) -> Option<ExecutableView> {
        let (component, executable) = self.manifest_of(key)?;
        let image = self.image_of(key);
        let (last_exit, first_failure) = (state.last_exit.as_ref(), state.first_failure.as_ref());
        Some(ExecutableView {
            name: executable.name.clone(),
            container_name: self.shown_name(prefix, component, executable, state),
            container_id: state
                .container
                .as_ref()
                .map_or_else(String::new, |c| c.id.clone()),
            condition: self.executable_condition(key, state, &image, unreachable),
            image,
            exit_code: last_exit.map(|exit| exit.code),
            exit_signal: last_exit.and_then(|exit| signal_of(exit.code)),
            out_of_memory: last_exit.is_some_and(|exit| exit.out_of_memory),
            restarts: state.restarts,
            first_failure: first_failure.map(|exit| (describe(exit), exit.ended_at.clone())),
            last_output: first_failure
                .map(|exit| exit.last_output.clone())
                .unwrap_or_default(),
            progress: state.progress.clone(),
        })
    }

    fn executable_condition(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        image: &str,
        unreachable: Option<&str>,
    ) -> Condition {
        let situation = self.situation(key, state, unreachable.is_some());
        let failure = match situation {
            Situation::GivenUp => state.failure.clone(),
            Situation::NotRemoved => state
                .removal_error
                .clone()
                .map(|reason| Failure::new(ErrorCode::RemovalFailed, reason)),
            Situation::LeftByHand => state.left().map(|what| {
                let reason = format!("the container {what}; the policy leaves it so");
                Failure::new(ErrorCode::StoppedByHand, reason)
            }),
            _ => None,
        };
        let reason = match situation {
            Situation::Over | Situation::Gone | Situation::Ready => String::new(),
            Situation::GivenUp | Situation::NotRemoved | Situation::LeftByHand => failure
                .as_ref()
                .map(|f| f.reason.clone())
                .unwrap_or_default(),
            Situation::EngineAway => unreachable.unwrap_or_default().to_owned(),
            Situation::Leaving => self.leaving_reason(),
            Situation::NotReady => self.not_ready_reason(key, state),
            Situation::Held => self.held().unwrap_or_default().to_owned(),
            Situation::Replacing => self.replacing_reason(),
            Situation::Checking => "what the deployment needs is being checked".to_owned(),
            Situation::Paused | Situation::Restarting | Situation::Preparing => {
                state.pending_reason(image)
            }
        };
        Condition {
            status: situation.status(),
            reason,
            code: failure.map(|f| f.code),
        }
    }

    /// What is the case with an executable.
    pub fn situation(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        engine_away: bool,
    ) -> Situation {
        if state.failure.is_some() && self.phase != Phase::Stopped {
            return Situation::GivenUp;
        }
        if self.is_over() {
            return Situation::Over;
        }
        if engine_away {
            return Situation::EngineAway;
        }
        if !self.should_run() {
            return match (&state.removal_error, state.is_absent()) {
                (Some(_), _) => Situation::NotRemoved,
                (None, true) => Situation::Gone,
                (None, false) => Situation::Leaving,
            };
        }
        if state.is_outdated() {
            return match state.removal_error {
                Some(_) => Situation::NotRemoved,
                None => Situation::Replacing,
            };
        }
        if state.left().is_some() && !state.is_running() {
            return Situation::LeftByHand;
        }
        if state.is_paused() {
            return Situation::Paused;
        }
        if state.is_running() && state.is_undisturbed() {
            return match self.is_ready(key, state) && state.ailing.is_none() {
                true => Situation::Ready,
                false => Situation::NotReady,
            };
        }
        if self.phase == Phase::InProgress {
            return Situation::Checking;
        }
        if self.held().is_some() && state.operation.is_none() {
            return Situation::Held;
        }
        match state.is_restarting() || state.is_running() {
            true => Situation::Restarting,
            false => Situation::Preparing,
        }
    }

    /// What its container is called, also when somebody renamed it; or what it will be called.
    fn shown_name(
        &self,
        prefix: &str,
        component: &Component,
        executable: &Executable,
        state: &ExecutableState,
    ) -> String {
        let known = state.container.as_ref().map(|c| c.name.clone());
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            container_name(prefix, &self.order.name, &component.name, &executable.name)
        })
    }

    fn replacing_reason(&self) -> String {
        let label = self.order.package.label();
        match &self.update {
            Some(Update::RollingBack(_)) => format!("its update failed, {label} comes back"),
            _ => format!("it is updated to {label}"),
        }
    }

    fn leaving_reason(&self) -> String {
        match (self.wanted, self.leave_first.as_slice()) {
            (Wanted::Stopped, []) => "being deprovisioned".to_owned(),
            (Wanted::Stopped, first) => {
                format!("deprovisioned as soon as {} is gone", first.join(", "))
            }
            (Wanted::Running, _) => "being taken down, because the deployment failed".to_owned(),
        }
    }

    fn dependency_views(&self) -> Vec<DependencyView> {
        let bindings = self.order.bindings.iter();
        bindings
            .filter_map(|binding| {
                let declared = self.order.package.depends_on.get(&binding.alias)?;
                let need = self.needs.iter().find(|need| need.alias == binding.alias);
                Some(DependencyView {
                    alias: binding.alias.clone(),
                    package: declared.package(&binding.alias).to_owned(),
                    version: declared.version.to_string(),
                    condition: declared.condition,
                    deployment: binding.deployment.clone(),
                    name: need.map(|n| n.name.clone()).unwrap_or_default(),
                    unmet: need.and_then(|n| n.unmet().map(str::to_owned)),
                    bindings: self.binding_views(&binding.alias),
                })
            })
            .collect()
    }

    fn endpoint_views(&self, prefix: &str) -> Vec<EndpointView> {
        let mut views = Vec::new();
        for (index, component) in self.order.package.components.iter().enumerate() {
            for endpoint in &component.endpoints {
                views.push(EndpointView {
                    name: endpoint.name.clone(),
                    component: component.name.clone(),
                    protocol: endpoint.protocol,
                    external: endpoint.external,
                    port: endpoint.port,
                    host_port: self.host_port(index, component, endpoint),
                    scheme: scheme(endpoint),
                    in_network: self
                        .host_inside(prefix, component, endpoint)
                        .zip(self.network(prefix)),
                });
            }
        }
        views
    }

    /// The machine's port of an endpoint, while its executable runs.
    fn host_port(&self, index: usize, component: &Component, endpoint: &Endpoint) -> Option<u16> {
        let executable = listener(component, endpoint)?;
        let place = component
            .executables
            .iter()
            .position(|e| e.name == executable.name)?;
        let state = self.executables.get(index)?.get(place)?;
        if !state.is_running() {
            return None;
        }
        if let Some(port) = self.machine_port(component, endpoint) {
            return Some(port);
        }
        let ports = &state.container.as_ref()?.ports;
        ports
            .iter()
            .filter(|_| endpoint.external)
            .find(|p| p.container == endpoint.port && p.protocol == endpoint.protocol)
            .map(|p| p.host)
    }
}

fn error_codes(condition: &Condition, components: &[ComponentView]) -> Vec<ErrorCode> {
    if condition.status != Some(Status::Error) {
        return Vec::new();
    }
    let executables = components.iter().flat_map(|c| &c.executables);
    let mut codes: Vec<ErrorCode> = executables
        .filter_map(|e| e.condition.code)
        .chain(condition.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
