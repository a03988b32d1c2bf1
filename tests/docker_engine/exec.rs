//! Programs that are run in containers.

use std::time::{Duration, Instant};

use bollard::query_parameters::KillContainerOptions;
use shipmate::edge::docker::{Engine, EngineError, ExecEnd};

use crate::support::proxy::Proxy;
use crate::support::{World, docker, eventually};

const LONG: Duration = Duration::from_secs(60);

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|word| (*word).to_owned()).collect()
}

fn script(script: &str) -> Vec<String> {
    words(&["sh", "-c", script])
}

async fn sleeper(world: &World) -> String {
    let sleeps = world.spec("main", &["sleep", "1000"]);
    world.run(&sleeps).await.unwrap()
}

#[tokio::test]
async fn its_code_and_the_end_of_its_output_are_told() {
    let world = World::new().await;
    let id = sleeper(&world).await;
    let noise = "yes filler | head -n 100000; printf '\\033[31mout\n'; exit 7";
    let end = world.engine.exec(&id, &script(noise), LONG).await.unwrap();
    assert_eq!(end.code, 7);
    assert!(end.output.len() <= 1024, "{} bytes", end.output.len());
    assert!(end.output.ends_with("filler\nout"), "{}", end.output);

    // The engine reads the two from pipes of their own, in an order of its own.
    let both = script("echo out; echo err >&2");
    let end = world.engine.exec(&id, &both, LONG).await.unwrap();
    assert!(["out\nerr", "err\nout"].contains(&end.output.as_str()));

    let end = world.engine.exec(&id, &words(&["true"]), LONG).await;
    let nothing = ExecEnd {
        code: 0,
        output: String::new(),
    };
    assert_eq!(end, Ok(nothing));
}

/// The end of its output is not its end.
#[tokio::test]
async fn one_that_closes_its_output_is_waited_for() {
    let world = World::new().await;
    let id = sleeper(&world).await;
    let quiet = script("exec >&- 2>&-; sleep 0.5; exit 3");
    let end = world.engine.exec(&id, &quiet, LONG).await.unwrap();
    assert_eq!(end.code, 3);
}

#[tokio::test]
async fn one_that_takes_too_long_is_given_up() {
    let world = World::new().await;
    let id = sleeper(&world).await;
    for slow in ["sleep 30", "yes", "exec >&- 2>&-; sleep 30"] {
        let begin = Instant::now();
        let limit = Duration::from_secs(2);
        let error = world.engine.exec(&id, &script(slow), limit).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, EngineError::Deadline { seconds: 2, .. }),
            "{slow}: {error}"
        );
        assert!(begin.elapsed() < Duration::from_secs(20), "{slow}");
    }
    // Nothing is held up by those that were given up.
    let end = world.engine.exec(&id, &words(&["true"]), LONG).await;
    assert_eq!(end.unwrap().code, 0);
}

#[tokio::test]
async fn one_that_is_not_in_the_image_or_cannot_be_run() {
    let world = World::new().await;
    let id = sleeper(&world).await;
    for (command, part) in [
        ("no-such-probe", "no-such-probe"),
        ("/opt/no-such-probe", "no such file"),
        ("/etc/hostname", "permission denied"),
    ] {
        let end = world.engine.exec(&id, &words(&[command]), LONG).await;
        let end = end.unwrap();
        assert!(end.code == 126 || end.code == 127, "{end:?}");
        assert!(end.output.contains(part), "{end:?}");
    }
}

#[tokio::test]
async fn a_container_that_does_not_run_refuses() {
    let world = World::new().await;
    let created = world.spec("created", &["true"]);
    let created = world.engine.create(&created).await.unwrap();
    let ended = world.run(&world.spec("ended", &["true"])).await.unwrap();
    world.ended(&ended).await;
    let paused = sleeper(&world).await;
    docker().pause_container(&paused).await.unwrap();
    for (id, part) in [
        (created.as_str(), "not running"),
        (&ended, "not running"),
        (&paused, "paused"),
        ("no-such-container", "No such container"),
    ] {
        let error = world.engine.exec(id, &words(&["true"]), LONG).await;
        let error = error.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_container_that_ends_meanwhile() {
    let world = World::new().await;
    let id = sleeper(&world).await;
    let (engine, container) = (world.engine.clone(), id.clone());
    let waiting = script("echo up > /up; sleep 1000");
    let exec = tokio::spawn(async move { engine.exec(&container, &waiting, LONG).await });
    let is_up = words(&["cat", "/up"]);
    eventually("the program runs", async || {
        let end = world.engine.exec(&id, &is_up, LONG).await.unwrap();
        (end.code == 0).then_some(())
    })
    .await;
    let kill = None::<KillContainerOptions>;
    docker().kill_container(&id, kill).await.unwrap();
    let end = exec.await.unwrap();
    println!("its container ended: {end:?}");
    assert!(!end.is_ok_and(|end| end.code == 0));
}

#[tokio::test]
async fn a_silent_engine_is_not_taken_for_a_slow_program() {
    let proxy = Proxy::silent();
    let engine = Engine::connect(&proxy.address(), "nobody", Default::default()).unwrap();
    let limit = Duration::from_millis(300);
    let error = engine.exec("main", &words(&["true"]), limit).await;
    let error = error.unwrap_err();
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error}");
}
