//! What the dependency graph is to know of the deployments: kept from one moment to the next, so that
//! what has just ended is still known for what it was, as long as its traces are on the ROS graph.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::World;
use crate::domain::dependency_graph::{ContainerState, ObservedContainer, ObservedDeployment};
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::time::Monotonic;

/// How long a container is known beyond its removal. DDS forgets who was killed after 10 to 20 s.
const KNOWN_BEYOND: Duration = Duration::from_secs(60);

/// How much earlier than the engine said so a container may have been started by somebody else. What
/// an earlier run has left on the graph is older, but for runs that are shorter than this.
const SAID_LATE: Duration = Duration::from_secs(1);

/// Every deployment with its containers, those that have ended lately among them.
#[derive(Debug, Default)]
pub struct Sightings {
    known: BTreeMap<DeploymentId, Arc<ObservedDeployment>>,
    /// By the ids of containers that are there.
    runs: BTreeMap<String, Option<Monotonic>>,
    /// Until when containers that are there no more are known, by id.
    ended: BTreeMap<String, Monotonic>,
}

impl Sightings {
    /// Looks at a deployment again, which is shown as `view`; says whether anything of it changed.
    pub fn refresh(&mut self, world: &World, view: &DeploymentView, now: Monotonic) -> bool {
        let Some(deployment) = world.deployment(&view.id) else {
            return false;
        };
        let before = self.known.get(&view.id).cloned().unwrap_or_default();
        let by_id = |id: &str| {
            let mut containers = before.containers.iter();
            containers.find(|it| it.container_id == id).cloned()
        };
        let there = deployment.observed_containers(&world.settings.identity, by_id);
        let mut after = deployment.observed(view);
        for (state, mut container) in there {
            let known = by_id(&container.container_id);
            container.started_at = self.started_at(state, known.as_ref(), &container.container_id);
            after.containers.push(container);
        }
        let gone = self.gone(&before, &after.containers, now);
        after.containers.extend(gone);
        self.take(after)
    }

    /// The world remembers these no more; says whether any was known.
    pub fn forget(&mut self, ids: &[DeploymentId], now: Monotonic) -> bool {
        let mut changed = false;
        for id in ids {
            let Some(before) = self.known.get(id).cloned() else {
                continue;
            };
            let containers = self.gone(&before, &[], now);
            if containers.is_empty() {
                self.known.remove(id);
                changed = true;
            } else {
                let mut after = ObservedDeployment::clone(&before);
                (after.over, after.containers) = (true, containers);
                after.dependencies.clear();
                changed |= self.take(after);
            }
        }
        changed
    }

    /// All of them at this moment.
    pub fn all(&mut self, world: &World, now: Monotonic) -> Arc<[Arc<ObservedDeployment>]> {
        self.ended.retain(|_, until| *until > now);
        let ended = &self.ended;
        self.known.retain(|id, deployment| {
            let mut containers = deployment.containers.iter();
            world.deployment(id).is_some()
                || containers.any(|it| ended.contains_key(&it.container_id))
        });
        self.known.values().cloned().collect()
    }

    fn take(&mut self, after: ObservedDeployment) -> bool {
        if self.known.get(&after.id).map(Arc::as_ref) == Some(&after) {
            return false;
        }
        self.known.insert(after.id.clone(), Arc::new(after));
        true
    }

    /// A moment before a container's present run began. One that ran before the node was there may
    /// have been there always.
    fn started_at(
        &mut self,
        state: &ExecutableState,
        known: Option<&ObservedContainer>,
        id: &str,
    ) -> Monotonic {
        let since = state.running_since();
        let run = self.runs.insert(id.to_owned(), since);
        match (state.start_began(), known, since) {
            (Some(began), _, _) => began,
            (None, Some(_), Some(since)) if run != Some(Some(since)) => {
                Monotonic(since.0.saturating_sub(SAID_LATE))
            }
            (None, known, _) => known.map(|it| it.started_at).unwrap_or_default(),
        }
    }

    /// The containers that were there before and are not now, the last one of each executable.
    fn gone(
        &mut self,
        before: &ObservedDeployment,
        there: &[ObservedContainer],
        now: Monotonic,
    ) -> Vec<ObservedContainer> {
        let mut last: BTreeMap<(&str, &str), (Monotonic, &ObservedContainer)> = BTreeMap::new();
        for container in &before.containers {
            let id = &container.container_id;
            if there.iter().any(|it| it.container_id == *id) {
                continue;
            }
            if self.runs.remove(id).is_some() {
                self.ended.insert(id.clone(), now + KNOWN_BEYOND);
            }
            let Some(until) = self.ended.get(id).copied().filter(|until| *until > now) else {
                continue;
            };
            let executable = (container.component.as_str(), container.executable.as_str());
            let other = last.get(&executable);
            if other.is_none_or(|(known, _)| *known <= until) {
                last.insert(executable, (until, container));
            }
        }
        let all = last.into_values().map(|(_, container)| ObservedContainer {
            state: ContainerState::Ended,
            ..container.clone()
        });
        all.collect()
    }
}

#[cfg(test)]
#[path = "observation_tests.rs"]
mod tests;
