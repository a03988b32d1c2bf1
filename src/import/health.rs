//! A health check becomes a readiness probe.

use std::rc::Rc;

use super::Findings;
use super::service::{Executable, command_words, left_out};
use super::source::{boolean, entries, items, text};
use super::write::{Map, texts, word};
use crate::domain::manifest::units::Seconds;
use crate::domain::yaml::{Node, Place};

/// Reads a `healthcheck`.
pub fn read(place: Place, node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let Some(parts) = entries(node) else {
        left_out("healthcheck", place, node, "expected a mapping", findings);
        return;
    };
    let disabled = parts
        .iter()
        .any(|(key, _, node)| key == "disable" && boolean(node) == Some(true));
    let mut command = None;
    let mut times = Vec::new();
    for (name, place, node) in &parts {
        let key = format!("healthcheck.{name}");
        match name.as_str() {
            "disable" => {}
            _ if disabled => {}
            "test" => command = test(&key, *place, node, findings),
            "interval" | "timeout" => match text(node).and_then(seconds) {
                Some(time) => {
                    let key = if name == "interval" {
                        "period"
                    } else {
                        "timeout"
                    };
                    times.push((key, word(time)));
                }
                None => left_out(
                    &key,
                    *place,
                    node,
                    "expected a time of at most 1h",
                    findings,
                ),
            },
            "retries" | "start_period" => {
                let why = "a readiness probe has none: what is not ready is Pending and never restarted; `liveness` has `failures` and `start_period`";
                left_out(&key, *place, node, why, findings);
            }
            _ => left_out(&key, *place, node, "a probe has one `period`", findings),
        }
    }
    if let Some(command) = command {
        let mut probe = vec![("command", texts(command))];
        times.sort_by_key(|(key, _)| *key);
        probe.extend(times);
        let probe = probe
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        executable
            .values
            .insert("readiness", Map::long(probe.collect()));
    } else if !disabled {
        let what = "without a test of its own, the image's own check is not asked: add `readiness`";
        findings.note("healthcheck", place, what);
    }
}

/// The command of a test.
fn test(key: &str, place: Place, node: &Rc<Node>, findings: &mut Findings) -> Option<Vec<String>> {
    let shell = |line: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()];
    let words = match text(node) {
        Some(line) => shell(line),
        None => {
            let list = items(node);
            let first = list.first().and_then(|word| text(word));
            let rest = command_words(node).unwrap_or_default();
            match first {
                Some("CMD") if rest.len() > 1 => rest[1..].to_vec(),
                Some("CMD-SHELL") if rest.len() == 2 => shell(&rest[1]),
                Some("NONE") => return None,
                _ => {
                    let why = "expected CMD with a program, or CMD-SHELL with a line for the shell";
                    left_out(key, place, node, why, findings);
                    return None;
                }
            }
        }
    };
    let words = words
        .iter()
        .map(|word| findings.template(key, place, word))
        .collect();
    Some(words)
}

/// A time of Compose's, such as `1m30s`, `1.5s` or `500ms`, in whole seconds, rounded up.
pub fn seconds(text: &str) -> Option<Seconds> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        total += number
            * match &rest[..letters] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[letters..];
    }
    let whole = total.ceil();
    (!text.is_empty() && (0.0..=3600.0).contains(&whole)).then_some(Seconds(whole as u32))
}
