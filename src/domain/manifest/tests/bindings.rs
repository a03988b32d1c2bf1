//! What is taken from dependencies, secrets, and names of ROS: the exact words for what is wrong.

use proptest::prelude::*;

use super::{document, problems};
use crate::domain::manifest::{TakeOver, parse};

/// A package that depends on `base` and `top`, with `more` behind its component, from line 9 on.
fn package(more: &str) -> String {
    format!(
        "manifest: 1\nname: p\nversion: 1.0.0\nparameters:\n  key: {{type: string, required: true, secret: true}}\ndepends_on: {{base: {{}}, top: {{}}}}\ncomponents:\n  - name: c\n{more}"
    )
}

const RUNS: &str = "    executables: [{name: e, image: i, command: [run]}]\n";

#[test]
fn an_alias_that_there_is_not_is_found() {
    let cases = [
        (
            "    executables: [{name: e, image: i, command: [\"${bse.X}\"]}]",
            "m.yaml:9:49: components[0].executables[0].command[0]: there is no alias `bse` in `depends_on`; did you mean `base`? Write `$${bse.` if a shell shall read it",
        ),
        (
            "    executables: [{name: e, image: i, entrypoint: [\"${other.X}\"]}]",
            "m.yaml:9:52: components[0].executables[0].entrypoint[0]: there is no alias `other` in `depends_on`; expected one of base, top. Write `$${other.` if a shell shall read it",
        ),
        (
            "    executables: [{name: e, image: i, environment: {A: \"${zzzzz.web.url}\"}}]",
            "m.yaml:9:56: components[0].executables[0].environment.A: there is no alias `zzzzz` in `depends_on`; expected one of base, top. Write `$${zzzzz.` if a shell shall read it",
        ),
        (
            "    executables: [{name: e, image: i, readiness: {command: [\"${base.X}\"]}}]",
            "m.yaml:9:61: components[0].executables[0].readiness.command[0]: `${base.` refers to a dependency, and only parameters can be used here",
        ),
        (
            "    executables: [{name: e, image: i, readiness: {command: [\"${key}\"]}}]",
            "m.yaml:9:61: components[0].executables[0].readiness.command[0]: the parameter `key` is secret, and what is written here is shown: use it in `environment`, `command`, `entrypoint`, `ros.args` or `exposes` only",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(problems(&package(more)), [expected], "{more}");
    }
    let exposed = package(&format!("{RUNS}    exposes: {{X: \"${{bas.X}}\"}}"));
    assert_eq!(
        problems(&exposed),
        [
            "m.yaml:10:18: components[0].exposes.X: there is no alias `bas` in `depends_on`; did you mean `base`? Write `$${bas.` if a shell shall read it"
        ]
    );
}

#[test]
fn references_to_dependencies_stand_where_parameters_do() {
    let more = "    ros: {args: [\"${base.ros.namespace}\"]}\n    exposes: {X: \"${top.deployment}\"}\n    executables: [{name: e, image: i, command: [\"${base.X}\", \"${key}\"], environment: {A: \"${base.web.url}${key}\"}}]";
    document(&package(more));
}

#[test]
fn a_secret_has_no_default() {
    let text = |parameter: &str| {
        format!(
            "manifest: 1\nname: p\nversion: 1.0.0\nparameters:\n  key: {{{parameter}}}\ncomponents:\n  - name: c\n{RUNS}"
        )
    };
    let default = "a secret has no default, because a manifest is shown: leave it out, and set `required: true`";
    assert_eq!(
        problems(&text("type: string, secret: true, default: x")),
        [format!("m.yaml:5:46: parameters.key.default: {default}")]
    );
    assert_eq!(
        problems(&text("type: string, secret: true")),
        ["m.yaml:5:8: parameters.key: a secret has no default: set `required: true`"]
    );
    document(&text("type: integer, secret: true, required: true"));
    document(&text("type: string, secret: false, default: x"));
}

#[test]
fn names_of_ros_are_checked() {
    let cases = [
        (
            "namespace: front",
            "m.yaml:10:22: components[0].ros.namespace: `front` is not absolute: expected a name such as /turtle/pose, with its namespace",
        ),
        (
            "namespace: \"/${key}\"",
            "m.yaml:10:22: components[0].ros.namespace: the parameter `key` is secret, and what is written here is shown: use it in `environment`, `command`, `entrypoint`, `ros.args` or `exposes` only",
        ),
        (
            "remappings: {scan: \"a b\"}",
            "m.yaml:10:30: components[0].ros.remappings.scan: `a b` is no name of ROS: expected a name such as scan, ~/scan or /front/scan",
        ),
        (
            "remappings: {\"a:=b\": x}",
            "m.yaml:10:24: components[0].ros.remappings[\"a:=b\"]: `a:=b` is not allowed: expected a name of a topic or service, for example scan, ~/scan or node_name:scan",
        ),
    ];
    for (ros, expected) in cases {
        let text = package(&format!("{RUNS}    ros: {{{ros}}}"));
        assert_eq!(problems(&text), [expected], "{ros}");
    }
    for ros in [
        "namespace: /front",
        "remappings: {scan: /front/scan, \"~/in\": ~/out, \"node:a\": b/c}",
    ] {
        document(&package(&format!("{RUNS}    ros: {{{ros}}}")));
    }
    let without = package("    executables: [{name: e, image: i}]\n    ros: {namespace: /a}");
    assert_eq!(
        problems(&without),
        [
            "m.yaml:10:22: components[0].ros.namespace: no executable of the component has a `command` that it could follow"
        ]
    );
}

#[test]
fn one_namespace_is_taken_over_from_one_dependency() {
    let text = |top: &str| {
        package(RUNS).replace(
            "{base: {}, top: {}}",
            &format!(
                "{{base: {{take_over: [namespace, remappings]}}, top: {{take_over: [{top}]}}}}"
            ),
        )
    };
    assert_eq!(
        problems(&text("domain_id, namespace")),
        ["m.yaml:6:87: depends_on.top.take_over[1]: `namespace` is taken over already, in line 6"]
    );
    let package = document(&text("domain_id, remappings")).package;
    let taken = &package.depends_on["top"].take_over;
    assert_eq!(taken, &[TakeOver::DomainId, TakeOver::Remappings]);
    assert_eq!(
        problems(&text("name")),
        [
            "m.yaml:6:76: depends_on.top.take_over[0]: `name` is not one of namespace, remappings, domain_id; did you mean `namespace`?"
        ]
    );
}

proptest! {
    /// Whatever stands in a command, it is read, or there is exactly one place to look at.
    #[test]
    fn any_template_is_read_or_gives_one_place(
        text in "(\\$|\\$\\{|\\}|\\.|base|top|key|[a-z]{1,3}|[A-Z]|host| |\\$\\{[a-z]{1,4}\\.[a-z.]{1,6}\\}){0,12}"
    ) {
        let quoted = serde_json::to_string(&text).unwrap();
        let more = format!("    executables: [{{name: e, image: i, command: [run, {quoted}]}}]");
        if let Err(problems) = parse(&package(&more), "m.yaml") {
            prop_assert_eq!(problems.len(), 1);
            prop_assert_eq!((problems[0].line, problems[0].column), (9, 54));
        }
    }
}
