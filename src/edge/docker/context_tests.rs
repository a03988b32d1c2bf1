#![allow(clippy::unwrap_used)]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("Dockerfile"), "FROM a").unwrap();
    fs::write(folder.path().join("file"), "text").unwrap();
    symlink("file", folder.path().join("link")).unwrap();
    folder
}

async fn of(folder: &TempDir) -> String {
    let path = folder.path().to_owned();
    digest(path, "Dockerfile".to_owned()).await.unwrap()
}

#[tokio::test]
async fn what_decides_the_image_is_in_the_digest_and_times_are_not() {
    let folder = folder();
    let first = of(&folder).await;
    let file = folder.path().join("file");
    let opened = File::options().write(true).open(&file).unwrap();
    let past = SystemTime::now() - Duration::from_secs(10_000);
    opened.set_modified(past).unwrap();
    assert_eq!(of(&folder).await, first);

    let changes: [&dyn Fn(); 5] = [
        &|| fs::write(&file, "tEXt").unwrap(),
        &|| fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).unwrap(),
        &|| fs::rename(&file, folder.path().join("filf")).unwrap(),
        &|| {
            fs::remove_file(folder.path().join("link")).unwrap();
            symlink("filf", folder.path().join("link")).unwrap();
        },
        &|| fs::create_dir(folder.path().join("empty")).unwrap(),
    ];
    let mut known = vec![first];
    for change in changes {
        change();
        let next = of(&folder).await;
        assert!(!known.contains(&next));
        known.push(next);
    }
    fs::write(folder.path().join(".dockerignore"), "noise\n").unwrap();
    let last = of(&folder).await;
    fs::write(folder.path().join("noise"), "").unwrap();
    assert_eq!(of(&folder).await, last, "what is ignored changes nothing");
}

#[tokio::test]
async fn an_archive_of_another_content_is_never_whole() {
    let folder = folder();
    let read = of(&folder).await;
    let path = folder.path().to_owned();
    for (expected, whole) in [(Some(read), true), (None, true), (Some("x".into()), false)] {
        let (chunks, packing) = pack(path.clone(), "Dockerfile".to_owned(), expected);
        let chunks: Vec<_> = chunks.collect().await;
        assert_eq!(packing.await.unwrap().unwrap(), whole);
        assert_eq!(chunks.iter().all(Result::is_ok), whole);
        let bytes: Vec<u8> = chunks.into_iter().flatten().flatten().collect();
        let ended = bytes.ends_with(&[0; 1024]);
        assert_eq!(ended, whole);
    }
}
