//! What is damaged, and what is only out of reach: the first is put aside, the second is left alone.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::StoreError;
use super::files::{size, sync, with_suffix};
use super::migrate::TABLES;
use crate::crash_point::crash_point;

/// A database is up to three files; the first has no suffix.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Why a database cannot be used.
pub(super) enum Fault {
    /// What is in it is not what was written, for this reason.
    Damaged(String),
    /// It could not be read or written, or may not be.
    Refused(StoreError),
}

/// Tells damage from a full disk, a missing permission and the like.
pub(super) fn fault(path: &Path) -> impl Fn(rusqlite::Error) -> Fault {
    let path = path.to_owned();
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Fault::Damaged(error.to_string())
        }
        _ => Fault::Refused(StoreError::Database(path.clone(), error)),
    }
}

/// Looks at every page, except for whether indexes fit their tables.
pub(super) fn check_pages(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(fault(path))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(Fault::Damaged(found)),
    }
}

/// Whether a database has any table.
pub(super) fn has_tables(connection: &Connection, path: &Path) -> Result<bool, Fault> {
    connection
        .query_row("SELECT EXISTS (SELECT * FROM sqlite_master)", [], |row| {
            row.get(0)
        })
        .map_err(fault(path))
}

/// Makes sure that every table is there.
pub(super) fn check_tables(connection: &Connection, path: &Path) -> Result<(), Fault> {
    for table in TABLES {
        let found: bool = connection
            .query_row(
                "SELECT EXISTS (SELECT * FROM sqlite_master WHERE type = 'table' AND name = ?)",
                [table],
                |row| row.get(0),
            )
            .map_err(fault(path))?;
        if !found {
            return Err(Fault::Damaged(format!("its table {table} is missing")));
        }
    }
    Ok(())
}

/// Whether changes lie there without the database that they belong to: it was taken away, or a
/// putting aside was interrupted.
pub(super) fn is_torn(path: &Path) -> Result<bool, StoreError> {
    Ok(size(path)? == 0 && size(&with_suffix(path, "-wal"))? > 0)
}

/// Renames a damaged database, under the first number that is free. Nothing is deleted: somebody
/// may get something out of it.
pub(super) fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let mut number = 1;
    let aside = loop {
        let name = with_suffix(path, &format!(".damaged-{number}"));
        if !taken(&name)? {
            break name;
        }
        number += 1;
    };
    for suffix in SUFFIXES {
        let file = with_suffix(path, suffix);
        match std::fs::rename(&file, with_suffix(&aside, suffix)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::File(file, e));
            }
            Ok(()) | Err(_) => {}
        }
        crash_point("put-aside");
    }
    if let Some(folder) = path.parent() {
        sync(folder).map_err(|e| StoreError::File(folder.to_owned(), e))?;
    }
    Ok(aside)
}

fn taken(name: &Path) -> Result<bool, StoreError> {
    for suffix in SUFFIXES {
        let file = with_suffix(name, suffix);
        if file
            .try_exists()
            .map_err(|e| StoreError::File(file.clone(), e))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
