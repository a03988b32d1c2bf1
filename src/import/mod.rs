//! From a Docker Compose file to a manifest.
//!
//! [`compose`] is the door: a text in, a manifest and notes out, no IO. Every key of the Compose
//! file is either carried over or noted. `service` says what becomes of each key of a service,
//! `write` makes readable YAML of the result, and [`command`] is what a person calls.

mod build;
pub mod command;
mod health;
mod interpolate;
mod listed;
mod mounts;
mod names;
mod ports;
mod ros;
mod service;
mod source;
mod top;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::yaml::{Place, Problem};
use interpolate::Piece;

pub use top::{compose, project_name};

/// What became of a Compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The manifest, as YAML with comments.
    pub manifest: String,
    /// What is other than it was, and what to do about it; in the order of the Compose file.
    pub notes: Vec<Note>,
}

/// Something that was not carried over as it was, or that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The service that it is about; empty for the whole file.
    pub service: String,
    /// The key that it is about, below the service; empty for all of it.
    pub key: String,
    /// The line in the Compose file.
    pub line: Option<u32>,
    /// What became of it, and what to do.
    pub what: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let parts = [self.service.as_str(), self.key.as_str()];
        let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !path.is_empty() {
            write!(f, "{}: ", path.join("."))?;
        }
        f.write_str(&self.what)
    }
}

/// A variable of the Compose file that became a parameter.
#[derive(Clone, Debug, Default)]
struct Variable {
    default: Option<String>,
    description: Option<String>,
}

/// What has been found so far, and in which service.
#[derive(Default)]
struct Findings {
    notes: Vec<Note>,
    variables: BTreeMap<String, Variable>,
    problems: Vec<Problem>,
    service: String,
    /// Services and ports at which others address them by name.
    addressed: BTreeSet<(String, u16)>,
}

impl Findings {
    /// Notes something about `key` of the service at hand.
    fn note(&mut self, key: &str, place: Place, what: impl Into<String>) {
        self.notes.push(Note {
            service: self.service.clone(),
            key: key.to_owned(),
            line: Some(place.line),
            what: what.into(),
        });
    }

    /// Says that the file cannot be imported because of `key` of the service at hand.
    fn refuse(&mut self, key: &str, place: Place, message: impl Into<String>) {
        let path = match (self.service.as_str(), key) {
            ("", key) => key.to_owned(),
            (service, "") => format!("services.{service}"),
            (service, key) => format!("services.{service}.{key}"),
        };
        self.problems.push(Problem::at("", place, &path, message));
    }

    /// A text for a place where a manifest has parameters: each variable becomes one.
    fn template(&mut self, key: &str, place: Place, text: &str) -> String {
        let (pieces, stray) = interpolate::pieces(text);
        if stray {
            self.note(
                key,
                place,
                "a `$` that names no variable was taken as it is",
            );
        }
        let mut template = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => template.push_str(&text.replace('$', "$$")),
                Piece::Variable(variable) if variable.is_parameter() => {
                    template.push_str(&format!("${{{}}}", variable.name));
                    self.declare(key, place, &variable);
                }
                Piece::Variable(variable) => {
                    let value = variable.value().unwrap_or_default();
                    let what = format!(
                        "`${{{}}}` cannot become a parameter; `{value}` was filled in",
                        variable.name
                    );
                    self.note(key, place, what);
                    template.push_str(&value.replace('$', "$$"));
                }
            }
        }
        template
    }

    /// Makes a parameter of a variable. The first default counts.
    fn declare(&mut self, key: &str, place: Place, variable: &interpolate::Variable) {
        let default = variable.value();
        let known = self.variables.entry(variable.name.clone()).or_default();
        known.description = known.description.take().or(variable.message.clone());
        match (&known.default, default) {
            (None, default) => known.default = default,
            (Some(first), Some(other)) if *first != other => {
                let what = format!(
                    "the default `{other}` of `{}` differs from `{first}` before it; a parameter has one, the first",
                    variable.name
                );
                self.note(key, place, what);
            }
            _ => {}
        }
    }

    /// A text for a place where a manifest has no parameters: defaults are filled in, and said.
    /// Nothing when a variable has none.
    fn fill(&mut self, key: &str, place: Place, text: &str) -> Option<String> {
        let (pieces, _) = interpolate::pieces(text);
        let mut filled = String::new();
        let mut names = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(&text),
                Piece::Variable(variable) => {
                    let Some(value) = variable.value() else {
                        let what = format!(
                            "`{text}` was left out: `{}` has no default, and a manifest has no parameters here; write the value itself",
                            variable.name
                        );
                        self.note(key, place, what);
                        return None;
                    };
                    filled.push_str(&value);
                    names.push(variable.name);
                }
            }
        }
        if !names.is_empty() {
            let what = format!(
                "a manifest has no parameters here: the default of {} was filled in, which gives `{filled}`",
                names.join(", ")
            );
            self.note(key, place, what);
        }
        Some(filled)
    }
}

#[cfg(test)]
mod tests;
