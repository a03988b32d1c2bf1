//! Whose things are, case by case.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use super::super::samples::{at, endpoint, publishing};
use super::super::{Ends, Participant};
use super::*;

/// A container that was started at 10 s.
static CONTAINER: LazyLock<Whereabouts> = LazyLock::new(|| Whereabouts {
    hostname: "c1".to_owned(),
    addresses: vec!["172.17.0.2".parse().unwrap()],
    since: at(10),
    ..Whereabouts::default()
});

/// What is its own, a minute later.
fn own(view: &GraphView) -> Own<'_> {
    own_at(view, 70)
}

fn own_at(view: &GraphView, now: u64) -> Own<'_> {
    Own {
        view,
        at: &CONTAINER,
        now: at(now),
    }
}

fn serving_view(service: &str, server: Endpoint) -> GraphView {
    let mut view = publishing("/rosout", vec![server.clone()]);
    let ends = Ends {
        offering: vec![server],
        using: vec![],
    };
    view.services.insert(service.into(), Arc::new(ends));
    view
}

#[test]
fn what_came_after_the_start_counts() {
    let view = publishing("/scan", vec![endpoint(1, "/lidar", 10)]);
    assert_eq!(own(&view).node("/lidar"), Ok(()));
    assert_eq!(own(&view).publishers("/scan").unwrap().len(), 1);
}

#[test]
fn what_was_there_before_the_start_does_not() {
    let view = publishing("/scan", vec![endpoint(1, "/lidar", 9)]);
    let before = "is only what was on the graph before the container was started";
    assert_eq!(
        own(&view).node("/lidar"),
        Err(format!("node /lidar {before}"))
    );
    assert_eq!(
        own(&view).publishers("/scan"),
        Err(format!("topic /scan {before}"))
    );
}

#[test]
fn a_successor_counts_beside_the_trace_of_its_predecessor() {
    let both = vec![endpoint(1, "/lidar", 2), endpoint(11, "/lidar", 12)];
    let view = publishing("/scan", both.clone());
    assert_eq!(own(&view).node("/lidar"), Ok(()));
    assert_eq!(own(&view).publishers("/scan").unwrap(), [&both[1]]);
}

#[test]
fn a_node_without_endpoints_counts_by_its_moment() {
    let mut view = GraphView::default();
    view.nodes.insert("/quiet".to_owned(), vec![at(2)]);
    assert!(own(&view).node("/quiet").is_err());
    view.nodes.insert("/quiet".to_owned(), vec![at(2), at(11)]);
    assert_eq!(own(&view).node("/quiet"), Ok(()));
    let fresh = own_at(&view, 12).node("/quiet");
    assert!(fresh.is_err(), "its endpoints may be on their way");
}

#[test]
fn who_says_that_it_is_elsewhere_does_not_count() {
    let publisher = endpoint(1, "/lidar", 12);
    let id = publisher.gid.participant();
    let mut view = publishing("/scan", vec![publisher]);
    let mut heard = |hostname: Option<&str>, address: &str| {
        let participant = Participant {
            hostname: hostname.map(str::to_owned),
            addresses: vec![address.parse().unwrap()],
            ..Participant::default()
        };
        Arc::make_mut(&mut view.participants).insert(id, participant);
        own(&view)
            .publishers("/scan")
            .map(|own| own.len())
            .map_err(|why| why.contains("not from this container"))
    };
    assert_eq!(heard(Some("c2"), "172.17.0.3"), Err(true));
    assert_eq!(heard(Some("c1"), "192.168.0.7"), Ok(1), "by its host name");
    assert_eq!(heard(Some("x"), "172.17.0.2"), Ok(1), "by its address");
    assert_eq!(heard(None, "172.17.0.3"), Ok(1), "it does not say");
}

#[test]
fn a_participant_has_a_moment_to_say_where_it_is() {
    let publisher = endpoint(1, "/lidar", 12);
    let id = publisher.gid.participant();
    let mut view = publishing("/scan", vec![publisher]);
    let not_yet = "is on the graph, but it is not known yet from where";
    assert_eq!(
        own_at(&view, 15).node("/lidar"),
        Err(format!("node /lidar {not_yet}"))
    );
    assert_eq!(own_at(&view, 16).node("/lidar"), Ok(()), "it never says");
    let here = Participant {
        hostname: Some("c1".to_owned()),
        ..Participant::default()
    };
    Arc::make_mut(&mut view.participants).insert(id, here);
    assert_eq!(own_at(&view, 12).node("/lidar"), Ok(()));
}

#[test]
fn services_and_actions_are_served_or_not() {
    let server = || endpoint(1, "/arm", 12);
    let view = serving_view("/arm/home", server());
    assert!(own(&view).servers("/arm/home").is_ok());
    assert_eq!(
        own(&view).servers("/gripper"),
        Err("service /gripper is not served".to_owned())
    );
    let view = serving_view("/arm/move/_action/send_goal", server());
    assert!(own(&view).action_servers("/arm/move").is_ok());
    assert_eq!(
        own(&view).action_servers("/arm/moves"),
        Err("action /arm/moves is not served (there is /arm/move)".to_owned())
    );
}

#[test]
fn a_service_with_clients_alone_is_not_served() {
    let mut view = serving_view("/arm/home", endpoint(1, "/arm", 12));
    let ends = Arc::make_mut(view.services.get_mut("/arm/home").unwrap());
    ends.using.append(&mut ends.offering);
    assert!(own(&view).servers("/arm/home").is_err());
}

#[test]
fn a_near_miss_is_mentioned() {
    let view = publishing("/scan_raw", vec![endpoint(1, "/lidar", 12)]);
    assert_eq!(
        own(&view).publishers("/scan_row"),
        Err("topic /scan_row is not published (there is /scan_raw)".to_owned())
    );
    assert_eq!(
        own(&view).node("/camera"),
        Err("node /camera is not on the graph".to_owned())
    );
}

#[test]
fn a_lifecycle_node_serves_its_changes() {
    let plain = publishing("/rosout", vec![endpoint(1, "/arm", 12)]);
    assert_eq!(
        own(&plain).lifecycle("/arm"),
        Err("node /arm is not a lifecycle node: it does not serve /arm/change_state".to_owned())
    );
    let view = serving_view("/arm/change_state", endpoint(1, "/arm", 12));
    assert_eq!(own(&view).lifecycle("/arm"), Ok(()));
    assert!(own(&view).lifecycle("/leg").is_err());
}
