//! Reading the latest lines of several executables.

use futures::stream::{self, StreamExt};

use super::WrittenLine;
use super::pick::{Picked, Place};
use crate::domain::log::LogQuery;
use crate::edge::docker::{Engine, LogPage};

/// How many containers are read at once.
const AT_ONCE: usize = 8;
/// More than this is not given.
const LIMIT: usize = 1 << 20;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether anything could be read, or there is nothing to read.
    pub success: bool,
    /// What is wrong, or what could not be read.
    pub message: String,
    /// The lines, the oldest first.
    pub lines: Vec<WrittenLine>,
    /// Whether older lines were left out, because all together are too long.
    pub truncated: bool,
}

impl Answer {
    /// Nothing was read.
    pub(super) fn refused(message: String) -> Self {
        Self {
            message,
            ..Self::default()
        }
    }
}

/// Reads all beside each other. What cannot be read is said, and the rest is given all the same.
pub(super) async fn read(engine: &Engine, picked: Picked, query: LogQuery) -> Answer {
    let told = nothing(&picked);
    let (started, absent): (Vec<Place>, Vec<Place>) =
        { picked.places.into_iter() }.partition(|place| !place.container.is_empty());
    if started.is_empty() {
        return Answer {
            success: true,
            message: told,
            ..Answer::default()
        };
    }
    if let Some(why) = picked.unreachable {
        return Answer::refused(why);
    }
    let mut pages = stream::iter(started)
        .map(|place| {
            let engine = engine.clone();
            async move {
                let page = engine.read_logs(&place.container, &query).await;
                (place, page)
            }
        })
        // In their order, so that lines of the same moment always come in the same order.
        .buffered(AT_ONCE);
    let mut merged = Merged::default();
    let masks = picked.masks;
    let mut wrong: Vec<String> = absent.iter().map(not_started).collect();
    let mut success = false;
    while let Some((place, page)) = pages.next().await {
        match page {
            Ok(page) => {
                success = true;
                merged.add(&place, page);
            }
            Err(error) => wrong.push(format!("{}: {error}", name(&place))),
        }
    }
    let (mut lines, truncated) = merged.end();
    lines.iter_mut().for_each(|line| line.mask(&masks));
    Answer {
        success,
        message: wrong.join("; "),
        lines,
        truncated,
    }
}

fn nothing(picked: &Picked) -> String {
    let name = &picked.name;
    match picked.over {
        true => format!("nothing of {name} is left; what it wrote went with its containers"),
        false => format!("nothing of what is meant in {name} has been started yet"),
    }
}

fn not_started(place: &Place) -> String {
    format!("{} has not been started yet", name(place))
}

pub(super) fn name(place: &Place) -> String {
    format!("{}/{}", place.author.component, place.author.executable)
}

/// Lines of several executables, of which the latest are kept.
#[derive(Default)]
pub(super) struct Merged {
    lines: Vec<WrittenLine>,
    size: usize,
    truncated: bool,
}

impl Merged {
    pub(super) fn add(&mut self, place: &Place, page: LogPage) {
        self.truncated |= page.truncated;
        let lines = page.lines.into_iter().map(|line| WrittenLine {
            author: place.author.clone(),
            line,
        });
        for line in lines {
            self.size += line.size();
            self.lines.push(line);
        }
        if self.size > LIMIT {
            self.sort();
            self.cut();
        }
    }

    /// By time; what has the same moment stays in its order.
    fn sort(&mut self) {
        self.lines.sort_by_key(|written| written.line.at);
    }

    fn cut(&mut self) {
        let mut count = 0;
        while self.size > LIMIT {
            self.size -= self.lines.get(count).map_or(self.size, WrittenLine::size);
            count += 1;
        }
        self.truncated |= count > 0;
        self.lines.drain(..count.min(self.lines.len()));
    }

    pub(super) fn end(mut self) -> (Vec<WrittenLine>, bool) {
        self.sort();
        (self.lines, self.truncated)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Author;
    use super::*;
    use crate::domain::log::{LogLine, LogStream};
    use crate::domain::time::WallTime;

    fn place(executable: &str) -> Place {
        Place {
            author: Arc::new(Author {
                component: "main".to_owned(),
                executable: executable.to_owned(),
            }),
            container: "some".to_owned(),
        }
    }

    fn page(lines: &[(i64, &str)]) -> LogPage {
        let line = |(at, text): &(i64, &str)| LogLine {
            at: WallTime(*at),
            stream: LogStream::Stdout,
            text: (*text).to_owned(),
        };
        LogPage {
            lines: lines.iter().map(line).collect(),
            truncated: false,
        }
    }

    #[test]
    fn lines_are_merged_by_time_and_stay_in_order_within_a_moment() {
        let mut merged = Merged::default();
        merged.add(&place("one"), page(&[(1, "a"), (3, "c"), (3, "d")]));
        merged.add(&place("two"), page(&[(2, "b"), (3, "e")]));
        let (lines, truncated) = merged.end();
        let shown: Vec<(&str, &str)> = lines
            .iter()
            .map(|l| (l.author.executable.as_str(), l.line.text.as_str()))
            .collect();
        let expected = [
            ("one", "a"),
            ("two", "b"),
            ("one", "c"),
            ("one", "d"),
            ("two", "e"),
        ];
        assert_eq!((shown, truncated), (expected.to_vec(), false));
    }

    #[test]
    fn the_latest_of_all_are_kept() {
        let long = "x".repeat(LIMIT / 4);
        let all: Vec<(i64, &str)> = (0..3).map(|n| (n, long.as_str())).collect();
        let later: Vec<(i64, &str)> = (1..4).map(|n| (n, long.as_str())).collect();
        let mut merged = Merged::default();
        merged.add(&place("one"), page(&later));
        merged.add(&place("two"), page(&all));
        let (lines, truncated) = merged.end();
        let at: Vec<i64> = lines.iter().map(|l| l.line.at.0).collect();
        assert_eq!((at, truncated), (vec![2, 2, 3], true));
    }
}
