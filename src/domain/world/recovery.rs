//! Deployments that are not on the disk any more, recovered from the labels of their containers.

use std::collections::BTreeMap;

use super::{Note, World};
use crate::domain::container::{ContainerFacts, labels};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::{Deployment, DeploymentId, Order};
use crate::domain::manifest::values::Secrets;
use crate::domain::time::Now;

/// The newest order of a deployment that was lost, and its containers, each with its own.
type Lost<'a> = (Order, Vec<(&'a ContainerFacts, Order)>);

impl World {
    /// What was read from the disk is not all that was there: deployments are recovered from
    /// their containers when the engine first answers.
    #[must_use]
    pub fn recovering(mut self) -> Self {
        self.recovering = true;
        self.incomplete = true;
        self
    }

    /// The secrets that are still there, also of deployments that were lost.
    #[must_use]
    pub fn with_secrets(mut self, secrets: BTreeMap<DeploymentId, Secrets>) -> Self {
        self.lost_secrets = secrets;
        self
    }

    pub(super) fn recover(&mut self, containers: &[ContainerFacts], now: Now) {
        if !self.recovering {
            return;
        }
        let mut lost: BTreeMap<DeploymentId, Lost<'_>> = BTreeMap::new();
        for facts in containers {
            let Some(order) = self.lost_order(facts) else {
                continue;
            };
            let (newest, all) = lost
                .entry(order.id.clone())
                .or_insert_with(|| (order.clone(), Vec::new()));
            if order.revision > newest.revision {
                newest.clone_from(&order);
            }
            all.push((facts, order));
        }
        for (id, (order, made_for)) in lost {
            // Another one of those that were lost may have taken what there is only once.
            if self
                .check_free(&order.name, &order.package, &order.group, None)
                .is_err()
            {
                continue;
            }
            self.notes.push(Note {
                deployment: Some(id.clone()),
                executable: None,
                text: format!(
                    "deployment {} was recovered from its containers",
                    order.name
                ),
            });
            let mut deployment = Deployment::new(order);
            // Whether it had succeeded is not known; what is there is taken over, what is missing
            // is made, and then it has.
            deployment.phase = Phase::Provisioning;
            deployment.updated_at = now.wall;
            deployment.saved = true;
            for (facts, order) in &made_for {
                deployment.note_outdated(order, facts, &self.settings.identity);
            }
            self.deployments.insert(id.clone(), deployment);
            self.touched.insert(id);
        }
        self.recovering = false;
        self.lost_secrets.clear();
        self.recovered = !containers
            .iter()
            .any(|facts| self.has_our_name(facts) && self.unknown_while_recovering(facts));
        self.incomplete = !self.recovered;
    }

    /// Whether everything that was lost has been found again since the last call: no container is
    /// left whose deployment is not known.
    pub fn take_recovered(&mut self) -> bool {
        std::mem::take(&mut self.recovered)
    }

    /// What was asked for with a container of ours whose deployment is not known, unless another
    /// deployment has taken its name, its place as a singleton or its ports meanwhile.
    fn lost_order(&self, facts: &ContainerFacts) -> Option<Order> {
        let id = facts.labels.get(labels::DEPLOYMENT)?;
        if self.deployments.contains_key(id) {
            return None;
        }
        let mut order: Order = serde_json::from_str(facts.labels.get(labels::ORDER)?).ok()?;
        if let Some(secrets) = self.lost_secrets.get(id) {
            order
                .parameters
                .take_secrets(secrets.clone(), &order.package);
        }
        let prefix = &self.settings.identity.prefix;
        let component = facts.labels.get(labels::COMPONENT)?;
        let executable = facts.labels.get(labels::EXECUTABLE)?;
        let own = container_name(prefix, &order.name, component, executable);
        let free = self
            .check_free(&order.name, &order.package, &order.group, None)
            .is_ok()
            && !self.are_taken(&order.ports, id);
        (order.id == *id && own == facts.name && free).then_some(order)
    }

    /// Whether a container that belongs to no deployment may belong to one that was lost and
    /// could not be recovered: it is not removed then.
    pub(super) fn unknown_while_recovering(&self, facts: &ContainerFacts) -> bool {
        let known = facts.labels.get(labels::DEPLOYMENT);
        self.incomplete && known.is_none_or(|id| !self.deployments.contains_key(id))
    }
}
