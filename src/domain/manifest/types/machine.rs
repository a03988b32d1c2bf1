//! What a container sees of the machine: paths, volumes, devices, graphics, network, memory.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::domain::manifest::shapes;

/// Something of the machine, or a volume, that a container sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// A path of the machine (absolute, or starting with ./ or ../ and then relative to the
    /// manifest), a volume of the component's `volumes`, or another volume's name, which all
    /// deployments share and the engine keeps.
    #[schemars(extend("pattern" = shapes::SOURCE, "x-allowed" = shapes::SOURCE_ALLOWED, "maxLength" = 4096))]
    pub source: String,
    /// Where it appears in the container: an absolute path.
    #[schemars(extend("pattern" = shapes::ABSOLUTE_PATH, "x-allowed" = shapes::ABSOLUTE_PATH_ALLOWED, "maxLength" = 4096))]
    pub target: String,
    /// Whether the container may only read it.
    #[serde(default)]
    pub read_only: bool,
}

impl Mount {
    /// Whether the source is a named volume of the engine's, and no path of the machine.
    pub fn is_volume(&self) -> bool {
        !self.source.starts_with(['/', '.'])
    }
}

/// One entry of `devices`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// The device file of the machine.
    pub host: &'a str,
    /// Where it appears in the container.
    pub container: &'a str,
    /// What the container may do with it: some of `r`, `w` and `m` (make).
    pub permissions: &'a str,
}

impl<'a> Device<'a> {
    /// Takes an entry apart: `HOST[:CONTAINER][:PERMISSIONS]`. The container's path is the
    /// machine's when it is not given, and everything is permitted, as with Docker.
    pub fn read(entry: &'a str) -> Self {
        let mut parts = entry.split(':');
        let host = parts.next().unwrap_or(entry);
        let mut device = Self {
            host,
            container: host,
            permissions: "rwm",
        };
        for part in parts {
            if part.starts_with('/') {
                device.container = part;
            } else {
                device.permissions = part;
            }
        }
        device
    }
}

/// How many graphics processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Gpus {
    /// So many.
    Count(u16),
    /// All of them.
    All(AllGpus),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllGpus {
    /// All of them.
    All,
}

impl JsonSchema for Gpus {
    fn schema_name() -> Cow<'static, str> {
        "Gpus".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^all$",
            "minimum": 1,
            "maximum": u16::MAX,
            "x-allowed": "all or a number of at least 1",
        })
    }
}

/// Which network a container is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Docker's bridge; ROS nodes hear those of the machine and of other containers.
    #[default]
    Bridge,
    /// The machine's own network, for devices and peers that need it. Needs a policy that allows it.
    Host,
}

/// Whose shared memory a container sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ipc {
    /// Its own.
    #[default]
    Private,
    /// The machine's, for fast transport between containers of one user. Needs a policy that
    /// allows it.
    Host,
}
