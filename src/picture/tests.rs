#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::samples::{many, node, robot, three};
use super::*;
use crate::domain::dependency_graph::*;

fn number(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Left, top, right and bottom of each box and label.
fn rects(svg: &str) -> Vec<[f64; 4]> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let groups = document
        .descendants()
        .filter(|n| matches!(n.attribute("class"), Some("node" | "label")));
    groups
        .map(|g| {
            let r = g.children().find(|c| c.has_tag_name("rect")).unwrap();
            let (x, y) = (number(r, "x"), number(r, "y"));
            [x, y, x + number(r, "width"), y + number(r, "height")]
        })
        .collect()
}

#[test]
fn boxes_and_labels_do_not_overlap() {
    for graph in [three(), robot(), many(12, 20), many(40, 70)] {
        let rects = rects(&svg(&graph));
        for (n, a) in rects.iter().enumerate() {
            for b in &rects[n + 1..] {
                assert!(
                    a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1],
                    "{a:?} {b:?}"
                );
            }
        }
    }
}

#[test]
fn the_picture_has_every_node_and_edge_and_is_the_same_again() {
    let graph = many(12, 30);
    let picture = svg(&graph);
    assert_eq!(picture, svg(&graph));
    let document = roxmltree::Document::parse(&picture).unwrap();
    let texts: String = document.descendants().filter_map(|n| n.text()).collect();
    graph
        .nodes
        .iter()
        .for_each(|n| assert!(texts.contains(&n.name)));
    graph
        .edges
        .iter()
        .for_each(|e| assert!(texts.contains(&*e.name), "{}", e.name));
}

#[test]
fn json_is_read_back_and_a_lost_node_is_told() {
    let mut graph = three();
    assert_eq!(from_json(&json(&graph)).unwrap(), graph);
    graph.nodes.pop();
    assert!(from_json(&json(&graph)).unwrap_err().contains("id-TURTLE"));
}

#[test]
fn a_diff_goes_by_names() {
    let before = three();
    let mut after = from_json(&json(&before).replace("id-SIMULATOR", "other")).unwrap();
    assert!(diff(&before, &after).is_empty());
    after.edges.pop();
    after.nodes.push(node("NEW", "Pending"));
    let text = diff(&before, &after).text();
    assert_eq!(
        text,
        "+ NEW (new 1.0.0, Succeeded · Pending)\n- action /turtle_0/goto_action: TURTLE -> COMMAND CENTER\n"
    );
}

#[test]
fn the_picture_in_the_documentation_is_the_demo_as_it_is_drawn_now() {
    let demo = from_json(include_str!("../../tests/corpus/graph/demo.json")).unwrap();
    assert!(
        svg(&demo) == include_str!("../../docs/graph-example.svg"),
        "draw it again: shipmate graph --from tests/corpus/graph/demo.json --format svg --output \
         docs/graph-example.svg"
    );
}

#[test]
fn much_is_drawn_in_time() {
    roxmltree::Document::parse(&svg(&many(200, 2000))).unwrap();
}

/// Writes the example of the documentation and pictures to look at, where it is told to.
#[test]
fn pictures_to_look_at() {
    let Ok(folder) = std::env::var("SHIPMATE_PICTURES") else {
        return;
    };
    let graphs = [
        ("three", three()),
        ("empty", DependencyGraph::default()),
        ("twelve", many(12, 14)),
        ("forty", many(40, 45)),
        ("robot", robot()),
        ("dense", many(40, 90)),
    ];
    for (name, graph) in graphs {
        std::fs::write(format!("{folder}/{name}.svg"), svg(&graph)).unwrap();
        std::fs::write(format!("{folder}/{name}.json"), json(&graph)).unwrap();
    }
    let mut after = three();
    after.edges.pop();
    after.nodes[1] = node("SIMULATOR", "Error");
    std::fs::write(format!("{folder}/diff.svg"), diff(&three(), &after).svg()).unwrap();
}

/// The middle line of each edge as points, from the path of its arrow.
fn points(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let groups = document
        .descendants()
        .filter(|n| n.attribute("class") == Some("edge"));
    groups
        .map(|group| {
            let path = group.children().find(|c| c.has_tag_name("path")).unwrap();
            let text = path.attribute("d").unwrap().replace(['M', 'L', 'C'], " ");
            let numbers: Vec<f64> = text
                .split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect();
            numbers.chunks(2).map(|c| (c[0], c[1])).collect()
        })
        .collect()
}

