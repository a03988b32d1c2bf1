#![allow(clippy::expect_used, reason = "a test may")]

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::{Order, Wanted};
use crate::domain::manifest;
use crate::domain::time::WallTime;

const FIRST_ID: &str = "first-id";
const MANIFEST: &str = "
manifest: 1
name: arm
version: 1.0.0
components:
  - name: main
    executables: [{name: node, image: robots/arm, command: [run]}]
";

struct Folder {
    place: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            place: tempfile::tempdir().expect("a folder"),
        }
    }

    /// One with a package and so many deployments in it, and nothing beside the database.
    fn with_deployments(count: usize) -> Self {
        let folder = Self::new();
        let mut store = folder.open();
        store.register(&[catalogued()]).expect("written");
        let records: Vec<_> = (0..count).map(|number| record(&id(number))).collect();
        store.write(&records, &[]).expect("written");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn database(&self) -> PathBuf {
        self.path("shipmate.sqlite")
    }

    fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(self.place.path(), FIRST_ID)
    }

    fn open(&self) -> Store {
        self.try_open().expect("it can be opened")
    }

    fn sql(&self, statements: &str) {
        let connection = Connection::open(self.database()).expect("a database");
        connection.execute_batch(statements).expect("valid SQL");
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.place.path()).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

fn id(number: usize) -> String {
    format!("dep-{number:06}")
}

fn catalogued() -> CataloguedPackage {
    let documents = manifest::parse(MANIFEST, "").expect("it is valid");
    CataloguedPackage {
        package: documents.into_iter().next().expect("one").package,
        text: MANIFEST.to_owned(),
        folder: None,
        registered_at: WallTime(7),
    }
}

fn deployment(id: &str) -> Deployment {
    Deployment::new(Order {
        revision: 1,
        update_id: String::new(),
        id: id.to_owned(),
        name: format!("arm-{id}"),
        package: catalogued().package,
        folder: None,
        parameters: [].into(),
        bindings: Vec::new(),
        ports: [].into(),
        group: String::new(),
        request_id: String::new(),
        created_at: WallTime(8),
    })
}

fn record(id: &str) -> Record {
    Record::of(&deployment(id)).expect("it is JSON")
}

fn ids(store: &Store) -> Vec<String> {
    let all = store.deployments().expect("they can be read");
    let mut ids: Vec<String> = all.into_iter().map(|d| d.order.id).collect();
    ids.sort();
    ids
}

#[test]
fn what_is_written_is_read_again() {
    let folder = Folder::with_deployments(2);
    let mut store = folder.open();
    assert_eq!(ids(&store), [id(0), id(1)]);
    assert_eq!(store.packages().expect("read"), [catalogued()]);
    let read = store.deployments().expect("read");
    let records: Vec<Record> = read
        .iter()
        .map(|d| Record::of(d).expect("it is JSON"))
        .collect();
    assert_eq!(records, [record(&id(0)), record(&id(1))]);
    store.write(&[record(&id(2))], &[id(0)]).expect("written");
    let version = catalogued().package.version;
    store
        .unregister(&[("arm".to_owned(), version)])
        .expect("written");
    drop(store);
    let store = folder.open();
    assert_eq!(ids(&store), [id(1), id(2)]);
    assert_eq!(store.packages().expect("read"), []);
    assert_eq!(store.incomplete(), None);
}

#[test]
fn a_folder_has_one_user() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(matches!(folder.try_open(), Err(StoreError::Locked(_))));
    drop(store);
    folder.open();
}

