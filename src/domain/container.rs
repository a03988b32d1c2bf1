//! What a container is asked to be, in terms of a container engine and of nothing else.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::manifest::{Gpus, Ipc, Network, Protocol, StopSignal};

/// Everything that an engine must know to create one container.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerSpec {
    /// Unique on the engine, for example `shipmate-turtle-driver-main`.
    pub name: String,
    /// The image's reference; it must be on the engine already.
    pub image: String,
    /// Replaces the image's entry point when it is set.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command when it is not empty.
    pub command: Vec<String>,
    /// Environment variables, by name.
    pub environment: BTreeMap<String, String>,
    /// Labels, by name; see [`labels`].
    pub labels: BTreeMap<String, String>,
    /// The host name inside of the container.
    pub hostname: Option<String>,
    /// The folder in which the command starts.
    pub working_directory: Option<String>,
    /// Name, uid or uid:gid.
    pub user: Option<String>,
    /// Paths of the machine and named volumes.
    pub mounts: Vec<MountSpec>,
    /// Devices of the machine.
    pub devices: Vec<DeviceSpec>,
    /// Graphics processors.
    pub gpus: Option<Gpus>,
    /// The size of /dev/shm in bytes.
    pub shared_memory: Option<u64>,
    /// The limit of processor time, in billionths of a core.
    pub nano_cpus: Option<i64>,
    /// The limit of memory in bytes.
    pub memory: Option<i64>,
    /// Capabilities to add, without the prefix `CAP_`.
    pub capabilities: Vec<String>,
    /// Whether it has all capabilities and devices.
    pub privileged: bool,
    /// Its network.
    pub network: Network,
    /// Whose shared memory it sees.
    pub ipc: Ipc,
    /// The networks that it joins beside that one.
    pub networks: Vec<NetworkSpec>,
    /// Ports that are published on the machine.
    pub ports: Vec<PortSpec>,
    /// The signal that asks it to stop.
    pub stop_signal: StopSignal,
    /// Seconds until it is killed after that signal.
    pub stop_grace: u32,
    /// Files that are put into it before it is started.
    pub files: Vec<FileSpec>,
}

/// A file that is put into a container; it is root's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Its absolute path in the container. Missing folders are made, readable for all.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// Who may do what with it, as `chmod` takes it.
    pub mode: u32,
}

/// A path of the machine or a named volume, and where it appears.
#[derive(Clone, Debug, PartialEq)]
pub struct MountSpec {
    /// What is mounted.
    pub source: MountSource,
    /// An absolute path in the container.
    pub target: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    /// An absolute path of the machine; it must exist.
    Path(String),
    /// A volume of the engine, by name; it is made when it does not exist.
    Volume(String),
    /// A volume of a deployment's own; it is made with these labels when it does not exist.
    OwnVolume {
        /// Its name.
        name: String,
        /// Its labels, by name.
        labels: BTreeMap<String, String>,
    },
}

/// What an engine says of a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeFacts {
    /// Its name.
    pub name: String,
    /// Its labels, by name.
    pub labels: BTreeMap<String, String>,
}

/// A device file.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSpec {
    /// Its path on the machine.
    pub host: String,
    /// Its path in the container.
    pub container: String,
    /// What may be done with it: some of `r`, `w` and `m`.
    pub permissions: String,
}

/// A port that is published on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// The port inside of the container.
    pub container: u16,
    /// The port on the machine; any free one when it is not set.
    pub host: Option<u16>,
    /// The machine's address at which it is; all of them when it is not set.
    pub address: Option<IpAddr>,
    /// The transport.
    pub protocol: Protocol,
}

