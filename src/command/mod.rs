//! What the subcommands have in common: how arguments are read, files found and written, and how an end is
//! told. The result goes to standard output and what is to be said of it to standard error; the exit code
//! is 0, or 2 with the reason, so that scripts need not know which command it was.

mod arguments;
mod files;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

pub use arguments::{Argument, Arguments, Exit};
pub use files::{read, write, write_new};

/// It was done.
pub const DONE: u8 = 0;
/// It was not done, and why is on standard error.
const FAILED: u8 = 2;

/// What is said when no command is named and somebody asks.
const HELP: &str = "\
Usage: shipmate [--ros-args ...]
       shipmate COMMAND ...

Without a command it is the ROS 2 node. The commands, each of which has a --help of its own:

  import     makes a package of a Docker Compose file
  graph      draws the dependency graph of a running node, or says what changed
  doctor     says what keeps containers and the ROS graph from working, and what to do about it

  --help     this text
  --version  which version this is
";

/// One of the subcommands.
pub struct Command {
    /// The first argument, by which it is called.
    pub name: &'static str,
    /// How to use it.
    pub help: &'static str,
    /// Short forms of its options; `-h` and `-V` are known already.
    pub short: &'static [(char, &'static str)],
}

/// Where things are written.
pub struct Streams<'a> {
    /// For the result.
    pub out: &'a mut dyn Write,
    /// For what is to be said of it.
    pub notes: &'a mut dyn Write,
}

impl Streams<'_> {
    /// Prints a result. Whoever reads it may have enough before its end, as `head` does.
    pub fn print(&mut self, text: &str) -> Result<(), String> {
        let printed = self.out.write_all(text.as_bytes());
        match printed.and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            printed => printed.map_err(|error| format!("it could not be written: {error}")),
        }
    }

    /// Says something about the result.
    pub fn note(&mut self, text: &str) {
        // There is nobody to tell that nobody can be told.
        let _ = writeln!(self.notes, "{text}");
    }
}

impl Command {
    /// Runs `act` with the other arguments when the first is this command's name; all others are the
    /// node's own.
    pub fn run(
        &self,
        mut arguments: impl Iterator<Item = OsString>,
        act: impl FnOnce(Vec<OsString>, &mut Streams) -> u8,
    ) -> Option<ExitCode> {
        if arguments.next()? != self.name {
            return None;
        }
        let mut streams = Streams {
            out: &mut std::io::stdout(),
            notes: &mut std::io::stderr(),
        };
        Some(ExitCode::from(act(arguments.collect(), &mut streams)))
    }

    /// Reads the arguments with `options` and does with them what `work` does; the exit code.
    pub fn act<T>(
        &self,
        arguments: Vec<OsString>,
        streams: &mut Streams,
        options: impl FnOnce(&mut Arguments) -> Result<T, Exit>,
        work: impl FnOnce(T, &mut Streams) -> Result<u8, String>,
    ) -> u8 {
        let done = match options(&mut Arguments::new(arguments, self.short)) {
            Ok(options) => work(options, streams),
            Err(Exit::Help) => streams.print(self.help).map(|()| DONE),
            Err(Exit::Version) => streams.print(&version()).map(|()| DONE),
            Err(Exit::Misuse(what)) => {
                Err(format!("shipmate {}: {what}\n\n{}", self.name, self.help))
            }
        };
        done.unwrap_or_else(|message| {
            streams.note(&message);
            FAILED
        })
    }
}

/// Answers when no command is named but the program itself is asked, or a command that there is not.
/// Options other than these are the node's own.
pub fn program(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let first = arguments.next()?;
    let mut streams = Streams {
        out: &mut std::io::stdout(),
        notes: &mut std::io::stderr(),
    };
    answer(&first, &mut streams).map(ExitCode::from)
}

fn answer(first: &std::ffi::OsStr, streams: &mut Streams) -> Option<u8> {
    let done = match first.to_str() {
        Some("--help" | "-h") => streams.print(HELP),
        Some("--version" | "-V") => streams.print(&version()),
        Some(option) if option.starts_with('-') => return None,
        // A mistyped command would otherwise start a node, and look as if it did something.
        _ => Err(format!(
            "shipmate: there is no command `{}`\n\n{HELP}",
            first.display()
        )),
    };
    Some(match done {
        Ok(()) => DONE,
        Err(message) => {
            streams.note(&message);
            FAILED
        }
    })
}

fn version() -> String {
    format!("shipmate {}\n", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
