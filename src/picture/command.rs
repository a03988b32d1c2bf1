//! `shipmate graph`: draws the graph of a running node, or one that was written to a file, and what changed
//! between two. Only a running node needs ROS, and is asked by who calls this.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::{diff, dot, from_json, json, mermaid, svg, text};
use crate::command::{self, Argument, Arguments, Command, DONE, Exit, Streams};
use crate::domain::dependency_graph::{DependencyGraph, Options as Shown};

const COMMAND: Command = Command {
    name: "graph",
    help: HELP,
    short: &[('o', "--output")],
};

const HELP: &str = "\
Usage: shipmate graph [--node NAME] [--format FORMAT] [--output FILE] [more]
       shipmate graph --from FILE.json [--format FORMAT] [--output FILE]
       shipmate graph diff BEFORE.json [--node NAME] [--format text|svg] [--output FILE] [more]
       shipmate graph diff BEFORE.json AFTER.json [--format text|svg] [--output FILE]

Draws the dependency graph of a running node or out of a file, or what changed: between a file and the
running node as it is now, or between two files.

  --node NAME         the node that is asked; /shipmate otherwise
  --dependencies      deployments and what they depend on alone, without topics, services and actions
  --without-external  without what belongs to no deployment
  --hidden            also what every node has and nobody looks for
  --timeout SECONDS   how long the node may take to answer; 10 otherwise
  --from FILE         no node is asked: the graph as --format json has written it
  --format FORMAT     text (otherwise), svg, dot, mermaid or json
  --output FILE       where it is written; standard output otherwise
  --help              this text
  --version           which version this is
";

/// More MiB than this are no dependency graph.
const MOST_MIB: u64 = 64;

/// What a running node is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The node's full name.
    pub node: String,
    /// What is to be shown.
    pub shown: Shown,
    /// How long the node may take to answer.
    pub within: Duration,
}

/// Asks a running node; gives the graph as JSON, or says what went wrong.
pub type Ask = fn(&Question) -> Result<String, String>;

#[derive(Debug, PartialEq)]
struct Options {
    /// The files behind `diff`; nothing without it.
    compared: Option<Vec<PathBuf>>,
    from: Option<PathBuf>,
    question: Question,
    /// The last option that says something about a question.
    asks: Option<String>,
    format: String,
    output: Option<PathBuf>,
}

/// Runs when the first argument is `graph`; all others are the node's own.
pub fn run(arguments: impl Iterator<Item = OsString>, ask: Ask) -> Option<ExitCode> {
    COMMAND.run(arguments, |rest, streams| act(rest, ask, streams))
}

/// 0: done; 2: it was not, and why is said.
fn act(arguments: Vec<OsString>, ask: Ask, streams: &mut Streams) -> u8 {
    COMMAND.act(arguments, streams, options, |options, streams| {
        let made = made(&options, ask, streams)?;
        match &options.output {
            Some(path) => command::write(path, &made)?,
            None => streams.print(&made)?,
        }
        Ok(DONE)
    })
}

fn options(arguments: &mut Arguments) -> Result<Options, Exit> {
    let mut options = Options::default();
    while let Some(argument) = arguments.read()? {
        let option = match argument {
            Argument::Option(option) => option,
            Argument::Value(word) => {
                file_or_diff(word, &mut options)?;
                continue;
            }
        };
        let question = &mut options.question;
        match option.as_str() {
            "--from" => options.from = Some(arguments.path()?),
            "--format" => options.format = arguments.text()?,
            "--output" => options.output = Some(arguments.path()?),
            "--node" => question.node = full_name(&arguments.text()?),
            "--timeout" => question.within = seconds(&arguments.text()?)?,
            "--dependencies" => question.shown.ros_details = false,
            "--without-external" => question.shown.without_external = true,
            "--hidden" => question.shown.hidden = true,
            _ => return Err(Exit::unknown(&option)),
        }
        if !matches!(option.as_str(), "--from" | "--format" | "--output") {
            options.asks = Some(option);
        }
    }
    check(options)
}

