//! The live dependency graph: joins what the loop knows of the deployments with what is seen on the
//! ROS graph.
//!
//! `sight.rs` is both at one moment, for whoever asks; `watch.rs` looks at the domains that are needed
//! and publishes the graph whenever it has become another one; `cost.rs` says what stops would cost;
//! `measured.rs` has rates measured that are written to the graph; `markers.rs` draws it for RViz where
//! ROS has messages for that.

mod cost;
mod markers;
mod measured;
mod sight;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch::Receiver;

use crate::domain::graph::GraphView;

pub use cost::Costs;
pub use measured::{Measured, Measurer, RateSettings};
pub use sight::Sight;
pub use watch::{Settings, Watcher};

/// What is seen of each domain that is looked at; None where it cannot be seen now.
type Domains = Arc<BTreeMap<u8, Receiver<Option<Arc<GraphView>>>>>;
