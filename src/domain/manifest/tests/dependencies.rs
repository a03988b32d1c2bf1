//! What a package depends on: what it comes out as, and the exact words for what is wrong with it.

use proptest::prelude::*;
use semver::{Version, VersionReq};

use super::{document, executable, generators, problems};
use crate::domain::manifest::{Condition, Dependency, OnRestart, Package, TakeOver, parse};

/// A package of one executable with `lines` before its components, from line 4 on.
fn with(lines: &str) -> String {
    executable("image: i").replace("\n\ncomponents", &format!("\n{lines}\ncomponents"))
}

/// A package that depends on `entries`, in one line.
fn depending(entries: &str) -> String {
    with(&format!("depends_on: {{{entries}}}"))
}

fn read(entries: &str) -> Package {
    document(&depending(entries)).package
}

fn range(text: &str) -> VersionReq {
    VersionReq::parse(text).unwrap()
}

#[test]
fn an_alias_with_nothing_to_say_is_any_version_of_its_package() {
    let plain = Dependency {
        package: None,
        version: VersionReq::STAR,
        condition: Condition::Ready,
        on_restart: OnRestart::Ignore,
        deploy: false,
        take_over: Vec::new(),
    };
    assert_eq!(plain, Dependency::default());
    for lines in [
        "depends_on: {simulator: {}}",
        "depends_on: {simulator: }",
        "depends_on: {simulator}",
        "depends_on: {simulator: null}",
        "depends_on: {simulator: ~}",
        "depends_on:\n  simulator:",
        "depends_on:\n  simulator: # the one of the robot",
        "depends_on:\n  simulator:\n    version: \"*\"",
    ] {
        let package = document(&with(lines)).package;
        let found: Vec<_> = package.depends_on.iter().collect();
        assert_eq!(found, [(&"simulator".to_owned(), &plain)], "{lines}");
    }
    assert_eq!(plain.package("simulator"), "simulator");
}

#[test]
fn what_is_set_arrives() {
    let package = read(
        "left: {package: camera, version: \">=1.4, <3\"}, right: {package: camera, version: ^1.4, condition: started, on_restart: restart, deploy: true, take_over: [domain_id]}",
    );
    let left = &package.depends_on["left"];
    assert_eq!(
        (left.package("left"), &left.version),
        ("camera", &range(">=1.4, <3"))
    );
    assert_eq!(
        package.depends_on["right"],
        Dependency {
            package: Some("camera".to_owned()),
            version: range("^1.4"),
            condition: Condition::Started,
            on_restart: OnRestart::Restart,
            deploy: true,
            take_over: vec![TakeOver::DomainId],
        }
    );
    for lines in ["", "depends_on: {}"] {
        let package = document(&with(lines)).package;
        assert!(package.depends_on.is_empty());
        let written = serde_json::to_string(&package).unwrap();
        assert!(!written.contains("depends_on"), "{written}");
    }
}

#[test]
fn versions_fit_or_do_not() {
    let cases = [
        ("\"*\"", "2.0.0-rc.1", true),
        ("x", "0.0.1", true),
        ("^1.2", "1.9.0", true),
        ("\"1.2\"", "1.9.0", true),
        ("^1.2", "1.1.9", false),
        ("^1.2", "2.0.0", false),
        ("^1.2", "1.3.0-rc.1", false),
        ("^0.2", "0.3.0", false),
        ("~1.2.3", "1.2.9", true),
        ("~1.2.3", "1.3.0", false),
        ("1.2.*", "1.2.7", true),
        ("1.2.3", "1.4.0", true),
        ("=1.2.3", "1.2.4", false),
        ("=1.2.3", "1.2.3", true),
        ("\">=2.0.0-rc.1\"", "2.0.0-rc.2", true),
        ("\" >= 1.2 , < 2 \"", "1.2.0", true),
        ("\" >= 1.2 , < 2 \"", "2.0.0", false),
        // Between these there is not much.
        ("\">1.2.3, <1.2.5\"", "1.2.4", true),
        ("\">1.2, <1.4\"", "1.3.0", true),
        ("\">1, <3\"", "2.0.0", true),
        ("\">1.0.0-a, <1.0.0-b\"", "1.0.0-a.0", true),
        ("<0.0.0-b", "0.0.0-a", true),
        ("<0.0.1", "0.0.0", true),
    ];
    for (written, version, fits) in cases {
        let package = read(&format!("a: {{version: {written}}}"));
        let version: Version = version.parse().unwrap();
        assert_eq!(
            package.depends_on["a"].fits(&version),
            fits,
            "{written} {version}"
        );
    }
}

