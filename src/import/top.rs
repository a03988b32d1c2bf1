//! The whole file: from its text to a manifest that a node can read.

mod beside;
mod endpoints;
mod finish;
mod notes;
mod package;

use std::collections::HashSet;
use std::rc::Rc;

use super::source::{Entry, entries, text};
use super::{Findings, Imported, names, ports, ros, service};
use crate::domain::yaml::{self, Node, Place, Problem};
use beside::beside;
use endpoints::endpoints;
use finish::finish;
use notes::{note_addresses, note_defaults};
use package::package;

/// The most executables of a component.
const MOST_SERVICES: usize = 64;

/// Makes a manifest of a Compose file. `name` is what the package is called, made valid.
///
/// # Errors
/// All that keeps it from being one: text that is no YAML, no services, a service without an image.
pub fn compose(text: &str, name: &str) -> Result<Imported, Vec<Problem>> {
    let root = root(text)?;
    let Some(top) = entries(&root) else {
        let message = "this is no Compose file: expected a mapping with `services`";
        return Err(vec![Problem::at("", root.place, "", message)]);
    };
    let services = services(&top, root.place)?;
    let mut findings = Findings::default();
    let volumes = beside(&top, &mut findings);
    let mut executables = Vec::new();
    let mut taken = HashSet::new();
    for (service, place, node) in &services {
        findings.service.clone_from(service);
        let valid = names::unique(&names::valid(service), &mut taken);
        if valid != *service {
            let what = format!("the executable is called `{valid}`");
            findings.note("", *place, what);
        }
        let read = service::read(service, valid, *place, node, &volumes, &mut findings);
        executables.extend(read);
    }
    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    let known: ros::Services = { executables.iter() }
        .map(|it| (it.service.clone(), (it.name.clone(), it.host_network)))
        .collect();
    let settings = ros::settings(&mut executables, &mut findings);
    for executable in &mut executables {
        ros::environment(executable, &known, &mut findings);
    }
    note_addresses(&services, &known, &mut findings);
    ports::addressed(&mut executables, &mut findings);
    let endpoints = endpoints(&executables, &mut findings);
    findings.service.clear();
    note_defaults(&executables, &mut findings);
    findings
        .notes
        .sort_by_key(|note| note.line.unwrap_or(u32::MAX));
    let package = package(name, &executables, settings, endpoints, &findings);
    finish(package, &executables, findings.notes)
}

/// The name that a Compose file gives its project.
pub fn project_name(file: &str) -> Option<String> {
    let root = root(file).ok()?;
    let top = entries(&root)?;
    let (.., name) = top.iter().find(|(key, ..)| key == "name")?;
    text(name)
        .filter(|name| !name.contains('$'))
        .map(str::to_owned)
}

fn root(text: &str) -> Result<Rc<Node>, Vec<Problem>> {
    let documents = yaml::read(text, "").map_err(|problem| vec![problem])?;
    let whole = |message: &str| vec![Problem::at("", Place::START, "", message)];
    let mut documents = documents.into_iter();
    let document = documents
        .next()
        .ok_or_else(|| whole("there is nothing in here: expected a mapping with `services`"))?;
    if !document.problems.is_empty() {
        return Err(document.problems);
    }
    if documents.next().is_some() {
        return Err(whole("more than one YAML document: a Compose file is one"));
    }
    document
        .root
        .ok_or_else(|| whole("there is nothing in here that can be read"))
}

fn services(top: &[Entry], place: Place) -> Result<Vec<Entry>, Vec<Problem>> {
    let refuse = |place, message: String| Err(vec![Problem::at("", place, "services", message)]);
    let Some((_, place, node)) = top.iter().find(|(key, ..)| key == "services") else {
        return refuse(place, "there are no `services` in here".to_owned());
    };
    match entries(node) {
        None => refuse(*place, "expected a mapping of services".to_owned()),
        Some(services) if services.is_empty() => {
            refuse(*place, "there are no services in here".to_owned())
        }
        Some(services) if services.len() > MOST_SERVICES => {
            let message = format!(
                "{} services: a component has at most {MOST_SERVICES} executables; make several files of it",
                services.len()
            );
            refuse(*place, message)
        }
        Some(services) => Ok(services),
    }
}
