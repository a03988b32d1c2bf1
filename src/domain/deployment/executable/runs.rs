//! What the engine says of a container, and what follows from its end.

use std::time::Duration;

use super::by_hand::{Hand, SIGNAL_EXPLAINS};
use super::{Container, ExecutableState, Operation, Rules, Sequence};
use crate::domain::container::{ContainerFacts, ContainerState, Exit};
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::restart::{AfterExit, Failures, after_exit};
use crate::domain::manifest::Restart;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::Monotonic;

impl ExecutableState {
    /// Takes what the engine says of its container. Older news than what are known are ignored.
    /// Says what somebody did by hand, if so.
    pub fn observe(
        &mut self,
        facts: &ContainerFacts,
        sequence: Sequence,
        rules: Rules<'_>,
    ) -> Option<String> {
        if sequence < self.newest {
            return None;
        }
        self.newest = sequence;
        self.container_id = Some(facts.id.clone());
        let before = self.container.replace(Container::of(facts));
        // When it is being started, that is noted when the start ends. Else who was killed in between
        // started it.
        let old = self.is_outdated();
        if was_started(&facts.state) && self.operation != Some(Operation::Start) && !old {
            self.started = true;
        }
        let same = before.as_ref().filter(|c| c.id == facts.id);
        let another_run =
            |c: &Container| !c.started_at.is_empty() && c.started_at != facts.started_at;
        if same.is_none_or(|c| c.state != facts.state || another_run(c)) {
            self.changed = sequence;
        }
        match &facts.state {
            ContainerState::Running => self.seen_running(same, facts, rules),
            ContainerState::Exited(exit) => {
                let known = same.is_some_and(|c| c.state == facts.state);
                if known { None } else { self.ended(exit, rules) }
            }
            ContainerState::Paused => {
                self.first_ran.get_or_insert(rules.now);
                let news = same.is_some_and(|c| c.state != ContainerState::Paused);
                (news && rules.wanted).then(|| "was paused by hand".to_owned())
            }
            ContainerState::Created => None,
        }
    }

    fn seen_running(
        &mut self,
        before: Option<&Container>,
        facts: &ContainerFacts,
        rules: Rules<'_>,
    ) -> Option<String> {
        let goes_on = before.is_some_and(|c| {
            let ran = matches!(c.state, ContainerState::Running | ContainerState::Paused);
            ran && (c.started_at.is_empty() || c.started_at == facts.started_at)
        });
        if !goes_on {
            if before.is_some_and(|c| c.state == ContainerState::Running) {
                // It was restarted by somebody else, and nobody knows when.
                self.start_began = None;
            }
            self.running_since = None;
            self.looks.new_run();
        }
        if !goes_on && before.is_some() {
            // What ended the run before, and why, is of no account any more.
            self.ailing = None;
            self.hand = None;
        }
        self.runs(rules.now);
        let given_up = self.failure.is_some() || self.left().is_some();
        if !given_up || !rules.wanted {
            return None;
        }
        self.failure = None;
        self.failures_in_a_row = 0;
        self.forget_hands();
        Some("was started by hand".to_owned())
    }

    /// The number of the newest of what is known of it.
    pub fn newest(&self) -> Sequence {
        self.newest
    }

    /// Takes that its container does not exist any more. Says what somebody did by hand, if so.
    pub fn vanish(&mut self, sequence: Sequence, rules: Rules<'_>) -> Option<String> {
        if sequence < self.newest || self.container.is_none() {
            return None;
        }
        self.newest = sequence;
        self.forget_container();
        if !rules.wanted || self.operation == Some(Operation::TakeDown) {
            return None;
        }
        let what = "was removed by hand".to_owned();
        self.cause = Some(format!("it {what}"));
        // One that has not been started yet is on the way still, and its deployment with it.
        let leave = rules.by_hand == ChangesByHand::Leave && self.started;
        if leave && self.failure.is_none() {
            self.left = Some(what.clone());
        }
        Some(what)
    }

    pub(super) fn forget_container(&mut self) {
        self.container = None;
        self.container_id = None;
        self.complete = false;
        self.running_since = None;
        self.start_began = None;
        self.ailing = None;
        self.renewal = None;
        self.hand = None;
        self.looks.new_run();
    }

    /// It is to be restarted although nothing is wrong with it, if it runs.
    pub fn renew(&mut self, why: &str) {
        if self.is_running() && self.ailing.is_none() {
            self.renewal = Some(why.to_owned());
        }
    }

    /// Whether it has to be stopped, to be started again.
    pub fn is_to_be_stopped(&self) -> bool {
        self.ailing.is_some() || self.renewal.is_some()
    }

    pub(super) fn runs(&mut self, now: Monotonic) {
        self.running_since.get_or_insert(now);
        self.first_ran.get_or_insert(now);
        self.not_before = None;
        self.progress = None;
        self.cause = None;
    }

    pub(super) fn ended(&mut self, exit: &Exit, rules: Rules<'_>) -> Option<String> {
        let ran = self
            .running_since
            .take()
            .map(|since| rules.now.since(since));
        self.start_began = None;
        self.not_before = None;
        let hand = self.hand.take();
        let ailing = self.ailing.take();
        let renewal = self.renewal.take();
        self.looks.new_run();
        if !rules.wanted {
            return None;
        }
        // The same end may be told again after a restart of the node.
        let told = self
            .last_exit
            .as_ref()
            .is_some_and(|known| !exit.ended_at.is_empty() && known.ended_at == exit.ended_at);
        if told {
            return None;
        }
        self.last_exit = Some(exit.clone());
        let valid = |hand: &Hand| rules.now.since(hand.at) <= rules.grace + SIGNAL_EXPLAINS;
        if let Some(hand) = hand.filter(valid) {
            return Some(self.ended_by_hand(hand.what, rules));
        }
        if renewal.is_some() && ailing.is_none() {
            self.cause = renewal;
            return None;
        }
        if rules.unseen && rules.policy != Restart::Never {
            self.cause = Some("it ended while Docker could not be asked".to_owned());
            return None;
        }
        self.failed(exit, ailing, ran, rules);
        None
    }

    fn failed(
        &mut self,
        exit: &Exit,
        ailing: Option<String>,
        ran: Option<Duration>,
        rules: Rules<'_>,
    ) {
        if ran.is_some_and(|ran| ran >= rules.limits.stable_after) {
            self.failures_in_a_row = 0;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let mut exit = exit.clone();
        let alive = ailing.is_none();
        if let Some(why) = ailing {
            exit.message = format!("it was stopped, because it was not alive: {why}");
        }
        self.first_failure.get_or_insert_with(|| exit.clone());
        self.last_exit = Some(exit.clone());
        let failures = Failures {
            in_a_row: self.failures_in_a_row,
            seed: rules.seed,
        };
        match after_exit(rules.policy, &exit, alive, failures, rules.limits) {
            AfterExit::Restart(wait) => self.not_before = Some(rules.now + wait),
            AfterExit::GiveUp(reason) => {
                self.failure = Some(Failure::new(ErrorCode::ExecutableFailed, reason));
            }
        }
    }
}

/// Whether a container was started before it came to be like this. One that could not be started
/// has an end, too, with the engine's message.
fn was_started(state: &ContainerState) -> bool {
    match state {
        ContainerState::Created => false,
        ContainerState::Running | ContainerState::Paused => true,
        ContainerState::Exited(exit) => exit.message.is_empty(),
    }
}
