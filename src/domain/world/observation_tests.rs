#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::domain::catalogue::Catalogue;
use crate::domain::container::{ContainerFacts, ContainerState as EngineState, Exit, labels};
use crate::domain::dependency_graph::Ipc;
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::restart::RestartLimits;
use crate::domain::deployment::{Deployment, Order};
use crate::domain::manifest;
use crate::domain::manifest::values::Values;
use crate::domain::policy::Policy;
use crate::domain::time::{Now, WallTime};
use crate::domain::world::WorldSettings;

const MANIFEST: &str = "
manifest: 1
name: arm
version: 1.0.0
components:
  - name: main
    ros: {domain_id: 7, publishes: [/state]}
    executables:
      - {name: on_host, image: 'a:1', command: [run], network: host, ipc: host, user: '1000'}
      - {name: bridged, image: 'a:1', command: [run]}
";

fn at(seconds: u64) -> Now {
    Now {
        wall: WallTime(0),
        monotonic: Monotonic(Duration::from_secs(seconds)),
    }
}

struct Seen {
    world: World,
    sightings: Sightings,
    sequence: u64,
}

impl Seen {
    fn new() -> Self {
        let mut deployment = Deployment::new(Order {
            id: "dep-1".to_owned(),
            name: "arm".to_owned(),
            package: manifest::parse(MANIFEST, "").unwrap().remove(0).package,
            folder: None,
            parameters: Values::default(),
            bindings: Vec::new(),
            ports: BTreeMap::new(),
            request_id: String::new(),
            update_id: String::new(),
            revision: 1,
            group: String::new(),
            created_at: WallTime(0),
        });
        deployment.saved = true;
        deployment.phase = deployment
            .phase
            .after(crate::domain::deployment::phase::PhaseEvent::Checked);
        let settings = WorldSettings {
            identity: Identity {
                prefix: "s".to_owned(),
                owner: "me".to_owned(),
                domain_id: 3,
            },
            policy: Policy::default(),
            restarts: RestartLimits::default(),
            history: 5,
            ready_timeout: Duration::from_secs(300),
            guard_timeout: Duration::from_secs(300),
            engine_timeout: Duration::from_secs(300),
        };
        let mut world = World::new(settings, Catalogue::default(), [deployment]);
        world.settle(at(0));
        Self {
            world,
            sightings: Sightings::default(),
            sequence: 0,
        }
    }

    fn resync(&mut self, containers: Vec<ContainerFacts>, now: u64) {
        self.sequence += 1;
        self.world.resync(self.sequence, containers, at(now));
    }

    fn observe(&mut self, facts: &ContainerFacts, now: u64) {
        self.sequence += 1;
        self.world.observe(self.sequence, facts, at(now));
    }

    /// Looks again; whether anything changed.
    fn look(&mut self, now: u64) -> bool {
        self.world.settle(at(now));
        let view = self.world.view("dep-1").unwrap();
        let now = at(now).monotonic;
        self.sightings.refresh(&self.world, &view, now)
    }

    fn containers(&mut self, now: u64) -> Vec<ObservedContainer> {
        let all = self.sightings.all(&self.world, at(now).monotonic);
        all.first().map_or(Vec::new(), |it| it.containers.clone())
    }
}

fn facts(id: &str, executable: &str, state: EngineState, started_at: &str) -> ContainerFacts {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ContainerFacts {
        id: id.to_owned(),
        name: format!("s-arm-main-{executable}"),
        labels: [
            label(labels::OWNER, "me"),
            label(labels::DEPLOYMENT, "dep-1"),
            label(labels::DEPLOYMENT_NAME, "arm"),
            label(labels::COMPONENT, "main"),
            label(labels::EXECUTABLE, executable),
            label(labels::GENERATION, "1"),
        ]
        .into(),
        state,
        hostname: format!("name-of-{id}"),
        host_network: executable == "on_host",
        started_at: started_at.to_owned(),
        ..ContainerFacts::default()
    }
}

fn ended() -> EngineState {
    EngineState::Exited(Exit {
        code: 137,
        ended_at: "then".to_owned(),
        ..Exit::default()
    })
}

