//! Deployments that need each other, one act at a time.

use std::time::Duration;

use super::model::settings;
use crate::domain::catalogue::{Catalogue, CataloguedPackage};
use crate::domain::container::{ContainerFacts, ContainerState, Exit};
use crate::domain::deployment::Wanted;
use crate::domain::deployment::error_code::ErrorCode;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::status::Status;
use crate::domain::deployment::steps::Step;
use crate::domain::manifest;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::{Monotonic, Now, WallTime};
use crate::domain::world::{DeployRequest, Outcome, WithDependents, World, WorldStep};

pub const SIMULATOR: &str = "
manifest: 1
name: simulator
version: 1.2.0
components: [{name: main, executables: [{name: world, image: 'sim:1', command: [run]}]}]
";

pub fn needs_simulator(name: &str, more: &str) -> String {
    format!(
        "
manifest: 1
name: {name}
version: 1.0.0
depends_on: {{simulator: {{version: '^1.0'{more}}}}}
components: [{{name: main, executables: [{{name: node, image: 'node:1', command: [run]}}]}}]
"
    )
}

/// A world whose steps all go well at once.
pub struct Robot {
    pub world: World,
    sequence: u64,
    seconds: u64,
    containers: Vec<ContainerFacts>,
    pub log: Vec<String>,
}

impl Robot {
    pub fn new(registered: &[&str]) -> Self {
        let mut catalogue = Catalogue::default();
        for text in registered {
            let package = manifest::parse(text, "").unwrap().remove(0).package;
            catalogue.insert(CataloguedPackage {
                package,
                text: (*text).to_owned(),
                folder: None,
                registered_at: WallTime(0),
            });
        }
        let mut world = World::new(settings(ChangesByHand::Restore), catalogue, []);
        world.resync(1, Vec::new(), Now::default());
        Self {
            world,
            sequence: 1,
            seconds: 0,
            containers: Vec::new(),
            log: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            wall: WallTime(i64::try_from(self.seconds).unwrap()),
            monotonic: Monotonic(Duration::from_secs(self.seconds)),
        }
    }

    pub fn deploy(&mut self, manifest: &str, name: &str) -> Result<String, String> {
        let request = DeployRequest {
            manifest: manifest.to_owned(),
            name: name.to_owned(),
            ..DeployRequest::default()
        };
        self.request(&request)
    }

    fn request(&mut self, request: &DeployRequest) -> Result<String, String> {
        self.seconds += 1;
        let id = format!("dep-{}", self.seconds);
        let now = self.now();
        let admitted = self.world.deploy(request, id.clone(), now);
        admitted.map_err(|refusal| refusal.message)?;
        let new: Vec<String> = { self.world.deployments().into_iter() }
            .filter(|d| !d.saved)
            .map(|d| d.order.id.clone())
            .collect();
        for id in new {
            self.world.saved(&id, Wanted::Running, 1);
        }
        Ok(id)
    }

    pub fn deprovision(&mut self, name: &str, dependents: WithDependents) -> Result<(), String> {
        let stopped = self.world.deprovision(name, dependents);
        stopped.map_err(|refusal| refusal.message)?;
        let stopping: Vec<String> = { self.world.deployments().into_iter() }
            .filter(|d| d.wanted == Wanted::Stopped)
            .map(|d| d.order.id.clone())
            .collect();
        for id in stopping {
            self.world.saved(&id, Wanted::Stopped, 1);
        }
        Ok(())
    }

    /// Does what follows, except what is for deployments of these names, until nothing does.
    fn settle_without(&mut self, names: &[&str]) {
        for _ in 0..50 {
            let now = self.now();
            self.world.tick(now);
            self.world.settle(now);
            let steps = self.world.steps(self.sequence, now);
            if steps.is_empty() {
                return;
            }
            for step in steps {
                if let WorldStep::Deployment(step) = step {
                    self.carry_out(step, names);
                }
            }
        }
        panic!("it never comes to rest");
    }

    pub fn settle(&mut self) {
        self.settle_without(&[]);
    }

