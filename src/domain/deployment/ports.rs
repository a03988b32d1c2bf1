//! The ports of the machine that a deployment has: fixed by its package, or picked once for it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::{Deployment, Order, fixed_ports, listener};
use crate::domain::container::PortSpec;
use crate::domain::manifest::{Component, Endpoint, Executable, Network, Package, Protocol};

/// The ports that were picked for a deployment, by `component/endpoint`.
pub type PickedPorts = BTreeMap<String, u16>;

/// What a picked port is known by.
fn place(component: &Component, endpoint: &Endpoint) -> String {
    format!("{}/{}", component.name, endpoint.name)
}

/// The ports that an order takes of the machine, with the protocol and the endpoint's name.
pub fn taken_ports(order: &Order) -> Vec<(u16, Protocol, &str)> {
    let mut taken = fixed_ports(&order.package);
    for component in &order.package.components {
        for endpoint in &component.endpoints {
            if let Some(port) = order.ports.get(&place(component, endpoint)) {
                taken.push((*port, endpoint.protocol, endpoint.name.as_str()));
            }
        }
    }
    taken
}

impl Deployment {
    /// The endpoints for which a free port of the machine has to be picked.
    pub fn ports_to_pick(&self) -> Vec<(String, Protocol)> {
        let components = self.order.package.components.iter();
        let endpoints = components.flat_map(|c| c.endpoints.iter().map(move |e| (c, e)));
        let wanted = endpoints
            .filter(|(component, endpoint)| {
                let listener = listener(component, endpoint);
                let on_bridge = listener.is_some_and(|e| e.network == Network::Bridge);
                on_bridge && !(endpoint.external && endpoint.host_port.is_some())
            })
            .map(|(component, endpoint)| (place(component, endpoint), endpoint.protocol));
        // An update keeps what was picked before.
        wanted
            .filter(|(place, _)| !self.order.ports.contains_key(place))
            .collect()
    }

    /// The port of the machine at which an endpoint is, when that is known beforehand.
    pub fn machine_port(&self, component: &Component, endpoint: &Endpoint) -> Option<u16> {
        if listener(component, endpoint)?.network == Network::Host {
            return Some(endpoint.port);
        }
        let fixed = endpoint.host_port.filter(|_| endpoint.external);
        fixed.or_else(|| self.order.ports.get(&place(component, endpoint)).copied())
    }

    /// The ports that an executable publishes; on the host's network they are there already.
    /// Endpoints that are not external are published too, for dependents on the host's network, but
    /// on the loopback alone.
    pub(super) fn published_ports(
        &self,
        component: &Component,
        executable: &Executable,
    ) -> Vec<PortSpec> {
        if executable.network == Network::Host {
            return Vec::new();
        }
        let own = component.endpoints.iter().filter(|endpoint| {
            listener(component, endpoint).is_some_and(|e| e.name == executable.name)
        });
        own.filter_map(|endpoint| {
            let host = self.machine_port(component, endpoint);
            // An order of old has no picked ports: the engine chooses what is external.
            (endpoint.external || host.is_some()).then(|| PortSpec {
                container: endpoint.port,
                host,
                address: (!endpoint.external).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                protocol: endpoint.protocol,
            })
        })
        .collect()
    }

    /// The ports that it takes of the machine, fixed and picked, with the protocol and the
    /// endpoint's name; also those that an update is about to bring.
    pub fn taken_ports(&self) -> Vec<(u16, Protocol, &str)> {
        let mut taken = taken_ports(&self.order);
        for (port, protocol, endpoint) in self.next_order().into_iter().flat_map(taken_ports) {
            if !taken.iter().any(|t| (t.0, t.1) == (port, protocol)) {
                taken.push((port, protocol, endpoint));
            }
        }
        taken
    }

    /// Takes the ports that were picked for it; nothing is created before the disk has them.
    pub fn take_ports(&mut self, ports: PickedPorts) {
        self.ports_saved = ports.is_empty();
        self.order.ports = ports;
    }

    /// The picked ports that an update to this package keeps.
    pub fn ports_kept_by(&self, package: &Package) -> PickedPorts {
        let places: BTreeSet<String> = { package.components.iter() }
            .flat_map(|c| c.endpoints.iter().map(move |e| place(c, e)))
            .collect();
        let mut kept = self.order.ports.clone();
        kept.retain(|place, _| places.contains(place));
        kept
    }

    /// Whether one of these ports is its own.
    pub fn has_one_of(&self, ports: &PickedPorts) -> bool {
        let own: BTreeSet<u16> = self.taken_ports().into_iter().map(|(p, ..)| p).collect();
        ports.values().any(|port| own.contains(port))
    }
}
