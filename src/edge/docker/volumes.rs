//! Volumes of deployments: which there are, and the end of those that nothing needs.

use std::collections::BTreeMap;

use bollard::query_parameters::{ListVolumesOptions, RemoveVolumeOptions};

use super::classify;
use super::{Engine, EngineError};
use crate::domain::container::{VolumeFacts, labels};

impl Engine {
    /// Every volume that bears this owner's label.
    pub async fn volumes(&self) -> Result<Vec<VolumeFacts>, EngineError> {
        let what = "list volumes";
        let client = self.client()?;
        let options = ListVolumesOptions {
            filters: Some(self.only_ours()),
        };
        let asked = client.list_volumes(Some(options));
        let found = self
            .within(what, self.deadlines().question, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))?;
        let facts = found.volumes.into_iter().flatten().map(|v| VolumeFacts {
            name: v.name,
            labels: BTreeMap::from_iter(v.labels),
        });
        // Looked at once more: what is listed may be removed.
        let owner = &self.shared.owner;
        Ok(facts
            .filter(|v| v.labels.get(labels::OWNER) == Some(owner))
            .collect())
    }

    /// Removes a volume. One that is gone is as good; one that a container still has stays, and is
    /// found again when that is gone. Says whether it is gone.
    pub async fn remove_volume(&self, name: &str) -> Result<bool, EngineError> {
        let what = "remove the volume";
        let client = self.client()?;
        let asked = client.remove_volume(name, None::<RemoveVolumeOptions>);
        match self.within(what, self.deadlines().remove, asked).await? {
            Ok(()) => Ok(true),
            Err(failure) => match classify::status(&failure) {
                Some(404) => Ok(true),
                Some(409) => Ok(false),
                _ => Err(self.explain(&failure, what)),
            },
        }
    }
}
