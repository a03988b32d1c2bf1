//! How far an update is, as values that outlive the node.

use serde::{Deserialize, Serialize};

use super::Images;
use crate::domain::deployment::Order;
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::needs::Need;
use crate::domain::manifest::Executable;
use crate::domain::time::Monotonic;

/// An update that is on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// What is to come is got ready; everything runs on.
    Preparing {
        /// What was asked for.
        next: Box<Order>,
    },
    /// The order is the new one, and what differs is replaced.
    Changing {
        /// What was there before.
        before: Box<Order>,
        /// Why what was there before comes back.
        failure: Option<String>,
        /// Whether that is because it was cancelled.
        canceled: bool,
    },
    /// It failed. The order is the one before, and what was changed already is changed back.
    RollingBack(UpdateEnd),
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateEnd {
    /// The revision that it was to bring.
    pub revision: u32,
    /// The goal's request id; empty for none.
    pub request_id: String,
    /// Why what was there before is there again; none when it succeeded.
    pub rolled_back: Option<String>,
    /// Whether that is because it was cancelled.
    pub canceled: bool,
}

/// An executable that the package has no more, until its container is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retired {
    /// Its component's name.
    pub component: String,
    /// What the package said of it.
    pub executable: Executable,
    /// What is known of it.
    pub state: ExecutableState,
}

/// How far an update's preparation is. It begins again with the node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preparation {
    /// Whether ports and images are seen to.
    pub busy: bool,
    /// The ids of the images that were fetched, by component and executable.
    pub images: Option<Images>,
    /// Whether actions are waited for that may not be interrupted.
    pub guarding: bool,
    /// Whether nothing may be interrupted any more.
    pub guarded: bool,
    /// How the deployments are that what is to come depends on.
    pub needs: Vec<Need>,
    /// What it waits for of them.
    pub waits: Option<String>,
    /// Since when it waits for them.
    pub waits_since: Option<Monotonic>,
}
