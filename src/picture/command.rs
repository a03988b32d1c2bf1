//! `shipmate graph`: draws the graph of a running node, or one that was written to a file, and what changed
//! between two. Only a running node needs ROS, and is asked by who calls this.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::{diff, dot, from_json, json, mermaid, svg, text};
use crate::domain::dependency_graph::{DependencyGraph, Options as Shown};

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
";

/// More than this is no dependency graph.
const LONGEST: u64 = 64 * 1024 * 1024;

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

/// Where a graph comes from.
#[derive(Debug, PartialEq)]
enum Source {
    File(PathBuf),
    Node,
}

#[derive(Debug, PartialEq)]
struct Options {
    sources: Vec<Source>,
    question: Question,
    /// The last option that says something about a question.
    asks: Option<String>,
    is_diff: bool,
    format: String,
    output: Option<PathBuf>,
}

/// Runs when the first argument is `graph`; all others are the node's own.
pub fn run(mut arguments: impl Iterator<Item = String>, ask: Ask) -> Option<ExitCode> {
    if arguments.next()? != "graph" {
        return None;
    }
    let rest: Vec<String> = arguments.collect();
    Some(ExitCode::from(act(
        &rest,
        ask,
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    )))
}

/// 0: done; 2: it was not, and why is in `notes`.
fn act(arguments: &[String], ask: Ask, out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let done = options(arguments).and_then(|options| match options {
        Some(options) => made(&options, ask, notes).and_then(|made| put(&options, &made, out)),
        None => put(&Options::default(), HELP, out),
    });
    match done {
        Ok(()) => 0,
        Err(message) => {
            // There is nobody to tell that nobody can be told.
            let _ = writeln!(notes, "{message}");
            2
        }
    }
}

/// The options; nothing when help is wanted.
fn options(arguments: &[String]) -> Result<Option<Options>, String> {
    let usage = |what: String| format!("shipmate graph: {what}\n\n{HELP}");
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (word, attached) = match word.split_once('=') {
            Some((word, value)) if word.starts_with("--") => (word, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = || {
            let next = attached.clone().or_else(|| words.next().cloned());
            next.filter(|v| !v.is_empty())
                .ok_or_else(|| usage(format!("{word} needs a value")))
        };
        match word {
            "--help" | "-h" => return Ok(None),
            "--from" if !options.is_diff => options.sources.push(Source::File(value()?.into())),
            "--node" | "--timeout" => {
                let value = value()?;
                if word == "--node" {
                    options.question.node = full_name(&value);
                } else {
                    options.question.within = seconds(&value).map_err(usage)?;
                }
                options.asks = Some(word.to_owned());
            }
            "--dependencies" | "--without-external" | "--hidden" if attached.is_none() => {
                match word {
                    "--dependencies" => options.question.shown.ros_details = false,
                    "--hidden" => options.question.shown.hidden = true,
                    _ => options.question.shown.without_external = true,
                }
                options.asks = Some(word.to_owned());
            }
            "--format" => options.format = value()?,
            "--output" | "-o" => options.output = Some(value()?.into()),
            _ if word.starts_with('-') => {
                return Err(usage(format!("there is no option {word} here")));
            }
            "diff" if !options.is_diff && options.sources.is_empty() => options.is_diff = true,
            _ if options.is_diff => options.sources.push(Source::File(word.into())),
            _ => return Err(usage(format!("`{word}` is one word too many"))),
        }
    }
    let (with, formats): (&str, &[&str]) = match options.is_diff {
        true => ("two files", &["text", "svg"]),
        false => ("--from", &["text", "svg", "dot", "mermaid", "json"]),
    };
    match (options.sources.len(), options.is_diff) {
        (0, false) | (1, true) => options.sources.push(Source::Node),
        (0, true) => {
            let needed = "diff needs a file, to compare the node with, or two";
            return Err(usage(needed.to_owned()));
        }
        (1, false) | (2, true) => {
            if let Some(word) = &options.asks {
                return Err(usage(format!(
                    "{word} is for a node that is asked, and with {with} none is"
                )));
            }
        }
        (_, false) => return Err(usage("one --from FILE is enough".to_owned())),
        (_, true) => return Err(usage("diff compares two files, no more".to_owned())),
    }
    if !formats.contains(&options.format.as_str()) {
        return Err(usage(format!(
            "--format is one of {}, not `{}`",
            formats.join(", "),
            options.format
        )));
    }
    Ok(Some(options))
}

fn made(options: &Options, ask: Ask, notes: &mut dyn Write) -> Result<String, String> {
    let graphs = options
        .sources
        .iter()
        .map(|source| match source {
            Source::File(path) => read(path),
            Source::Node => from_json(&ask(&options.question)?),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let [before, after] = graphs.as_slice()
        && before.ros_details != after.ros_details
    {
        let what = match before.ros_details {
            true => "only the first graph has topics, services and actions (--dependencies)",
            false => "only the second graph has topics, services and actions (see --dependencies)",
        };
        // The comparison itself is worth having; so is its being said when nobody listens.
        let _ = writeln!(notes, "shipmate graph: {what}");
    }
    Ok(match (graphs.as_slice(), options.format.as_str()) {
        ([before, after], "svg") => diff(before, after).svg(),
        ([before, after], _) => diff(before, after).text(),
        ([graph, ..], "svg") => svg(graph),
        ([graph, ..], "dot") => dot(graph),
        ([graph, ..], "mermaid") => mermaid(graph),
        ([graph, ..], "json") => json(graph) + "\n",
        ([graph, ..], _) => text(graph),
        ([], _) => String::new(),
    })
}

/// Names of nodes begin with a slash, which is easily left out.
fn full_name(name: &str) -> String {
    format!("/{}", name.trim_matches('/'))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|it: &f64| *it > 0.0);
    let time = number.and_then(|it| Duration::try_from_secs_f64(it).ok());
    time.ok_or_else(|| format!("--timeout is a number of seconds above 0, not `{text}`"))
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            question: Question {
                node: "/shipmate".to_owned(),
                shown: Shown {
                    ros_details: true,
                    ..Shown::default()
                },
                within: Duration::from_secs(10),
            },
            asks: None,
            is_diff: false,
            format: "text".to_owned(),
            output: None,
        }
    }
}

fn read(path: &Path) -> Result<DependencyGraph, String> {
    let told = |what: String| format!("{}: {what}", path.display());
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| told(error.to_string()))?;
    from_json(&text).map_err(told)
}

fn put(options: &Options, text: &str, out: &mut dyn Write) -> Result<(), String> {
    if let Some(path) = &options.output {
        return std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    }
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| format!("it could not be written: {error}")),
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
