//! Random histories of a world beside a simple engine: requests, ends of steps, faults, restarts
//! of the node, and the user's own hands on the containers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::container::{ContainerFacts, ContainerSpec, ContainerState, Exit};
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::Status;
use crate::domain::deployment::steps::Step;
use crate::domain::manifest;

const NAMES: [&str; 3] = ["arm", "base", "camera"];

const MANIFEST: &str = "
manifest: 1
name: robot
version: 1.0.0
components:
  - name: left
    executables:
      - {name: driver, image: 'driver:1', command: [drive]}
      - {name: logger, image: 'logger:1', command: [log], restart: on-failure}
  - name: right
    executables:
      - {name: once, image: 'driver:1', command: [once], restart: never}
";

#[derive(Clone, Debug)]
enum Act {
    Deploy(usize),
    Deprovision(usize),
    End(usize, bool),
    EndAll,
    Exit(usize, i32),
    RemoveByHand(usize),
    EngineDies,
    EngineReturns,
    NodeRestarts,
    TimePasses(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..NAMES.len()).prop_map(Act::Deploy),
        2 => (0..NAMES.len()).prop_map(Act::Deprovision),
        8 => (any::<usize>(), prop::bool::weighted(0.9)).prop_map(|(n, ok)| Act::End(n, ok)),
        4 => Just(Act::EndAll),
        3 => (any::<usize>(), 0..3_i32).prop_map(|(n, code)| Act::Exit(n, code)),
        1 => any::<usize>().prop_map(Act::RemoveByHand),
        1 => Just(Act::EngineDies),
        2 => Just(Act::EngineReturns),
        1 => Just(Act::NodeRestarts),
        4 => (1..90_u64).prop_map(Act::TimePasses),
    ]
}

struct Sim {
    world: World,
    containers: BTreeMap<String, (ContainerSpec, ContainerState)>,
    steps: Vec<WorldStep>,
    engine_up: bool,
    sequence: Sequence,
    clock: u64,
    made: u32,
}

fn settings() -> WorldSettings {
    WorldSettings {
        identity: Identity {
            prefix: "t".to_owned(),
            owner: "me".to_owned(),
            domain_id: 7,
        },
        policy: Policy::default(),
        restarts: RestartLimits::default(),
        history: 5,
    }
}

impl Sim {
    fn new() -> Self {
        let mut sim = Self {
            world: World::new(settings(), Catalogue::default(), []),
            containers: BTreeMap::new(),
            steps: Vec::new(),
            engine_up: true,
            sequence: 0,
            clock: 0,
            made: 0,
        };
        sim.resync();
        sim
    }

    fn now(&self) -> Now {
        Now {
            wall: super::super::time::WallTime(i64::try_from(self.clock).unwrap()),
            monotonic: Monotonic(Duration::from_secs(self.clock)),
        }
    }

