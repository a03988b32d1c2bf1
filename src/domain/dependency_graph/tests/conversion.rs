//! From the ROS graph as it is seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::*;
use super::samples::{at, participant};
use crate::domain::graph::samples::{endpoint, publishing};
use crate::domain::graph::{Participant, Reliability};

#[test]
fn nothing_is_lost_on_the_way() {
    let mut publisher = endpoint(1, "/lidar", 7);
    publisher.reliability = Reliability::BestEffort;
    let mut view = publishing("/scan", vec![publisher]);
    let said = Participant {
        hostname: Some("c1".to_owned()),
        addresses: vec![[172, 17, 0, 2].into()],
        ..Participant::default()
    };
    Arc::make_mut(&mut view.participants).insert(participant(1), said);
    let own = BTreeSet::from(["/shipmate".to_owned()]);
    let domain = ObservedDomain::new(&view, own.clone());
    let found = &domain.topics["/scan"].offering[0];
    assert_eq!(found.node.as_deref(), Some("/lidar"));
    assert_eq!(found.first_seen, at(7));
    assert_eq!(found.qos.reliability, "best_effort");
    assert_eq!(found.qos.durability, "volatile");
    assert!(domain.nodes.contains("/lidar"));
    let said = &domain.participants[&participant(1)];
    assert_eq!(said.hostname.as_deref(), Some("c1"));
    assert_eq!(said.addresses.len(), 1);
    assert_eq!(domain.own_nodes, own);
}
