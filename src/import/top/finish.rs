//! The manifest is read as a node would read it, before anybody gets it.

use std::collections::BTreeSet;

use super::super::service::Executable;
use super::super::write::{Map, Value, document};
use super::super::{Imported, Note};
use super::notes::policy;
use crate::domain::manifest;
use crate::domain::yaml::Problem;

/// How often what a manifest refuses is taken out, until the rest is whole.
const ROUNDS: usize = 8;

/// Writes the manifest and reads it again. What a manifest refuses is taken out and noted, where
/// that changes nothing but itself; otherwise the file cannot be imported.
pub(super) fn finish(
    mut package: Map,
    executables: &[Executable],
    mut notes: Vec<Note>,
) -> Result<Imported, Vec<Problem>> {
    let mut removed = Vec::new();
    for _ in 0..ROUNDS {
        let text = document(&package);
        let problems = match manifest::parse(&text, "") {
            Ok(documents) => {
                notes.extend(documents.iter().filter_map(|read| policy(&read.package)));
                return Ok(Imported {
                    manifest: text,
                    notes,
                });
            }
            Err(problems) => problems,
        };
        let known = problems
            .iter()
            .map(|problem| removable(&problem.path))
            .collect::<Option<BTreeSet<_>>>();
        let Some(paths) = known else {
            removed.extend(
                problems
                    .into_iter()
                    .map(|problem| of_service(problem, executables)),
            );
            return Err(removed);
        };
        let mut whole = Value::Map(std::mem::take(&mut package));
        for path in in_removal_order(paths) {
            if !whole.remove("", &path) {
                continue;
            }
            let reasons = problems.iter().filter(|problem| {
                removable(&problem.path).is_some_and(|removable| removable == path)
            });
            for problem in reasons.cloned() {
                let problem = of_service(problem, executables);
                notes.push(Note {
                    service: String::new(),
                    key: problem.path.clone(),
                    line: (problem.line > 0).then_some(problem.line),
                    what: format!("it was left out: {}", problem.message),
                });
                removed.push(problem);
            }
        }
        if let Value::Map(map) = whole {
            package = map;
        }
    }
    Err(removed)
}

/// Later items of a list first, so that those before them keep their places.
fn in_removal_order(paths: BTreeSet<String>) -> Vec<String> {
    let index = |path: &String| {
        let inner = path
            .strip_suffix(']')
            .and_then(|path| path.rsplit('[').next());
        inner.and_then(|inner| inner.parse::<usize>().ok())
    };
    let mut paths: Vec<String> = paths.into_iter().collect();
    paths.sort_by_key(|path| std::cmp::Reverse(index(path)));
    paths
}

/// The part of the manifest that can be left out when something at `path` is wrong.
fn removable(path: &str) -> Option<String> {
    let inner = path.strip_prefix("components[0].")?;
    if let Some(rest) = inner.strip_prefix("endpoints[") {
        let (index, _) = rest.split_once(']')?;
        return Some(format!("components[0].endpoints[{index}]"));
    }
    let rest = inner.strip_prefix("executables[")?;
    let (index, rest) = rest.split_once("].")?;
    let own = format!("components[0].executables[{index}]");
    let key = rest.split(['.', '[']).next()?;
    let behind = &rest[key.len()..];
    match key {
        "environment" if !behind.is_empty() => Some(path.to_owned()),
        "mounts" | "devices" | "capabilities" if !behind.is_empty() => {
            let (index, _) = behind.strip_prefix('[')?.split_once(']')?;
            Some(format!("{own}.{key}[{index}]"))
        }
        "build" | "memory" | "cpus" | "gpus" | "shared_memory" | "working_directory" | "user"
        | "stop_grace_period" | "readiness" => Some(format!("{own}.{key}")),
        _ => None,
    }
}

/// A problem of the manifest, told of the service that it comes from.
fn of_service(mut problem: Problem, executables: &[Executable]) -> Problem {
    let prefix = "components[0].executables[";
    let found = problem.path.strip_prefix(prefix).and_then(|rest| {
        let (index, rest) = rest.split_once(']')?;
        let executable = executables.get(index.parse::<usize>().ok()?)?;
        Some((executable, rest.to_owned()))
    });
    match found {
        Some((executable, rest)) => {
            problem.path = format!("services.{}{rest}", executable.service);
            problem.line = executable.place.line;
            problem.column = executable.place.column;
        }
        None => (problem.line, problem.column) = (0, 0),
    }
    problem
}