/// The word `diff`, and the files behind it.
fn file_or_diff(word: OsString, options: &mut Options) -> Result<(), Exit> {
    match &mut options.compared {
        Some(files) => files.push(word.into()),
        None if word == "diff" => options.compared = Some(Vec::new()),
        None => {
            let what = format!(
                "`{}` is one word too many; a file is named by --from",
                word.display()
            );
            return Err(Exit::Misuse(what));
        }
    }
    Ok(())
}

/// What goes together.
fn check(options: Options) -> Result<Options, Exit> {
    let misuse = |what: String| Err(Exit::Misuse(what));
    let files = options.compared.as_deref();
    let nobody_is_asked = match (files.map(<[_]>::len), &options.from) {
        (Some(_), Some(_)) => {
            return misuse("--from is not for diff: write the files behind it".to_owned());
        }
        (Some(0), None) => {
            return misuse("diff needs a file, to compare the node with, or two".to_owned());
        }
        (Some(3..), None) => return misuse("diff compares two files, no more".to_owned()),
        (Some(2), None) => Some("two files"),
        (None, Some(_)) => Some("--from"),
        (_, None) => None,
    };
    if let (Some(with), Some(option)) = (nobody_is_asked, &options.asks) {
        return misuse(format!(
            "{option} is for a node that is asked, and with {with} none is"
        ));
    }
    let formats: &[&str] = match files {
        Some(_) => &["text", "svg"],
        None => &["text", "svg", "dot", "mermaid", "json"],
    };
    if !formats.contains(&options.format.as_str()) {
        return misuse(format!(
            "--format is one of {}, not `{}`",
            formats.join(", "),
            options.format
        ));
    }
    Ok(options)
}

fn made(options: &Options, ask: Ask, streams: &mut Streams) -> Result<String, String> {
    let node = || from_json(&ask(&options.question)?);
    let graph = match (options.compared.as_deref(), &options.from) {
        // Files first: a mistake in their names is told before somebody waits for a node.
        (Some([before, after]), _) => {
            return Ok(compared(
                &read(before)?,
                &read(after)?,
                &options.format,
                streams,
            ));
        }
        (Some([before, ..]), _) => {
            return Ok(compared(&read(before)?, &node()?, &options.format, streams));
        }
        (_, Some(file)) => read(file)?,
        (_, None) => node()?,
    };
    Ok(match options.format.as_str() {
        "svg" => svg(&graph),
        "dot" => dot(&graph),
        "mermaid" => mermaid(&graph),
        "json" => json(&graph) + "\n",
        _ => text(&graph),
    })
}

/// What changed, and whether that can be seen at all.
fn compared(
    before: &DependencyGraph,
    after: &DependencyGraph,
    format: &str,
    streams: &mut Streams,
) -> String {
    if before.ros_details != after.ros_details {
        let which = match before.ros_details {
            true => "first",
            false => "second",
        };
        streams.note(&format!(
            "shipmate graph: only the {which} graph has topics, services and actions; the other one was \
             made with --dependencies"
        ));
    }
    let diff = diff(before, after);
    match format {
        "svg" => diff.svg(),
        _ => diff.text(),
    }
}

/// Names of nodes begin with a slash, which is easily left out.
fn full_name(name: &str) -> String {
    format!("/{}", name.trim_matches('/'))
}

fn seconds(text: &str) -> Result<Duration, Exit> {
    let number = text.parse().ok().filter(|it: &f64| *it > 0.0);
    let time = number.and_then(|it| Duration::try_from_secs_f64(it).ok());
    time.ok_or_else(|| {
        let what = format!("--timeout is a number of seconds above 0, not `{text}`");
        Exit::Misuse(what)
    })
}

impl Default for Options {
    fn default() -> Self {
        Self {
            compared: None,
            from: None,
            question: Question {
                node: "/shipmate".to_owned(),
                shown: Shown {
                    ros_details: true,
                    ..Shown::default()
                },
                within: Duration::from_secs(10),
            },
            asks: None,
            format: "text".to_owned(),
            output: None,
        }
    }
}

fn read(path: &Path) -> Result<DependencyGraph, String> {
    from_json(&command::read(path, MOST_MIB)?).map_err(|what| {
        let path = path.display();
        format!("{path}: {what}; a file of this kind is what --format json writes")
    })
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
