//! The rules without any cleverness: every way of giving each package of the catalogue a version,
//! or none, is tried, and what breaks no rule is an answer.

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};

use super::Running;
use super::generators::Question;
use crate::domain::dependencies::CandidateState;
use crate::domain::manifest::{Dependency, Package};

/// What serves an alias: an id, or a planned name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    Deployment(String),
    Planned(String),
}

/// The bindings of each package: the requested one is called nothing.
pub type Answer = BTreeMap<String, (Option<Version>, BTreeMap<String, Server>)>;

/// Every answer.
pub fn answers(question: &Question) -> Vec<Answer> {
    let choices_fit = question
        .choices
        .iter()
        .all(|(alias, _)| question.requested.depends_on.contains_key(alias));
    let mut chosen = BTreeSet::new();
    let choices_differ = question
        .choices
        .iter()
        .all(|(alias, _)| chosen.insert(alias));
    if !choices_fit || !choices_differ {
        return Vec::new();
    }
    let mut all: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for known in question.catalogue.all() {
        all.entry(&known.package.name)
            .or_default()
            .push(&known.package);
    }
    let mut ways: Vec<Vec<&Package>> = vec![Vec::new()];
    for versions in all.values() {
        ways = ways
            .into_iter()
            .flat_map(|way| {
                let with = versions.iter().map({
                    let way = way.clone();
                    move |package| {
                        let mut way = way.clone();
                        way.push(*package);
                        way
                    }
                });
                std::iter::once(way).chain(with).collect::<Vec<_>>()
            })
            .collect();
    }
    ways.iter()
        .filter_map(|way| answer(question, way))
        .collect()
}

/// The answer in which exactly `way` is deployed, if that breaks no rule.
fn answer(question: &Question, way: &[&Package]) -> Option<Answer> {
    let mut answer = Answer::new();
    // Who has to wait for which planned one, and whether it asks for it to be deployed.
    let mut edges: Vec<(&str, &str, &Dependency)> = Vec::new();
    for (name, package) in
        std::iter::once(("", &question.requested)).chain(way.iter().map(|p| (p.name.as_str(), *p)))
    {
        let mut bindings = BTreeMap::new();
        for (alias, dependency) in &package.depends_on {
            let wanted = dependency.package(alias);
            let server = match existing(question, name.is_empty(), alias, dependency)? {
                Some(deployment) => Server::Deployment(deployment.id.clone()),
                None => {
                    let requested = &question.requested;
                    if wanted == requested.name && does(&dependency.version, &requested.version) {
                        return None;
                    }
                    way.iter().find(|planned| planned.name == wanted)?;
                    edges.push((name, wanted, dependency));
                    Server::Planned(wanted.to_owned())
                }
            };
            bindings.insert(alias.clone(), server);
        }
        let version = (!name.is_empty()).then(|| package.version.clone());
        answer.insert(name.to_owned(), (version, bindings));
    }
    let fine = way
        .iter()
        .all(|planned| is_newest(question, planned, &edges) && has_place(question, planned));
    (fine && all_are_asked_for(way, &edges) && has_an_order(way, &edges)).then_some(answer)
}

/// The deployment that serves a dependency; none if none does, nothing if that is refused.
fn existing<'q>(
    question: &'q Question,
    requested: bool,
    alias: &str,
    dependency: &Dependency,
) -> Option<Option<&'q Running>> {
    let fitting: Vec<&Running> = question
        .deployments
        .iter()
        .filter(|d| {
            d.package == dependency.package(alias)
                && does(&dependency.version, &d.version)
                && d.state != CandidateState::Stopping
        })
        .collect();
    let choice = question
        .choices
        .iter()
        .find(|(of, _)| requested && of == alias);
    let one = match choice {
        Some((_, name)) => Some(*fitting.iter().find(|d| &d.name == name)?),
        None if fitting.len() > 1 => return None,
        None => fitting.first().copied(),
    };
    match one {
        Some(failing) if matches!(failing.state, CandidateState::Failing(_)) => None,
        one => Some(one),
    }
}

fn does(range: &VersionReq, version: &Version) -> bool {
    range.comparators.is_empty() || range.matches(version)
}

fn is_newest(question: &Question, planned: &Package, edges: &[(&str, &str, &Dependency)]) -> bool {
    let ranges: Vec<&VersionReq> = edges
        .iter()
        .filter(|(_, to, _)| *to == planned.name)
        .map(|(_, _, dependency)| &dependency.version)
        .collect();
    let any = ranges.iter().all(|range| range.comparators.is_empty());
    let best = question
        .catalogue
        .all()
        .map(|known| &known.package)
        .filter(|p| p.name == planned.name)
        .filter(|p| ranges.iter().all(|range| does(range, &p.version)))
        .max_by_key(|p| (any && p.version.pre.is_empty(), &p.version));
    best.is_some_and(|best| best.version == planned.version)
}

fn has_place(question: &Question, planned: &Package) -> bool {
    let requested = &question.requested;
    let free = planned.name != question.name
        && question.deployments.iter().all(|d| d.name != planned.name);
    let alone = planned.singleton.scope().is_none()
        || question
            .deployments
            .iter()
            .all(|d| d.package != planned.name);
    let beside = requested.name != planned.name
        || [planned, requested]
            .iter()
            .all(|p| p.singleton.scope().is_none());
    free && alone && beside
}

fn all_are_asked_for(way: &[&Package], edges: &[(&str, &str, &Dependency)]) -> bool {
    let mut asked = BTreeSet::from([""]);
    for _ in 0..=way.len() {
        for (from, to, dependency) in edges {
            if dependency.deploy && asked.contains(from) {
                asked.insert(to);
            }
        }
    }
    way.iter()
        .all(|planned| asked.contains(planned.name.as_str()))
}

/// Those that wait for nobody are taken away until nobody is left.
fn has_an_order(way: &[&Package], edges: &[(&str, &str, &Dependency)]) -> bool {
    let mut left: BTreeSet<&str> = way.iter().map(|p| p.name.as_str()).collect();
    for _ in 0..way.len() {
        let waiting = |name: &str| {
            edges
                .iter()
                .any(|(from, to, _)| *from == name && left.contains(to))
        };
        let ready = left.iter().copied().find(|name| !waiting(name));
        match ready {
            Some(name) => left.remove(name),
            None => return false,
        };
    }
    true
}