/// How names are explained.
const NAME: &str = "1 to 40 lower-case letters and digits, with single `_` or `-` between them";
/// How ranges are explained.
const RANGE: &str = "a range of versions, for example \"^1.2\", \">=1.2, <2\" or \"=1.2.0\"";
/// How a dependency is explained.
const ENTRY: &str = "a mapping, for example {version: \"^1.2\"}, or nothing for any version";

/// The problems of a package that depends on `entries`, with short words for what is allowed.
fn told(entries: &str) -> Vec<String> {
    let short = |problem: String| {
        problem
            .replace(NAME, "NAME")
            .replace(RANGE, "RANGE")
            .replace(ENTRY, "ENTRY")
    };
    problems(&depending(entries))
        .into_iter()
        .map(short)
        .collect()
}

#[test]
fn aliases_are_told_what_is_wrong_with_them() {
    let long = "a".repeat(41);
    let too_long =
        format!("m.yaml:4:14: depends_on.{long}: 41 characters are too long: at most 40");
    let cases = [
        (
            "Sim: {}",
            "m.yaml:4:14: depends_on.Sim: `Sim` is not allowed: expected NAME",
        ),
        (
            "../a: ",
            "m.yaml:4:14: depends_on[\"../a\"]: `../a` is not allowed: expected NAME",
        ),
        (
            "a_-b: {}",
            "m.yaml:4:14: depends_on.a_-b: `a_-b` is not allowed: expected NAME",
        ),
        (
            "1.5: {}",
            "m.yaml:4:14: depends_on[\"1.5\"]: `1.5` is not allowed: expected NAME",
        ),
        (
            "\"\": {}",
            "m.yaml:4:14: depends_on: a key must not be empty",
        ),
        (&format!("{long}: {{}}"), &too_long),
        (
            "a: {}, a: {}",
            "m.yaml:4:21: depends_on.a: given twice; the first is in line 4, column 14",
        ),
        (
            "a: ^1.0",
            "m.yaml:4:17: depends_on.a: expected ENTRY; found the text `^1.0`",
        ),
        (
            "a: 5",
            "m.yaml:4:17: depends_on.a: expected ENTRY; found the whole number 5",
        ),
        (
            "a: [b]",
            "m.yaml:4:17: depends_on.a: expected ENTRY; found a list",
        ),
        (
            "a: \"\"",
            "m.yaml:4:17: depends_on.a: expected ENTRY; found the text ``",
        ),
    ];
    for (entries, expected) in cases {
        assert_eq!(told(entries), [expected], "{entries}");
    }
    assert!(parse(&depending(&format!("{}: ", "a".repeat(40))), "").is_ok());
}

