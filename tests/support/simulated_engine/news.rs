//! What the engine tells of its containers.

use super::{Container, SimulatedEngine};

/// Something happened to a container of the owner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// The container's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What happened, in the engine's word.
    pub action: &'static str,
    /// The exit code, with `die`.
    pub exit_code: Option<i32>,
    /// The signal's number, with `kill`.
    pub signal: Option<i32>,
}

impl SimulatedEngine {
    pub(super) fn tell(&mut self, id: &str, action: &'static str) {
        self.tell_all(id, action, None, None);
    }

    pub(super) fn tell_kill(&mut self, id: &str, signal: i32) {
        self.tell_all(id, "kill", None, Some(signal));
    }

    pub(super) fn tell_end(&mut self, id: &str, code: i32) {
        self.tell_all(id, "die", Some(code), None);
    }

    fn tell_all(
        &mut self,
        id: &str,
        action: &'static str,
        exit_code: Option<i32>,
        signal: Option<i32>,
    ) {
        // Whoever cannot reach the engine does not hear it.
        let ours = |container: &&Container| self.answers() && self.is_ours(container);
        if let Some(container) = self.containers.get(id).filter(ours) {
            self.events.push(EngineEvent {
                id: id.to_owned(),
                name: container.name.clone(),
                action,
                exit_code,
                signal,
            });
        }
    }
}
