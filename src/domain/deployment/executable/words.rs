//! What an executable does, in words: the reason of its status.

use super::{ExecutableState, Operation};
use crate::domain::container::ContainerState;
use crate::domain::deployment::restart::describe;

impl ExecutableState {
    /// Why it is not running, in words, when it should be and nothing is wrong for good.
    pub fn pending_reason(&self, image: &str) -> String {
        let reason = self.doing(image);
        let again = matches!(self.operation, Some(Operation::Fetch | Operation::Create));
        match self.cause.as_ref().filter(|_| again) {
            Some(cause) => format!("{cause}; {reason}"),
            None => reason,
        }
    }

    fn doing(&self, image: &str) -> String {
        match self.operation {
            Some(Operation::Fetch | Operation::CancelFetch) => self.fetch_reason(image),
            Some(Operation::Create) => "the container is being created".to_owned(),
            Some(Operation::Start) if self.started => self.restart_reason(),
            Some(Operation::Start) => "the container is being started".to_owned(),
            Some(Operation::Stop) => match (&self.ailing, &self.renewal) {
                (Some(why), _) => {
                    format!("it is not alive: {why}; it is stopped and started again")
                }
                (None, Some(why)) => format!("{why}; it is restarted, too"),
                (None, None) => "the container is being stopped".to_owned(),
            },
            Some(Operation::TakeDown) => "the container is being stopped and removed".to_owned(),
            Some(Operation::Resume | Operation::Rename) | None => self.idle_reason(),
        }
    }

    fn fetch_reason(&self, image: &str) -> String {
        match &self.progress {
            None => format!("looking for image {image}"),
            Some(p) if p.building => format!("building image {image}: {}", p.step),
            Some(p) if p.bytes_total > 0 => format!(
                "pulling image {image}: {} of {} layers, {:.1} of {:.1} MB",
                p.layers_done,
                p.layers_total,
                megabytes(p.bytes_done),
                megabytes(p.bytes_total)
            ),
            Some(p) => format!("pulling image {image}: {}", p.step),
        }
    }

    fn idle_reason(&self) -> String {
        match self.container.as_ref().map(|c| &c.state) {
            Some(ContainerState::Paused) if self.operation.is_some() => {
                "the container was paused by hand and is resumed".to_owned()
            }
            Some(ContainerState::Paused) => {
                "the container was paused by hand; `docker unpause` lets it go on".to_owned()
            }
            Some(ContainerState::Exited(_)) => self.restart_reason(),
            Some(ContainerState::Created) => "the container is about to be started".to_owned(),
            Some(ContainerState::Running) => String::new(),
            None if self.started => match &self.cause {
                Some(cause) => format!("{cause}; the container is made again"),
                None => "the container is made again".to_owned(),
            },
            None if self.image_ready => "waiting for the deployment's other images".to_owned(),
            None => "waiting for its image".to_owned(),
        }
    }

    pub(super) fn restart_reason(&self) -> String {
        let how = self.cause.clone().unwrap_or_else(|| self.end_in_words());
        format!("{how}; restart {} follows", self.restarts.saturating_add(1))
    }

    fn end_in_words(&self) -> String {
        self.last_exit.as_ref().map_or_else(
            || "the container was stopped".to_owned(),
            |exit| match exit.message.is_empty() {
                true => format!("it {}", describe(exit)),
                // The engine's own words are a sentence.
                false => describe(exit),
            },
        )
    }
}

#[allow(clippy::cast_precision_loss)] // shown with one digit after the point
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
