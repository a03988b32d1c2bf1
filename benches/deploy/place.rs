//! Where the benchmark works: a folder that goes with the run, and a name that all of its containers begin with.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};
use futures::future::join_all;

use crate::support::{docker, finish};

/// What the name of each container begins with.
pub const PREFIX: &str = "shipmate-bench";

/// The place of this run; when it is dropped, no container of it is left.
pub struct Place {
    folder: PathBuf,
    // Two benchmarks at once would measure each other.
    _lock: File,
}

impl Place {
    /// Takes the place, and removes what a killed run left there.
    pub async fn take() -> anyhow::Result<Self> {
        let folder =
            std::env::var_os("SHIPMATE_BENCH_FOLDER").context("run scripts/bench.sh instead")?;
        let lock = File::create(std::env::temp_dir().join("shipmate-bench.lock"))?;
        ensure!(
            lock.try_lock().is_ok(),
            "another benchmark is running on this machine"
        );
        remove_all().await?;
        Ok(Self {
            folder: folder.into(),
            _lock: lock,
        })
    }

    /// The folder that goes with the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        finish(async {
            if let Err(error) = remove_all().await {
                eprintln!("containers named {PREFIX}-* may be left: {error}");
            }
        });
    }
}

/// Removes every container of the benchmark's.
pub async fn remove_all() -> anyhow::Result<()> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([(
            "name".to_owned(),
            vec![format!("^/{PREFIX}-")],
        )])),
        ..Default::default()
    };
    let found = docker().list_containers(Some(options)).await?;
    let removals = found
        .into_iter()
        .filter_map(|container| container.id)
        .map(async |id| {
            let options = RemoveContainerOptions {
                force: true,
                v: true,
                link: false,
            };
            docker().remove_container(&id, Some(options)).await
        });
    join_all(removals)
        .await
        .into_iter()
        .collect::<Result<(), _>>()?;
    Ok(())
}
