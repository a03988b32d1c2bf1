//! Random catalogues, deployments and choices.

use proptest::prelude::*;
use semver::{Version, VersionReq};

use super::{Running, catalogue};
use crate::domain::catalogue::Catalogue;
use crate::domain::dependencies::CandidateState;
use crate::domain::manifest::{Dependency, Package, Singleton};

pub const PACKAGES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const VERSIONS: [&str; 4] = ["1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0"];
const RANGES: [&str; 10] = [
    "*",
    "*",
    "*",
    "^1",
    ">=1",
    "<2",
    ">=1.1",
    "^2",
    "=1.0.0",
    ">=2.0.0-rc.1",
];

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    pub requested: Package,
    pub name: String,
    pub choices: Vec<(String, String)>,
    pub deployments: Vec<Running>,
    pub catalogue: Catalogue,
}

impl Question {
    /// Whether no package can need itself, whichever versions are taken.
    pub fn has_layers(&self) -> bool {
        self.catalogue.all().all(|c| {
            let below = |need: &str| need > c.package.name.as_str();
            let mut needs = c.package.depends_on.iter();
            needs.all(|(alias, dependency)| below(dependency.package(alias)))
        })
    }
}

/// Questions; with `layers`, packages need only those with later letters.
pub fn question(layers: bool) -> impl Strategy<Value = Question> {
    let versions = prop::collection::vec(
        prop::collection::btree_set(0..VERSIONS.len(), 1..=3),
        PACKAGES.len(),
    );
    let packages = versions.prop_flat_map(move |versions| {
        let of_one = move |(index, versions): (usize, std::collections::BTreeSet<usize>)| {
            let versions: Vec<usize> = versions.into_iter().collect();
            let packages = versions.into_iter().map(move |version| {
                let from = if layers { index + 1 } else { 0 };
                package(PACKAGES[index], VERSIONS[version], from, 0..=2)
            });
            packages.collect::<Vec<_>>()
        };
        versions
            .into_iter()
            .enumerate()
            .flat_map(of_one)
            .collect::<Vec<_>>()
    });
    let requested = (
        prop_oneof![4 => Just("root"), 1 => Just("a")],
        0..VERSIONS.len(),
    )
        .prop_flat_map(|(name, version)| package(name, VERSIONS[version], 0, 1..=2));
    (
        requested,
        prop_oneof![9 => Just("new"), 1 => Just("c")],
        choices(),
        prop::collection::vec(deployment(), 0..=3),
        packages,
    )
        .prop_map(|(requested, name, choices, deployments, packages)| {
            let aliases: Vec<&String> = requested.depends_on.keys().collect();
            let choices = choices
                .into_iter()
                .map(|(alias, name)| {
                    let alias = aliases.get(alias % 4).map_or("nobody", |a| a.as_str());
                    (alias.to_owned(), format!("n{name}"))
                })
                .collect();
            let mut named = std::collections::BTreeSet::new();
            Question {
                choices,
                name: name.to_owned(),
                deployments: deployments
                    .into_iter()
                    .filter(|d| named.insert(d.name.clone()))
                    .collect(),
                catalogue: catalogue(packages),
                requested,
            }
        })
}

/// Mostly none: few of them fit anything. The places of an alias and of a deployment.
fn choices() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let one = (0..8_usize, 0..5_usize);
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(one, 1..=2)]
}

fn package(
    name: &'static str,
    version: &'static str,
    from: usize,
    count: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Package> {
    let needs = if from < PACKAGES.len() {
        prop::collection::btree_map("[uvw]", dependency(from), count).boxed()
    } else {
        Just(std::collections::BTreeMap::new()).boxed()
    };
    (needs, prop::bool::weighted(0.05)).prop_map(move |(depends_on, singleton)| Package {
        depends_on,
        singleton: Singleton::Plain(singleton),
        ..super::package(&format!("{name} {version}"), &[])
    })
}

fn dependency(from: usize) -> impl Strategy<Value = Dependency> {
    let range = prop::sample::select(&RANGES[..]);
    (from..PACKAGES.len(), range, prop::bool::weighted(0.9)).prop_map(|(package, range, deploy)| {
        Dependency {
            package: Some(PACKAGES[package].to_owned()),
            version: VersionReq::parse(range).unwrap(),
            deploy,
            ..Dependency::default()
        }
    })
}

fn deployment() -> impl Strategy<Value = Running> {
    let state = prop_oneof![
        4 => Just(CandidateState::Running),
        1 => Just(CandidateState::Starting),
        1 => Just(CandidateState::Failing("why".to_owned())),
        1 => Just(CandidateState::Stopping),
    ];
    let name = prop_oneof![
        6 => (0..4_usize).prop_map(|n| format!("n{n}")),
        1 => prop::sample::select(&PACKAGES[..]).prop_map(str::to_owned),
    ];
    (
        name,
        prop::sample::select(&PACKAGES[..]),
        0..VERSIONS.len(),
        state,
    )
        .prop_map(|(name, package, version, state)| Running {
            id: format!("#{name}"),
            name,
            package: package.to_owned(),
            version: Version::parse(VERSIONS[version]).unwrap(),
            state,
        })
}
