//! What a service runs: its image, its command, and when it ends and is started again.

use std::rc::Rc;

use super::super::Findings;
use super::super::source::{self, entries, is_null, items, text};
use super::super::write::{text as value, texts, word};
use super::{Executable, Setting, filled, left_out};
use crate::domain::yaml::{Node, Place};

pub(super) fn image(
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let image = text(node).and_then(|text| findings.fill("image", place, text));
    match image {
        Some(image) => drop(executable.values.insert("image", value(image))),
        None => findings.refuse(
            "image",
            place,
            "the image has to be known: give each variable in it a default, `${NAME:-value}`, or write the value",
        ),
    }
}

/// A command line: a list, or a text that is split as a shell would.
pub(super) fn words(
    key: &'static str,
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    if is_null(node) {
        return;
    }
    let words = match command_words(node) {
        Ok(words) => words,
        Err(why) => {
            findings.refuse(key, place, why);
            return;
        }
    };
    if words.is_empty() {
        if key == "command" {
            let what = "an empty command cannot clear the image's own; it runs";
            findings.note(key, place, what);
            return;
        }
        findings.note(key, place, "it clears the image's own entry point");
    }
    let words = words
        .iter()
        .map(|word| findings.template(key, place, word))
        .collect();
    executable.values.insert(key, texts(words));
}

/// The words of a command as Compose sees them.
pub fn command_words(node: &Rc<Node>) -> Result<Vec<String>, &'static str> {
    let list = "expected a list of texts, or one text";
    if let Some(line) = text(node) {
        return shlex::split(line).ok_or("a quote or a backslash has nothing behind it");
    }
    if entries(node).is_some() {
        return Err(list);
    }
    let words = items(node)
        .into_iter()
        .map(|item| text(&item).map(str::to_owned));
    words.collect::<Option<Vec<_>>>().ok_or(list)
}

pub(super) fn environment(
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let Some(variables) = source::variables(node) else {
        let message = "expected a mapping, or a list of `NAME=value`";
        findings.refuse("environment", place, message);
        return;
    };
    for (name, place, raw) in variables {
        // The last one counts, as with Compose.
        executable.environment.retain(|known| known.name != name);
        executable.environment.push(Setting { name, place, raw });
    }
}

/// Compose's restart policies, those of `deploy` too.
pub(super) fn restart(
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let written = filled(key, place, node, findings).unwrap_or_default();
    let (policy, limit) = match written.split_once(':') {
        Some((policy, limit)) => (policy, Some(limit)),
        None => (written.as_str(), None),
    };
    let restart = match policy {
        "always" | "unless-stopped" | "any" => "always",
        "on-failure" => "on-failure",
        "no" | "none" | "false" => "never",
        _ => {
            let why = "expected no, always, on-failure or unless-stopped";
            left_out(key, place, node, why, findings);
            return;
        }
    };
    executable.values.insert("restart", word(restart));
    if let Some(limit) = limit {
        let what = format!(
            "`{policy}` was carried over without its limit of {limit}: shipmate waits longer each time and gives up by its own parameters"
        );
        findings.note(key, place, what);
    }
}

/// A text without parameters.
pub(super) fn plain(
    target: &'static str,
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    match text(node) {
        Some(text) => {
            if let Some(text) = findings.fill(key, place, text) {
                executable.values.insert(target, value(text));
            }
        }
        None => left_out(key, place, node, "expected text", findings),
    }
}

pub(super) fn stop_signal(
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    const KNOWN: [&str; 7] = [
        "SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL",
    ];
    let name = filled("stop_signal", place, node, findings).unwrap_or_default();
    let name = name.to_ascii_uppercase();
    let name = match name.as_str() {
        "2" => "SIGINT".to_owned(),
        "15" => "SIGTERM".to_owned(),
        "9" => "SIGKILL".to_owned(),
        name if name.starts_with("SIG") => name.to_owned(),
        name => format!("SIG{name}"),
    };
    if KNOWN.contains(&name.as_str()) {
        executable.values.insert("stop_signal", word(name));
    } else {
        let why = format!("there are {}; it gets SIGINT", KNOWN.join(", "));
        left_out("stop_signal", place, node, &why, findings);
    }
}

pub(super) fn pull(
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let policy = match filled("pull_policy", place, node, findings).as_deref() {
        Some("always") => "always",
        Some("never") => "never",
        Some("missing" | "if_not_present") => "missing",
        _ => {
            let why = "there are missing, which it got, always and never";
            left_out("pull_policy", place, node, why, findings);
            return;
        }
    };
    executable.values.insert("pull", word(policy));
}
