//! What a component is said to put on the ROS graph.

use std::collections::BTreeMap;

use super::{document, problems};
use crate::domain::dependency_graph::{Declared, DeclaredKind};
use crate::domain::manifest::Scalar;
use crate::domain::manifest::parameters::bind;

fn manifest(ros: &str) -> String {
    format!(
        "manifest: 1\nname: p\nversion: 1.0.0\nparameters: {{robot: {{type: string, default: a}}}}\ncomponents:\n- name: c\n  ros:\n    {ros}\n  executables: [{{name: e, image: i}}]\n"
    )
}

#[test]
fn names_get_the_parameters_values() {
    let text = manifest("{publishes: [\"/${robot}/scan\"], action_clients: [/dock]}");
    let package = document(&text).package;
    let robot = ("robot".to_owned(), Scalar::String("b".to_owned()));
    let declared = Declared::all(&package, &BTreeMap::from([robot]));
    let expected = [
        (DeclaredKind::Publishes, "/b/scan"),
        (DeclaredKind::ActionClient, "/dock"),
    ];
    let found = declared.iter().map(|it| (it.kind, it.name.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(declared[0].component, "c");
}

#[test]
fn names_are_what_ros_takes_each_once() {
    assert_eq!(
        problems(&manifest(
            "{publishes: [scan, /a, /a], calls: [\"/${x}\"], serves: [\"/${robot}/\"]}"
        )),
        [
            "m.yaml:8:18: components[0].ros.publishes[0]: `scan` is not absolute: expected a name such as /turtle/pose, with its namespace",
            "m.yaml:8:28: components[0].ros.publishes[2]: `/a` is in the list already, in line 8",
            "m.yaml:8:41: components[0].ros.calls[0]: there is no parameter `x`; expected one of robot. Write `$${x}` if a shell shall read it",
            "m.yaml:8:60: components[0].ros.serves[0]: `/${robot}/` becomes `/a/`: `/a/` ends with a slash: take the slash away, or write the name that is missing",
        ]
    );
}

#[test]
fn values_of_a_goal_are_looked_at() {
    let package = document(&manifest("{serves: [\"/${robot}\"]}")).package;
    let given = |value: &str| bind(&package, &[("robot".to_owned(), value.to_owned())]);
    assert!(given("b").is_ok());
    assert_eq!(
        given("a-b"),
        Err(vec![
            "c: ros.serves[0]: `/${robot}` becomes `/a-b`: `/a-b` holds `-`: expected letters, digits, `_` and single slashes only".to_owned()
        ])
    );
}
