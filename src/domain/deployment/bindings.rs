//! What a deployment offers those that depend on it, and the environment variables and templates in
//! which they get it.

use std::collections::BTreeMap;
use std::fmt;

use super::containers::{Identity, container_name};
use super::networks::host_name;
use super::ros::OfferedRos;
use super::view::{BindingView, SECRET};
use super::{Deployment, listener};
use crate::domain::manifest::templates::{Offered, Part, Piece, Reference, pieces};
use crate::domain::manifest::{Component, Endpoint, Network, Scalar};
use crate::domain::masks::Masks;
use crate::domain::yaml::unquote;

/// The name under which a container on a network of its own reaches the machine.
pub const MACHINE: &str = "host.docker.internal";

/// Where a container on the machine's own network reaches what is published.
const LOOPBACK: &str = "127.0.0.1";

/// A text that a container is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// The text, or why it is not known.
    pub text: Result<String, String>,
    /// Whether it is shown to nobody else.
    pub secret: bool,
}

impl Told {
    /// A text that everybody may see.
    pub fn open(text: impl Into<String>) -> Self {
        Self {
            text: Ok(text.into()),
            secret: false,
        }
    }

    /// What cannot be told, and why.
    fn unknown(why: String) -> Self {
        Self {
            text: Err(why),
            secret: false,
        }
    }

    fn followed_by(self, next: Self) -> Self {
        Self {
            text: self.text.and_then(|text| Ok(text + &next.text?)),
            secret: self.secret || next.secret,
        }
    }

    fn secret_text(&self) -> Option<String> {
        self.text.clone().ok().filter(|_| self.secret)
    }

    /// As it is shown.
    pub fn shown(&self) -> &str {
        match &self.text {
            Ok(text) if !self.secret => text,
            Ok(_) | Err(_) => SECRET,
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

/// What a deployment offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// What its components expose, by name, for containers on a network of containers.
    variables: BTreeMap<String, Told>,
    /// The same for those on the machine's network: what it hands on may be somewhere else there.
    variables_on_host: BTreeMap<String, Told>,
    /// Its endpoints, in the package's order.
    endpoints: Vec<OfferedEndpoint>,
    /// The engine's network on which endpoints are reached by name.
    network: Option<String>,
    ros: OfferedRos,
    /// What dependents do not show either: secrets that are in what it exposes, and parts of it.
    masks: Masks,
}

/// An endpoint, and the ways to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OfferedEndpoint {
    name: String,
    scheme: String,
    /// Its container's host name on the deployment's network, and the port there.
    inside: Option<(String, u16)>,
    /// Its port on the machine.
    machine: Option<u16>,
}

/// Where an endpoint is reached.
struct Address {
    host: String,
    port: u16,
    scheme: String,
}

impl Address {
    fn part(&self, part: Part) -> String {
        match part {
            Part::Host => self.host.clone(),
            Part::Port => self.port.to_string(),
            Part::Url => format!("{}://{}:{}", self.scheme, self.host, self.port),
        }
    }
}

impl Deployment {
    /// What it offers those that depend on it.
    pub fn offers(&self, identity: &Identity) -> Offers {
        let prefix = &identity.prefix;
        let components = || self.order.package.components.iter();
        let variables = |network| -> BTreeMap<String, Told> {
            let all = components().flat_map(|component| &component.exposes);
            all.map(|(name, value)| (name.clone(), self.fill(&value.to_string(), network)))
                .collect()
        };
        let (on_bridge, on_host) = (variables(Network::Bridge), variables(Network::Host));
        let exposed = { on_bridge.values() }.chain(on_host.values());
        let secrets: Vec<String> = exposed.filter_map(Told::secret_text).collect();
        let endpoints = components()
            .flat_map(|component| component.endpoints.iter().map(move |e| (component, e)))
            .map(|(component, endpoint)| OfferedEndpoint {
                name: endpoint.name.clone(),
                scheme: scheme(endpoint),
                inside: { self.host_inside(prefix, component, endpoint) }
                    .map(|host| (host, endpoint.port)),
                machine: self.machine_port(component, endpoint),
            })
            .collect();
        Offers {
            masks: match secrets.is_empty() {
                true => Masks::default(),
                false => self.masks().and(secrets),
            },
            variables: on_bridge,
            variables_on_host: on_host,
            endpoints,
            network: self.network(prefix),
            ros: self.offered_ros(identity.domain_id),
        }
    }

