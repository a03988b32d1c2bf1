//! What the executables of deployments wrote and write: who is meant, reading, and following.

mod builds;
mod follow;
mod follower;
mod pick;
mod read;
#[cfg(test)]
mod test_world;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

pub use self::follow::{Batch, Following};
pub use self::read::Answer;
use super::build_logs::BuildLogs;
use super::snapshot::Snapshot;
use super::supervisor::Handle;
use crate::domain::log::{LogLine, LogQuery};
use crate::domain::masks::Masks;
use crate::edge::docker::Engine;

/// How many may follow at once.
pub const FOLLOWS: usize = 16;

/// What somebody wants to read or follow.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The deployment's id or name.
    pub deployment: String,
    /// The component; empty for all.
    pub component: String,
    /// The executable; empty for all.
    pub executable: String,
    /// Which lines of each.
    pub query: LogQuery,
}

/// Who wrote something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The component's name.
    pub component: String,
    /// The executable's name.
    pub executable: String,
}

/// A line, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenLine {
    /// Who wrote it.
    pub author: Arc<Author>,
    /// What was written.
    pub line: LogLine,
}

impl WrittenLine {
    /// What each line counts beside its text: many empty ones fill the memory too.
    const OVERHEAD: usize = 64;

    fn mask(&mut self, masks: &Masks) {
        self.line.text = masks.mask(&self.line.text);
    }

    fn size(&self) -> usize {
        self.line.text.len() + Self::OVERHEAD
    }
}

/// Reads and follows. It talks to the engine by itself, and never to the loop, which goes on
/// whatever the engine does meanwhile.
#[derive(Clone)]
pub struct Logs {
    engine: Engine,
    builds: BuildLogs,
    snapshots: watch::Receiver<Snapshot>,
    follows: Arc<Semaphore>,
    pace: follow::Pace,
}

impl Logs {
    /// The output of what the loop shows to run on `engine`.
    pub fn new(engine: Engine, handle: &Handle) -> Self {
        Self {
            engine,
            builds: handle.builds(),
            snapshots: handle.snapshots(),
            follows: Arc::new(Semaphore::new(FOLLOWS)),
            pace: follow::Pace::new(),
        }
    }

    /// The latest lines of all who are meant.
    pub async fn read(&self, wanted: &Wanted) -> Answer {
        let picked = pick::pick(&self.snapshots.borrow(), wanted);
        match picked {
            Ok(picked) => read::read(&self.engine, picked, wanted.query).await,
            Err(message) => Answer::refused(message),
        }
    }

    /// The latest lines of the latest build of each image that is meant; since when means nothing.
    pub async fn read_builds(&self, wanted: &Wanted) -> Answer {
        let picked = pick::pick(&self.snapshots.borrow(), wanted);
        match picked {
            Ok(picked) => builds::read(&self.builds, picked, wanted.query.tail).await,
            Err(message) => Answer::refused(message),
        }
    }

    /// Begins to follow all who are meant.
    ///
    /// # Errors
    /// Says who is not there, or that too many follow already.
    pub fn follow(&self, wanted: &Wanted) -> Result<Following, String> {
        let picked = pick::pick(&self.snapshots.borrow(), wanted)?;
        let permit = self.follows.clone().try_acquire_owned().map_err(|_| {
            format!("{FOLLOWS} goals follow at the moment, and that is the most; cancel one")
        })?;
        let engine = self.engine.clone();
        let open = move |id: &str, query: &LogQuery| engine.follow_logs(id, query);
        Ok(Following::begin(
            &picked,
            wanted.query,
            &self.snapshots,
            open,
            (permit, self.pace.clone()),
        ))
    }
}
