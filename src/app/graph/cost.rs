//! What stops would cost, by all that is known now. It disturbs nobody.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::Sight;
use crate::app::snapshot::Snapshot;
use crate::domain::dependency_graph::{Cost, Options, Stopped, build, losses};

/// How many are looked up at once for goals; each may keep a thread busy for a while.
const AT_ONCE: usize = 2;

/// Says what stops would cost.
#[derive(Clone)]
pub struct Costs {
    sight: Sight,
    snapshots: watch::Receiver<Snapshot>,
    at_once: Arc<Semaphore>,
}

impl Costs {
    /// By what `sight` and `snapshots` show.
    pub fn new(sight: Sight, snapshots: watch::Receiver<Snapshot>) -> Self {
        Self {
            sight,
            snapshots,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The deployments as they are shown now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// What others would lose if the deployments with these ids stopped together. It takes
    /// milliseconds where there is much.
    pub fn of(&self, ids: impl IntoIterator<Item = String>) -> Cost {
        let stopped = Stopped {
            ids: ids.into_iter().collect(),
            leaving: self.snapshots.borrow().leaving(),
        };
        let seen = self.sight.now();
        let options = Options {
            ros_details: self.sight.is_on(),
            ..Options::default()
        };
        Cost {
            losses: losses(&build(&seen, options), &stopped),
            unseen: match self.sight.is_on() {
                true => seen.unseen(),
                false => Vec::new(),
            },
        }
    }

    /// The same, in a thread of its own; others wait for their turn.
    pub async fn look(&self, ids: Vec<String>) -> Cost {
        // It is never closed.
        let _turn = self.at_once.acquire().await;
        let costs = self.clone();
        let looked = tokio::task::spawn_blocking(move || costs.of(ids)).await;
        looked.unwrap_or_else(|error| {
            tracing::error!("what a stop would cost could not be told: {error}");
            Cost::default()
        })
    }
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
