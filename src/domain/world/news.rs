//! What is learnt: from the engine by itself, and from the ends of steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{EngineState, Note, Orphan, REMEMBERED, World, WorldSettings, masking};
use crate::domain::container::{ContainerFacts, ImageProgress, labels};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::executable::{Operation, Rules, Sequence};
use crate::domain::deployment::phase::{Phase, PhaseEvent};
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::probing::LookKey;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::update::RETIRED;
use crate::domain::deployment::{Deployment, DeploymentId, ExecutableKey, Wanted};
use crate::domain::probe::Answer;
use crate::domain::time::{Monotonic, Now};

/// Why a step did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepError {
    /// It failed.
    Failed(Failure),
    /// It cannot be done, now or later.
    Impossible(Failure),
    /// The engine does not answer; it will be tried again when it does.
    Unreachable(String),
    /// It was told to end.
    Canceled,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The image is on the engine.
    Fetched,
    /// The container was created, with this id.
    Created(String),
    /// The container was started.
    Started,
    /// The container was stopped.
    Stopped,
    /// The container goes on.
    Resumed,
    /// The container has this name again.
    Renamed(String),
    /// The container was stopped and removed.
    TakenDown,
    /// It did not end well.
    Error(StepError),
}

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

    /// How far an image is.
    pub fn progress(&mut self, key: &StepKey, progress: ImageProgress) {
        if let Some(deployment) = self.deployments.get_mut(&key.deployment)
            && let Some(state) = deployment.state_mut(&key.executable)
            && state.operation == Some(Operation::Fetch)
        {
            state.progress = Some(progress);
            self.touched.insert(key.deployment.clone());
        }
    }

    /// A deployment's check ended.
    pub fn checked(&mut self, id: &str, result: Result<PickedPorts, Failure>) {
        // Two checks beside each other may have picked the same.
        let picked_twice = result.as_ref().is_ok_and(|p| self.are_taken(p, id));
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        deployment.checking = false;
        match result {
            // What others have is known by now, and is not picked by the next check.
            Ok(_) if picked_twice => {}
            Ok(ports) if deployment.wanted == Wanted::Running => {
                deployment.take_ports(ports);
                deployment.phase = deployment.phase.after(PhaseEvent::Checked);
            }
            Ok(_) => {}
            Err(failure) => {
                deployment.phase = deployment.phase.after(PhaseEvent::CheckFailed);
                deployment.failure = Some(failure);
            }
        }
        self.touched.insert(id.to_owned());
    }

    /// A step ended. What was learnt before `sequence` is older than its end.
    pub fn finished(&mut self, sequence: Sequence, key: &StepKey, outcome: Outcome, now: Now) {
        let Some(deployment) = self.deployments.get_mut(&key.deployment) else {
            return;
        };
        // An update changes the order when nothing is being done, so that this is of no account.
        if deployment.order.revision != key.revision {
            return;
        }
        let outcome = masking::outcome(outcome, &deployment.masks());
        let rules = rules_of(&self.settings, deployment, key, false, now.monotonic);
        let Some(state) = deployment.state_mut(&key.executable) else {
            return;
        };
        match outcome {
            Outcome::Fetched => deployment.image_arrived(&key.executable),
            // It may be gone before it is known that it was there.
            Outcome::Created(id) if self.removed.contains(&id) => state.operation = None,
            Outcome::Created(id) => {
                let name = deployment
                    .own_name(&key.executable, &self.settings.identity)
                    .unwrap_or_default();
                let revision = deployment.order.revision;
                if let Some(state) = deployment.state_mut(&key.executable) {
                    state.created(id, name, revision, sequence);
                }
            }
            Outcome::Started => state.was_started(now.monotonic),
            Outcome::Stopped => state.was_stopped(now.monotonic),
            Outcome::Resumed => state.was_resumed(),
            Outcome::Renamed(name) => state.was_renamed(name),
            Outcome::TakenDown => {
                let container = state.container_id.clone();
                state.removed(sequence);
                if let Some(container) = container {
                    self.note_removed(container);
                }
            }
            Outcome::Error(StepError::Unreachable(why)) => {
                state.operation = None;
                state.progress = None;
                // A step that began before the engine answered again says nothing about it now.
                if state.operation_began() >= self.synced {
                    self.engine_lost(why, now);
                }
            }
            Outcome::Error(StepError::Canceled) => {
                state.operation = None;
                state.progress = None;
            }
            Outcome::Error(StepError::Impossible(failure)) => {
                give_up(deployment, key, failure);
            }
            Outcome::Error(StepError::Failed(failure)) => {
                failed(deployment, key, failure, rules);
            }
        }
        self.touched.insert(key.deployment.clone());
    }

    /// A container that belonged to nobody was removed, or could not be.
    pub fn orphan_removed(&mut self, container: &str, removed: bool, now: Monotonic) {
        if removed {
            self.networks_untidy = true;
            self.orphans.remove(container);
        } else if let Some(orphan) = self.orphans.get_mut(container) {
            *orphan = Orphan {
                removing: false,
                not_before: Some(now + self.settings.restarts.longest_wait),
            };
        }
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

/// Trying again would change nothing.
fn give_up(deployment: &mut Deployment, key: &StepKey, failure: Failure) {
    let blamed = deployment.blame(&key.executable, failure.clone());
    let provisioning = deployment.phase == Phase::Provisioning && deployment.should_run();
    if provisioning {
        deployment.fail(blamed);
    }
    if let Some(state) = deployment.state_mut(&key.executable) {
        state.operation = None;
        state.failure = Some(failure);
    }
}

/// A step failed.
fn failed(deployment: &mut Deployment, key: &StepKey, failure: Failure, rules: Rules<'_>) {
    let provisioning = deployment.phase == Phase::Provisioning && deployment.should_run();
    let blamed = deployment.blame(&key.executable, failure.clone());
    let Some(state) = deployment.state_mut(&key.executable) else {
        return;
    };
    let operation = state.operation;
    state.progress = None;
    match operation {
        Some(Operation::TakeDown) => {
            let due = rules.now + rules.limits.first_wait * 5;
            state.not_removed(failure.reason, due);
        }
        Some(Operation::Stop | Operation::Resume | Operation::Rename) => {
            state.not_restored(rules.now);
        }
        _ if !rules.wanted => state.operation = None,
        _ if provisioning => {
            state.operation = None;
            state.failure = Some(failure);
            deployment.fail(blamed);
        }
        _ => {
            // The image may be gone since the first start; it is looked for again.
            state.image_ready = false;
            state.start_failed(&failure.reason, rules);
        }
    }
}
