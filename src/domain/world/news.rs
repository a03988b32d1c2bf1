//! What is learnt: from the engine by itself, from looks at containers, and from the ends of steps.

mod outcomes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{EngineState, Note, REMEMBERED, World, WorldSettings, masking};
use crate::domain::container::{ContainerFacts, labels};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::executable::{Rules, Sequence};
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::probing::LookKey;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::update::RETIRED;
use crate::domain::deployment::{Deployment, DeploymentId, ExecutableKey};
use crate::domain::probe::Answer;
use crate::domain::time::{Monotonic, Now};
pub use outcomes::{Outcome, StepError};

impl World {
    /// The engine answers, and these are all the containers that bear our label. What the world
    /// thought of containers that are not among them is void.
    pub fn resync(&mut self, sequence: Sequence, containers: Vec<ContainerFacts>, now: Now) {
        let unseen = matches!(self.engine, EngineState::Unreachable { .. });
        self.engine = EngineState::Known;
        self.synced = sequence;
        self.recover(&containers, now);
        let ids: BTreeSet<&str> = containers.iter().map(|c| c.id.as_str()).collect();
        for facts in &containers {
            self.take_in(sequence, facts, unseen, now);
        }
        let keys: Vec<StepKey> = self
            .deployments
            .values()
            .flat_map(|d| d.all_states().map(move |(key, state)| (d, key, state)))
            .filter(|(.., state)| {
                let container = state.container.as_ref();
                container.is_some_and(|c| !ids.contains(c.id.as_str()))
            })
            .map(|(d, key, _)| d.step_key(&key))
            .collect();
        for key in keys {
            self.vanish(sequence, &key, now);
        }
        self.orphans.retain(|id, _| ids.contains(id.as_str()));
        self.foreign.retain(|id| ids.contains(id.as_str()));
        self.networks_untidy = true;
        self.touch_all();
    }

    /// The engine does not answer.
    pub fn engine_lost(&mut self, why: String, now: Now) {
        let since = match &self.engine {
            EngineState::Unreachable { since, .. } => *since,
            EngineState::NotAsked | EngineState::Known => now.monotonic,
        };
        self.engine = EngineState::Unreachable { why, since };
        for deployment in self.deployments.values_mut() {
            for state in deployment.states_mut() {
                state.engine_lost();
            }
            for retired in &mut deployment.retired {
                retired.state.engine_lost();
            }
        }
        self.touch_all();
    }

    /// The engine says how a container is.
    pub fn observe(&mut self, sequence: Sequence, facts: &ContainerFacts, now: Now) {
        self.take_in(sequence, facts, false, now);
    }

    fn take_in(&mut self, sequence: Sequence, facts: &ContainerFacts, unseen: bool, now: Now) {
        let owner = self.owner_of(&facts.labels);
        let Some((id, key)) = owner.filter(|(id, key)| self.belongs_to(id, key, facts)) else {
            self.not_a_deployments(facts);
            return;
        };
        let settings = &self.settings;
        let Some(deployment) = self.deployments.get_mut(&id) else {
            return;
        };
        let key = deployment.step_key(&key);
        let facts = &*masking::facts(facts, &deployment.masks());
        let rules = rules_of(settings, deployment, &key, unseen, now.monotonic);
        let said = deployment
            .state_mut(&key.executable)
            .and_then(|state| state.observe(facts, sequence, rules));
        let renamed = deployment.renamed_by_hand(&key.executable, &settings.identity, facts);
        if let Some(what) = said.or(renamed) {
            self.note_hand(&key, &what);
        }
        self.touched.insert(id);
    }

    /// A container of the user's own is not touched, even when it bears our labels.
    fn not_a_deployments(&mut self, facts: &ContainerFacts) {
        if self.removed.contains(&facts.id) {
            return;
        }
        let ours = self.has_our_name(facts) && !self.unknown_while_recovering(facts);
        if ours {
            self.orphans.entry(facts.id.clone()).or_default();
        } else if self.foreign.insert(facts.id.clone()) {
            let text = format!(
                "container {} bears shipmate's labels and belongs to no deployment; it is left \
                 alone",
                facts.name
            );
            self.notes.push(Note {
                deployment: None,
                executable: None,
                text,
            });
        }
    }

    fn note_hand(&mut self, key: &StepKey, what: &str) {
        let Some(deployment) = self.deployments.get(&key.deployment) else {
            return;
        };
        let Some((component, executable)) = deployment.names_of(&key.executable) else {
            return;
        };
        self.notes.push(Note {
            deployment: Some(key.deployment.clone()),
            executable: Some((component.to_owned(), executable.to_owned())),
            text: format!("the container {what}"),
        });
    }

    /// The engine says that a container does not exist any more. That is final, whatever else is
    /// heard of it: no other container gets its id.
    pub fn gone(&mut self, sequence: Sequence, container: &str, now: Now) {
        self.orphans.remove(container);
        self.foreign.remove(container);
        self.networks_untidy = true;
        self.note_removed(container.to_owned());
        if let Some(key) = self.key_of_container(container) {
            let deployment = self.deployments.get_mut(&key.deployment);
            let state = deployment.and_then(|d| d.state_mut(&key.executable));
            let newest = state.map_or(sequence, |state| state.newest());
            self.vanish(sequence.max(newest), &key, now);
        }
    }

