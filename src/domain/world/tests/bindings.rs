//! What deployments are told of each other, and what of it nobody else is told.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::model::settings;
use crate::domain::catalogue::{Catalogue, CataloguedPackage};
use crate::domain::container::{ContainerFacts, ContainerSpec, ContainerState, Exit, labels};
use crate::domain::deployment::status::Status;
use crate::domain::deployment::steps::Step;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::deployment::{Deployment, Wanted};
use crate::domain::manifest;
use crate::domain::manifest::values::Secrets;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::{Monotonic, Now, WallTime};
use crate::domain::world::{DeployRequest, Outcome, StepError, World, WorldStep};

const BASE: &str = "
manifest: 1
name: base
version: 1.0.0
parameters:
  robot: {type: string, default: r1}
  token: {type: string, required: true, secret: true}
components:
  - name: main
    ros: {namespace: '/${robot}', domain_id: 42, remappings: {scan: '/${robot}/scan'}}
    exposes: {FRAME: '${robot}/map', TOKEN: 'Bearer ${token}'}
    executables: [{name: a, image: i, command: [run, '${token}'], environment: {T: '${token}'}}]
    endpoints: [{name: web, port: 80, external: true, host_port: 8080, scheme: http}]
";

const ARM: &str = "
manifest: 1
name: arm
version: 1.0.0
depends_on: {base: {take_over: [namespace, remappings, domain_id]}}
components:
  - name: main
    ros: {args: ['${base.ros.namespace}'], remappings: {map: /m}}
    exposes: {FRAME: '${base.FRAME}', TOKEN: '${base.TOKEN}'}
    executables:
      - {name: a, image: i, command: [go, '${base.web.url}/x'], environment: {F: '${base.FRAME}!', D: '${base.deployment}', H: '${base.web.host}:${base.web.port}'}}
      - {name: host, image: i, network: host, command: [go, '${base.web.url}']}
";

const HAND: &str = "
manifest: 1
name: hand
version: 1.0.0
depends_on: {arm: {take_over: [namespace]}}
components:
  - name: main
    ros: {domain_id: 3}
    executables: [{name: a, image: i, command: [go], environment: {F: '${arm.FRAME}', S: '${arm.TOKEN}'}}]
";

/// A world in which all that is asked of the engine goes well at once.
struct Robot {
    world: World,
    sequence: u64,
    specs: BTreeMap<String, ContainerSpec>,
}

impl Robot {
    fn new() -> Self {
        let mut world = World::new(settings(ChangesByHand::Restore), Catalogue::default(), []);
        world.resync(1, Vec::new(), Now::default());
        Self {
            world,
            sequence: 1,
            specs: BTreeMap::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            wall: WallTime(i64::try_from(self.sequence).unwrap()),
            monotonic: Monotonic(Duration::from_secs(self.sequence)),
        }
    }

    fn deploy(&mut self, manifest: &str, parameters: &[(&str, &str)]) -> Result<(), String> {
        self.sequence += 1;
        let request = DeployRequest {
            manifest: manifest.to_owned(),
            parameters: { parameters.iter() }
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            ..DeployRequest::default()
        };
        let id = format!("dep-{}", self.sequence);
        let now = self.now();
        let admitted = self.world.deploy(&request, id.clone(), now);
        admitted.map_err(|refusal| refusal.message)?;
        self.world.saved(&id, Wanted::Running, 1);
        self.settle();
        Ok(())
    }

    fn settle(&mut self) {
        for _ in 0..50 {
            let now = self.now();
            self.world.settle(now);
            let steps = self.world.steps(self.sequence, now);
            if steps.is_empty() {
                return;
            }
            for step in steps {
                self.sequence += 1;
                let WorldStep::Deployment(step) = step else {
                    continue;
                };
                let (key, outcome) = match step {
                    Step::Check { deployment, .. } => {
                        self.world.checked(&deployment, Ok(Default::default()));
                        continue;
                    }
                    Step::Fetch { key, .. } => (key, Outcome::Fetched),
                    Step::Create { key, spec, .. } => {
                        let id = spec.name.clone();
                        self.specs.insert(id.clone(), *spec);
                        (key, Outcome::Created(id))
                    }
                    Step::Start { key, .. } => (key, Outcome::Started),
                    Step::Refuse { key, failure } => {
                        let why = StepError::Impossible(failure);
                        (key, Outcome::Error(why))
                    }
                    other => panic!("nobody asks for {other:?}"),
                };
                let now = self.now();
                self.world.finished(self.sequence, &key, outcome, now);
            }
        }
        panic!("it never comes to rest");
    }

