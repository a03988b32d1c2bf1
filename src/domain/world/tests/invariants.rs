//! What always holds.

use std::collections::BTreeSet;
use std::time::Duration;

use super::by_hand::name_by_labels;
use super::ends::{Answer, key_of};
use super::model::{ENGINE_TIMEOUT, Model, OWNER, READY_TIMEOUT};
use crate::domain::container::{ContainerFacts, ContainerState, labels};
use crate::domain::deployment::Deployment;
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::probing::{LookKey, Role};
use crate::domain::deployment::status::Status;
use crate::domain::deployment::steps::{Step, StepKey};
use crate::domain::deployment::update::Update;
use crate::domain::deployment::view::ExecutableView;
use crate::domain::manifest::Scope;
use crate::domain::time::Monotonic;
use crate::domain::world::WorldStep;

impl Model {
    pub fn check_always(&self) {
        self.names_are_held_once();
        self.ports_are_held_once();
        self.nothing_is_forgotten();
        self.what_is_theirs_is_not_touched();
        self.what_is_shown_is();
        self.running_is_what_was_told();
        self.nothing_hangs();
        self.no_look_hangs();
        self.nothing_is_late();
        self.what_is_left_was_touched();
        self.hands_are_known();
        for deployment in self.world.deployments() {
            let view = self.world.view(&deployment.order.id).unwrap();
            if view.phase == Phase::Succeeded {
                assert!(deployment.states().all(|(_, s)| s.started && s.ready_once));
            }
            let executables = view.components.iter().flat_map(|c| &c.executables);
            let conditions = executables.map(|e| &e.condition);
            let conditions = conditions.chain(view.components.iter().map(|c| &c.condition));
            for condition in conditions.chain([&view.condition]) {
                let wrong = condition.status == Some(Status::Error);
                assert_eq!(condition.code.is_some(), wrong, "{condition:?}");
                let fine = matches!(condition.status, Some(Status::Running) | None);
                assert_eq!(condition.reason.is_empty(), fine, "{condition:?}");
            }
            let wrong = view.condition.status == Some(Status::Error);
            assert_eq!(!view.error_codes.is_empty(), wrong, "{view:?}");
        }
    }

    fn names_are_held_once(&self) {
        let all = self.world.deployments().into_iter();
        let living: Vec<_> = all.filter(|d| !d.is_over()).collect();
        let names: BTreeSet<&str> = living.iter().map(|d| d.order.name.as_str()).collect();
        assert_eq!(names.len(), living.len(), "two living ones hold one name");
        let mut places = BTreeSet::new();
        for order in living.iter().map(|d| &d.order) {
            let place = match order.package.singleton.scope() {
                None => continue,
                Some(Scope::Node) => "",
                Some(Scope::Group) => &order.group,
            };
            let new = places.insert((&order.package.name, place));
            assert!(new, "two of a singleton live");
        }
    }

    fn ports_are_held_once(&self) {
        let all = self.world.deployments().into_iter();
        let living = all.filter(|d| !d.is_over());
        let ports: Vec<u16> = living
            .flat_map(|d| d.taken_ports())
            .map(|(port, ..)| port)
            .collect();
        let different: BTreeSet<&u16> = ports.iter().collect();
        assert_eq!(different.len(), ports.len(), "two hold one port: {ports:?}");
    }

    /// A container is only created with ports that its deployment has after a crash, too. What was
    /// recovered and is not on the disk yet has them from its containers.
    fn its_ports_are_on_the_disk(&self, id: &str) {
        let Some(record) = self.disk.get(id) else {
            return;
        };
        let known: Deployment = serde_json::from_str(record).unwrap();
        let deployment = self.world.deployment(id).unwrap();
        // What ran before an update comes back even if the disk is full, and has its ports already.
        if !matches!(deployment.update, Some(Update::RollingBack(_))) {
            assert_eq!(known.order.ports, deployment.order.ports, "{id}");
        }
    }

    fn no_network_is_taken_away(&self, keep: &BTreeSet<String>) {
        let all = self.world.deployments().into_iter();
        for living in all.filter(|d| !d.is_over()) {
            let own = living.network("t");
            assert!(own.is_none_or(|own| keep.contains(&own)), "{living:?}");
        }
    }

