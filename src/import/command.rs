//! `shipmate import FILE`: the part that reads and writes files. It needs no ROS.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Imported, compose, project_name};
use crate::command::{self, Argument, Arguments, Command, DONE, Exit, Streams};

const COMMAND: Command = Command {
    name: "import",
    help: HELP,
    short: &[('o', "--output")],
};

const HELP: &str = "\
Usage: shipmate import FILE [--name NAME] [--output FILE]

Makes a package of a Docker Compose file. The manifest goes to standard output, or to --output, which
must not exist; what is other than it was goes to standard error, with lines.

  --name NAME     what the package is called; the project's or the folder's name otherwise
  --output FILE   where the manifest is written, best beside the Compose file: shipmate.yaml
  --help          this text
  --version       which version this is
";

/// More MiB than this are no Compose file; the reader says where it stops before.
const MOST_MIB: u64 = 2;

/// Runs when the first argument is `import`; all others are the node's own.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    COMMAND.run(arguments, act)
}

/// 0: imported; 2: it was not, and why is said.
fn act(arguments: Vec<OsString>, streams: &mut Streams) -> u8 {
    COMMAND.act(arguments, streams, options, |options, streams| {
        import(&options, streams).map(|()| DONE)
    })
}

#[derive(Debug, Default, PartialEq)]
struct Options {
    file: PathBuf,
    name: Option<String>,
    output: Option<PathBuf>,
}

fn options(arguments: &mut Arguments) -> Result<Options, Exit> {
    let mut file = None;
    let mut options = Options::default();
    while let Some(argument) = arguments.read()? {
        match argument {
            Argument::Option(option) => match option.as_str() {
                "--name" => options.name = Some(arguments.text()?),
                "--output" => options.output = Some(arguments.path()?),
                _ => return Err(Exit::unknown(&option)),
            },
            Argument::Value(word) if file.is_none() => file = Some(PathBuf::from(word)),
            Argument::Value(word) => {
                let what = format!("`{}` is one file too many", word.display());
                return Err(Exit::Misuse(what));
            }
        }
    }
    options.file = file.ok_or_else(|| Exit::Misuse("a Compose file is needed".to_owned()))?;
    Ok(options)
}

fn import(options: &Options, streams: &mut Streams) -> Result<(), String> {
    let file = &options.file;
    let text = command::read(file, MOST_MIB)?;
    let name = options
        .name
        .clone()
        .or_else(|| project_name(&text))
        .or_else(|| folder_name(file))
        .unwrap_or_else(|| "imported".to_owned());
    let imported = compose(&text, &name).map_err(|problems| {
        let lines = problems.into_iter().map(|mut problem| {
            problem.file = file.display().to_string();
            problem.to_string()
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    match &options.output {
        Some(path) => command::write_new(path, &imported.manifest)?,
        None => streams.print(&imported.manifest)?,
    }
    streams.note(&told(&imported, options));
    Ok(())
}

/// The name of the folder in which `file` lies.
fn folder_name(file: &Path) -> Option<String> {
    let whole = file.canonicalize().ok()?;
    let name = whole.parent()?.file_name()?;
    Some(name.to_string_lossy().into_owned())
}

/// The notes, and what to do next.
fn told(imported: &Imported, options: &Options) -> String {
    let mut text = String::new();
    if !imported.notes.is_empty() {
        text.push_str("Other than in the Compose file, or good to know:\n");
    }
    for note in &imported.notes {
        text.push_str(&format!("  {note}\n"));
    }
    let here = match &options.output {
        Some(path) => path.display().to_string(),
        None => "shipmate.yaml".to_owned(),
    };
    text.push_str(&format!(
        "\nNext: put the manifest beside the Compose file, as relative paths are seen from it, look through it, and\n  \
         ros2 service call /shipmate/register_package shipmate/srv/RegisterPackage \"{{path: /full/path/to/{here}}}\""
    ));
    text
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
