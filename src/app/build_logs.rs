//! What the latest build of each executable's image said, in files of the state folder: a build
//! that failed is asked about when nothing of it runs any more, and perhaps after a restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::domain::log::{LogLine, LogStream};
use crate::domain::time::WallTime;

/// More than this is not kept of one build; the latest is.
const LIMIT: usize = 1 << 20;
/// What each line counts beside its text.
const OVERHEAD: usize = 64;
/// More builds than this are not kept; the latest are.
const MOST: usize = 100;
const ENDING: &str = "log";

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The image was built; of what, if that is known.
    Built(Option<String>),
    /// The image was there already, built of this.
    Unchanged(String),
    /// There is no image.
    Failed,
}

/// The log of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildLog {
    /// Its lines, the oldest first.
    pub lines: Vec<LogLine>,
    /// Whether older lines were not kept.
    pub truncated: bool,
    /// What else there is to say.
    pub remark: String,
}

/// The logs of all builds.
#[derive(Clone, Debug)]
pub struct BuildLogs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    running: Mutex<BTreeMap<PathBuf, Arc<Mutex<Lines>>>>,
    /// One changes the folder at a time.
    changing: Mutex<()>,
}

impl BuildLogs {
    /// The logs below a folder, which is made when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            shared: Arc::new(Shared {
                folder,
                running: Mutex::default(),
                changing: Mutex::default(),
            }),
        }
    }

    /// Begins to keep the output of a build. `name` is `COMPONENT.EXECUTABLE`.
    pub fn begin(&self, deployment: &str, name: &str) -> Recording {
        let file = self.file(deployment, name);
        let lines = Arc::new(Mutex::new(Lines::default()));
        hold(&self.shared.running).insert(file.clone(), lines.clone());
        Recording {
            logs: self.clone(),
            file,
            lines,
        }
    }

    /// The log of the latest build, also of one that goes on; none when there was none. Reads the
    /// disk.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, deployment: &str, name: &str) -> io::Result<Option<BuildLog>> {
        let file = self.file(deployment, name);
        let running = hold(&self.shared.running).get(&file).cloned();
        if let Some(lines) = running {
            let lines = hold(&lines);
            return Ok(Some(BuildLog {
                lines: lines.kept.iter().cloned().collect(),
                truncated: lines.truncated,
                remark: "the build goes on".to_owned(),
            }));
        }
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(parse(&text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&file, &error)),
        }
    }

    /// Removes the logs of every deployment but these. Works on the disk.
    ///
    /// # Errors
    /// When a folder cannot be removed; the others are all the same.
    pub fn keep_only(&self, known: &BTreeSet<String>) -> io::Result<()> {
        let _changing = hold(&self.shared.changing);
        let mut result = Ok(());
        for folder in children(&self.shared.folder)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let builds = hold(&self.shared.running);
            let running = builds.keys().any(|file| file.starts_with(&folder));
            drop(builds);
            if !running && !known.contains(name.as_ref()) {
                let removed = fs::remove_dir_all(&folder);
                result = result.and(removed.map_err(|error| at(&folder, &error)));
            }
        }
        result
    }

    /// Removes the logs of these deployments. Works on the disk.
    ///
    /// # Errors
    /// When a folder cannot be removed; the others are all the same.
    pub fn forget(&self, deployments: &[String]) -> io::Result<()> {
        let _changing = hold(&self.shared.changing);
        let mut result = Ok(());
        for folder in deployments.iter().map(|id| self.shared.folder.join(id)) {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    result = result.and(Err(at(&folder, &error)));
                }
                Ok(()) | Err(_) => {}
            }
        }
        result
    }

    fn file(&self, deployment: &str, name: &str) -> PathBuf {
        let folder = self.shared.folder.join(deployment);
        folder.join(format!("{name}.{ENDING}"))
    }

    /// The log of a build that made an image of this.
    fn made(&self, context: &str) -> io::Result<Option<String>> {
        for (_, file) in self.files()? {
            let text = fs::read_to_string(&file).map_err(|error| at(&file, &error))?;
            let head = text.lines().next().unwrap_or_default();
            if head.split_whitespace().nth(1) == Some(context) && !head.starts_with("lost ") {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Every log, the latest first.
    fn files(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut files = Vec::new();
        for folder in children(&self.shared.folder)? {
            for file in children(&folder)? {
                if file.extension().is_some_and(|ending| ending == ENDING) {
                    let written = fs::metadata(&file).and_then(|about| about.modified());
                    files.push((written.unwrap_or(SystemTime::UNIX_EPOCH), file));
                }
            }
        }
        files.sort_by(|a, b| b.cmp(a));
        Ok(files)
    }

    fn save(&self, file: &Path, text: &str) -> io::Result<()> {
        let folder = file.parent().unwrap_or(&self.shared.folder);
        fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        let beside = file.with_extension("new");
        fs::write(&beside, text).map_err(|error| at(&beside, &error))?;
        fs::rename(&beside, file).map_err(|error| at(file, &error))?;
        for (_, old) in self.files()?.into_iter().skip(MOST) {
            fs::remove_file(&old).map_err(|error| at(&old, &error))?;
        }
        Ok(())
    }
}

/// The output of a build that goes on.
#[derive(Debug)]
pub struct Recording {
    logs: BuildLogs,
    file: PathBuf,
    lines: Arc<Mutex<Lines>>,
}

impl Recording {
    /// Takes a line in.
    pub fn line(&self, at: WallTime, text: &str) {
        hold(&self.lines).add(LogLine {
            at,
            stream: LogStream::Stdout,
            text: text.to_owned(),
        });
    }

    /// Writes down what the build said. An image that was unchanged gets the log of the build that
    /// made it, whoever's that was, as long as it is known. Works on the disk.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn end(self, ended: &Ended) -> io::Result<()> {
        let _changing = hold(&self.logs.shared.changing);
        let text = match ended {
            Ended::Built(context) => {
                let context = context.as_deref().unwrap_or("-");
                hold(&self.lines).text("built", context)
            }
            Ended::Failed => hold(&self.lines).text("failed", "-"),
            Ended::Unchanged(context) => match self.logs.made(context)? {
                Some(text) => {
                    let (head, lines) = text.split_once('\n').unwrap_or((&text, ""));
                    let cut = head.split_whitespace().nth(2).unwrap_or("whole");
                    format!("unchanged {context} {cut}\n{lines}")
                }
                None => format!("lost {context} whole\n"),
            },
        };
        self.logs.save(&self.file, &text)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut running = hold(&self.logs.shared.running);
        // A later build of the same may have taken its place.
        let mine = running.get(&self.file);
        if mine.is_some_and(|lines| Arc::ptr_eq(lines, &self.lines)) {
            running.remove(&self.file);
        }
    }
}

/// The latest lines of a build.
#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<LogLine>,
    size: usize,
    truncated: bool,
}

