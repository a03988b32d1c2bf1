//! What a package needs of other packages.

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use crate::domain::manifest::shapes;

/// A deployment of another package, which this one needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "type" = ["object", "null"],
    "x-empty" = true,
    "x-allowed" = shapes::DEPENDENCY_ALLOWED,
))]
pub struct Dependency {
    /// The package that is needed; the alias when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = shapes::NAME, "x-allowed" = shapes::NAME_ALLOWED, "maxLength" = 40))]
    pub package: Option<String>,
    /// The versions of it that will do, for example ^1.2; any when it is not set.
    #[serde(default)]
    #[schemars(schema_with = "shapes::version_range")]
    pub version: VersionReq,
    /// How far the other deployment has to be before this one is started.
    #[serde(default)]
    pub condition: Condition,
    /// What becomes of this deployment when executables of the other one were restarted.
    #[serde(default)]
    pub on_restart: OnRestart,
    /// Whether it is deployed first, from the catalogue, when there is none that fits.
    #[serde(default)]
    pub deploy: bool,
    /// What the nodes of this package take over from those of the other one, unless a component
    /// says something itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub take_over: Vec<TakeOver>,
}

/// What can be taken over from a dependency.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TakeOver {
    /// The namespace of its nodes.
    Namespace,
    /// What its nodes call names instead.
    Remappings,
    /// Its ROS domain.
    DomainId,
}

impl TakeOver {
    /// As it is written in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Remappings => "remappings",
            Self::DomainId => "domain_id",
        }
    }
}

impl Dependency {
    /// The package that is needed under `alias`.
    pub fn package<'a>(&'a self, alias: &'a str) -> &'a str {
        self.package.as_deref().unwrap_or(alias)
    }

    /// Whether `version` of the package will do.
    ///
    /// A range says nothing of pre-releases unless it names one, as everywhere; but any version is
    /// any version.
    pub fn fits(&self, version: &Version) -> bool {
        version_fits(&self.version, version)
    }
}

/// Whether a version will do for a range. semver's `*` takes no pre-releases; a package that needs
/// any version of another can do with what its developer is just working on.
pub fn version_fits(range: &VersionReq, version: &Version) -> bool {
    range.comparators.is_empty() || range.matches(version)
}

/// How far a deployment has to be for those that depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// All its executables are ready.
    #[default]
    Ready,
    /// All its executables have been started.
    Started,
}

/// What a restart of a dependency means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnRestart {
    /// Nothing.
    #[default]
    Ignore,
    /// The executables of the deployment that depends on it are restarted too.
    Restart,
}

impl Condition {
    /// As it is written in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Started => "started",
        }
    }
}
