//! What runs, found without looking at all of it.

use std::collections::{HashMap, HashSet};

use semver::VersionReq;

use super::resolve::{Candidate, CandidateState};
use crate::domain::catalogue::{Catalogue, CataloguedPackage};
use crate::domain::manifest::{Dependency, version_fits as fits};

/// What there is when a package is resolved.
pub struct Known<'a> {
    /// What can be deployed.
    pub catalogue: &'a Catalogue,
    candidates: &'a [Candidate<'a>],
    by_package: HashMap<&'a str, Vec<&'a Candidate<'a>>>,
    names: HashSet<&'a str>,
}

/// What can be said of a dependency without planning anything.
#[derive(Clone)]
pub enum Fit<'a> {
    /// There is one deployment for it.
    One(&'a Candidate<'a>),
    /// There is one, and it fails.
    Failing(&'a Candidate<'a>, &'a str),
    /// There are several, and nobody said which.
    Several(Vec<&'a Candidate<'a>>),
    /// There is none.
    None,
}

impl<'a> Known<'a> {
    /// Makes an index of it.
    pub fn new(candidates: &'a [Candidate<'a>], catalogue: &'a Catalogue) -> Self {
        let mut by_package: HashMap<&str, Vec<&Candidate<'_>>> = HashMap::new();
        for candidate in candidates {
            by_package
                .entry(candidate.package)
                .or_default()
                .push(candidate);
        }
        Self {
            catalogue,
            candidates,
            by_package,
            names: candidates.iter().map(|c| c.name).collect(),
        }
    }

    /// Every deployment of a package, whatever its version and state.
    pub fn of(&self, package: &str) -> &[&'a Candidate<'a>] {
        self.by_package.get(package).map_or(&[], Vec::as_slice)
    }

    /// The deployment for a dependency when nobody chose one.
    pub fn fit(&self, alias: &str, dependency: &Dependency) -> Fit<'a> {
        let fitting: Vec<_> = self
            .of(dependency.package(alias))
            .iter()
            .copied()
            .filter(|c| c.state != CandidateState::Stopping)
            .filter(|c| fits(&dependency.version, c.version))
            .collect();
        match fitting.as_slice() {
            [] => Fit::None,
            [one] => one.fit(),
            _ => Fit::Several(fitting),
        }
    }

    /// The deployment with this id or name.
    pub fn find(&self, id_or_name: &str) -> Option<&'a Candidate<'a>> {
        let mut all = self.candidates.iter();
        all.clone()
            .find(|c| c.id == id_or_name)
            .or_else(|| all.find(|c| c.name == id_or_name))
    }

    /// The deployment with this name.
    pub fn named(&self, name: &str) -> Option<&'a Candidate<'a>> {
        // Most names are free.
        self.names.get(name)?;
        self.candidates.iter().find(|c| c.name == name)
    }

    /// The newest version of a package that is in all ranges. As everywhere, what has any version
    /// gets a pre-release only when there is nothing else.
    pub fn newest(&self, package: &str, ranges: &[&VersionReq]) -> Option<&'a CataloguedPackage> {
        let mut all = self
            .catalogue
            .versions_of(package)
            .filter(|c| ranges.iter().all(|range| fits(range, &c.package.version)));
        let release = if ranges.iter().all(|range| is_any(range)) {
            all.clone().find(|c| c.package.version.pre.is_empty())
        } else {
            None
        };
        release.or_else(|| all.next())
    }
}

impl<'a> Candidate<'a> {
    /// What it is worth for a dependency that it fits.
    pub(super) fn fit(&'a self) -> Fit<'a> {
        match &self.state {
            CandidateState::Failing(why) => Fit::Failing(self, why),
            _ => Fit::One(self),
        }
    }
}

/// Whether any version will do.
fn is_any(range: &VersionReq) -> bool {
    range.comparators.is_empty()
}
