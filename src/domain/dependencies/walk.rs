//! Follows dependencies from the requested package on, until the versions of all that would be
//! deployed suit each other.

use std::collections::{HashMap, HashSet};

use semver::{Version, VersionReq};

use super::known::{Fit, Known};
use super::resolve::{Candidate, CandidateState, Choice};
use super::words::Words;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::manifest::version_fits as fits;
use crate::domain::manifest::{Dependency, Package};

/// The place of the requested package among the nodes.
pub const REQUESTED: usize = 0;

/// Something that is to be deployed.
pub struct Node<'a> {
    /// Its package.
    pub package: &'a Package,
    /// The package as it is in the catalogue; none for the requested one.
    pub from: Option<&'a CataloguedPackage>,
    /// The node that needed it first; none for the requested one.
    pub parent: Option<usize>,
}

/// One dependency of one node.
#[derive(Clone, Copy)]
pub struct Need<'a> {
    /// The node.
    pub by: usize,
    /// What the node calls it.
    pub alias: &'a str,
    /// What it says of it.
    pub dependency: &'a Dependency,
}

/// A package that no deployment fits for.
pub struct Wish<'a> {
    /// The package's name.
    pub package: &'a str,
    /// Who needs it.
    pub needs: Vec<Need<'a>>,
    /// What would be deployed; none when nobody asks for that.
    pub deploy: Option<Deploy<'a>>,
}

/// Something that should be deployed.
#[derive(Clone, Copy)]
pub struct Deploy<'a> {
    /// The version of it that was assumed; none when there is none.
    assumed: Option<&'a CataloguedPackage>,
    /// Its node.
    pub node: Option<usize>,
}

/// What was found on the way.
#[derive(Default)]
pub struct Walk<'a> {
    /// What is to be deployed, the nearest to the requested package first.
    pub nodes: Vec<Node<'a>>,
    /// What deployments serve.
    pub bound: Vec<(Need<'a>, &'a Candidate<'a>)>,
    /// What nothing serves.
    pub wishes: Vec<Wish<'a>>,
    /// What only the requested deployment itself would serve.
    pub circles: Vec<Need<'a>>,
    /// What cannot be served.
    pub problems: Vec<(Need<'a>, Obstacle<'a>)>,
    by_package: HashMap<&'a str, usize>,
}

/// Why a need cannot be served by a deployment that there is.
pub enum Obstacle<'a> {
    /// Nobody is called what the goal says.
    NoSuch(&'a str),
    /// The chosen one is of another package.
    OtherPackage(&'a Candidate<'a>),
    /// The chosen one has a version that will not do.
    OtherVersion(&'a Candidate<'a>),
    /// The chosen one is being taken down.
    Stopping(&'a Candidate<'a>),
    /// The one that would do fails.
    Failing(&'a Candidate<'a>, &'a str),
    /// Several would do.
    Several(Vec<&'a Candidate<'a>>),
}

/// The version that is assumed of each package that is to be deployed.
type Versions<'a> = HashMap<&'a str, Option<&'a CataloguedPackage>>;

/// Where a walk begins, and what it meets.
pub struct Walker<'a, 'k> {
    /// The requested package.
    pub package: &'a Package,
    /// The goal's choices; they are for the requested package alone.
    pub choices: &'a [Choice<'a>],
    /// What there is.
    pub known: &'k Known<'a>,
}

