//! The files of a state folder.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::StoreError;

/// A path with something after its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Waits until the disk has a file, or a folder's list of files.
pub(super) fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// A file's size; 0 when there is none.
pub(super) fn size(path: &Path) -> Result<u64, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
        Err(e) => Err(StoreError::File(path.to_owned(), e)),
    }
}

/// Locks a state folder, for as long as the file is open.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| StoreError::File(path.clone(), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(folder.to_owned())),
        Err(TryLockError::Error(e)) => Err(StoreError::File(path, e)),
    }
}

/// Reads the id of this shipmate. It lies beside the database, so that containers are recognised
/// even when the database is lost. None when it is missing or is no id.
pub(super) fn read_owner(path: &Path) -> Result<Option<String>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let id = text.trim();
            let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let is_id = !id.is_empty() && id.len() <= 64 && id.chars().all(valid);
            Ok(is_id.then(|| id.to_owned()))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::File(path.to_owned(), e)),
    }
}

/// Writes the id aside and renames it, so that a half-written one is never read.
pub(super) fn write_owner(path: &Path, owner: &str) -> Result<(), StoreError> {
    let aside = path.with_extension("new");
    std::fs::write(&aside, format!("{owner}\n"))
        .and_then(|()| sync(&aside))
        .and_then(|()| std::fs::rename(&aside, path))
        .map_err(|e| StoreError::File(path.to_owned(), e))
}