/// A network of containers, and what a container is called on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Its name; it is made when it does not exist.
    pub name: String,
    /// The names under which other containers on it reach this one.
    pub aliases: Vec<String>,
    /// The labels that it gets when it is made.
    pub labels: BTreeMap<String, String>,
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildSpec {
    /// Whose image it is, `COMPONENT.EXECUTABLE`: what its log is called.
    pub name: String,
    /// The name that the image gets.
    pub image: String,
    /// The absolute path of the context folder.
    pub context: String,
    /// The Dockerfile's path in the context.
    pub dockerfile: String,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// The stage to build.
    pub target: Option<String>,
    /// Whether it is built even if nothing changed.
    pub always: bool,
}

/// The names of the labels on everything that shipmate creates.
pub mod labels {
    /// Which shipmate made it: the id in its state folder.
    pub const OWNER: &str = "io.shipmate.owner";
    /// The deployment's id.
    pub const DEPLOYMENT: &str = "io.shipmate.deployment";
    /// The deployment's name.
    pub const DEPLOYMENT_NAME: &str = "io.shipmate.deployment-name";
    /// The package's name.
    pub const PACKAGE: &str = "io.shipmate.package";
    /// The package's version.
    pub const VERSION: &str = "io.shipmate.version";
    /// The component's name.
    pub const COMPONENT: &str = "io.shipmate.component";
    /// The executable's name.
    pub const EXECUTABLE: &str = "io.shipmate.executable";
    /// A volume's name in its component.
    pub const VOLUME: &str = "io.shipmate.volume";
    /// Is on a volume that stays when its deployment is over.
    pub const KEEP: &str = "io.shipmate.keep";
    /// Which revision of what was asked for it was made for, counted from 1.
    pub const GENERATION: &str = "io.shipmate.generation";
    /// What was asked for, as JSON: a deployment is recovered from it when the state is lost.
    pub const ORDER: &str = "io.shipmate.order";
    /// On an image that was built: the digest of all that it was built of.
    pub const CONTEXT: &str = "io.shipmate.context";
}

/// What an engine says of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerFacts {
    /// The engine's id: 64 hex digits.
    pub id: String,
    /// Its name, without a leading slash.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it does now.
    pub state: ContainerState,
    /// The ports that the engine published, by container port and protocol.
    pub ports: Vec<PublishedPort>,
    /// Its host name, as its processes see it.
    pub hostname: String,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Its addresses on networks of containers, while it runs.
    pub addresses: Vec<IpAddr>,
    /// The id of its image; empty when the engine does not say.
    pub image_id: String,
    /// When it was last started, in the engine's words: it tells two runs of one container apart.
    pub started_at: String,
}

impl ContainerFacts {
    /// The revision of the order that it was made for, by its label; 0 when that is not known.
    pub fn revision(&self) -> u32 {
        let label = self.labels.get(labels::GENERATION);
        label
            .and_then(|revision| revision.parse().ok())
            .unwrap_or_default()
    }
}

/// What a container does now.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ContainerState {
    /// It was created and has not been started.
    #[default]
    Created,
    /// It runs.
    Running,
    /// It runs, but is frozen.
    Paused,
    /// It has ended.
    Exited(Exit),
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Exit {
    /// The exit code; 128 + n when signal n ended it.
    pub code: i32,
    /// Whether the kernel killed it because it used too much memory.
    pub out_of_memory: bool,
    /// The engine's own message, for example why it could not be started.
    pub message: String,
    /// The last lines that it wrote.
    pub last_output: String,
    /// When, in the engine's words: it tells two ends of one container apart.
    #[serde(default)]
    pub ended_at: String,
}

/// A port that is published on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PublishedPort {
    /// The port inside of the container.
    pub container: u16,
    /// The port on the machine.
    pub host: u16,
    /// The transport.
    pub protocol: Protocol,
}

/// How far an image is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageProgress {
    /// Whether it is built, not pulled.
    pub building: bool,
    /// The latest step in words.
    pub step: String,
    /// Layers that are complete.
    pub layers_done: u32,
    /// Layers that are known of.
    pub layers_total: u32,
    /// Bytes that have arrived.
    pub bytes_done: u64,
    /// Bytes that are known of.
    pub bytes_total: u64,
}
