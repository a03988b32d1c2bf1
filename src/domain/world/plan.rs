//! What a request to deploy would do, without doing it.

use std::collections::BTreeMap;

use super::admission::DeployRequest;
use super::refusal::Refusal;
use super::{LOCAL, World};
use crate::domain::deployment::update::{Fate, Images};
use crate::domain::deployment::view::DependencyView;
use crate::domain::deployment::{Deployment, ExecutableKey, Order, listener};
use crate::domain::manifest::{Component, Executable, Network, Protocol, PullPolicy};
use crate::domain::time::Now;

/// A deployment that would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDeployment {
    /// Its name.
    pub name: String,
    /// Its package's name.
    pub package: String,
    /// Its package's version.
    pub version: String,
    /// What it would be bound to; without an id when that would be made with it.
    pub dependencies: Vec<DependencyView>,
    /// What it would start, in the package's order.
    pub containers: Vec<PlannedContainer>,
}

/// A container that would be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedContainer {
    /// Its component.
    pub component: String,
    /// Its executable.
    pub executable: String,
    /// Where it would run.
    pub target: String,
    /// What it would be called.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What would be done for its image.
    pub fetch: PlannedFetch,
    /// What would become of it.
    pub change: PlannedChange,
    /// The ports of the machine that it would take; any free one where there is no number.
    pub ports: Vec<(Option<u16>, Protocol)>,
}

/// What would become of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedChange {
    /// It is made.
    Create,
    /// It stays as it is.
    Keep,
    /// It is removed, and made anew.
    Change,
    /// It is removed.
    Remove,
}

impl PlannedChange {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Keep => "keep",
            Self::Change => "change",
            Self::Remove => "remove",
        }
    }
}

/// What would be done for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedFetch {
    /// It is pulled.
    Pull,
    /// It is pulled when the engine does not have it.
    PullIfMissing,
    /// It is built.
    Build,
    /// The engine must have it.
    Nothing,
}

impl World {
    /// What a request to deploy would make, first things first.
    ///
    /// # Errors
    /// When the request would be refused.
    pub fn plan(
        &self,
        request: &DeployRequest,
        now: Now,
    ) -> Result<Vec<PlannedDeployment>, Refusal> {
        // Ids of deployments begin with letters, so that this is none.
        let orders = self.admit(request, "0", now)?;
        let planned = orders.iter().map(|order| self.planned(order, &orders));
        Ok(planned.collect())
    }

    fn planned(&self, order: &Order, all: &[Order]) -> PlannedDeployment {
        let package = &order.package;
        let dependencies = order.bindings.iter().filter_map(|binding| {
            let declared = package.depends_on.get(&binding.alias)?;
            let made = all.iter().find(|o| o.id == binding.deployment);
            let there = self.deployment(&binding.deployment).map(|d| &d.order);
            Some(DependencyView {
                alias: binding.alias.clone(),
                package: declared.package(&binding.alias).to_owned(),
                version: declared.version.to_string(),
                condition: declared.condition,
                deployment: there.map(|o| o.id.clone()).unwrap_or_default(),
                name: made.or(there).map(|o| o.name.clone()).unwrap_or_default(),
                unmet: made.map(|o| format!("{} would be deployed first", o.name)),
                bindings: Vec::new(),
            })
        });
        let deployment = Deployment::new(order.clone());
        let (fates, gone) = match self.deployment(&order.id) {
            None => (BTreeMap::new(), Vec::new()),
            Some(updated) => {
                let needs = self.needs_of(order);
                let identity = &self.settings.identity;
                let (fates, gone) = updated.fates(order, &needs, &Images::new(), identity);
                let gone = gone.iter();
                let gone = gone.filter_map(|key| self.container(updated, key, Fate::Kept));
                (fates.into_iter().collect(), gone.collect())
            }
        };
        let containers = deployment.states().filter_map(|(key, _)| {
            let fate = fates.get(&key).copied().unwrap_or(Fate::Added);
            self.container(&deployment, &key, fate)
        });
        let removed = gone.into_iter().map(|container| PlannedContainer {
            change: PlannedChange::Remove,
            fetch: PlannedFetch::Nothing,
            ports: Vec::new(),
            ..container
        });
        PlannedDeployment {
            name: order.name.clone(),
            package: package.name.clone(),
            version: package.version.to_string(),
            dependencies: dependencies.collect(),
            containers: containers.chain(removed).collect(),
        }
    }

    fn container(
        &self,
        deployment: &Deployment,
        key: &ExecutableKey,
        fate: Fate,
    ) -> Option<PlannedContainer> {
        let (component, executable) = deployment.manifest_of(key)?;
        let image = deployment.image_of(key);
        let name = deployment.own_name(key, &self.settings.identity)?;
        Some(planned_container(component, executable, image, name, fate))
    }
}

fn planned_container(
    component: &Component,
    executable: &Executable,
    image: String,
    name: String,
    fate: Fate,
) -> PlannedContainer {
    let own = component.endpoints.iter().filter(|endpoint| {
        let listens = listener(component, endpoint).is_some_and(|e| e.name == executable.name);
        endpoint.external && listens
    });
    PlannedContainer {
        component: component.name.clone(),
        executable: executable.name.clone(),
        target: LOCAL.to_owned(),
        name,
        image,
        change: match fate {
            Fate::Added => PlannedChange::Create,
            Fate::Kept => PlannedChange::Keep,
            Fate::Changed => PlannedChange::Change,
        },
        fetch: match (&executable.build, executable.pull) {
            (Some(_), _) => PlannedFetch::Build,
            (None, PullPolicy::Always) => PlannedFetch::Pull,
            (None, PullPolicy::Missing) => PlannedFetch::PullIfMissing,
            (None, PullPolicy::Never) => PlannedFetch::Nothing,
        },
        ports: own
            .map(|endpoint| match executable.network {
                Network::Host => (Some(endpoint.port), endpoint.protocol),
                Network::Bridge => (endpoint.host_port, endpoint.protocol),
            })
            .collect(),
    }
}

impl PlannedFetch {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::PullIfMissing => "pull if missing",
            Self::Build => "build",
            Self::Nothing => "none",
        }
    }
}
