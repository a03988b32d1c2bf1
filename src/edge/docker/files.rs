//! Puts files into a container that has not been started.

use std::path::Path;

use bollard::query_parameters::UploadToContainerOptions;
use tar::{Builder, EntryType, Header};

use super::{Engine, EngineError};
use crate::domain::container::FileSpec;

/// Folders on the way to a file.
const FOLDER_MODE: u32 = 0o755;

impl Engine {
    /// Puts files into a container; one that cannot get them is removed, so that it is never
    /// started without.
    pub(super) async fn put_files_or_remove(
        &self,
        id: &str,
        files: &[FileSpec],
    ) -> Result<(), EngineError> {
        if files.is_empty() {
            return Ok(());
        }
        let put = self.put_files(id, files).await;
        if put.is_err()
            && let Err(error) = self.remove(id).await
        {
            tracing::warn!("container {id} did not get its files and cannot be removed: {error}");
        }
        put
    }

    async fn put_files(&self, id: &str, files: &[FileSpec]) -> Result<(), EngineError> {
        let what = "put files into the container";
        let archive = pack(files).map_err(|error| EngineError::Refused {
            what: what.to_owned(),
            cause: error.to_string(),
        })?;
        let client = self.client()?;
        let options = UploadToContainerOptions {
            path: "/".to_owned(),
            ..Default::default()
        };
        let body = bollard::body_full(archive.into());
        let asked = client.upload_to_container(id, Some(options), body);
        self.within(what, self.deadlines().create, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))
    }
}

/// A tar archive of the files, each after the folder that it is in.
fn pack(files: &[FileSpec]) -> std::io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for file in files {
        let path = Path::new(file.path.trim_start_matches('/'));
        // Not those above it: they are the image's own, and stay as they are.
        if let Some(folder) = path
            .parent()
            .filter(|folder| folder.components().count() > 1)
        {
            let mut header = header(EntryType::Directory, 0, FOLDER_MODE);
            archive.append_data(&mut header, folder, std::io::empty())?;
        }
        let content = file.content.as_bytes();
        let mut header = header(EntryType::Regular, content.len() as u64, file.mode);
        archive.append_data(&mut header, path, content)?;
    }
    archive.into_inner()
}

fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
