//! What flows along edges.

use super::super::*;
use super::samples::*;
use crate::domain::graph::Gid;
use crate::domain::graph::Reliability;
use crate::domain::graph::sampling::{Topic, TopicRate};

const UNNAMED: Gid = Gid([9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]);

fn image() -> Topic {
    Topic {
        domain: 0,
        name: "/image".to_owned(),
        type_name: STRING.to_owned(),
    }
}

fn camera() -> Gid {
    endpoint(1, 1, "/camera").gid
}

/// Rates of a deployment's topics, with so many messages of one byte from a publisher of /image.
fn rates(deployment: &str, publisher: Gid, messages: f64) -> Rates {
    Rates {
        deployments: [deployment.to_owned()].into(),
        topics: [(image(), TopicRate::of_one(publisher, messages))].into(),
    }
}

fn filled(rates: &Rates, graph: &DependencyGraph) -> Vec<Option<f64>> {
    let mut graph = graph.clone();
    rates.fill(&mut graph);
    let edges = graph.edges.iter();
    edges.map(|edge| edge.messages_per_second).collect()
}

#[test]
fn both_ends_of_an_edge_can_be_measured() {
    let graph = talking().all();
    for measured in ["one-id", "two-id"] {
        let wanted = measured_topics(&graph, &[measured.to_owned()].into());
        assert_eq!(wanted, [(image(), [camera()].into())].into());
        let rates = rates(measured, camera(), 10.04);
        assert_eq!(filled(&rates, &graph), [Some(10.0)]);
    }
    let other = "three-id".to_owned();
    assert!(measured_topics(&graph, &[other.clone()].into()).is_empty());
    assert_eq!(filled(&rates(&other, camera(), 10.0), &graph), [None]);
}

#[test]
fn what_was_not_listened_to_yet_is_not_measured() {
    let graph = talking().all();
    let other = Gid([7; 16]);
    assert_eq!(filled(&rates("one-id", other, 10.0), &graph), [None]);
    let nothing = Rates {
        topics: [].into(),
        ..rates("one-id", camera(), 10.0)
    };
    assert_eq!(filled(&nothing, &graph), [None]);
}

#[test]
fn where_nothing_can_flow_nothing_is_measured() {
    let mut world = talking();
    let ends = world.topic("/image");
    ends.offering[0].reliability = Reliability::BestEffort;
    let graph = world.all();
    assert_eq!(graph.edges[0].flow, Flow::No);
    assert!(measured_topics(&graph, &["one-id".to_owned()].into()).is_empty());
    assert_eq!(filled(&rates("one-id", camera(), 10.0), &graph), [None]);
}

#[test]
fn services_and_dependencies_have_no_rate() {
    let mut world = pair();
    let reset = world.service("/reset");
    reset.offering.push(endpoint(1, 1, "/camera"));
    reset.using.push(endpoint(2, 1, "/viewer"));
    needs(&mut world.deployments[0], "two");
    let graph = world.all();
    assert_eq!(graph.edges.len(), 2);
    assert!(measured_topics(&graph, &["one-id".to_owned()].into()).is_empty());
}

#[test]
fn a_publisher_without_a_name_is_told_from_no_other() {
    let mut world = talking();
    let unnamed = rates("one-id", UNNAMED, 10.0);
    assert_eq!(filled(&unnamed, &world.all()), [Some(10.0)]);
    let ends = world.topic("/image");
    ends.offering.push(endpoint(2, 2, "/copy"));
    let graph = world.all();
    assert_eq!(graph.edges.len(), 2);
    assert_eq!(filled(&unnamed, &graph), [None, None]);
    // All publishers are listened to at once.
    let wanted = measured_topics(&graph, &["one-id".to_owned()].into());
    assert_eq!(wanted[&image()].len(), 2);
}

#[test]
fn only_what_is_notable_is_told_anew() {
    let before = rates("one-id", camera(), 10.0);
    assert!(!rates("one-id", camera(), 10.5).differ_from(&before));
    assert!(rates("one-id", camera(), 15.0).differ_from(&before));
    assert!(rates("two-id", camera(), 10.0).differ_from(&before));
    assert!(Rates::default().differ_from(&before));
    assert!(!Rates::default().differ_from(&Rates::default()));
}

#[test]
fn deployments_are_measured_by_id_or_by_name() {
    let mut world = talking();
    // Somebody outside may be called as he likes.
    world
        .topic("/image")
        .using
        .push(endpoint(7, 1, "/stranger"));
    let graph = world.all();
    let external = { graph.nodes.iter() }.find(|it| matches!(it.kind, NodeKind::External { .. }));
    let outside = external.map(|it| it.name.clone()).unwrap_or_default();
    let measured = |ids: &[&str], names: &[&str]| {
        let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        measured_deployments(&graph, &set(ids), &set(names))
    };
    assert_eq!(graph.nodes.len(), 3);
    assert!(measured(&[], &[]).is_empty());
    assert!(measured(&["one", "gone-id"], &["one-id", "gone", &outside]).is_empty());
    assert_eq!(measured(&["one-id"], &[]), ["one-id".to_owned()].into());
    let both = ["one-id".to_owned(), "two-id".to_owned()];
    assert_eq!(measured(&["one-id"], &["two"]), both.into());
}
