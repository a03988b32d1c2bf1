#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::dependency_graph::{GraphNode, NodeKind};

/// Answers with what was asked, as the name of a node.
fn answer(question: &Question) -> Result<String, String> {
    if question.node == "/nobody" {
        return Err("nobody answers".to_owned());
    }
    let asked = GraphNode {
        id: "x".into(),
        name: format!("{question:?}"),
        kind: NodeKind::External {
            host: String::new(),
            process: String::new(),
        },
        ros_nodes: Vec::new(),
    };
    Ok(json(&DependencyGraph {
        nodes: vec![asked],
        ..DependencyGraph::default()
    }))
}

fn said(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        notes: &mut notes,
    };
    let arguments = arguments.iter().map(OsString::from).collect();
    let code = act(arguments, answer, &mut streams);
    (
        code,
        String::from_utf8(out).unwrap(),
        String::from_utf8(notes).unwrap(),
    )
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, what) in [
        (&["--from", "a", "--from", "b"][..], "--from is given twice"),
        (
            &["--from", "a", "--hidden"],
            "--hidden is for a node that is asked",
        ),
        (&["--timeout", "soon"], "not `soon`"),
        (&["--node", "nobody"], "nobody answers"),
        (&["--hidden=yes"], "--hidden takes no value"),
        (&["--hiden"], "no option --hiden"),
        (&["a"], "`a` is one word too many"),
        (&["--node", "--hidden"], "--node needs a value"),
        (&["diff"], "diff needs a file"),
        (&["diff", "a", "b", "c"], "two files, no more"),
        (
            &["diff", "a", "b", "--node", "x"],
            "--node is for a node that is asked, and with two files none is",
        ),
        (&["diff", "--from", "a"], "--from is not for diff"),
        (&["--from", "a", "diff", "b"], "--from is not for diff"),
        (&["diff", "/not/there"], "/not/there: "),
        (&["--from", "a", "--format", "png"], "not `png`"),
        (
            &["--from", "/not/there"],
            "/not/there: there is no such file",
        ),
        (&["--from", "/"], "/: this is a folder"),
        (&["diff", "/", "a"], "/: this is a folder"),
        (&["diff", "a", "b", "--format=dot"], "not `dot`"),
    ] {
        let (code, out, notes) = said(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{notes}");
        assert!(notes.contains(what), "{notes}");
    }
    assert_eq!(said(&["--help"]).1, HELP);
}

#[test]
fn a_file_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.json");
    std::fs::write(&path, json(&DependencyGraph::default())).unwrap();
    let path = path.to_str().unwrap();
    let (code, out, _) = said(&["--from", path, "--format", "svg"]);
    assert!(code == 0 && out.starts_with("<svg"), "{out}");
    assert_eq!(
        said(&["diff", path, path]),
        (0, String::new(), String::new())
    );
}

#[test]
fn a_file_is_compared_with_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("before.json");
    std::fs::write(&path, said(&["--format", "json"]).1).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(said(&["diff", path]), (0, String::new(), String::new()));

    // What is asked tells one node from another here.
    let (code, out, notes) = said(&["diff", "--hidden", path, "--node", "other"]);
    assert_eq!((code, notes.as_str()), (0, ""));
    let line_of = |sign| out.lines().find(|line: &&str| line.starts_with(sign));
    let (new, gone) = (line_of('+').unwrap(), line_of('-').unwrap());
    assert!(
        new.contains("/other") && new.contains("hidden: true"),
        "{out}"
    );
    assert!(
        gone.contains("/shipmate") && gone.contains("hidden: false"),
        "{out}"
    );

    let (code, out, notes) = said(&["diff", path, "--node", "nobody"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(notes.contains("nobody answers"), "{notes}");
}

#[test]
fn graphs_of_two_kinds_are_compared_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, ros_details| {
        let path = folder.path().join(name);
        let graph = DependencyGraph {
            ros_details,
            ..DependencyGraph::default()
        };
        std::fs::write(&path, json(&graph)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (plain, details) = (path("plain.json", false), path("details.json", true));
    for (before, after, which) in [(&plain, &details, "second"), (&details, &plain, "first")] {
        let (code, out, notes) = said(&["diff", before, after]);
        assert_eq!((code, out.as_str()), (0, ""));
        assert!(
            notes.contains(&format!("only the {which} graph has topics")),
            "{notes}"
        );
    }
}

#[test]
fn a_node_is_asked() {
    let (code, out, notes) = said(&["--format", "json"]);
    assert_eq!(code, 0, "{notes}");
    assert!(
        out.contains("/shipmate") && out.contains("ros_details: true"),
        "{out}"
    );
    let (_, out, _) = said(&[
        "--node=robot/shipmate",
        "--dependencies",
        "--without-external",
        "--timeout",
        "1.5",
        "--format=json",
    ]);
    for asked in [
        "/robot/shipmate",
        "ros_details: false",
        "without_external: true",
        "hidden: false",
        "within: 1.5s",
    ] {
        assert!(out.contains(asked), "{out}");
    }
}

#[test]
fn what_is_no_graph_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.json");
    for (text, what) in [
        ("", "this is no dependency graph: EOF"),
        ("shipmate", "this is no dependency graph: expected value"),
        ("[]", "this is no dependency graph: "),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, out, notes) = said(&["--from", path.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        let whole = format!("graph.json: {what}");
        assert!(
            notes.contains(&whole) && notes.contains("--format json"),
            "{notes}"
        );
    }
}
