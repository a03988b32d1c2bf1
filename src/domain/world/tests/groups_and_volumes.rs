//! Singletons of a group, and what is left of volumes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::catalogue::Catalogue;
use crate::domain::container::{ContainerState, MountSource, VolumeFacts, labels};
use crate::domain::deployment::ExecutableKey;
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::restart::RestartLimits;
use crate::domain::deployment::steps::Step;
use crate::domain::policy::Policy;
use crate::domain::time::{Monotonic, Now, WallTime};
use crate::domain::world::{DeployRequest, World, WorldSettings, WorldStep};

const NOW: Now = Now {
    monotonic: Monotonic(Duration::ZERO),
    wall: WallTime(0),
};

fn world() -> World {
    let settings = WorldSettings {
        guard_timeout: std::time::Duration::from_secs(300),
        identity: Identity {
            prefix: "t".to_owned(),
            owner: "me".to_owned(),
            domain_id: 0,
        },
        policy: Policy::default(),
        restarts: RestartLimits::default(),
        history: 10,
        ready_timeout: Duration::from_secs(60),
        engine_timeout: Duration::from_secs(60),
    };
    World::new(settings, Catalogue::default(), [])
}

fn manifest(more: &str, component: &str) -> String {
    format!(
        "manifest: 1\nname: map\nversion: 1.0.0\n{more}components:\n  - name: main\n{component}    \
         executables:\n      - {{name: a, image: 'x:1', ros: true, command: [run], mounts: \
         [{{source: data, target: /data}}]}}\n"
    )
}

fn deploy(world: &mut World, manifest: &str, name: &str, group: &str) -> Result<(), String> {
    let request = DeployRequest {
        manifest: manifest.to_owned(),
        name: name.to_owned(),
        group: group.to_owned(),
        ..DeployRequest::default()
    };
    let admitted = world.deploy(&request, format!("dep-{name}"), NOW);
    admitted.map(drop).map_err(|refusal| refusal.message)
}

#[test]
fn a_group_has_one_of_a_singleton() {
    let mut world = world();
    let single = manifest("singleton: {scope: group}\n", "");
    deploy(&mut world, &single, "one", "north").unwrap();
    deploy(&mut world, &single, "two", "south").unwrap();
    deploy(&mut world, &single, "three", "").unwrap();
    assert_eq!(
        deploy(&mut world, &single, "four", "south").unwrap_err(),
        "package \"map\" is a singleton of its group, and \"two\" (dep-two) in group \"south\" is \
         a deployment of it already"
    );
    assert_eq!(
        deploy(&mut world, &single, "four", "").unwrap_err(),
        "package \"map\" is a singleton of its group, and \"three\" (dep-three) in the group \
         without a name is a deployment of it already"
    );
    assert_eq!(world.view("dep-two").unwrap().group, "south");
}

#[test]
fn a_node_has_one_of_a_singleton_whatever_the_group() {
    for spelling in ["true", "{scope: node}", "{}"] {
        let mut world = world();
        let single = manifest(&format!("singleton: {spelling}\n"), "");
        deploy(&mut world, &single, "one", "north").unwrap();
        assert_eq!(
            deploy(&mut world, &single, "two", "south").unwrap_err(),
            "package \"map\" is a singleton, and \"one\" (dep-one) in group \"north\" is a \
             deployment of it already"
        );
    }
}

#[test]
fn a_group_is_named_like_a_deployment() {
    let wrong = deploy(&mut world(), &manifest("", ""), "one", "North Wing").unwrap_err();
    assert!(
        wrong.starts_with("the group's name \"North Wing\" is not valid"),
        "{wrong}"
    );
}

