//! What is shown of a deployment, as values.

use super::Condition;
use crate::domain::container::ImageProgress;
use crate::domain::deployment::error_code::ErrorCode;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::{DeploymentId, Wanted};
use crate::domain::manifest::{Protocol, Runtime};
use crate::domain::masks::Masks;
use crate::domain::time::WallTime;

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
