//! All that the dependency graph is made from, at one moment.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use tokio::sync::watch::Receiver;

use super::{Domains, Measured};
use crate::app::snapshot::Observed;
use crate::domain::dependency_graph::{Observation, ObservedDeployment, ObservedDomain, OwnNode};
use crate::domain::graph::GraphView;

/// What the names of nodes begin with that shipmate has beside its own: observers, and those that ask
/// for the graph.
const HELPERS: &str = "/_shipmate_";

/// Sees everything as it is now. Looking disturbs nobody.
#[derive(Clone)]
pub struct Sight {
    pub(super) deployments: Receiver<Observed>,
    pub(super) domains: Receiver<Domains>,
    pub(super) own_node: OwnNode,
    /// None when the ROS graph is not looked at.
    pub(super) measured: Option<Measured>,
    pub(super) addresses: fn() -> Vec<IpAddr>,
}

impl Sight {
    /// Whether the ROS graph is looked at at all.
    pub fn is_on(&self) -> bool {
        self.measured.is_some()
    }

    /// What is known of rates; None when the ROS graph is not looked at.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// All that is known now.
    pub fn now(&self) -> Observation {
        let deployments = self.deployments.borrow().clone();
        let domains = self.domains.borrow().clone();
        // To ask the machine takes longer than all else here, and is seldom needed.
        let machine = LazyCell::new(self.addresses);
        let views = { domains.iter() }.filter_map(|(id, views)| {
            let view = views.borrow().clone()?;
            let own_node = Some(self.own_node.clone());
            let own_nodes = helpers(&view);
            let domain = ObservedDomain {
                view,
                own_nodes,
                own_node,
            };
            Some((*id, domain))
        });
        Observation {
            deployments: { deployments.iter() }
                .map(|it| on_this_machine(it, &machine))
                .collect(),
            domains: views.collect(),
        }
    }
}

fn helpers(view: &GraphView) -> BTreeSet<String> {
    let helpers = { view.nodes.keys() }.filter(|name| name.starts_with(HELPERS));
    helpers.cloned().collect()
}

/// A deployment whose containers have the machine's addresses where they are on its network.
fn on_this_machine(
    deployment: &ObservedDeployment,
    machine: &LazyCell<Vec<IpAddr>, fn() -> Vec<IpAddr>>,
) -> ObservedDeployment {
    let mut deployment = deployment.clone();
    let containers = deployment.containers.iter_mut();
    for container in containers.filter(|it| it.host_network) {
        container.addresses.clone_from(machine);
    }
    deployment
}

#[cfg(test)]
#[path = "sight_tests.rs"]
mod tests;
