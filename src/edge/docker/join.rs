//! Networks that containers join beside the engine's default one: they are made when they are
//! needed, joined before a container starts, and removed when nobody is on them.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{
    EndpointSettings, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest,
};
use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions};

use super::classify::{self, Asked};
use super::{Engine, EngineError, Failure};
use crate::crash_point::crash_point;
use crate::domain::container::{NetworkSpec, labels};

/// How often a network that disappears in the very moment is tried again.
const TRIES: u32 = 3;

impl Engine {
    /// Makes sure that the networks are there; one of the same name that is not shipmate's is an
    /// error.
    pub(super) async fn ensure_networks(&self, all: &[NetworkSpec]) -> Result<(), EngineError> {
        for network in all {
            self.ensure_network(network).await?;
        }
        Ok(())
    }

    /// Puts a container that does not run on the networks. Where it is already is as good; a
    /// network that was removed meanwhile is made anew.
    pub(super) async fn join(&self, id: &str, all: &[NetworkSpec]) -> Result<(), EngineError> {
        for network in all {
            let mut tries = 1;
            while !self.try_join(id, network).await? {
                if tries == TRIES {
                    return Err(EngineError::Refused {
                        what: JOIN.to_owned(),
                        cause: format!("the network {} is removed again and again", network.name),
                    });
                }
                tries += 1;
            }
        }
        Ok(())
    }

    /// Whether it is on the network now; else the network is gone again, or the container was on
    /// one of the same name that is gone.
    async fn try_join(&self, id: &str, network: &NetworkSpec) -> Result<bool, EngineError> {
        let there = self.ensure_network(network).await?;
        match self.network_of(id, &network.name).await? {
            Some(known) if known.is_empty() || known == there => return Ok(true),
            Some(_) => self.leave(id, &network.name).await?,
            None => {}
        }
        self.connect_to(id, &there, network).await
    }

    /// The id of the network of this name that a container is on; the engine fills it in when the
    /// container is first started.
    async fn network_of(&self, id: &str, name: &str) -> Result<Option<String>, EngineError> {
        let found = self.find(id).await?;
        let networks = found.and_then(|found| found.network_settings?.networks);
        let on = networks.and_then(|mut networks| networks.remove(name));
        Ok(on.map(|settings| settings.network_id.unwrap_or_default()))
    }

    async fn connect_to(
        &self,
        id: &str,
        there: &str,
        network: &NetworkSpec,
    ) -> Result<bool, EngineError> {
        let client = self.client()?;
        let request = NetworkConnectRequest {
            container: id.to_owned(),
            endpoint_config: Some(EndpointSettings {
                aliases: Some(network.aliases.clone()),
                ..Default::default()
            }),
        };
        crash_point("connect-begins");
        let asked = client.connect_network(there, request);
        let done = self.within(JOIN, self.deadlines().create, asked).await?;
        crash_point("connect-done");
        match done {
            Ok(()) => Ok(true),
            Err(failure) => match self.network_of(id, &network.name).await? {
                Some(_) => Ok(true),
                None if classify::status(&failure) == Some(404) => Ok(false),
                None => Err(self.explain(&failure, JOIN)),
            },
        }
    }

