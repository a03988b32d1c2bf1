//! Opening a state folder, in whatever state it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::damage::{Fault, check_pages, check_tables, fault, has_tables, is_torn, put_aside};
use super::files::{read_owner, size, write_owner};
use super::migrate::{VERSION, migrate};
use super::rows::{meta, set_meta, sort_out};
use super::secrets::SecretFiles;
use super::{Store, StoreError, files};
use crate::crash_point::crash_point;
use crate::domain::deployment::DeploymentId;

pub(super) fn open(folder: &Path, fresh_id: &str) -> Result<Store, StoreError> {
    let file_error = |e| StoreError::File(folder.to_owned(), e);
    std::fs::create_dir_all(folder).map_err(file_error)?;
    let lock = files::lock(folder)?;
    let path = folder.join("shipmate.sqlite");
    let id_file = folder.join("owner-id");
    // The id is written last: where it is, there was a database.
    let used_before = size(&id_file)? > 0;
    let connection = usable(&path, used_before)?;
    let database = |e| StoreError::Database(path.clone(), e);
    let owner = owner(&connection, &path, &id_file, fresh_id)?;
    let incomplete = meta(&connection, "incomplete").map_err(database)?;
    let mut secrets = SecretFiles::open(folder)?;
    if incomplete.is_none() {
        secrets.forget_others(&ids(&connection).map_err(database)?)?;
    }
    Ok(Store {
        connection,
        path,
        owner,
        incomplete,
        secrets,
        _lock: lock,
    })
}

/// The deployments that are remembered.
fn ids(connection: &Connection) -> rusqlite::Result<BTreeSet<DeploymentId>> {
    let mut statement = connection.prepare("SELECT id FROM deployments")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    ids.collect()
}

/// The database, or a new one when what is there is damaged.
fn usable(path: &Path, used_before: bool) -> Result<Connection, StoreError> {
    let lost = || format!("{} was lost", path.display());
    let opened = match is_torn(path)? {
        true => Err(Fault::Damaged("the file itself is missing".to_owned())),
        false => ready(path, used_before.then(lost).as_deref()),
    };
    let why = match opened {
        Ok(connection) => return Ok(connection),
        Err(Fault::Refused(error)) => return Err(error),
        Err(Fault::Damaged(why)) => why,
    };
    let aside = put_aside(path)?;
    let told = format!(
        "{} was damaged ({why}); it was put aside as {}",
        path.display(),
        aside.display()
    );
    tracing::error!("{told}, and a new one is begun");
    let begun = ready(path, Some(&told));
    crash_point("begun-anew");
    match begun {
        Ok(connection) => Ok(connection),
        Err(Fault::Refused(error)) => Err(error),
        Err(Fault::Damaged(why)) => Err(StoreError::Disk(path.to_owned(), why)),
    }
}

/// The database, of this version, with nothing in it that cannot be read. If it is empty, `lost`
/// says why that is no wonder only of a new one.
fn ready(path: &Path, lost: Option<&str>) -> Result<Connection, Fault> {
    let mut connection = connect(path)?;
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(fault(path))?;
    if version > VERSION {
        let error = StoreError::TooNew(path.to_owned(), version);
        return Err(Fault::Refused(error));
    }
    let from = usize::try_from(version)
        .map_err(|_| Fault::Damaged(format!("there is no format {version}")))?;
    if from == 0 && has_tables(&connection, path)? {
        return Err(Fault::Damaged("it is not shipmate's".to_owned()));
    }
    check_pages(&connection, path)?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(fault(path))?;
    if version < VERSION {
        let lost = lost.filter(|_| from == 0);
        if let Some(why) = lost {
            tracing::error!("{why}");
        }
        migrate(&mut connection, path, from, lost)?;
    }
    check_tables(&connection, path)?;
    sort_out(&mut connection).map_err(fault(path))?;
    keep_changes_apart(&connection, false).map_err(fault(path))?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open(path).map_err(fault(path))?;
    let set_up = || {
        connection.busy_timeout(Duration::from_secs(5))?;
        // What turns out to be damaged or too new stays as it is.
        keep_changes_apart(&connection, true)?;
        connection.is_readonly("main")
    };
    if set_up().map_err(fault(path))? {
        let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        return Err(Fault::Refused(StoreError::File(path.to_owned(), error)));
    }
    Ok(connection)
}

/// Whether the file beside the database with the latest changes is left alone when it is closed, or
/// put into the database and removed.
fn keep_changes_apart(connection: &Connection, keep: bool) -> rusqlite::Result<()> {
    let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(option, keep).map(drop)
}

/// The id of this shipmate, from the file or from the database, whichever is left. Both have it
/// then; the file last, since it says that there is a database.
fn owner(
    connection: &Connection,
    path: &Path,
    id_file: &Path,
    fresh_id: &str,
) -> Result<String, StoreError> {
    let database = |e| StoreError::Database(path.to_owned(), e);
    let in_file = read_owner(id_file)?;
    let in_database = meta(connection, "owner").map_err(database)?;
    if let (None, Some(_)) = (&in_file, &in_database) {
        tracing::warn!("{} was lost; it is written again", id_file.display());
    }
    let owner = in_file
        .clone()
        .or_else(|| in_database.clone())
        .unwrap_or_else(|| fresh_id.to_owned());
    if in_database.as_ref() != Some(&owner) {
        set_meta(connection, "owner", &owner).map_err(database)?;
    }
    if in_file.is_none() {
        write_owner(id_file, &owner)?;
    }
    Ok(owner)
}
