//! Pulls from real registries, and from false ones.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shipmate::domain::container::ImageProgress;
use shipmate::edge::docker::{Deadlines, Engine, EngineError};
use tokio::net::TcpListener;

use crate::support::dribble::{Dribble, Then};
use crate::support::image::{self, Unwanted};
use crate::support::proxy::Proxy;
use crate::support::registry::{PASSWORD, Registry, free_port};
use crate::support::{IMAGE, World};

const QUIET: &(dyn Fn(ImageProgress) + Send + Sync) = &|_| {};

#[tokio::test]
async fn layers_and_bytes_are_told() {
    let (world, registry) = tokio::join!(World::new(), Registry::open());
    let local = format!("{}:layers", world.owner);
    let _built = Unwanted(local.clone());
    super::build::with_layers(&world, &local, &[3 << 20, 6 << 20]).await;
    let image = registry.push(&local, "layers:1").await;
    image::remove(&local).await;
    let _pulled = Unwanted(image.clone());
    assert_eq!(world.engine.has_image(&image).await, Ok(false));

    let news = Mutex::new(Vec::new());
    let note = |progress| news.lock().unwrap().push(progress);
    world.engine.pull(&image, &note).await.unwrap();

    assert_eq!(world.engine.has_image(&image).await, Ok(true));
    let news = news.into_inner().unwrap();
    let last = news.last().unwrap();
    assert!(
        last.layers_total >= 3 && last.layers_done == last.layers_total,
        "{last:?}"
    );
    assert!(
        last.bytes_total >= 9 << 20 && last.bytes_done == last.bytes_total,
        "{last:?}"
    );
    assert!(
        news.iter()
            .any(|p| p.bytes_done > 0 && p.bytes_done < p.bytes_total)
    );
    assert!(
        news.iter()
            .all(|p| p.bytes_done <= p.bytes_total && !p.building)
    );
}

#[tokio::test]
async fn an_image_that_no_registry_has() {
    let (world, registry) = tokio::join!(World::new(), Registry::open());
    let there = registry.push(IMAGE, "there:1").await;
    for image in [there.replace(":1", ":2"), registry.image("nothing:1")] {
        let error = world.engine.pull(&image, QUIET).await.unwrap_err();
        assert_eq!(error, EngineError::ImageNotFound { image });
    }
}

#[tokio::test]
async fn without_a_tag_only_the_latest_comes() {
    let (world, registry) = tokio::join!(World::new(), Registry::open());
    let latest = registry.push(IMAGE, "tags:latest").await;
    let other = registry.push(IMAGE, "tags:other").await;
    let _pulled = (Unwanted(latest.clone()), Unwanted(other.clone()));
    world
        .engine
        .pull(&registry.image("tags"), QUIET)
        .await
        .unwrap();
    assert!(image::is_there(&latest).await && !image::is_there(&other).await);
}