#[test]
fn what_version_1_wrote_is_read_and_copied_aside() {
    let folder = Folder::new();
    folder.sql(include_str!("v1.sql"));
    fs::write(folder.path("owner-id"), "the-robot\n").expect("written");

    let store = folder.open();

    assert_eq!((store.incomplete(), store.owner()), (None, "the-robot"));
    let mut all = store.deployments().expect("they can be read");
    all.sort_by_key(|d| d.order.id.clone());
    let phases: Vec<Phase> = all.iter().map(|d| d.phase).collect();
    assert_eq!(
        phases,
        [Phase::Succeeded, Phase::Provisioning, Phase::Stopped]
    );
    assert_eq!(all[2].wanted, Wanted::Stopped);
    let states: Vec<_> = all[0].states().map(|(_, state)| state).collect();
    assert!(states[0].first_failure.is_some());
    assert_eq!(states[0].first_failure, states[0].last_exit);
    let packages = store.packages().expect("they can be read");
    assert_eq!(packages[0].package, all[0].order.package);
    drop(store);
    let copy = Connection::open(folder.path("shipmate.sqlite.v1.bak")).expect("a copy");
    let old: (i64, String) = copy
        .query_row(
            "SELECT user_version, record FROM pragma_user_version, deployments",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("it is whole");
    assert_eq!(old.0, 1);
    assert!(old.1.contains("first_output"));
    assert_eq!(folder.open().incomplete(), None);
}

#[test]
fn an_unknown_first_failure_is_not_made_up() {
    let folder = Folder::new();
    folder.sql(include_str!("v1.sql"));
    folder.sql("UPDATE deployments SET record = replace(record, '\"first_output\":\"too hot\"', '\"first_output\":\"too cold\"')");
    let all = folder.open().deployments().expect("they can be read");
    assert_eq!(all.len(), 3);
    for (_, state) in all.iter().flat_map(Deployment::states) {
        assert_eq!(state.first_failure, None);
    }
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let folder = Folder::new();
    folder.sql(include_str!("v1.sql"));
    // It stands where the copy belongs.
    fs::create_dir_all(folder.path("shipmate.sqlite.v1.bak/in-the-way")).expect("made");
    assert!(matches!(folder.try_open(), Err(StoreError::File(..))));
    fs::remove_dir_all(folder.path("shipmate.sqlite.v1.bak")).expect("removed");
    folder.sql("CREATE TABLE meta (in_the_way)");
    assert!(matches!(folder.try_open(), Err(StoreError::Database(..))));
    folder.sql("DROP TABLE meta");
    assert_eq!(ids(&folder.open()).len(), 3);
}

#[test]
fn a_later_version_is_refused_and_left_as_it_is() {
    let folder = Folder::with_deployments(1);
    folder.sql("PRAGMA user_version = 99");
    let before = fs::read(folder.database()).expect("a file");
    let error = folder.try_open().err().expect("it is refused");
    assert!(matches!(error, StoreError::TooNew(_, 99)));
    assert!(error.to_string().contains("install that version"));
    assert_eq!(fs::read(folder.database()).expect("a file"), before);
    folder.sql("PRAGMA user_version = 2");
    assert_eq!(ids(&folder.open()), [id(0)]);
}

type Damage = fn(&mut Vec<u8>);

/// Ways to damage a database of many pages.
fn damages() -> [(&'static str, Damage); 7] {
    [
        ("no database", |bytes| *bytes = b"not a database".repeat(99)),
        ("its head", |bytes| bytes[..16].fill(0)),
        ("cut off", |bytes| bytes.truncate(bytes.len() / 2)),
        ("almost all cut off", |bytes| bytes.truncate(100)),
        ("empty", Vec::clear),
        ("pages zeroed", |bytes| {
            let half = bytes.len() / 2;
            bytes[half..].fill(0);
        }),
        ("the list of tables", |bytes| bytes[100..4096].fill(0xff)),
    ]
}

#[test]
fn what_is_damaged_is_put_aside_and_told() {
    for (what, damage) in damages() {
        let folder = Folder::with_deployments(200);
        let owner = folder.open().owner().to_owned();
        let mut bytes = fs::read(folder.database()).expect("a file");
        damage(&mut bytes);
        fs::write(folder.database(), &bytes).expect("written");

        let mut store = folder.open();

        let why = store.incomplete().unwrap_or_default().to_owned();
        if what == "empty" {
            assert!(why.contains("was lost"), "{what}: {why}");
        } else {
            let aside = folder.path("shipmate.sqlite.damaged-1");
            assert!(why.contains(&aside.display().to_string()), "{what}: {why}");
            assert_eq!(fs::read(aside).expect("it is there"), bytes, "{what}");
        }
        assert_eq!(store.owner(), owner, "{what}");
        assert_eq!(ids(&store), [""; 0], "{what}");
        // Until it is complete again, that is not forgotten.
        store.write(&[record("dep-new")], &[]).expect("written");
        drop(store);
        let mut store = folder.open();
        assert_eq!(store.incomplete(), Some(why.as_str()), "{what}");
        store.complete().expect("written");
        drop(store);
        let store = folder.open();
        assert_eq!(store.incomplete(), None, "{what}");
        assert_eq!(ids(&store), ["dep-new"], "{what}");
    }
}

#[test]
fn changes_that_lie_beside_a_damaged_database_are_kept() {
    let folder = Folder::with_deployments(1);
    let mut store = folder.open();
    store.write(&[record("dep-late")], &[]).expect("written");
    // As after a kill: the changes are in the second file only.
    let killed = Folder::new();
    for name in ["shipmate.sqlite", "shipmate.sqlite-wal", "owner-id"] {
        fs::copy(folder.path(name), killed.path(name)).expect("copied");
    }
    let late = fs::read(killed.path("shipmate.sqlite-wal")).expect("a file");
    assert!(!late.is_empty());
    let mut bytes = fs::read(killed.database()).expect("a file");
    bytes[..16].fill(0);
    fs::write(killed.database(), &bytes).expect("written");

    let store = killed.open();

    let aside = |suffix| fs::read(killed.path(&format!("shipmate.sqlite.damaged-1{suffix}")));
    assert!(store.incomplete().is_some());
    assert_eq!(aside("").expect("kept"), bytes);
    assert_eq!(aside("-wal").expect("kept"), late);
}

#[test]
fn an_interrupted_putting_aside_is_finished() {
    let folder = Folder::with_deployments(1);
    fs::rename(folder.database(), folder.path("shipmate.sqlite.damaged-1")).expect("renamed");
    fs::write(folder.path("shipmate.sqlite-wal"), "changes").expect("written");
    let store = folder.open();
    assert!(store.incomplete().is_some());
    let kept = fs::read(folder.path("shipmate.sqlite.damaged-2-wal"));
    assert_eq!(kept.expect("kept"), b"changes");
}

#[test]
fn a_database_that_was_taken_away_is_missed() {
    let folder = Folder::with_deployments(1);
    fs::remove_file(folder.database()).expect("removed");
    assert!(
        folder
            .open()
            .incomplete()
            .is_some_and(|why| why.contains("was lost"))
    );
    assert_eq!(Folder::new().open().incomplete(), None);
}

#[test]
fn two_damages_are_two_files() {
    let folder = Folder::with_deployments(1);
    for _ in 0..2 {
        fs::write(folder.database(), "rubbish").expect("written");
        folder.open();
    }
    let aside: Vec<String> = folder.names();
    assert!(aside.contains(&"shipmate.sqlite.damaged-1".to_owned()));
    assert!(aside.contains(&"shipmate.sqlite.damaged-2".to_owned()));
}

#[test]
fn the_database_of_something_else_is_not_written_to() {
    let folder = Folder::new();
    folder.sql("CREATE TABLE packages (weight)");
    let bytes = fs::read(folder.database()).expect("a file");
    let store = folder.open();
    assert!(store.incomplete().is_some());
    assert_eq!(store.packages().expect("read"), []);
    let aside = fs::read(folder.path("shipmate.sqlite.damaged-1"));
    assert_eq!(aside.expect("it is there"), bytes);
}

#[test]
fn a_missing_table_is_damage() {
    let folder = Folder::with_deployments(1);
    folder.sql("DROP TABLE deployments");
    let store = folder.open();
    assert!(
        store
            .incomplete()
            .is_some_and(|why| why.contains("deployments is missing"))
    );
}

#[test]
fn what_cannot_be_opened_is_not_damaged() {
    let folder = Folder::new();
    fs::create_dir(folder.database()).expect("made");
    let before = folder.names();
    assert!(matches!(folder.try_open(), Err(StoreError::Database(..))));
    assert_eq!(
        folder.names().len(),
        before.len() + 1,
        "only the lock is new"
    );
    assert!(folder.database().is_dir());

    let file = folder.path("a-file");
    fs::write(&file, "").expect("written");
    let error = Store::open(&file, FIRST_ID).err();
    assert!(matches!(error, Some(StoreError::File(..))));
}

/// Changes to a row that make it unreadable, and what is said then.
const ROWS: [(&str, &str); 7] = [
    ("record = 'rubbish'", "expected value"),
    ("record = substr(record, 1, 100)", "EOF"),
    ("record = x'ff00'", "Invalid column type"),
    (
        "record = replace(record, '\"InProgress\"', '\"Dreaming\"')",
        "Dreaming",
    ),
    (
        "record = replace(record, '\"wanted\"', '\"unwanted\"')",
        "wanted",
    ),
    (
        "record = replace(record, '\"canceled\"', '\"wings\":2,\"canceled\"')",
        "wings",
    ),
    (
        "record = replace(record, '\"id\":\"dep-000001\"', '\"id\":\"dep-7\"')",
        "dep-7",
    ),
];

#[test]
fn one_row_does_not_take_the_others_with_it() {
    for (change, said) in ROWS {
        let folder = Folder::with_deployments(3);
        folder.sql(&format!(
            "UPDATE deployments SET {change} WHERE id = 'dep-000001'"
        ));

        let store = folder.open();

        assert_eq!(ids(&store), [id(0), id(2)], "{change}");
        let why = store.incomplete().unwrap_or_default();
        assert!(why.contains("dep-000001"), "{change}: {why}");
        assert_eq!(store.packages().expect("read").len(), 1);
        let moved: (String, String, String) = store
            .connection
            .query_row(
                "SELECT kind, id, why FROM unreadable WHERE record NOT NULL AND at NOT NULL",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .expect("it was moved");
        assert_eq!(
            (moved.0.as_str(), moved.1.as_str()),
            ("deployment", "dep-000001")
        );
        assert!(moved.2.contains(said), "{change}: {}", moved.2);
        assert!(!folder.path("shipmate.sqlite.damaged-1").exists());
        drop(store);
        assert!(folder.open().incomplete().is_some());
    }
}

#[test]
fn a_package_that_is_not_valid_any_more_is_no_lost_deployment() {
    let folder = Folder::with_deployments(1);
    folder.sql("INSERT INTO packages VALUES ('leg', '2.0.0', 'manifest: 0', NULL, 0)");
    folder.sql("INSERT INTO packages SELECT 'foot', version, manifest, folder, 0 FROM packages WHERE name = 'arm'");
    let store = folder.open();
    assert_eq!(store.incomplete(), None);
    assert_eq!(store.packages().expect("read"), [catalogued()]);
    let mut moved = store
        .connection
        .prepare("SELECT id FROM unreadable WHERE kind = 'package' ORDER BY id")
        .expect("valid SQL");
    let moved: Vec<String> = moved
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .expect("rows");
    assert_eq!(moved, ["foot 1.0.0", "leg 2.0.0"]);
}

#[test]
fn the_id_is_in_two_places() {
    let folder = Folder::new();
    assert_eq!(folder.open().owner(), FIRST_ID);
    let again = || {
        Store::open(folder.place.path(), "another-id")
            .expect("opened")
            .owner()
            .to_owned()
    };
    let id_file = folder.path("owner-id");
    fs::remove_file(&id_file).expect("removed");
    assert_eq!(again(), FIRST_ID);
    fs::write(&id_file, b"\xff\x00 rubbish").expect("written");
    assert_eq!(again(), FIRST_ID);
    assert_eq!(
        fs::read_to_string(&id_file).expect("a file"),
        format!("{FIRST_ID}\n")
    );
    fs::remove_file(folder.database()).expect("removed");
    assert_eq!(again(), FIRST_ID);
    fs::remove_file(folder.database()).expect("removed");
    fs::remove_file(&id_file).expect("removed");
    assert_eq!(again(), "another-id");
}
