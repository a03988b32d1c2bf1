//! The tables, version by version: a database of any earlier version is taken through every step
//! between, a new one through all of them.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};
use serde_json::{Map, Value};

use super::StoreError;
use super::damage::{Fault, fault};
use super::files::{sync, with_suffix};

/// One step: from the version that is its place in the list to the next.
type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

const STEPS: [Step; 2] = [from_nothing_to_1, from_1_to_2];

/// The version of the tables. A database of a later version is refused.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The tables of this version.
pub(super) const TABLES: [&str; 4] = ["packages", "deployments", "meta", "unreadable"];

fn from_nothing_to_1(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE packages (
            name TEXT NOT NULL, version TEXT NOT NULL,
            manifest TEXT NOT NULL, folder TEXT, registered_at INTEGER NOT NULL,
            PRIMARY KEY (name, version)
        );
        CREATE TABLE deployments (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, phase TEXT NOT NULL, record TEXT NOT NULL
        );",
    )
}

/// `meta` holds what concerns the whole, `unreadable` the rows that could not be understood. Of an
/// executable's first failure, version 1 kept only what was written before it.
fn from_1_to_2(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
        CREATE TABLE unreadable (
            kind TEXT NOT NULL, id TEXT, record, why TEXT NOT NULL, at TEXT NOT NULL
        );",
    )?;
    let mut rows = transaction.prepare("SELECT rowid, record FROM deployments")?;
    // What is no text is no JSON either; it is found when the rows are looked through.
    let records: Vec<(i64, Option<String>)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1).ok())))?
        .collect::<rusqlite::Result<_>>()?;
    for (row, record) in records {
        let parsed = record.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(mut deployment) = parsed {
            each_executable(&mut deployment, first_failure);
            transaction.execute(
                "UPDATE deployments SET record = ? WHERE rowid = ?",
                params![deployment.to_string(), row],
            )?;
        }
    }
    Ok(())
}

fn each_executable(deployment: &mut Value, change: fn(&mut Map<String, Value>)) {
    let components = deployment
        .get_mut("executables")
        .and_then(Value::as_array_mut);
    components
        .into_iter()
        .flatten()
        .filter_map(Value::as_array_mut)
        .flatten()
        .filter_map(Value::as_object_mut)
        .for_each(change);
}

/// The first failure is the last one if both wrote the same; else it is not known any more.
fn first_failure(executable: &mut Map<String, Value>) {
    let Some(written) = executable.remove("first_output") else {
        return;
    };
    let last = executable.get("last_exit").cloned().unwrap_or_default();
    if written != "" && last.get("last_output") == Some(&written) {
        executable.insert("first_failure".to_owned(), last);
    }
}

/// Brings a database of version `from` to this version, all or nothing. An old one is copied aside
/// first.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    from: usize,
    incomplete: Option<&str>,
) -> Result<(), Fault> {
    if from > 0 {
        let copy = copy_aside(connection, path, from)?;
        tracing::info!(
            "{} is brought from format {from} to {VERSION}; as it was, it lies in {}",
            path.display(),
            copy.display()
        );
    }
    let mut all = || {
        let transaction = connection.transaction()?;
        for step in STEPS.iter().skip(from) {
            step(&transaction)?;
        }
        if let Some(why) = incomplete {
            transaction.execute("INSERT INTO meta VALUES ('incomplete', ?)", [why])?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    all().map_err(fault(path))
}

fn copy_aside(connection: &Connection, path: &Path, version: usize) -> Result<PathBuf, Fault> {
    let copy = with_suffix(path, &format!(".v{version}.bak"));
    let half = with_suffix(&copy, ".new");
    let file_error = |error| Fault::Refused(StoreError::File(copy.clone(), error));
    match std::fs::remove_file(&half) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file_error(e)),
        Ok(()) | Err(_) => {}
    }
    let copied = connection.execute("VACUUM INTO ?", [half.to_string_lossy()]);
    copied.map_err(fault(path))?;
    sync(&half).map_err(file_error)?;
    std::fs::rename(&half, &copy).map_err(file_error)?;
    Ok(copy)
}
