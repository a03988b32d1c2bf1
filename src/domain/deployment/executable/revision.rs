//! What an update makes of an executable: it keeps its container, or gets one of another revision.

use super::{Container, ExecutableState};
use crate::domain::container::ContainerState;

impl ExecutableState {
    /// An update leaves it as it is. What was given up gets another chance, as its user asked again.
    pub fn kept(&mut self) {
        self.looks.forget_asked();
        self.failure = None;
        self.failures_in_a_row = 0;
        self.forget_hands();
    }

    /// An update replaces its container, if it has one, by one of this revision.
    pub fn replace(&mut self, revision: u32) {
        let restarts = self.restarts.saturating_add(u32::from(self.started));
        let known = self.container.as_ref().map(|c| c.image_id.clone());
        let image_before = known.filter(|id| !id.is_empty());
        *self = Self {
            restarts,
            least_revision: revision,
            image_before: image_before.or(self.image_before.take()),
            container_id: self.container_id.take(),
            container: self.container.take(),
            // As long as it runs, what was there before may come back as it is.
            looks: std::mem::take(&mut self.looks),
            running_since: self.running_since,
            start_began: self.start_began,
            newest: self.newest,
            changed: self.changed,
            operation_began: self.operation_began,
            ..Self::default()
        };
        self.looks.forget_asked();
    }

    /// An update failed: what its revision has made is replaced by a container of `revision`, and
    /// what it has not come to stays.
    pub fn revert(&mut self, failed: u32, revision: u32) {
        let stays = self.container.as_ref().is_some_and(|c| c.revision < failed);
        if stays {
            self.least_revision = 0;
            self.started = true;
            self.removal_error = None;
            self.kept();
        } else {
            let (before, restarts) = (self.image_before.clone(), self.restarts);
            self.replace(revision);
            // Counted when it is started again, which it has been before.
            self.restarts = restarts;
            self.started = true;
            self.cause = Some("its update failed".to_owned());
            self.image_ready = before.is_some();
            self.pinned_image = before;
        }
        // It has been ready once, and nothing is to be taken down because it fails.
        self.ready_once = true;
    }

    /// Whether its container is of an earlier revision than it has to be.
    pub fn is_outdated(&self) -> bool {
        let container = self.container.as_ref();
        container.is_some_and(|c| c.revision < self.least_revision)
    }

    /// Whether it has ended and is not started again.
    pub fn is_done(&self) -> bool {
        let exited = |c: &Container| matches!(c.state, ContainerState::Exited(_));
        let ended = self.started && self.container.as_ref().is_some_and(exited);
        (ended && self.failure.is_some()) || self.left().is_some()
    }
}
