//! Looks at containers: what they find, and what the node may think because of it.

use std::collections::BTreeMap;

use super::model::Model;
use crate::domain::container::ContainerState;
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::probing::{LookKey, Role};
use crate::domain::deployment::steps::StepKey;
use crate::domain::probe::Answer;

/// One run of a container: its id, and when it was started.
type Run = (String, String);

/// What was asked, and what the node has been told.
#[derive(Default)]
pub struct Looks {
    /// The run that each look is about.
    about: BTreeMap<LookKey, Run>,
    /// Whether the last answer about a run was yes.
    told: BTreeMap<(Role, Run), bool>,
}

impl Model {
    /// What a look finds.
    pub fn look(&self, chance: usize, ok: bool) -> Answer {
        if !self.engine.answers() {
            return Answer::NotAsked;
        }
        match chance % 10 {
            _ if !ok => Answer::No("not yet".to_owned()),
            0..=5 => Answer::Yes,
            6..=8 => Answer::No("not yet".to_owned()),
            _ => Answer::NotAsked,
        }
    }

    /// A look is begun only at what runs, and once at a time.
    pub fn check_new_look(&mut self, key: &LookKey) {
        let state = self.state(&key.step);
        let (run, runs) = run_of(state).expect("there is a container");
        assert!(runs, "{key:?} of {state:?}");
        let known = self.looks.about.insert(key.clone(), run.clone());
        assert!(known.is_none_or(|known| known == run), "{key:?} of {run:?}");
    }

    pub fn hear_look(&mut self, key: &LookKey, answer: Answer) {
        let now = self.now();
        let run = self.looks.about[key].clone();
        let deployment = self.world.deployment(&key.step.deployment);
        let asked_before = deployment.is_some_and(|d| d.order.revision != key.step.revision);
        let state = deployment.and_then(|d| d.state(&key.step.executable));
        // What is frozen does not answer, which says nothing.
        let frozen = state.is_some_and(ExecutableState::is_paused);
        if !frozen && !asked_before && answer != Answer::NotAsked {
            let yes = answer == Answer::Yes;
            self.looks.told.insert((key.role, run), yes);
        }
        self.world.looked(key, answer, now);
    }

    /// Whether an executable is ready as far as the node was told.
    pub fn was_told_ready(&self, key: &StepKey) -> bool {
        let deployment = self.world.deployment(&key.deployment).unwrap();
        let (_, executable) = deployment.manifest_of(&key.executable).unwrap();
        let asked = [
            (Role::Lifecycle, !executable.lifecycle.is_empty()),
            (Role::Readiness, executable.readiness.is_some()),
        ];
        let mut asked = asked.into_iter().filter(|(_, asked)| *asked);
        asked.all(|(role, _)| self.was_told(key, role) == Some(true))
    }

    /// The last answer about the run of a container that the node knows of.
    pub fn was_told(&self, key: &StepKey, role: Role) -> Option<bool> {
        let (run, _) = run_of(self.state(key))?;
        self.looks.told.get(&(role, run)).copied()
    }

    pub fn state(&self, key: &StepKey) -> &ExecutableState {
        let deployment = self.world.deployment(&key.deployment).unwrap();
        deployment.state(&key.executable).expect("it is there")
    }
}

/// The run that the node knows of, and whether it goes on.
fn run_of(state: &ExecutableState) -> Option<(Run, bool)> {
    let container = state.container.as_ref()?;
    let run = (container.id.clone(), container.started_at.clone());
    Some((run, container.state == ContainerState::Running))
}
