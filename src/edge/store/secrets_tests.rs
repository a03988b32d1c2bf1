#![allow(clippy::expect_used, reason = "a test may")]

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::domain::deployment::{Deployment, Order};
use crate::domain::manifest::{self, parameters};
use crate::domain::time::WallTime;
use crate::edge::store::{Record, Store};

const SECRET: &str = "hush-hush";
const MANIFEST: &str = "
manifest: 1
name: arm
version: 1.0.0
parameters:
  token: {type: string, required: true, secret: true}
  open: {type: string, default: seen}
components: [{name: main, executables: [{name: node, image: i, command: ['${token}']}]}]
";

fn deployment(id: &str) -> Deployment {
    let mut documents = manifest::parse(MANIFEST, "").expect("it is valid");
    let package = documents.remove(0).package;
    let given = [("token".to_owned(), SECRET.to_owned())];
    let parameters = parameters::bind(&package, &given).expect("they fit");
    Deployment::new(Order {
        group: String::new(),
        ports: [].into(),
        revision: 1,
        update_id: String::new(),
        id: id.to_owned(),
        name: id.to_owned(),
        package,
        folder: None,
        parameters,
        bindings: Vec::new(),
        request_id: String::new(),
        created_at: WallTime(1),
    })
}

fn record(id: &str) -> Record {
    Record::of(&deployment(id)).expect("it is JSON")
}

fn open(folder: &TempDir) -> Store {
    Store::open(folder.path(), "first-id").expect("it can be opened")
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("secrets")).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_secret_is_in_one_file_that_only_its_user_can_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder);
    store.write(&[record("dep-1")], &[]).expect("written");

    let secrets = folder.path().join("secrets");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&secrets), 0o700);
    assert_eq!(mode(&secrets.join("dep-1.json")), 0o600);
    assert_eq!(names(&folder), ["dep-1.json"]);
    let mut looked_at = 0;
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("it can be read");
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(SECRET), "{}", path.display());
            looked_at += usize::from(text.contains("seen"));
        }
    }
    assert!(looked_at > 0);
    assert!(!format!("{:?}", record("dep-1")).contains(SECRET));

    drop(store);
    let read = open(&folder).deployments().expect("they can be read");
    assert_eq!(read.first(), Some(&deployment_as_saved("dep-1")));
}

fn deployment_as_saved(id: &str) -> Deployment {
    Deployment {
        saved: true,
        stop_saved: true,
        ..deployment(id)
    }
}

#[test]
fn a_secret_goes_with_its_deployment() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder);
    let records: Vec<Record> = ["dep-1", "dep-2", "dep-3"].map(record).into();
    store.write(&records, &[]).expect("written");
    let mut over = deployment("dep-1");
    over.phase = crate::domain::deployment::phase::Phase::Stopped;
    let over = Record::of(&over).expect("it is JSON");
    store
        .write(&[over], &["dep-2".to_owned()])
        .expect("written");
    assert_eq!(names(&folder), ["dep-3.json"]);

    // One that was written before a node was killed that had not answered yet.
    fs::copy(
        folder.path().join("secrets/dep-3.json"),
        folder.path().join("secrets/dep-4.json"),
    )
    .expect("copied");
    drop(store);
    drop(open(&folder));
    assert_eq!(names(&folder), ["dep-3.json"]);
}

#[test]
fn without_its_file_a_secret_is_not_known_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder);
    store.write(&[record("dep-1")], &[]).expect("written");
    drop(store);
    let file = folder.path().join("secrets/dep-1.json");
    for damage in [Some("{"), None] {
        match damage {
            Some(text) => fs::write(&file, text).expect("written"),
            None => fs::remove_file(&file).expect("removed"),
        }
        let store = open(&folder);
        assert_eq!(store.incomplete(), None);
        let read = store.deployments().expect("they can be read");
        let known: Vec<&String> = read[0].order.parameters.keys().collect();
        assert_eq!(known, ["open"]);
    }
}

#[test]
fn what_is_no_id_is_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder);
    store
        .write(&[record("../dep-1")], &[])
        .expect_err("it is no id");
    assert!(!folder.path().join("dep-1.json").exists());
}

#[test]
fn lost_deployments_keep_their_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder);
    store.write(&[record("dep-1")], &[]).expect("written");
    drop(store);
    fs::write(folder.path().join("shipmate.sqlite"), "no database").expect("written");
    let store = open(&folder);
    assert!(store.incomplete().is_some());
    let kept: Vec<String> = store.secrets().into_keys().collect();
    assert_eq!(kept, ["dep-1"]);
}
