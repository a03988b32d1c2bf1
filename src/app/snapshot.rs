//! What is shown: every deployment at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::dependency_graph::ObservedDeployment;
use crate::domain::deployment::Wanted;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::time::Now;
use crate::domain::world::World;

/// What the dependency graph is to know of every deployment at one moment.
pub type Observed = Arc<[Arc<ObservedDeployment>]>;

/// Every deployment at one moment, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The deployments. What did not change since the last snapshot is shared with it.
    pub deployments: Vec<Arc<DeploymentView>>,
    /// Why the engine cannot be asked, when it cannot.
    pub unreachable: Option<String>,
}

impl Snapshot {
    /// The deployment with this id.
    pub fn by_id(&self, id: &str) -> Option<&Arc<DeploymentView>> {
        self.deployments.iter().find(|view| view.id == id)
    }

    /// The deployment with this id or name: the one that is not over, or else the latest.
    pub fn find(&self, id_or_name: &str) -> Option<&Arc<DeploymentView>> {
        self.by_id(id_or_name).or_else(|| {
            self.deployments
                .iter()
                .filter(|view| view.name == id_or_name)
                .max_by_key(|view| (!view.over, view.created_at))
        })
    }
}

impl Snapshot {
    /// The deployment with this id or name.
    ///
    /// # Errors
    /// Says which there are, when there is none.
    pub fn find_or_say(&self, id_or_name: &str) -> Result<&Arc<DeploymentView>, String> {
        self.find(id_or_name).ok_or_else(|| {
            let names: Vec<&str> = { self.deployments.iter() }
                .map(|view| view.name.as_str())
                .collect();
            match (id_or_name.is_empty(), names.is_empty()) {
                (true, _) => "which deployment? give its id or its name".to_owned(),
                (false, true) => {
                    format!("there is no deployment {id_or_name:?}; nothing is deployed")
                }
                (false, false) => format!(
                    "there is no deployment {id_or_name:?}; there are: {}",
                    names.join(", ")
                ),
            }
        })
    }
}

impl Snapshot {
    /// The ids of those that are being stopped, that failed to start, or that are over.
    pub fn leaving(&self) -> BTreeSet<String> {
        let leaving = { self.deployments.iter() }
            .filter(|view| view.over || view.ended() || view.wanted == Wanted::Stopped);
        leaving.map(|view| view.id.clone()).collect()
    }
}

/// The views of the last snapshot, to see what changed.
#[derive(Debug, Default)]
pub struct Views {
    known: BTreeMap<String, Arc<DeploymentView>>,
}

/// A deployment that changed: how it was shown before, and how it is now.
pub type Change = (Option<Arc<DeploymentView>>, Arc<DeploymentView>);

impl Views {
    /// What was known before the start; it raises no events.
    pub fn of(world: &World) -> Self {
        let ids: Vec<String> = world
            .deployments()
            .iter()
            .map(|d| d.order.id.clone())
            .collect();
        let views = ids
            .into_iter()
            .filter_map(|id| Some((id.clone(), Arc::new(world.view(&id)?))));
        Self {
            known: views.collect(),
        }
    }

    /// Drops what the world does not remember any more; says which.
    pub fn forgotten(&mut self, world: &World) -> Vec<String> {
        let gone: Vec<String> = self
            .known
            .keys()
            .filter(|id| world.deployment(id).is_none())
            .cloned()
            .collect();
        for id in &gone {
            self.known.remove(id);
        }
        gone
    }

    /// Looks at a deployment again; says how it changed, if so.
    pub fn refresh(&mut self, world: &mut World, id: &str, now: Now) -> Option<Change> {
        let Some(mut view) = world.view(id) else {
            self.known.remove(id);
            return None;
        };
        let before = self.known.get(id).cloned();
        if before.as_deref() == Some(&view) {
            return None;
        }
        if before.is_some() {
            world.stamp(id, now);
            view.updated_at = now.wall;
        }
        let view = Arc::new(view);
        self.known.insert(id.to_owned(), view.clone());
        Some((before, view))
    }

    /// How a deployment was shown last.
    pub fn of_one(&self, id: &str) -> Option<Arc<DeploymentView>> {
        self.known.get(id).cloned()
    }

    /// All of them at this moment.
    pub fn snapshot(&self, world: &World) -> Snapshot {
        let mut deployments: Vec<_> = self.known.values().cloned().collect();
        deployments.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Snapshot {
            deployments,
            unreachable: world.unreachable().map(str::to_owned),
        }
    }
}
