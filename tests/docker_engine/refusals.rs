//! What cannot be created or started gets a reason with a name, and leaves nothing behind.

use std::net::TcpListener;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptions;
use shipmate::domain::container::{
    ContainerState, DeviceSpec, MountSource, MountSpec, PortSpec, labels,
};
use shipmate::domain::manifest::{AllGpus, Gpus, Protocol};
use shipmate::edge::docker::EngineError;

use crate::support::{IMAGE, World, docker};

#[tokio::test]
async fn an_image_that_is_not_there() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.image = "shipmate-test/nothing:none".to_owned();
    let error = world.engine.create(&spec).await.unwrap_err();
    assert_eq!(error, EngineError::ImageNotFound { image: spec.image });
}

#[tokio::test]
async fn a_path_that_is_not_there() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.mounts = vec![MountSpec {
        source: MountSource::Path("/no such/path".to_owned()),
        target: "/data".to_owned(),
        read_only: false,
    }];
    let error = world.engine.create(&spec).await.unwrap_err();
    assert_eq!(
        error,
        EngineError::PathNotFound {
            path: "/no such/path".to_owned()
        }
    );
    assert!(!std::path::Path::new("/no such/path").exists());
    assert_eq!(world.engine.list().await, Ok(vec![]));
}

#[tokio::test]
async fn a_device_that_is_not_there() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.devices = vec![DeviceSpec {
        host: "/dev/no-such-camera".to_owned(),
        container: "/dev/camera".to_owned(),
        permissions: "rw".to_owned(),
    }];
    let error = world.run(&spec).await.unwrap_err();
    let device = "/dev/no-such-camera".to_owned();
    assert_eq!(error, EngineError::DeviceNotFound { device });
}

/// On a machine with a graphics processor it just runs.
#[tokio::test]
async fn a_graphics_processor_that_is_not_there() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.gpus = Some(Gpus::All(AllGpus::All));
    if let Err(error) = world.run(&spec).await {
        let device = "gpu".to_owned();
        assert_eq!(error, EngineError::DeviceNotFound { device });
    }
}

/// The init process is started, so the start succeeds; the end tells.
#[tokio::test]
async fn a_command_that_is_not_in_the_image() {
    let world = World::new().await;
    for (command, cause) in [
        ("no-such-node", "not in the image"),
        ("/opt/no-such-node", "not in the image"),
        ("/etc/hostname", "not executable"),
    ] {
        let id = world.run(&world.spec("main", &[command])).await.unwrap();
        let exit = world.ended(&id).await;
        assert!(exit.code == 126 || exit.code == 127, "{exit:?}");
        assert!(
            exit.message.contains(command) && exit.message.contains(cause),
            "{exit:?}"
        );
        world.engine.take_down(&id, 0).await.unwrap();
    }
}

#[tokio::test]
async fn a_port_that_a_program_has() {
    let world = World::new().await;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    taken(&world, listener.local_addr().unwrap().port()).await;
}

#[tokio::test]
async fn a_port_that_a_container_has() {
    let world = World::new().await;
    let port = crate::support::registry::free_port();
    world.run(&with_port(&world, "first", port)).await.unwrap();
    taken(&world, port).await;
}

async fn taken(world: &World, port: u16) {
    let id = world
        .engine
        .create(&with_port(world, "late", port))
        .await
        .unwrap();
    let error = world.engine.start(&id).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::PortInUse { port: named, .. } if *named == port),
        "{error}"
    );
    // Whoever looks later sees that it did not start, and why.
    let ContainerState::Exited(exit) = world.facts(&id).await.state else {
        panic!("it must not look as if it could be waited for");
    };
    assert_eq!(exit.message, error.to_string());
    world.engine.take_down(&id, 0).await.unwrap();
}

fn with_port(world: &World, name: &str, port: u16) -> shipmate::domain::container::ContainerSpec {
    let mut spec = world.spec(name, &["sleep", "1000"]);
    spec.ports = vec![PortSpec {
        container: 80,
        host: Some(port),
        address: None,
        protocol: Protocol::Tcp,
    }];
    spec
}

#[tokio::test]
async fn a_name_that_a_stranger_has() {
    let world = World::new().await;
    let spec = world.spec("main", &["true"]);
    let stranger = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(vec!["true".to_owned()]),
        // Only so that it is cleaned up: it lacks the label of the executable.
        labels: Some([(labels::OWNER.to_owned(), world.owner.clone())].into()),
        ..Default::default()
    };
    let options = CreateContainerOptions {
        name: Some(spec.name.clone()),
        ..Default::default()
    };
    let holder = docker()
        .create_container(Some(options), stranger)
        .await
        .unwrap()
        .id;
    let error = world.engine.create(&spec).await.unwrap_err();
    let name = spec.name.clone();
    assert_eq!(
        error,
        EngineError::NameTaken {
            name,
            holder: holder.clone()
        }
    );
    assert_eq!(world.facts(&holder).await.state, ContainerState::Created);
}

#[tokio::test]
async fn a_name_that_an_earlier_try_has() {
    let world = World::new().await;
    let spec = world.spec("main", &["sleep", "1000"]);
    let first = world.engine.create(&spec).await.unwrap();
    assert_eq!(
        world.engine.create(&spec).await.as_deref(),
        Ok(first.as_str())
    );
    world.engine.start(&first).await.unwrap();
    let error = world.engine.create(&spec).await.unwrap_err();
    let name = spec.name.clone();
    assert_eq!(
        error,
        EngineError::NameTaken {
            name,
            holder: first
        }
    );
}

#[tokio::test]
async fn what_the_engine_alone_can_judge() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.memory = Some(1024);
    let error = world.run(&spec).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Refused { cause, .. } if cause.contains("memory")),
        "{error}"
    );
    let error = world.engine.start("no-such-container").await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
}
