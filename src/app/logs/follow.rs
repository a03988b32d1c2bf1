//! Following: from each executable through one bounded channel to batches for whoever follows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::WrittenLine;
use super::follower::Follower;
use super::pick::Picked;
use crate::app::snapshot::Snapshot;
use crate::domain::log::{LogLine, LogQuery};
use crate::domain::masks::Masks;
use crate::edge::docker::EngineError;

/// How many lines may wait to be sent.
const WAITING: usize = 256;
/// The most lines of a batch.
const LINES: usize = 200;
/// More text than this is not in one batch, but for one line.
const BATCH: usize = 64 * 1024;
/// How long a line may wait for others to be sent with it.
const GATHER: Duration = Duration::from_millis(100);
/// How much time is between two batches at least: whoever receives them keeps but ten unread.
const GAP: Duration = Duration::from_millis(25);
/// How much time is between any two batches, since all goals' feedback goes over one topic.
const GAP_OF_ALL: Duration = Duration::from_millis(10);
/// How long whoever reads waits for room. What was written before all comes at once, and should
/// not be left out; what is written faster than it can be sent must be, at some time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines that are sent together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The lines, the oldest first.
    pub lines: Vec<WrittenLine>,
    /// How many lines were left out so far.
    pub dropped: u64,
}

/// Keeps the batches of all who follow apart.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    next: Arc<Mutex<Instant>>,
}

impl Pace {
    pub fn new() -> Self {
        Self {
            next: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// When the next batch may be sent; nobody else gets the same moment.
    fn moment(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Instant::now().max(*next);
        *next = moment + GAP_OF_ALL;
        moment
    }
}

/// What some executables write, as long as this is held.
pub struct Following {
    name: String,
    masks: Masks,
    lines: mpsc::Receiver<WrittenLine>,
    dropped: Arc<AtomicU64>,
    last: Option<Instant>,
    pace: Pace,
    _tasks: JoinSet<()>,
    _permit: OwnedSemaphorePermit,
}

impl Following {
    /// Begins to follow, each executable in a task of its own. `open` begins to read a container.
    pub(super) fn begin<F, S>(
        picked: &Picked,
        query: LogQuery,
        snapshots: &watch::Receiver<Snapshot>,
        open: F,
        (permit, pace): (OwnedSemaphorePermit, Pace),
    ) -> Self
    where
        F: Fn(&str, &LogQuery) -> S + Clone + Send + 'static,
        S: Stream<Item = Result<LogLine, EngineError>> + Send + 'static,
    {
        let (sender, lines) = mpsc::channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for place in &picked.places {
            let sink = Sink::new(sender.clone(), dropped.clone());
            let snapshots = snapshots.clone();
            let follower = Follower::new(&picked.id, place, query, snapshots, sink, open.clone());
            tasks.spawn(follower.run());
        }
        Self {
            name: picked.name.clone(),
            masks: picked.masks.clone(),
            lines,
            dropped,
            last: None,
            pace,
            _tasks: tasks,
            _permit: permit,
        }
    }

    /// The deployment's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many lines were left out so far, because they came faster than they could be sent.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The next lines, when there are some; none when nothing of the deployment is left.
    pub async fn next(&mut self) -> Option<Batch> {
        let first = self.lines.recv().await?;
        let due = Instant::now() + GATHER;
        let mut size = first.size();
        let mut lines = vec![first];
        while lines.len() < LINES && size < BATCH {
            match timeout_at(due, self.lines.recv()).await {
                Ok(Some(line)) => {
                    size += line.size();
                    lines.push(line);
                }
                Ok(None) | Err(_) => break,
            }
        }
        if let Some(last) = self.last {
            sleep_until(last + GAP).await;
        }
        sleep_until(self.pace.moment()).await;
        self.last = Some(Instant::now());
        lines.sort_by_key(|written| written.line.at);
        lines.iter_mut().for_each(|line| line.mask(&self.masks));
        Some(Batch {
            lines,
            dropped: self.dropped(),
        })
    }
}

/// Where one executable's lines go.
pub(super) struct Sink {
    lines: mpsc::Sender<WrittenLine>,
    dropped: Arc<AtomicU64>,
    /// Since when there was no room, or too little.
    jammed: Option<Instant>,
}

impl Sink {
    fn new(lines: mpsc::Sender<WrittenLine>, dropped: Arc<AtomicU64>) -> Self {
        Self {
            lines,
            dropped,
            jammed: None,
        }
    }

    /// Sends a line, or counts it as left out. Room is waited for, but not for ever: a container
    /// that always writes faster than can be sent would fall behind more and more. False when
    /// nobody listens any more.
    pub async fn send(&mut self, line: WrittenLine) -> bool {
        // Only when all was sent the jam is over; else it would begin anew with each batch.
        if self.lines.capacity() == self.lines.max_capacity() {
            self.jammed = None;
        }
        if self.lines.capacity() == 0 {
            self.jammed.get_or_insert_with(Instant::now);
        }
        let until = self.jammed.unwrap_or_else(Instant::now) + PATIENCE;
        match timeout_at(until, self.lines.reserve()).await {
            Ok(Ok(room)) => {
                room.send(line);
                true
            }
            Ok(Err(_)) => false,
            Err(_) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                !self.lines.is_closed()
            }
        }
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
