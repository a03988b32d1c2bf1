//! What of ours is left on the engine although nothing needs it any more. It is found by what the
//! engine has, not by what was done: so nothing stays when the node was killed in between.

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::{EngineState, World};
use crate::domain::container::{VolumeFacts, labels};
use crate::domain::deployment::Deployment;
use crate::domain::deployment::volumes::{volume_name, volume_names};
use crate::domain::manifest::Package;

impl World {
    /// Which of these volumes belong to deployments that are over, or not known any more. None as
    /// long as deployments may have been lost.
    pub fn leftover_volumes(&self, volumes: &[VolumeFacts]) -> Vec<String> {
        if self.incomplete || self.recovering || self.engine != EngineState::Known {
            return Vec::new();
        }
        let prefix = &self.settings.identity.prefix;
        let living = self.deployments.values().filter(|d| !d.is_over());
        let needed: BTreeSet<String> = living
            .flat_map(Deployment::orders)
            .flat_map(|order| volume_names(prefix, &order.name, &order.package))
            .collect();
        volumes
            .iter()
            .filter(|volume| self.is_of_a_deployment(volume) && !needed.contains(&volume.name))
            .map(|volume| volume.name.clone())
            .collect()
    }

    /// Whether a volume was made for one deployment, and goes with it. Its name must be the one that
    /// its labels give it: labels can be copied.
    fn is_of_a_deployment(&self, volume: &VolumeFacts) -> bool {
        let identity = &self.settings.identity;
        let label = |name: &str| volume.labels.get(name).map(String::as_str);
        let name = label(labels::DEPLOYMENT_NAME)
            .zip(label(labels::COMPONENT))
            .zip(label(labels::VOLUME))
            .map(|((deployment, component), own)| {
                volume_name(&identity.prefix, deployment, component, own)
            });
        label(labels::OWNER) == Some(&identity.owner)
            && label(labels::KEEP).is_none()
            && name.as_ref() == Some(&volume.name)
    }

    /// `a` with component `b-c` and `a-b` with component `c` would share volumes.
    pub(super) fn check_volume_names(
        &self,
        name: &str,
        package: &Package,
        other: &Deployment,
    ) -> Result<(), Refusal> {
        let prefix = &self.settings.identity.prefix;
        let taken: BTreeSet<String> = { other.orders() }
            .flat_map(|order| volume_names(prefix, &order.name, &order.package))
            .collect();
        match volume_names(prefix, name, package).find(|n| taken.contains(n)) {
            None => Ok(()),
            Some(volume) => Err(Refusal::new(format!(
                "its volume would be called {volume:?}, like one of deployment {:?}; choose \
                 another name",
                other.order.name
            ))),
        }
    }
}
