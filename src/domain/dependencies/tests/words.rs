//! What is refused, in which words.

use super::{catalogue, package, resolved, running};
use crate::domain::catalogue::Catalogue;
use crate::domain::dependencies::CandidateState;
use crate::domain::manifest::{Package, Parameter, ParameterKind, Singleton};

fn nothing() -> Catalogue {
    Catalogue::default()
}

/// The whole message, since all of it is for a person.
#[track_caller]
fn refused(result: Result<String, String>, message: &str) {
    assert_eq!(result, Err(message.to_owned()));
}

fn command_center() -> Package {
    package("command_center 1.0.0", &["simulator: simulator ^2"])
}

#[test]
fn nothing_at_all() {
    refused(
        resolved(&command_center(), &[], &[], &nothing()),
        "command_center 1.0.0 -> simulator ^2: no deployment fits; there is no package \
         \"simulator\"; none is registered yet: call ~/register_package; register \"simulator\", \
         or correct its name",
    );
}

#[test]
fn other_versions() {
    let there = [
        running("sim", "simulator 1.0.0"),
        running("old", "simulator 2.0.0").being(CandidateState::Stopping),
    ];
    let known = catalogue([
        package("simulator 1.0.0", &[]),
        package("simulator 1.1.0", &[]),
    ]);
    refused(
        resolved(&command_center(), &[], &there, &known),
        "command_center 1.0.0 -> simulator ^2: no deployment fits (\"sim\" (#sim) has 1.0.0, \
         \"old\" (#old) 2.0.0 is being stopped); the catalogue has simulator 1.1.0, 1.0.0 only; \
         register a version that fits, or correct the range",
    );
}

#[test]
fn in_the_catalogue_and_not_deployed() {
    let known = catalogue([package("simulator 2.1.0", &[])]);
    refused(
        resolved(&command_center(), &[], &[], &known),
        "command_center 1.0.0 -> simulator ^2: no deployment fits; deploy simulator 2.1.0 first, \
         or say `deploy: true` for \"simulator\" in the manifest of command_center 1.0.0",
    );
}

#[test]
fn several() {
    let there = [
        running("a", "simulator 2.0.0"),
        running("b", "simulator 2.1.0"),
    ];
    refused(
        resolved(&command_center(), &[], &there, &nothing()),
        "command_center 1.0.0 -> simulator ^2: several deployments fit: \"a\" (#a), \"b\" (#b); \
         choose one for \"simulator\" in the goal",
    );
}

/// A goal chooses for its own package alone.
#[test]
fn several_for_something_planned() {
    let requested = package("cc 1.0.0", &["nav: nav * deploy"]);
    let known = catalogue([package("nav 1.0.0", &["sim: simulator"])]);
    let there = [
        running("a", "simulator 2.0.0"),
        running("b", "simulator 2.1.0"),
    ];
    refused(
        resolved(&requested, &[], &there, &known),
        "cc 1.0.0 -> nav 1.0.0 -> simulator * (as \"sim\"): several deployments fit: \"a\" (#a), \
         \"b\" (#b); deploy nav 1.0.0 yourself first, and choose one for \"sim\" in its goal",
    );
}

/// Even if what is planned calls it the same.
#[test]
fn a_choice_for_the_requested_package_counts_for_no_other() {
    let requested = package("cc 1.0.0", &["nav: nav * deploy", "simulator"]);
    let known = catalogue([package("nav 1.0.0", &["simulator"])]);
    let there = [
        running("a", "simulator 2.0.0"),
        running("b", "simulator 2.1.0"),
    ];
    refused(
        resolved(&requested, &[("simulator", "b")], &there, &known),
        "cc 1.0.0 -> nav 1.0.0 -> simulator *: several deployments fit: \"a\" (#a), \"b\" (#b); \
         deploy nav 1.0.0 yourself first, and choose one for \"simulator\" in its goal",
    );
}

