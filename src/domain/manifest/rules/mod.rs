//! What has to fit together in a manifest, beyond the shape of each value.

mod components;
mod declared;
mod dependencies;
mod executables;
mod misfits;
mod parameters;
mod probes;
mod ros;
mod ros_names;
mod volumes;

use std::collections::{BTreeSet, HashMap};

pub use executables::capability_name;
pub use misfits::misfits;

use super::types::Package;
use crate::domain::yaml::{MAX_PROBLEMS, Place, Problem};

/// Collects problems.
pub struct Report<'a> {
    /// The file to name.
    pub file: &'a str,
    /// Where each path is.
    pub places: &'a HashMap<String, Place>,
    /// Paths at which something is wrong already: there the package holds made-up values.
    pub broken: &'a BTreeSet<String>,
    /// What has been found.
    pub problems: &'a mut Vec<Problem>,
}

impl Report<'_> {
    /// Reports what is wrong at `path`, unless it is known already that something is.
    pub fn add(&mut self, path: &str, message: String) {
        let known = self.problems.iter().any(|problem| problem.path == path);
        if !known && self.problems.len() < MAX_PROBLEMS {
            let place = self.place(path);
            self.problems
                .push(Problem::at(self.file, place, path, message));
        }
    }

    /// Whether something at `path` or below it is wrong. A rule that compares a value with others
    /// says nothing then, because it would compare with made-up ones.
    pub fn is_broken(&self, path: &str) -> bool {
        let below = |other: &String| {
            other
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.broken
            .range(path.to_owned()..)
            .take_while(|other| other.starts_with(path))
            .any(below)
    }

    /// The place of `path`, or of what it would be in.
    fn place(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return *place;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.places.get("").copied().unwrap_or(Place::START),
            }
        }
    }

    /// The line of `path`, for a message that points at it.
    pub fn line(&self, path: &str) -> u32 {
        self.place(path).line
    }

    /// Reports each value that was there before. `entries` are paths with what has to be unique.
    pub fn unique<K: std::hash::Hash + Eq>(
        &mut self,
        entries: impl IntoIterator<Item = (String, K)>,
        message: impl Fn(&K, u32) -> String,
    ) {
        let mut seen: HashMap<K, String> = HashMap::new();
        for (path, key) in entries {
            if self.broken.contains(&path) {
                continue;
            }
            match seen.get(&key) {
                Some(first) => {
                    let message = message(&key, self.line(first));
                    self.add(&path, message);
                }
                None => drop(seen.insert(key, path)),
            }
        }
    }
}

/// Checks all rules.
pub fn check(package: &Package, report: &mut Report) {
    parameters::check(package, report);
    dependencies::check(package, report);
    components::check(package, report);
    volumes::check(package, report);
    ros::check(package, report);
    for (index, component) in package.components.iter().enumerate() {
        let path = format!("components[{index}].executables");
        for (index, executable) in component.executables.iter().enumerate() {
            let path = format!("{path}[{index}]");
            executables::check(executable, &path, report);
            probes::check(executable, &path, &package.parameters, report);
        }
    }
}
