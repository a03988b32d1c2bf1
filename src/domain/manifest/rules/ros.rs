//! What nodes are called is given behind a command, and comes out as names of ROS.

use std::collections::BTreeMap;

use super::{Report, ros_names};
use crate::domain::manifest::templates::{expand, sample};
use crate::domain::manifest::{Component, Package, Scalar, TakeOver};
use crate::domain::yaml::{below, excerpt};

pub fn check(package: &Package, report: &mut Report) {
    let none = BTreeMap::new();
    let known = match report.is_broken("parameters") {
        true => &none,
        false => &package.parameters,
    };
    for (index, component) in package.components.iter().enumerate() {
        let path = format!("components[{index}]");
        check_has_command(component, &path, report);
        for text in texts(component) {
            // What a reference that leads nowhere comes out as is not known.
            let problem = { sample(text.template, known).ok() }.and_then(|v| text.problem(&v));
            if let Some(problem) = problem {
                report.add(&format!("{path}.ros.{}", text.path), problem);
            }
        }
    }
    check_taken_over(package, report);
}

/// What is given to nodes follows a command; without one it would be dropped without a word.
fn check_has_command(component: &Component, path: &str, report: &mut Report) {
    let mut executables = component.executables.iter();
    let has_command = executables.any(|executable| !executable.command.is_empty());
    if has_command || report.is_broken(&format!("{path}.executables")) {
        return;
    }
    let ros = &component.ros;
    let given = [
        ("namespace", ros.namespace.is_some(), "it"),
        ("remappings", !ros.remappings.is_empty(), "they"),
        ("args", !ros.args.is_empty(), "they"),
    ];
    for (key, _, what) in given.iter().filter(|(_, is_given, _)| *is_given) {
        let message =
            format!("no executable of the component has a `command` that {what} could follow");
        report.add(&format!("{path}.ros.{key}"), message);
    }
}

/// There is one namespace and one domain, so they come from one dependency.
fn check_taken_over(package: &Package, report: &mut Report) {
    let entries = package.depends_on.iter().flat_map(|(alias, dependency)| {
        let path = below("depends_on", alias);
        let taken = dependency.take_over.iter().enumerate();
        taken.map(move |(index, what)| (format!("{path}.take_over[{index}]"), alias, *what))
    });
    let entries: Vec<_> = entries.collect();
    let twice = entries.iter().map(|(path, alias, what)| {
        let key = match what {
            TakeOver::Remappings => (Some(*alias), *what),
            TakeOver::Namespace | TakeOver::DomainId => (None, *what),
        };
        (path.clone(), key)
    });
    report.unique(twice, |(_, what), line| {
        format!("`{}` is taken over already, in line {line}", what.name())
    });
}

/// A text that comes out as a name of ROS.
struct Text<'a> {
    path: String,
    template: &'a str,
    absolute: bool,
}

impl Text<'_> {
    fn problem(&self, value: &str) -> Option<String> {
        let problem = match self.absolute {
            true => ros_names::problem(value),
            false => remapped_problem(value),
        }?;
        Some(if value == self.template {
            problem
        } else {
            let (template, value) = (excerpt(self.template), excerpt(value));
            format!("`{template}` becomes `{value}`: {problem}")
        })
    }
}

fn texts(component: &Component) -> Vec<Text<'_>> {
    let namespace = component.ros.namespace.iter().map(|namespace| Text {
        path: "namespace".to_owned(),
        template: namespace,
        absolute: true,
    });
    let remappings = component.ros.remappings.iter().map(|(from, to)| Text {
        path: below("remappings", from),
        template: to,
        absolute: false,
    });
    namespace.chain(remappings).collect()
}

/// A name that is remapped to may be relative, and begin with the node's own name.
fn remapped_problem(name: &str) -> Option<String> {
    let relative = name.strip_prefix("~/").unwrap_or(name);
    match relative.starts_with('/') && relative.len() == name.len() {
        true => ros_names::problem(name),
        false => ros_names::problem(&format!("/{relative}")).map(|_| {
            format!(
                "`{}` is no name of ROS: expected a name such as scan, ~/scan or /front/scan",
                excerpt(name)
            )
        }),
    }
}

/// What the values of a goal make of namespaces and remappings that cannot be, as sentences.
pub fn misfits(package: &Package, values: &BTreeMap<String, Scalar>) -> Vec<String> {
    let mut problems = Vec::new();
    for component in &package.components {
        for text in texts(component) {
            // A package whose references lead nowhere does not get through `parse`.
            let problem = { expand(text.template, values).ok() }.and_then(|v| text.problem(&v));
            if let Some(problem) = problem {
                problems.push(format!("{}: ros.{}: {problem}", component.name, text.path));
            }
        }
    }
    problems
}