#[tokio::test]
async fn a_registry_that_is_not_there() {
    let world = World::new().await;
    let image = format!("127.0.0.1:{}/a:1", free_port());
    let error = world.engine.pull(&image, QUIET).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::RegistryUnreachable { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_registry_with_a_password() {
    let (world, registry) = tokio::join!(World::new(), Registry::locked());
    let image = registry.push(IMAGE, "secret:1").await;
    let _pulled = Unwanted(image.clone());
    let with = |password| {
        world
            .engine
            .clone()
            .with_docker_config(registry.login(password))
    };

    let nobody = world.engine.clone().with_docker_config("/nowhere".into());
    for engine in [nobody, with("wrong")] {
        let error = engine.pull(&image, QUIET).await.unwrap_err();
        assert!(
            matches!(error, EngineError::RegistryDenied { .. }),
            "{error}"
        );
        assert!(
            !error.to_string().contains("wrong"),
            "no secret is shown: {error}"
        );
        assert!(!image::is_there(&image).await);
    }
    with(PASSWORD).pull(&image, QUIET).await.unwrap();
    assert!(image::is_there(&image).await);
}

/// Who needs no login is not hindered by it; who does hears of it.
#[tokio::test]
async fn a_credential_helper_that_fails() {
    let (world, open, locked) = tokio::join!(World::new(), Registry::open(), Registry::locked());
    let file = open.login(PASSWORD);
    std::fs::write(&file, r#"{"credsStore": "shipmate-no-such-helper"}"#).unwrap();
    let engine = world.engine.clone().with_docker_config(file);
    let image = open.push(IMAGE, "free:1").await;
    let _pulled = Unwanted(image.clone());
    engine.pull(&image, QUIET).await.unwrap();
    let error = engine.pull(&locked.image("a:1"), QUIET).await.unwrap_err();
    assert!(
        matches!(error, EngineError::RegistryDenied { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("credential helper"), "{error}");
}

#[tokio::test]
async fn a_registry_that_never_answers() {
    let world = impatient().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let image = format!("{}/a:1", listener.local_addr().unwrap());
    let error = world.engine.pull(&image, QUIET).await.unwrap_err();
    assert_eq!(error, EngineError::PullStalled { image, seconds: 2 });
}

#[tokio::test]
async fn a_registry_that_falls_silent() {
    let (world, registry) = tokio::join!(impatient(), Registry::open());
    let slow = Dribble::before(&registry, &world, Then::Silence).await;
    let bytes = AtomicU64::new(0);
    let note = |progress: ImageProgress| {
        bytes.fetch_max(progress.bytes_done, Ordering::Relaxed);
    };
    let error = world.engine.pull(&slow.image, &note).await.unwrap_err();
    let image = slow.image.clone();
    assert_eq!(error, EngineError::PullStalled { image, seconds: 2 });
    assert!(bytes.into_inner() > 0);
}

/// While it waits to try again, the engine counts the seconds aloud; that is no progress.
#[tokio::test]
async fn a_registry_that_goes_away_in_the_middle_of_a_layer() {
    let (world, registry) = tokio::join!(impatient(), Registry::open());
    let gone = Dribble::before(&registry, &world, Then::Cuts).await;
    let said = AtomicU64::new(0);
    let note = |progress: ImageProgress| {
        let retries = progress.step.contains("Retrying");
        said.fetch_add(u64::from(retries), Ordering::Relaxed);
    };
    let error = world.engine.pull(&gone.image, &note).await.unwrap_err();
    let image = gone.image.clone();
    assert_eq!(error, EngineError::PullStalled { image, seconds: 2 });
    assert!(said.into_inner() >= 2, "it was not silent");
}

/// The engine says the same again and again, and sometimes that it has nothing to say.
#[tokio::test]
async fn an_engine_that_repeats_itself() {
    let same = [
        r#"{"status":"Downloading","progressDetail":{"current":7,"total":9},"id":"a"}"#,
        r#"{"status":"Waiting","id":"b"}"#,
    ];
    let proxy = Proxy::babbling(&same);
    let engine = Engine::connect(&proxy.address(), "nobody", hasty()).unwrap();
    let said = AtomicU64::new(0);
    let note = |progress: ImageProgress| {
        assert_eq!(progress.bytes_done, 7);
        said.fetch_add(1, Ordering::Relaxed);
    };
    let error = engine.pull("a:1", &note).await.unwrap_err();
    let image = "a:1".to_owned();
    assert_eq!(error, EngineError::PullStalled { image, seconds: 2 });
    assert!(said.into_inner() > 10, "it was not silent");
}

/// It gets on, but not fast enough for the whole.
#[tokio::test]
async fn a_pull_that_takes_too_long() {
    let deadlines = Deadlines {
        pull: Duration::from_secs(3),
        ..Default::default()
    };
    let (world, registry) = tokio::join!(World::with(deadlines), Registry::open());
    let slow = Dribble::before(&registry, &world, Then::Drops).await;
    let error = world.engine.pull(&slow.image, QUIET).await.unwrap_err();
    let what = format!("finish the pull of {}", slow.image);
    assert_eq!(error, EngineError::Deadline { what, seconds: 3 });
    slow.let_go().await;
}

#[tokio::test]
async fn a_dropped_pull_is_cancelled() {
    let (world, registry) = tokio::join!(World::new(), Registry::open());
    let slow = Dribble::before(&registry, &world, Then::Drops).await;
    let (engine, image) = (world.engine.clone(), slow.image.clone());
    let pull = tokio::spawn(async move { engine.pull(&image, QUIET).await });
    slow.stuck().await;
    let begin = Instant::now();
    pull.abort();
    slow.let_go().await;
    println!("a dropped pull is cancelled within {:?}", begin.elapsed());
}

async fn impatient() -> World {
    World::with(hasty()).await
}

fn hasty() -> Deadlines {
    Deadlines {
        pull_stall: Duration::from_secs(2),
        ..Default::default()
    }
}
