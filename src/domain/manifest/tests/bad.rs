//! What is wrong with a manifest, and the exact words for it.

use super::problems;

/// A whole manifest of one component with one executable, `before` its components and `after` them.
fn package(before: &str, after: &str) -> String {
    format!(
        "manifest: 1\nname: p\nversion: 1.0.0\n{before}\ncomponents:\n  - name: c\n    executables: [{{name: e, image: i, command: [run]}}, {{name: host, image: i, network: host}}]\n{after}"
    )
}

#[test]
fn parameters_are_told_what_is_wrong_with_them() {
    let cases = [
        (
            "parameters: {a: {type: string, required: true, default: x}}",
            "",
            &[
                "m.yaml:4:57: parameters.a.default: a required parameter has no default: leave out `required` or `default`",
            ][..],
        ),
        (
            "parameters: {a: {type: string}}",
            "",
            &[
                "m.yaml:4:17: parameters.a: neither `default` nor `required: true` is set: one of them is needed",
            ],
        ),
        (
            "parameters: {a: {type: string, default: 1.20}}",
            "",
            &[
                "m.yaml:4:41: parameters.a.default: expected text, as `type` is string; found `1.2`: put it in quotes",
            ],
        ),
        (
            "parameters: {a: {type: integer, default: 1.5}}",
            "",
            &[
                "m.yaml:4:42: parameters.a.default: expected a whole number, as `type` is integer; found `1.5`",
            ],
        ),
        (
            "parameters: {a: {type: bool, default: true}}",
            "",
            &[
                "m.yaml:4:24: parameters.a.type: `bool` is not one of string, integer, number, boolean; did you mean `boolean`?",
            ],
        ),
        (
            "parameters: {a-b: {type: string, default: x}}",
            "",
            &[
                "m.yaml:4:14: parameters.a-b: `a-b` is not allowed: expected 1 to 64 letters, digits and `_`, not starting with a digit",
            ],
        ),
        (
            "parameters: {speed: {type: integer, default: 1}}",
            "    ros: {args: [\"${sped}\", \"${x}\", \"$x\", \"$$${y}\"]}",
            &[
                "m.yaml:8:18: components[0].ros.args[0]: there is no parameter `sped`; did you mean `speed`? Write `$${sped}` if a shell shall read it",
                "m.yaml:8:29: components[0].ros.args[1]: there is no parameter `x`; expected one of speed. Write `$${x}` if a shell shall read it",
                "m.yaml:8:43: components[0].ros.args[3]: there is no parameter `y`; expected one of speed. Write `$${y}` if a shell shall read it",
            ],
        ),
        (
            "",
            "    ros: {args: [\"${HOME:-x}\", \"${\"]}",
            &[
                "m.yaml:8:18: components[0].ros.args[0]: `${HOME:-x}` does not name a parameter; write `$${HOME:-x}` if a shell shall read it",
                "m.yaml:8:32: components[0].ros.args[1]: `${` does not name a parameter; write `$${` if a shell shall read it",
            ],
        ),
    ];
    for (before, after, expected) in cases {
        assert_eq!(
            problems(&package(before, after)),
            expected,
            "{before} {after}"
        );
    }
}

#[test]
fn endpoints_are_told_what_is_wrong_with_them() {
    let cases = [
        (
            "[{name: a, port: 80}]",
            &[
                "m.yaml:8:17: components[0].endpoints[0]: the key `executable` is missing: the component has several, e, host",
            ][..],
        ),
        (
            "[{name: a, port: 80, executable: hots}]",
            &[
                "m.yaml:8:49: components[0].endpoints[0].executable: the component has no executable `hots`; did you mean `host`?",
            ],
        ),
        (
            "[{name: a, port: 80, executable: e, host_port: 8080}]",
            &[
                "m.yaml:8:63: components[0].endpoints[0].host_port: only an external endpoint has a port on the machine: add `external: true`",
            ],
        ),
        (
            "[{name: a, port: 80, executable: host, external: true, host_port: 81}]",
            &[
                "m.yaml:8:82: components[0].endpoints[0].host_port: 81 cannot differ from `port` (80), because `host` is on the host's network: leave it out",
            ],
        ),
        (
            "[{name: a, port: 0, executable: e}, {name: a, port: 70000, executable: e}]",
            &[
                "m.yaml:8:33: components[0].endpoints[0].port: 0 is too small: at least 1",
                "m.yaml:8:59: components[0].endpoints[1].name: there is an endpoint `a` already, in line 8",
                "m.yaml:8:68: components[0].endpoints[1].port: 70000 is too large: at most 65535",
            ],
        ),
        (
            "[{name: a, port: 80, executable: e}, {name: b, port: 80, executable: e}]",
            &[
                "m.yaml:8:69: components[0].endpoints[1].port: port 80/tcp of `e` is an endpoint already, in line 8",
            ],
        ),
        (
            "\n    - {name: a, port: 80, executable: e, external: true, host_port: 90}\n    - {name: b, port: 90, executable: host}",
            &[
                "m.yaml:10:23: components[0].endpoints[1].port: port 90/tcp of the machine is taken already, in line 9",
            ],
        ),
        (
            "[{name: a, executable: e}]",
            &[
                "m.yaml:8:17: components[0].endpoints[0]: the key `port` is missing: where it listens inside of the container: a port, 1 to 65535",
            ],
        ),
    ];
    for (endpoints, expected) in cases {
        assert_eq!(
            problems(&package("", &format!("    endpoints: {endpoints}"))),
            expected,
            "{endpoints}"
        );
    }
}