#[test]
fn one_that_fails() {
    let failing = CandidateState::Failing("it ended with 1".to_owned());
    let there = [running("a", "simulator 2.0.0").being(failing)];
    let message = "command_center 1.0.0 -> simulator ^2: \"a\" (#a) fits and fails (it ended \
                   with 1); repair it, or stop it first";
    refused(
        resolved(&command_center(), &[], &there, &nothing()),
        message,
    );
    refused(
        resolved(&command_center(), &[("simulator", "a")], &there, &nothing()),
        message,
    );
}

#[test]
fn wrong_choices() {
    let there = [
        running("a", "simulator 2.0.0"),
        running("old", "simulator 1.0.0"),
        running("gone", "simulator 2.0.0").being(CandidateState::Stopping),
        running("arm", "arm 2.0.0"),
    ];
    let cases = [
        ("old", "the chosen \"old\" (#old) has version 1.0.0"),
        ("gone", "the chosen \"gone\" (#gone) is being stopped"),
        (
            "arm",
            "the chosen \"arm\" (#arm) is a deployment of package \"arm\"",
        ),
        ("nope", "there is no deployment \"nope\""),
        ("", "an empty name is chosen for it"),
    ];
    for (chosen, what) in cases {
        refused(
            resolved(
                &command_center(),
                &[("simulator", chosen)],
                &there,
                &nothing(),
            ),
            &format!("command_center 1.0.0 -> simulator ^2: {what}; choose one of a"),
        );
    }
    refused(
        resolved(&command_center(), &[("simulator", "x")], &[], &nothing()),
        "command_center 1.0.0 -> simulator ^2: there is no deployment \"x\"; there is none that \
         fits",
    );
}

#[test]
fn choices_for_what_is_no_dependency_and_choices_made_twice() {
    let there = [running("a", "simulator 2.0.0")];
    let choices = [("sim", "a"), ("simulator", "a"), ("simulator", "a")];
    refused(
        resolved(&command_center(), &choices, &there, &nothing()),
        "command_center 1.0.0: \"a\" is chosen for \"sim\", which it does not depend on; it \
         depends on simulator; command_center 1.0.0: a deployment is chosen for \"simulator\" \
         twice; choose one",
    );
    let alone = package("p 1.0.0", &[]);
    refused(
        resolved(&alone, &[("x", "a")], &there, &nothing()),
        "p 1.0.0: \"a\" is chosen for \"x\", which it does not depend on; it depends on nothing",
    );
}

#[test]
fn circles() {
    let known = catalogue([
        package("a 1.0.0", &["b: b * deploy"]),
        package("b 1.0.0", &["c: c * deploy"]),
        package("c 1.0.0", &["b: b"]),
    ]);
    let end = "that is a circle, in which none can be the first; take one of these dependencies \
               out of its manifest";
    let requested = package("p 1.0.0", &["a: a * deploy"]);
    refused(
        resolved(&requested, &[], &[], &known),
        &format!("p 1.0.0 -> a 1.0.0 -> b 1.0.0 -> c 1.0.0 -> b 1.0.0: {end}"),
    );
    // Through the requested package, which need not be in the catalogue.
    let requested = package("c 1.0.0", &["b: b * deploy"]);
    refused(
        resolved(&requested, &[], &[], &known),
        &format!("c 1.0.0 -> b 1.0.0 -> c 1.0.0: {end}"),
    );
    let requested = package("p 1.0.0", &["p: p"]);
    refused(
        resolved(&requested, &[], &[], &known),
        &format!("p 1.0.0 -> p 1.0.0: {end}"),
    );
    // What runs already closes no circle.
    let there = [running("b", "b 1.0.0")];
    let requested = package("c 1.0.0", &["b: b * deploy"]);
    assert_eq!(
        resolved(&requested, &[], &there, &known),
        Ok("b=#b".to_owned())
    );
}

