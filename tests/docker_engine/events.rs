//! The engine's news.

use std::time::{Duration, Instant};

use bollard::query_parameters::{KillContainerOptions, StopContainerOptions};
use futures::{Stream, StreamExt};
use shipmate::domain::manifest::StopSignal;
use shipmate::edge::docker::{ContainerEvent, Engine, EngineError};

use crate::support::proxy::Proxy;
use crate::support::{World, docker};

type News = Result<ContainerEvent, EngineError>;

async fn next(news: &mut (impl Stream<Item = News> + Unpin)) -> Option<News> {
    let next = tokio::time::timeout(Duration::from_secs(30), news.next());
    next.await.expect("news come within 30 s")
}

/// Passes over all news up to one of this kind.
async fn until(news: &mut (impl Stream<Item = News> + Unpin), wanted: &str) -> ContainerEvent {
    loop {
        let event = next(news).await.expect("the stream goes on").unwrap();
        match &event {
            ContainerEvent::Changed { action, .. } if action == wanted => return event,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_life_is_told_in_order() {
    let (world, stranger) = tokio::join!(World::new(), World::new());
    let mut news = world.engine.events();
    assert_eq!(next(&mut news).await, Some(Ok(ContainerEvent::Connected)));
    stranger
        .run(&stranger.spec("main", &["true"]))
        .await
        .unwrap();
    let spec = world.script(
        "main",
        "trap 'exit 4' INT; echo up; while true; do sleep 0.1; done",
    );
    let id = world.run(&spec).await.unwrap();
    world.wrote(&id, "up").await;
    docker().pause_container(&id).await.unwrap();
    docker().unpause_container(&id).await.unwrap();
    world.engine.take_down(&id, 5).await.unwrap();

    let mut actions = Vec::new();
    let mut times = Vec::new();
    while actions.last().is_none_or(|last| last != "destroy") {
        let Some(Ok(ContainerEvent::Changed {
            id: whose,
            name,
            action,
            exit_code,
            signal,
            time_nano,
            labels,
        })) = next(&mut news).await
        else {
            panic!("the stream goes on");
        };
        assert_eq!((&whose, &name), (&id, &spec.name));
        assert_eq!(labels, spec.labels);
        assert_eq!(exit_code, (action == "die").then_some(4), "{action}");
        assert_eq!(signal, (action == "kill").then_some(2), "{action}");
        // On a busy machine containerd's word that it has paused can come after Docker was told to go on. Docker
        // then tells of both once more (`ProcessEvent` in moby's daemon/monitor.go).
        if ["pause", "unpause"].contains(&&*action) && actions.contains(&action) {
            continue;
        }
        actions.push(action);
        times.push(time_nano);
    }
    let expected = [
        "create", "start", "pause", "unpause", "kill", "die", "stop", "destroy",
    ];
    assert_eq!(actions, expected);
    assert!(times.is_sorted() && times[0] > 1_500_000_000_000_000_000);
}

/// By its events it can be told whose hand ended a container.
#[tokio::test]
async fn the_hand_that_ends_a_container_is_seen() {
    let world = World::new().await;
    let mut news = world.engine.events();
    next(&mut news).await;
    let obeys = "trap 'exit 0' TERM; echo up; while true; do sleep 0.1; done";
    let mut told = Vec::new();
    for hand in ["stop", "kill", "none"] {
        let script = if hand == "none" { "exit 3" } else { obeys };
        let mut spec = world.script(hand, script);
        spec.stop_signal = StopSignal::Term;
        let id = world.run(&spec).await.unwrap();
        match hand {
            "stop" => {
                world.wrote(&id, "up").await;
                let options = None::<StopContainerOptions>;
                docker().stop_container(&id, options).await.unwrap();
            }
            "kill" => {
                let options = None::<KillContainerOptions>;
                docker().kill_container(&id, options).await.unwrap();
            }
            _ => {}
        }
        world.ended(&id).await;
        told.push(ends(&mut news, &id, hand == "stop").await);
    }
    let (kill, die, stop) = ("kill", "die", "stop");
    let stopped = vec![
        (kill.to_owned(), None, Some(15)),
        (die.to_owned(), Some(0), None),
        (stop.to_owned(), None, None),
    ];
    let killed = vec![
        (kill.to_owned(), None, Some(9)),
        (die.to_owned(), Some(137), None),
    ];
    let by_itself = vec![(die.to_owned(), Some(3), None)];
    assert_eq!(told, [stopped, killed, by_itself]);
}

type Told = (String, Option<i32>, Option<i32>);

/// What is told of a container after its start, up to its death, or up to the end of its stop.
async fn ends(news: &mut (impl Stream<Item = News> + Unpin), of: &str, stop: bool) -> Vec<Told> {
    let mut told = Vec::new();
    let last = if stop { "stop" } else { "die" };
    loop {
        let event = next(news).await.expect("the stream goes on").unwrap();
        let ContainerEvent::Changed {
            id,
            action,
            exit_code,
            signal,
            ..
        } = event
        else {
            panic!("it connects once");
        };
        if id != of || action == "create" || action == "start" {
            continue;
        }
        let end = action == last;
        told.push((action, exit_code, signal));
        if end {
            return told;
        }
    }
}

#[tokio::test]
async fn another_name_and_too_little_memory_are_told() {
    let world = World::new().await;
    let mut news = world.engine.events();
    next(&mut news).await;
    let old = world.spec("old", &["true"]);
    let id = world.engine.create(&old).await.unwrap();
    let new = format!("{}-new", world.owner);
    world.engine.rename(&id, &new).await.unwrap();
    let ContainerEvent::Changed {
        id: whose,
        name,
        labels,
        ..
    } = until(&mut news, "rename").await
    else {
        panic!("it is a change");
    };
    assert_eq!((whose, name, labels), (id, new, old.labels));

    let mut spec = world.script("hungry", "x=a; while true; do x=$x$x$x$x; done");
    spec.memory = Some(16 << 20);
    let id = world.run(&spec).await.unwrap();
    let ContainerEvent::Changed { id: whose, .. } = until(&mut news, "oom").await else {
        panic!("it is a change");
    };
    assert_eq!(whose, id);
}

/// Nobody reads the stream, not even its connection is made, and yet nothing is lost.
#[tokio::test]
async fn nothing_is_lost_after_connected() {
    let world = World::new().await;
    let mut news = world.engine.events();
    assert_eq!(next(&mut news).await, Some(Ok(ContainerEvent::Connected)));
    let id = world.run(&world.spec("main", &["true"])).await.unwrap();
    world.ended(&id).await;
    for wanted in ["create", "start", "die"] {
        until(&mut news, wanted).await;
    }
}

/// The engine itself keeps only 256 events, and drops those of a reader who is slow.
#[tokio::test]
async fn more_than_the_engine_keeps_may_wait_to_be_read() {
    const MANY: usize = 400;
    let world = World::new().await;
    let id = world
        .run(&world.spec("main", &["sleep", "1000"]))
        .await
        .unwrap();
    let mut news = world.engine.events();
    next(&mut news).await;
    let harmless = KillContainerOptions {
        signal: "SIGWINCH".to_owned(),
    };
    for _ in 0..MANY {
        docker()
            .kill_container(&id, Some(harmless.clone()))
            .await
            .unwrap();
    }
    for _ in 0..MANY {
        until(&mut news, "kill").await;
    }
}

/// Others' deeds of the past are no news.
#[tokio::test]
async fn nothing_from_before_connected_is_told() {
    let world = World::new().await;
    let old = world.run(&world.spec("old", &["true"])).await.unwrap();
    world.ended(&old).await;
    let mut news = world.engine.events();
    next(&mut news).await;
    let new = world
        .engine
        .create(&world.spec("new", &["true"]))
        .await
        .unwrap();
    let Some(Ok(ContainerEvent::Changed { id, .. })) = next(&mut news).await else {
        panic!("the stream goes on");
    };
    assert_eq!(id, new);
}

#[tokio::test]
async fn a_lost_engine_ends_the_stream_with_an_error() {
    let world = World::new().await;
    let proxy = Proxy::open();
    let engine = Engine::connect(&proxy.address(), &world.owner, Default::default()).unwrap();
    let mut news = engine.events();
    assert_eq!(next(&mut news).await, Some(Ok(ContainerEvent::Connected)));
    world
        .engine
        .create(&world.spec("main", &["true"]))
        .await
        .unwrap();
    until(&mut news, "create").await;
    proxy.cut();
    let error = next(&mut news)
        .await
        .expect("the error comes first")
        .unwrap_err();
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
    assert_eq!(next(&mut news).await, None);
    let again = next(&mut engine.events()).await;
    assert!(
        matches!(again, Some(Err(EngineError::Unreachable { .. }))),
        "{again:?}"
    );
}

/// How soon a death is known is printed, not judged: machines differ.
#[tokio::test]
async fn a_death_is_told_at_once() {
    let world = World::new().await;
    let mut news = world.engine.events();
    next(&mut news).await;
    let mut took = Vec::new();
    for n in 0..5 {
        let id = world
            .run(&world.spec(&n.to_string(), &["sleep", "1000"]))
            .await
            .unwrap();
        until(&mut news, "start").await;
        let begin = Instant::now();
        let kill = docker();
        let (_, _) = tokio::join!(
            kill.kill_container(&id, None::<KillContainerOptions>),
            until(&mut news, "die")
        );
        took.push(begin.elapsed());
    }
    println!("from kill to news: {took:?}");
}
