//! What a component is said to put on the ROS graph has names that ROS takes, each once.

use std::collections::BTreeMap;

use super::{Report, ros_names};
use crate::domain::manifest::templates::{Known, expand, sample};
use crate::domain::manifest::{Component, Scalar};
use crate::domain::yaml::excerpt;

/// Checks the names of the component at `path` with the parameters' defaults.
pub fn check(component: &Component, path: &str, known: Known<'_>, report: &mut Report) {
    for (key, names) in component.ros.declared() {
        let place = |index: usize| format!("{path}.ros.{key}[{index}]");
        for (index, name) in names.iter().enumerate() {
            let problem = match known.check(name) {
                Err(message) => Some(message),
                Ok(()) => sample(name, known.parameters)
                    .ok()
                    .and_then(|value| problem(name, &value)),
            };
            if let Some(problem) = problem {
                report.add(&place(index), problem);
            }
        }
        let all = names.iter().enumerate();
        report.unique(
            all.map(|(index, name)| (place(index), name)),
            |name, line| {
                let name = excerpt(name);
                format!("`{name}` is in the list already, in line {line}")
            },
        );
    }
}

/// What is wrong with the names once the parameters have the values of a goal.
pub fn misfits(component: &Component, values: &BTreeMap<String, Scalar>) -> Vec<String> {
    let all = component.ros.declared().into_iter();
    let all = all.flat_map(|(key, names)| names.iter().enumerate().map(move |it| (key, it)));
    all.filter_map(|(key, (index, name))| {
        let value = expand(name, values).ok()?;
        let problem = problem(name, &value)?;
        Some(format!("{}: ros.{key}[{index}]: {problem}", component.name))
    })
    .collect()
}

fn problem(template: &str, value: &str) -> Option<String> {
    let problem = ros_names::problem(value)?;
    Some(if value == template {
        problem
    } else {
        let (template, value) = (excerpt(template), excerpt(value));
        format!("`{template}` becomes `{value}`: {problem}")
    })
}
