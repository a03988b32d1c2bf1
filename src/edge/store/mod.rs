//! What survives the node: a folder with an SQLite database, which users can look into with
//! `sqlite3`, the id that is on every container, and a lock.

mod damage;
mod files;
mod migrate;
mod open;
mod rows;
mod secrets;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params};
use semver::Version;

use crate::crash_point::crash_point;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::{Deployment, DeploymentId, Wanted};
use crate::domain::manifest::values::Secrets;
use migrate::VERSION;
use rows::Read;
use secrets::SecretFiles;

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
    #[error("{0}: a row of its {1} cannot be read: {2}")]
    Row(PathBuf, &'static str, String),
    /// What was just written is damaged already.
    #[error("{0} is damaged as soon as it is written: {1}; check the disk")]
    Disk(PathBuf, String),
}

/// The state folder, open and locked.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    owner: String,
    incomplete: Option<String>,
    secrets: SecretFiles,
    // Held for its lock, which the kernel gives back however this process ends.
    _lock: File,
}

/// A deployment as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    id: String,
    name: String,
    phase: &'static str,
    wanted: Wanted,
    change: u32,
    ports: bool,
    json: String,
    secrets: Secrets,
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
            wanted: deployment.wanted,
            change: deployment.change,
            ports: !deployment.order.ports.is_empty(),
            json: serde_json::to_string(deployment)?,
            secrets: match deployment.is_over() {
                true => Secrets::default(),
                false => deployment.secrets(),
            },
        })
    }

    /// Whether the ports that were picked for the deployment are in what is written.
    pub fn has_ports(&self) -> bool {
        self.ports
    }

    /// What is wanted of the deployment, in what is written.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// How many steps of updates there were, in what is written.
    pub fn change(&self) -> u32 {
        self.change
    }
}

impl Store {
    /// Opens a state folder, and makes it when it does not exist. `fresh_id` names this shipmate
    /// when the folder is new.
    ///
    /// What is damaged is put aside, never deleted, and a new database begun; see
    /// [`incomplete`](Self::incomplete).
    ///
    /// # Errors
    /// See [`StoreError`]; what is in the folder was not changed then.
    pub fn open(folder: &Path, fresh_id: &str) -> Result<Self, StoreError> {
        open::open(folder, fresh_id)
    }

    /// Why there may be more deployments than this knows of: it was damaged or lost. That holds
    /// over restarts, until [`complete`](Self::complete) says otherwise.
    pub fn incomplete(&self) -> Option<&str> {
        self.incomplete.as_deref()
    }

    /// Notes that what was missing has been found, as far as it can be, and was written.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn complete(&mut self) -> Result<(), StoreError> {
        if self.incomplete.is_none() {
            return Ok(());
        }
        self.connection
            .execute("DELETE FROM meta WHERE key = 'incomplete'", [])
            .map_err(|e| self.database(e))?;
        self.incomplete = None;
        Ok(())
    }

    /// The folder for what builds say.
    pub fn builds_folder(&self) -> PathBuf {
        self.path.with_file_name("builds")
    }

    /// The id that is on every container of this shipmate.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Every package that was registered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn packages(&self) -> Result<Vec<CataloguedPackage>, StoreError> {
        self.all("packages", rows::PACKAGE, rows::package)
    }

    /// Every deployment that is remembered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deployments(&self) -> Result<Vec<Deployment>, StoreError> {
        let mut all = self.all("deployments", rows::DEPLOYMENT, rows::deployment)?;
        for deployment in &mut all {
            if let Some(secrets) = self.secrets.all().get(&deployment.order.id) {
                deployment.take_secrets(secrets);
            }
        }
        Ok(all)
    }

    /// The secrets of each deployment, also of those that are missing in the database.
    pub fn secrets(&self) -> BTreeMap<DeploymentId, Secrets> {
        self.secrets.all().clone()
    }

    fn all<T>(
        &self,
        table: &'static str,
        columns: &str,
        read: fn(&Row<'_>) -> Read<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {columns} FROM {table}"))
            .map_err(|e| self.database(e))?;
        let rows = statement
            .query_map([], |row| Ok(read(row)))
            .map_err(|e| self.database(e))?;
        rows.map(|row| {
            // Those that cannot be understood were sorted out when the store was opened.
            let unreadable = |why| StoreError::Row(self.path.clone(), table, why);
            row.map_err(|e| self.database(e))?.map_err(unreadable)
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
        for record in records {
            self.secrets.keep(&record.id, &record.secrets)?;
        }
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
        crash_point("save-uncommitted");
        transaction.commit().map_err(database)?;
        let over = records.iter().filter(|record| record.secrets.is_empty());
        let over = over.map(|record| &record.id).chain(forgotten);
        over.into_iter().try_for_each(|id| self.secrets.forget(id))
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

#[cfg(test)]
mod tests;
