//! Files that are named on the command line. What goes wrong is said with the file's name, and so that
//! one knows what to do.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;

const MIB: u64 = 1024 * 1024;

/// The text of a file of at most so many MiB.
pub fn read(path: &Path, most_mib: u64) -> Result<String, String> {
    let told = |what: String| format!("{}: {what}", path.display());
    let most = most_mib * MIB;
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more shows that there is more.
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| told(explain(&error, "there is no such file")))?;
    if bytes.len() as u64 > most {
        return Err(told(format!(
            "it is longer than {most_mib} MiB, more than such a file may have"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        told(format!(
            "this is no text: what follows its first {valid} bytes is not UTF-8"
        ))
    })
}

/// Writes a file, over one that is there.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    put(OpenOptions::new().create(true).truncate(true), path, text)
}

/// Writes a file that is not there yet.
pub fn write_new(path: &Path, text: &str) -> Result<(), String> {
    put(OpenOptions::new().create_new(true), path, text)
}

fn put(how: &mut OpenOptions, path: &Path, text: &str) -> Result<(), String> {
    how.write(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            let what = explain(&error, "there is no such folder; make it first");
            format!("{}: {what}", path.display())
        })
}

/// The usual mistakes in words, all others as the system says them.
fn explain(error: &Error, missing: &str) -> String {
    match error.kind() {
        ErrorKind::NotFound => missing.to_owned(),
        ErrorKind::IsADirectory => "this is a folder; name a file in it".to_owned(),
        ErrorKind::AlreadyExists => {
            "it is there already and was left as it is; remove it, or name another one".to_owned()
        }
        _ => error.to_string(),
    }
}
