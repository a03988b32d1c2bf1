//! Whether the engine lives, and which one it is.

use std::sync::Mutex;

use bollard::models::SystemInfo;

use super::classify::{self, Asked};
use super::{Engine, EngineError};

/// What an engine says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its version, for example 20.10.24.
    pub version: String,
    /// The version of its API, for example 1.41.
    pub api_version: String,
    /// The folder in which it keeps images and containers.
    pub root_dir: String,
    /// The name of its machine.
    pub host_name: String,
    /// The processor that it runs on, for example `x86_64`.
    pub architecture: String,
}

/// What was learnt at the last first contact.
#[derive(Default)]
pub(super) struct KnownInfo(Mutex<Option<EngineInfo>>);

impl KnownInfo {
    fn get(&self) -> Option<EngineInfo> {
        self.0.lock().ok().and_then(|info| info.clone())
    }

    fn set(&self, info: Option<EngineInfo>) {
        if let Ok(mut known) = self.0.lock() {
            *known = info;
        }
    }
}

impl Engine {
    /// A sign of life. The first one also settles the version of the API and asks who answers;
    /// this is asked again when the engine was gone in between, as it may be a newer one then.
    pub async fn ping(&self) -> Result<EngineInfo, EngineError> {
        let answer = match self.shared.info.get() {
            Some(info) => self.beat().await.map(|()| info),
            None => self.meet().await,
        };
        self.shared.info.set(answer.as_ref().ok().cloned());
        answer
    }

    async fn beat(&self) -> Result<(), EngineError> {
        let client = self.client()?;
        self.within("answer", self.deadlines().ping, client.ping())
            .await?
            .map(drop)
            .map_err(|failure| self.explain(&failure, "answer"))
    }

    async fn meet(&self) -> Result<EngineInfo, EngineError> {
        self.beat().await?;
        let client = self.client()?;
        let asked = async {
            let client = client.negotiate_version().await?;
            Ok((client.client_version().to_string(), client.info().await?))
        };
        self.within("say its version", self.deadlines().question, asked)
            .await?
            .map(|(api_version, info)| known(api_version, info))
            .map_err(|failure: super::Failure| self.explain(&failure, "say its version"))
    }

    /// Says what a failure means that has nothing to do with an image.
    pub(super) fn explain(&self, failure: &super::Failure, what: &str) -> EngineError {
        let asked = Asked { what, image: None };
        classify::explain(&self.shared.address, failure, asked)
    }
}

fn known(api_version: String, info: SystemInfo) -> EngineInfo {
    EngineInfo {
        version: info.server_version.unwrap_or_default(),
        api_version,
        root_dir: info.docker_root_dir.unwrap_or_default(),
        host_name: info.name.unwrap_or_default(),
        architecture: info.architecture.unwrap_or_default(),
    }
}
