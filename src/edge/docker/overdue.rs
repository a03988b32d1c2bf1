//! Watches long work of the engine by what gets done, not by what is said: an engine may repeat
//! itself for hours while nothing arrives.

use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::time::Instant;

/// Why work is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nothing got done for so long.
    Stalled(Duration),
    /// It is not finished after so long.
    Unfinished(Duration),
}

/// The engine's messages on some work, with an eye on the clock.
pub(super) struct Watched<S> {
    messages: S,
    stall: Duration,
    moved: Instant,
    done: u64,
    whole: Option<(Duration, Instant)>,
}

impl<S: Stream + Unpin> Watched<S> {
    /// Watches from now on: something must get done every `stall`, and all within `whole`, which
    /// does not count when it is zero.
    pub(super) fn new(messages: S, stall: Duration, whole: Duration) -> Self {
        let now = Instant::now();
        let end = now.checked_add(whole).filter(|_| !whole.is_zero());
        Watched {
            messages,
            stall,
            moved: now,
            done: 0,
            whole: end.map(|end| (whole, end)),
        }
    }

    /// The next message, unless none comes in time; None after the last.
    pub(super) async fn next(&mut self) -> Result<Option<S::Item>, Overdue> {
        let (due, overdue) = self.due();
        tokio::time::timeout_at(due, self.messages.next())
            .await
            .map_err(|_| overdue)
    }

    /// Takes note of how much is done in all, by a measure that only grows. To be told after each
    /// message: one that always has a next message ready is late only by this.
    pub(super) fn note(&mut self, done: u64) -> Result<(), Overdue> {
        if done > self.done {
            self.done = done;
            self.moved = Instant::now();
        }
        let (due, overdue) = self.due();
        match Instant::now() < due {
            true => Ok(()),
            false => Err(overdue),
        }
    }

    /// When patience ends, and what is said then.
    fn due(&self) -> (Instant, Overdue) {
        let stalled = self.moved + self.stall;
        match self.whole {
            Some((whole, end)) if end <= stalled => (end, Overdue::Unfinished(whole)),
            _ => (stalled, Overdue::Stalled(self.stall)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const STALL: Duration = Duration::from_secs(60);
    const WHOLE: Duration = Duration::from_secs(3600);
    const STALLED: Result<(), Overdue> = Err(Overdue::Stalled(STALL));
    const UNFINISHED: Result<(), Overdue> = Err(Overdue::Unfinished(WHOLE));

    /// Follows messages that come every `pause` and say how much is done; answers with the end and
    /// the seconds until it.
    async fn follow(
        pause: u64,
        whole: Duration,
        done: impl Fn(u64) -> Option<u64>,
    ) -> (Result<(), Overdue>, u64) {
        let messages = stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            Some((n, n + 1))
        });
        let messages = messages
            .map(done)
            .take_while(|d| std::future::ready(d.is_some()));
        let mut messages = Watched::new(Box::pin(messages.filter_map(async |d| d)), STALL, whole);
        let begin = Instant::now();
        let end = loop {
            match messages.next().await {
                Ok(Some(done)) => match messages.note(done) {
                    Ok(()) => {}
                    late => break late,
                },
                Ok(None) => break Ok(()),
                Err(late) => break Err(late),
            }
        };
        (end, begin.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_a_stall() {
        assert_eq!(follow(10_000, WHOLE, Some).await, (STALLED, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn words_are_no_progress() {
        assert_eq!(follow(1, WHOLE, |_| Some(0)).await, (STALLED, 60));
        let stuck = |n: u64| Some(n.min(100));
        assert_eq!(follow(1, WHOLE, stuck).await, (STALLED, 101 + 60));
        // What is done is not undone.
        let back = |n: u64| Some(if n < 100 { n } else { n % 7 });
        assert_eq!(follow(1, WHOLE, back).await, (STALLED, 100 + 60));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_progress_is_enough_until_the_whole_takes_too_long() {
        assert_eq!(follow(59, WHOLE, |n| Some(n + 1)).await, (UNFINISHED, 3600));
        assert_eq!(
            follow(59, WHOLE, |n| (n < 50).then_some(n + 1)).await.0,
            Ok(())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_may_take_for_ever_when_its_limit_is_zero() {
        let days = |n: u64| (n < 10_000).then_some(n + 1);
        let (end, seconds) = follow(59, Duration::ZERO, days).await;
        assert_eq!((end, seconds), (Ok(()), 59 * 10_001));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_words_does_not_hide_a_stall() {
        let mut flood = Watched::new(stream::repeat(0), STALL, WHOLE);
        let end = loop {
            let message = flood.next().await.map(Option::unwrap_or_default);
            if let Err(late) = message.and_then(|done| flood.note(done)) {
                break late;
            }
            tokio::time::advance(Duration::from_millis(100)).await;
        };
        assert_eq!(Err(end), STALLED);
    }
}
