//! What is in the way, in words: with the chain from the requested package on, and what to do.

use std::collections::HashSet;

use super::known::Known;
use super::resolve::{Candidate, CandidateState, Choice};
use super::walk::{Need, Obstacle, REQUESTED, Walk, Wish};
use crate::domain::manifest::parameters::bind;
use crate::domain::manifest::version_fits as fits;
use crate::domain::manifest::{Package, Scope};

/// What the words are about.
pub struct Words<'w, 'a> {
    /// What was found.
    pub walk: &'w Walk<'a>,
    /// What there is.
    pub known: &'w Known<'a>,
}

impl Words<'_, '_> {
    /// What is wrong with the goal's choices, whatever they choose.
    pub fn choices(&self, choices: &[Choice<'_>]) -> Vec<String> {
        let Some(requested) = self.walk.nodes.get(REQUESTED).map(|node| node.package) else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        choices
            .iter()
            .filter_map(|Choice { alias, deployment }| {
                if !requested.depends_on.contains_key(*alias) {
                    let aliases = requested.depends_on.keys().map(String::as_str);
                    Some(format!(
                        "{}: {deployment:?} is chosen for {alias:?}, which it does not depend on; \
                         {}",
                        requested.label(),
                        listed("it depends on ", aliases, "it depends on nothing")
                    ))
                } else if !seen.insert(alias) {
                    Some(format!(
                        "{}: a deployment is chosen for {alias:?} twice; choose one",
                        requested.label()
                    ))
                } else {
                    None
                }
            })
            .collect()
    }

    /// Why no deployment can serve a need, although there might be one.
    pub fn obstacle(&self, need: Need<'_>, obstacle: &Obstacle<'_>) -> String {
        let instead = || {
            listed(
                "choose one of ",
                self.fitting(need),
                "there is none that fits",
            )
        };
        let what = match obstacle {
            Obstacle::NoSuch("") => format!("an empty name is chosen for it; {}", instead()),
            Obstacle::NoSuch(chosen) => {
                format!("there is no deployment {chosen:?}; {}", instead())
            }
            Obstacle::OtherPackage(chosen) => format!(
                "the chosen {} is a deployment of package {:?}; {}",
                one(chosen),
                chosen.package,
                instead()
            ),
            Obstacle::OtherVersion(chosen) => format!(
                "the chosen {} has version {}; {}",
                one(chosen),
                chosen.version,
                instead()
            ),
            Obstacle::Stopping(chosen) => {
                format!("the chosen {} is being stopped; {}", one(chosen), instead())
            }
            Obstacle::Failing(candidate, why) => format!(
                "{} fits and fails ({why}); repair it, or stop it first",
                one(candidate)
            ),
            Obstacle::Several(candidates) => format!(
                "several deployments fit: {}; {}",
                candidates
                    .iter()
                    .map(|c| one(c))
                    .collect::<Vec<_>>()
                    .join(", "),
                self.how_to_choose(need)
            ),
        };
        format!("{}: {what}", self.chain(need))
    }

    fn how_to_choose(&self, need: Need<'_>) -> String {
        match self.walk.nodes.get(need.by) {
            Some(node) if need.by != REQUESTED => format!(
                "deploy {} yourself first, and choose one for {:?} in its goal",
                node.package.label(),
                need.alias
            ),
            _ => format!("choose one for {:?} in the goal", need.alias),
        }
    }

    /// Why nothing serves a need for which nothing is to be deployed.
    pub fn missing(&self, need: Need<'_>) -> String {
        let package = need.package();
        let what = match self.known.newest(package, &[need.range()]) {
            Some(newest) => {
                let label = newest.package.label();
                format!(
                    "deploy {label} first{}",
                    if need.dependency.deploy {
                        String::new()
                    } else {
                        format!(
                            ", or say `deploy: true` for {:?} in the manifest of {}",
                            need.alias,
                            self.label(need.by)
                        )
                    }
                )
            }
            None => self.not_in_the_catalogue(need),
        };
        format!(
            "{}: no deployment fits{}; {what}",
            self.chain(need),
            self.instead(need)
        )
    }

    fn not_in_the_catalogue(&self, need: Need<'_>) -> String {
        let package = need.package();
        let versions = self.known.catalogue.versions_of(package);
        let versions: Vec<String> = versions.map(|c| c.package.version.to_string()).collect();
        if versions.is_empty() {
            let why = self.known.catalogue.find(package, "").err();
            why.map_or_else(String::new, |why| {
                format!("{why}; register {package:?}, or correct its name")
            })
        } else {
            format!(
                "the catalogue has {package} {} only; register a version that fits, or correct \
                 the range",
                versions.join(", ")
            )
        }
    }

    /// The deployments that there are instead, as a part of a sentence.
    fn instead(&self, need: Need<'_>) -> String {
        let others: Vec<String> = self
            .known
            .of(need.package())
            .iter()
            .map(|c| match c.state {
                CandidateState::Stopping => format!("{} {} is being stopped", one(c), c.version),
                _ => format!("{} has {}", one(c), c.version),
            })
            .collect();
        if others.is_empty() {
            String::new()
        } else {
            format!(" ({})", others.join(", "))
        }
    }

    /// Why no version of a package can be deployed for all who need it.
    pub fn no_version(&self, wish: &Wish<'_>) -> Vec<String> {
        let alone: Vec<String> = wish
            .needs
            .iter()
            .filter(|need| self.known.newest(wish.package, &[need.range()]).is_none())
            .map(|need| self.missing(*need))
            .collect();
        if !alone.is_empty() {
            return alone;
        }
        let chains: Vec<String> = wish.needs.iter().map(|need| self.chain(*need)).collect();
        let versions = self.known.catalogue.versions_of(wish.package);
        let versions: Vec<String> = versions.map(|c| c.package.version.to_string()).collect();
        vec![format!(
            "{}: no version of {:?} suits all of them, and only one would be deployed; the \
             catalogue has {}; deploy one of them yourself under another name",
            chains.join(" and "),
            wish.package,
            versions.join(", ")
        )]
    }

    /// Why a package of the catalogue cannot be deployed beside what is there.
    pub fn not_deployable(&self, node: usize, package: &Package, requested: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(wrong) = bind(package, &[]) {
            problems.push(format!(
                "it cannot be deployed without parameters ({}); deploy it yourself first",
                wrong.join("; ")
            ));
        }
        if let Some(other) = self.known.named(&package.name) {
            problems.push(format!(
                "it would be deployed as {:?}, and that name is taken by a deployment of {} {} \
                 ({}); deploy it yourself under another name, or stop the other",
                package.name, other.package, other.version, other.id
            ));
        } else if package.name == requested {
            problems.push(format!(
                "it would be deployed as {requested:?}, like the requested deployment; choose \
                 another name for that"
            ));
        }
        if let Some(other) = self.singleton(package) {
            problems.push(other);
        }
        // Only now, since most have no problem and a chain is long.
        problems
            .into_iter()
            .map(|problem| format!("{}: {problem}", self.packages(node)))
            .collect()
    }

    fn singleton(&self, package: &Package) -> Option<String> {
        let requested = self.walk.nodes.get(REQUESTED)?.package;
        let scope = package.singleton.scope();
        let others = self.known.of(&package.name).iter();
        let in_the_way = |other: &&&Candidate<'_>| scope == Some(Scope::Node) || other.same_group;
        if let Some(other) = others.filter(|_| scope.is_some()).find(in_the_way) {
            return Some(format!(
                "it is a singleton, and {} {} is a deployment of it already; stop that one first",
                one(other),
                other.version
            ));
        }
        let alone = scope.or(requested.singleton.scope()).is_some();
        (alone && requested.name == package.name).then(|| {
            format!(
                "it would be deployed beside {}, and {} is a singleton",
                requested.label(),
                package.name
            )
        })
    }

    /// That dependencies lead back to where they came from; `circle` begins and ends with the same.
    pub fn circle(&self, circle: &[usize]) -> String {
        let mut chain = circle.first().map(|start| self.packages(*start));
        for node in circle.iter().skip(1) {
            chain = chain.map(|chain| format!("{chain} -> {}", self.label(*node)));
        }
        format!(
            "{}: that is a circle, in which none can be the first; take one of these dependencies \
             out of its manifest",
            chain.unwrap_or_default()
        )
    }

    /// That the versions of these packages never suit each other.
    pub fn unsettled(&self, packages: &[&str]) -> String {
        let wishes = self.walk.wishes.iter();
        let chains: Vec<String> = wishes
            .filter(|wish| packages.contains(&wish.package))
            .flat_map(|wish| wish.needs.first())
            .map(|need| self.chain(*need))
            .collect();
        format!(
            "{}: which versions are needed depends on itself here, and no choice suits all; \
             deploy one of them yourself first",
            chains.join(" and ")
        )
    }

    /// The chain to what is needed, for example `command_center 1.0.0 -> simulator ^2`.
    fn chain(&self, need: Need<'_>) -> String {
        let alias = if need.alias == need.package() {
            String::new()
        } else {
            format!(" (as {:?})", need.alias)
        };
        format!(
            "{} -> {} {}{alias}",
            self.packages(need.by),
            need.package(),
            need.range()
        )
    }

    /// The chain to a node, for example `command_center 1.0.0 -> simulator 2.1.0`.
    fn packages(&self, node: usize) -> String {
        let chain: Vec<String> = self.walk.chain(node).iter().map(|p| p.label()).collect();
        chain.join(" -> ")
    }

    fn label(&self, node: usize) -> String {
        self.walk
            .nodes
            .get(node)
            .map_or_else(String::new, |node| node.package.label())
    }

    fn fitting(&self, need: Need<'_>) -> impl Iterator<Item = &str> {
        self.known
            .of(need.package())
            .iter()
            .filter(move |c| c.state != CandidateState::Stopping)
            .filter(move |c| fits(need.range(), c.version))
            .map(|c| c.name)
    }
}

/// A deployment as a person finds it again.
fn one(candidate: &Candidate<'_>) -> String {
    format!("{:?} ({})", candidate.name, candidate.id)
}

fn listed<'s>(before: &str, names: impl Iterator<Item = &'s str>, none: &str) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        none.to_owned()
    } else {
        format!("{before}{}", names.join(", "))
    }
}
