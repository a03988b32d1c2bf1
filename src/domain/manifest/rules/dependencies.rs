//! A package depends on others, in versions that there can be.

use semver::{Comparator, Prerelease, Version, VersionReq};

use super::Report;
use crate::domain::manifest::{Dependency, Package};
use crate::domain::yaml::{below, excerpt};

pub fn check(package: &Package, report: &mut Report) {
    for (alias, dependency) in &package.depends_on {
        let path = below("depends_on", alias);
        check_other(package, alias, dependency, &path, report);
        if !can_fit(&dependency.version) {
            let range = dependency.version.to_string();
            let message = format!(
                "no version fits `{}`, as all its parts have to hold at once: expected a range such as \">=1.2, <2\"",
                excerpt(&range)
            );
            report.add(&below(&path, "version"), message);
        }
    }
}

/// A deployment that waits for one of its own package would wait for itself, or for an older one
/// that nobody can tell from it.
fn check_other(
    package: &Package,
    alias: &str,
    dependency: &Dependency,
    path: &str,
    report: &mut Report,
) {
    let key = below(path, "package");
    let unknown = report.is_broken("name") || report.is_broken(&key);
    if unknown || dependency.package(alias) != package.name {
        return;
    }
    let name = &package.name;
    let (path, advice) = if dependency.package.is_some() {
        (key.as_str(), "name another one, or leave this entry out")
    } else {
        (
            path,
            "say which other one is meant with `package`, or leave this entry out",
        )
    };
    report.add(
        path,
        format!("the package `{name}` cannot depend on itself: {advice}"),
    );
}

/// Whether there can be a version that all parts of `range` let through.
///
/// Each part lets through the versions from some least one on, up to some other. So if there are
/// versions that all of them let through, the first of those is the least one of some part.
fn can_fit(range: &VersionReq) -> bool {
    let zero = Version::new(0, 0, 0);
    let mut least = range.comparators.iter().flat_map(least_versions);
    range.matches(&zero) || least.any(|version| range.matches(&version))
}

/// The versions of which one is the least that `part` lets through, whatever its operator, among
/// releases and among the pre-releases that it names.
fn least_versions(part: &Comparator) -> Vec<Version> {
    let (major, minor, patch) = (
        part.major,
        part.minor.unwrap_or_default(),
        part.patch.unwrap_or_default(),
    );
    let mut versions = vec![
        Version::new(major, minor, patch),
        Version::new(major, minor, patch.saturating_add(1)),
        Version::new(major, minor.saturating_add(1), 0),
        Version::new(major.saturating_add(1), 0, 0),
    ];
    if !part.pre.is_empty() {
        // `0` comes before all others, and `rc.0` is the first after `rc`.
        let texts = [
            "0".to_owned(),
            part.pre.to_string(),
            format!("{}.0", part.pre),
        ];
        let pre_releases = texts.iter().filter_map(|text| Prerelease::new(text).ok());
        versions.extend(pre_releases.map(|pre| Version {
            pre,
            ..Version::new(major, minor, patch)
        }));
    }
    versions
}
