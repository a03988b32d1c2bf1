//! An executable: one container of a component, and how its image is built.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Gpus, Ipc, Mount, Network, Probe, Restart, Scalar, StopSignal};
use crate::domain::manifest::shapes;
use crate::domain::manifest::units::{ByteSize, Cpus, Seconds};

/// One container of a component. Either `image` or `build` says where its image comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Executable {
    /// What the executable is called, unique in the component.
    #[schemars(extend("pattern" = shapes::NAME, "x-allowed" = shapes::NAME_ALLOWED, "maxLength" = 40))]
    pub name: String,
    /// The image, for example ros:jazzy or registry.example.com/driver:1.2; with `build`, the name
    /// that the built image gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::IMAGE, "x-allowed" = shapes::IMAGE_ALLOWED, "maxLength" = 512))]
    pub image: Option<String>,
    /// Build the image from a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// When the image is pulled.
    #[serde(default)]
    pub pull: PullPolicy,
    /// What runs in the container, program first; the image's own command when empty.
    #[serde(default)]
    #[schemars(schema_with = "shapes::words")]
    pub command: Vec<String>,
    /// Replaces the image's entry point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::words")]
    pub entrypoint: Option<Vec<String>>,
    /// Environment variables; they win over those that shipmate sets.
    #[serde(default)]
    #[schemars(schema_with = "shapes::variables")]
    pub environment: BTreeMap<String, Scalar>,
    /// Whether it runs ROS nodes: then the package's parameters reach it as a ROS parameter file, too,
    /// and its `command` is told of that file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ros: bool,
    /// The folder in the container in which the command starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::ABSOLUTE_PATH, "x-allowed" = shapes::ABSOLUTE_PATH_ALLOWED))]
    pub working_directory: Option<String>,
    /// The user, as name, uid, or uid:gid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::USER, "x-allowed" = shapes::USER_ALLOWED))]
    pub user: Option<String>,
    /// What of the machine, or which named volumes, the container sees.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub mounts: Vec<Mount>,
    /// Device files of the machine, for example /dev/ttyUSB0 or /dev/video0:/dev/camera:rw.
    #[serde(default)]
    #[schemars(schema_with = "shapes::devices")]
    pub devices: Vec<String>,
    /// Graphics processors: "all" or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Gpus>,
    /// The size of /dev/shm, for example 64M; Docker's default when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_memory: Option<ByteSize>,
    /// How many processor cores it may use at most, for example 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<Cpus>,
    /// How much memory it may use at most, for example 512M.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Linux capabilities to add, for example SYS_NICE.
    #[serde(default)]
    #[schemars(schema_with = "shapes::capabilities")]
    pub capabilities: Vec<String>,
    /// All capabilities and all devices. Needs a policy that allows it.
    #[serde(default)]
    pub privileged: bool,
    /// Which network it is on.
    #[serde(default)]
    pub network: Network,
    /// Whose shared memory it sees.
    #[serde(default)]
    pub ipc: Ipc,
    /// When it is started again after it ended.
    #[serde(default)]
    pub restart: Restart,
    /// The signal that asks it to stop. The default is the one that `ros2 launch`, rclcpp and
    /// rclpy obey.
    #[serde(default)]
    pub stop_signal: StopSignal,
    /// How long it may take to stop before it is killed, for example 15s.
    #[serde(default = "default_grace")]
    pub stop_grace_period: Seconds,
    /// When it is ready; running is enough when this is not set. Until then it is Pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Probe>,
    /// Whether it is still alive; it is restarted when not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness: Option<Probe>,
    /// Lifecycle nodes of it, by absolute name: shipmate configures and activates them after each
    /// start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub lifecycle: Vec<String>,
    /// ROS actions that it serves: an update waits until none of them has a goal executing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub update_guard: Vec<String>,
}

fn default_grace() -> Seconds {
    Seconds(15)
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The folder that is sent to the engine, relative to the manifest.
    #[schemars(extend("pattern" = shapes::RELATIVE_PATH, "x-allowed" = shapes::CONTEXT_ALLOWED))]
    pub context: String,
    /// The Dockerfile, relative to the context.
    #[serde(default = "default_dockerfile")]
    #[schemars(extend("pattern" = shapes::RELATIVE_PATH, "x-allowed" = shapes::DOCKERFILE_ALLOWED))]
    pub dockerfile: String,
    /// Build arguments.
    #[serde(default)]
    #[schemars(schema_with = "shapes::variables")]
    pub args: BTreeMap<String, Scalar>,
    /// The stage to build; the last one when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::STAGE, "x-allowed" = shapes::STAGE_ALLOWED))]
    pub target: Option<String>,
}

fn default_dockerfile() -> String {
    "Dockerfile".to_owned()
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// When the engine does not have it.
    #[default]
    Missing,
    /// At each deploy.
    Always,
    /// Not at all: the engine must have it.
    Never,
}