    fn carry_out(&mut self, step: Step, except: &[&str]) {
        let now = self.now();
        self.sequence += 1;
        let name_of = |world: &World, id: &str| world.deployment(id).unwrap().order.name.clone();
        let (key, outcome) = match step {
            Step::Check { deployment, .. } => {
                return self.world.checked(&deployment, Ok(PickedPorts::new()));
            }
            Step::Fetch { key, .. } => (key, Outcome::Fetched),
            Step::Create { key, spec, .. } => {
                let id = format!("c{}", self.sequence);
                self.containers.push(ContainerFacts {
                    id: id.clone(),
                    name: spec.name.clone(),
                    labels: spec.labels.clone(),
                    ..ContainerFacts::default()
                });
                (key, Outcome::Created(id))
            }
            Step::Start { key, .. } => {
                let name = name_of(&self.world, &key.deployment);
                if except.contains(&name.as_str()) {
                    return;
                }
                self.log.push(format!("start {name}"));
                (key, Outcome::Started)
            }
            Step::Stop { key, container, .. } => {
                let name = name_of(&self.world, &key.deployment);
                self.log.push(format!("stop {name}"));
                self.world
                    .finished(self.sequence, &key, Outcome::Stopped, now);
                return self.ends(&container, 0);
            }
            Step::TakeDown { key, container, .. } => {
                let name = name_of(&self.world, &key.deployment);
                self.log.push(format!("remove {name}"));
                self.containers.retain(|c| c.id != container);
                (key, Outcome::TakenDown)
            }
            other => panic!("nobody asks for {other:?}"),
        };
        self.world.finished(self.sequence, &key, outcome, now);
    }

    fn ends(&mut self, container: &str, code: i32) {
        self.sequence += 1;
        let mut facts = { self.containers.iter() }
            .find(|c| c.id == container)
            .unwrap()
            .clone();
        facts.state = ContainerState::Exited(Exit {
            code,
            ended_at: format!("moment {}", self.sequence),
            ..Exit::default()
        });
        let now = self.now();
        self.world.observe(self.sequence, &facts, now);
    }

    /// The container of a deployment ends with this code.
    fn fails(&mut self, name: &str, code: i32) {
        let container = self.container(name);
        self.ends(&container, code);
    }

    fn container(&self, name: &str) -> String {
        let of = format!("t-{name}-");
        let mut all = self.containers.iter();
        all.find(|c| c.name.starts_with(&of)).unwrap().id.clone()
    }

    fn shown(&self, name: &str) -> (Option<Status>, String, Vec<ErrorCode>) {
        let id = &self.world.find(name).unwrap().order.id;
        let view = self.world.view(id).unwrap();
        (
            view.condition.status,
            view.condition.reason,
            view.error_codes,
        )
    }
}

#[test]
fn a_dependent_starts_when_what_it_needs_is_ready() {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    robot.settle_without(&["simulator"]);
    let (status, reason, _) = robot.shown("turtle");
    assert_eq!(status, Some(Status::Pending));
    assert!(
        reason.contains("waiting for simulator to be ready"),
        "{reason}"
    );
    assert!(robot.log.is_empty());

    // The start that was held back ends well.
    let key = {
        let simulator = robot.world.find("simulator").unwrap();
        let (key, _) = simulator.states().next().unwrap();
        simulator.step_key(&key)
    };
    robot.sequence += 1;
    let now = robot.now();
    robot
        .world
        .finished(robot.sequence, &key, Outcome::Started, now);
    robot.settle();
    assert_eq!(robot.log, ["start turtle"]);
    assert_eq!(robot.shown("turtle").0, Some(Status::Running));
    let view = robot
        .world
        .view(&robot.world.find("turtle").unwrap().order.id)
        .unwrap();
    assert_eq!(view.dependencies[0].name, "simulator");
    assert_eq!(view.dependencies[0].unmet, None);
}

#[test]
fn what_is_missing_ambiguous_or_of_a_wrong_version_is_refused_and_changes_nothing() {
    let mut robot = Robot::new(&[]);
    let turtle = needs_simulator("turtle", "");
    let missing = robot.deploy(&turtle, "").unwrap_err();
    assert!(missing.contains("simulator"), "{missing}");
    robot.deploy(SIMULATOR, "one").unwrap();
    robot.deploy(SIMULATOR, "two").unwrap();
    let ambiguous = robot.deploy(&turtle, "").unwrap_err();
    assert!(
        ambiguous.contains("one") && ambiguous.contains("two"),
        "{ambiguous}"
    );
    let old = SIMULATOR.replace("1.2.0", "2.0.0");
    robot.deploy(&old, "three").unwrap();
    let chosen = |deployment: &str| DeployRequest {
        manifest: turtle.clone(),
        dependencies: vec![("simulator".to_owned(), deployment.to_owned())],
        ..DeployRequest::default()
    };
    let wrong = robot.request(&chosen("three")).unwrap_err();
    assert!(wrong.contains("2.0.0"), "{wrong}");
    assert_eq!(robot.world.deployments().len(), 3);
    robot.request(&chosen("two")).unwrap();
    let turtle = robot.world.find("turtle").unwrap();
    let two = &robot.world.find("two").unwrap().order.id;
    assert_eq!(turtle.order.bindings[0].deployment, *two);
}

