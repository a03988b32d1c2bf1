//! Follows one executable over restarts, for as long as its deployment lives.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::follow::Sink;
use super::pick::Place;
use super::{Author, WrittenLine};
use crate::app::clock;
use crate::app::snapshot::Snapshot;
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::status::Status;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::log::{LogLine, LogQuery, LogStream};
use crate::domain::time::WallTime;
use crate::edge::docker::EngineError;

/// When to look again at a container that is said to run, though its output has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long the last lines of a container that is gone may take.
const LAST_LINES: Duration = Duration::from_secs(2);
/// How far an interrupted reading goes back at most, to find lines of the other stream.
const OVERLAP: i64 = 10_000_000_000;

/// Follows one executable.
pub(super) struct Follower<F> {
    deployment: DeploymentId,
    author: Arc<Author>,
    /// The container that was there when the following began.
    first: String,
    query: LogQuery,
    snapshots: watch::Receiver<Snapshot>,
    sink: Sink,
    open: F,
}

/// How the executable's container was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sight {
    container: String,
    restarts: u32,
    running: bool,
}

/// Why a container's output is not read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// There is no more of it.
    Ended,
    /// It could not be read.
    Failed,
    /// Nobody listens.
    Unheard,
}

impl<F, S> Follower<F>
where
    F: Fn(&str, &LogQuery) -> S,
    S: Stream<Item = Result<LogLine, EngineError>> + Send,
{
    pub fn new(
        deployment: &str,
        place: &Place,
        query: LogQuery,
        snapshots: watch::Receiver<Snapshot>,
        sink: Sink,
        open: F,
    ) -> Self {
        Self {
            deployment: deployment.to_owned(),
            author: place.author.clone(),
            first: place.container.clone(),
            query,
            snapshots,
            sink,
            open,
        }
    }

    /// Follows until nothing of the deployment is left, or nobody listens.
    pub async fn run(mut self) {
        let mut last = None::<Sight>;
        let mut seen = Seen::default();
        while let Some(sight) = self.next_sight(last.as_ref()).await {
            if { last.as_ref() }.is_none_or(|last| last.container != sight.container) {
                seen = Seen::default();
            }
            match self.pass_on(&sight.container, &mut seen).await {
                End::Unheard => return,
                End::Ended | End::Failed => last = Some(sight),
            }
        }
    }

    /// Waits until there is something to read that was not read; none when nothing is left. A
    /// container may end and be started again before it is seen not to run, so one that is said
    /// to run is looked at once more after a while.
    async fn next_sight(&mut self, last: Option<&Sight>) -> Option<Sight> {
        let again_at = Instant::now() + LOOK_AGAIN;
        loop {
            let sight = {
                let snapshot = self.snapshots.borrow_and_update();
                let view = living(&snapshot, &self.deployment)?;
                sight(view, &self.author)
            };
            let sight = sight.filter(|sight| !sight.container.is_empty());
            if sight.is_some() && sight.as_ref() != last {
                return sight;
            }
            let again = sight.filter(|sight| sight.running);
            tokio::select! {
                changed = self.snapshots.changed() => changed.ok()?,
                () = sleep_until(again_at), if again.is_some() => return again,
            }
        }
    }

    /// Passes on what a container writes, until its output ends.
    async fn pass_on(&mut self, container: &str, seen: &mut Seen) -> End {
        let query = self.query_for(container, seen);
        let before = seen.clone();
        let began_at = clock::now().wall;
        let mut lines = std::pin::pin!((self.open)(container, &query));
        let mut gone = std::pin::pin!(gone(
            self.snapshots.clone(),
            self.deployment.clone(),
            self.author.clone(),
            container.to_owned(),
        ));
        loop {
            let line = tokio::select! {
                biased;
                line = lines.next() => line,
                () = &mut gone => return End::Ended,
            };
            match line {
                Some(Ok(line)) if !before.knows(&line) => {
                    seen.note(&line);
                    let author = self.author.clone();
                    if !self.sink.send(WrittenLine { author, line }).await {
                        return End::Unheard;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!("{container} is not followed at the moment: {error}");
                    return End::Failed;
                }
                None => {
                    seen.began_at.get_or_insert(began_at);
                    return End::Ended;
                }
            }
        }
    }

    /// Only of the container that was there at the beginning is something old; of a later one all
    /// is new. After an end it goes on where it ended.
    fn query_for(&self, container: &str, seen: &Seen) -> LogQuery {
        match seen.until() {
            None if container == self.first => self.query,
            until => LogQuery {
                tail: u32::MAX,
                since: until.unwrap_or_default().max(self.query.since),
            },
        }
    }
}

/// The deployment, while something of it is left.
fn living<'a>(snapshot: &'a Snapshot, deployment: &str) -> Option<&'a DeploymentView> {
    let view = snapshot.by_id(deployment)?;
    (!view.over).then_some(view)
}

fn sight(view: &DeploymentView, author: &Author) -> Option<Sight> {
    let component = view
        .components
        .iter()
        .find(|c| c.name == author.component)?;
    let executable = { component.executables.iter() }.find(|e| e.name == author.executable)?;
    Some(Sight {
        container: executable.container_id.clone(),
        restarts: executable.restarts,
        running: executable.condition.status == Some(Status::Running),
    })
}

/// Waits until a container is not the executable's any more, and a little longer.
async fn gone(
    mut snapshots: watch::Receiver<Snapshot>,
    deployment: DeploymentId,
    author: Arc<Author>,
    container: String,
) {
    let is_gone = |snapshot: &Snapshot| {
        let sight = living(snapshot, &deployment).and_then(|view| sight(view, &author));
        sight.is_none_or(|sight| sight.container != container)
    };
    // When there are no more snapshots, the node ends.
    drop(snapshots.wait_for(is_gone).await);
    sleep(LAST_LINES).await;
}

/// Which lines of a container were passed on.
#[derive(Clone, Debug, Default)]
struct Seen {
    first: Option<WallTime>,
    latest: [WallTime; 2],
    /// When it was first read, if that ended well.
    began_at: Option<WallTime>,
}

impl Seen {
    fn note(&mut self, line: &LogLine) {
        self.first.get_or_insert(line.at);
        let latest = &mut self.latest[index(line.stream)];
        *latest = line.at.max(*latest);
    }

    /// Whether a line was passed on, or is older than what was wanted. The streams are apart, since
    /// a line of the one may be written down after a later one of the other.
    fn knows(&self, line: &LogLine) -> bool {
        self.first
            .is_some_and(|first| line.at < first || line.at <= self.latest[index(line.stream)])
    }

    /// From when on there may be lines that were not passed on.
    fn until(&self) -> Option<WallTime> {
        let Some(first) = self.first else {
            return self.began_at;
        };
        let [out, err] = self.latest.map(|latest| latest.max(first));
        Some(out.min(err).max(WallTime(out.max(err).0 - OVERLAP)))
    }
}

fn index(stream: LogStream) -> usize {
    match stream {
        LogStream::Stdout => 0,
        LogStream::Stderr => 1,
    }
}