#[test]
fn no_edge_runs_through_a_box() {
    for graph in [three(), robot(), many(12, 20), many(40, 70)] {
        let picture = svg(&graph);
        let boxes = rects(&picture);
        let boxes = &boxes[boxes.len() - graph.nodes.len()..];
        let paths = points(&picture);
        assert!(!paths.is_empty());
        for pair in paths.iter().flat_map(|path| path.windows(2)) {
            for step in 0..=20 {
                let part = f64::from(step) / 20.0;
                let x = pair[0].0 + (pair[1].0 - pair[0].0) * part;
                let y = pair[0].1 + (pair[1].1 - pair[0].1) * part;
                for b in boxes {
                    let inside =
                        x > b[0] + 0.2 && x < b[2] - 0.2 && y > b[1] + 0.2 && y < b[3] - 0.2;
                    assert!(!inside, "{x} {y} {b:?}");
                }
            }
        }
    }
}

#[test]
fn a_robot_of_forty_deployments_fits_a_screen() {
    let graph = robot();
    assert_eq!(graph.nodes.len(), 40);
    let picture = svg(&graph);
    let document = roxmltree::Document::parse(&picture).unwrap();
    let root = document.root_element();
    let (width, height) = (number(root, "width"), number(root, "height"));
    assert!((1.1..2.3).contains(&(width / height)), "{width} {height}");
    assert!(
        width < 2600.0,
        "letters are too small to read when it fits: {width}"
    );
}

#[test]
fn what_failed_and_what_flows_in_part_look_their_own() {
    let picture = svg(&robot());
    let document = roxmltree::Document::parse(&picture).unwrap();
    let dashes = |class: &'static str| {
        let groups =
            { document.descendants() }.filter(move |n| n.attribute("class") == Some(class));
        groups.filter_map(|group| {
            let drawn = { group.children() }.find(|c| c.has_attribute("stroke"));
            drawn.and_then(|c| c.attribute("stroke-dasharray"))
        })
    };
    let mut edges: Vec<&str> = dashes("edge").collect();
    edges.sort_unstable();
    assert_eq!(edges, ["14 4 3 4", "6 4"], "one in part, one not at all");
    let fill = |name: &str| {
        let mut texts = document.descendants().filter(|n| n.has_tag_name("text"));
        let group = texts.find(|n| n.text() == Some(name)).unwrap().parent();
        let rect = group.unwrap().children().find(|c| c.has_tag_name("rect"));
        rect.unwrap().attribute("fill").unwrap().to_owned()
    };
    let fills: std::collections::BTreeSet<String> = ["depth", "speech", "gps", "joystick", "imu"]
        .map(fill)
        .into();
    assert_eq!(
        fills.len(),
        5,
        "failed, in error, pending, stopped, running"
    );
}

#[test]
fn names_cannot_leave_their_quotes() {
    let mut graph = three();
    graph.nodes[0].name = "a\"b\\ ü]".into();
    assert!(dot(&graph).contains("a\\\"b\\\\ ü]\\n"));
    assert!(mermaid(&graph).contains("[\"a#34;b#92; ü#93;<br/>"));
    assert!(text(&graph).contains("  calls          /teleport_turtle of SIMULATOR"));
}

#[test]
fn what_is_measured_is_told() {
    let mut graph = three();
    let shown = |graph: &DependencyGraph| (text(graph), svg(graph));
    let (before, drawn) = shown(&graph);
    assert!(!before.contains(" Hz") && !drawn.contains(" Hz"));
    let pose = Arc::make_mut(&mut graph.edges[2]);
    pose.messages_per_second = Some(10.0);
    pose.bytes_per_second = Some(2400.0);
    let (words, drawn) = shown(&graph);
    assert!(words.contains("/sim/pose -> COMMAND CENTER, 10 Hz, 2.4 kB/s\n"));
    assert!(words.contains("/sim/pose <- SIMULATOR, 10 Hz, 2.4 kB/s\n"));
    assert!(drawn.contains("/sim/pose [], 10 Hz, 2.4 kB/s\n"));
    let mut words = |messages: f64, bytes: f64| {
        let edge = Arc::make_mut(&mut graph.edges[2]);
        (edge.messages_per_second, edge.bytes_per_second) = (Some(messages), Some(bytes));
        bundle::rate(edge)
    };
    assert_eq!(words(0.0, 0.0), ", 0 Hz, 0 B/s");
    assert_eq!(words(0.254, 25.4), ", 0.25 Hz, 25 B/s");
    assert_eq!(words(1234.0, 999_999.0), ", 1200 Hz, 1 MB/s");
    assert_eq!(words(30.0, 3e15), ", 30 Hz, 3000000 GB/s");
}
