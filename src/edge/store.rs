//! What survives the node: a folder with an SQLite database, which users can look into with
//! `sqlite3`, the id that is on every container, and a lock.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use semver::Version;

use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::Deployment;
use crate::domain::manifest;
use crate::domain::time::WallTime;

/// The version of the tables. A database of a later version is refused.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE packages (
    name TEXT NOT NULL, version TEXT NOT NULL,
    manifest TEXT NOT NULL, folder TEXT, registered_at INTEGER NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE TABLE deployments (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, phase TEXT NOT NULL, record TEXT NOT NULL
);
";

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another node holds it.
    #[error(
        "the state folder {0} is used by another shipmate; stop that one, or give this one \
         another folder with the parameter `state_folder`"
    )]
    Locked(PathBuf),
    /// A file could not be read or written.
    #[error("{0}: {1}; check that the folder can be written and that its disk is not full")]
    File(PathBuf, std::io::Error),
    /// The database failed.
    #[error("{0}: {1}; if its disk is full, free some space")]
    Database(PathBuf, rusqlite::Error),
    /// The database is of a later version.
    #[error(
        "{0} was written by a later shipmate (format {1}, this one reads {VERSION}); install that \
         version, or give another folder with the parameter `state_folder`"
    )]
    TooNew(PathBuf, i64),
    /// A row cannot be understood.
    #[error("{0}: {1} cannot be read: {2}; move the file away to start anew")]
    Row(PathBuf, String, String),
}

/// The state folder, open and locked.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    owner: String,
    // Held for its lock, which the kernel gives back however this process ends.
    _lock: File,
}

/// A deployment as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    id: String,
    name: String,
    phase: &'static str,
    json: String,
}

impl Record {
    /// What is written of a deployment.
    ///
    /// # Errors
    /// When it cannot be put into JSON, which would be a mistake of shipmate's.
    pub fn of(deployment: &Deployment) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: deployment.order.id.clone(),
            name: deployment.order.name.clone(),
            phase: deployment.phase.name(),
            json: serde_json::to_string(deployment)?,
        })
    }
}

impl Store {
    /// Opens a state folder, and makes it when it does not exist. `fresh_id` names this shipmate
    /// when the folder is new.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing was changed then.
    pub fn open(folder: &Path, fresh_id: &str) -> Result<Self, StoreError> {
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |error| StoreError::File(path, error)
        };
        std::fs::create_dir_all(folder).map_err(file_error(folder))?;
        let lock = lock(&folder.join("lock"), folder)?;
        let owner = owner(&folder.join("owner-id"), fresh_id)?;
        let path = folder.join("shipmate.sqlite");
        let connection = connect(&path)?;
        Ok(Self {
            connection,
            path,
            owner,
            _lock: lock,
        })
    }

    /// The id that is on every container of this shipmate.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Every package that was registered.
    ///
    /// # Errors
    /// When the database cannot be read, or a manifest in it is not valid any more.
    pub fn packages(&self) -> Result<Vec<CataloguedPackage>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT manifest, folder, registered_at FROM packages")
            .map_err(|e| self.database(e))?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(|e| self.database(e))?;
        rows.map(|row| self.package(row.map_err(|e| self.database(e))?))
            .collect()
    }

    fn package(
        &self,
        (text, folder, registered_at): (String, Option<String>, i64),
    ) -> Result<CataloguedPackage, StoreError> {
        let unreadable =
            |why: String| StoreError::Row(self.path.clone(), "a package".to_owned(), why);
        let document = manifest::parse(&text, "")
            .map_err(|problems| {
                unreadable(
                    problems
                        .first()
                        .map_or_else(String::new, ToString::to_string),
                )
            })?
            .into_iter()
            .next()
            .ok_or_else(|| unreadable("it is empty".to_owned()))?;
        Ok(CataloguedPackage {
            package: document.package,
            text,
            folder,
            registered_at: WallTime(registered_at),
        })
    }

    /// Every deployment that is remembered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deployments(&self) -> Result<Vec<Deployment>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT id, record FROM deployments")
            .map_err(|e| self.database(e))?;
        let rows = statement
            .query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .map_err(|e| self.database(e))?;
        rows.map(|row| {
            let (id, record) = row.map_err(|e| self.database(e))?;
            serde_json::from_str(&record).map_err(|e| {
                StoreError::Row(self.path.clone(), format!("deployment {id}"), e.to_string())
            })
        })
        .collect()
    }

    /// Writes deployments and forgets others, all or nothing; on the disk when it returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn write(&mut self, records: &[Record], forgotten: &[String]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let database = |e| StoreError::Database(path.clone(), e);
        let transaction = self.connection.transaction().map_err(database)?;
        for record in records {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO deployments VALUES (?, ?, ?, ?)")
                .and_then(|mut s| {
                    s.execute(params![record.id, record.name, record.phase, record.json])
                })
                .map_err(database)?;
        }
        for id in forgotten {
            transaction
                .execute("DELETE FROM deployments WHERE id = ?", [id])
                .map_err(database)?;
        }
        transaction.commit().map_err(database)
    }

    /// Writes packages, all or none; on the disk when it returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn register(&mut self, packages: &[CataloguedPackage]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let database = |e| StoreError::Database(path.clone(), e);
        let transaction = self.connection.transaction().map_err(database)?;
        for p in packages {
            transaction
                .execute(
                    "INSERT OR REPLACE INTO packages VALUES (?, ?, ?, ?, ?)",
                    params![
                        p.package.name,
                        p.package.version.to_string(),
                        p.text,
                        p.folder,
                        p.registered_at.0
                    ],
                )
                .map_err(database)?;
        }
        transaction.commit().map_err(database)
    }

    /// Takes packages out, all or none.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn unregister(&mut self, packages: &[(String, Version)]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let database = |e| StoreError::Database(path.clone(), e);
        let transaction = self.connection.transaction().map_err(database)?;
        for (name, version) in packages {
            transaction
                .execute(
                    "DELETE FROM packages WHERE name = ? AND version = ?",
                    params![name, version.to_string()],
                )
                .map_err(database)?;
        }
        transaction.commit().map_err(database)
    }

    fn database(&self, error: rusqlite::Error) -> StoreError {
        StoreError::Database(self.path.clone(), error)
    }
}

fn lock(path: &Path, folder: &Path) -> Result<File, StoreError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| StoreError::File(path.to_owned(), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(folder.to_owned())),
        Err(TryLockError::Error(e)) => Err(StoreError::File(path.to_owned(), e)),
    }
}

/// Reads this shipmate's id. It lies beside the database, so that containers are recognised even
/// when the database is lost.
fn owner(path: &Path, fresh_id: &str) -> Result<String, StoreError> {
    let error = |e| StoreError::File(path.to_owned(), e);
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(error(e)),
        Ok(_) | Err(_) => {
            // Written aside and renamed, so that a half-written id is never read.
            let aside = path.with_extension("new");
            std::fs::write(&aside, format!("{fresh_id}\n")).map_err(error)?;
            File::open(&aside)
                .and_then(|f| f.sync_all())
                .map_err(error)?;
            std::fs::rename(&aside, path).map_err(error)?;
            Ok(fresh_id.to_owned())
        }
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let database = |e| StoreError::Database(path.to_owned(), e);
    let connection = Connection::open(path).map_err(database)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(database)?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(database)?;
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .optional()
        .map_err(database)?
        .unwrap_or_default();
    match version {
        VERSION => {}
        0 => connection
            .execute_batch(&format!(
                "BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
            ))
            .map_err(database)?,
        later => return Err(StoreError::TooNew(path.to_owned(), later)),
    }
    Ok(connection)
}
