//! What containers wrote and write.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::events::until_error;
use super::lines::{Lines, Placed};
use super::{Engine, EngineError, Failure, classify, text};
use crate::domain::log::{LogLine, LogQuery};
use crate::domain::time::WallTime;

/// What the engine is asked for, in an error's words.
const WHAT: &str = "read a container's output";
/// More than this of a failed container's output is not kept.
const LIMIT: usize = 4096;
/// More than this of a container's lines is not kept at once.
const PAGE: usize = 1 << 20;
/// What each line counts beside its text: many empty ones fill the memory too.
const LINE: usize = 64;
/// How far back is looked for lines that were missed at the end, in nanoseconds.
const OVERLAP: i64 = 10_000_000_000;
/// How many times as much is asked for when the lines were fewer than the pieces.
const MORE: u64 = 4;

/// Some lines of a container, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Whether older ones were left out, because all together are too long.
    pub truncated: bool,
}

impl Engine {
    /// The last lines that a container wrote to its output, at most 4 KiB, as plain text.
    pub async fn logs_tail(&self, id: &str, lines: u32) -> Result<String, EngineError> {
        let client = self.client()?;
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: lines.to_string(),
            ..Default::default()
        };
        let asked = client
            .logs(id, Some(options))
            .try_fold(Vec::new(), async |bytes, chunk| {
                Ok(keep_end(bytes, &chunk.into_bytes()))
            });
        self.within(WHAT, self.deadlines().question, asked)
            .await?
            .map(|bytes| plain(&bytes))
            .map_err(|failure| self.explain(&failure, WHAT))
    }

    /// The last lines of a container, as many as asked for, but at most 1 MiB.
    ///
    /// # Errors
    /// When there is no such container, or the engine does not answer.
    pub async fn read_logs(&self, id: &str, query: &LogQuery) -> Result<LogPage, EngineError> {
        let lines = self.last_lines(id, query).await?.lines;
        Ok(LogPage {
            truncated: lines.too_long,
            lines: lines.kept.into_iter().map(|placed| placed.line).collect(),
        })
    }

    /// The last lines of a container, and from then on each that it writes, until it ends. The
    /// silence of a container is no error, and neither is that of the engine, once it answered.
    pub fn follow_logs(
        &self,
        id: &str,
        query: &LogQuery,
    ) -> impl Stream<Item = Result<LogLine, EngineError>> + Send + use<> {
        let (engine, id, query) = (self.clone(), id.to_owned(), *query);
        stream::once(async move { engine.subscribe_logs(&id, &query).await }).try_flatten()
    }

    async fn subscribe_logs(
        &self,
        id: &str,
        query: &LogQuery,
    ) -> Result<impl Stream<Item = Result<LogLine, EngineError>> + Send + use<>, EngineError> {
        // Everything needs no look at what there is.
        let (start, from) = match query.tail {
            u32::MAX => (Start::Beginning, query.since),
            _ => {
                let answer = self.last_lines(id, query).await?;
                (answer.start(), answer.from().max(query.since))
            }
        };
        let options = LogsOptions {
            follow: true,
            ..options(query.since, start.tail())
        };
        let client = self.client()?;
        let said = client.logs(id, Some(options));
        let whole = start == Start::Beginning;
        let since = query.since;
        let passed = Arc::new(Mutex::new(Passed::before(from)));
        let noted = passed.clone();
        let live = lines_of(said).try_filter_map(move |placed| {
            let wanted = (whole || !placed.doubtful) && placed.line.at >= since;
            if wanted {
                lock(&noted).note(&placed.line);
            }
            futures::future::ready(Ok(wanted.then_some(placed.line)))
        });
        let (engine, id) = (self.clone(), id.to_owned());
        let live = live.map_err(move |failure| engine.explain(&failure, WHAT));
        let engine = self.clone();
        let missed = stream::once(async move {
            let passed = *lock(&passed);
            engine.missed_lines(&id, passed).await
        });
        Ok(until_error(live.chain(missed.flat_map(stream::iter))))
    }

    /// What a followed container wrote last: engines before version 23 may end their answer before
    /// they have told the last lines. A container that is gone by then has told what it could.
    async fn missed_lines(&self, id: &str, passed: Passed) -> Vec<Result<LogLine, EngineError>> {
        let query = LogQuery {
            tail: u32::MAX,
            since: passed.since(),
        };
        let asked = async {
            let said = self.client()?.logs(id, Some(options(query.since, None)));
            match Answer::read(said, &query, u64::MAX).await {
                Ok(answer) => Ok(answer.lines.kept),
                Err(failure) if classify::status(&failure).is_some() => Ok(VecDeque::new()),
                Err(failure) => Err(self.explain(&failure, WHAT)),
            }
        };
        let answer = self.within(WHAT, self.deadlines().question, asked).await;
        match answer.and_then(|answer| answer) {
            Ok(lines) => { lines.into_iter() }
                .map(|placed| placed.line)
                .filter(|line| !passed.has(line))
                .map(Ok)
                .collect(),
            Err(error) => vec![Err(error)],
        }
    }

    /// Reads the last lines. The engine counts the pieces of long lines, so more is asked for until
    /// there are lines enough, or no more.
    async fn last_lines(&self, id: &str, query: &LogQuery) -> Result<Answer, EngineError> {
        let client = self.client()?;
        let asked = async {
            // The first piece may be the end of a line.
            let mut pieces = u64::from(query.tail) + 1;
            loop {
                let said = client.logs(id, Some(options(query.since, Some(pieces))));
                let answer = Answer::read(said, query, pieces).await?;
                if answer.enough(query.tail) {
                    return Ok(answer);
                }
                pieces = pieces.saturating_mul(MORE);
            }
        };
        self.within(WHAT, self.deadlines().question, asked)
            .await?
            .map_err(|failure: Failure| self.explain(&failure, WHAT))
    }
}

