//! How an image is built.

use std::rc::Rc;

use super::Findings;
use super::service::{Executable, left_out};
use super::source::{entries, text, variables};
use super::write::{Map, Value, text as value};
use crate::domain::yaml::{Node, Place};

/// Reads a `build`, which is a folder or a mapping.
pub fn read(place: Place, node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let mut build = Parts::default();
    match entries(node) {
        Some(parts) => {
            for (name, place, node) in parts {
                build.take(&name, place, &node, findings);
            }
        }
        None => build.take("context", place, node, findings),
    }
    let context = build.context.unwrap_or_else(|| ".".to_owned());
    if context.starts_with('/') || context.contains("://") || context.starts_with("git@") {
        let what = format!(
            "`{context}` was left out: a context is a folder seen from the manifest, such as ./driver"
        );
        findings.note("build", place, what);
        return;
    }
    let mut parts = vec![("context".to_owned(), value(context))];
    let texts = [("dockerfile", build.dockerfile), ("target", build.target)];
    for (key, text) in texts {
        parts.extend(text.map(|text| (key.to_owned(), value(text))));
    }
    if !build.args.is_empty() {
        parts.push(("args".to_owned(), Map::long(build.args)));
    }
    executable.values.insert("build", Map::long(parts));
}

#[derive(Default)]
struct Parts {
    context: Option<String>,
    dockerfile: Option<String>,
    target: Option<String>,
    args: Vec<(String, Value)>,
}

impl Parts {
    fn take(&mut self, name: &str, place: Place, node: &Rc<Node>, findings: &mut Findings) {
        let key = format!("build.{name}");
        let part = match name {
            "context" => &mut self.context,
            "dockerfile" => &mut self.dockerfile,
            "target" => &mut self.target,
            "args" => return self.take_args(&key, place, node, findings),
            "dockerfile_inline" => {
                let why = "write it into a file beside the manifest and name it in `dockerfile`";
                return left_out(&key, place, node, why, findings);
            }
            _ => {
                let why = "there is no place for it";
                return left_out(&key, place, node, why, findings);
            }
        };
        match text(node) {
            Some(text) => *part = findings.fill(&key, place, text),
            None => left_out(&key, place, node, "expected text", findings),
        }
    }

    /// Build arguments. No parameters are filled in there, as images are built before.
    fn take_args(&mut self, key: &str, place: Place, node: &Rc<Node>, findings: &mut Findings) {
        let Some(args) = variables(node) else {
            let why = "expected a mapping, or a list of `NAME=value`";
            return left_out(key, place, node, why, findings);
        };
        for (name, place, raw) in args {
            let key = format!("{key}.{name}");
            match raw {
                Some(raw) => {
                    if let Some(text) = findings.fill(&key, place, &raw) {
                        self.args.retain(|(known, _)| *known != name);
                        self.args.push((name, value(text)));
                    }
                }
                None => {
                    let what = "Compose takes it from its surroundings; write a value in `args`";
                    findings.note(&key, place, what);
                }
            }
        }
    }
}
