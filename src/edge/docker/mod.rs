//! The Docker edge: the only folder that names bollard. It does what it is told to containers and
//! images, answers in the domain's words, and waits for nothing without a deadline.
//!
//! Start reading at [`Engine`]; `classify.rs` is where the engine's texts become [`EngineError`]s.

mod address;
mod body;
mod build;
mod classify;
mod context;
mod create;
mod credentials;
mod deadlines;
mod error;
mod events;
mod exec;
mod files;
mod ignore;
mod join;
mod life;
mod lines;
mod logs;
mod look;
mod network;
mod overdue;
mod ping;
mod progress;
mod pull;
mod reference;
mod rename;
mod survey;
mod text;
mod volumes;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bollard::Docker;

use address::Address;
pub use build::Built;
pub use deadlines::Deadlines;
pub use error::EngineError;
pub use events::ContainerEvent;
pub use exec::ExecEnd;
pub use logs::LogPage;
pub use ping::EngineInfo;

/// What bollard says went wrong.
type Failure = bollard::errors::Error;

/// A Docker engine, reached when it is first asked for something. A clone is cheap, and shares
/// what is known of the engine.
///
/// bollard opens a connection for each request to a socket or TCP address and keeps none; on a
/// socket a ping takes 0.15 ms with all that. Connections over SSH are kept.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    address: Address,
    owner: String,
    deadlines: Deadlines,
    docker_config: Option<PathBuf>,
    client: OnceLock<Docker>,
    info: ping::KnownInfo,
    /// Held by who looks for a network and makes it.
    network_turn: tokio::sync::Semaphore,
}

impl Engine {
    /// Names the engine at `host`, without talking to it: `unix://`, `tcp://`, `http://`,
    /// `https://` or `ssh://`, a socket's path, or empty for `DOCKER_HOST` and then the usual
    /// socket. `owner` is the value of the label [`OWNER`](crate::domain::container::labels::OWNER)
    /// on the containers that this engine lists and reports on.
    pub fn connect(host: &str, owner: &str, deadlines: Deadlines) -> Result<Engine, EngineError> {
        let shared = Shared {
            address: Address::of(host)?,
            owner: owner.to_owned(),
            deadlines,
            docker_config: None,
            client: OnceLock::new(),
            info: ping::KnownInfo::default(),
            network_turn: tokio::sync::Semaphore::new(1),
        };
        Ok(Engine {
            shared: Arc::new(shared),
        })
    }

    /// Takes registry credentials from this file instead of the user's own Docker configuration.
    #[must_use]
    pub fn with_docker_config(self, file: PathBuf) -> Engine {
        let old = &self.shared;
        let shared = Shared {
            address: old.address.clone(),
            owner: old.owner.clone(),
            deadlines: old.deadlines.clone(),
            docker_config: Some(file),
            client: old.client.clone(),
            info: ping::KnownInfo::default(),
            network_turn: tokio::sync::Semaphore::new(1),
        };
        Engine {
            shared: Arc::new(shared),
        }
    }

    /// Where the engine is, for example `unix:///var/run/docker.sock`.
    pub fn address(&self) -> String {
        self.shared.address.to_string()
    }

    fn deadlines(&self) -> &Deadlines {
        &self.shared.deadlines
    }

    /// bollard's client, made when it is first needed: its making fails while the socket is not
    /// there, and an engine may be started after shipmate.
    fn client(&self) -> Result<Docker, EngineError> {
        if let Some(client) = self.shared.client.get() {
            return Ok(client.clone());
        }
        let client = self.shared.address.client()?;
        Ok(self.shared.client.get_or_init(|| client).clone())
    }

    /// Waits for an answer, but not for ever.
    async fn within<T>(
        &self,
        what: &str,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, EngineError> {
        tokio::time::timeout(limit, work)
            .await
            .map_err(|_| EngineError::Deadline {
                what: what.to_owned(),
                seconds: limit.as_secs(),
            })
    }
}
