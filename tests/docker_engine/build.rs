//! Builds from folders.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use bollard::query_parameters::ListContainersOptions;
use shipmate::domain::container::{BuildSpec, ImageProgress};
use shipmate::edge::docker::{Deadlines, EngineError};
use tempfile::TempDir;

use crate::support::image::{self, Unwanted};
use crate::support::{IMAGE, World, docker, eventually};

pub const QUIET: &(dyn Fn(ImageProgress) + Send + Sync) = &|_| {};
pub const UNHEARD: &(dyn Fn(&str) + Send + Sync) = &|_| {};

pub fn spec(image: &str, context: &Path) -> BuildSpec {
    BuildSpec {
        name: "main.main".to_owned(),
        image: image.to_owned(),
        context: context.display().to_string(),
        dockerfile: "Dockerfile".to_owned(),
        args: BTreeMap::new(),
        target: None,
        always: false,
    }
}

pub fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

/// Builds an image from the test image and a few more lines.
pub async fn quickly(world: &World, image: &str, lines: &str) {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &[("Dockerfile", &format!("FROM {IMAGE}\n{lines}\n"))],
    );
    world
        .engine
        .build(&spec(image, folder.path()), QUIET, UNHEARD)
        .await
        .unwrap();
}

/// Builds an image with layers of these sizes that cannot be compressed.
pub async fn with_layers(world: &World, image: &str, sizes: &[usize]) {
    let folder = TempDir::new().unwrap();
    let mut lines = format!("FROM {IMAGE}\n");
    // No other image may have these layers: the engine would not pull them.
    let mut hasher = DefaultHasher::new();
    image.hash(&mut hasher);
    let mut seed = hasher.finish() | 1;
    for (n, size) in sizes.iter().enumerate() {
        let noise = std::iter::repeat_with(|| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.to_le_bytes()[3]
        });
        let noise: Vec<u8> = noise.take(*size).collect();
        fs::write(folder.path().join(format!("layer{n}")), noise).unwrap();
        lines += &format!("COPY layer{n} /layer{n}\n");
    }
    write(folder.path(), &[("Dockerfile", &lines)]);
    world
        .engine
        .build(&spec(image, folder.path()), QUIET, UNHEARD)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_image_is_built_step_by_step() {
    let world = World::new().await;
    let image = format!("{}:built", world.owner);
    let _unwanted = Unwanted(image.clone());
    let folder = TempDir::new().unwrap();
    let dockerfile = format!(
        "FROM {IMAGE} AS first\nARG WORD=nothing\nRUN echo $WORD > /word\n\
         FROM {IMAGE} AS second\nRUN false\n"
    );
    write(folder.path(), &[("docker/Robot", &dockerfile)]);
    let mut spec = spec(&image, folder.path());
    spec.dockerfile = "docker/Robot".to_owned();
    spec.args.insert("WORD".to_owned(), "a word".to_owned());
    spec.target = Some("first".to_owned());

    let news = Mutex::new(Vec::new());
    let note = |progress| news.lock().unwrap().push(progress);
    world.engine.build(&spec, &note, UNHEARD).await.unwrap();

    let news = news.into_inner().unwrap();
    let steps: Vec<_> = news
        .iter()
        .map(|p| (p.layers_done, p.layers_total))
        .collect();
    // The last one is the label that says of what it was built.
    assert_eq!(steps, [(0, 4), (1, 4), (2, 4), (3, 4)]);
    assert!(
        news[2].building && news[2].step.contains("RUN echo"),
        "{news:?}"
    );
    let mut run = world.spec("main", &["cat", "/word"]);
    run.image = image;
    let id = world.run(&run).await.unwrap();
    world.ended(&id).await;
    assert_eq!(
        world.engine.logs_tail(&id, 1).await.as_deref(),
        Ok("a word")
    );
}

