//! What the engine says of containers, in the domain's words.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use bollard::models::{
    ContainerInspectResponse, ContainerState as EngineState, ContainerStateStatusEnum as Status,
    NetworkSettings,
};
use bollard::query_parameters::ListContainersOptions;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::classify::{self, Asked};
use super::{Engine, EngineError, logs};
use crate::domain::container::{ContainerFacts, ContainerState, Exit, PublishedPort, labels};
use crate::domain::manifest::Protocol;

/// How many containers are inspected at once.
const AT_ONCE: usize = 8;

/// How many lines of a container that has ended are kept.
const LAST_LINES: u32 = 20;

impl Engine {
    /// What a container does now, by id or name; None when there is no such container. One that
    /// has ended comes with its last output: even a good end comes too early for some.
    pub async fn inspect(&self, id: &str) -> Result<Option<ContainerFacts>, EngineError> {
        let Some(found) = self.find(id).await? else {
            return Ok(None);
        };
        let mut facts = facts_of(found);
        if let ContainerState::Exited(exit) = &mut facts.state {
            self.explain_end(&facts.id, exit).await;
        }
        Ok(Some(facts))
    }

    /// Adds to an end what is known of its cause.
    async fn explain_end(&self, id: &str, exit: &mut Exit) {
        // It may be removed meanwhile; then there is nothing left to quote.
        exit.last_output = self.logs_tail(id, LAST_LINES).await.unwrap_or_default();
        exit.message = match exit.message.is_empty() {
            true if exit.code == 0 => String::new(),
            true => logs::init_failure(&exit.last_output).unwrap_or_default(),
            false => start_failure(&exit.message),
        };
    }

    /// Every container of this owner, running or not.
    pub async fn list(&self) -> Result<Vec<ContainerFacts>, EngineError> {
        let what = "list containers";
        let client = self.client()?;
        let options = ListContainersOptions {
            all: true,
            filters: Some(self.only_ours()),
            ..Default::default()
        };
        let asked = client.list_containers(Some(options));
        let found = self
            .within(what, self.deadlines().question, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))?;
        let ids: Vec<String> = found.into_iter().filter_map(|summary| summary.id).collect();
        stream::iter(ids)
            .map(|id| async move { self.inspect(&id).await })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |facts| Ok(facts.filter(|facts| self.is_ours(facts))))
            .try_collect()
            .await
    }

    /// Looked at once more, since whoever lists may take down what is listed: an engine that does
    /// not know the filter must not cost a user's own containers.
    fn is_ours(&self, facts: &ContainerFacts) -> bool {
        facts.labels.get(labels::OWNER) == Some(&self.shared.owner)
    }

    /// The filter for this owner's containers.
    pub(super) fn only_ours(&self) -> HashMap<String, Vec<String>> {
        let label = format!("{}={}", labels::OWNER, self.shared.owner);
        HashMap::from([("label".to_owned(), vec![label])])
    }
}

fn facts_of(found: ContainerInspectResponse) -> ContainerFacts {
    let name = found.name.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let network_mode = found.host_config.and_then(|host| host.network_mode);
    let state = found.state.unwrap_or_default();
    let network = found.network_settings.unwrap_or_default();
    ContainerFacts {
        id: found.id.unwrap_or_default(),
        name: name.trim_start_matches('/').to_owned(),
        labels: BTreeMap::from_iter(config.labels.unwrap_or_default()),
        hostname: config.hostname.unwrap_or_default(),
        host_network: network_mode.as_deref() == Some("host"),
        addresses: addresses_of(&network),
        image_id: found.image.unwrap_or_default(),
        started_at: state.started_at.clone().unwrap_or_default(),
        state: state_of(state),
        ports: ports_of(network),
    }
}

/// What the engine noted on a container that it could not start, in the words that the start itself
/// failed with.
fn start_failure(noted: &str) -> String {
    let asked = Asked {
        what: "start the container",
        image: None,
    };
    classify::of_text(noted, asked).to_string()
}

/// A container that could not be started stays "created", with an error: for us it has ended.
fn state_of(state: EngineState) -> ContainerState {
    let failed = state.error.as_ref().is_some_and(|error| !error.is_empty());
    match state.status.unwrap_or(Status::EMPTY) {
        Status::RUNNING | Status::RESTARTING | Status::STOPPING => ContainerState::Running,
        Status::PAUSED => ContainerState::Paused,
        Status::CREATED | Status::EMPTY if !failed => ContainerState::Created,
        Status::CREATED | Status::EMPTY | Status::EXITED | Status::DEAD | Status::REMOVING => {
            ContainerState::Exited(exit_of(state))
        }
    }
}

fn exit_of(state: EngineState) -> Exit {
    Exit {
        code: i32::try_from(state.exit_code.unwrap_or_default()).unwrap_or(i32::MAX),
        out_of_memory: state.oom_killed.unwrap_or_default(),
        message: state.error.unwrap_or_default(),
        last_output: String::new(),
        ended_at: state.finished_at.unwrap_or_default(),
    }
}

fn addresses_of(network: &NetworkSettings) -> Vec<IpAddr> {
    let networks = network.networks.iter().flatten();
    networks
        .filter_map(|(_, endpoint)| endpoint.ip_address.as_ref()?.parse().ok())
        .collect()
}

/// The engine names a port once for each address that it is published at.
fn ports_of(network: NetworkSettings) -> Vec<PublishedPort> {
    let ports = network.ports.unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (name, bindings) in &ports {
        let Some((container, protocol)) = port_named(name) else {
            continue;
        };
        for binding in bindings.iter().flatten() {
            if let Some(host) = binding.host_port.as_ref().and_then(|p| p.parse().ok()) {
                seen.insert((container, protocol, host));
            }
        }
    }
    let port = |(container, protocol, host)| PublishedPort {
        container,
        host,
        protocol,
    };
    seen.into_iter().map(port).collect()
}

/// Reads a port's name, such as `80/tcp`.
fn port_named(name: &str) -> Option<(u16, Protocol)> {
    let (port, protocol) = name.split_once('/')?;
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    Some((port.parse().ok()?, protocol))
}
