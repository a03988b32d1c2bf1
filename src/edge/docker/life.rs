//! Starts containers and takes them down.

use std::time::Duration;

use bollard::query_parameters::{
    RemoveContainerOptions, StartContainerOptions, StopContainerOptions,
};

use super::classify;
use super::{Engine, EngineError};
use crate::crash_point::crash_point;
use crate::domain::container::NetworkSpec;

/// How often to look whether a container is gone that someone else removes.
const GONE_CHECK: Duration = Duration::from_millis(50);

impl Engine {
    /// Starts a container; one that runs already is as good.
    ///
    /// A command that is not in the image does not fail here: the init process starts, fails to
    /// run it, and ends. [`inspect`](Engine::inspect) says so in the exit's message.
    pub async fn start(&self, id: &str) -> Result<(), EngineError> {
        let what = "start the container";
        let client = self.client()?;
        let asked = client.start_container(id, None::<StartContainerOptions>);
        self.within(what, self.deadlines().start, asked)
            .await?
            .map_err(|failure| self.explain(&failure, what))
    }

    /// Starts a container after making sure that it is on these networks, whatever became of them
    /// or of its creation meanwhile.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when a network cannot be had.
    pub async fn start_on(&self, id: &str, networks: &[NetworkSpec]) -> Result<(), EngineError> {
        if !networks.is_empty() && !self.runs(id).await? {
            self.join(id, networks).await?;
        }
        self.start(id).await
    }

    /// Resumes a container that is paused; one that runs is as good.
    pub async fn resume(&self, id: &str) -> Result<(), EngineError> {
        let what = "resume the container";
        let client = self.client()?;
        let asked = client.unpause_container(id);
        match self.within(what, self.deadlines().rename, asked).await? {
            Ok(()) => Ok(()),
            // The engine has one answer for all that is not paused.
            Err(failure) => match self.runs(id).await? {
                true => Ok(()),
                false => Err(self.explain(&failure, what)),
            },
        }
    }

    async fn runs(&self, id: &str) -> Result<bool, EngineError> {
        let state = self.find(id).await?.and_then(|found| found.state);
        Ok(state.is_some_and(|s| s.running == Some(true) && s.paused != Some(true)))
    }

    /// Stops a container with its own signal and `grace_secs` to obey it, then removes it with its
    /// anonymous volumes. One that is paused is resumed by the engine to get the signal. Whatever
    /// the stop comes to, the removal follows: it kills what still runs.
    pub async fn take_down(&self, id: &str, grace_secs: u32) -> Result<(), EngineError> {
        crash_point("stop-begins");
        let stopped = self.stop(id, grace_secs).await;
        crash_point("stop-done");
        match stopped {
            Ok(Stopped::Gone) => Ok(()),
            Ok(Stopped::Still)
            | Err(EngineError::Refused { .. } | EngineError::Deadline { .. }) => {
                self.remove(id).await
            }
            Err(error) => Err(error),
        }
    }

    /// Stops a container with its own signal and `grace_secs` to obey it; one that is gone or has
    /// ended is as good.
    pub async fn halt(&self, id: &str, grace_secs: u32) -> Result<(), EngineError> {
        self.stop(id, grace_secs).await.map(|_| ())
    }

    async fn stop(&self, id: &str, grace_secs: u32) -> Result<Stopped, EngineError> {
        let what = "stop the container";
        let client = self.client()?;
        let options = StopContainerOptions {
            t: Some(i32::try_from(grace_secs).unwrap_or(i32::MAX)),
            ..Default::default()
        };
        let limit = self.deadlines().stop + Duration::from_secs(u64::from(grace_secs));
        let asked = client.stop_container(id, Some(options));
        match self.within(what, limit, asked).await? {
            Ok(()) => Ok(Stopped::Still),
            Err(failure) if classify::status(&failure) == Some(404) => Ok(Stopped::Gone),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }

    pub(super) async fn remove(&self, id: &str) -> Result<(), EngineError> {
        let what = "remove the container";
        let work = async {
            let client = self.client()?;
            let options = RemoveContainerOptions {
                force: true,
                v: true,
                link: false,
            };
            let removed = client.remove_container(id, Some(options)).await;
            crash_point("remove-done");
            match removed {
                Ok(()) => Ok(()),
                Err(failure) => match classify::status(&failure) {
                    Some(404) => Ok(()),
                    Some(409) => self.until_gone(id).await,
                    _ => Err(self.explain(&failure, what)),
                },
            }
        };
        self.within(what, self.deadlines().remove, work).await?
    }

    /// Waits for a removal that someone else has begun. The caller bounds the wait.
    async fn until_gone(&self, id: &str) -> Result<(), EngineError> {
        while self.find(id).await?.is_some() {
            tokio::time::sleep(GONE_CHECK).await;
        }
        Ok(())
    }
}

/// What is left after a stop.
enum Stopped {
    /// The container, stopped.
    Still,
    /// Nothing.
    Gone,
}