#[test]
fn keys_are_told_what_is_wrong_with_them() {
    let cases = [
        (
            "package: A",
            "m.yaml:4:27: depends_on.a.package: `A` is not allowed: expected NAME",
        ),
        (
            "package: ",
            "m.yaml:4:18: depends_on.a.package: expected NAME; found nothing",
        ),
        (
            "packge: x",
            "m.yaml:4:18: depends_on.a.packge: unknown key; did you mean `package`?",
        ),
        (
            "optional: true",
            "m.yaml:4:18: depends_on.a.optional: unknown key; allowed here: condition, deploy, on_restart, package, take_over, version",
        ),
        (
            "condition: healthy",
            "m.yaml:4:29: depends_on.a.condition: `healthy` is not one of ready, started",
        ),
        (
            "condition: Ready",
            "m.yaml:4:29: depends_on.a.condition: `Ready` is not one of ready, started; did you mean `ready`?",
        ),
        (
            "on_restart: always",
            "m.yaml:4:30: depends_on.a.on_restart: `always` is not one of ignore, restart",
        ),
        (
            "on_restart: true",
            "m.yaml:4:30: depends_on.a.on_restart: expected one of ignore, restart; found `true`",
        ),
        (
            "deploy: yes",
            "m.yaml:4:26: depends_on.a.deploy: expected true or false; found the text `yes`: write true",
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(told(&format!("a: {{{keys}}}")), [expected], "{keys}");
    }
}

#[test]
fn ranges_are_told_what_is_wrong_with_them() {
    let cases = [
        (
            "1.2",
            "expected RANGE; found the number 1.2: put it in quotes, \"1.2\"",
        ),
        (
            "1",
            "expected RANGE; found the whole number 1: put it in quotes, \"1\"",
        ),
        ("[1]", "expected RANGE; found a list"),
        ("\"\"", "`` is not allowed: expected RANGE"),
        ("newest", "`newest` is not allowed: expected RANGE"),
        ("v1.2.0", "`v1.2.0` is not allowed: expected RANGE"),
        ("^^1", "`^^1` is not allowed: expected RANGE"),
        ("\">=1 <2\"", "`>=1 <2` is not allowed: expected RANGE"),
        ("\"1 || 2\"", "`1 || 2` is not allowed: expected RANGE"),
        ("\"*, 1\"", "`*, 1` is not allowed: expected RANGE"),
        ("\">=1,\"", "`>=1,` is not allowed: expected RANGE"),
        (
            "^01.2",
            "`^01.2` is not allowed: invalid leading zero in major version number; expected RANGE",
        ),
        (
            "1.*.3",
            "`1.*.3` is not allowed: unexpected character after wildcard in version req; expected RANGE",
        ),
        (
            "^1.2-rc",
            "`^1.2-rc` is not allowed: expected comma after minor version number, found '-'; expected RANGE",
        ),
        (
            "\">=2, <1\"",
            "no version fits `>=2, <1`, as all its parts have to hold at once: expected a range such as \">=1.2, <2\"",
        ),
        (
            "\"=1.2.3, =1.2.4\"",
            "no version fits `=1.2.3, =1.2.4`, as all its parts have to hold at once: expected a range such as \">=1.2, <2\"",
        ),
        (
            "<0.0.0",
            "no version fits `<0.0.0`, as all its parts have to hold at once: expected a range such as \">=1.2, <2\"",
        ),
    ];
    for (range, expected) in cases {
        let expected = format!("m.yaml:4:27: depends_on.a.version: {expected}");
        assert_eq!(
            told(&format!("a: {{version: {range}}}")),
            [expected],
            "{range}"
        );
    }
    let long = format!("a: {{version: \"{}1\"}}", "1, ".repeat(43));
    let expected = "m.yaml:4:27: depends_on.a.version: 130 characters are too long: at most 128";
    assert_eq!(told(&long), [expected]);
    let many = format!("a: {{version: \"{}1\"}}", "1,".repeat(32));
    assert!(told(&many)[0].contains("excessive number of version comparators; expected RANGE"));
}

#[test]
fn a_package_cannot_depend_on_itself() {
    let cases = [
        (
            "p: ",
            "m.yaml:4:14: depends_on.p: the package `p` cannot depend on itself: say which other one is meant with `package`, or leave this entry out",
        ),
        (
            "p: {version: ^0.9}",
            "m.yaml:4:17: depends_on.p: the package `p` cannot depend on itself: say which other one is meant with `package`, or leave this entry out",
        ),
        (
            "old: {package: p}",
            "m.yaml:4:29: depends_on.old.package: the package `p` cannot depend on itself: name another one, or leave this entry out",
        ),
        // What is meant is not known.
        (
            "p: {package: P}",
            "m.yaml:4:27: depends_on.p.package: `P` is not allowed: expected NAME",
        ),
    ];
    for (entries, expected) in cases {
        assert_eq!(told(entries), [expected], "{entries}");
    }
    assert!(parse(&depending("p: {package: q}"), "").is_ok());
}

#[test]
fn dependencies_are_a_mapping_of_at_most_32() {
    let expected =
        "expected a mapping of aliases, for example `simulator: {version: \"^1.2\"}`; found";
    let cases = [
        (" [a]", "4:13", "a list"),
        (" a", "4:13", "the text `a`"),
        ("", "4:1", "nothing"),
    ];
    for (value, place, found) in cases {
        assert_eq!(
            problems(&with(&format!("depends_on:{value}"))),
            [format!("m.yaml:{place}: depends_on: {expected} {found}")]
        );
    }
    let entries = |count: usize| {
        (0..count)
            .map(|n| format!("a{n}: {{}}, "))
            .collect::<String>()
    };
    assert!(parse(&depending(&entries(32)), "").is_ok());
    assert_eq!(
        told(&entries(33)),
        ["m.yaml:4:13: depends_on: 33 entries are too many: at most 32"]
    );
}

/// Nothing but a dependency may be left empty like this.
#[test]
fn nothing_is_an_empty_mapping_only_for_an_alias() {
    let text = executable("image: i\nbuild:\nreadiness:");
    assert_eq!(
        problems(&text),
        [
            "m.yaml:10:9: components[0].executables[0].build: expected a mapping (`key: value`); found nothing",
            "m.yaml:11:9: components[0].executables[0].readiness: expected a mapping (`key: value`); found nothing",
        ]
    );
}

fn read_file(path: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/{path}")).unwrap()
}

#[test]
fn the_examples_of_the_reference_are_good() {
    let page = read_file("docs/manifest.md");
    let mut sections = page.split("\n## ");
    let section = sections
        .find(|part| part.starts_with("Dependencies"))
        .unwrap();
    let examples = section.split("```yaml\n").skip(1);
    let found: Vec<usize> = examples
        .filter_map(|rest| rest.split("```").next())
        .map(|example| match example.contains("components:") {
            true => format!("manifest: 1\nname: p\nversion: 1.0.0\n{example}"),
            false => with(example),
        })
        .map(|example| document(&example).package.depends_on.len())
        .collect();
    assert_eq!(found, [1, 4, 1, 1]);
    // The first column of the table of ranges: `"^1.2"`, `"1.2"`.
    let rows = section.split("| range | versions that fit |\n| --- | --- |\n");
    let rows = rows.last().unwrap().lines();
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let ranges: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(ranges.len(), 7, "{ranges:?}");
    for range in ranges {
        read(&format!("a: {{version: {range}}}"));
    }
}

/// The demo deploys packages that depend on one another: each finds what it needs.
#[test]
fn the_packages_of_the_demo_fit_together() {
    let names = ["simulator", "command_center", "turtle"];
    let packages =
        names.map(|name| document(&read_file(&format!("examples/{name}/shipmate.yaml"))).package);
    let [simulator, others @ ..] = &packages;
    assert!(simulator.depends_on.is_empty());
    for package in others {
        let found: Vec<_> = package.depends_on.iter().collect();
        let [(alias, dependency)] = found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(dependency.package(alias), simulator.name);
        assert!(dependency.fits(&simulator.version));
    }
}

/// One part of a range, good or nearly so.
fn part() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["", "=", ">", ">=", "<", "<=", "~", "^", "> ", "=>"]);
    let number = "0|1|2|3|x|\\*|01|a";
    let rest = prop::sample::select(vec!["", "-a", "-a.1", "-b", "+5", "-", " ", ".0"]);
    (
        sign,
        "[0-3]|[0-3]|x",
        prop::option::of(number),
        prop::option::of(number),
        rest,
    )
        .prop_map(|(sign, major, minor, patch, rest)| {
            let more = [minor, patch].into_iter().flatten();
            let more: String = more.map(|number| format!(".{number}")).collect();
            format!("{sign}{major}{more}{rest}")
        })
}

