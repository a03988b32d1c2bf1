//! The packages that can be deployed by name.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::deployment::references::missing;
use super::manifest::Package;
use super::time::WallTime;
use super::world::refusal::Refusal;

/// A package as it was registered.
#[derive(Clone, Debug, PartialEq)]
pub struct CataloguedPackage {
    /// The package.
    pub package: Package,
    /// The manifest's text.
    pub text: String,
    /// The absolute path of the manifest's folder; none when it came without a file.
    pub folder: Option<String>,
    /// When it was registered.
    pub registered_at: WallTime,
}

/// Every registered package, by name and version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    packages: BTreeMap<String, BTreeMap<Version, CataloguedPackage>>,
}

impl Catalogue {
    /// Says why `packages` may not be put in, if so: a version, once registered, does not change
    /// its meaning unless the user says so.
    pub fn refuses(&self, packages: &[CataloguedPackage], replace: bool) -> Option<Refusal> {
        if replace {
            return None;
        }
        packages.iter().find_map(|new| {
            let known = self.get(&new.package.name, &new.package.version)?;
            (known.package != new.package || known.folder != new.folder).then(|| {
                Refusal::new(format!(
                    "package {} is registered already, with another manifest; give this one a new \
                     version, or set `replace`",
                    new.package.label()
                ))
            })
        })
    }

    /// Says what `packages`, which are put in together, refer to of each other and of what there is,
    /// and is not there in every version that fits. What is not there at all may come later.
    pub fn lacks(&self, packages: &[CataloguedPackage]) -> Option<Refusal> {
        let replaced = |known: &Package| {
            let mut new = packages.iter().map(|p| &p.package);
            new.any(|p| p.name == known.name && p.version == known.version)
        };
        let mut problems = Vec::new();
        for package in packages.iter().map(|p| &p.package) {
            for (alias, dependency) in &package.depends_on {
                let name = dependency.package(alias);
                let known = { self.versions_of(name) }.map(|c| &c.package);
                let new = packages.iter().map(|p| &p.package);
                let others = known.filter(|p| !replaced(p)).chain(new);
                for other in others.filter(|o| o.name == name && dependency.fits(&o.version)) {
                    let missing = missing(package, alias, other).into_iter();
                    problems.extend(missing.map(|what| format!("{}: {what}", package.label())));
                }
            }
        }
        (!problems.is_empty()).then(|| Refusal::new(problems.join("; ")))
    }

    /// Puts a package in, in the place of one with the same name and version.
    pub fn insert(&mut self, package: CataloguedPackage) {
        self.packages
            .entry(package.package.name.clone())
            .or_default()
            .insert(package.package.version.clone(), package);
    }

    /// Takes packages out: one version, or all when `version` is empty.
    ///
    /// # Errors
    /// When there is no such package.
    pub fn matching(&self, name: &str, version: &str) -> Result<Vec<(String, Version)>, Refusal> {
        let versions = self.versions(name)?;
        if version.is_empty() {
            return Ok(versions
                .keys()
                .map(|v| (name.to_owned(), v.clone()))
                .collect());
        }
        let version = Version::parse(version)
            .map_err(|e| Refusal::new(format!("version {version:?} is not a version: {e}")))?;
        if versions.contains_key(&version) {
            return Ok(vec![(name.to_owned(), version)]);
        }
        Err(no_version(name, &version.to_string(), versions))
    }

    /// Takes one out.
    pub fn remove(&mut self, name: &str, version: &Version) {
        if let Some(versions) = self.packages.get_mut(name) {
            versions.remove(version);
            if versions.is_empty() {
                self.packages.remove(name);
            }
        }
    }

    /// The newest package of a name whose version fits; `requirement` is a version, a range, or
    /// empty.
    ///
    /// # Errors
    /// When there is none, with what there is.
    pub fn find(&self, name: &str, requirement: &str) -> Result<&CataloguedPackage, Refusal> {
        let versions = self.versions(name)?;
        let found = if requirement.is_empty() {
            versions
                .iter()
                .rev()
                .find(|(version, _)| version.pre.is_empty())
                .or_else(|| versions.iter().next_back())
        } else if let Ok(version) = Version::parse(requirement) {
            // Alone, a full version means this one, not those that are compatible with it.
            versions.get_key_value(&version)
        } else {
            let range = VersionReq::parse(requirement).map_err(|e| {
                Refusal::new(format!(
                    "version {requirement:?} is neither a version nor a range of versions: {e}; \
                     write 1.2.0 or ^1.2"
                ))
            })?;
            versions
                .iter()
                .rev()
                .find(|(version, _)| range.matches(version))
        };
        found
            .map(|(_, package)| package)
            .ok_or_else(|| no_version(name, requirement, versions))
    }

    /// Every version of a package, the newest first; nothing when there is no such package.
    pub fn versions_of(&self, name: &str) -> impl Iterator<Item = &CataloguedPackage> + Clone {
        self.packages
            .get(name)
            .into_iter()
            .flat_map(|versions| versions.values().rev())
    }

    /// Every package, by name, the newest version first.
    pub fn all(&self) -> impl Iterator<Item = &CataloguedPackage> {
        self.packages
            .values()
            .flat_map(|versions| versions.values().rev())
    }

    fn get(&self, name: &str, version: &Version) -> Option<&CataloguedPackage> {
        self.packages.get(name)?.get(version)
    }

    fn versions(&self, name: &str) -> Result<&BTreeMap<Version, CataloguedPackage>, Refusal> {
        self.packages.get(name).ok_or_else(|| self.no_package(name))
    }

    fn no_package(&self, name: &str) -> Refusal {
        let closest = self
            .packages
            .keys()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        Refusal::new(match closest {
            Some((_, known)) => {
                format!("there is no package {name:?}; did you mean {known:?}?")
            }
            None if self.packages.is_empty() => format!(
                "there is no package {name:?}; none is registered yet: call ~/register_package"
            ),
            None => format!(
                "there is no package {name:?}; there are: {}",
                self.packages.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        })
    }
}

fn no_version(
    name: &str,
    wanted: &str,
    versions: &BTreeMap<Version, CataloguedPackage>,
) -> Refusal {
    let known: Vec<String> = versions.keys().map(ToString::to_string).collect();
    Refusal::new(format!(
        "there is no version {wanted} of package {name:?}; there are: {}",
        known.join(", ")
    ))
}
