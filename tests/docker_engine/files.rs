//! Files that are put into a container before it is started, and volumes of deployments.

use std::collections::BTreeMap;

use shipmate::domain::container::{ContainerState, FileSpec, MountSource, MountSpec, labels};

use crate::support::{World, docker};

const PATH: &str = "/run/shipmate/parameters.yaml";

fn file(content: &str) -> FileSpec {
    FileSpec {
        path: PATH.to_owned(),
        content: content.to_owned(),
        mode: 0o444,
    }
}

#[tokio::test]
async fn a_file_is_there_for_everybody_and_stays() {
    let world = World::new().await;
    let script = format!("id -u; stat -c '%a %u' /run/shipmate {PATH}; cat {PATH}");
    let mut spec = world.script("main", &script);
    spec.user = Some("1000:1000".to_owned());
    spec.files = vec![file("a: \"3\"\n")];
    let id = world.run(&spec).await.unwrap();
    let once = "1000\n755 0\n444 0\na: \"3\"";
    for times in 1..=2 {
        assert_eq!(world.ended(&id).await.code, 0);
        let output = world.engine.logs_tail(&id, 20).await.unwrap();
        let expected = vec![once; times].join("\n");
        assert_eq!(output.trim(), expected);
        if times == 1 {
            world.engine.start(&id).await.unwrap();
            world
                .wrote(&id, &format!("{once}\n1000\n755 0\n444 0\na: \"3\""))
                .await;
        }
    }
}

/// As after a kill between the two.
#[tokio::test]
async fn a_container_of_an_earlier_try_gets_its_files() {
    let world = World::new().await;
    let mut spec = world.script("main", &format!("cat {PATH}"));
    let bare = world.engine.create(&spec).await.unwrap();
    spec.files = vec![file("b: 1\n")];
    let id = world.run(&spec).await.unwrap();
    assert_eq!(id, bare);
    assert_eq!(world.ended(&id).await.code, 0);
}

#[tokio::test]
async fn a_container_without_its_files_is_none() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.files = vec![FileSpec {
        // What no archive can hold.
        path: "/run/../file".to_owned(),
        ..file("")
    }];
    world.engine.create(&spec).await.unwrap_err();
    let found = world.engine.inspect(&spec.name).await.unwrap();
    assert_eq!(found.map(|facts| facts.state), None::<ContainerState>);
}

#[tokio::test]
async fn a_volume_of_a_deployment_is_found_and_removed_when_nobody_has_it() {
    let world = World::new().await;
    let name = format!("{}-data", world.owner);
    let labels = BTreeMap::from([
        (labels::OWNER.to_owned(), world.owner.clone()),
        (labels::VOLUME.to_owned(), "data".to_owned()),
    ]);
    let mut spec = world.script("main", "echo x > /data/x");
    spec.mounts = vec![MountSpec {
        source: MountSource::OwnVolume {
            name: name.clone(),
            labels: labels.clone(),
        },
        target: "/data".to_owned(),
        read_only: false,
    }];
    let id = world.run(&spec).await.unwrap();
    assert_eq!(world.ended(&id).await.code, 0);

    let volumes = world.engine.volumes().await.unwrap();
    let [volume] = volumes.as_slice() else {
        panic!("{volumes:?}");
    };
    assert_eq!((&volume.name, &volume.labels), (&name, &labels));
    assert!(!world.engine.remove_volume(&name).await.unwrap(), "in use");

    world.engine.take_down(&id, 0).await.unwrap();
    docker().inspect_volume(&name).await.expect("it is kept");
    for _ in 0..2 {
        assert!(world.engine.remove_volume(&name).await.unwrap());
    }
    assert_eq!(world.engine.volumes().await.unwrap(), []);
}
