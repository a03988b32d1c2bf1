//! Brings images from their registries to the engine.

use bollard::query_parameters::CreateImageOptions;

use super::classify::{self, Asked};
use super::overdue::{Overdue, Watched};
use super::progress::Pull;
use super::{Engine, EngineError, reference};
use crate::domain::container::ImageProgress;

impl Engine {
    /// Whether the engine has the image.
    pub async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        Ok(self.image_id(image).await?.is_some())
    }

    /// The id of the image of this name; none when the engine does not have it.
    pub async fn image_id(&self, image: &str) -> Result<Option<String>, EngineError> {
        let what = "look for an image";
        let client = self.client()?;
        let asked = client.inspect_image(image);
        match self.within(what, self.deadlines().question, asked).await? {
            Ok(found) => Ok(Some(found.id.unwrap_or_default())),
            Err(failure) if classify::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.explain(&failure, what)),
        }
    }

    /// Pulls an image, with the credentials of the user's Docker configuration. Each message of
    /// the engine is reported as progress. To drop the future is to cancel the pull.
    ///
    /// # Errors
    /// Among others `PullStalled` when nothing gets done for too long, whatever the engine says
    /// meanwhile, and `Deadline` when the whole takes too long.
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
        let messages = client.create_image(Some(options), None, login.credentials.clone());
        let limits = self.deadlines();
        let mut messages = Watched::new(messages, limits.pull_stall, limits.pull);
        let mut pull = Pull::default();
        let late = |overdue| too_late(image, overdue);
        while let Some(message) = messages.next().await.map_err(late)? {
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
            messages.note(pull.moved()).map_err(late)?;
        }
        Ok(())
    }
}

fn too_late(image: &str, overdue: Overdue) -> EngineError {
    match overdue {
        Overdue::Stalled(limit) => EngineError::PullStalled {
            image: image.to_owned(),
            seconds: limit.as_secs(),
        },
        Overdue::Unfinished(limit) => EngineError::Deadline {
            what: format!("finish the pull of {image}"),
            seconds: limit.as_secs(),
        },
    }
}