#[test]
fn no_version_for_all() {
    let requested = package("p 1.0.0", &["x: x ^1 deploy", "y: y * deploy"]);
    let known = catalogue([
        package("x 1.0.0", &[]),
        package("x 2.0.0", &[]),
        package("y 1.0.0", &["x: x ^2 deploy"]),
    ]);
    refused(
        resolved(&requested, &[], &[], &known),
        "p 1.0.0 -> x ^1 and p 1.0.0 -> y 1.0.0 -> x ^2: no version of \"x\" suits all of them, \
         and only one would be deployed; the catalogue has 2.0.0, 1.0.0; deploy one of them \
         yourself under another name",
    );
}

/// Whichever version of `a` is taken, the other one follows.
#[test]
fn versions_that_never_settle() {
    let requested = package("p 1.0.0", &["a: a * deploy"]);
    let known = catalogue([
        package("a 1.0.0", &[]),
        package("a 2.0.0", &["b: b * deploy"]),
        package("b 1.0.0", &["a: a <2"]),
    ]);
    refused(
        resolved(&requested, &[], &[], &known),
        "p 1.0.0 -> a *: which versions are needed depends on itself here, and no choice suits \
         all; deploy one of them yourself first",
    );
}

#[test]
fn what_is_planned_must_find_a_place() {
    let requested = package("p 1.0.0", &["x: x ^2 deploy"]);
    let single = Package {
        singleton: Singleton::Plain(true),
        ..package("x 2.0.0", &[])
    };
    let known = catalogue([single]);
    let there = [running("x", "arm 1.0.0"), running("y", "x 1.0.0")];
    refused(
        resolved(&requested, &[], &there, &known),
        "p 1.0.0 -> x 2.0.0: it would be deployed as \"x\", and that name is taken by a \
         deployment of arm 1.0.0 (#x); deploy it yourself under another name, or stop the other; \
         p 1.0.0 -> x 2.0.0: it is a singleton, and \"y\" (#y) 1.0.0 is a deployment of it \
         already; stop that one first",
    );
    let requested = package("p 1.0.0", &["requested: requested * deploy"]);
    let known = catalogue([package("requested 1.0.0", &[])]);
    refused(
        resolved(&requested, &[], &[], &known),
        "p 1.0.0 -> requested 1.0.0: it would be deployed as \"requested\", like the requested \
         deployment; choose another name for that",
    );
    let requested = Package {
        singleton: Singleton::Plain(true),
        ..package("x 3.0.0", &["x: x ^2 deploy"])
    };
    let known = catalogue([package("x 2.0.0", &[])]);
    refused(
        resolved(&requested, &[], &[], &known),
        "x 3.0.0 -> x 2.0.0: it would be deployed beside x 3.0.0, and x is a singleton",
    );
}

#[test]
fn what_is_planned_must_need_no_parameters() {
    let mut needy = package("x 2.0.0", &[]);
    let parameter = Parameter {
        kind: ParameterKind::String,
        description: String::new(),
        required: true,
        secret: false,
        default: None,
    };
    needy.parameters.insert("id".to_owned(), parameter);
    refused(
        resolved(
            &package("p 1.0.0", &["x: x * deploy"]),
            &[],
            &[],
            &catalogue([needy]),
        ),
        "p 1.0.0 -> x 2.0.0: it cannot be deployed without parameters (parameter `id` (string) is \
         required and not given); deploy it yourself first",
    );
}

#[test]
fn everything_that_is_wrong_is_said_within_bounds() {
    let requested = package("p 1.0.0", &["x", "y", "z"]);
    let message = resolved(&requested, &[], &[running("z", "z 1.0.0")], &nothing()).unwrap_err();
    assert!(message.contains("p 1.0.0 -> x *: ") && message.contains("; p 1.0.0 -> y *: "));
    assert!(!message.contains("-> z"));
    let many: Vec<String> = (0..60).map(|n| format!("x{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let message = resolved(&package("p 1.0.0", &many), &[], &[], &nothing()).unwrap_err();
    assert_eq!(message.matches("p 1.0.0 -> ").count(), 50);
    assert!(message.ends_with("; and 10 more problems"), "{message}");
}
