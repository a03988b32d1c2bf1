//! What the loop can be told.

use std::path::PathBuf;

use tokio::sync::oneshot;

use crate::domain::catalogue::CataloguedPackage;
use crate::domain::container::{ContainerFacts, ImageProgress, VolumeFacts};
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::executable::Sequence;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::probing::LookKey;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::update::Images;
use crate::domain::probe::Answer;
use crate::domain::world::refusal::Refusal;
use crate::domain::world::{
    DeployRequest, Outcome, PlannedDeployment, PlannedStop, StepError, WithDependents,
};

/// How many inputs may wait for the loop; whoever has more waits, or answers «busy».
pub const WAITING_INPUTS: usize = 1024;

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Something that a user asks for.
#[derive(Debug)]
pub enum Request {
    /// Deploy something; answered with the deployment's id when it is on the disk.
    Deploy(Box<DeployRequest>, Reply<DeploymentId>),
    /// Say what a request to deploy would do.
    Plan(Box<DeployRequest>, Reply<Vec<PlannedDeployment>>),
    /// Stop a deployment, by id or name; answered with its id when that is on the disk.
    Deprovision(String, WithDependents, Reply<DeploymentId>),
    /// Say what a request to stop a deployment would do.
    PlanStop(String, WithDependents, Reply<PlannedStop>),
    /// A deploy goal was cancelled.
    Cancel(DeploymentId),
    /// Put packages into the catalogue.
    Register {
        /// Where the packages come from.
        source: PackageSource,
        /// Whether they may take the place of others.
        replace: bool,
        /// Answered when they are on the disk.
        reply: Reply<Vec<CataloguedPackage>>,
    },
    /// Take packages out of the catalogue: a name, and a version or nothing for all.
    Unregister(String, String, Reply<Vec<String>>),
    /// The catalogue, or the packages of one name.
    ListPackages(String, Reply<Vec<CataloguedPackage>>),
}

/// Where packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageSource {
    /// A manifest's text.
    Text(String),
    /// A manifest's file, or the folder of a `shipmate.yaml`.
    Path(PathBuf),
}

/// Something that the loop takes in.
#[derive(Debug)]
pub enum Input {
    /// A user asks for something.
    Request(Request),
    /// The manifests of a request to register were read.
    Read {
        /// The packages, or why not.
        packages: Result<Vec<CataloguedPackage>, Refusal>,
        /// As in the request.
        replace: bool,
        /// As in the request.
        reply: Reply<Vec<CataloguedPackage>>,
    },
    /// The engine answers, and these are its containers of ours.
    Synced(Sequence, Vec<ContainerFacts>),
    /// The engine does not answer.
    EngineLost(String),
    /// A container changed.
    Seen(Sequence, Box<ContainerFacts>),
    /// A container does not exist any more.
    Gone(Sequence, String),
    /// A container was sent this signal.
    Signalled(String, i32),
    /// A look at a container ended.
    Looked(LookKey, Answer),
    /// How far an image is.
    Progress(StepKey, ImageProgress),
    /// A deployment's check ended.
    Checked(DeploymentId, Result<PickedPorts, Failure>),
    /// What an update of this revision brings is ready, with the ids of its images.
    Prepared(DeploymentId, u32, Result<(Images, PickedPorts), StepError>),
    /// No goal executes that an update of this revision would interrupt.
    Guarded(DeploymentId, u32, Result<(), String>),
    /// A step ended.
    Finished(StepKey, Outcome),
    /// A container that belonged to nobody was removed, or could not be.
    OrphanRemoved(String, bool),
    /// The volumes that bear our label.
    Volumes(Vec<VolumeFacts>),
    /// A write to the disk ended.
    Written(super::saver::Written),
}
