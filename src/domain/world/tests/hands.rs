//! What is known for sure about the work of hands: what was stopped, killed or removed in a quiet
//! moment, when everything is heard in time.

use std::collections::{BTreeMap, BTreeSet};

use super::act::HandAct;
use super::model::Model;
use crate::domain::container::{ContainerFacts, labels};
use crate::domain::deployment::Deployment;
use crate::domain::deployment::steps::StepKey;
use crate::domain::policy::ChangesByHand;

/// The deployment's id, and the names of component and executable: an update changes places.
type Names = (String, String, String);

#[derive(Default)]
pub struct Hands {
    /// Executables to whose container anything was ever done that ends it.
    laid: BTreeSet<Names>,
    /// Those that were ended in a quiet moment, and whether the node has heard of it.
    pub clean: BTreeMap<StepKey, bool>,
}

impl Model {
    /// A hand is about to do something.
    pub fn note_hand(&mut self, facts: &ContainerFacts, act: HandAct) {
        let Some(key) = self.executable_of(facts) else {
            return;
        };
        let ends = matches!(act, HandAct::Stop | HandAct::Kill(_) | HandAct::Remove);
        if ends {
            self.hands.laid.insert(self.names_of(&key));
        }
        if ends && self.is_quiet(&key, facts) {
            self.hands.clean.insert(key, false);
        } else if !matches!(act, HandAct::Rename(_) | HandAct::RenameBack) {
            self.hands.clean.remove(&key);
        }
    }

    fn names_of(&self, key: &StepKey) -> Names {
        let deployment = self.world.deployment(&key.deployment).unwrap();
        let (component, executable) = deployment.names_of(&key.executable).unwrap();
        let id = key.deployment.clone();
        (id, component.to_owned(), executable.to_owned())
    }

    pub fn note_program(&mut self, facts: &ContainerFacts) {
        if let Some(key) = self.executable_of(facts) {
            self.hands.clean.remove(&key);
        }
    }

    /// Whether nothing happens to an executable but what a hand does now.
    fn is_quiet(&self, key: &StepKey, facts: &ContainerFacts) -> bool {
        let deployment = self.world.deployment(&key.deployment).unwrap();
        let state = self.state(key);
        let its = state.container.as_ref().is_some_and(|c| c.id == facts.id);
        self.world.unreachable().is_none()
            && !self.is_something_on_the_way()
            && deployment.should_run()
            && its
            && deployment.update.is_none()
            && state.is_running()
            && state.ailing.is_none()
            && state.operation.is_none()
    }

    pub fn time_passes_for_hands(&mut self) {
        if !self.news.is_empty() {
            // A signal explains only what follows soon.
            self.hands.clean.retain(|_, heard| *heard);
        }
    }

    pub fn hands_are_heard(&mut self) {
        if self.news.is_empty() {
            self.hands
                .clean
                .values_mut()
                .for_each(|heard| *heard = true);
        }
    }

    /// What may have been the engine being shut down is forgotten.
    pub fn engine_goes_for_hands(&mut self) {
        let mut clean = std::mem::take(&mut self.hands.clean);
        clean.retain(|key, _| {
            let state = self
                .world
                .deployment(&key.deployment)
                .filter(|d| d.order.revision == key.revision)
                .map(|_| self.state(key));
            state.is_some_and(|state| state.left.is_some())
        });
        self.hands.clean = clean;
    }

    /// What is not on the disk is forgotten.
    pub fn node_restarts_for_hands(&mut self) {
        let disk: BTreeMap<String, Deployment> = { self.disk.iter() }
            .map(|(id, record)| (id.clone(), serde_json::from_str(record).unwrap()))
            .collect();
        self.hands.clean.retain(|key, heard| {
            *heard = true;
            let same = |d: &&Deployment| d.order.revision == key.revision;
            let state =
                { disk.get(&key.deployment).filter(same) }.and_then(|d| d.state(&key.executable));
            state.is_some_and(|state| state.left.is_some())
        });
    }

    /// What a hand did in a quiet moment was taken for what it is, and not for a failure.
    pub fn hands_are_known(&self) {
        for (key, heard) in &self.hands.clean {
            let Some(deployment) = self.world.deployment(&key.deployment) else {
                continue;
            };
            // An update gives another chance to what hands have ended.
            let updated = deployment.order.revision != key.revision;
            if !heard || updated || !deployment.should_run() {
                continue;
            }
            let state = self.state(key);
            assert_eq!(state.failure, None, "a hand is no failure: {state:?}");
            let left = state.left().is_some();
            assert_eq!(left, self.by_hand == ChangesByHand::Leave, "{state:?}");
        }
    }

    /// What is left as hands left it was touched by one.
    pub fn what_is_left_was_touched(&self) {
        for deployment in self.world.deployments() {
            for (key, state) in deployment.states() {
                let key = deployment.step_key(&key);
                if state.left().is_some() {
                    assert_eq!(self.by_hand, ChangesByHand::Leave);
                    assert!(self.hands.laid.contains(&self.names_of(&key)), "{state:?}");
                }
            }
        }
    }

    /// The executable whose container it is, by its labels.
    pub fn executable_of(&self, facts: &ContainerFacts) -> Option<StepKey> {
        let label = |name: &str| facts.labels.get(name);
        let deployment = self.world.deployment(label(labels::DEPLOYMENT)?)?;
        let key = deployment.key_of(label(labels::COMPONENT)?, label(labels::EXECUTABLE)?)?;
        Some(deployment.step_key(&key))
    }
}
