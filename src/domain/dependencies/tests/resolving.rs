//! What is bound and planned.

use super::{catalogue, package, resolved, running};
use crate::domain::catalogue::Catalogue;
use crate::domain::dependencies::{CandidateState, PlannedBinding, Target};

fn ok(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[test]
fn the_only_one_that_fits_is_taken() {
    let requested = package("cc 1.0.0", &["sim: simulator ^2"]);
    let there = [
        running("old", "simulator 1.0.0"),
        running("new", "simulator 2.1.0").being(CandidateState::Starting),
        running("gone", "simulator 2.2.0").being(CandidateState::Stopping),
        running("other", "arm 2.0.0"),
    ];
    let result = resolved(&requested, &[], &there, &Catalogue::default());
    assert_eq!(result, ok("sim=#new"));
}

#[test]
fn a_choice_decides_between_two_by_id_or_name() {
    let requested = package("cc 1.0.0", &["simulator"]);
    let there = [
        running("a", "simulator 1.0.0"),
        running("b", "simulator 1.0.0"),
    ];
    for chosen in ["b", "#b"] {
        let result = resolved(
            &requested,
            &[("simulator", chosen)],
            &there,
            &Catalogue::default(),
        );
        assert_eq!(result, ok("simulator=#b"));
    }
}

#[test]
fn what_is_missing_is_planned_with_what_it_needs_before() {
    let requested = package("cc 1.0.0", &["nav: nav ^1 deploy", "sim: world ^1"]);
    let known = catalogue([
        package("nav 1.2.0", &["map: maps ^1 deploy", "world"]),
        package("nav 2.0.0", &[]),
        package("maps 1.0.0", &["world: world * deploy"]),
    ]);
    let there = [running("w", "world 1.0.0")];
    assert_eq!(
        resolved(&requested, &[], &there, &known),
        ok("nav=nav sim=#w; maps 1.0.0(world=#w); nav 1.2.0(map=maps world=#w)")
    );
}

/// The newest version alone would suit `a` and not `b`, whatever comes first.
#[test]
fn one_planned_deployment_suits_all_that_need_it() {
    let known = catalogue([
        package("x 1.0.0", &[]),
        package("x 1.2.0", &[]),
        package("x 2.0.0", &[]),
        package("y 1.0.0", &["x: x <2 deploy"]),
    ]);
    for own in ["a: x >=1.1 deploy", "z: x >=1.1 deploy", "z: x >=1.1"] {
        let requested = package("cc 1.0.0", &[own, "y: y * deploy"]);
        let alias = &own[..1];
        let result = resolved(&requested, &[], &[], &known).unwrap();
        assert!(result.contains(&format!("{alias}=x")), "{result}");
        assert!(result.contains("; x 1.2.0(); y 1.0.0(x=x)"), "{result}");
    }
}

#[test]
fn what_has_any_version_gets_a_prerelease_only_when_there_is_nothing_else() {
    let requested = package("cc 1.0.0", &["x: x * deploy"]);
    let early = package("x 2.0.0-rc.1", &[]);
    let known = catalogue([early.clone()]);
    assert_eq!(
        resolved(&requested, &[], &[], &known),
        ok("x=x; x 2.0.0-rc.1()")
    );
    let known = catalogue([early, package("x 1.0.0", &[])]);
    assert_eq!(resolved(&requested, &[], &[], &known), ok("x=x; x 1.0.0()"));
    let there = [running("x", "x 2.0.0-rc.1")];
    assert_eq!(resolved(&requested, &[], &there, &known), ok("x=#x"));
}

/// Once `b 2.0.0` is in, `a` has to be older than the newest that was assumed first.
#[test]
fn versions_are_looked_for_until_they_suit_each_other() {
    let requested = package("cc 1.0.0", &["a: a * deploy", "b: b * deploy"]);
    let known = catalogue([
        package("a 1.0.0", &[]),
        package("a 2.0.0", &["b: b * deploy"]),
        package("b 2.0.0", &["a: a <2 deploy"]),
    ]);
    assert_eq!(
        resolved(&requested, &[], &[], &known),
        ok("a=a b=b; a 1.0.0(); b 2.0.0(a=a)")
    );
}

#[test]
fn an_older_version_of_itself_may_be_needed() {
    let requested = package("cc 2.0.0", &["before: cc ^1 deploy"]);
    let known = catalogue([package("cc 1.0.0", &[])]);
    assert_eq!(
        resolved(&requested, &[], &[], &known),
        ok("before=cc; cc 1.0.0()")
    );
}

#[test]
fn a_binding_is_settled_when_what_was_planned_has_an_id() {
    let planned = |target| PlannedBinding {
        alias: "x".to_owned(),
        target,
    };
    let id_of = |name: &str| (name == "sim").then(|| "dep-7".to_owned());
    let settled = |target| planned(target).settle(id_of).map(|b| b.deployment);
    assert_eq!(
        settled(Target::Planned("sim".to_owned())).as_deref(),
        Some("dep-7")
    );
    assert_eq!(settled(Target::Planned("other".to_owned())), None);
    assert_eq!(
        settled(Target::Deployment("dep-1".to_owned())).as_deref(),
        Some("dep-1")
    );
}
