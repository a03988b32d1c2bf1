//! Brings images from their registries to the engine.

use std::time::Duration;

use bollard::query_parameters::CreateImageOptions;
use futures::{Stream, StreamExt};

use super::classify::{self, Asked};
use super::progress::Pull;
use super::{Engine, EngineError, reference};
use crate::domain::container::ImageProgress;

impl Engine {
    /// Whether the engine has the image.
    pub async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        let what = "look for an image";
        let client = self.client()?;
        let asked = client.inspect_image(image);
        match self.within(what, self.deadlines().question, asked).await? {
            Ok(_) => Ok(true),
            Err(failure) if classify::status(&failure) == Some(404) => Ok(false),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }

    /// Pulls an image, with the credentials of the user's Docker configuration. Each message of
    /// the engine is reported as progress. To drop the future is to cancel the pull.
    pub async fn pull(
        &self,
        image: &str,
        progress: &(dyn Fn(ImageProgress) + Send + Sync),
    ) -> Result<(), EngineError> {
        let client = self.client()?;
        let login = self.login(image).await;
        let options = CreateImageOptions {
            from_image: Some(reference::with_tag(image)),
            ..Default::default()
        };
        let mut messages = client.create_image(Some(options), None, login.credentials.clone());
        let mut pull = Pull::default();
        let limit = self.deadlines().pull_stall;
        while let Some(message) = next_within(limit, &mut messages)
            .await
            .map_err(|()| stalled(image, limit))?
        {
            let asked = Asked {
                what: "pull the image",
                image: Some(image),
            };
            let message = message.map_err(|failure| {
                login.explain(classify::explain(&self.shared.address, &failure, asked))
            })?;
            if let Some(news) = pull.take(&message) {
                progress(news);
            }
        }
        Ok(())
    }
}

fn stalled(image: &str, limit: Duration) -> EngineError {
    EngineError::PullStalled {
        image: image.to_owned(),
        seconds: limit.as_secs(),
    }
}

/// The next item of a stream, unless it stays silent for too long.
pub(super) async fn next_within<T>(
    limit: Duration,
    items: &mut (impl Stream<Item = T> + Unpin),
) -> Result<Option<T>, ()> {
    tokio::time::timeout(limit, items.next())
        .await
        .map_err(drop)
}
