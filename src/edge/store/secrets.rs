//! The secrets of deployments: a file for each, which only this user can read, in a folder that
//! only this user can look into. They are in nothing else that shipmate writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::files::sync;
use crate::domain::deployment::DeploymentId;
use crate::domain::manifest::values::Secrets;

/// The secrets that are kept.
pub(super) struct SecretFiles {
    folder: PathBuf,
    kept: BTreeMap<DeploymentId, Secrets>,
}

impl SecretFiles {
    /// Those in a state folder. A file that cannot be understood is left where it is: the
    /// deployment goes on without its secrets.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn open(state_folder: &Path) -> Result<Self, StoreError> {
        let folder = state_folder.join("secrets");
        let mut kept = BTreeMap::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>(),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e),
        };
        for entry in entries.map_err(|e| StoreError::File(folder.clone(), e))? {
            let path = entry.path();
            let Some(id) = id_of(&path) else { continue };
            let read = fs::read_to_string(&path).map_err(|e| e.to_string());
            // What JSON has to say about it might show a part of it.
            let secrets = read.and_then(|text| {
                Secrets::from_json(&text).map_err(|_| "it cannot be understood".to_owned())
            });
            match secrets {
                Ok(secrets) => drop(kept.insert(id, secrets)),
                Err(why) => tracing::error!("{}: {why}", path.display()),
            }
        }
        Ok(Self { folder, kept })
    }

    /// Each deployment's secrets.
    pub(super) fn all(&self) -> &BTreeMap<DeploymentId, Secrets> {
        &self.kept
    }

    /// Keeps the secrets of a deployment; on the disk when it returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn keep(&mut self, id: &str, secrets: &Secrets) -> Result<(), StoreError> {
        if secrets.is_empty() || self.kept.get(id) == Some(secrets) {
            return Ok(());
        }
        let path = self.path(id);
        self.write(id, &path, secrets)
            .map_err(|e| StoreError::File(path, e))?;
        self.kept.insert(id.to_owned(), secrets.clone());
        Ok(())
    }

    /// Writes aside and renames, so that a half-written file is never read.
    fn write(&self, id: &str, path: &Path, secrets: &Secrets) -> std::io::Result<()> {
        // An id that was recovered from a label may be anything.
        if id_of(path).as_deref() != Some(id) {
            return Err(ErrorKind::InvalidInput.into());
        }
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
            Ok(()) | Err(_) => {}
        }
        let aside = path.with_extension("new");
        remove(&aside)?;
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)?;
        file.write_all(secrets.to_json()?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        sync(&self.folder)
    }

    /// Forgets the secrets of a deployment.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub(super) fn forget(&mut self, id: &str) -> Result<(), StoreError> {
        if self.kept.contains_key(id) {
            let path = self.path(id);
            remove(&path).map_err(|e| StoreError::File(path, e))?;
            self.kept.remove(id);
        }
        Ok(())
    }

    /// Forgets the secrets of all but these deployments: of one that never came to be written, or
    /// that was over when the node was killed.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub(super) fn forget_others(
        &mut self,
        known: &BTreeSet<DeploymentId>,
    ) -> Result<(), StoreError> {
        let others: Vec<_> = { self.kept.keys() }
            .filter(|id| !known.contains(*id))
            .cloned()
            .collect();
        others.iter().try_for_each(|id| self.forget(id))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

/// The deployment that a file is of; none when it is of no deployment.
fn id_of(path: &Path) -> Option<DeploymentId> {
    let id = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!id.is_empty() && id.chars().all(valid)).then(|| id.to_owned())
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