fn volume_of(world: &World, name: &str) -> VolumeFacts {
    let key = ExecutableKey {
        component: 0,
        executable: 0,
    };
    let deployment = world.find(name).unwrap();
    let spec = deployment.container_spec(&key, &world.settings.identity);
    match &spec.unwrap().mounts[0].source {
        MountSource::OwnVolume { name, labels } => VolumeFacts {
            name: name.clone(),
            labels: labels.clone(),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_volume_goes_with_its_deployment_unless_it_is_kept() {
    let mut world = world();
    world.resync(1, Vec::new(), NOW);
    let own = manifest("", "    volumes: {data: }\n");
    let kept = manifest("", "    volumes: {data: {keep: true}}\n");
    deploy(&mut world, &own, "own", "").unwrap();
    deploy(&mut world, &kept, "kept", "").unwrap();
    let volumes = [volume_of(&world, "own"), volume_of(&world, "kept")];
    assert_eq!(volumes[0].name, "t-own-main-data");
    assert_eq!(world.leftover_volumes(&volumes), [""; 0]);

    world.discard("dep-own");
    world.discard("dep-kept");
    assert_eq!(world.leftover_volumes(&volumes), ["t-own-main-data"]);

    world.engine_lost("away".to_owned(), NOW);
    assert_eq!(world.leftover_volumes(&volumes), [""; 0]);
}

#[test]
fn volumes_of_others_stay() {
    let mut world = world();
    world.resync(1, Vec::new(), NOW);
    let mut seen = a_volume();
    assert_eq!(
        world.leftover_volumes(std::slice::from_ref(&seen)),
        ["t-own-main-data"]
    );
    for label in [
        labels::OWNER,
        labels::VOLUME,
        labels::COMPONENT,
        labels::DEPLOYMENT_NAME,
    ] {
        let mut other = seen.clone();
        other.labels.remove(label);
        assert_eq!(world.leftover_volumes(&[other.clone()]), [""; 0], "{label}");
        other.labels.insert(label.to_owned(), "another".to_owned());
        assert_eq!(world.leftover_volumes(&[other]), [""; 0], "{label}");
    }
    seen.name = "my-data".to_owned();
    assert_eq!(world.leftover_volumes(&[seen]), [""; 0]);
}

#[test]
fn nothing_is_removed_while_deployments_may_be_lost() {
    let volume = a_volume();
    let mut world = world().recovering();
    world.resync(1, vec![lost_container()], NOW);
    assert_eq!(world.leftover_volumes(&[volume]), [""; 0]);
}

/// One of ours, whose deployment cannot be read.
fn lost_container() -> crate::domain::container::ContainerFacts {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    crate::domain::container::ContainerFacts {
        id: "c1".to_owned(),
        name: "t-own-main-a".to_owned(),
        labels: BTreeMap::from([
            label(labels::OWNER, "me"),
            label(labels::DEPLOYMENT, "dep-own"),
            label(labels::DEPLOYMENT_NAME, "own"),
            label(labels::COMPONENT, "main"),
            label(labels::EXECUTABLE, "a"),
        ]),
        state: ContainerState::Running,
        ..Default::default()
    }
}

/// A volume of a deployment that does not exist.
fn a_volume() -> VolumeFacts {
    let mut other = world();
    let own = manifest("", "    volumes: {data: }\n");
    deploy(&mut other, &own, "own", "").unwrap();
    volume_of(&other, "own")
}

#[test]
fn names_of_volumes_do_not_meet() {
    let mut world = world();
    let text = |component: &str, volume: &str| {
        format!(
            "manifest: 1\nname: map\nversion: 1.0.0\ncomponents:\n  - name: {component}\n    \
             volumes: {{{volume}: }}\n    executables:\n      - {{name: {component}-x, image: \
             'x:1', mounts: [{{source: {volume}, target: /data}}]}}\n"
        )
    };
    deploy(&mut world, &text("b-c", "data"), "a", "").unwrap();
    assert_eq!(
        deploy(&mut world, &text("c", "data"), "a-b", "").unwrap_err(),
        "its volume would be called \"t-a-b-c-data\", like one of deployment \"a\"; choose another \
         name"
    );
}

/// The node may have been killed between a container and its files.
#[test]
fn a_container_that_was_found_gets_its_files_before_it_is_started() {
    let mut world = world();
    let text = manifest("parameters: {speed: {type: integer, default: 3}}\n", "");
    deploy(&mut world, &text, "own", "").unwrap();
    world.saved("dep-own", crate::domain::deployment::Wanted::Running, 1);
    world.checked("dep-own", Ok(Default::default()));
    let mut found = lost_container();
    found.state = ContainerState::Created;
    world.resync(1, vec![found], NOW);
    world.settle(NOW);
    let steps = world.steps(1, NOW);
    let create = |step: &WorldStep| match step {
        WorldStep::Deployment(Step::Create { spec, .. }) => Some(spec.clone()),
        _ => None,
    };
    let spec = steps.iter().find_map(create).unwrap();
    assert_eq!(spec.files[0].path, "/run/shipmate/parameters.yaml");
    assert_eq!(
        spec.command,
        [
            "run",
            "--ros-args",
            "--params-file",
            "/run/shipmate/parameters.yaml"
        ]
    );
    assert_eq!(spec.environment["SHIPMATE_PARAMETER_SPEED"], "3");
}