/// The engine knows only whole seconds here; the rest is filtered afterwards.
fn options(since: WallTime, tail: Option<u64>) -> LogsOptions {
    let seconds = since.0.div_euclid(1_000_000_000).max(0);
    LogsOptions {
        stdout: true,
        stderr: true,
        timestamps: true,
        since: i32::try_from(seconds).unwrap_or(i32::MAX),
        tail: tail.map_or_else(|| "all".to_owned(), |pieces| pieces.to_string()),
        ..Default::default()
    }
}

/// Where to begin to follow, so that the wanted lines come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// With the first line.
    Beginning,
    /// With so many pieces, of which the first is left out.
    Last(u64),
}

impl Start {
    fn tail(self) -> Option<u64> {
        match self {
            Self::Beginning => None,
            Self::Last(pieces) => Some(pieces),
        }
    }
}

/// An answer of the engine to a question for its last pieces.
struct Answer {
    lines: LastLines,
    pieces: u64,
    /// Whether there was nothing before them.
    whole: bool,
}

impl Answer {
    async fn read(
        said: impl Stream<Item = Result<LogOutput, Failure>>,
        query: &LogQuery,
        asked: u64,
    ) -> Result<Self, Failure> {
        let mut said = std::pin::pin!(said);
        let (mut reader, mut lines) = (Lines::new(), LastLines::new(query));
        let mut ended = Vec::new();
        while let Some(chunk) = said.try_next().await? {
            reader.take(chunk, &mut ended);
            ended.drain(..).for_each(|placed| lines.add(placed));
        }
        reader.end(&mut ended);
        ended.into_iter().for_each(|placed| lines.add(placed));
        let pieces = reader.pieces;
        // Where less comes than was asked for, it begins with a line: with the very first, or with
        // the first since the wanted moment, since all pieces of a line have the same moment.
        let whole = pieces < asked;
        if !whole {
            lines.leave_out_the_doubtful();
        }
        Ok(Self {
            lines,
            pieces,
            whole,
        })
    }

    fn enough(&self, tail: u32) -> bool {
        self.whole || self.lines.too_long || self.lines.count >= u64::from(tail)
    }

    /// From when on lines are wanted: the first that is kept, or after the last that is not.
    fn from(&self) -> WallTime {
        match self.lines.kept.iter().map(|placed| placed.line.at).min() {
            Some(first) => first,
            None => WallTime(self.lines.newest.0.saturating_add(1)),
        }
    }

    fn start(&self) -> Start {
        if self.whole && !self.lines.left_out {
            return Start::Beginning;
        }
        let kept = self.lines.kept.iter().map(|placed| placed.first_piece);
        Start::Last(self.pieces - kept.min().unwrap_or(self.pieces) + 1)
    }
}

