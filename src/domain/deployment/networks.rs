//! The engine's networks that containers join: a deployment whose endpoints are not all published
//! has one of its own, on which its dependents reach them by name.

use super::containers::{Identity, container_name};
use super::{Deployment, ExecutableKey, listener};
use crate::domain::container::{NetworkSpec, labels};
use crate::domain::manifest::{Component, Executable, Network};

/// A part of a DNS name may not be longer.
const LONGEST_LABEL: usize = 63;

/// The name of a deployment's network.
pub fn network_name(prefix: &str, deployment: &str) -> String {
    format!("{prefix}-{deployment}")
}

/// The host name of a container on its deployment's network. `_` may not be in a host name. What is
/// too long ends with a number that is made of all of it, so that names stay different.
pub fn host_name(container: &str) -> String {
    let name = container.replace('_', "-");
    if name.len() <= LONGEST_LABEL {
        return name;
    }
    // FNV-1a, because the standard library's hasher may change, and dependents know the name.
    let hash = container.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let kept: String = name.chars().take(LONGEST_LABEL - 9).collect();
    format!("{}-{hash:08x}", kept.trim_end_matches(['-', '.']))
}

impl Deployment {
    /// The name of its network, if it has one: when it has an endpoint for its dependents alone, in
    /// a container that is not on the machine's own network.
    pub fn network(&self, prefix: &str) -> Option<String> {
        let components = self.order.package.components.iter();
        let mut endpoints = components.flat_map(|c| c.endpoints.iter().map(move |e| (c, e)));
        let inside = endpoints.any(|(component, endpoint)| {
            let on_bridge = |e: &Executable| e.network == Network::Bridge;
            !endpoint.external && listener(component, endpoint).is_some_and(on_bridge)
        });
        inside.then(|| network_name(prefix, &self.order.name))
    }

    /// The networks that an executable's container joins beside the engine's default one: its own
    /// deployment's, and those of the deployments that it depends on.
    pub fn networks(&self, key: &ExecutableKey, identity: &Identity) -> Vec<NetworkSpec> {
        let Some((component, executable)) = self.manifest_of(key) else {
            return Vec::new();
        };
        if executable.network == Network::Host {
            return Vec::new();
        }
        let own = self.network(&identity.prefix).map(|name| {
            let (id, deployment) = (&self.order.id, &self.order.name);
            let mut own = network(name, identity, id, deployment);
            own.aliases = self.aliases(component, executable, identity);
            own
        });
        let others = self.needs.iter().filter_map(|need| {
            let name = need.offers.network()?.to_owned();
            Some(network(name, identity, &need.deployment, &need.name))
        });
        let mut all: Vec<NetworkSpec> = own.into_iter().collect();
        for other in others {
            // Two aliases may stand for one deployment.
            if all.iter().all(|known| known.name != other.name) {
                all.push(other);
            }
        }
        all
    }

    /// What a container is called on its deployment's network: first the name that dependents are
    /// told, then shorter ones for people.
    fn aliases(
        &self,
        component: &Component,
        executable: &Executable,
        identity: &Identity,
    ) -> Vec<String> {
        let (of, name) = (&component.name, &executable.name);
        let container = container_name(&identity.prefix, &self.order.name, of, name);
        let mut aliases = vec![
            host_name(&container),
            format!("{name}.{of}"),
            name.to_owned(),
        ];
        let mut endpoints = component.endpoints.iter();
        let listens = endpoints.any(|e| listener(component, e).is_some_and(|l| l.name == *name));
        if listens || component.executables.len() == 1 {
            aliases.push(of.to_owned());
        }
        aliases.dedup();
        aliases
    }
}

fn network(name: String, identity: &Identity, id: &str, deployment: &str) -> NetworkSpec {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    NetworkSpec {
        name,
        aliases: Vec::new(),
        labels: [
            label(labels::OWNER, &identity.owner),
            label(labels::DEPLOYMENT, id),
            label(labels::DEPLOYMENT_NAME, deployment),
        ]
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_name_stays_readable() {
        let name = host_name("shipmate-map-map_server-main");
        assert_eq!(name, "shipmate-map-map-server-main");
    }

    proptest! {
        #[test]
        fn a_host_name_is_one_label(container in "[a-z0-9]([a-z0-9_.-]{0,160}[a-z0-9])?") {
            let name = host_name(&container);
            prop_assert!(name.len() <= LONGEST_LABEL, "{name}");
            prop_assert!(!name.contains('_') && !name.ends_with('-'), "{name}");
        }

        #[test]
        fn long_names_stay_different(start in "[a-z]{60}", a in "[a-z]{1,30}", b in "[a-z]{1,30}") {
            let names = [&a, &b].map(|end| host_name(&format!("{start}-{end}")));
            prop_assert_eq!(names[0] == names[1], a == b);
        }
    }
}
