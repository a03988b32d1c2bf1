//! From the ROS graph as it is seen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use super::samples::{at, participant};
use crate::domain::graph::samples::{endpoint, publishing};
use crate::domain::graph::{History, Liveliness, Participant, Reliability, Span, Vendor};

#[test]
fn nothing_is_lost_on_the_way() {
    let mut publisher = endpoint(1, "/lidar", 7);
    publisher.reliability = Reliability::BestEffort;
    publisher.type_hash = Some("RIHS01_ab".to_owned());
    publisher.history = History::KeepLast(5);
    publisher.deadline = Span::Of(Duration::from_millis(500));
    publisher.liveliness = Liveliness::ManualByTopic;
    publisher.lease = Span::Of(Duration::from_secs(2));
    let mut view = publishing("/scan", vec![publisher]);
    let said = Participant {
        hostname: Some("c1".to_owned()),
        process: Some("17".to_owned()),
        vendor: Vendor::CycloneDds,
        addresses: vec![[172, 17, 0, 2].into()],
        conflict: Some("two hosts".to_owned()),
        ..Participant::default()
    };
    Arc::make_mut(&mut view.participants).insert(participant(1), said);
    let own = BTreeSet::from(["/shipmate".to_owned()]);
    let domain = ObservedDomain::new(&view, own.clone(), None);
    let found = &domain.topics["/scan"].offering[0];
    assert_eq!(found.node.as_deref(), Some("/lidar"));
    assert_eq!(found.first_seen, at(7));
    assert_eq!(found.qos.reliability, "best_effort");
    assert_eq!(found.qos.durability, "volatile");
    assert_eq!(found.qos.liveliness, "manual_by_topic");
    assert_eq!(
        (found.qos.history.as_str(), found.qos.depth),
        ("keep_last", 5)
    );
    assert_eq!(found.qos.deadline, Some(0.5));
    assert_eq!(found.qos.lifespan, None);
    assert_eq!(found.qos.liveliness_lease, Some(2.0));
    assert_eq!(found.type_hash, "RIHS01_ab");
    assert!(domain.nodes.contains("/lidar"));
    let said = &domain.participants[&participant(1)];
    assert_eq!(said.hostname.as_deref(), Some("c1"));
    assert_eq!(said.process.as_deref(), Some("17"));
    assert_eq!(said.vendor, Vendor::CycloneDds);
    assert_eq!(said.addresses.len(), 1);
    assert_eq!(said.conflict.as_deref(), Some("two hosts"));
    assert_eq!(domain.own_nodes, own);
}