    fn nothing_is_forgotten(&self) {
        for id in &self.promised {
            assert!(self.world.deployment(id).is_some(), "{id} is forgotten");
        }
    }

    fn what_is_theirs_is_not_touched(&self) {
        let truth = self.engine.truth();
        for (id, left) in &self.theirs {
            let now = truth.iter().find(|facts| facts.id == *id);
            let now = now.expect("a container of the user's own was removed");
            // An outage of the engine stops theirs, too.
            let alike = (&now.name, &now.started_at) == (&left.name, &left.started_at);
            assert!(alike, "{left:?} became {now:?}");
        }
    }

    /// Whenever nothing is on the way, not only in the end.
    fn what_is_shown_is(&self) {
        if self.is_something_on_the_way() || self.world.unreachable().is_some() {
            return;
        }
        let truth = self.engine.truth();
        for (shown, key, state) in self.executables() {
            let there = truth.iter().find(|facts| facts.id == shown.container_id);
            let runs = there.is_some_and(|facts| facts.state == ContainerState::Running);
            let wanted = self.world.deployment(&key.deployment).unwrap().should_run();
            let wanted = wanted && !state.is_outdated();
            let well = wanted && state.ailing.is_none() && runs && self.was_told_ready(&key);
            let shown_running = shown.condition.status == Some(Status::Running);
            assert_eq!(shown_running, well, "{shown:?}, but {there:?}");
            let known = there.is_some() || shown.container_id.is_empty();
            assert!(known, "{shown:?} is not there");
        }
    }

    /// At every moment.
    fn running_is_what_was_told(&self) {
        for (shown, key, state) in self.executables() {
            if state.ailing.is_some() {
                assert_eq!(
                    self.was_told(&key, Role::Liveness),
                    Some(false),
                    "{state:?}"
                );
            }
            if shown.condition.status == Some(Status::Running) {
                assert_eq!(self.world.unreachable(), None);
                assert!(state.is_running() && state.ailing.is_none(), "{state:?}");
                assert!(self.was_told_ready(&key), "{state:?}");
            }
        }
    }

    /// What is being done comes to an end.
    fn nothing_hangs(&self) {
        let deployments = self.world.deployments().into_iter();
        let all = deployments.flat_map(|d| {
            let states = d.all_states();
            states.map(|(key, state)| (d.step_key(&key), state))
        });
        for (key, state) in all {
            let step = self.steps.iter().any(|step| key_of(step) == Some(&key));
            let end = self
                .answers
                .iter()
                .any(|answer| matches!(answer, Answer::Finished(of, _) if *of == key));
            assert_eq!(state.operation.is_some(), step || end, "{key:?}: {state:?}");
        }
    }

    /// Whoever waits for what a look finds will hear of it, or looks again.
    fn no_look_hangs(&self) {
        let for_ever = Monotonic(Duration::MAX);
        for (_, step, state) in self.executables() {
            for role in Role::ALL {
                let activated = role == Role::Lifecycle && state.looks.passed(role);
                if activated || state.looks.is_due(role, for_ever) {
                    continue;
                }
                let run = state.looks.run();
                let step = step.clone();
                let look = LookKey { step, role, run };
                assert!(self.is_looking(&look), "{look:?}: {state:?}");
            }
        }
    }

    fn is_looking(&self, look: &LookKey) -> bool {
        let begun = |step: &WorldStep| matches!(step, WorldStep::Deployment(Step::Look { key, .. }) if key == look);
        let found = |answer: &Answer| matches!(answer, Answer::Looked(key, _) if key == look);
        self.steps.iter().any(begun) || self.answers.iter().any(found)
    }

    /// What has not succeeded in time has failed.
    fn nothing_is_late(&self) {
        let now = self.now().monotonic;
        let due = self.world.next_due(now);
        let coming = |key: &StepKey| {
            let deployment = self.world.deployment(&key.deployment).unwrap();
            deployment.is_coming() && deployment.phase == Phase::Provisioning
        };
        for (_, key, state) in self
            .executables()
            .into_iter()
            .filter(|(_, key, _)| coming(key))
        {
            let limit = match (self.lost_since, self.ran_since.get(&key)) {
                (Some(since), _) => since + ENGINE_TIMEOUT,
                (None, Some(since)) if !state.ready_once => *since + READY_TIMEOUT,
                (None, _) => continue,
            };
            assert!(limit > now, "{key:?} is late: {state:?}");
            assert!(due.is_some_and(|due| due <= limit), "{key:?} will be late");
        }
    }

