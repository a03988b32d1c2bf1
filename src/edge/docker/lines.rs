//! From the pieces of an engine's answer to lines.
//!
//! The engine notes each line with its moment. One that is longer than 16 KiB it notes in pieces,
//! all with the moment of the first; what a program leaves without a line end is noted when the
//! program ends. Measured with Docker 20.10.

use bollard::container::LogOutput;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::text;
use crate::domain::log::{LogLine, LogStream};
use crate::domain::time::WallTime;

/// How long the engine's pieces are, all but the last of a line.
const PIECE: usize = 16 * 1024;
/// How long a moment is in the engine's answer, with the space after it.
const STAMP: usize = "2026-11-23T12:32:26.700881445Z ".len();
/// More than this of a line is not kept.
const LONGEST: usize = 16 * 1024;
/// What stands where a line was cut.
const CUT: &str = " … (the line goes on)";

/// A line, and what is known of its place in an answer.
pub(super) struct Placed {
    pub line: LogLine,
    /// Which of the pieces was its first.
    pub first_piece: u64,
    /// Whether it may be the end of a line that began before the answer did: the first piece may,
    /// and all that is no later than it, until a line of its stream has ended.
    pub doubtful: bool,
}

/// Puts pieces together, a stream at a time.
pub(super) struct Lines {
    tracks: [Track; 2],
    first: Option<WallTime>,
    last: WallTime,
    /// How many pieces came.
    pub pieces: u64,
    console: Vec<u8>,
}

/// What is known of one stream.
struct Track {
    stream: LogStream,
    in_doubt: bool,
    open: Option<Open>,
}

/// A line whose end has not come yet.
struct Open {
    first_piece: u64,
    doubtful: bool,
    at: WallTime,
    bytes: Vec<u8>,
    longer: bool,
}

impl Lines {
    pub fn new() -> Self {
        let track = |stream| Track {
            stream,
            in_doubt: true,
            open: None,
        };
        Self {
            tracks: [track(LogStream::Stdout), track(LogStream::Stderr)],
            first: None,
            last: WallTime::default(),
            pieces: 0,
            console: Vec::new(),
        }
    }

    /// Takes what the engine said next; lines that have ended go to `out`.
    pub fn take(&mut self, said: LogOutput, out: &mut Vec<Placed>) {
        match said {
            LogOutput::StdOut { message } => self.piece(LogStream::Stdout, &message, out),
            LogOutput::StdErr { message } => self.piece(LogStream::Stderr, &message, out),
            LogOutput::StdIn { .. } => {}
            LogOutput::Console { message } => {
                self.console.extend_from_slice(&message);
                while let Some(piece) = self.console_piece() {
                    self.piece(LogStream::Stdout, &piece, out);
                }
            }
        }
    }

    /// Nothing more comes; what has no end yet goes to `out`.
    pub fn end(&mut self, out: &mut Vec<Placed>) {
        let rest = std::mem::take(&mut self.console);
        if !rest.is_empty() {
            self.piece(LogStream::Stdout, &rest, out);
        }
        out.extend(self.tracks.iter_mut().filter_map(Track::close));
    }

    /// The next piece of a terminal's output, which has no marks but line ends and moments.
    fn console_piece(&mut self) -> Option<Vec<u8>> {
        let full = STAMP + PIECE;
        let line = self.console.iter().position(|byte| *byte == b'\n');
        let end = match line {
            Some(end) if end < full => end + 1,
            _ if self.console.len() >= full + STAMP => full,
            Some(end) => end + 1,
            None => return None,
        };
        Some(self.console.drain(..end).collect())
    }

    fn piece(&mut self, stream: LogStream, said: &[u8], out: &mut Vec<Placed>) {
        let number = self.pieces;
        self.pieces += 1;
        // What the engine itself has to say has no moment.
        let (at, bytes) = stamped(said).unwrap_or((self.last, said));
        self.last = at;
        let first = *self.first.get_or_insert(at);
        let track = &mut self.tracks[stream as usize];
        let (bytes, ended) = match bytes.strip_suffix(b"\n") {
            Some(line) => (line, true),
            None => (bytes, bytes.len() < PIECE),
        };
        let doubtful = track.in_doubt && at <= first;
        track.in_doubt = doubtful && !ended;
        if track.open.as_ref().is_some_and(|open| open.at != at) {
            out.extend(track.close());
        }
        let open = track.open.get_or_insert_with(|| Open {
            first_piece: number,
            doubtful,
            at,
            bytes: Vec::new(),
            longer: false,
        });
        open.add(bytes);
        if ended {
            out.extend(track.close());
        }
    }
}

impl Track {
    fn close(&mut self) -> Option<Placed> {
        let open = self.open.take()?;
        Some(Placed {
            line: LogLine {
                at: open.at,
                stream: self.stream,
                text: open.text(),
            },
            first_piece: open.first_piece,
            doubtful: open.doubtful,
        })
    }
}

impl Open {
    fn add(&mut self, bytes: &[u8]) {
        // A character that lies across the limit is kept whole, to be cut as a character.
        let room = (LONGEST + 4).saturating_sub(self.bytes.len());
        self.longer |= bytes.len() > room;
        self.bytes.extend(bytes.iter().take(room));
    }

    fn text(&self) -> String {
        let mut text = text::plain(&self.bytes);
        // A line end within a piece cannot be; a message holds lines, each without its end.
        text.retain(|c| c != '\n');
        if !self.longer && text.len() <= LONGEST {
            return text;
        }
        let kept = text::beginning_of(&text, LONGEST).trim_end_matches('\u{fffd}');
        format!("{kept}{CUT}")
    }
}

/// The moment in front of a piece, and the rest of it.
fn stamped(said: &[u8]) -> Option<(WallTime, &[u8])> {
    let (stamp, rest) = said.split_at_checked(STAMP)?;
    let stamp = std::str::from_utf8(stamp).ok()?.strip_suffix(' ')?;
    let moment = OffsetDateTime::parse(stamp, &Rfc3339).ok()?;
    let nanoseconds = i64::try_from(moment.unix_timestamp_nanos()).ok()?;
    Some((WallTime(nanoseconds), rest))
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
