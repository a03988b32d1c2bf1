//! The manifest: what a package is made of, as a person writes it.
//!
//! [`parse`] is the door. Behind it a manifest is a [`Package`] in which every value has its
//! meaning and all rules hold; what does not get through comes back as [`Problem`]s, all at once.
//! `types` are the shapes, `shapes` what text may look like, `rules` what has to fit together.

pub mod parameters;
mod rules;
mod shapes;
pub mod templates;
mod types;
pub mod units;
pub mod values;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

pub use types::*;

pub use super::yaml::Problem;
use super::yaml::{self, Checked, Content, Kind, MAX_PROBLEMS, Node, Place, Schema};

/// The version of the format that this shipmate reads.
const FORMAT: i64 = 1;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::of::<Package>(format));

/// One manifest of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub package: Package,
    /// Its own source, out of which it can be parsed again.
    pub text: String,
}

/// Reads every manifest of a text, one for each YAML document. `file` is only named in problems.
///
/// # Errors
/// Everything that is wrong with any of them, in the order of the text, at most 100 problems. A
/// text without any manifest and two packages of one name and version are problems too.
pub fn parse(text: &str, file: &str) -> Result<Vec<Document>, Vec<Problem>> {
    let sources = yaml::read(text, file).map_err(|problem| vec![problem])?;
    if sources.is_empty() {
        let message = "there is no manifest in here: it begins with `manifest: 1`";
        return Err(vec![Problem::at(file, Place::START, "", message)]);
    }
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    let mut names = HashMap::new();
    for source in sources {
        let mut found = source.problems;
        let read = source.root.map(|root| package(&root, file, &mut found));
        found.sort_by_key(|problem| (problem.line, problem.column));
        problems.append(&mut found);
        let Some((package, place)) = read else {
            continue;
        };
        if let Some(package) = package {
            if let Some(first) = names.insert(package.label(), place) {
                let message = format!(
                    "`{}` is in this text twice; the first is in line {}",
                    package.label(),
                    first.line
                );
                problems.push(Problem::at(file, place, "name", message));
            }
            documents.push(Document {
                package,
                text: source.text,
            });
        }
    }
    if problems.is_empty() {
        Ok(documents)
    } else {
        Err(bounded(problems, file))
    }
}

/// The JSON Schema of one manifest, for editors and for [`parse`].
pub fn schema() -> Value {
    SCHEMA.value.clone()
}

/// The package, unless it is too far from one to be worth more words, and the place of its name.
fn package(root: &Node, file: &str, problems: &mut Vec<Problem>) -> (Option<Package>, Place) {
    if let Some(problem) = other_format(root, file) {
        problems.push(problem);
        return (None, root.place);
    }
    let Checked {
        value,
        places,
        broken,
        problems: found,
    } = yaml::check(root, &SCHEMA, file);
    problems.extend(found);
    let place = places.get("name").copied().unwrap_or(root.place);
    let mut package = match serde_json::from_value::<Package>(value) {
        Ok(package) => package,
        Err(error) => {
            // The schema lets nothing through that the types refuse; if it ever does, say so.
            problems.push(Problem::at(file, root.place, "", error.to_string()));
            return (None, place);
        }
    };
    rules::check(
        &package,
        &mut rules::Report {
            file,
            places: &places,
            broken: &broken,
            problems,
        },
    );
    normalise(&mut package);
    let named = !broken.contains("name") && !broken.contains("version");
    (named.then_some(package), place)
}

/// A manifest of another format is not looked into: what would be said about it would be wrong.
fn other_format(root: &Node, file: &str) -> Option<Problem> {
    let Content::Mapping(entries) = &root.content else {
        return None;
    };
    let (_, _, node) = entries.iter().find(|(key, ..)| key == "manifest")?;
    match &node.content {
        Content::Scalar(word) => match word.kind {
            Kind::Integer(number) if number != FORMAT => {
                let message = format!(
                    "this file is for format {number}; this shipmate reads format {FORMAT}"
                );
                Some(Problem::at(file, node.place, "manifest", message))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The formats that [`schema`] names.
fn format(format: &str, text: &str) -> Result<(), String> {
    match format {
        "semver" => text
            .parse::<semver::Version>()
            .map(drop)
            .map_err(|error| format!("`{text}` is not a semantic version: {error}")),
        "semver-range" => text
            .parse::<semver::VersionReq>()
            .map(drop)
            .map_err(|error| {
                let allowed = shapes::VERSION_RANGE_ALLOWED;
                format!("`{text}` is not allowed: {error}; expected {allowed}")
            }),
        "byte-size" => text
            .parse::<units::ByteSize>()
            .map(drop)
            .map_err(|error| error.to_string()),
        "seconds" => text
            .parse::<units::Seconds>()
            .map(drop)
            .map_err(|error| error.to_string()),
        _ => Ok(()),
    }
}

/// One spelling for what can be written in two ways.
fn normalise(package: &mut Package) {
    package.singleton = package.singleton.normal();
    for executable in package
        .components
        .iter_mut()
        .flat_map(|component| &mut component.executables)
    {
        for capability in &mut executable.capabilities {
            *capability = rules::capability_name(capability).to_owned();
        }
    }
}

fn bounded(mut problems: Vec<Problem>, file: &str) -> Vec<Problem> {
    if problems.len() > MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS - 1);
        let message = "there are more problems than are worth telling";
        problems.push(Problem {
            file: file.to_owned(),
            line: 0,
            column: 0,
            path: String::new(),
            message: message.to_owned(),
        });
    }
    problems
}

#[cfg(test)]
mod tests;
