//! `shipmate doctor`: says what on this machine keeps containers and the ROS graph from working. It
//! needs no running node.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Doctor, show};
use crate::command::{Argument, Arguments, Command, Exit, Streams};
use crate::domain::doctor::{Finding, is_well};
use crate::edge::docker::{Deadlines, Engine};

const COMMAND: Command = Command {
    name: "doctor",
    help: HELP,
    short: &[],
};

const HELP: &str = "\
Usage: shipmate doctor [--json] [--docker-host HOST] [--state-folder FOLDER]

Looks at Docker, the network, the variables of ROS and the running containers, and says what keeps
containers and the ROS graph from working, and what to do about it. It changes nothing. Run it in the
shell, and as the user, from which nodes are started.

  --json                 for programs, as the service ~/doctor answers
  --docker-host HOST     the engine; $DOCKER_HOST or the machine's own otherwise
  --state-folder FOLDER  where shipmate keeps its state; its usual folder otherwise
  --help                 this text
  --version              which version this is

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
pub fn run(arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    COMMAND.run(arguments, act)
}

/// 0: no errors; 1: some; 2: it was not looked, and why is said.
fn act(arguments: Vec<OsString>, streams: &mut Streams) -> u8 {
    COMMAND.act(arguments, streams, options, |options, streams| {
        let findings = examine(&options)?;
        let text = match options.json {
            true => show::json(&findings),
            false => show::text(&findings),
        };
        streams.print(&text)?;
        Ok(u8::from(!is_well(&findings)))
    })
}

fn options(arguments: &mut Arguments) -> Result<Options, Exit> {
    let mut options = Options::default();
    while let Some(argument) = arguments.read()? {
        match argument {
            Argument::Option(option) => match option.as_str() {
                "--json" => options.json = true,
                "--docker-host" => options.docker_host = arguments.text()?,
                "--state-folder" => options.state_folder = Some(arguments.path()?),
                _ => return Err(Exit::unknown(&option)),
            },
            Argument::Value(word) => {
                let what = format!("`{}` is one word too many", word.display());
                return Err(Exit::Misuse(what));
            }
        }
    }
    Ok(options)
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

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
