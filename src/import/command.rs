//! `shipmate import FILE`: the part that reads and writes files. It needs no ROS.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Imported, compose, project_name};

/// How to use it.
const HELP: &str = "\
Usage: shipmate import FILE [--name NAME] [--output FILE]

Makes a package of a Docker Compose file. The manifest goes to standard output, or to --output, which
must not exist; what is other than it was goes to standard error, with lines.

  --name NAME     what the package is called; the project's or the folder's name otherwise
  --output FILE   where the manifest is written, best beside the Compose file: shipmate.yaml
  --help          this text
";

/// More than this is no Compose file; the reader refuses it with a message.
const LONGEST: u64 = 2 * 1024 * 1024;

/// Runs when the first argument is `import`; all others are the node's own.
pub fn run(arguments: impl Iterator<Item = String>) -> Option<ExitCode> {
    let mut arguments = arguments;
    if arguments.next()? != "import" {
        return None;
    }
    let rest: Vec<String> = arguments.collect();
    let code = act(&rest, &mut std::io::stdout(), &mut std::io::stderr());
    Some(ExitCode::from(code))
}

/// Does what the arguments say. 0: imported; 2: it was not, and why is in `notes`.
fn act(arguments: &[String], out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let done = options(arguments).and_then(|options| match options {
        Some(options) => import(&options, out, notes),
        None => put(out, HELP),
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

#[derive(Debug, Default, PartialEq)]
struct Options {
    file: PathBuf,
    name: Option<String>,
    output: Option<PathBuf>,
}

/// The options; nothing when help is wanted.
fn options(arguments: &[String]) -> Result<Option<Options>, String> {
    let usage = |what: String| format!("shipmate import: {what}\n\n{HELP}");
    let mut file = None;
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
            "--name" => options.name = Some(value()?),
            "--output" | "-o" => options.output = Some(value()?.into()),
            _ if word.starts_with('-') && word != "-" => {
                return Err(usage(format!("there is no option {word}")));
            }
            _ if file.is_some() => return Err(usage(format!("`{word}` is one file too many"))),
            _ => file = Some(PathBuf::from(word)),
        }
    }
    options.file = file.ok_or_else(|| usage("a Compose file is needed".to_owned()))?;
    Ok(Some(options))
}

fn import(options: &Options, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), String> {
    let file = &options.file;
    let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
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
        Some(path) => write_new(path, &imported.manifest)
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => put(out, &imported.manifest)?,
    }
    put(notes, &told(&imported, options))
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// The name of the folder in which `file` lies.
fn folder_name(file: &Path) -> Option<String> {
    let whole = file.canonicalize().ok()?;
    let name = whole.parent()?.file_name()?;
    Some(name.to_string_lossy().into_owned())
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn put(out: &mut dyn Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("it could not be written: {error}"))
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
         ros2 service call /shipmate/register_package shipmate/srv/RegisterPackage \"{{path: /full/path/to/{here}}}\"\n"
    ));
    text
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
