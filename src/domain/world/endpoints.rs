//! What endpoints need of the machine and of the engine: ports that nobody else has, and networks
//! that are there as long as somebody needs them.

use std::collections::BTreeSet;

use super::{World, WorldStep};
use crate::domain::deployment::Deployment;
use crate::domain::deployment::ports::PickedPorts;

impl World {
    /// The ports that deployments have which are not over, in use now or not.
    pub(super) fn ports_of_the_living(&self) -> BTreeSet<u16> {
        let taken = self.living().flat_map(Deployment::taken_ports);
        taken.map(|(port, ..)| port).collect()
    }

    /// Whether another deployment than this one has one of these ports.
    pub(super) fn are_taken(&self, ports: &PickedPorts, id: &str) -> bool {
        self.living()
            .any(|d| d.order.id != id && d.has_one_of(ports))
    }

    /// The disk has the ports that were picked for a deployment: they may be used.
    pub fn ports_saved(&mut self, id: &str) {
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.ports_saved = true;
            self.touched.insert(id.to_owned());
        }
    }

    /// What is not needed any more of networks is removed, once no container is on it.
    pub(super) fn tidy_networks(&self) -> WorldStep {
        let prefix = &self.settings.identity.prefix;
        let own = self.living().filter_map(|d| d.network(prefix));
        let needs = self.living().flat_map(|d| &d.needs);
        let needed = needs.filter_map(|need| need.offers.network().map(str::to_owned));
        WorldStep::TidyNetworks {
            keep: own.chain(needed).collect(),
        }
    }

    fn living(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.values().filter(|d| !d.is_over())
    }
}
