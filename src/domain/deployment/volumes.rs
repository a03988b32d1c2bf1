//! The volumes of a deployment's own.

use std::collections::BTreeMap;

use super::Deployment;
use super::containers::Identity;
use crate::domain::container::{MountSource, labels};
use crate::domain::manifest::{Component, Package, Volume};

/// The name of a component's volume on the engine. It is the same for the next deployment of this
/// name, which so finds what was kept.
pub fn volume_name(prefix: &str, deployment: &str, component: &str, volume: &str) -> String {
    format!("{prefix}-{deployment}-{component}-{volume}")
}

/// The names of all volumes that a deployment of `package` has.
pub fn volume_names<'a>(
    prefix: &'a str,
    deployment: &'a str,
    package: &'a Package,
) -> impl Iterator<Item = String> + 'a {
    package.components.iter().flat_map(move |component| {
        let names = component.volumes.keys();
        names.map(move |name| volume_name(prefix, deployment, &component.name, name))
    })
}

impl Deployment {
    pub(super) fn own_volume(
        &self,
        name: &str,
        volume: Volume,
        component: &Component,
        identity: &Identity,
    ) -> MountSource {
        let order = &self.order;
        let mut labels: BTreeMap<String, String> = [
            (labels::OWNER, &identity.owner),
            (labels::DEPLOYMENT, &order.id),
            (labels::DEPLOYMENT_NAME, &order.name),
            (labels::PACKAGE, &order.package.name),
            (labels::COMPONENT, &component.name),
        ]
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value.clone()))
        .collect();
        labels.insert(labels::VOLUME.to_owned(), name.to_owned());
        if volume.keep {
            labels.insert(labels::KEEP.to_owned(), "true".to_owned());
        }
        MountSource::OwnVolume {
            name: volume_name(&identity.prefix, &order.name, &component.name, name),
            labels,
        }
    }
}
