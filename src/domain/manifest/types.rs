//! The shapes of a manifest, as they are after parsing: every value has its meaning already.
//!
//! The JSON Schema is generated from these types and decides what is read, so their doc comments
//! are what a user reads in the editor, and their first sentence what an error tells about a key
//! that is missing.

mod component;
mod dependency;
mod executable;
mod machine;
mod probe;
mod process;
mod singleton;
mod volume;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use semver::Version;
use serde::{Deserialize, Serialize};

pub use component::{Component, Endpoint, Protocol, RosSettings, Runtime};
pub use dependency::{Condition, Dependency, OnRestart, TakeOver, version_fits};
pub use executable::{Build, Executable, PullPolicy};
pub use machine::{AllGpus, Device, Gpus, Ipc, Mount, Network};
pub use probe::{HttpProbe, Probe, RosProbe};
pub use process::{Restart, StopSignal};
pub use singleton::{Scope, Singleton};
pub use volume::Volume;

use super::shapes;

/// A named, versioned set of components that can be deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The version of this format; 1 is the only one.
    #[schemars(extend("const" = 1, "x-missing" = "add the line `manifest: 1`, the version of this format"))]
    pub manifest: u32,
    /// What the package is called: lower-case letters and digits, with single `_` or `-` between
    /// them, at most 40 characters.
    #[schemars(extend("pattern" = shapes::NAME, "x-allowed" = shapes::NAME_ALLOWED, "maxLength" = 40))]
    pub name: String,
    /// The package's own semantic version, for example 1.2.0.
    #[schemars(schema_with = "shapes::version")]
    pub version: Version,
    /// What the package does, for a person.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    pub description: String,
    /// Whether only one deployment of it may live at a time; with `{scope: group}` one in each group.
    #[serde(default)]
    pub singleton: Singleton,
    /// What can be set in a deploy goal, by name; used as `${name}` in environment, command,
    /// entrypoint, exposed variables, ROS settings, probes and lifecycle nodes.
    #[serde(default)]
    #[schemars(schema_with = "shapes::parameters")]
    pub parameters: BTreeMap<String, Parameter>,
    /// The packages that it needs, by alias: the name under which a deploy goal binds each to a
    /// deployment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "shapes::dependencies")]
    pub depends_on: BTreeMap<String, Dependency>,
    /// The parts that run, each in one place.
    #[schemars(length(min = 1, max = 64))]
    pub components: Vec<Component>,
}

impl Package {
    /// What a person calls it: its name and version, for example `turtle 1.2.0`.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// A value that a deploy goal can set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// What it is for, for a person.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    pub description: String,
    /// Whether a goal must set it; a required parameter has no default.
    #[serde(default)]
    pub required: bool,
    /// Whether its value is shown nowhere: it is given to containers, and to nobody else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// What it is when the goal does not set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Scalar>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The kinds of value that a parameter can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number with or without a fraction.
    Number,
    /// true or false.
    Boolean,
}

/// A value of one of the kinds of [`ParameterKind`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// true or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// Text.
    String(String),
}

/// As it is put into an environment variable or a command line. A [`Scalar::Number`] always shows
/// that it is one (`3.0`, not `3`), because ROS takes `3` for an integer and then refuses it for a
/// parameter of type double.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value:?}"),
            Self::String(value) => f.write_str(value),
        }
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "maxLength": 65536 })
    }
}
