//! A domain that is looked at always.

use std::time::Duration;

use shipmate::domain::graph::Vendor;

use crate::observer::thread;
use crate::support::{Place, hostname};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_changes_is_told_without_a_question() {
    let place = Place::new();
    let keep = place.client.keep(place.domain);
    let mut views = keep.views();
    let peer = place.peer("/", "a", &["topic:/scan@50"]);
    let came = views.wait_for(|view| {
        let Some(view) = view else { return false };
        let Some(ends) = view.topics.get("/scan") else {
            return false;
        };
        let mut ids = ends.offering.iter().map(|end| end.gid.participant());
        ids.any(|id| view.participants.contains_key(&id))
    });
    let view = tokio::time::timeout(PATIENCE, came).await;
    let view = view.unwrap().unwrap().clone().unwrap();
    let scan = &view.topics["/scan"].offering[0];
    let participant = &view.participants[&scan.gid.participant()];
    assert_eq!(participant.hostname, Some(hostname()));
    assert_eq!(participant.process, Some(peer.process().to_string()));
    assert_eq!(participant.conflict, None);
    if let Vendor::FastDds = participant.vendor {
        assert_eq!(participant.enclave.as_deref(), Some("/"));
    }
    let id = scan.gid.participant();
    peer.stop();
    let went = views.wait_for(|view| {
        let gone = |view: &shipmate::domain::graph::GraphView| {
            !view.nodes.contains_key("/a") && !view.participants.contains_key(&id)
        };
        view.as_deref().is_some_and(gone)
    });
    tokio::time::timeout(PATIENCE, went).await.unwrap().unwrap();
    place.leave().await;
}

#[tokio::test]
async fn nothing_is_told_while_nothing_changes() {
    let place = Place::new();
    let keep = place.client.keep(place.domain);
    let mut views = keep.views();
    let _peer = place.peer("/", "a", &["topic:/scan@50"]);
    let came = views.wait_for(|view| {
        view.as_ref()
            .is_some_and(|view| view.nodes.contains_key("/a"))
    });
    tokio::time::timeout(PATIENCE, came).await.unwrap().unwrap();
    // Announcements are repeated every three seconds.
    let quiet = async {
        while tokio::time::timeout(Duration::from_secs(7), views.changed())
            .await
            .is_ok()
        {}
    };
    tokio::time::timeout(PATIENCE, quiet)
        .await
        .expect("it is told all the time");
    assert!(thread(place.domain).is_some());
    drop(keep);
    place.leave().await;
}

#[tokio::test]
async fn who_stops_gets_no_views() {
    let place = Place::new();
    let keep = place.client.keep(place.domain);
    let mut views = keep.views();
    let seen = views.wait_for(Option::is_some);
    tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap();
    place.leave().await;
    assert!(views.borrow().is_none(), "what was seen is not so any more");
}
