//! `shipmate graph`: draws a graph that was written to a file. It needs no ROS.

use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{diff, dot, from_json, json, mermaid, svg, text};
use crate::domain::dependency_graph::DependencyGraph;

const HELP: &str = "\
Usage: shipmate graph --from FILE.json [--format FORMAT] [--output FILE]
       shipmate graph diff BEFORE.json AFTER.json [--format text|svg] [--output FILE]

Draws a dependency graph, or what changed between two.

  --from FILE      the graph, as --format json writes it
  --format FORMAT  text (otherwise), svg, dot, mermaid or json
  --output FILE    where it is written; standard output otherwise
  --help           this text
";

/// More than this is no dependency graph.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Where a graph comes from. The running node is to become another of them.
#[derive(Debug, PartialEq)]
enum Source {
    File(PathBuf),
}

#[derive(Debug, Default, PartialEq)]
struct Options {
    sources: Vec<Source>,
    is_diff: bool,
    format: String,
    output: Option<PathBuf>,
}

/// Runs when the first argument is `graph`; all others are the node's own.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Option<ExitCode> {
    if arguments.next()? != "graph" {
        return None;
    }
    let rest: Vec<String> = arguments.collect();
    Some(ExitCode::from(act(
        &rest,
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    )))
}

/// 0: done; 2: it was not, and why is in `notes`.
fn act(arguments: &[String], out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let done = options(arguments).and_then(|options| match options {
        Some(options) => made(&options).and_then(|made| put(&options, &made, out)),
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
    let mut options = Options {
        format: "text".to_owned(),
        ..Options::default()
    };
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
    let (needed, formats): (usize, &[&str]) = match options.is_diff {
        true => (2, &["text", "svg"]),
        false => (1, &["text", "svg", "dot", "mermaid", "json"]),
    };
    if !formats.contains(&options.format.as_str()) {
        return Err(usage(format!(
            "--format is one of {}, not `{}`",
            formats.join(", "),
            options.format
        )));
    }
    match (options.sources.len() == needed, options.is_diff) {
        (true, _) => Ok(Some(options)),
        (false, true) => Err(usage("diff needs two files".to_owned())),
        (false, false) => Err(usage("one --from FILE is needed".to_owned())),
    }
}

fn made(options: &Options) -> Result<String, String> {
    let graphs = options
        .sources
        .iter()
        .map(read)
        .collect::<Result<Vec<_>, _>>()?;
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

fn read(source: &Source) -> Result<DependencyGraph, String> {
    let Source::File(path) = source;
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