#[test]
fn packages_are_told_what_is_wrong_with_them() {
    let components = "components: [{name: c, executables: [{name: e, image: i}]}]";
    let cases = [
        (format!("name: p\nversion: 1.0.0\n{components}"), &["m.yaml:1:1: the key `manifest` is missing: add the line `manifest: 1`, the version of this format"][..]),
        ("manifest: 2\nname: [P]\nfoo: 1".to_owned(), &["m.yaml:1:11: manifest: this file is for format 2; this shipmate reads format 1"]),
        (format!("manifest: \"1\"\nname: p\nversion: 1.0.0\n{components}"), &["m.yaml:1:11: manifest: expected a whole number; found the text `1`: take the quotes away"]),
        ("manifest: 1".to_owned(), &[
            "m.yaml:1:1: the key `name` is missing: what the package is called: lower-case letters and digits, with single `_` or `-` between them, at most 40 characters",
            "m.yaml:1:1: the key `version` is missing: the package's own semantic version, for example 1.2.0",
            "m.yaml:1:1: the key `components` is missing: the parts that run, each in one place",
        ]),
        (format!("manifest: 1\nname: ../p\nversion: 1.2\n{components}"), &[
            "m.yaml:2:7: name: `../p` is not allowed: expected 1 to 40 lower-case letters and digits, with single `_` or `-` between them",
            "m.yaml:3:10: version: expected three numbers with dots, for example 1.2.0 or 2.0.0-rc.1; found the number 1.2",
        ]),
        (format!("manifest: 1\nname: p\nversion: 01.2.3\n{components}"), &["m.yaml:3:10: version: `01.2.3` is not a semantic version: invalid leading zero in major version number"]),
        ("manifest: 1\nname: p\nversion: 1.0.0\ncomponents: []".to_owned(), &["m.yaml:4:13: components: 0 entries are too few: at least 1"]),
        ("manifest: 1\nname: p\nversion: 1.0.0\ncomponents:\n- {name: a, executables: [{name: b-c, image: i}]}\n- {name: a-b, executables: [{name: c, image: i}]}\n- {name: a, executables: [{name: c, image: i}]}".to_owned(), &[
            "m.yaml:6:36: components[1].executables[0].name: this container would be called `a-b-c`, like the one in line 5: rename one of them",
            "m.yaml:7:10: components[2].name: there is a component `a` already, in line 5",
        ]),
        (format!("{}\n---\nmanifest: 1\nname: p\nversion: 1.0.0\n{components}", format_args!("manifest: 1\nname: p\nversion: 1.0.0\n{components}")), &["m.yaml:7:7: name: `p 1.0.0` is in this text twice; the first is in line 2"]),
        ("manifest: 1\nname: [\n---\nmanifest: 7".to_owned(), &[
            "m.yaml:2:7: this is not valid YAML: unclosed bracket '['",
            "m.yaml:4:11: manifest: this file is for format 7; this shipmate reads format 1",
        ]),
        (String::new(), &["m.yaml:1:1: there is no manifest in here: it begins with `manifest: 1`"]),
        ("# nothing\n---\n---\n~".to_owned(), &["m.yaml:1:1: there is no manifest in here: it begins with `manifest: 1`"]),
        ("- a".to_owned(), &["m.yaml:1:1: expected a mapping (`key: value`); found a list"]),
        ("a\tb".to_owned(), &["m.yaml:1:1: expected a mapping (`key: value`); found the text `a\\tb`"]),
        ("manifest: 1\nname:\n\t- x".to_owned(), &["m.yaml:3:2: this is not valid YAML: tabs disallowed within this context (block indentation)"]),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(&text), expected, "{text}");
    }
}

#[test]
fn ros_arguments_that_go_nowhere_are_refused() {
    assert_eq!(
        problems(&package("", "    ros: {args: [-r, a:=b]}").replace(", command: [run]", "")),
        [
            "m.yaml:8:17: components[0].ros.args: no executable of the component has a `command` that they could follow"
        ]
    );
}

#[test]
fn rules_that_compare_say_nothing_about_what_is_broken() {
    let text = "manifest: 1\nname: p\nversion: 1.0.0\nparameters: {a: 5}\ncomponents:\n- name: c\n  ros: {args: [\"${b}\"]}\n  executables: [{image: i}, {name: x, image: i}]\n  endpoints: [{name: w, port: 80, executable: e}]\n";
    assert_eq!(
        problems(text),
        [
            "m.yaml:4:17: parameters.a: expected a mapping (`key: value`); found the whole number 5",
            "m.yaml:8:17: components[0].executables[0]: the key `name` is missing: what the executable is called, unique in the component",
        ]
    );
}

#[test]
fn problems_end_at_a_hundred() {
    let problems = problems(&format!("manifest: 1\n{}", "a: 1\n".repeat(10_000)));
    assert_eq!(problems.len(), 100);
    assert_eq!(
        problems[99],
        "m.yaml: there are more problems than are worth telling"
    );
}