    fn note_removed(&mut self, container: String) {
        if self.removed.len() >= REMEMBERED {
            self.removed.pop_front();
        }
        self.removed.push_back(container);
    }

    fn vanish(&mut self, sequence: Sequence, key: &StepKey, now: Now) {
        let Some(deployment) = self.deployments.get_mut(&key.deployment) else {
            return;
        };
        let rules = rules_of(&self.settings, deployment, key, false, now.monotonic);
        let said = deployment
            .state_mut(&key.executable)
            .and_then(|state| state.vanish(sequence, rules));
        if let Some(what) = said {
            self.note_hand(key, &what);
        }
        self.touched.insert(key.deployment.clone());
    }

    /// The engine says that somebody sent a signal to a container.
    pub fn signalled(&mut self, container: &str, signal: i32, now: Now) {
        let Some(key) = self.key_of_container(container) else {
            return;
        };
        if let Some(deployment) = self.deployments.get_mut(&key.deployment) {
            let stop_signal = deployment
                .executable_of(&key.executable)
                .map(|executable| executable.stop_signal.number());
            // Other signals do not ask anybody to end.
            if !matches!(signal, 2 | 3 | 9 | 15) && stop_signal != Some(signal) {
                return;
            }
            if let Some(state) = deployment.state_mut(&key.executable) {
                state.signalled(signal, now.monotonic);
            }
        }
    }

    fn key_of_container(&self, container: &str) -> Option<StepKey> {
        self.deployments.values().find_map(|deployment| {
            let (key, _) = deployment
                .all_states()
                .find(|(_, state)| state.container.as_ref().is_some_and(|c| c.id == container))?;
            Some(deployment.step_key(&key))
        })
    }

    /// A look at a container ended.
    pub fn looked(&mut self, key: &LookKey, answer: Answer, now: Now) {
        let Some(deployment) = self.deployments.get_mut(&key.step.deployment) else {
            return;
        };
        if deployment.order.revision != key.step.revision {
            return;
        }
        let answer = masking::answer(answer, &deployment.masks());
        if let Some(why) = deployment.looked(key, answer, now.monotonic) {
            self.note_hand(&key.step, &format!("is not alive: {why}; it is restarted"));
        }
        self.touched.insert(key.step.deployment.clone());
    }

    /// Whether a container is the one of this executable, by its id, or by its name when the
    /// executable has none.
    fn belongs_to(&self, id: &str, key: &ExecutableKey, facts: &ContainerFacts) -> bool {
        let state = self.deployments.get(id).and_then(|d| d.state(key));
        match state.and_then(|state| state.container_id.as_ref()) {
            Some(known) if *known == facts.id => true,
            // The known one may have gone while nobody looked; then this is its successor.
            Some(_) => state.is_some_and(|s| s.container.is_none()) && self.has_our_name(facts),
            None => self.has_our_name(facts),
        }
    }

    /// Whether a container is called what shipmate would call it by its labels.
    pub(super) fn has_our_name(&self, facts: &ContainerFacts) -> bool {
        let label = |name: &str| facts.labels.get(name).map_or("", String::as_str);
        let expected = container_name(
            &self.settings.identity.prefix,
            label(labels::DEPLOYMENT_NAME),
            label(labels::COMPONENT),
            label(labels::EXECUTABLE),
        );
        facts.name == expected
    }

    /// Which executable a container belongs to, by its labels.
    fn owner_of(&self, of: &BTreeMap<String, String>) -> Option<(DeploymentId, ExecutableKey)> {
        let deployment = self.deployments.get(of.get(labels::DEPLOYMENT)?)?;
        let failed = deployment.phase == Phase::FailedToStart && deployment.taken_down;
        if failed || deployment.phase == Phase::Stopped {
            return None;
        }
        let (component, executable) = (of.get(labels::COMPONENT)?, of.get(labels::EXECUTABLE)?);
        let key = deployment.any_key_of(component, executable)?;
        Some((deployment.order.id.clone(), key))
    }
}

/// What an executable needs to know to judge what happens to it.
fn rules_of<'a>(
    settings: &'a WorldSettings,
    deployment: &Deployment,
    key: &StepKey,
    unseen: bool,
    now: Monotonic,
) -> Rules<'a> {
    let executable = deployment.executable_of(&key.executable);
    let state = deployment.state(&key.executable);
    let leaves = key.executable.component == RETIRED || state.is_some_and(|s| s.is_outdated());
    Rules {
        policy: executable.map(|e| e.restart).unwrap_or_default(),
        limits: &settings.restarts,
        seed: seed_of(key),
        wanted: deployment.should_run() && !leaves,
        by_hand: settings.policy.changes_by_hand,
        grace: executable.map_or(Duration::ZERO, |e| {
            Duration::from_secs(u64::from(e.stop_grace_period.0))
        }),
        unseen,
        now,
    }
}

/// A number of an executable's own. FNV-1a, because the standard library's hasher may change.
fn seed_of(key: &StepKey) -> u64 {
    let place = [key.executable.component, key.executable.executable];
    key.deployment
        .bytes()
        .chain(place.iter().flat_map(|n| n.to_le_bytes()))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