#[test]
fn a_container_is_described() {
    let mut seen = Seen::new();
    let running = |id, executable| facts(id, executable, EngineState::Running, "noon");
    seen.resync(vec![running("c1", "on_host"), running("c2", "bridged")], 5);
    assert!(seen.look(5));
    assert!(!seen.look(6), "nothing has changed");
    let found = seen.sightings.all(&seen.world, at(6).monotonic);
    let arm = found.first().unwrap();
    assert_eq!(arm.declared.first().unwrap().name, "/state");
    assert!(!arm.over && arm.package == "arm" && arm.version == "1.0.0");
    let [on_host, bridged] = arm.containers.as_slice() else {
        panic!("{:?}", arm.containers);
    };
    assert_eq!(
        (on_host.component.as_str(), on_host.executable.as_str()),
        ("main", "on_host")
    );
    assert_eq!(
        on_host.hostname, "",
        "`_` is in no host name: it has the machine's"
    );
    assert!(on_host.host_network && on_host.networks.is_empty());
    assert_eq!(
        (on_host.ipc, on_host.user.as_deref()),
        (Ipc::Host, Some("1000"))
    );
    assert_eq!(on_host.domain_id, 7);
    assert_eq!(on_host.builtin_transports.as_deref(), Some("UDPv4"));
    assert_eq!(on_host.discovery_range.as_deref(), Some("SUBNET"));
    assert_eq!(bridged.hostname, "name-of-c2");
    assert_eq!(bridged.networks, ["bridge"]);
    assert_eq!(bridged.state, ContainerState::Running);
    assert_eq!(
        bridged.started_at,
        Monotonic::default(),
        "it may have run always"
    );
}

#[test]
fn what_has_ended_is_known_for_a_while() {
    let mut seen = Seen::new();
    seen.resync(
        vec![facts("c2", "bridged", EngineState::Running, "noon")],
        5,
    );
    seen.look(5);
    seen.observe(&facts("c2", "bridged", ended(), "noon"), 10);
    assert!(seen.look(10));
    assert_eq!(seen.containers(10)[0].state, ContainerState::Ended);
    seen.sequence += 1;
    seen.world.gone(seen.sequence, "c2", at(11));
    seen.look(11);
    let [ghost] = &seen.containers(11)[..] else {
        panic!("it is not known any more");
    };
    assert_eq!(
        (ghost.container_id.as_str(), ghost.state),
        ("c2", ContainerState::Ended)
    );
    assert_eq!(ghost.hostname, "name-of-c2");
    seen.observe(&facts("c3", "bridged", EngineState::Running, "one"), 12);
    seen.look(12);
    let ids = |all: &[ObservedContainer]| -> Vec<String> {
        all.iter().map(|it| it.container_id.clone()).collect()
    };
    assert_eq!(ids(&seen.containers(12)), ["c3", "c2"]);
    seen.sequence += 1;
    seen.world.gone(seen.sequence, "c3", at(20));
    seen.look(20);
    assert_eq!(
        ids(&seen.containers(20)),
        ["c3"],
        "the last one of each executable"
    );
    assert!(seen.look(20 + KNOWN_BEYOND.as_secs()));
    assert!(seen.containers(200).is_empty());
}

#[test]
fn a_later_run_is_told_from_the_first() {
    let mut seen = Seen::new();
    seen.resync(
        vec![facts("c2", "bridged", EngineState::Running, "noon")],
        5,
    );
    seen.look(5);
    seen.observe(&facts("c2", "bridged", ended(), "noon"), 30);
    seen.observe(&facts("c2", "bridged", EngineState::Running, "one"), 31);
    seen.look(31);
    let [again] = &seen.containers(31)[..] else {
        panic!("there is one container");
    };
    assert_eq!(again.state, ContainerState::Running);
    assert_eq!(again.started_at, at(30).monotonic);
}

#[test]
fn what_the_world_forgets_is_known_as_long_as_its_traces() {
    let mut seen = Seen::new();
    seen.resync(
        vec![facts("c2", "bridged", EngineState::Running, "noon")],
        5,
    );
    seen.look(5);
    let id = "dep-1".to_owned();
    assert!(
        seen.sightings
            .forget(std::slice::from_ref(&id), at(6).monotonic)
    );
    let left = seen.sightings.known[&id].clone();
    assert!(left.over && left.containers[0].state == ContainerState::Ended);
    let later = at(6).monotonic + KNOWN_BEYOND;
    assert!(seen.sightings.forget(&[id], later));
    assert!(seen.sightings.known.is_empty());
}
