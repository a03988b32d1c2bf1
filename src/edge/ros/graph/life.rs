//! How long an observer lives: as long as somebody asks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::rcl::Waker;
use crate::domain::time::Monotonic;

/// How long an observer that nobody asks stays.
const UNASKED: Duration = Duration::from_secs(120);

/// The life of an observer, known to its thread and to those who ask.
pub struct Life {
    state: Mutex<State>,
    waker: Waker,
}

#[derive(Clone, Copy)]
struct State {
    asked: Monotonic,
    stopping: bool,
    over: bool,
}

impl Life {
    /// One that begins, because somebody asks now.
    pub fn new(now: Monotonic) -> Self {
        Self {
            state: Mutex::new(State {
                asked: now,
                stopping: false,
                over: false,
            }),
            waker: Waker::default(),
        }
    }

    /// What wakes the thread.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Somebody asks now; false when it is over, and another observer is needed.
    pub fn ask(&self, now: Monotonic) -> bool {
        let mut state = self.lock();
        state.asked = now;
        !state.over
    }

    /// Ends it.
    pub fn stop(&self) {
        self.lock().stopping = true;
        self.waker.wake();
    }

    /// For the thread: the moment at which it ends if nobody asks before; None when it has to end now.
    /// After that, nobody is told that it still lives.
    pub fn ends_at(&self, now: Monotonic) -> Option<Monotonic> {
        let mut state = self.lock();
        let end = state.asked + UNASKED;
        state.over |= state.stopping || now >= end;
        (!state.over).then_some(end)
    }

    /// For the thread: it has ended, whatever for.
    pub fn is_over(&self) {
        self.lock().over = true;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic(Duration::from_secs(seconds))
    }

    #[test]
    fn a_question_prolongs_it() {
        let life = Life::new(at(0));
        assert_eq!(life.ends_at(at(119)), Some(at(120)));
        assert!(life.ask(at(119)));
        assert_eq!(life.ends_at(at(120)), Some(at(239)));
    }

    #[test]
    fn after_its_end_nobody_is_told_that_it_lives() {
        let life = Life::new(at(0));
        assert_eq!(life.ends_at(at(120)), None);
        assert!(!life.ask(at(120)));
        assert_eq!(life.ends_at(at(121)), None, "a question does not revive it");
    }

    #[test]
    fn it_can_be_stopped() {
        let life = Life::new(at(0));
        life.stop();
        assert_eq!(life.ends_at(at(1)), None);
    }
}