#[test]
fn dependents_fail_and_recover_with_what_they_need() {
    let mut robot = Robot::new(&[]);
    robot
        .deploy(
            &SIMULATOR.replace("command: [run]", "command: [run], restart: never"),
            "",
        )
        .unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    robot.settle();
    robot.fails("simulator", 3);
    robot.settle();
    let (status, reason, codes) = robot.shown("turtle");
    assert_eq!(status, Some(Status::Error));
    assert!(
        reason.contains("simulator") && reason.contains("exited with code 3"),
        "{reason}"
    );
    assert_eq!(codes, [ErrorCode::DependencyFailed]);
    let refused = robot.deploy(&needs_simulator("other", ""), "").unwrap_err();
    assert!(refused.contains("exited with code 3"), "{refused}");

    // Somebody starts it by hand.
    robot.sequence += 1;
    let id = robot.container("simulator");
    let mut facts = robot
        .containers
        .iter()
        .find(|c| c.id == id)
        .unwrap()
        .clone();
    facts.state = ContainerState::Running;
    facts.started_at = "later".to_owned();
    let now = robot.now();
    robot.world.observe(robot.sequence, &facts, now);
    robot.settle();
    assert_eq!(robot.shown("turtle").0, Some(Status::Running));
}

#[test]
fn dependents_are_restarted_with_what_they_need_where_they_ask_for_it() {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot
        .deploy(&needs_simulator("turtle", ", on_restart: restart"), "")
        .unwrap();
    robot.deploy(&needs_simulator("watcher", ""), "").unwrap();
    robot.settle();
    robot.log.clear();
    robot.fails("simulator", 3);
    robot.settle();
    robot.seconds += 5;
    robot.settle();
    assert_eq!(
        robot.log,
        ["start simulator", "stop turtle", "start turtle"]
    );
    for name in ["simulator", "turtle", "watcher"] {
        assert_eq!(robot.shown(name).0, Some(Status::Running), "{name}");
    }
    let turtle = robot.world.find("turtle").unwrap();
    assert!(turtle.states().all(|(_, s)| s.first_failure.is_none()));
}

#[test]
fn what_others_need_is_stopped_after_them_or_not_at_all() {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    robot.settle();
    let refused = robot
        .deprovision("simulator", WithDependents::Refuse)
        .unwrap_err();
    assert!(
        refused.contains("turtle") && refused.contains("with_dependents"),
        "{refused}"
    );
    assert!(robot.world.find("simulator").unwrap().should_run());

    robot.log.clear();
    robot
        .deprovision("simulator", WithDependents::Stop)
        .unwrap();
    robot.settle();
    assert_eq!(robot.log, ["remove turtle", "remove simulator"]);
    assert!(robot.world.deployments().iter().all(|d| d.is_over()));
}

#[test]
fn a_dependent_that_is_left_alone_says_so_and_takes_the_successor() {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    robot.settle();
    robot
        .deprovision("simulator", WithDependents::Leave)
        .unwrap();
    robot.settle();
    let (status, reason, codes) = robot.shown("turtle");
    assert_eq!(
        (status, codes.as_slice()),
        (Some(Status::Error), &[ErrorCode::DependencyFailed][..])
    );
    assert!(
        reason.contains("simulator: it was deprovisioned"),
        "{reason}"
    );
    robot.deploy(SIMULATOR, "").unwrap();
    robot.settle();
    assert_eq!(robot.shown("turtle").0, Some(Status::Running));
}

#[test]
fn what_is_missing_is_deployed_first_where_the_manifest_allows_it() {
    let mut robot = Robot::new(&[SIMULATOR]);
    robot
        .deploy(&needs_simulator("turtle", ", deploy: true"), "")
        .unwrap();
    robot.settle();
    assert_eq!(robot.log, ["start simulator", "start turtle"]);
    let refused = robot.deprovision("simulator", WithDependents::Refuse);
    assert!(refused.is_err());
}

#[test]
fn who_waits_for_too_long_has_failed() {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    robot.settle_without(&["simulator"]);
    robot.seconds += 100_000;
    robot.settle_without(&["simulator"]);
    let (status, _, codes) = robot.shown("turtle");
    assert_eq!(
        (status, codes),
        (Some(Status::Error), vec![ErrorCode::DependencyFailed])
    );
}

#[test]
fn a_plan_is_what_a_deploy_does_and_changes_nothing() {
    let mut robot = Robot::new(&[SIMULATOR]);
    let request = DeployRequest {
        manifest: needs_simulator("turtle", ", deploy: true"),
        ..DeployRequest::default()
    };
    let plan = robot.world.plan(&request, robot.now()).unwrap();
    assert!(robot.world.deployments().is_empty());
    robot.request(&request).unwrap();
    robot.settle();
    let planned: Vec<&str> = { plan.iter() }
        .flat_map(|p| p.containers.iter().map(|c| c.name.as_str()))
        .collect();
    let made: Vec<&str> = robot.containers.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(planned, made);
    let again = robot.world.plan(&request, robot.now());
    assert!(again.is_err(), "the name is taken now");
}
