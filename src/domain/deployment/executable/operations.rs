//! What is done for an executable: that it begins, and how it ended.

use std::time::Duration;

use super::{Container, ExecutableState, Operation, Rules, Sequence};
use crate::domain::container::{ContainerState, Exit};
use crate::domain::time::Monotonic;

/// How long to wait after something that was to undo a hand's work did not go well.
const RESTORE_AGAIN: Duration = Duration::from_secs(5);

impl ExecutableState {
    /// Notes that `operation` begins; what was learnt up to `sequence` is older than it.
    pub fn begin(&mut self, operation: Operation, sequence: Sequence, now: Monotonic) {
        self.operation = Some(operation);
        // To give up a fetch is to hear of its end sooner, not to begin anything.
        if operation != Operation::CancelFetch {
            self.operation_began = sequence;
        }
        if operation == Operation::Start {
            self.start_began = Some(now);
        }
    }

    /// What was learnt up to this number is older than what is being done, or was done last.
    pub fn operation_began(&self) -> Sequence {
        self.operation_began
    }

    /// Its container was created, with this name, for this revision of the order.
    pub fn created(&mut self, id: String, name: String, revision: u32, sequence: Sequence) {
        self.operation = None;
        self.complete = true;
        if !self.started {
            // What ran before was another one.
            self.first_ran = None;
        }
        if self.container.as_ref().is_none_or(|c| c.id != id) {
            self.newest = sequence;
            self.container_id = Some(id.clone());
            self.container = Some(Container {
                id,
                name,
                revision,
                ..Container::default()
            });
        }
    }

    /// Its container was started. What happened since then, and was learnt before this, wins. That
    /// it was seen to be as before means that it was looked at before it was started.
    pub fn was_started(&mut self, now: Monotonic) {
        self.operation = None;
        if self.started {
            self.restarts = self.restarts.saturating_add(1);
        }
        self.started = true;
        self.first_ran.get_or_insert(now);
        if self.changed > self.operation_began {
            return;
        }
        if let Some(container) = &mut self.container {
            container.state = ContainerState::Running;
            container.started_at.clear();
        }
        self.running_since = None;
        self.looks.new_run();
        self.runs(now);
    }

    /// Its container was stopped; its end is told by the engine itself, and until then it is not
    /// stopped again.
    pub fn was_stopped(&mut self, now: Monotonic) {
        self.operation = None;
        if self.is_up() {
            self.not_before = Some(now + RESTORE_AGAIN);
        }
    }

    /// Its container has its name again.
    pub fn was_renamed(&mut self, name: String) {
        self.operation = None;
        if let Some(container) = &mut self.container {
            container.name = name;
        }
    }

    /// Its container was resumed.
    pub fn was_resumed(&mut self) {
        self.operation = None;
        if self.changed > self.operation_began {
            return;
        }
        if let Some(container) = &mut self.container
            && container.state == ContainerState::Paused
        {
            container.state = ContainerState::Running;
        }
    }

    /// What was to stop it, resume it or give its name back did not go well; it is tried again.
    pub fn not_restored(&mut self, now: Monotonic) {
        self.operation = None;
        self.not_before = Some(now + RESTORE_AGAIN);
    }

    /// Its container was removed; what was learnt of it before `sequence` is void.
    pub fn removed(&mut self, sequence: Sequence) {
        self.operation = None;
        self.newest = sequence;
        self.removal_error = None;
        self.forget_container();
    }

    /// Its container could not be removed; it is tried again after a wait.
    pub fn not_removed(&mut self, reason: String, not_before: Monotonic) {
        self.operation = None;
        self.removal_error = Some(reason);
        self.not_before = Some(not_before);
    }

    /// Starting it again failed: counted like an end.
    pub fn start_failed(&mut self, message: &str, rules: Rules<'_>) {
        let began = self.operation_began;
        self.operation = None;
        if self.is_up() && self.changed > began {
            // Somebody else has started it meanwhile.
            return;
        }
        let exit = Exit {
            code: -1,
            message: message.to_owned(),
            ..Exit::default()
        };
        self.hand = None;
        self.ended(&exit, rules);
    }
}