/// The latest lines, as many as wanted and fit.
struct LastLines {
    query: LogQuery,
    kept: VecDeque<Placed>,
    /// How many there were, those from before the wanted moment too.
    count: u64,
    /// How many of them were doubtful.
    doubtful: u64,
    size: usize,
    newest: WallTime,
    left_out: bool,
    too_long: bool,
}

impl LastLines {
    fn new(query: &LogQuery) -> Self {
        Self {
            query: *query,
            kept: VecDeque::new(),
            count: 0,
            doubtful: 0,
            size: 0,
            newest: WallTime::default(),
            left_out: false,
            too_long: false,
        }
    }

    fn add(&mut self, placed: Placed) {
        self.count += 1;
        self.doubtful += u64::from(placed.doubtful);
        self.newest = self.newest.max(placed.line.at);
        if placed.line.at < self.query.since {
            return;
        }
        self.size += size(&placed);
        self.kept.push_back(placed);
        let most = usize::try_from(self.query.tail).unwrap_or(usize::MAX);
        while self.kept.len() > most || self.size > PAGE {
            self.too_long |= self.kept.len() <= most;
            self.left_out = true;
            self.size -= self.kept.pop_front().map_or(self.size, |old| size(&old));
        }
    }

    fn leave_out_the_doubtful(&mut self) {
        self.count -= std::mem::take(&mut self.doubtful);
        self.kept.retain(|placed| !placed.doubtful);
    }
}

fn size(placed: &Placed) -> usize {
    placed.line.text.len() + LINE
}

/// The lines of an answer that goes on. What has no end when the answer ends is left to
/// [`missed_lines`](Engine::missed_lines).
fn lines_of(
    said: impl Stream<Item = Result<LogOutput, Failure>> + Send,
) -> impl Stream<Item = Result<Placed, Failure>> + Send {
    said.scan(Lines::new(), |lines, said| {
        let mut ended = Vec::new();
        let failure = match said {
            Ok(said) => {
                lines.take(said, &mut ended);
                None
            }
            Err(failure) => Some(failure),
        };
        let items = ended.into_iter().map(Ok).chain(failure.map(Err));
        futures::future::ready(Some(stream::iter(items)))
    })
    .flatten()
}

/// Which lines were passed on, a stream at a time, since a line of the one may be written down
/// after a later one of the other.
#[derive(Clone, Copy, Debug)]
struct Passed {
    latest: [WallTime; 2],
}

impl Passed {
    /// Everything before a moment.
    fn before(moment: WallTime) -> Self {
        Self {
            latest: [WallTime(moment.0.saturating_sub(1)); 2],
        }
    }

    fn note(&mut self, line: &LogLine) {
        let latest = &mut self.latest[line.stream as usize];
        *latest = line.at.max(*latest);
    }

    fn has(&self, line: &LogLine) -> bool {
        line.at <= self.latest[line.stream as usize]
    }

    /// From when on there may be others; not long before the latest, or all would be read again.
    fn since(&self) -> WallTime {
        let [out, err] = self.latest;
        out.min(err)
            .max(WallTime(out.max(err).0.saturating_sub(OVERLAP)))
    }
}

/// What a thread that panicked left is as good as any.
fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends a chunk; a program without line ends must not fill the memory. Twice the limit is kept,
/// because colours are yet to be removed.
fn keep_end(mut bytes: Vec<u8>, chunk: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(chunk);
    let excess = bytes.len().saturating_sub(2 * LIMIT);
    bytes.drain(..excess);
    bytes
}

/// What the init process says when it cannot run the command, in words for a person. Docker starts
/// the init process, so a wrong command is no error for it: the container just ends with 127.
pub(super) fn init_failure(output: &str) -> Option<String> {
    let said = output
        .lines()
        .find(|line| line.starts_with("[FATAL tini"))?;
    let (_, said) = said.split_once("] exec ")?;
    let (command, reason) = said.split_once(" failed: ")?;
    let error = EngineError::CommandNotFound {
        command: command.to_owned(),
        cause: match reason {
            "No such file or directory" => "it is not in the image".to_owned(),
            "Permission denied" => "it is not executable".to_owned(),
            "Exec format error" => "it was built for another processor".to_owned(),
            other => other.to_owned(),
        },
    };
    Some(error.to_string())
}

/// Text without control characters and colours, cut at its front to the limit.
pub(super) fn plain(bytes: &[u8]) -> String {
    text::end_of(text::plain(bytes).trim_end(), LIMIT).to_owned()
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
