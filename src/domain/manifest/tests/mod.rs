#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad;
mod bad_executables;
mod bad_volumes;
mod bindings;
mod declared;
mod dependencies;
mod generators;
mod good;
mod hostile;
mod probes;
mod properties;
mod schema;

use super::{Document, parse};

/// A manifest of one executable, with `keys` of the executable, one a line, from line 9 on.
fn executable(keys: &str) -> String {
    let keys: String = keys
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    format!(
        "manifest: 1\nname: p\nversion: 1.0.0\n\ncomponents:\n  - name: c\n    executables:\n      - name: e\n{keys}"
    )
}

/// The problems of `text`, as they are shown.
fn problems(text: &str) -> Vec<String> {
    match parse(text, "m.yaml") {
        Ok(documents) => panic!("no problems in {documents:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// The only document of `text`.
fn document(text: &str) -> Document {
    match parse(text, "m.yaml") {
        Ok(mut documents) if documents.len() == 1 => documents.remove(0),
        Ok(documents) => panic!("{} documents", documents.len()),
        Err(problems) => panic!("{problems:#?}"),
    }
}
