//! What a deployment needs of others, and what it offers them.

use super::{DependencyView, EndpointView};
use crate::domain::deployment::bindings::scheme;
use crate::domain::deployment::{Deployment, listener};
use crate::domain::manifest::{Component, Endpoint};

impl Deployment {
    pub(super) fn dependency_views(&self) -> Vec<DependencyView> {
        let bindings = self.order.bindings.iter();
        bindings
            .filter_map(|binding| {
                let declared = self.order.package.depends_on.get(&binding.alias)?;
                let need = self.needs.iter().find(|need| need.alias == binding.alias);
                Some(DependencyView {
                    alias: binding.alias.clone(),
                    package: declared.package(&binding.alias).to_owned(),
                    version: declared.version.to_string(),
                    condition: declared.condition,
                    deployment: binding.deployment.clone(),
                    name: need.map(|n| n.name.clone()).unwrap_or_default(),
                    unmet: need.and_then(|n| n.unmet().map(str::to_owned)),
                    bindings: self.binding_views(&binding.alias),
                })
            })
            .collect()
    }

    pub(super) fn endpoint_views(&self, prefix: &str) -> Vec<EndpointView> {
        let mut views = Vec::new();
        for (index, component) in self.order.package.components.iter().enumerate() {
            for endpoint in &component.endpoints {
                views.push(EndpointView {
                    name: endpoint.name.clone(),
                    component: component.name.clone(),
                    protocol: endpoint.protocol,
                    external: endpoint.external,
                    port: endpoint.port,
                    host_port: self.host_port(index, component, endpoint),
                    scheme: scheme(endpoint),
                    in_network: self
                        .host_inside(prefix, component, endpoint)
                        .zip(self.network(prefix)),
                });
            }
        }
        views
    }

    /// The machine's port of an endpoint, while its executable runs.
    fn host_port(&self, index: usize, component: &Component, endpoint: &Endpoint) -> Option<u16> {
        let executable = listener(component, endpoint)?;
        let place = component
            .executables
            .iter()
            .position(|e| e.name == executable.name)?;
        let state = self.executables.get(index)?.get(place)?;
        if !state.is_running() {
            return None;
        }
        if let Some(port) = self.machine_port(component, endpoint) {
            return Some(port);
        }
        let ports = &state.container.as_ref()?.ports;
        ports
            .iter()
            .filter(|_| endpoint.external)
            .find(|p| p.container == endpoint.port && p.protocol == endpoint.protocol)
            .map(|p| p.host)
    }
}
