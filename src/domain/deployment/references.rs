//! What a package refers to of those that it depends on, and whether they have it.

use crate::domain::manifest::templates::{Offered, Reference, offered};
use crate::domain::manifest::{Component, Package, Scalar, TakeOver};
use crate::domain::yaml::closest;

/// What of `package` does not find in `other` what it refers to under `alias`, as sentences.
pub fn missing(package: &Package, alias: &str, other: &Package) -> Vec<String> {
    let mut problems: Vec<String> = references(package)
        .into_iter()
        .filter(|(_, reference)| reference.alias == alias)
        .filter_map(|(place, reference)| {
            let problem = lacks(reference, other)?;
            Some(format!("{place}: {problem}"))
        })
        .collect();
    let dependency = package.depends_on.get(alias);
    let taken = dependency
        .map(|d| d.take_over.as_slice())
        .unwrap_or_default();
    problems.extend(taken.iter().filter_map(|what| {
        let why = differs(other, *what)?;
        Some(format!("depends_on.{alias}.take_over: {why}"))
    }));
    problems
}

/// Each reference to what others offer, with its place.
fn references(package: &Package) -> Vec<(String, Reference<'_>)> {
    let mut found = Vec::new();
    for component in &package.components {
        let mut take = |place: String, text| {
            let references = offered(text).into_iter();
            found.extend(references.map(|reference| (place.clone(), reference)));
        };
        let name = &component.name;
        for text in &component.ros.args {
            take(format!("{name}: ros.args"), text);
        }
        for (variable, value) in &component.exposes {
            if let Scalar::String(text) = value {
                take(format!("{name}: exposes.{variable}"), text);
            }
        }
        for executable in &component.executables {
            let name = format!("{name}/{}", executable.name);
            for text in &executable.command {
                take(format!("{name}: command"), text);
            }
            for text in executable.entrypoint.iter().flatten() {
                take(format!("{name}: entrypoint"), text);
            }
            for (variable, value) in &executable.environment {
                if let Scalar::String(text) = value {
                    take(format!("{name}: environment.{variable}"), text);
                }
            }
        }
    }
    found
}

/// Why a package does not offer what is referred to, if so.
fn lacks(reference: Reference<'_>, other: &Package) -> Option<String> {
    let components = || other.components.iter();
    let label = other.label();
    match reference.what {
        Offered::Deployment => None,
        Offered::RosNamespace => differs(other, TakeOver::Namespace),
        Offered::RosDomain => differs(other, TakeOver::DomainId),
        Offered::Variable(name) => {
            let names: Vec<&str> = components()
                .flat_map(|c| c.exposes.keys().map(String::as_str))
                .collect();
            (!names.contains(&name)).then(|| {
                format!(
                    "{label} exposes no variable `{name}`; {}",
                    advice(name, &names)
                )
            })
        }
        Offered::Endpoint(name, _) => {
            let names: Vec<&str> = components()
                .flat_map(|c| c.endpoints.iter().map(|e| e.name.as_str()))
                .collect();
            (!names.contains(&name)).then(|| {
                format!(
                    "{label} offers no endpoint `{name}`; {}",
                    advice(name, &names)
                )
            })
        }
    }
}

fn advice(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    }
}

/// Why something of ROS is not one thing for a whole package, if so.
pub fn differs(package: &Package, what: TakeOver) -> Option<String> {
    let (first, others) = package.components.split_first()?;
    let same = |other: &Component| match what {
        TakeOver::Namespace => other.ros.namespace == first.ros.namespace,
        TakeOver::Remappings => other.ros.remappings == first.ros.remappings,
        TakeOver::DomainId => other.ros.domain_id == first.ros.domain_id,
    };
    let other = others.iter().find(|other| !same(other))?;
    Some(format!(
        "the components `{}` and `{}` of {} differ in `ros.{}`",
        first.name,
        other.name,
        package.label(),
        what.name()
    ))
}
