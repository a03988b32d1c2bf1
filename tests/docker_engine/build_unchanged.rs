//! Builds of what was built before, and what builds say.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use shipmate::domain::container::BuildSpec;
use shipmate::edge::docker::Built;
use tempfile::TempDir;

use super::build::{QUIET, UNHEARD, spec, write};
use crate::support::image::Unwanted;
use crate::support::{IMAGE, World, docker};

/// The engine's id of an image; a build gives even the same layers a new one when a label differs.
async fn id_of(image: &str) -> Option<String> {
    docker().inspect_image(image).await.unwrap().id
}

async fn build(world: &World, spec: &BuildSpec) -> (Built, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let hear = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let built = world.engine.build(spec, QUIET, &hear).await.unwrap();
    (built, lines.into_inner().unwrap())
}

#[tokio::test]
async fn only_what_changed_is_built_again() {
    let world = World::new().await;
    let image = format!("{}:unchanged", world.owner);
    let _unwanted = Unwanted(image.clone());
    let folder = TempDir::new().unwrap();
    let dockerfile = format!("FROM {IMAGE}\nARG WORD\nCOPY file /file\n");
    write(
        folder.path(),
        &[("Dockerfile", &dockerfile), ("file", "one")],
    );
    let file = folder.path().join("file");
    let mut spec = spec(&image, folder.path());
    let (first, lines) = build(&world, &spec).await;
    let Built::Anew {
        context: Some(context),
    } = first
    else {
        panic!("{first:?}");
    };
    assert!(lines.iter().any(|line| line.contains("COPY")), "{lines:?}");
    let id = id_of(&image).await;

    let opened = fs::File::options().write(true).open(&file).unwrap();
    let past = SystemTime::now() - Duration::from_secs(10_000);
    opened.set_modified(past).unwrap();
    let news = Mutex::new(Vec::new());
    let note = |progress| news.lock().unwrap().push(progress);
    let again = world.engine.build(&spec, &note, UNHEARD).await.unwrap();
    assert_eq!(again, Built::Unchanged { context });
    assert_eq!(id_of(&image).await, id);
    let news = news.into_inner().unwrap();
    assert!(
        news.len() == 1 && news[0].step.contains("unchanged"),
        "{news:?}"
    );

    let mut ids = vec![id];
    let mut anew = async |spec: &BuildSpec| {
        let (built, _) = build(&world, spec).await;
        assert!(matches!(built, Built::Anew { .. }), "{spec:?}");
        let id = id_of(&image).await;
        assert!(!ids.contains(&id), "{spec:?}");
        ids.push(id);
    };
    fs::write(&file, "two").unwrap();
    anew(&spec).await;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o711)).unwrap();
    anew(&spec).await;
    spec.args.insert("WORD".to_owned(), "x".to_owned());
    anew(&spec).await;
    spec.always = true;
    anew(&spec).await;
    let (always, lines) = build(&world, &spec).await;
    assert!(matches!(always, Built::Anew { .. }) && !lines.is_empty());
}

/// What an image starts from must not say what that image was built of.
#[tokio::test]
async fn an_image_built_from_a_built_one_is_itself() {
    let world = World::new().await;
    let (below, above) = (
        format!("{}:below", world.owner),
        format!("{}:above", world.owner),
    );
    let _unwanted = [Unwanted(above.clone()), Unwanted(below.clone())];
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    write(
        folders[0].path(),
        &[("Dockerfile", &format!("FROM {IMAGE}\nENV A=1\n"))],
    );
    write(
        folders[1].path(),
        &[("Dockerfile", &format!("FROM {below}\nENV B=1\n"))],
    );
    let below = spec(&below, folders[0].path());
    let above = spec(&above, folders[1].path());
    for spec in [&below, &above] {
        assert!(matches!(build(&world, spec).await.0, Built::Anew { .. }));
    }
    for spec in [&below, &above] {
        assert!(matches!(
            build(&world, spec).await.0,
            Built::Unchanged { .. }
        ));
    }
}

#[tokio::test]
async fn each_line_of_a_failing_build_is_heard() {
    let world = World::new().await;
    let image = format!("{}:heard", world.owner);
    let folder = TempDir::new().unwrap();
    let dockerfile = format!(
        "FROM {IMAGE}\nRUN seq 100; printf '\\033[31mred\\033[0m no end'; exit 4 # {image}\n"
    );
    write(folder.path(), &[("Dockerfile", &dockerfile)]);
    let lines = Mutex::new(Vec::new());
    let hear = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let spec = spec(&image, folder.path());
    world.engine.build(&spec, QUIET, &hear).await.unwrap_err();
    let lines = lines.into_inner().unwrap();
    for n in 1..=100 {
        assert!(lines.contains(&n.to_string()), "{n}: {lines:?}");
    }
    assert!(
        lines.iter().any(|line| line.starts_with("red no end")),
        "{lines:?}"
    );
    assert!(
        lines
            .last()
            .is_some_and(|line| line.ends_with("returned a non-zero code: 4")),
        "{lines:?}"
    );
}