    /// The host name under which dependents reach an endpoint on the deployment's network; none
    /// when they reach it as part of the machine.
    pub(super) fn host_inside(
        &self,
        prefix: &str,
        component: &Component,
        endpoint: &Endpoint,
    ) -> Option<String> {
        let listener = listener(component, endpoint)?;
        let inside = !endpoint.external && listener.network == Network::Bridge;
        inside.then(|| {
            let (of, name) = (&component.name, &listener.name);
            host_name(&container_name(prefix, &self.order.name, of, name))
        })
    }

    /// A text with what it refers to, for a container on this network.
    pub(super) fn fill(&self, template: &str, network: Network) -> Told {
        let Ok(pieces) = pieces(template) else {
            // The manifest's check lets none through that cannot be read.
            return Told::open(template);
        };
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => Told::open(text),
                Piece::Parameter(name) => self.parameter(name),
                Piece::Offered(reference) => self.offered(reference, network),
            })
            .fold(Told::open(""), Told::followed_by)
    }

    /// The same; what is not known stays as it is written.
    pub(super) fn filled(&self, template: &str, network: Network) -> String {
        let told = self.fill(template, network);
        told.text.unwrap_or_else(|_| template.to_owned())
    }

    fn parameter(&self, name: &str) -> Told {
        let package = &self.order.package;
        let secret = package.parameters.get(name).is_some_and(|p| p.secret);
        let text = self.order.parameters.get(name).map(Scalar::to_string);
        let text = text.ok_or_else(|| match secret {
            true => format!(
                "the secret `{name}` of {} is not known any more; deploy it again",
                self.order.name
            ),
            false => format!("there is no value for the parameter `{name}`"),
        });
        Told { text, secret }
    }

    fn offered(&self, reference: Reference<'_>, network: Network) -> Told {
        let alias = reference.alias;
        let Some(need) = self.needs.iter().find(|need| need.alias == alias) else {
            return Told::unknown(format!("`{alias}` is bound to no deployment"));
        };
        if reference.what == Offered::Deployment {
            return Told::open(need.name.as_str());
        }
        let told = need.offers.get(reference.what, network);
        told.unwrap_or_else(|| Told::unknown(need.name.clone() + &lacks(reference.what)))
    }

    /// The environment variables that an executable on this network gets from what the deployment
    /// depends on.
    pub(super) fn bound_variables(&self, network: Network) -> BTreeMap<String, Told> {
        let needs = self.needs.iter();
        needs
            .flat_map(|need| need.offers.as_variables(&need.alias, network))
            .collect()
    }

    /// What its containers are told of what it needs under `alias`, as it is shown: what those on
    /// a network of containers are told, when there are some.
    pub(super) fn binding_views(&self, alias: &str) -> Vec<BindingView> {
        let components = self.order.package.components.iter();
        let mut executables = components.flat_map(|c| &c.executables);
        let network = match executables.all(|e| e.network == Network::Host) {
            true => Network::Host,
            false => Network::Bridge,
        };
        let needs = self.needs.iter().filter(|need| need.alias == alias);
        needs
            .flat_map(|need| need.offers.as_variables(alias, network))
            .map(|(name, told)| BindingView {
                name,
                value: told.shown().to_owned(),
                secret: told.secret,
            })
            .collect()
    }

    /// The values of its parameters, as they are shown.
    pub(super) fn parameter_views(&self) -> Vec<(String, String)> {
        let declared = self.order.package.parameters.iter();
        declared
            .filter_map(|(name, parameter)| {
                let value = self.order.parameters.get(name).map(word);
                let shown = match parameter.secret {
                    true => SECRET.to_owned(),
                    false => value?,
                };
                Some((name.clone(), shown))
            })
            .collect()
    }

    /// The secrets that its containers are told.
    pub fn masks(&self) -> Masks {
        let own = Masks::new(self.secrets().texts());
        let needs = self.needs.iter();
        needs.fold(own, |all, need| all.and(need.offers.masks.texts()))
    }
}

