//! What a deployment offers those that depend on it, and the environment variables in which they
//! get it.

use std::collections::BTreeMap;

use super::{Deployment, fixed_port, listener};
use crate::domain::manifest::Network;

/// The name under which a container on a network of its own reaches the machine.
pub const MACHINE: &str = "host.docker.internal";

/// What a deployment offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// What its components expose, by name.
    variables: BTreeMap<String, String>,
    /// Where its endpoints are on the machine: name, scheme and port.
    endpoints: Vec<(String, String, u16)>,
}

impl Deployment {
    /// What it offers those that depend on it. Endpoints are offered whose port on the machine is
    /// known beforehand: the engine gives another free one to a container that it starts again,
    /// and nobody would tell those that were given the old one.
    pub fn offers(&self) -> Offers {
        let components = || self.order.package.components.iter();
        let variables = components()
            .flat_map(|component| &component.exposes)
            .map(|(name, value)| (name.clone(), self.expand(&value.to_string())))
            .collect();
        let endpoints = components()
            .flat_map(|component| component.endpoints.iter().map(move |e| (component, e)))
            .filter(|(component, endpoint)| listener(component, endpoint).is_some())
            .filter_map(|(component, endpoint)| {
                let port = fixed_port(component, endpoint)?;
                let scheme = endpoint.scheme.clone();
                let scheme = scheme.unwrap_or_else(|| endpoint.protocol.to_string());
                Some((endpoint.name.clone(), scheme, port))
            })
            .collect();
        Offers {
            variables,
            endpoints,
        }
    }

    /// The environment variables that an executable on this network gets from what the deployment
    /// depends on.
    pub(super) fn bound_variables(&self, network: Network) -> BTreeMap<String, String> {
        let needs = self.needs.iter();
        needs
            .flat_map(|need| need.offers.as_variables(&need.alias, network))
            .collect()
    }
}

impl Offers {
    /// As environment variables for a container on this network, whose package calls the offering
    /// deployment `alias`.
    pub fn as_variables(&self, alias: &str, network: Network) -> BTreeMap<String, String> {
        let alias = upper(alias);
        let host = match network {
            Network::Host => "127.0.0.1",
            Network::Bridge => MACHINE,
        };
        let mut all: BTreeMap<String, String> = { self.variables.iter() }
            .map(|(name, value)| (format!("{alias}_{name}"), value.clone()))
            .collect();
        for (name, scheme, port) in &self.endpoints {
            let name = format!("{alias}_{}", upper(name));
            all.insert(format!("{name}_HOST"), host.to_owned());
            all.insert(format!("{name}_PORT"), port.to_string());
            all.insert(format!("{name}_URL"), format!("{scheme}://{host}:{port}"));
        }
        all
    }
}

/// A name as a part of a variable's name.
fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_alias_and_endpoint() {
        let offers = Offers {
            variables: BTreeMap::from([("FRAME".to_owned(), "map".to_owned())]),
            endpoints: vec![("web-ui".to_owned(), "http".to_owned(), 8080)],
        };
        let text = |network| {
            let all = offers.as_variables("map-server", network);
            let lines: Vec<String> = all.iter().map(|(k, v)| format!("{k}={v}")).collect();
            lines.join(" ")
        };
        assert_eq!(
            text(Network::Bridge),
            "MAP_SERVER_FRAME=map MAP_SERVER_WEB_UI_HOST=host.docker.internal \
             MAP_SERVER_WEB_UI_PORT=8080 MAP_SERVER_WEB_UI_URL=http://host.docker.internal:8080"
        );
        assert!(text(Network::Host).contains("_URL=http://127.0.0.1:8080"));
    }
}
