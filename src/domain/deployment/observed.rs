//! A deployment and its containers, as the dependency graph is made from them.

use super::containers::{Identity, container_name, hostname};
use super::executable::{Container, ExecutableState};
use super::view::DeploymentView;
use super::{Deployment, ExecutableKey};
use crate::domain::container::ContainerState as EngineState;
use crate::domain::dependency_graph::{
    ContainerState, Declared, Ipc, ObservedContainer, ObservedDependency, ObservedDeployment,
};
use crate::domain::manifest::{Executable, Ipc as SaidIpc, Network};
use crate::domain::time::Monotonic;

/// The engine's network on which containers are that are not on the machine's own.
const DEFAULT_NETWORK: &str = "bridge";

impl Deployment {
    /// All but the containers, as `view` shows it.
    pub fn observed(&self, view: &DeploymentView) -> ObservedDeployment {
        let status = view.condition.status;
        let dependencies = view.dependencies.iter().map(|shown| {
            // One that has taken the place of the one that it was bound to.
            let need = self.needs.iter().find(|need| need.alias == shown.alias);
            let id = need.map_or(&shown.deployment, |need| &need.deployment);
            ObservedDependency {
                alias: shown.alias.clone(),
                range: shown.version.clone(),
                deployment: id.clone(),
                name: need.map_or(id, |need| &need.name).clone(),
            }
        });
        ObservedDeployment {
            id: view.id.clone(),
            name: view.name.clone(),
            package: view.package.clone(),
            version: view.version.clone(),
            phase: view.phase.name().to_owned(),
            status: status.map_or_else(String::new, |status| status.name().to_owned()),
            reason: view.condition.reason.clone(),
            over: view.over,
            dependencies: dependencies.collect(),
            declared: Declared::all(&self.order.package, &self.order.parameters),
            containers: Vec::new(),
        }
    }

    /// Its containers. What was true of one when it was made, as `known` tells, stays so; since when
    /// it runs is not said.
    pub fn observed_containers<'a>(
        &'a self,
        identity: &Identity,
        known: impl Fn(&str) -> Option<ObservedContainer>,
    ) -> Vec<(&'a ExecutableState, ObservedContainer)> {
        let states = self.all_states();
        let with_container =
            states.filter_map(|(key, state)| Some((key, state, state.container.as_ref()?)));
        with_container
            .filter_map(|(key, state, container)| {
                let made = known(&container.id);
                let made = made.or_else(|| self.made(&key, container, identity))?;
                Some((state, self.observed_now(&key, container, identity, made)))
            })
            .collect()
    }

    /// What is true of a container as long as it is there.
    fn made(
        &self,
        key: &ExecutableKey,
        container: &Container,
        identity: &Identity,
    ) -> Option<ObservedContainer> {
        let (component, name) = self.names_of(key)?;
        let executable = self.executable_of(key)?;
        let mut environment = match self.manifest_of(key) {
            Some((component, executable)) => self.environment(component, executable, identity),
            // What its package said is not known any more.
            None => Default::default(),
        };
        let domain = environment.get("ROS_DOMAIN_ID");
        let domain = domain.and_then(|number| number.trim().parse().ok());
        Some(ObservedContainer {
            component: component.to_owned(),
            executable: name.to_owned(),
            container_id: container.id.clone(),
            ipc: match executable.ipc {
                SaidIpc::Private => Ipc::Private,
                SaidIpc::Host => Ipc::Host,
            },
            user: executable.user.clone(),
            domain_id: domain.unwrap_or(identity.domain_id),
            discovery_range: environment.remove("ROS_AUTOMATIC_DISCOVERY_RANGE"),
            builtin_transports: environment.remove("FASTDDS_BUILTIN_TRANSPORTS"),
            rmw: environment.remove("RMW_IMPLEMENTATION"),
            networks: match executable.network {
                Network::Bridge => self.network_names(key, identity),
                Network::Host => Vec::new(),
            },
            ..ObservedContainer::default()
        })
    }

    fn network_names(&self, key: &ExecutableKey, identity: &Identity) -> Vec<String> {
        let more = self.networks(key, identity).into_iter();
        let default = std::iter::once(DEFAULT_NETWORK.to_owned());
        default.chain(more.map(|network| network.name)).collect()
    }

    /// What changes while a container is there.
    fn observed_now(
        &self,
        key: &ExecutableKey,
        container: &Container,
        identity: &Identity,
        made: ObservedContainer,
    ) -> ObservedContainer {
        let network = self.executable_of(key).map(network_of);
        let on_host = container.host_network || network == Some(Network::Host);
        let name = container_name(
            &identity.prefix,
            &self.order.name,
            &made.component,
            &made.executable,
        );
        // One that was given none has the machine's, as has all else on it.
        let has_name = !on_host || hostname(&name, Network::Host).is_some();
        ObservedContainer {
            hostname: match has_name {
                true => container.hostname.clone(),
                false => String::new(),
            },
            host_network: on_host,
            addresses: container.addresses.clone(),
            state: match container.state {
                EngineState::Running => ContainerState::Running,
                EngineState::Paused => ContainerState::Paused,
                // Nothing of one that was never started can be on the graph, either.
                EngineState::Created | EngineState::Exited(_) => ContainerState::Ended,
            },
            started_at: Monotonic::default(),
            ..made
        }
    }
}

fn network_of(executable: &Executable) -> Network {
    executable.network
}
