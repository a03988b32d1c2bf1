//! What is there, and whose it is.

use shipmate::domain::probe::{Answer, RosCheck, Whereabouts};

use crate::support::{Place, now};

#[tokio::test]
async fn a_node_is_there_from_its_start_to_its_end() {
    let place = Place::new();
    let at = place.since(now());
    let node = RosCheck::Node("/robot/arm/lidar".to_owned());
    let Answer::No(why) = place.client.check(&node, &at).await else {
        panic!("nothing is there yet");
    };
    assert!(
        why.starts_with("node /robot/arm/lidar is not on the graph (looking since 0."),
        "{why}"
    );
    let peer = place.peer("/robot/arm", "lidar", &[]);
    place.eventually(true, &node, &at).await;
    let elsewhere = RosCheck::Node("/lidar".to_owned());
    place.eventually(false, &elsewhere, &at).await;
    peer.stop();
    place.eventually(false, &node, &at).await;
    place.leave().await;
}

#[tokio::test]
async fn topics_services_and_actions_are_seen() {
    let place = Place::new();
    let at = place.since(now());
    let words = [
        "topic:/scan@1",
        "service:/home",
        "action:/arm/move",
        "client:/gripper",
    ];
    let _peer = place.peer("/", "arm", &words);
    let topic = |name: &str| RosCheck::Topic {
        name: name.to_owned(),
        min_rate: None,
    };
    for there in [
        topic("/scan"),
        RosCheck::Service("/home".to_owned()),
        RosCheck::Action("/arm/move".to_owned()),
    ] {
        place.eventually(true, &there, &at).await;
    }
    for absent in [
        topic("/scam"),
        // It has a client, but no server.
        RosCheck::Service("/gripper".to_owned()),
        RosCheck::Action("/arm".to_owned()),
        // A topic is no service.
        RosCheck::Service("/scan".to_owned()),
    ] {
        place.eventually(false, &absent, &at).await;
    }
    let Answer::No(why) = place.client.check(&topic("/scam"), &at).await else {
        panic!("there is no such topic");
    };
    assert!(why.contains("(there is /scan)"), "{why}");
    place.leave().await;
}

#[tokio::test]
async fn the_trace_of_a_killed_node_is_not_its_successor() {
    let place = Place::new();
    let node = RosCheck::Node("/lidar".to_owned());
    let topic = RosCheck::Topic {
        name: "/scan".to_owned(),
        min_rate: None,
    };
    let first = place.peer("/", "lidar", &["topic:/scan@1"]);
    let before = place.since(now());
    let first_run = place.since(Default::default());
    place.eventually(true, &node, &first_run).await;
    place.eventually(true, &topic, &first_run).await;
    first.kill();
    let restarted = place.since(now());
    for check in [&node, &topic] {
        // The trace is there; the middleware takes some twenty seconds to see that nobody is behind it.
        assert_eq!(place.client.check(check, &before).await, Answer::Yes);
        let Answer::No(why) = place.client.check(check, &restarted).await else {
            panic!("the trace of the first run counts for the second");
        };
        assert!(why.contains("before the container was started"), "{why}");
    }
    let _second = place.peer("/", "lidar", &["topic:/scan@1"]);
    place.eventually(true, &node, &restarted).await;
    place.eventually(true, &topic, &restarted).await;
    place.leave().await;
}

#[tokio::test]
async fn a_node_without_any_endpoint_is_seen() {
    let place = Place::new();
    let at = place.since(now());
    let node = RosCheck::Node("/quiet".to_owned());
    let peer = place.peer("/", "quiet", &["bare"]);
    place.eventually(true, &node, &at).await;
    peer.stop();
    place.eventually(false, &node, &at).await;
    place.leave().await;
}

#[tokio::test]
async fn what_another_host_put_there_is_not_the_containers() {
    let place = Place::new();
    let at = place.since(now());
    let container = Whereabouts {
        hostname: "somewhere-else".to_owned(),
        host_network: false,
        addresses: vec![[172, 17, 0, 2].into()],
        ..at.clone()
    };
    let _peer = place.peer("/", "lidar", &["topic:/scan@1"]);
    let topic = RosCheck::Topic {
        name: "/scan".to_owned(),
        min_rate: None,
    };
    for check in [topic, RosCheck::Node("/lidar".to_owned())] {
        place.eventually(true, &check, &at).await;
        let Answer::No(why) = place.eventually(false, &check, &container).await else {
            panic!("it is not this container's");
        };
        assert!(why.contains("but not from this container"), "{why}");
    }
    place.leave().await;
}

#[tokio::test]
async fn what_was_there_before_the_first_question_is_attributed_too() {
    let place = Place::new();
    let _peer = place.peer("/", "lidar", &["topic:/scan@1"]);
    let container = Whereabouts {
        hostname: "somewhere-else".to_owned(),
        ..place.since(Default::default())
    };
    let node = RosCheck::Node("/lidar".to_owned());
    let mut changes = place.client.changes(place.domain);
    // It answers the observer directly, and announces itself to all only seconds later: until then it
    // is not known whose it is.
    loop {
        match place.client.check(&node, &container).await {
            Answer::No(why) if why.contains("not from this container") => break,
            Answer::No(_) => {}
            other => panic!("{other:?}"),
        }
        let patience = std::time::Duration::from_secs(30);
        tokio::time::timeout(patience, changes.changed())
            .await
            .expect("nothing changes")
            .unwrap();
    }
    place.leave().await;
}