impl<'a> Walker<'a, '_> {
    /// Walks until the versions are settled: the version of a package follows from the ranges of
    /// all that need it, and what needs it from the versions of those. From above, each round
    /// settles at least one more level, so there are no more rounds than packages. Where versions
    /// go in circles, they may never settle: the same ones come back.
    ///
    /// # Errors
    /// When they do not settle.
    pub fn settle(&self) -> Result<Walk<'a>, Vec<String>> {
        let mut versions = Versions::new();
        let mut earlier = Versions::new();
        let mut met = HashSet::new();
        let mut rounds: usize = 0;
        loop {
            let walk = self.walk(&versions);
            let next = self.versions(&walk);
            let unsettled = walk.unsettled(&next);
            if unsettled.is_empty() {
                return Ok(walk);
            }
            met.extend(next.keys().copied());
            rounds += 1;
            if rounds > met.len() + 2 || same(&earlier, &next) {
                let words = Words {
                    walk: &walk,
                    known: self.known,
                };
                return Err(vec![words.unsettled(&unsettled)]);
            }
            // Compared with one of them, whatever comes back is found; how long it takes to come
            // back is not known, so that one gets older and older.
            if rounds.is_power_of_two() {
                earlier.clone_from(&next);
            }
            versions = next;
        }
    }

    fn walk(&self, versions: &Versions<'a>) -> Walk<'a> {
        let mut walk = Walk::default();
        walk.nodes.push(Node {
            package: self.package,
            from: None,
            parent: None,
        });
        let mut by = REQUESTED;
        while let Some(package) = walk.nodes.get(by).map(|node| node.package) {
            for (alias, dependency) in &package.depends_on {
                let need = Need {
                    by,
                    alias,
                    dependency,
                };
                match self.look(need) {
                    Err(obstacle) => walk.problems.push((need, obstacle)),
                    Ok(Some(candidate)) => walk.bound.push((need, candidate)),
                    Ok(None) if self.would_serve(need) => walk.circles.push(need),
                    Ok(None) => self.wish(&mut walk, need, versions),
                }
            }
            by += 1;
        }
        walk
    }

    fn look(&self, need: Need<'a>) -> Result<Option<&'a Candidate<'a>>, Obstacle<'a>> {
        let choice = self
            .choices
            .iter()
            .find(|choice| need.by == REQUESTED && choice.alias == need.alias);
        let fit = match choice {
            Some(choice) => self.chosen(need, choice.deployment)?,
            None => self.known.fit(need.alias, need.dependency),
        };
        match fit {
            Fit::One(candidate) => Ok(Some(candidate)),
            Fit::None => Ok(None),
            Fit::Failing(candidate, why) => Err(Obstacle::Failing(candidate, why)),
            Fit::Several(candidates) => Err(Obstacle::Several(candidates)),
        }
    }

    fn chosen(&self, need: Need<'a>, deployment: &'a str) -> Result<Fit<'a>, Obstacle<'a>> {
        let candidate = self
            .known
            .find(deployment)
            .ok_or(Obstacle::NoSuch(deployment))?;
        if candidate.package != need.package() {
            Err(Obstacle::OtherPackage(candidate))
        } else if !fits(need.range(), candidate.version) {
            Err(Obstacle::OtherVersion(candidate))
        } else if candidate.state == CandidateState::Stopping {
            Err(Obstacle::Stopping(candidate))
        } else {
            Ok(candidate.fit())
        }
    }

    /// Whether the deployment that is to be made would itself be what is needed for it.
    fn would_serve(&self, need: Need<'a>) -> bool {
        need.package() == self.package.name && fits(need.range(), &self.package.version)
    }

    fn wish(&self, walk: &mut Walk<'a>, need: Need<'a>, versions: &Versions<'a>) {
        let package = need.package();
        let index = *walk.by_package.entry(package).or_insert_with(|| {
            walk.wishes.push(Wish {
                package,
                needs: Vec::new(),
                deploy: None,
            });
            walk.wishes.len() - 1
        });
        let Some(wish) = walk.wishes.get_mut(index) else {
            return;
        };
        wish.needs.push(need);
        if !need.dependency.deploy || wish.deploy.is_some() {
            return;
        }
        let assumed = versions
            .get(package)
            .copied()
            .unwrap_or_else(|| self.known.newest(package, &wish.ranges()));
        let node = assumed.map(|from| {
            walk.nodes.push(Node {
                package: &from.package,
                from: Some(from),
                parent: Some(need.by),
            });
            walk.nodes.len() - 1
        });
        wish.deploy = Some(Deploy { assumed, node });
    }

    /// The versions that follow from a walk.
    fn versions(&self, walk: &Walk<'a>) -> Versions<'a> {
        walk.wishes
            .iter()
            .filter(|wish| wish.deploy.is_some())
            .map(|wish| {
                let newest = self.known.newest(wish.package, &wish.ranges());
                (wish.package, newest)
            })
            .collect()
    }
}

fn same(some: &Versions<'_>, others: &Versions<'_>) -> bool {
    some.len() == others.len()
        && some.iter().all(|(package, one)| {
            let other = others.get(package);
            other.is_some_and(|other| version(*one) == version(*other))
        })
}

fn version(package: Option<&CataloguedPackage>) -> Option<&Version> {
    package.map(|package| &package.package.version)
}

impl<'a> Walk<'a> {
    /// The packages for which other versions follow than were assumed.
    fn unsettled(&self, next: &Versions<'a>) -> Vec<&'a str> {
        self.wishes
            .iter()
            .filter(|wish| {
                wish.deploy.is_some_and(|deploy| {
                    let follows = next.get(wish.package).copied().flatten();
                    version(deploy.assumed) != version(follows)
                })
            })
            .map(|wish| wish.package)
            .collect()
    }

    /// The packages from the requested one to a node, both included.
    pub fn chain(&self, node: usize) -> Vec<&'a Package> {
        let mut chain = Vec::new();
        let mut at = self.nodes.get(node);
        while let Some(node) = at {
            chain.push(node.package);
            at = node.parent.and_then(|parent| self.nodes.get(parent));
        }
        chain.reverse();
        chain
    }
}

impl<'a> Wish<'a> {
    /// The ranges of all who need it.
    fn ranges(&self) -> Vec<&'a VersionReq> {
        self.needs.iter().map(|need| need.range()).collect()
    }
}

impl<'a> Need<'a> {
    /// The name of the package that is needed.
    pub fn package(&self) -> &'a str {
        self.dependency.package(self.alias)
    }

    /// The versions that will do.
    pub fn range(&self) -> &'a VersionReq {
        &self.dependency.version
    }
}
