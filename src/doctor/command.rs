//! `shipmate doctor`: says what on this machine keeps containers and the ROS graph from working. It
//! needs no running node.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Doctor, show};
use crate::domain::doctor::{Finding, is_well};
use crate::edge::docker::{Deadlines, Engine};

const HELP: &str = "\
Usage: shipmate doctor [--json] [--docker-host HOST] [--state-folder FOLDER]

Looks at Docker, the network, the variables of ROS and the running containers, and says what keeps
containers and the ROS graph from working, and what to do about it. It changes nothing. Run it in the
shell, and as the user, from which nodes are started.

  --json                 for programs, as the service ~/doctor answers
  --docker-host HOST     the engine; $DOCKER_HOST or the machine's own otherwise
  --state-folder FOLDER  where shipmate keeps its state; its usual folder otherwise
  --help                 this text

The exit code is 0 without errors, 1 with some, and 2 when it was used wrongly.
";

/// A look that hangs is not waited for in the end.
const LAST_WORDS: Duration = Duration::from_millis(100);

#[derive(Debug, Default, PartialEq)]
struct Options {
    json: bool,
    docker_host: String,
    state_folder: Option<PathBuf>,
}

/// Runs when the first argument is `doctor`; all others are the node's own.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Option<ExitCode> {
    if arguments.next()? != "doctor" {
        return None;
    }
    let rest: Vec<String> = arguments.collect();
    Some(ExitCode::from(act(
        &rest,
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    )))
}

/// 0: no errors; 1: some; 2: it was not looked, and why is in `notes`.
fn act(arguments: &[String], out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let done = options(arguments).and_then(|options| match options {
        Some(options) => {
            let findings = examine(&options)?;
            let text = match options.json {
                true => show::json(&findings),
                false => show::text(&findings),
            };
            put(&text, out).map(|()| u8::from(!is_well(&findings)))
        }
        None => put(HELP, out).map(|()| 0),
    });
    done.unwrap_or_else(|message| {
        // There is nobody to tell that nobody can be told.
        let _ = writeln!(notes, "{message}");
        2
    })
}

/// The options; nothing when help is wanted.
fn options(arguments: &[String]) -> Result<Option<Options>, String> {
    let usage = |what: String| format!("shipmate doctor: {what}\n\n{HELP}");
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (word, attached) = match word.split_once('=') {
            Some((word, value)) if word.starts_with("--") => (word, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = || {
            let next = attached.clone().or_else(|| words.next().cloned());
            next.filter(|value| !value.is_empty())
                .ok_or_else(|| usage(format!("{word} needs a value")))
        };
        match word {
            "--help" | "-h" => return Ok(None),
            "--json" if attached.is_none() => options.json = true,
            "--json" => return Err(usage("--json takes no value".to_owned())),
            "--docker-host" => options.docker_host = value()?,
            "--state-folder" => options.state_folder = Some(value()?.into()),
            _ if word.starts_with('-') => return Err(usage(format!("there is no option {word}"))),
            _ => return Err(usage(format!("`{word}` is one word too many"))),
        }
    }
    Ok(Some(options))
}

fn examine(options: &Options) -> Result<Vec<Finding>, String> {
    let told = |error: &dyn std::fmt::Display| format!("shipmate doctor: {error}");
    // It owns no container, and lists those of everybody.
    let engine = Engine::connect(&options.docker_host, "", Deadlines::default())
        .map_err(|error| told(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| told(&error))?;
    let folder = options.state_folder.clone().unwrap_or_else(usual_folder);
    let findings = runtime.block_on(Doctor::new(engine, folder).examine());
    runtime.shutdown_timeout(LAST_WORDS);
    Ok(findings)
}

/// Where a node keeps its state that is told nothing; each has a folder of its own below.
fn usual_folder() -> PathBuf {
    let set = |name| { std::env::var_os(name) }.filter(|value| !value.is_empty());
    set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/state")))
        .unwrap_or_else(|| PathBuf::from("/"))
        .join("shipmate")
}

fn put(text: &str, out: &mut dyn Write) -> Result<(), String> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| format!("it could not be written: {error}")),
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