    fn spec(&self, name: &str) -> &ContainerSpec {
        &self.specs[&format!("t-{name}")]
    }

    fn environment(&self, name: &str, variable: &str) -> String {
        self.spec(name).environment[variable].clone()
    }

    fn deployment(&self, name: &str) -> &Deployment {
        self.world.find(name).unwrap()
    }

    fn view(&self, name: &str) -> DeploymentView {
        self.world.view(&self.deployment(name).order.id).unwrap()
    }
}

const SECRET: &str = "hush-hush";

fn robot() -> Robot {
    let mut robot = Robot::new();
    robot.deploy(BASE, &[("token", SECRET)]).unwrap();
    robot.deploy(ARM, &[]).unwrap();
    robot.deploy(HAND, &[]).unwrap();
    robot
}

#[test]
fn templates_come_out_as_what_the_other_one_offers() {
    let robot = robot();
    assert_eq!(robot.environment("arm-main-a", "F"), "r1/map!");
    assert_eq!(robot.environment("arm-main-a", "D"), "base");
    let host = "host.docker.internal";
    assert_eq!(robot.environment("arm-main-a", "H"), format!("{host}:8080"));
    assert_eq!(
        robot.spec("arm-main-a").command[..2],
        ["go".to_owned(), format!("http://{host}:8080/x")]
    );
    assert_eq!(
        robot.spec("arm-main-host").command[1],
        "http://127.0.0.1:8080"
    );
    assert_eq!(robot.environment("hand-main-a", "F"), "r1/map");
    let bindings = &robot.view("arm").dependencies[0].bindings;
    let shown: Vec<String> = { bindings.iter() }
        .map(|b| format!("{}={}", b.name, b.value))
        .collect();
    assert_eq!(
        shown,
        [
            "BASE_FRAME=r1/map",
            "BASE_ROS_DOMAIN_ID=42",
            "BASE_ROS_NAMESPACE=/r1",
            "BASE_TOKEN=***",
            "BASE_WEB_HOST=host.docker.internal",
            "BASE_WEB_PORT=8080",
            "BASE_WEB_URL=http://host.docker.internal:8080",
        ]
    );
    let secret: Vec<bool> = bindings.iter().map(|b| b.secret).collect();
    assert_eq!(secret, [false, false, false, true, false, false, false]);
    assert_eq!(
        robot.view("base").parameters,
        [("robot", "r1"), ("token", "***")].map(|(n, v)| (n.to_owned(), v.to_owned()))
    );
}

#[test]
fn namespaces_domains_and_remappings_are_taken_over_and_handed_on() {
    let robot = robot();
    let command = |name| robot.spec(name).command.join(" ");
    assert_eq!(
        command("base-main-a"),
        format!("run {SECRET} --ros-args -r __ns:=/r1 -r scan:=/r1/scan")
    );
    assert_eq!(
        command("arm-main-host"),
        "go http://127.0.0.1:8080 --ros-args -r __ns:=/r1 -r map:=/m -r scan:=/r1/scan /r1"
    );
    assert_eq!(command("hand-main-a"), "go --ros-args -r __ns:=/r1");
    for (name, domain) in [
        ("base-main-a", "42"),
        ("arm-main-a", "42"),
        ("hand-main-a", "3"),
    ] {
        assert_eq!(robot.environment(name, "ROS_DOMAIN_ID"), domain, "{name}");
    }
}