/// A value as a goal would give it.
fn word(value: &Scalar) -> String {
    match value {
        Scalar::String(text) if unquote(text).is_none() => text.clone(),
        other => serde_json::to_string(other).unwrap_or_else(|_| other.to_string()),
    }
}

fn lacks(what: Offered<'_>) -> String {
    match what {
        Offered::Variable(name) => format!(" exposes no variable `{name}`"),
        Offered::Endpoint(name, _) => format!(" offers no endpoint `{name}`"),
        Offered::RosNamespace => " has components in several ROS namespaces".to_owned(),
        Offered::RosDomain => " has components in several ROS domains".to_owned(),
        Offered::Deployment => " has no name".to_owned(),
    }
}

impl Offers {
    /// The engine's network on which endpoints are reached by name.
    pub fn network(&self) -> Option<&str> {
        self.network.as_deref()
    }

    /// How its nodes join the ROS graph.
    pub fn ros(&self) -> &OfferedRos {
        &self.ros
    }

    fn variables(&self, network: Network) -> &BTreeMap<String, Told> {
        match network {
            Network::Host => &self.variables_on_host,
            Network::Bridge => &self.variables,
        }
    }

    /// Where containers on this network reach an endpoint.
    fn address(&self, endpoint: &str, network: Network) -> Option<Address> {
        let mut all = self.endpoints.iter().rev();
        let endpoint = all.find(|offered| offered.name == endpoint)?;
        let (host, port) = match (network, &endpoint.inside) {
            (Network::Bridge, Some(inside)) => inside.clone(),
            (Network::Bridge, None) => (MACHINE.to_owned(), endpoint.machine?),
            (Network::Host, _) => (LOOPBACK.to_owned(), endpoint.machine?),
        };
        Some(Address {
            host,
            port,
            scheme: endpoint.scheme.clone(),
        })
    }

    /// One thing that it offers; none when it does not.
    fn get(&self, what: Offered<'_>, network: Network) -> Option<Told> {
        match what {
            Offered::Variable(name) => self.variables(network).get(name).cloned(),
            Offered::Endpoint(name, part) => self
                .address(name, network)
                .map(|a| Told::open(a.part(part))),
            Offered::RosNamespace => self.ros.namespace.as_deref().map(Told::open),
            Offered::RosDomain => self.ros.domain_id.map(|id| Told::open(id.to_string())),
            Offered::Deployment => None,
        }
    }

    /// As environment variables for a container on this network, whose package calls the offering
    /// deployment `alias`.
    pub fn as_variables(&self, alias: &str, network: Network) -> BTreeMap<String, Told> {
        let alias = upper(alias);
        let mut all = BTreeMap::new();
        for (key, what) in [
            ("ROS_NAMESPACE", Offered::RosNamespace),
            ("ROS_DOMAIN_ID", Offered::RosDomain),
        ] {
            let told = self.get(what, network);
            all.extend(told.map(|told| (format!("{alias}_{key}"), told)));
        }
        for OfferedEndpoint { name: endpoint, .. } in &self.endpoints {
            let name = format!("{alias}_{}", upper(endpoint));
            for (key, part) in [
                ("HOST", Part::Host),
                ("PORT", Part::Port),
                ("URL", Part::Url),
            ] {
                let told = self.get(Offered::Endpoint(endpoint, part), network);
                all.extend(told.map(|told| (format!("{name}_{key}"), told)));
            }
        }
        for (name, told) in self.variables(network) {
            all.insert(format!("{alias}_{name}"), told.clone());
        }
        all
    }
}

/// What a URL of an endpoint begins with.
pub(super) fn scheme(endpoint: &Endpoint) -> String {
    let scheme = endpoint.scheme.clone();
    scheme.unwrap_or_else(|| endpoint.protocol.to_string())
}

/// A name as a part of a variable's name.
fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
#[path = "bindings_tests.rs"]
mod tests;
