//! What is written of the dependency graph, and what ROS reads of it.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::*;
use crate::domain::dependency_graph::{EdgeKind, QosWords};

fn endpoint(of: u8) -> GraphEndpoint {
    GraphEndpoint {
        ros_node: format!("/n{of}").into(),
        gid: Gid([of; 16]),
        type_name: format!("type{of}").into(),
        type_hash: format!("hash{of}").into(),
        qos: QosWords {
            reliability: format!("reliability{of}").into(),
            durability: format!("durability{of}").into(),
            history: format!("history{of}").into(),
            depth: 40 + u32::from(of),
            liveliness: format!("liveliness{of}").into(),
            deadline: Some(0.5),
            lifespan: None,
            liveliness_lease: Some(2.0),
        },
    }
}

/// Each field is another one, so that none can be taken for another.
fn graph() -> DependencyGraph {
    let ros_node = RosNode {
        domain_id: 7,
        name: "/camera".into(),
        participant: "participant".into(),
        middleware: "middleware".into(),
        component: "component".into(),
        executable: "executable".into(),
        container_id: "container".into(),
        paused: true,
        evidence: "nul\0evidence".into(),
    };
    let deployment = NodeKind::Deployment {
        package: "package".to_owned(),
        version: "1.2.3".to_owned(),
        phase: "Succeeded".to_owned(),
        status: "Running".to_owned(),
        reason: "a reason, in Zürich".to_owned(),
    };
    let outside = NodeKind::External {
        host: "host".to_owned(),
        process: "42".to_owned(),
    };
    let node = |id: &str, kind, ros_nodes| GraphNode {
        id: id.into(),
        name: format!("the name of {id}"),
        kind,
        ros_nodes,
    };
    let problem = |of: &str| Problem {
        text: format!("problem {of}"),
        remedy: format!("remedy {of}"),
    };
    DependencyGraph {
        ros_details: true,
        nodes: vec![
            node("one", deployment, vec![ros_node]),
            node("two", outside, Vec::new()),
        ],
        edges: vec![Arc::new(GraphEdge {
            kind: EdgeKind::Topic,
            source: "one".into(),
            target: Arc::from("two"),
            name: "/image".into(),
            domain_id: 9,
            type_name: "type".into(),
            source_endpoints: vec![endpoint(1)],
            target_endpoints: vec![endpoint(2), endpoint(3)],
            flow: Flow::Partly,
            problems: vec![problem("a"), problem("b")],
            messages_per_second: Some(30.0),
            bytes_per_second: None,
        })],
        remarks: vec![Remark {
            kind: RemarkKind::NearMiss,
            nodes: vec!["one".to_owned(), "two".to_owned()],
            name: "/imag".to_owned(),
            text: "text".to_owned(),
            remedy: "remedy".to_owned(),
        }],
    }
}

#[test]
fn what_is_written_is_what_ros_reads_field_for_field() {
    let now = WallTime(1_700_000_000_123_456_789);
    for graph in [graph(), DependencyGraph::default()] {
        let read = dependency_graph(&graph, now).unwrap();
        let written = serde_json::to_value(message(&graph, now)).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), written);
    }
}

#[test]
fn a_nul_ends_no_text() {
    let read = dependency_graph(&graph(), WallTime(0)).unwrap();
    let evidence = &read
        .nodes
        .first()
        .unwrap()
        .ros_nodes
        .first()
        .unwrap()
        .evidence;
    assert_eq!(evidence, "nul\u{fffd}evidence");
}

#[test]
fn what_is_copied_is_what_would_be_written() {
    let mut encoder = Encoder::default();
    let mut now = WallTime(0);
    let mut check = |graph: &DependencyGraph| {
        now = WallTime(now.0 + 1);
        let written = encoded(graph, now).unwrap();
        assert!(encoder.encode(graph, now).unwrap() == written);
    };
    let mut graph = graph();
    check(&graph);
    // Names of several lengths, so that nothing begins where it did.
    for number in 0..12 {
        let mut edge = GraphEdge::clone(&graph.edges[0]);
        edge.name = format!("/{}", "x".repeat(number)).into();
        graph.edges.insert(number / 2, Arc::new(edge));
        check(&graph);
        check(&graph);
    }
    graph.edges.remove(3);
    check(&graph);
    graph.edges.swap(1, 7);
    check(&graph);
    Arc::make_mut(&mut graph.edges[5]).flow = Flow::No;
    check(&graph);
    "renamed".clone_into(&mut graph.nodes[1].name);
    check(&graph);
    graph.remarks.clear();
    check(&graph);
    graph.edges.clear();
    check(&graph);
}