/// A part that is good for certain.
fn good_part() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["", "=", ">", ">=", "<", "<=", "~", "^"]);
    let pre = prop::sample::select(vec!["", "", "-0", "-a", "-a.1", "-b"]);
    (
        sign,
        0..3,
        prop::option::of(0..3),
        prop::option::of(0..3),
        pre,
    )
        .prop_map(|(sign, major, minor, patch, pre)| match (minor, patch) {
            (Some(minor), Some(patch)) => format!("{sign}{major}.{minor}.{patch}{pre}"),
            (Some(minor), None) => format!("{sign}{major}.{minor}"),
            (None, _) => format!("{sign}{major}"),
        })
}

/// Whether any version of a few small ones fits.
fn some_version_fits(range: &VersionReq) -> bool {
    let numbers = (0..64).map(|n| Version::new(n / 16, n / 4 % 4, n % 4));
    let pres = ["", "0", "0.0", "a", "a.0", "a.1", "a.1.0", "b", "b.0"];
    let mut versions = numbers.flat_map(|version| {
        pres.map(|pre| Version {
            pre: pre.parse().unwrap(),
            ..version.clone()
        })
    });
    versions.any(|version| range.matches(&version))
}

proptest! {
    /// The pattern for editors lets through all that is a range, and what is none is refused.
    #[test]
    fn what_is_a_range_is_taken(parts in prop::collection::vec(part(), 1..4), comma in "( )?,( )?") {
        let text = parts.join(&comma);
        let quoted = serde_json::to_string(&text).unwrap();
        let found = parse(&depending(&format!("a: {{version: {quoted}}}")), "").err().unwrap_or_default();
        let refused = found.iter().any(|problem| problem.message.contains("expected a range of versions"));
        prop_assert_eq!(refused, VersionReq::parse(&text).is_err(), "{}: {:?}", text, found);
    }

    /// A range is refused when there cannot be a version that fits, and only then.
    #[test]
    fn a_range_that_is_taken_is_fitted_by_a_version(parts in prop::collection::vec(good_part(), 1..4)) {
        let text = parts.join(", ");
        let taken = parse(&depending(&format!("a: {{version: \"{text}\"}}")), "").is_ok();
        prop_assert_eq!(taken, some_version_fits(&range(&text)), "{}", text);
    }

    /// What fits a range does so for a dependency, and `any` is fitted by all.
    #[test]
    fn a_dependency_is_fitted_by_what_fits_its_range(range in generators::range(), numbers in (0..30_u64, 0..30_u64, 0..30_u64), pre in "(rc\\.[0-9])?") {
        let version = Version { pre: pre.parse().unwrap(), ..Version::new(numbers.0, numbers.1, numbers.2) };
        let expected = range.to_string() == "*" || range.matches(&version);
        let dependency = Dependency { version: range, ..Dependency::default() };
        prop_assert_eq!(dependency.fits(&version), expected);
    }
}