#[tokio::test]
async fn a_failing_build_shows_its_last_lines_and_leaves_nothing() {
    let world = World::new().await;
    let image = format!("{}:failing", world.owner);
    let folder = TempDir::new().unwrap();
    let mark = format!("mark-of-{}", world.owner);
    let dockerfile = format!("FROM {IMAGE}\nRUN yes line | head -n 100; echo {mark}; exit 3\n");
    write(folder.path(), &[("Dockerfile", &dockerfile)]);
    let error = world
        .engine
        .build(&spec(&image, folder.path()), QUIET, UNHEARD)
        .await
        .unwrap_err();
    let EngineError::BuildFailed { last_lines, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(last_lines.lines().count(), 20);
    assert!(
        last_lines.contains("\nline\n") && last_lines.contains(&mark),
        "{last_lines}"
    );
    assert!(
        last_lines.ends_with("returned a non-zero code: 3"),
        "{last_lines}"
    );
    assert!(!image::is_there(&image).await);
    assert!(!is_left(&mark).await);
}

#[tokio::test]
async fn a_build_that_stalls_and_one_that_takes_too_long() {
    let limit = Duration::from_secs(3);
    let stall = Deadlines {
        build_stall: limit,
        ..Default::default()
    };
    let whole = Deadlines {
        build: limit,
        ..Default::default()
    };
    for (deadlines, script, what) in [
        (stall, "sleep 20", "get on with"),
        (whole, "while true; do echo on; sleep 0.1; done", "finish"),
    ] {
        let world = World::with(deadlines).await;
        let image = format!("{}:slow", world.owner);
        let _unwanted = Unwanted(image.clone());
        let folder = TempDir::new().unwrap();
        let mark = format!("mark-of-{}", world.owner);
        let dockerfile = format!("FROM {IMAGE}\nRUN : {mark}; {script}\n");
        write(folder.path(), &[("Dockerfile", &dockerfile)]);
        let spec = spec(&image, folder.path());
        let what = format!("{what} the build of {image}");
        let error = EngineError::Deadline { what, seconds: 3 };
        assert_eq!(world.engine.build(&spec, QUIET, UNHEARD).await, Err(error));
        eventually("the engine gives it up too", async || {
            (!is_left(&mark).await).then_some(())
        })
        .await;
    }
}

/// Whether there is a container whose command has the mark.
async fn is_left(mark: &str) -> bool {
    let all = ListContainersOptions {
        all: true,
        ..Default::default()
    };
    let left = docker().list_containers(Some(all)).await.unwrap();
    let ours = |command: &String| command.contains(mark);
    left.iter().any(|c| c.command.as_ref().is_some_and(ours))
}

#[tokio::test]
async fn a_dockerfile_that_cannot_be_read() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    write(folder.path(), &[("Dockerfile", "FORM x\n")]);
    let error = world
        .engine
        .build(&spec("a:b", folder.path()), QUIET, UNHEARD)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, EngineError::BuildFailed { last_lines, .. } if last_lines.contains("FORM")),
        "{error}"
    );
}

#[tokio::test]
async fn folders_and_dockerfiles_that_are_not_there() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    for (context, path) in [
        (folder.path().join("no"), folder.path().join("no")),
        (folder.path().to_owned(), folder.path().join("Dockerfile")),
    ] {
        let error = world
            .engine
            .build(&spec("a:b", &context), QUIET, UNHEARD)
            .await
            .unwrap_err();
        let path = path.display().to_string();
        assert_eq!(error, EngineError::PathNotFound { path });
    }
}

/// Everything that is special about a folder, seen from inside of the image.
#[tokio::test]
async fn the_context_arrives_as_it_is_but_for_what_is_ignored() {
    let world = World::new().await;
    let image = format!("{}:context", world.owner);
    let _unwanted = Unwanted(image.clone());
    let folder = TempDir::new().unwrap();
    let long = format!("{0}/{0}/file", "long".repeat(40));
    write(
        folder.path(),
        &[
            ("Dockerfile", &format!("FROM {IMAGE}\nCOPY . /context\n")),
            (
                ".dockerignore",
                "# rules\n*.log\n**/*.o\nbuild\n!build/keep\nDockerfile\n",
            ),
            ("a.log", ""),
            ("src/b.log", ""),
            ("src/c.o", ""),
            ("src/main.rs", ""),
            ("build/x/y", ""),
            ("build/keep", ""),
            ("sp ace/ü", "x"),
            (&long, ""),
            ("run", "#!/bin/sh\n"),
        ],
    );
    fs::set_permissions(folder.path().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    // Only root can give files away; others test with their own.
    chown(folder.path().join("run"), Some(1234), Some(1234)).ok();
    fs::create_dir(folder.path().join("empty")).unwrap();
    symlink("run", folder.path().join("link")).unwrap();
    symlink("/nowhere/at all", folder.path().join("broken")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    world
        .engine
        .build(&spec(&image, folder.path()), QUIET, UNHEARD)
        .await
        .unwrap();

    let script = "cd /context; find . ! -type d ! -type l | sort; find . -type l -print; \
                  find . -type d -name empty; find . ! -user 0; find . -perm 755 -type f";
    let mut run = world.script("main", script);
    run.image = image;
    let id = world.run(&run).await.unwrap();
    world.ended(&id).await;
    let output = world.engine.logs_tail(&id, 100).await.unwrap();
    let found: std::collections::BTreeSet<_> = output.lines().collect();
    let long = format!("./{long}");
    let expected = [
        "./.dockerignore",
        "./build/keep",
        "./sp ace/ü",
        "./src/b.log",
        "./src/main.rs",
        "./run",
        "./link",
        "./broken",
        "./empty",
        &long,
    ];
    assert_eq!(found, expected.into_iter().collect());
}
