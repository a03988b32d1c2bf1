//! From the ROS graph as it is seen.

use std::time::Duration;

use super::super::*;
use super::samples::*;
use crate::domain::graph::{History, Liveliness, Reliability, Span};

#[test]
fn nothing_is_lost_on_the_way() {
    let mut world = talking();
    let publisher = &mut world.topic("/image").offering[0];
    publisher.reliability = Reliability::BestEffort;
    publisher.type_hash = Some("RIHS01_ab".into());
    publisher.history = History::KeepLast(5);
    publisher.deadline = Span::Of(Duration::from_millis(500));
    publisher.liveliness = Liveliness::ManualByTopic;
    publisher.lease = Span::Of(Duration::from_secs(2));
    let edge = world.all().edges.remove(0);
    let found = &edge.source_endpoints[0];
    assert_eq!(&*found.ros_node, "/camera");
    assert_eq!(found.gid, endpoint(1, 1, "").gid);
    assert_eq!(
        (&*found.type_name, &*found.type_hash),
        (STRING, "RIHS01_ab")
    );
    assert_eq!(found.qos.reliability, "best_effort");
    assert_eq!(found.qos.durability, "volatile");
    assert_eq!(found.qos.liveliness, "manual_by_topic");
    assert_eq!((&*found.qos.history, found.qos.depth), ("keep_last", 5));
    assert_eq!(found.qos.deadline, Some(0.5));
    assert_eq!(found.qos.lifespan, None);
    assert_eq!(found.qos.liveliness_lease, Some(2.0));
    assert_eq!(&*edge.target_endpoints[0].type_hash, "", "it is not told");
}

#[test]
fn an_endpoint_is_written_with_the_digits_of_its_identifier() {
    let graph = talking().all();
    let written = serde_json::to_value(&graph).unwrap();
    let gid = &written["edges"][0]["source_endpoints"][0]["gid"];
    assert_eq!(gid, &hex::encode(endpoint(1, 1, "").gid.0));
    let read: DependencyGraph = serde_json::from_value(written).unwrap();
    assert_eq!(read, graph);
}