    fn next(&mut self) -> Sequence {
        self.sequence += 1;
        self.sequence
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Deploy(n) => self.deploy(NAMES[n]),
            Act::Deprovision(n) => drop(self.world.deprovision(NAMES[n])),
            Act::End(n, ok) if !self.steps.is_empty() => {
                let step = self.steps.remove(n % self.steps.len());
                self.end(step, ok);
            }
            Act::EndAll => {
                for step in std::mem::take(&mut self.steps) {
                    self.end(step, true);
                }
            }
            Act::Exit(n, code) => self.exit(n, code),
            Act::RemoveByHand(n) => self.remove_by_hand(n),
            Act::EngineDies => {
                self.engine_up = false;
                self.world.engine_lost("it is gone".to_owned());
            }
            Act::EngineReturns => self.resync(),
            Act::NodeRestarts => self.restart_node(),
            Act::TimePasses(seconds) => self.clock += seconds,
            Act::End(..) => {}
        }
        self.follow_up();
    }

    fn follow_up(&mut self) {
        self.world.settle();
        let now = self.now();
        self.steps.extend(self.world.steps(self.sequence, now));
        assert!(
            self.world.steps(self.sequence, now).is_empty(),
            "a second look without news gives no steps"
        );
        self.world.forget();
    }

    fn deploy(&mut self, name: &str) {
        self.made += 1;
        let request = DeployRequest {
            manifest: MANIFEST.to_owned(),
            name: name.to_owned(),
            ..DeployRequest::default()
        };
        let now = self.now();
        let taken = self
            .world
            .deployments()
            .iter()
            .any(|d| d.order.name == name && !d.is_over());
        match self
            .world
            .deploy(&request, format!("dep-{}", self.made), now)
        {
            Ok(Admission::New(id)) => {
                assert!(!taken, "a name is held once");
                self.world.saved(&id);
            }
            Ok(Admission::Joined(_)) => panic!("there was no request id"),
            Err(refusal) => assert!(taken, "{refusal}"),
        }
    }

    fn end(&mut self, step: WorldStep, ok: bool) {
        let now = self.now();
        match step {
            WorldStep::RemoveOrphan { container } => {
                let removed = ok && self.engine_up;
                if removed {
                    self.containers.remove(&container);
                }
                self.world
                    .orphan_removed(&container, removed, now.monotonic);
            }
            WorldStep::Deployment(Step::Check { deployment, .. }) => {
                let result = if ok && self.engine_up {
                    Ok(())
                } else {
                    Err(Failure::new(ErrorCode::PortInUse, "no"))
                };
                self.world.checked(&deployment, result);
            }
            WorldStep::Deployment(step) => self.end_own(step, ok),
        }
    }

    fn end_own(&mut self, step: Step, ok: bool) {
        let key = match &step {
            Step::Fetch { key, .. }
            | Step::CancelFetch { key }
            | Step::Create { key, .. }
            | Step::Start { key, .. }
            | Step::TakeDown { key, .. } => key.clone(),
            Step::Check { .. } => unreachable!("handled by its caller"),
        };
        let outcome = if !self.engine_up {
            Outcome::Error(StepError::Unreachable("it is gone".to_owned()))
        } else if !ok {
            let failure = Failure::new(ErrorCode::EngineRefused, "no");
            Outcome::Error(StepError::Failed(failure))
        } else {
            let started = match &step {
                Step::Start { container, .. } => Some(container.clone()),
                _ => None,
            };
            let outcome = self.carry_out(step);
            // The engine tells of a start by an event, too.
            if let Some(id) = started.filter(|id| self.containers.contains_key(id)) {
                let (sequence, now) = (self.next(), self.now());
                self.world.observe(sequence, &self.facts(&id), now);
            }
            outcome
        };
        let (sequence, now) = (self.next(), self.now());
        self.world.finished(sequence, &key, outcome, now);
    }

    fn carry_out(&mut self, step: Step) -> Outcome {
        match step {
            Step::Fetch { .. } => Outcome::Fetched,
            Step::CancelFetch { .. } => Outcome::Error(StepError::Canceled),
            Step::Create { spec, .. } => {
                let same_name = |(s, _): &&(ContainerSpec, ContainerState)| s.name == spec.name;
                if self.containers.values().any(|c| same_name(&c)) {
                    let failure = Failure::new(ErrorCode::NameTaken, "taken");
                    return Outcome::Error(StepError::Failed(failure));
                }
                self.made += 1;
                let id = format!("c{}", self.made);
                self.containers
                    .insert(id.clone(), (*spec, ContainerState::Created));
                Outcome::Created(id)
            }
            Step::Start { container, .. } => match self.containers.get_mut(&container) {
                Some((_, state)) => {
                    *state = ContainerState::Running;
                    Outcome::Started
                }
                None => {
                    let failure = Failure::new(ErrorCode::EngineRefused, "no such container");
                    Outcome::Error(StepError::Failed(failure))
                }
            },
            Step::TakeDown { container, .. } => {
                self.containers.remove(&container);
                Outcome::TakenDown
            }
            Step::Check { .. } => unreachable!("handled by its caller"),
        }
    }

    fn facts(&self, id: &str) -> ContainerFacts {
        let (spec, state) = &self.containers[id];
        ContainerFacts {
            id: id.to_owned(),
            name: spec.name.clone(),
            labels: spec.labels.clone(),
            state: state.clone(),
            ports: Vec::new(),
        }
    }

    fn exit(&mut self, n: usize, code: i32) {
        let running: Vec<String> = self
            .containers
            .iter()
            .filter(|(_, (_, state))| *state == ContainerState::Running)
            .map(|(id, _)| id.clone())
            .collect();
        if running.is_empty() || !self.engine_up {
            return;
        }
        let id = &running[n % running.len()];
        let exit = Exit {
            code,
            ..Exit::default()
        };
        self.containers.get_mut(id).unwrap().1 = ContainerState::Exited(exit);
        let (sequence, now) = (self.next(), self.now());
        self.world.observe(sequence, &self.facts(id), now);
    }

    fn remove_by_hand(&mut self, n: usize) {
        if self.containers.is_empty() || !self.engine_up {
            return;
        }
        let id = self
            .containers
            .keys()
            .nth(n % self.containers.len())
            .unwrap()
            .clone();
        self.containers.remove(&id);
        let sequence = self.next();
        self.world.gone(sequence, &id);
    }

    fn resync(&mut self) {
        self.engine_up = true;
        let facts = self.containers.keys().map(|id| self.facts(id)).collect();
        let (sequence, now) = (self.next(), self.now());
        self.world.resync(sequence, facts, now);
    }

    fn restart_node(&mut self) {
        let kept: Vec<Deployment> = self
            .world
            .deployments()
            .iter()
            .map(|d| serde_json::from_str(&serde_json::to_string(d).unwrap()).unwrap())
            .collect();
        self.world = World::new(settings(), Catalogue::default(), kept);
        self.steps.clear();
        if self.engine_up {
            self.resync();
        }
    }

    /// Lets everything go well until nothing is left to do.
    fn calm_down(&mut self) {
        self.resync();
        self.follow_up();
        for _ in 0..200 {
            self.act(Act::EndAll);
            self.act(Act::TimePasses(61));
            if self.steps.is_empty() && self.world.next_due(self.now().monotonic).is_none() {
                return;
            }
        }
        panic!("it never comes to rest: {:?}", self.steps);
    }

    fn check_always(&self) {
        let mut names: Vec<&str> = self
            .world
            .deployments()
            .iter()
            .filter(|d| !d.is_over())
            .map(|d| d.order.name.as_str())
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "two living deployments hold one name");
        for deployment in self.world.deployments() {
            let view = self.world.view(&deployment.order.id).unwrap();
            if view.phase == Phase::Succeeded {
                assert!(deployment.states().all(|(_, s)| s.started));
            }
            match view.condition.status {
                Some(Status::Error | Status::Pending | Status::Unknown) => {
                    assert!(
                        !view.condition.reason.is_empty(),
                        "a reason comes with {view:?}"
                    );
                }
                Some(Status::Running) | None => assert!(view.error_codes.is_empty()),
            }
        }
    }

    fn check_at_rest(&self) {
        let mut expected = 0;
        for deployment in self.world.deployments() {
            let view = self.world.view(&deployment.order.id).unwrap();
            assert_ne!(view.phase, Phase::InProgress);
            assert_ne!(view.phase, Phase::PartiallyDeprovisioned);
            for (component, executables) in view.components.iter().zip(&deployment.executables) {
                for (shown, state) in component.executables.iter().zip(executables) {
                    let there = self.containers.get(&shown.container_id);
                    let runs = there.is_some_and(|(_, s)| *s == ContainerState::Running);
                    if deployment.should_run() {
                        assert!(runs || state.failure.is_some(), "{shown:?}");
                    } else {
                        assert!(there.is_none(), "{shown:?} is left of {}", view.name);
                    }
                    let shown_running = shown.condition.status == Some(Status::Running);
                    assert_eq!(
                        shown_running,
                        runs && deployment.should_run(),
                        "{shown:?} {state:?}"
                    );
                    expected += usize::from(there.is_some());
                }
            }
        }
        assert_eq!(
            self.containers.len(),
            expected,
            "a container belongs to nobody"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_asked_for_comes_to_be(acts in prop::collection::vec(act(), 1..80)) {
        let mut sim = Sim::new();
        for act in acts {
            sim.act(act);
            sim.check_always();
        }
        sim.calm_down();
        sim.check_at_rest();
    }
}

#[test]
fn the_manifest_of_these_tests_is_valid() {
    manifest::parse(MANIFEST, "").unwrap();
}
