//! Everything comes to rest when it is let, and then what runs is what was asked for.

use std::collections::BTreeSet;

use super::act::Act;
use super::by_hand::name_by_labels;
use super::invariants::is_ours;
use super::model::Model;
use crate::domain::container::{ContainerFacts, ContainerState, labels};
use crate::domain::deployment::error_code::ErrorCode;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::Status;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::view::{DeploymentView, ExecutableView};
use crate::domain::policy::ChangesByHand;

/// How many rounds in a row nothing may change: longer than the longest wait and every deadline.
const QUIET: u32 = 6;

impl Model {
    /// Lets everything go well until nothing changes any more.
    pub fn calm_down(&mut self) {
        self.act(Act::EngineReturns);
        self.hands_off();
        let mut quiet = 0;
        let mut before = None;
        for _ in 0..100 {
            for _ in 0..2 {
                self.act(Act::Catch);
                self.act(Act::Write(true));
                self.check_always();
            }
            let after = Some(self.everything());
            quiet = if before == after { quiet + 1 } else { 0 };
            before = after;
            if quiet == QUIET && self.is_written() {
                assert!(!self.is_something_on_the_way());
                return;
            }
            self.act(Act::TimePasses(61));
            self.check_always();
        }
        panic!("it never comes to rest: {:?}", self.steps);
    }

    fn everything(&self) -> (Vec<DeploymentView>, Vec<ContainerFacts>) {
        let all = self.world.deployments().into_iter();
        let views = all.map(|d| self.world.view(&d.order.id).unwrap());
        (views.collect(), self.engine.truth())
    }

    pub fn check_at_rest(&self) {
        assert_eq!(self.world.unreachable(), None);
        for deployment in self.world.deployments() {
            assert_eq!(deployment.update, None);
            assert_eq!(deployment.retired, []);
            let phase = deployment.phase;
            match deployment.should_run() {
                true => assert_eq!(phase, Phase::Succeeded, "{deployment:?}"),
                false => assert!(deployment.is_over(), "{deployment:?}"),
            }
        }
        let truth = self.engine.truth();
        let mut expected = BTreeSet::new();
        for (shown, key, _) in self.executables() {
            let there = truth.iter().find(|facts| facts.id == shown.container_id);
            match self.world.deployment(&key.deployment).unwrap().should_run() {
                true => self.check_what_should_run(&shown, &key, there),
                false => assert_eq!(there, None, "{shown:?} is left"),
            }
            expected.extend(there.map(|facts| facts.id.clone()));
        }
        for facts in truth.iter().filter(|facts| !expected.contains(&facts.id)) {
            let may_be_lost = self.incomplete && { facts.labels.get(labels::DEPLOYMENT) }
                .is_none_or(|id| self.world.deployment(id).is_none());
            assert!(
                !is_ours(facts) || may_be_lost,
                "{facts:?} belongs to nobody"
            );
        }
    }

    /// It runs, or it was given up, or it is left as a hand left it.
    fn check_what_should_run(
        &self,
        shown: &ExecutableView,
        key: &StepKey,
        there: Option<&ContainerFacts>,
    ) {
        let state = self.state(key);
        let runs = there.is_some_and(|facts| facts.state == ContainerState::Running);
        let given_up = state.failure.is_some();
        let left = state.left().is_some();
        assert!(
            [runs, given_up, left].iter().filter(|x| **x).count() == 1,
            "{shown:?} {state:?}"
        );
        let status = if runs { Status::Running } else { Status::Error };
        assert_eq!(shown.condition.status, Some(status), "{shown:?} {state:?}");
        let by_hand = shown.condition.code == Some(ErrorCode::StoppedByHand);
        assert_eq!(by_hand, left, "{shown:?}");
        let revision = there.map_or(0, ContainerFacts::revision);
        assert!(
            there.is_none() || revision >= state.least_revision,
            "{shown:?}"
        );
        if self.hands.clean.contains_key(key) {
            let leave = self.by_hand == ChangesByHand::Leave;
            assert_eq!((runs, left), (!leave, leave), "{shown:?} {state:?}");
        }
        if let Some(facts) = there.filter(|_| runs && self.by_hand == ChangesByHand::Restore) {
            let own = name_by_labels(facts);
            let taken = self
                .engine
                .truth()
                .iter()
                .any(|f| f.name == own && f.id != facts.id);
            assert!(facts.name == own || taken, "{facts:?}");
        }
    }
}
