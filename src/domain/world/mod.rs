//! Everything that one shipmate knows: its catalogue, its deployments, and what its engine says.
//!
//! Requests, news and outcomes go in; steps come out of [`World::steps`]. Nothing here waits or
//! acts, and the same inputs always give the same outputs.

mod admission;
mod deadlines;
mod dependencies;
mod endpoints;
mod leftovers;
mod masking;
mod news;
pub mod observation;
mod plan;
mod recovery;
mod references;
pub mod refusal;
mod singleton;
mod stop;
mod updates;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::catalogue::Catalogue;
use super::deployment::containers::Identity;
use super::deployment::executable::Sequence;
use super::deployment::phase::Phase;
use super::deployment::restart::RestartLimits;
use super::deployment::steps::Step;
use super::deployment::view::DeploymentView;
use super::deployment::{Deployment, DeploymentId};
use super::manifest::values::Secrets;
use super::policy::Policy;
use super::time::{Monotonic, Now};

pub use admission::{Admission, DeployRequest};
pub use dependencies::WithDependents;
pub use news::{Outcome, StepError};
pub use plan::{PlannedChange, PlannedContainer, PlannedDeployment, PlannedFetch};
pub use stop::PlannedStop;

/// What does not change while the node runs.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// What is the same for every container.
    pub identity: Identity,
    /// What manifests may ask of the machine.
    pub policy: Policy,
    /// The bounds of restarting.
    pub restarts: RestartLimits,
    /// How many deployments that are over are remembered.
    pub history: usize,
    /// How long an executable may take to be ready before its deployment has failed.
    pub ready_timeout: Duration,
    /// How long an update waits for actions that it may not interrupt.
    pub guard_timeout: Duration,
    /// How long the engine may be away before what has not succeeded yet has failed.
    pub engine_timeout: Duration,
}

/// What is known of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EngineState {
    /// It has not answered yet since the start.
    NotAsked,
    /// It answers, and what it has is known.
    Known,
    /// It does not answer.
    Unreachable {
        /// Why.
        why: String,
        /// Since when.
        since: Monotonic,
    },
}

/// A container that bears our label and belongs to nobody.
#[derive(Clone, Debug, Default)]
struct Orphan {
    removing: bool,
    not_before: Option<Monotonic>,
}

/// Something that should be said, and belongs to no phase or status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The deployment that it is about; none when it is about none.
    pub deployment: Option<DeploymentId>,
    /// The component and the executable that it is about, by name, if it is about one.
    pub executable: Option<(String, String)>,
    /// What is said.
    pub text: String,
}

/// A step for a container that belongs to nobody, or for a deployment.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are the large variant, and none is kept"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum WorldStep {
    /// For a deployment.
    Deployment(Step),
    /// Stop and remove a container of ours that belongs to no deployment.
    RemoveOrphan {
        /// Its id.
        container: String,
    },
    /// Remove the networks of ours that no container is on, but for these.
    TidyNetworks {
        /// The names of those that are needed, or will be.
        keep: BTreeSet<String>,
    },
}

/// The name of the only device there is.
const LOCAL: &str = "local";

/// How many containers that were removed are remembered.
const REMEMBERED: usize = 256;

/// Everything that one shipmate knows.
#[derive(Debug)]
pub struct World {
    settings: WorldSettings,
    /// The packages that can be deployed by name.
    pub catalogue: Catalogue,
    deployments: BTreeMap<DeploymentId, Deployment>,
    engine: EngineState,
    /// The number of the last full answer of the engine.
    synced: Sequence,
    orphans: BTreeMap<String, Orphan>,
    /// The containers that were removed lately: late news of them mean nothing.
    removed: VecDeque<String>,
    /// Containers that bear our labels and are not ours.
    foreign: BTreeSet<String>,
    touched: BTreeSet<DeploymentId>,
    /// Whether a network may be left over.
    networks_untidy: bool,
    /// What should be said, and belongs to no phase or status.
    notes: Vec<Note>,
    /// Whether what was read from the disk is not all that was there.
    incomplete: bool,
    /// Whether deployments have yet to be recovered.
    recovering: bool,
    /// Whether all was recovered, and that was not asked for yet.
    recovered: bool,
    /// The secrets of deployments that have yet to be recovered.
    lost_secrets: BTreeMap<DeploymentId, Secrets>,
}

impl World {
    /// A world with what was read from the disk.
    pub fn new(
        settings: WorldSettings,
        catalogue: Catalogue,
        deployments: impl IntoIterator<Item = Deployment>,
    ) -> Self {
        Self {
            settings,
            catalogue,
            deployments: deployments
                .into_iter()
                .map(|deployment| (deployment.order.id.clone(), deployment))
                .collect(),
            engine: EngineState::NotAsked,
            synced: 0,
            orphans: BTreeMap::new(),
            removed: VecDeque::new(),
            foreign: BTreeSet::new(),
            touched: BTreeSet::new(),
            networks_untidy: false,
            notes: Vec::new(),
            incomplete: false,
            recovering: false,
            recovered: false,
            lost_secrets: BTreeMap::new(),
        }
    }