#[test]
fn what_the_other_one_does_not_have_is_refused() {
    let mut robot = Robot::new();
    robot.deploy(BASE, &[("token", SECRET)]).unwrap();
    let cases = [
        (
            "${base.FRAM}",
            "arm 1.0.0: main/a: environment.F: base 1.0.0 exposes no variable `FRAM`; did you mean `FRAME`?",
        ),
        (
            "${base.wep.url}",
            "arm 1.0.0: main/a: environment.F: base 1.0.0 offers no endpoint `wep`; did you mean `web`?",
        ),
    ];
    for (reference, expected) in cases {
        let manifest = ARM.replace("${base.FRAME}!", reference);
        assert_eq!(robot.deploy(&manifest, &[]).unwrap_err(), expected);
        assert!(robot.world.find("arm").is_none());
    }
    let other = "  - name: other\n    executables: [{name: a, image: i, command: [run]}]\n";
    let mut robot = Robot::new();
    let differing = format!("{BASE}{other}");
    robot.deploy(&differing, &[("token", SECRET)]).unwrap();
    let refused = robot.deploy(HAND.replace("arm", "base").as_str(), &[]);
    let refused = refused.unwrap_err();
    let expected = "hand 1.0.0: depends_on.base.take_over: the components `main` and `other` of base 1.0.0 differ in `ros.namespace`";
    assert_eq!(refused, expected);
}

fn catalogued(text: &str) -> CataloguedPackage {
    CataloguedPackage {
        package: manifest::parse(text, "").unwrap().remove(0).package,
        text: text.to_owned(),
        folder: None,
        registered_at: WallTime(0),
    }
}

#[test]
fn what_is_referred_to_is_looked_for_when_a_package_is_registered() {
    let mut catalogue = Catalogue::default();
    let arm = ARM.replace("base: {", "base: {version: '^1.0', ");
    let arm = catalogued(&arm);
    let lacks = |catalogue: &Catalogue, packages: &[CataloguedPackage]| {
        catalogue.lacks(packages).map(|refusal| refusal.message)
    };
    // What is not there may come later.
    assert_eq!(lacks(&catalogue, std::slice::from_ref(&arm)), None);
    let without = BASE.replace("FRAME:", "OTHER:").replace("1.0.0", "1.2.0");
    let too_new = without.replace("1.2.0", "2.0.0");
    catalogue.insert(catalogued(BASE));
    catalogue.insert(catalogued(&too_new));
    assert_eq!(lacks(&catalogue, std::slice::from_ref(&arm)), None);
    let told = lacks(&catalogue, &[arm.clone(), catalogued(&without)]).unwrap();
    assert!(
        told.contains("arm 1.0.0: main/a: environment.F: base 1.2.0 exposes no variable `FRAME`"),
        "{told}"
    );
    catalogue.insert(catalogued(&without));
    assert!(lacks(&catalogue, std::slice::from_ref(&arm)).is_some());
    // One that takes the place of another one counts in its place.
    let repaired = catalogued(&BASE.replace("1.0.0", "1.2.0"));
    assert_eq!(lacks(&catalogue, &[arm, repaired]), None);
}

