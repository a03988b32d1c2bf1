//! A component: a part of a package that runs in one place, and the ports that it offers.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Executable, Scalar, Volume};
use crate::domain::manifest::shapes;

/// A part of a package that runs in one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What the component is called, unique in the package.
    #[schemars(extend("pattern" = shapes::NAME, "x-allowed" = shapes::NAME_ALLOWED, "maxLength" = 40))]
    pub name: String,
    /// Where it runs.
    #[serde(default)]
    pub runtime: Runtime,
    /// How its nodes join the ROS graph.
    #[serde(default)]
    pub ros: RosSettings,
    /// Its containers.
    #[schemars(length(min = 1, max = 64))]
    pub executables: Vec<Executable>,
    /// The network ports that it offers.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub endpoints: Vec<Endpoint>,
    /// Volumes of its own, by name: its executables mount them, and share them. Each deployment has
    /// others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::volumes")]
    pub volumes: BTreeMap<String, Volume>,
    /// Environment variables for those that depend on the package, which get them with their alias
    /// in front: FRAME of `map` becomes MAP_FRAME.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::variables")]
    pub exposes: BTreeMap<String, Scalar>,
}

/// What a component runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// A Docker engine: this machine's, or another one of the robot's.
    #[default]
    Device,
    /// A cluster.
    Cloud,
}

/// How the nodes of a component join the ROS graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RosSettings {
    /// ROS_DOMAIN_ID, 0 to 101; shipmate's own when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 101))]
    pub domain_id: Option<u8>,
    /// RMW_IMPLEMENTATION, for example rmw_fastrtps_cpp; the image's own when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::RMW, "x-allowed" = shapes::RMW_ALLOWED))]
    pub rmw: Option<String>,
    /// The namespace of its nodes, with a leading slash; given to each executable that has a
    /// `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub namespace: Option<String>,
    /// What its nodes call names instead: from and to; given to each executable that has a
    /// `command`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::remappings")]
    pub remappings: BTreeMap<String, String>,
    /// What follows `--ros-args` on the command line of each executable that has a `command`.
    #[serde(default)]
    #[schemars(schema_with = "shapes::words")]
    pub args: Vec<String>,
    /// Topics that its nodes publish, by absolute name. Nothing is done with these six lists but that the
    /// dependency graph says what is missing and what is there beyond them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub publishes: Vec<String>,
    /// Topics that they subscribe to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub subscribes: Vec<String>,
    /// Services that they serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub serves: Vec<String>,
    /// Services that they call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub calls: Vec<String>,
    /// Actions that they serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub action_servers: Vec<String>,
    /// Actions that they send goals to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::ros_names")]
    pub action_clients: Vec<String>,
}

impl RosSettings {
    /// What its nodes are said to do on the ROS graph: the keys, and the names as they are written.
    pub fn declared(&self) -> [(&'static str, &[String]); 6] {
        [
            ("publishes", &self.publishes),
            ("subscribes", &self.subscribes),
            ("serves", &self.serves),
            ("calls", &self.calls),
            ("action_servers", &self.action_servers),
            ("action_clients", &self.action_clients),
        ]
    }
}

/// A network port that a component offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// What the endpoint is called, unique in the component.
    #[schemars(extend("pattern" = shapes::NAME, "x-allowed" = shapes::NAME_ALLOWED, "maxLength" = 40))]
    pub name: String,
    /// Which executable listens; the component's only one when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// Where it listens inside of the container: a port, 1 to 65535.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The transport.
    #[serde(default)]
    pub protocol: Protocol,
    /// What the URL begins with that dependents get, for example http; the protocol when it is not
    /// set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::SCHEME, "x-allowed" = shapes::SCHEME_ALLOWED))]
    pub scheme: Option<String>,
    /// Whether it is published on the machine.
    #[serde(default)]
    pub external: bool,
    /// The port on the machine; the engine chooses a free one when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub host_port: Option<u16>,
}

/// A transport protocol.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