    /// What should be said since the last call: what somebody did by hand, what was recovered.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// One deployment.
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.get(id)
    }

    /// Every deployment, the oldest first.
    pub fn deployments(&self) -> Vec<&Deployment> {
        let mut all: Vec<&Deployment> = self.deployments.values().collect();
        all.sort_by_key(|d| (d.order.created_at, d.order.id.clone()));
        all
    }

    /// The deployment with this id or name: the one that is not over, or else the latest.
    pub fn find(&self, id_or_name: &str) -> Option<&Deployment> {
        if let Some(deployment) = self.deployments.get(id_or_name) {
            return Some(deployment);
        }
        self.deployments
            .values()
            .filter(|d| d.order.name == id_or_name)
            .max_by_key(|d| (!d.is_over(), d.order.created_at))
    }

    /// A deployment as it is shown.
    pub fn view(&self, id: &str) -> Option<DeploymentView> {
        let deployment = self.deployments.get(id)?;
        Some(deployment.view(&self.settings.identity.prefix, self.unreachable()))
    }

    /// Why the engine cannot be asked, when it cannot.
    pub fn unreachable(&self) -> Option<&str> {
        match &self.engine {
            EngineState::NotAsked => Some("Docker has not been asked yet"),
            EngineState::Known => None,
            EngineState::Unreachable { why, .. } => Some(why),
        }
    }

    /// The steps that follow from what is known; each is noted as begun, so that a second call
    /// gives nothing. What was learnt up to `sequence` is older than what these steps will do.
    pub fn steps(&mut self, sequence: Sequence, now: Now) -> Vec<WorldStep> {
        let reachable = self.engine == EngineState::Known;
        let avoid = self.ports_of_the_living();
        let mut steps = Vec::new();
        for deployment in self.deployments.values_mut() {
            // The check itself finds out that an engine does not answer; all else waits for it.
            if reachable || deployment.phase == Phase::InProgress {
                let mut own = deployment.steps(
                    &self.settings.identity,
                    self.settings.policy.changes_by_hand,
                    self.settings.guard_timeout,
                    sequence,
                    now,
                );
                for step in &mut own {
                    if let Step::Check { avoid: to, .. } | Step::Prepare { avoid: to, .. } = step {
                        to.clone_from(&avoid);
                    }
                }
                steps.extend(own.into_iter().map(WorldStep::Deployment));
            }
        }
        if reachable {
            steps.extend(self.orphan_steps(now.monotonic));
            if std::mem::take(&mut self.networks_untidy) {
                steps.push(self.tidy_networks());
            }
        }
        steps
    }

    fn orphan_steps(&mut self, now: Monotonic) -> Vec<WorldStep> {
        self.orphans
            .iter_mut()
            .filter(|(_, orphan)| {
                !orphan.removing && orphan.not_before.is_none_or(|due| due <= now)
            })
            .map(|(id, orphan)| {
                orphan.removing = true;
                WorldStep::RemoveOrphan {
                    container: id.clone(),
                }
            })
            .collect()
    }

    /// The next moment at which something is due without any news.
    pub fn next_due(&self, now: Monotonic) -> Option<Monotonic> {
        let deployments = self.deployments.values().filter_map(|d| d.next_due(now));
        let orphans = self.orphans.values().filter_map(|o| o.not_before);
        deployments
            .chain(orphans)
            .chain(self.deadlines())
            .filter(|due| *due > now)
            .min()
    }

    /// Moves every touched deployment on, and with it those that need it; says which were touched
    /// since the last call.
    pub fn settle(&mut self, now: Now) -> BTreeSet<DeploymentId> {
        let mut all = self.settle_touched();
        // What one deployment offers may come from another one, over as many as there are.
        for _ in 0..=self.deployments.len() {
            let changed = self.link(now);
            all.extend(self.settle_touched());
            if !changed {
                break;
            }
        }
        self.advance_updates(now.monotonic);
        all.extend(self.settle_touched());
        self.note_updates(&all);
        all
    }

    fn settle_touched(&mut self) -> BTreeSet<DeploymentId> {
        let touched = std::mem::take(&mut self.touched);
        let engine_known = self.engine == EngineState::Known;
        for id in &touched {
            if let Some(deployment) = self.deployments.get_mut(id) {
                deployment.settle(engine_known);
            }
        }
        touched
    }

    /// Forgets the oldest deployments that are over, down to the bound; says which.
    pub fn forget(&mut self) -> Vec<DeploymentId> {
        let mut over: Vec<_> = self
            .deployments
            .values()
            .filter(|d| d.is_over())
            .map(|d| (d.updated_at, d.order.id.clone()))
            .collect();
        over.sort();
        let surplus = over.len().saturating_sub(self.settings.history);
        let forgotten: Vec<_> = over.into_iter().take(surplus).map(|(_, id)| id).collect();
        for id in &forgotten {
            self.deployments.remove(id);
        }
        forgotten
    }

    /// Notes when a deployment last changed.
    pub fn stamp(&mut self, id: &str, now: Now) {
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.updated_at = now.wall;
        }
    }

    fn touch_all(&mut self) {
        self.touched.extend(self.deployments.keys().cloned());
    }
}

#[cfg(test)]
mod tests;
