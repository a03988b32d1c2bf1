//! What there is to know of a machine. Who gathers it says of each thing why it could not be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// What was seen, or why it was not.
pub type Looked<T> = Result<T, String>;

/// Variables, by name; only those that are about ROS, since others may be secret.
pub type Environment = BTreeMap<String, String>;

/// Everything that is looked at.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The container engine.
    pub engine: Result<EngineFacts, EngineTrouble>,
    /// Disks that fill up.
    pub disks: Vec<Disk>,
    /// The machine's interfaces with an IPv4 address, without the loopback.
    pub interfaces: Looked<Vec<Interface>>,
    /// Whether the routing table knows a way for multicast.
    pub multicast_route: Looked<bool>,
    /// The firewall.
    pub firewall: Firewall,
    /// The variables of this process.
    pub environment: Environment,
    /// Files that those variables name, and whether each is there.
    pub files: BTreeMap<String, Looked<bool>>,
    /// Which implementations of DDS are installed.
    pub middleware: Looked<Middleware>,
    /// The largest receive and send buffer that a program may ask for, in bytes.
    pub socket_buffers: Looked<(u64, u64)>,
    /// /dev/shm.
    pub shared_memory: Looked<SharedMemory>,
    /// Who runs this process.
    pub user: u32,
}

/// Why nothing of the engine is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineTrouble {
    /// Nothing answers.
    Away {
        /// Where it should be.
        address: String,
        /// What was seen instead.
        cause: String,
    },
    /// This user may not open its socket.
    NotPermitted {
        /// Where it is.
        address: String,
    },
    /// Anything else, as a sentence with what to do.
    Other(String),
}

/// What an engine says.
#[derive(Clone, Debug)]
pub struct EngineFacts {
    /// Where it is.
    pub address: String,
    /// Whether its containers are on this machine.
    pub is_local: bool,
    /// What it is.
    pub about: EngineAbout,
    /// How many networks take addresses of its pools.
    pub networks: Looked<usize>,
    /// How many images have no name any more.
    pub nameless_images: Looked<usize>,
    /// The machine's interface on the network that containers are on by default.
    pub bridge: Looked<Option<String>>,
    /// What runs.
    pub containers: Looked<RunningContainers>,
}

/// What an engine says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineAbout {
    /// Its version.
    pub version: String,
    /// The newest version of its API that shipmate knows as well.
    pub api_version: String,
    /// Where it keeps images and containers.
    pub root_dir: String,
    /// Whether containers run on while it is restarted.
    pub live_restore: bool,
    /// The version of control groups: `1` or `2`.
    pub cgroup_version: String,
    /// Who manages them: `cgroupfs`, `systemd` or `none`.
    pub cgroup_driver: String,
    /// Whether it runs as a user, apart from the machine's network.
    pub rootless: bool,
    /// Whether users in containers are others on the machine.
    pub user_namespaces: bool,
    /// How many networks there can be at once, when its configuration says so.
    pub network_capacity: Option<u64>,
}

/// What runs on an engine, whoever started it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningContainers {
    /// Those that were looked at.
    pub containers: Vec<RunningContainer>,
    /// How many there are beyond.
    pub left_out: usize,
}

/// What is to be known of a container to say who hears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningContainer {
    /// Its name.
    pub name: String,
    /// Whether a shipmate made it.
    pub is_shipmates: bool,
    /// Its user, as it was asked for; empty for the image's own.
    pub user: String,
    /// Its variables.
    pub environment: Environment,
    /// Its network mode, for example `host` or `none`.
    pub network_mode: String,
    /// The drivers of its networks, by their names; empty where that is not known.
    pub networks: BTreeMap<String, String>,
    /// Its IPC mode, for example `host` or `private`.
    pub ipc_mode: String,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What lies on it.
    pub holds: String,
    /// The folder.
    pub path: String,
    /// How full it is.
    pub space: Looked<Space>,
}

/// How full a disk is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub total: u64,
    /// What this user may still write.
    pub free: u64,
}

/// An interface of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its first IPv4 address.
    pub address: Ipv4Addr,
    /// Whether it is switched on.
    pub is_up: bool,
    /// Whether something is at its other end.
    pub has_carrier: bool,
    /// Whether it can do multicast.
    pub can_multicast: bool,
    /// Whether a program listens there to what DDS participants announce.
    pub discovery_joined: bool,
    /// Whether a datagram to the group of announcements came back; None when it was not tried.
    pub multicast_heard: Option<Looked<bool>>,
}

/// What is known of the firewall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// The rules as `iptables -S` prints them; None when there is no such program.
    pub iptables: Option<Looked<String>>,
    /// The rules as `nft list ruleset` prints them; None when there is no such program.
    pub nft: Option<Looked<String>>,
}

/// Which implementations of DDS are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Middleware {
    /// The names for which there is a library, for example `rmw_fastrtps_cpp`.
    pub installed: BTreeSet<String>,
    /// The one that is used whatever is asked for, when there is no choice.
    pub fixed: Option<String>,
}

/// The machine's /dev/shm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedMemory {
    /// How full it is.
    pub space: Space,
    /// Whose files of Fast DDS are in it.
    pub owners: BTreeSet<u32>,
}