    /// Notes since when what is not ready yet is known to run.
    pub fn note_what_ran(&mut self) {
        let now = self.now().monotonic;
        let ran: Vec<StepKey> = { self.executables().into_iter() }
            .filter(|(_, _, state)| state.is_running() || state.is_paused())
            .filter(|(_, _, state)| !state.is_outdated())
            .map(|(_, key, _)| key)
            .collect();
        for key in ran {
            self.ran_since.entry(key).or_insert(now);
        }
    }

    /// Every executable, as it is shown and as it is known.
    pub fn executables(&self) -> Vec<(ExecutableView, StepKey, &ExecutableState)> {
        let mut all = Vec::new();
        for deployment in self.world.deployments() {
            let view = self.world.view(&deployment.order.id).unwrap();
            let shown = view.components.into_iter().flat_map(|c| c.executables);
            for (shown, (key, state)) in shown.zip(deployment.states()) {
                all.push((shown, deployment.step_key(&key), state));
            }
        }
        all
    }

    /// Whether anything is on the way that changes a container or tells of a change. Looks do not.
    pub fn is_something_on_the_way(&self) -> bool {
        let is_look = |step: &WorldStep| matches!(step, WorldStep::Deployment(Step::Look { .. }));
        let is_found = |answer: &Answer| matches!(answer, Answer::Looked(..));
        !self.steps.iter().all(is_look)
            || !self.answers.iter().all(is_found)
            || !self.news.is_empty()
    }

    /// No executable has two things done to it at once, and nothing is done to what is theirs.
    pub fn check_new_step(&mut self, step: &WorldStep) {
        let is_end = matches!(
            step,
            WorldStep::Deployment(Step::TakeDown { .. } | Step::CancelFetch { .. })
        );
        if let Some(key) = key_of(step).filter(|_| is_end) {
            let unwritten = self.stops_unwritten.contains(&key.deployment);
            assert!(!unwritten, "the disk does not know of the stop: {step:?}");
        }
        let cancels = matches!(step, WorldStep::Deployment(Step::CancelFetch { .. }));
        if let Some(key) = key_of(step).filter(|_| !cancels) {
            let other = self.steps.iter().find(|other| key_of(other) == Some(key));
            assert_eq!(other, None, "beside {step:?}");
        }
        if let WorldStep::Deployment(Step::Create { key, .. }) = step {
            self.its_ports_are_on_the_disk(&key.deployment);
        }
        if let WorldStep::TidyNetworks { keep } = step {
            self.no_network_is_taken_away(keep);
        }
        let container = match step {
            WorldStep::RemoveOrphan { container }
            | WorldStep::Deployment(
                Step::Start { container, .. }
                | Step::Stop { container, .. }
                | Step::Resume { container, .. }
                | Step::Rename { container, .. }
                | Step::TakeDown { container, .. },
            ) => container.clone(),
            WorldStep::Deployment(Step::Look {
                key, whereabouts, ..
            }) => {
                let same = |other: &WorldStep| matches!(other, WorldStep::Deployment(Step::Look { key: of, .. }) if of == key);
                assert!(!self.steps.iter().any(same), "beside {step:?}");
                self.check_new_look(key);
                whereabouts.container.clone()
            }
            WorldStep::Deployment(_) | WorldStep::TidyNetworks { .. } => return,
        };
        assert!(!self.theirs.contains_key(&container), "{step:?}");
    }
}

/// Whether a container is shipmate's for all to see. One that bears its labels under another name
/// is the user's, or was renamed by hand before its id was on the disk.
pub fn is_ours(facts: &ContainerFacts) -> bool {
    let owner = facts.labels.get(labels::OWNER);
    owner.is_some_and(|owner| owner == OWNER) && facts.name == name_by_labels(facts)
}
