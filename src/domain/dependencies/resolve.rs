//! The question and its answer.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::known::Known;
use super::plan::plan;
use super::walk::Walker;
use crate::domain::catalogue::{Catalogue, CataloguedPackage};
use crate::domain::deployment::DeploymentId;
use crate::domain::manifest::Package;
use crate::domain::world::refusal::Refusal;

/// What is known of a deployment that something may depend on; those that are over are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its package's name.
    pub package: &'a str,
    /// Its package's version.
    pub version: &'a Version,
    /// Whether it is in the group of what is asked for.
    pub same_group: bool,
    /// How it is.
    pub state: CandidateState,
}

/// How a deployment is, for one that would depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateState {
    /// It runs.
    Running,
    /// It will run.
    Starting,
    /// It does not run, and will not by itself; for this reason.
    Failing(String),
    /// It is being taken down.
    Stopping,
}

/// A deployment that the goal names for an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The alias.
    pub alias: &'a str,
    /// The deployment's id or name.
    pub deployment: &'a str,
}

/// Which deployment serves an alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The alias.
    pub alias: String,
    /// The deployment.
    pub deployment: DeploymentId,
}

/// What serves an alias, as long as not everything is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBinding {
    /// The alias.
    pub alias: String,
    /// What serves it.
    pub target: Target,
}

/// A deployment that there is, or that there will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that there is.
    Deployment(DeploymentId),
    /// The planned one of this name.
    Planned(String),
}

impl PlannedBinding {
    /// The binding once everything planned has an id; `id_of` gives it for a planned name, or none
    /// when nothing of that name was planned.
    pub fn settle(&self, id_of: impl FnOnce(&str) -> Option<DeploymentId>) -> Option<Binding> {
        let deployment = match &self.target {
            Target::Deployment(id) => id.clone(),
            Target::Planned(name) => id_of(name)?,
        };
        Some(Binding {
            alias: self.alias.clone(),
            deployment,
        })
    }
}

/// What has to be the case for a package to be deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution<'a> {
    /// What serves each alias, by alias.
    pub bindings: Vec<PlannedBinding>,
    /// What is deployed before, each after what it is bound to.
    pub first: Vec<Planned<'a>>,
}

/// A deployment that has to be made first.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned<'a> {
    /// What is deployed.
    pub package: &'a CataloguedPackage,
    /// The deployment's name: the package's.
    pub name: String,
    /// What serves each of its aliases, by alias.
    pub bindings: Vec<PlannedBinding>,
}

/// Finds what serves each dependency of `package`, which is to be deployed as `name`.
///
/// An alias gets the deployment that is chosen for it, else the only one that fits, else one that
/// is planned, if the manifest says so. What is planned of a package is the newest version that is
/// in the ranges of all that are bound to it; nothing depends on the order of the aliases. What
/// fails or is being taken down serves nobody, even when it is chosen.
///
/// # Errors
/// Everything that is in the way, each with the chain from the requested package on.
pub fn resolve<'a>(
    package: &'a Package,
    name: &'a str,
    choices: &'a [Choice<'a>],
    candidates: &'a [Candidate<'a>],
    catalogue: &'a Catalogue,
) -> Result<Resolution<'a>, Refusal> {
    let known = Known::new(candidates, catalogue);
    let walker = Walker {
        package,
        choices,
        known: &known,
    };
    walker
        .settle()
        .and_then(|walk| plan(&walk, name, choices, &known))
        .map_err(|problems| Refusal::new(shortened(problems).join("; ")))
}

/// More than a person reads.
const MOST: usize = 50;

fn shortened(mut problems: Vec<String>) -> Vec<String> {
    let surplus = problems.len().saturating_sub(MOST);
    if surplus > 0 {
        problems.truncate(MOST);
        problems.push(format!("and {surplus} more problems"));
    }
    problems
}
