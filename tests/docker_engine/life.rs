//! The whole life of a container.

use std::time::{Duration, Instant};

use bollard::query_parameters::RemoveContainerOptions;
use shipmate::domain::container::{ContainerState, Exit};
use shipmate::domain::manifest::StopSignal;
use shipmate::edge::docker::EngineError;

use crate::support::{World, docker, eventually};

#[tokio::test]
async fn it_is_created_started_listed_and_taken_down() {
    let world = World::new().await;
    let spec = world.script("main", "echo up; sleep 1000");

    let id = world.engine.create(&spec).await.unwrap();
    let facts = world.facts(&id).await;
    assert_eq!(facts.state, ContainerState::Created);
    assert_eq!((&facts.id, &facts.name), (&id, &spec.name));
    assert_eq!(facts.labels, spec.labels);

    world.engine.start(&id).await.unwrap();
    world
        .engine
        .start(&id)
        .await
        .expect("to start it twice is no error");
    world.wrote(&id, "up").await;
    let listed = world.engine.list().await.unwrap();
    assert_eq!(listed, [world.facts(&id).await]);
    assert_eq!(listed[0].state, ContainerState::Running);

    world.engine.take_down(&id, 5).await.unwrap();
    assert_eq!(world.engine.inspect(&id).await, Ok(None));
    assert_eq!(world.engine.list().await, Ok(vec![]));
    world
        .engine
        .take_down(&id, 5)
        .await
        .expect("to take it down twice is no error");
}

#[tokio::test]
async fn it_is_found_by_its_name_too() {
    let world = World::new().await;
    let spec = world.spec("main", &["true"]);
    let id = world.engine.create(&spec).await.unwrap();
    assert_eq!(world.facts(&spec.name).await.id, id);
}

#[tokio::test]
async fn a_failed_one_says_how_and_shows_its_last_lines() {
    let world = World::new().await;
    let script = "head -c 100000 /dev/zero; yes filler | head -n 500; echo '\x1b[31mred'; exit 7";
    let id = world.run(&world.script("main", script)).await.unwrap();
    let exit = world.ended(&id).await;
    assert_eq!((exit.code, exit.out_of_memory), (7, false));
    assert!(exit.last_output.ends_with("filler\nred"), "{exit:?}");
    assert_eq!(exit.last_output.lines().count(), 20);
}

#[tokio::test]
async fn a_good_end_shows_its_last_lines_too() {
    let world = World::new().await;
    let id = world.run(&world.script("main", "echo fine")).await.unwrap();
    let exit = world.ended(&id).await;
    assert!(!exit.ended_at.is_empty(), "{exit:?}");
    let good = Exit {
        ended_at: exit.ended_at.clone(),
        last_output: "fine".to_owned(),
        ..Exit::default()
    };
    assert_eq!(exit, good);
}

/// Now and then the engine hears of it only after the end, and then does not say so: one of a few
/// must do.
#[tokio::test]
async fn too_much_memory_is_told_from_other_ends() {
    let world = World::new().await;
    let mut told = false;
    for n in 0..5 {
        let hungry = "x=a; while true; do x=$x$x$x$x; done";
        let mut spec = world.script(&n.to_string(), hungry);
        spec.memory = Some(16 << 20);
        let id = world.run(&spec).await.unwrap();
        let exit = world.ended(&id).await;
        assert_eq!(exit.code, 137);
        told = told || exit.out_of_memory;
        if told {
            break;
        }
    }
    assert!(told);
}

/// As `bash -c "ros2 launch ...; true"`: the shell is not the one that must hear the signal.
#[tokio::test]
async fn a_grandchild_hears_the_stop_signal_and_ends_in_order() {
    let world = World::new().await;
    let child = "trap 'echo heard; sleep 0.3; echo in order; exit 0' INT; echo up; \
                 while true; do sleep 0.1; done";
    let spec = world.script("main", &format!("sh -c \"{child}\"; true"));
    let id = world.run(&spec).await.unwrap();
    world.wrote(&id, "up").await;
    let options = None::<bollard::query_parameters::StopContainerOptions>;
    docker().stop_container(&id, options).await.unwrap();
    let output = world.engine.logs_tail(&id, 20).await.unwrap();
    assert_eq!(output, "up\nheard\nin order");
}

#[tokio::test]
async fn its_own_signal_and_grace_are_used() {
    let world = World::new().await;
    let mut deaf = world.script(
        "deaf",
        "trap '' INT TERM; echo up; while true; do sleep 0.1; done",
    );
    deaf.stop_grace = 1;
    let mut usr = world.script(
        "usr",
        "trap 'exit 0' USR1; echo up; while true; do sleep 0.1; done",
    );
    usr.stop_signal = StopSignal::Usr1;
    for (spec, least, most) in [(&deaf, 900, 8000), (&usr, 0, 4000)] {
        let id = world.run(spec).await.unwrap();
        world.wrote(&id, "up").await;
        let begin = Instant::now();
        world
            .engine
            .take_down(&id, if least > 0 { 1 } else { 8 })
            .await
            .unwrap();
        let took = begin.elapsed();
        println!("taken down in {took:?}: {}", spec.name);
        assert!(took >= Duration::from_millis(least) && took < Duration::from_millis(most));
    }
}

