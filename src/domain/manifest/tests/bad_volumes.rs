//! What is wrong with a component's volumes and with a singleton's scope, and the exact words for it.

use super::problems;
use crate::domain::manifest::parse;

/// Two executables with these mounts, `a` and `b`, and these volumes of their component.
fn component(volumes: &str, a: &str, b: &str) -> String {
    format!(
        "manifest: 1\nname: p\nversion: 1.0.0\ncomponents:\n  - name: c\n    volumes: {volumes}\n    \
         executables:\n      - {{name: a, image: i, mounts: [{a}]}}\n      - {{name: b, image: i, \
         mounts: [{b}]}}\n"
    )
}

#[test]
fn volumes_are_told_what_is_wrong_with_them() {
    let write = "{source: data, target: /data}";
    let read = "{source: data, target: /data, read_only: true}";
    let cases = [
        (
            "{data: }",
            read,
            read,
            &[
                "m.yaml:6:15: components[0].volumes.data: every mount of `data` is read-only, so nothing can come into it: leave `read_only` out where it is written",
            ][..],
        ),
        (
            "{data: }",
            "",
            "",
            &[
                "m.yaml:6:15: components[0].volumes.data: no executable of the component mounts the volume `data`: mount it, or leave it out",
            ],
        ),
        (
            "{data: {}, dats: {}}",
            "{source: datas, target: /d}",
            write,
            &[
                "m.yaml:6:31: components[0].volumes.dats: no executable of the component mounts the volume `dats`: is the mount of `datas` meant for it?",
            ],
        ),
        (
            "{Data: }",
            write,
            "",
            &[
                "m.yaml:6:15: components[0].volumes.Data: `Data` is not allowed: expected 1 to 40 lower-case letters and digits, with single `_` or `-` between them",
            ],
        ),
        (
            "{data: {kep: true}}",
            write,
            "",
            &["m.yaml:6:22: components[0].volumes.data.kep: unknown key; did you mean `keep`?"],
        ),
        (
            "{data: kept}",
            write,
            "",
            &[
                "m.yaml:6:21: components[0].volumes.data: expected a mapping, for example {keep: true}, or nothing for one that goes with its deployment; found the text `kept`",
            ],
        ),
    ];
    for (volumes, a, b) in [
        ("{data: }", write, read),
        ("{data: {keep: true}}", write, write),
        ("{}", write, read),
    ] {
        parse(&component(volumes, a, b), "m.yaml").unwrap();
    }
    for (volumes, a, b, expected) in cases {
        assert_eq!(problems(&component(volumes, a, b)), expected, "{volumes}");
    }
}

#[test]
fn volumes_of_two_components_are_called_differently() {
    let component = |name: &str, volume: &str| {
        format!(
            "  - name: {name}\n    volumes: {{{volume}: }}\n    executables: [{{name: x{}, image: i, \
             mounts: [{{source: {volume}, target: /d}}]}}]\n",
            volume.len()
        )
    };
    let text = format!(
        "manifest: 1\nname: p\nversion: 1.0.0\ncomponents:\n{}{}",
        component("a", "b-cc"),
        component("a-b", "cc")
    );
    assert_eq!(
        problems(&text),
        [
            "m.yaml:9:15: components[1].volumes.cc: this volume would be called `a-b-cc`, like the one in line 6: rename one of them"
        ]
    );
}

#[test]
fn a_singleton_is_told_what_is_wrong_with_it() {
    let cases = [
        (
            "{scope: robot}",
            "m.yaml:4:20: singleton.scope: `robot` is not one of node, group",
        ),
        (
            "{scop: group}",
            "m.yaml:4:13: singleton.scop: unknown key; did you mean `scope`?",
        ),
        (
            "group",
            "m.yaml:4:12: singleton: expected true, false, {scope: node} or {scope: group}; found the text `group`",
        ),
    ];
    for (singleton, expected) in cases {
        let text = format!(
            "manifest: 1\nname: p\nversion: 1.0.0\nsingleton: {singleton}\ncomponents:\n  - name: c\n    \
             executables: [{{name: e, image: i}}]\n"
        );
        assert_eq!(problems(&text), [expected], "{singleton}");
    }
}
