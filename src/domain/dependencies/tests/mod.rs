//! What is bound, what is planned, and what is refused in which words.

#![allow(clippy::unwrap_used)]

mod dependents;
mod generators;
mod reference;
mod resolving;
mod same;
mod words;

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::{Candidate, CandidateState, Choice, PlannedBinding, Target};
use crate::domain::catalogue::{Catalogue, CataloguedPackage};
use crate::domain::manifest::{Dependency, Package, Singleton};
use crate::domain::time::WallTime;

/// A dependency: `sim: simulator ^2 deploy`; the package's name is left out when it is the alias.
fn dependency(text: &str) -> (String, Dependency) {
    let (alias, rest) = text.split_once(':').unwrap_or((text, text));
    let (rest, deploy) = match rest.strip_suffix(" deploy") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (package, range) = rest.trim().split_once(' ').unwrap_or((rest.trim(), "*"));
    let dependency = Dependency {
        package: (package != alias).then(|| package.to_owned()),
        version: VersionReq::parse(range).unwrap(),
        deploy,
        ..Dependency::default()
    };
    (alias.to_owned(), dependency)
}

/// A package: `simulator 1.0.0`, and its dependencies.
fn package(label: &str, depends_on: &[&str]) -> Package {
    let (name, version) = label.split_once(' ').unwrap();
    Package {
        manifest: 1,
        name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        description: String::new(),
        singleton: Singleton::default(),
        parameters: BTreeMap::new(),
        depends_on: depends_on.iter().copied().map(dependency).collect(),
        components: Vec::new(),
    }
}

fn catalogue(packages: impl IntoIterator<Item = Package>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for package in packages {
        catalogue.insert(CataloguedPackage {
            package,
            text: String::new(),
            folder: None,
            registered_at: WallTime(0),
        });
    }
    catalogue
}

/// A deployment that owns what a [`Candidate`] borrows.
#[derive(Clone, Debug)]
struct Running {
    id: String,
    name: String,
    package: String,
    version: Version,
    state: CandidateState,
}

/// A running deployment: its name, and its package's label. Its id is its name with `#` before it.
fn running(name: &str, label: &str) -> Running {
    let (package, version) = label.split_once(' ').unwrap();
    Running {
        id: format!("#{name}"),
        name: name.to_owned(),
        package: package.to_owned(),
        version: Version::parse(version).unwrap(),
        state: CandidateState::Running,
    }
}

impl Running {
    fn being(mut self, state: CandidateState) -> Self {
        self.state = state;
        self
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            id: &self.id,
            name: &self.name,
            package: &self.package,
            version: &self.version,
            same_group: true,
            state: self.state.clone(),
        }
    }
}

/// What came out, in short: `alias=#id` for a deployment, `alias=name` for a planned one; then for
/// each planned one, in their order, `name version(alias=..)`. Or the refusal's words.
fn resolved(
    package: &Package,
    choices: &[(&str, &str)],
    deployments: &[Running],
    catalogue: &Catalogue,
) -> Result<String, String> {
    let candidates: Vec<_> = deployments.iter().map(Running::candidate).collect();
    let choices: Vec<_> = choices
        .iter()
        .map(|(alias, deployment)| Choice { alias, deployment })
        .collect();
    let resolution = super::resolve(package, "requested", &choices, &candidates, catalogue)
        .map_err(|refusal| refusal.message)?;
    let mut parts = vec![short(&resolution.bindings)];
    for planned in &resolution.first {
        let label = planned.package.package.label();
        parts.push(format!("{label}({})", short(&planned.bindings)));
    }
    Ok(parts.join("; "))
}

fn short(bindings: &[PlannedBinding]) -> String {
    let one = |binding: &PlannedBinding| match &binding.target {
        Target::Deployment(id) => format!("{}={id}", binding.alias),
        Target::Planned(name) => format!("{}={name}", binding.alias),
    };
    bindings.iter().map(one).collect::<Vec<_>>().join(" ")
}