impl Lines {
    fn add(&mut self, line: LogLine) {
        self.size += line.text.len() + OVERHEAD;
        self.kept.push_back(line);
        while self.size > LIMIT {
            let Some(first) = self.kept.pop_front() else {
                break;
            };
            self.size -= first.text.len() + OVERHEAD;
            self.truncated = true;
        }
    }

    /// A head of one line, `HOW CONTEXT whole|cut`, and below it the lines, each with its moment.
    fn text(&self, how: &str, context: &str) -> String {
        let cut = if self.truncated { "cut" } else { "whole" };
        let mut text = format!("{how} {context} {cut}\n");
        for line in &self.kept {
            text += &format!("{} {}\n", line.at.0, line.text.replace('\n', " "));
        }
        text
    }
}

fn parse(text: &str) -> BuildLog {
    let mut lines = text.split_terminator('\n');
    let mut head = lines.next().unwrap_or_default().split_whitespace();
    let remark = match head.next() {
        Some("unchanged") => {
            "nothing had changed, so that it was not built again; this is from the build that made \
             the image"
        }
        Some("lost") => {
            "nothing had changed, so that it was not built again; the log of the build that made \
             the image is not there any more"
        }
        Some("failed") => "the build failed",
        _ => "",
    };
    let line = |line: &str| {
        let (at, text) = line.split_once(' ')?;
        Some(LogLine {
            at: WallTime(at.parse().ok()?),
            stream: LogStream::Stdout,
            text: text.to_owned(),
        })
    };
    BuildLog {
        truncated: head.nth(1) == Some("cut"),
        remark: remark.to_owned(),
        lines: lines.filter_map(line).collect(),
    }
}

/// What is in a folder; nothing when it is not there.
fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(at(folder, &error)),
    };
    { entries }
        .map(|entry| Ok(entry.map_err(|error| at(folder, &error))?.path()))
        .collect()
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "build_logs_tests.rs"]
mod tests;
