//! Fetches images: pulls them, or builds them and keeps what the build says.

use tokio_util::sync::CancellationToken;

use super::build_logs::{BuildLogs, Ended, Recording};
use super::clock;
use super::failures::step_error;
use super::real_paths::RealPolicy;
use crate::crash_point::crash_point;
use crate::domain::container::{BuildSpec, ImageProgress};
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::steps::ImageSource;
use crate::domain::deployment::update::Images;
use crate::domain::manifest::PullPolicy;
use crate::domain::world::StepError;
use crate::edge::docker::{Built, Engine, EngineError};

/// Who hears of progress.
pub type Progress<'a> = &'a (dyn Fn(ImageProgress) + Send + Sync);

/// Fetches images.
#[derive(Clone)]
pub struct ImageFetcher {
    engine: Engine,
    policy: RealPolicy,
    builds: BuildLogs,
}

impl ImageFetcher {
    /// Fetches images for `engine`, and builds them from what `policy` allows.
    pub fn new(engine: Engine, policy: RealPolicy, builds: BuildLogs) -> Self {
        Self {
            engine,
            policy,
            builds,
        }
    }

    /// Makes sure that an image is on the engine, unless that is cancelled.
    pub async fn fetch(
        &self,
        deployment: &str,
        image: ImageSource,
        folder: Option<&str>,
        progress: Progress<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), StepError> {
        match image {
            ImageSource::Build(build) => {
                self.build(deployment, build, folder, progress, cancel)
                    .await
            }
            ImageSource::Pull { image, policy } => {
                let pulled = pull(&self.engine, &image, policy, progress);
                let pulled = cancel.run_until_cancelled(pulled).await;
                pulled.unwrap_or(Err(StepError::Canceled))
            }
        }
    }

    /// Fetches the images of an update; gives their ids. What several executables run is fetched
    /// once.
    pub async fn fetch_all(
        &self,
        deployment: &str,
        images: Vec<((String, String), ImageSource)>,
        folder: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<Images, StepError> {
        let mut ids = Images::new();
        let mut fetched: Vec<(ImageSource, String)> = Vec::new();
        for (names, source) in images {
            let known = fetched.iter().find(|(known, _)| *known == source);
            let id = match known {
                Some((_, id)) => id.clone(),
                None => {
                    let image = match &source {
                        ImageSource::Build(build) => build.image.clone(),
                        ImageSource::Pull { image, .. } => image.clone(),
                    };
                    self.fetch(deployment, source.clone(), folder, &|_| {}, cancel)
                        .await?;
                    let id = self.engine.image_id(&image).await;
                    id.map_err(|e| step_error(&e))?.unwrap_or_default()
                }
            };
            fetched.push((source, id.clone()));
            ids.insert(names, id);
        }
        Ok(ids)
    }

    /// Builds an image. What it says is kept, also when it fails or is cancelled.
    async fn build(
        &self,
        deployment: &str,
        mut build: BuildSpec,
        folder: Option<&str>,
        progress: Progress<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), StepError> {
        let recording = self.builds.begin(deployment, &build.name);
        let log = |line: &str| recording.line(clock::now().wall, line);
        let work = async {
            let resolved = self.policy.resolve_context(&mut build, folder).await;
            resolved.map_err(StepError::Failed)?;
            crash_point("build-begins");
            let built = self.engine.build(&build, progress, &log).await;
            crash_point("build-done");
            if let Err(error) = &built
                && !matches!(error, EngineError::BuildFailed { .. })
            {
                // The others are no part of what the engine wrote.
                log(&error.to_string());
            }
            built.map_err(|e| step_error(&e))
        };
        let built = cancel.run_until_cancelled(work).await;
        if built.is_none() {
            log("the build was cancelled");
        }
        let built = built.unwrap_or(Err(StepError::Canceled));
        let ended = match &built {
            Ok(Built::Anew { context }) => Ended::Built(context.clone()),
            Ok(Built::Unchanged { context }) => Ended::Unchanged(context.clone()),
            Err(_) => Ended::Failed,
        };
        keep(recording, ended).await;
        built.map(drop)
    }
}

/// Writes a build's log down. Without it the build is as good as with it.
async fn keep(recording: Recording, ended: Ended) {
    let written = tokio::task::spawn_blocking(move || recording.end(&ended)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!("the log of a build cannot be kept: {error}; check the disk");
    }
}

async fn pull(
    engine: &Engine,
    image: &str,
    policy: PullPolicy,
    progress: Progress<'_>,
) -> Result<(), StepError> {
    let ask = async {
        let present = policy != PullPolicy::Always && engine.has_image(image).await?;
        match policy {
            _ if present => Ok(true),
            PullPolicy::Never => Ok(false),
            PullPolicy::Missing | PullPolicy::Always => {
                crash_point("pull-begins");
                let pulled = engine.pull(image, progress).await;
                crash_point("pull-done");
                pulled.map(|()| true)
            }
        }
    };
    match ask.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(StepError::Failed(Failure::new(
            ErrorCode::ImageNotFound,
            format!(
                "image {image} is not on this engine, and `pull: never` keeps it from being \
                 pulled; build or load it, or leave `pull` out"
            ),
        ))),
        Err(error) => Err(step_error(&error)),
    }
}