#[tokio::test]
async fn a_paused_one_is_taken_down_in_order() {
    let world = World::new().await;
    let spec = world.script(
        "main",
        "trap 'exit 0' INT; echo up; while true; do sleep 0.1; done",
    );
    let id = world.run(&spec).await.unwrap();
    world.wrote(&id, "up").await;
    docker().pause_container(&id).await.unwrap();
    assert_eq!(world.facts(&id).await.state, ContainerState::Paused);
    let begin = Instant::now();
    world.engine.take_down(&id, 10).await.unwrap();
    println!("a paused one is taken down in {:?}", begin.elapsed());
    assert_eq!(world.engine.inspect(&id).await, Ok(None));
}

#[tokio::test]
async fn many_who_remove_one_all_see_it_gone() {
    let world = World::new().await;
    let id = world
        .run(&world.spec("main", &["sleep", "1000"]))
        .await
        .unwrap();
    let force = RemoveContainerOptions {
        force: true,
        ..Default::default()
    };
    let docker = docker();
    let (other, a, b, c) = tokio::join!(
        docker.remove_container(&id, Some(force)),
        world.engine.take_down(&id, 0),
        world.engine.take_down(&id, 0),
        world.engine.take_down(&id, 0),
    );
    assert_eq!((a, b, c), (Ok(()), Ok(()), Ok(())), "{other:?}");
    assert_eq!(world.engine.inspect(&id).await, Ok(None));
}

#[tokio::test]
async fn its_anonymous_volumes_go_with_it() {
    let world = World::new().await;
    let image = format!("{}:volume", world.owner);
    let _unwanted = crate::support::image::Unwanted(image.clone());
    super::build::quickly(&world, &image, "VOLUME /data").await;
    let mut spec = world.spec("main", &["sleep", "1000"]);
    spec.image = image;
    let id = world.run(&spec).await.unwrap();
    let found = docker().inspect_container(&id, None).await.unwrap();
    let volume = found.mounts.unwrap()[0].name.clone().unwrap();
    docker().inspect_volume(&volume).await.expect("it is there");
    world.engine.take_down(&id, 0).await.unwrap();
    docker()
        .inspect_volume(&volume)
        .await
        .expect_err("it is gone");
}

#[tokio::test]
async fn a_list_holds_only_the_owners_own() {
    let (ours, theirs) = tokio::join!(World::new(), World::new());
    for world in [&ours, &theirs] {
        for n in 0..12 {
            world
                .engine
                .create(&world.spec(&n.to_string(), &["true"]))
                .await
                .unwrap();
        }
    }
    let listed = ours.engine.list().await.unwrap();
    assert_eq!(listed.len(), 12);
    assert!(
        listed
            .iter()
            .all(|facts| facts.name.starts_with(&ours.owner))
    );
}

#[tokio::test]
async fn nothing_is_left_when_a_test_panics() {
    let owner = tokio::spawn(async {
        let world = World::new().await;
        world
            .run(&world.spec("main", &["sleep", "1000"]))
            .await
            .unwrap();
        // As a panic, but without its words on the terminal.
        std::panic::resume_unwind(Box::new(world.owner.clone()));
    });
    let panic = owner.await.unwrap_err().into_panic();
    let owner = panic.downcast::<String>().expect("it was ours");
    let engine = shipmate::edge::docker::Engine::connect("", &owner, Default::default()).unwrap();
    eventually("nothing is left", async || {
        engine.list().await.unwrap().is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn it_is_renamed() {
    let world = World::new().await;
    let spec = world.spec("old", &["sleep", "1000"]);
    let id = world.run(&spec).await.unwrap();
    let name = format!("{}-new", world.owner);
    world.engine.rename(&id, &name).await.unwrap();
    assert_eq!(world.facts(&id).await.name, name);
    let again = world.engine.rename(&id, &name).await;
    again.expect("to rename it twice is no error");
    let second = world.engine.create(&spec).await;
    second.expect("its old name is free");
}

#[tokio::test]
async fn a_name_that_another_has_is_not_given_twice() {
    let world = World::new().await;
    let (spec, other) = (
        world.spec("main", &["true"]),
        world.spec("other", &["true"]),
    );
    let id = world.engine.create(&spec).await.unwrap();
    let holder = world.engine.create(&other).await.unwrap();
    let error = world.engine.rename(&id, &other.name).await.unwrap_err();
    let name = other.name.clone();
    assert_eq!(error, EngineError::NameTaken { name, holder });
    for (id, name, part) in [
        (id.as_str(), "no/name", "no/name"),
        ("no-such-container", "a-name", "No such container"),
        ("no-such-container", &other.name, "No such container"),
    ] {
        let error = world.engine.rename(id, name).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(world.facts(&id).await.name, spec.name);
}

#[tokio::test]
async fn a_paused_one_is_resumed() {
    let world = World::new().await;
    let spec = world.spec("main", &["sleep", "1000"]);
    let id = world.run(&spec).await.unwrap();
    docker().pause_container(&id).await.unwrap();
    world.engine.resume(&id).await.unwrap();
    assert_eq!(world.facts(&id).await.state, ContainerState::Running);
    let again = world.engine.resume(&id).await;
    again.expect("to resume it twice is no error");
    let created = world.engine.create(&world.spec("other", &["true"])).await;
    for id in [created.unwrap().as_str(), "no-such-container"] {
        let error = world.engine.resume(id).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
    }
}
