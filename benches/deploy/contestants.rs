//! Who is measured. Each brings the same containers up, and takes them down outside of the measured time.

use std::time::Duration;

use bollard::Docker;

use crate::compose::Compose;
use crate::containers::manifest;
use crate::node::Node;
use crate::place::{self, Place};
use crate::plain;
use crate::ros::Client;
use crate::support::docker;

/// The name of the deployment that is measured.
const DEPLOYMENT: &str = "race";

/// One of those that are compared.
pub enum Contestant {
    /// The plain engine API.
    Engine(Docker),
    /// A deploy goal.
    Shipmate(Client),
    /// `docker compose up -d`.
    Compose(Compose),
}

impl Contestant {
    /// The plain engine API.
    pub fn engine() -> anyhow::Result<Self> {
        Ok(Self::Engine(docker()))
    }

    /// shipmate.
    pub async fn shipmate(node: &Node, place: &Place) -> anyhow::Result<Self> {
        Ok(Self::Shipmate(Client::of(node, place).await?))
    }

    /// Docker Compose, if there is one.
    pub fn compose(place: &Place) -> anyhow::Result<Option<Self>> {
        Ok(Compose::found(place)?.map(Self::Compose))
    }

    /// What it is called in the report.
    pub fn name(&self) -> String {
        match self {
            Self::Engine(_) => "engine API".to_owned(),
            Self::Shipmate(_) => "shipmate".to_owned(),
            Self::Compose(compose) => format!("compose {}", compose.version),
        }
    }

    /// Brings so many containers up; says how long that took.
    pub async fn up(&self, count: usize) -> anyhow::Result<Duration> {
        match self {
            Self::Engine(docker) => plain::up(docker, count).await,
            Self::Shipmate(client) => client.deploy(&manifest(count), DEPLOYMENT).await,
            Self::Compose(compose) => compose.up(count).await,
        }
    }

    /// Takes them down.
    pub async fn down(&self) -> anyhow::Result<()> {
        if let Self::Shipmate(client) = self {
            client.deprovision(DEPLOYMENT).await?;
        }
        place::remove_all().await
    }
}