#[test]
fn a_secret_that_is_not_known_any_more_is_never_made_up() {
    let mut robot = robot();
    let written = serde_json::to_string(robot.deployment("base")).unwrap();
    let dependent = serde_json::to_string(robot.deployment("arm")).unwrap();
    let read = [&written, &dependent].map(|text| serde_json::from_str::<Deployment>(text).unwrap());
    let base = read[0].order.id.clone();
    robot.world = World::new(settings(ChangesByHand::Restore), Catalogue::default(), read);
    robot.specs.clear();
    robot.world.resync(robot.sequence, Vec::new(), robot.now());
    let now = robot.now();
    robot.world.settle(now);
    let steps = robot.world.steps(robot.sequence, now);
    for step in steps {
        if let WorldStep::Deployment(Step::Fetch { key, .. }) = step {
            robot
                .world
                .finished(robot.sequence, &key, Outcome::Fetched, now);
        }
    }
    robot.world.settle(now);
    let steps = robot.world.steps(robot.sequence, now);
    let refused: Vec<String> = { steps.into_iter() }
        .map(|step| match step {
            WorldStep::Deployment(Step::Refuse { key, failure }) if key.deployment == base => {
                failure.reason
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let why = "the secret `token` of base is not known any more; deploy it again";
    assert_eq!(refused, [why]);
    assert!(robot.specs.is_empty());

    let key = robot.deployment("base").states().next().unwrap().0;
    let key = robot.deployment("base").step_key(&key);
    let failure = robot.deployment("base").not_makeable(&key.executable);
    let ended = Outcome::Error(StepError::Impossible(failure.unwrap()));
    robot.world.finished(robot.sequence, &key, ended, now);
    let condition = robot.view("base").components[0].condition.clone();
    assert_eq!(condition.status, Some(Status::Error));
    assert!(condition.reason.contains(why), "{condition:?}");

    // With what was kept of it, all is well.
    let mut known: Deployment = serde_json::from_str(&written).unwrap();
    let kept =
        Secrets::from_json(&format!("{{\"token\": \"{SECRET}\", \"robot\": \"x\"}}")).unwrap();
    known
        .order
        .parameters
        .take_secrets(kept, &known.order.package);
    robot.world = World::new(
        settings(ChangesByHand::Restore),
        Catalogue::default(),
        [known],
    );
    robot.world.resync(robot.sequence, Vec::new(), robot.now());
    robot.settle();
    assert_eq!(robot.environment("base-main-a", "T"), SECRET);
}

#[test]
fn lost_deployments_get_the_secrets_that_are_still_there() {
    let first = robot();
    let spec = first.spec("base-main-a").clone();
    let id = spec.labels[labels::DEPLOYMENT].clone();
    let kept = Secrets::from_json(&format!("{{\"token\": \"{SECRET}\"}}")).unwrap();
    let world = World::new(settings(ChangesByHand::Restore), Catalogue::default(), []);
    let mut world = world.recovering().with_secrets([(id.clone(), kept)].into());
    let facts = ContainerFacts {
        id: "c".to_owned(),
        name: spec.name.clone(),
        labels: spec.labels,
        ..ContainerFacts::default()
    };
    world.resync(1, vec![facts], Now::default());
    let known = &world.deployment(&id).unwrap().order.parameters;
    assert_eq!(known.get("token").unwrap().to_string(), SECRET);
}

proptest! {
    /// However it looks, a secret is told to containers and to nobody else.
    #[test]
    fn a_secret_is_shown_nowhere(secret in "[a-z]{2,6}[\\$\"'\\\\{}é#: ]{1,3}[A-Z0-9]{2,6}") {
        let mut robot = Robot::new();
        let given = serde_json::to_string(&secret).unwrap();
        let request = DeployRequest {
            parameters: vec![("token".to_owned(), given.clone())],
            ..DeployRequest::default()
        };
        robot.deploy(BASE, &[("token", given.as_str())]).unwrap();
        robot.deploy(ARM, &[]).unwrap();
        robot.deploy(HAND, &[]).unwrap();
        prop_assert_eq!(robot.environment("base-main-a", "T"), secret.clone());
        let handed_on = robot.environment("hand-main-a", "S");
        prop_assert_eq!(handed_on, format!("Bearer {secret}"));

        // It is written out, and by somebody who only depends on who knows it.
        for name in ["base-main-a", "hand-main-a"] {
            let spec = robot.spec(name).clone();
            let facts = ContainerFacts {
                id: spec.name.clone(),
                name: spec.name.clone(),
                labels: spec.labels.clone(),
                state: ContainerState::Exited(Exit {
                    code: 1,
                    message: format!("exec: {secret}: not found"),
                    last_output: format!("I know Bearer {secret}!"),
                    ..Exit::default()
                }),
                ..ContainerFacts::default()
            };
            robot.sequence += 1;
            robot.world.observe(robot.sequence, &facts, robot.now());
            prop_assert!(!spec.labels.values().any(|label| label.contains(&secret)));
        }
        robot.settle();
        prop_assert!(robot.view("hand").components[0].executables[0].last_output.contains("***"));
        let in_json = serde_json::to_string(&secret).unwrap();
        let in_json = in_json.trim_matches('"');
        let in_debug = format!("{secret:?}");
        let in_debug = in_debug.trim_matches('"');
        for name in ["base", "arm", "hand"] {
            let deployment = robot.deployment(name);
            for shown in [
                format!("{deployment:?}"),
                format!("{:?}", robot.view(name)),
                format!("{request:?}"),
                serde_json::to_string(deployment).unwrap(),
            ] {
                for form in [secret.as_str(), in_json, in_debug] {
                    prop_assert!(!shown.contains(form), "{} in {}", form, shown);
                }
            }
        }
    }
}
