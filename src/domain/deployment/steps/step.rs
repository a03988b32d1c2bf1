//! What can be asked for to be done outside of the domain.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::container::{BuildSpec, ContainerSpec, NetworkSpec};
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::probing::{LookAt, LookKey};
use crate::domain::deployment::{DeploymentId, ExecutableKey};
use crate::domain::manifest::{Protocol, PullPolicy};
use crate::domain::probe::Whereabouts;

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
