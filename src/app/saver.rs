//! Keeps the disk up to date without holding up the loop: one write at a time, and what changes
//! meanwhile goes together into the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use semver::Version;

use super::request::{Input, Reply};
use crate::crash_point::crash_point;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::DeploymentId;
use crate::domain::world::World;
use crate::edge::store::{Record, Store, StoreError};

/// What a write was for.
#[derive(Debug)]
pub enum Written {
    /// Deployments.
    Deployments {
        /// Which were written, and as what.
        records: Vec<(DeploymentId, Record)>,
        /// Why it failed, if so.
        error: Option<String>,
    },
    /// Packages that are registered.
    Packages {
        /// The packages.
        packages: Vec<CataloguedPackage>,
        /// Who waits.
        reply: Reply<Vec<CataloguedPackage>>,
        /// Why it failed, if so.
        error: Option<String>,
    },
    /// Packages that are taken out.
    Unregistered {
        /// The packages.
        packages: Vec<(String, Version)>,
        /// Who waits.
        reply: Reply<Vec<String>>,
        /// Why it failed, if so.
        error: Option<String>,
    },
}

/// A write that is to be done outside of the loop; blocks until the disk has it.
pub type Write = Box<dyn FnOnce() -> Input + Send>;

/// What is on the disk, and what has yet to be written.
pub struct Saver {
    store: Arc<Mutex<Store>>,
    on_disk: BTreeMap<DeploymentId, Record>,
    changed: BTreeSet<DeploymentId>,
    forgotten: Vec<DeploymentId>,
    recovered: bool,
    recovery_untold: bool,
    writing: bool,
}

impl Saver {
    /// A saver for an open store.
    pub fn new(store: Store) -> Self {
        Self {
            store: Arc::new(Mutex::new(store)),
            on_disk: BTreeMap::new(),
            changed: BTreeSet::new(),
            forgotten: Vec::new(),
            recovered: false,
            recovery_untold: false,
            writing: false,
        }
    }

    /// Notes that deployments may have changed.
    pub fn changed(&mut self, ids: impl IntoIterator<Item = DeploymentId>) {
        self.changed.extend(ids);
    }

    /// Notes that deployments are not remembered any more.
    pub fn forgotten(&mut self, ids: impl IntoIterator<Item = DeploymentId>) {
        self.forgotten.extend(ids);
    }

    /// Notes that what was missing on the disk is known again; the next write says so, after what
    /// was found and is noted as changed by then.
    pub fn recovered(&mut self) {
        self.recovered = true;
        self.recovery_untold = true;
    }

    /// Whether the disk has a deployment as it is, so that no write of it will come.
    pub fn is_on_disk(&self, id: &str) -> bool {
        !self.writing && !self.changed.contains(id) && self.on_disk.contains_key(id)
    }

    /// The next write of deployments, when there is something to write and none is under way.
    pub fn next_write(&mut self, world: &World) -> Option<Write> {
        if self.writing {
            return None;
        }
        let records = self.pending_records(world);
        if records.is_empty() && self.forgotten.is_empty() && !self.recovery_untold {
            return None;
        }
        self.writing = true;
        let forgotten = std::mem::take(&mut self.forgotten);
        for id in &forgotten {
            self.on_disk.remove(id);
        }
        self.recovery_untold = false;
        let recovered = self.recovered;
        let store = self.store.clone();
        Some(Box::new(move || {
            let rows: Vec<Record> = records.iter().map(|(_, record)| record.clone()).collect();
            crash_point("save-begins");
            let error = failed(with(&store, |store| {
                store.write(&rows, &forgotten)?;
                // Once it says so, this does nothing.
                match recovered {
                    true => store.complete(),
                    false => Ok(()),
                }
            }));
            crash_point("save-done");
            Input::Written(Written::Deployments { records, error })
        }))
    }

    fn pending_records(&mut self, world: &World) -> Vec<(DeploymentId, Record)> {
        let mut records = Vec::new();
        for id in std::mem::take(&mut self.changed) {
            let Some(deployment) = world.deployment(&id) else {
                continue;
            };
            match Record::of(deployment) {
                Ok(record) if self.on_disk.get(&id) != Some(&record) => records.push((id, record)),
                Ok(_) => {}
                Err(e) => tracing::error!("deployment {id} cannot be written: {e}"),
            }
        }
        records
    }

    /// A write of deployments ended.
    pub fn written(&mut self, records: &[(DeploymentId, Record)], ok: bool) {
        self.writing = false;
        for (id, record) in records {
            if ok {
                self.on_disk.insert(id.clone(), record.clone());
            } else {
                self.changed.insert(id.clone());
            }
        }
    }

    /// The write of packages that are registered.
    pub fn register(
        &self,
        packages: Vec<CataloguedPackage>,
        reply: Reply<Vec<CataloguedPackage>>,
    ) -> Write {
        let store = self.store.clone();
        Box::new(move || {
            let error = failed(with(&store, |store| store.register(&packages)));
            Input::Written(Written::Packages {
                packages,
                reply,
                error,
            })
        })
    }

    /// The write of packages that are taken out.
    pub fn unregister(&self, packages: Vec<(String, Version)>, reply: Reply<Vec<String>>) -> Write {
        let store = self.store.clone();
        Box::new(move || {
            let error = failed(with(&store, |store| store.unregister(&packages)));
            Input::Written(Written::Unregistered {
                packages,
                reply,
                error,
            })
        })
    }
}

fn with<T>(store: &Mutex<Store>, act: impl FnOnce(&mut Store) -> T) -> T {
    act(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
}

fn failed(result: Result<(), StoreError>) -> Option<String> {
    result.err().map(|error| error.to_string())
}
