//! A volume of a component's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::manifest::shapes;

/// A volume that the executables of a component share; each deployment has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "type" = ["object", "null"],
    "x-empty" = true,
    "x-allowed" = shapes::VOLUME_ALLOWED,
))]
pub struct Volume {
    /// Whether it stays when the deployment is over, for the next one of that name.
    #[serde(default)]
    pub keep: bool,
}
