//! How long an observer lives: as long as somebody asks, or wants it kept.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rcl::Waker;
use crate::domain::time::Monotonic;

/// How long an observer that nobody asks stays.
const UNASKED: Duration = Duration::from_secs(120);

/// The life of an observer, known to its thread and to those who ask.
pub struct Life {
    state: Mutex<State>,
    waker: Waker,
    ended: CancellationToken,
}

#[derive(Clone, Copy)]
struct State {
    asked: Monotonic,
    /// How many want it to stay.
    keepers: usize,
    stopping: bool,
    over: bool,
}

impl Life {
    /// One that begins, because somebody asks now; so many want it to stay.
    pub fn new(now: Monotonic, keepers: usize) -> Self {
        Self {
            state: Mutex::new(State {
                asked: now,
                keepers,
                stopping: false,
                over: false,
            }),
            waker: Waker::default(),
            ended: CancellationToken::new(),
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

    /// So many want it to stay, from now on.
    pub fn keep(&self, keepers: usize, now: Monotonic) {
        let mut state = self.lock();
        state.keepers = keepers;
        state.asked = now;
        drop(state);
        // It has to know anew when it ends.
        self.waker.wake();
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
        let end = match state.keepers {
            0 => state.asked + UNASKED,
            // A wait has to have an end; it looks again then.
            _ => now + UNASKED,
        };
        state.over |= state.stopping || now >= end;
        (!state.over).then_some(end)
    }

    /// For the thread: it has ended, whatever for.
    pub fn is_over(&self) {
        self.lock().over = true;
        self.ended.cancel();
    }

    /// Waits until it has ended.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
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
        let life = Life::new(at(0), 0);
        assert_eq!(life.ends_at(at(119)), Some(at(120)));
        assert!(life.ask(at(119)));
        assert_eq!(life.ends_at(at(120)), Some(at(239)));
    }

    #[test]
    fn after_its_end_nobody_is_told_that_it_lives() {
        let life = Life::new(at(0), 0);
        assert_eq!(life.ends_at(at(120)), None);
        assert!(!life.ask(at(120)));
        assert_eq!(life.ends_at(at(121)), None, "a question does not revive it");
    }

    #[test]
    fn who_wants_it_kept_need_not_ask() {
        let life = Life::new(at(0), 1);
        assert_eq!(life.ends_at(at(1000)), Some(at(1120)));
        life.keep(0, at(1000));
        assert_eq!(life.ends_at(at(1001)), Some(at(1120)));
        life.keep(2, at(1100));
        assert_eq!(life.ends_at(at(1121)), Some(at(1241)));
        life.stop();
        assert_eq!(life.ends_at(at(1122)), None, "stopping is not asked for");
    }

    #[test]
    fn it_can_be_stopped() {
        let life = Life::new(at(0), 0);
        life.stop();
        assert_eq!(life.ends_at(at(1)), None);
    }
}