    async fn leave(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let what = "take the container off a network that is gone";
        let client = self.client()?;
        let request = NetworkDisconnectRequest {
            container: id.to_owned(),
            force: Some(true),
        };
        let asked = client.disconnect_network(name, request);
        self.within(what, self.deadlines().question, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))
    }

    /// The id of the network, which is made when it does not exist.
    async fn ensure_network(&self, network: &NetworkSpec) -> Result<String, EngineError> {
        // One at a time: the engine makes two of one name for two that ask at once.
        let turn = &self.shared.network_turn;
        let _turn = self
            .within(MAKE, self.deadlines().create, turn.acquire())
            .await?;
        if let Some(id) = self.known_network(&network.name).await? {
            return Ok(id);
        }
        let made = self.make_network(network).await?;
        match made {
            Ok(id) => Ok(id),
            // Someone else was first.
            Err(failure) if classify::status(&failure) == Some(409) => {
                let known = self.known_network(&network.name).await?;
                known.ok_or_else(|| self.explain(&failure, MAKE))
            }
            Err(failure) => Err(self.cannot_make(&failure)),
        }
    }

    async fn make_network(
        &self,
        network: &NetworkSpec,
    ) -> Result<Result<String, Failure>, EngineError> {
        let client = self.client()?;
        let request = NetworkCreateRequest {
            name: network.name.clone(),
            driver: Some("bridge".to_owned()),
            // It leads nowhere else: what a container sends out goes by the default network, and
            // so do its multicasts, with which ROS finds others.
            internal: Some(true),
            labels: Some(network.labels.clone().into_iter().collect()),
            ..Default::default()
        };
        crash_point("network-begins");
        let asked = client.create_network(request);
        let made = self.within(MAKE, self.deadlines().create, asked).await?;
        crash_point("network-done");
        Ok(made.map(|made| made.id))
    }

    /// The id of the network of this name; an error when somebody else made it. An engine may have
    /// several of one name; all look for the same one.
    async fn known_network(&self, name: &str) -> Result<Option<String>, EngineError> {
        let what = "look for a network";
        let client = self.client()?;
        let filter = ("name".to_owned(), vec![name.to_owned()]);
        let options = ListNetworksOptions {
            filters: Some(HashMap::from([filter])),
        };
        let asked = client.list_networks(Some(options));
        let found = self
            .within(what, self.deadlines().question, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))?;
        // The engine also finds those whose name has this one in it.
        let of_the_name = found
            .into_iter()
            .filter(|n| n.name.as_deref() == Some(name));
        let (own, others): (Vec<_>, Vec<_>) =
            of_the_name.partition(|network| self.made(network.labels.as_ref()));
        if let Some(id) = own.into_iter().filter_map(|network| network.id).min() {
            return Ok(Some(id));
        }
        match others.into_iter().next() {
            None => Ok(None),
            Some(other) => Err(EngineError::NetworkTaken {
                name: name.to_owned(),
                holder: other.id.unwrap_or_default(),
            }),
        }
    }

    fn made(&self, labels: Option<&HashMap<String, String>>) -> bool {
        let owner = labels.and_then(|labels| labels.get(labels::OWNER));
        owner == Some(&self.shared.owner)
    }

    fn cannot_make(&self, failure: &Failure) -> EngineError {
        let asked = Asked {
            what: MAKE,
            image: None,
        };
        classify::explain(&self.shared.address, failure, asked)
    }

    /// Removes every network of this owner's that no container is on, running or not, except for
    /// those that are kept.
    ///
    /// # Errors
    /// When the engine does not answer, or refuses for another reason than that a container has
    /// just come to one.
    pub async fn tidy_networks(&self, keep: &BTreeSet<String>) -> Result<(), EngineError> {
        self.remove_networks(|name| !keep.contains(name)).await
    }

    /// Removes those of these networks that are this owner's and that no container is on.
    ///
    /// # Errors
    /// As [`tidy_networks`](Self::tidy_networks).
    pub async fn remove_deserted(&self, names: &[String]) -> Result<(), EngineError> {
        if names.is_empty() {
            return Ok(());
        }
        self.remove_networks(|name| names.iter().any(|n| n == name))
            .await
    }

    async fn remove_networks(
        &self,
        which: impl Fn(&str) -> bool + Send,
    ) -> Result<(), EngineError> {
        let what = "list networks";
        let client = self.client()?;
        let options = ListNetworksOptions {
            filters: Some(self.only_ours()),
        };
        let asked = client.list_networks(Some(options));
        let found = self
            .within(what, self.deadlines().question, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))?;
        for network in found {
            // Looked at once more: an engine that does not know the filter must not cost a user's.
            let ours = self.made(network.labels.as_ref());
            let (Some(id), Some(name)) = (network.id, network.name) else {
                continue;
            };
            if ours && which(&name) && self.is_deserted(&id, &name).await? {
                self.remove_network(&id).await?;
            }
        }
        Ok(())
    }

    /// The engine would remove a network from under containers that do not run just now.
    async fn is_deserted(&self, id: &str, name: &str) -> Result<bool, EngineError> {
        let what = "list the containers of a network";
        let client = self.client()?;
        // A container that was never started is on it by name alone.
        let either = vec![id.to_owned(), name.to_owned()];
        let filter = ("network".to_owned(), either);
        let options = ListContainersOptions {
            all: true,
            filters: Some(HashMap::from([filter])),
            ..Default::default()
        };
        let asked = client.list_containers(Some(options));
        self.within(what, self.deadlines().question, asked)
            .await?
            .map(|found| found.is_empty())
            .map_err(|failure| self.explain(&failure, what))
    }

    async fn remove_network(&self, id: &str) -> Result<(), EngineError> {
        let what = "remove a network";
        let client = self.client()?;
        crash_point("network-leaves");
        let asked = client.remove_network(id);
        let removed = self.within(what, self.deadlines().remove, asked).await?;
        crash_point("network-gone");
        match removed {
            Ok(()) => Ok(()),
            // It is gone, or somebody has just joined it.
            Err(failure) if matches!(classify::status(&failure), Some(403 | 404 | 409)) => Ok(()),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }
}

const JOIN: &str = "put the container on a network";
const MAKE: &str = "create a network";
