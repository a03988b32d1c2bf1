//! The package as it is written: its keys in their order, and what was noted as comments.

use super::super::service::Executable;
use super::super::write::{Map, Value, text as value, word};
use super::super::{Findings, Note, names};

/// How wide comments are.
const COMMENT_WIDTH: usize = 92;

/// Keys of an executable, in the order in which they are written.
const ORDER: [&str; 23] = [
    "image",
    "build",
    "pull",
    "entrypoint",
    "command",
    "environment",
    "working_directory",
    "user",
    "mounts",
    "devices",
    "gpus",
    "shared_memory",
    "cpus",
    "memory",
    "capabilities",
    "privileged",
    "network",
    "ipc",
    "restart",
    "stop_signal",
    "stop_grace_period",
    "readiness",
    "liveness",
];

pub(super) fn package(
    name: &str,
    executables: &[Executable],
    settings: Option<Value>,
    endpoints: Vec<Value>,
    findings: &Findings,
) -> Map {
    let mut package = Map::default();
    let whole = findings.notes.iter().filter(|note| note.service.is_empty());
    package.comments = comments("Made of a Compose file by `shipmate import`.", whole);
    let mut put = |key: &str, value: Value| package.entries.push((key.to_owned(), value));
    put("manifest", word(1));
    put("name", value(names::valid(name)));
    put("version", value("0.1.0"));
    let parameters = findings.variables.iter().map(|(name, variable)| {
        let mut parts = vec![("type", word("string"))];
        match &variable.default {
            Some(default) => parts.push(("default", value(default))),
            None => parts.push(("required", word(true))),
        }
        let description = variable.description.as_ref();
        parts.extend(description.map(|text| ("description", value(text))));
        (name.clone(), Map::short(parts))
    });
    let parameters: Vec<_> = parameters.collect();
    if !parameters.is_empty() {
        put("parameters", Map::long(parameters));
    }
    let mut component = vec![("name".to_owned(), value("main"))];
    component.extend(settings.map(|ros| ("ros".to_owned(), ros)));
    let executables = executables
        .iter()
        .map(|executable| Value::Map(written(executable, &findings.notes)));
    component.push(("executables".to_owned(), Value::List(executables.collect())));
    if !endpoints.is_empty() {
        component.push(("endpoints".to_owned(), Value::List(endpoints)));
    }
    put("components", Value::List(vec![Map::long(component)]));
    package
}

fn written(executable: &Executable, notes: &[Note]) -> Map {
    let own = notes
        .iter()
        .filter(|note| note.service == executable.service);
    let mut entries = vec![("name".to_owned(), value(&executable.name))];
    for key in ORDER {
        let value = executable.values.get(key).cloned();
        let empty =
            matches!(&value, Some(Value::List(items)) if items.is_empty() && key != "entrypoint");
        if !empty {
            entries.extend(value.map(|value| (key.to_owned(), value)));
        }
    }
    Map {
        comments: comments("", own),
        entries,
        short: false,
    }
}

/// Notes as lines of comment.
fn comments<'a>(first: &str, notes: impl Iterator<Item = &'a Note>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if !first.is_empty() {
        lines.push(first.to_owned());
    }
    for note in notes {
        let text = match note.key.as_str() {
            "" => note.what.clone(),
            key => format!("{key}: {}", note.what),
        };
        // Whatever a Compose file holds, a comment is one line at a time.
        let text: String = text.chars().take(600).collect();
        let mut line = "-".to_owned();
        for word in text.split_whitespace() {
            if line.chars().count() + word.chars().count() > COMMENT_WIDTH {
                lines.push(std::mem::replace(&mut line, " ".to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
