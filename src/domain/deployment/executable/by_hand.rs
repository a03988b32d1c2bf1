//! What somebody did to a container with other tools, and when it is sure that somebody did.

use std::time::Duration;

use super::{ExecutableState, Operation, Rules};
use crate::domain::deployment::restart::signal_of;
use crate::domain::policy::ChangesByHand;
use crate::domain::time::Monotonic;

/// How long a signal that somebody sent explains the end of a container, beyond its grace.
pub(super) const SIGNAL_EXPLAINS: Duration = Duration::from_secs(10);

/// An engine that is shut down stops its containers first, which looks like a hand. Only when it
/// still answers after so long was it one.
pub(super) const HAND_IS_SURE: Duration = Duration::from_secs(15);

/// A signal that somebody sent to a container, or what somebody did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hand {
    pub(super) what: String,
    pub(super) at: Monotonic,
}

impl ExecutableState {
    pub(super) fn forget_hands(&mut self) {
        self.hand = None;
        self.left = None;
        self.left_lately = None;
    }

    /// Somebody sent a signal to its container. When it ends soon, that is why.
    pub fn signalled(&mut self, signal: i32, now: Monotonic) {
        let by_us = matches!(
            self.operation,
            Some(Operation::Stop | Operation::TakeDown | Operation::Start)
        );
        if by_us || self.is_to_be_stopped() || !self.is_up() {
            return;
        }
        let name = signal_of(signal.saturating_add(128))
            .map_or_else(|| format!("signal {signal}"), str::to_owned);
        // The engine follows an obeyed signal by none, and an ignored one by SIGKILL.
        let what = format!("was stopped by hand ({name})");
        match &mut self.hand {
            Some(hand) => hand.at = now,
            None => self.hand = Some(Hand { what, at: now }),
        }
    }

    /// The engine does not answer: what looked like a hand may have been the engine being shut
    /// down.
    pub fn engine_lost(&mut self) {
        self.hand = None;
        self.left_lately = None;
    }

    /// What somebody did by hand is sure after a while, and is remembered then. Says whether
    /// something is to be remembered.
    pub fn promote_hand(&mut self, now: Monotonic) -> bool {
        let sure = |hand: &Hand| now.since(hand.at) >= HAND_IS_SURE;
        if !self.left_lately.as_ref().is_some_and(sure) {
            return false;
        }
        self.left = self.left_lately.take().map(|hand| hand.what);
        true
    }

    /// When [`promote_hand`](Self::promote_hand) has something to do.
    pub fn hand_due(&self) -> Option<Monotonic> {
        self.left_lately.as_ref().map(|hand| hand.at + HAND_IS_SURE)
    }

    /// What somebody did to it by hand and is left so.
    pub fn left(&self) -> Option<&str> {
        let lately = self.left_lately.as_ref().map(|hand| hand.what.as_str());
        self.left.as_deref().or(lately)
    }

    pub(super) fn ended_by_hand(&mut self, what: String, rules: Rules<'_>) -> String {
        match rules.by_hand {
            ChangesByHand::Restore => {
                self.cause = Some(format!("it {what}"));
                self.not_before = Some(rules.now + rules.limits.first_wait);
            }
            ChangesByHand::Leave => {
                self.left_lately = Some(Hand {
                    what: what.clone(),
                    at: rules.now,
                });
            }
        }
        what
    }
}
