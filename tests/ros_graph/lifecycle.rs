//! Lifecycle nodes.

use shipmate::domain::probe::{Answer, RosCheck};

use crate::support::{Place, now};

fn active(node: &str) -> RosCheck {
    RosCheck::Active(node.to_owned())
}

#[tokio::test]
async fn a_lifecycle_node_is_brought_up() {
    let place = Place::new();
    let at = place.since(now());
    let _peer = place.peer("/arm", "driver", &["lifecycle"]);
    for there in [
        RosCheck::Node("/arm/driver".to_owned()),
        RosCheck::Service("/arm/driver/change_state".to_owned()),
        RosCheck::Service("/arm/driver/get_state".to_owned()),
    ] {
        place.eventually(true, &there, &at).await;
    }
    assert_eq!(
        no(place.client.check(&active("/arm/driver"), &at).await),
        "lifecycle node /arm/driver is unconfigured"
    );
    place.client.activate("/arm/driver", &at).await.unwrap();
    assert_eq!(
        place.client.check(&active("/arm/driver"), &at).await,
        Answer::Yes
    );
    // It is active already.
    place.client.activate("/arm/driver", &at).await.unwrap();
    place.leave().await;
}

#[tokio::test]
async fn it_is_said_what_could_not_be_done() {
    let place = Place::new();
    let at = place.since(now());
    let _failing = place.peer("/", "failing", &["failing"]);
    let _plain = place.peer("/", "plain", &[]);
    for node in ["/failing", "/plain"] {
        let node = RosCheck::Node(node.to_owned());
        place.eventually(true, &node, &at).await;
    }
    let served = RosCheck::Service("/failing/change_state".to_owned());
    place.eventually(true, &served, &at).await;
    let failed = place.client.activate("/failing", &at).await.unwrap_err();
    assert_eq!(failed, "lifecycle node /failing failed to configure");
    let plain = place.client.activate("/plain", &at).await.unwrap_err();
    assert!(
        plain.starts_with("node /plain is not a lifecycle node"),
        "{plain}"
    );
    let absent = place.client.activate("/absent", &at).await.unwrap_err();
    assert!(
        absent.starts_with("node /absent is not on the graph"),
        "{absent}"
    );
    assert_eq!(
        no(place.client.check(&active("/failing"), &at).await),
        "lifecycle node /failing is unconfigured"
    );
    place.leave().await;
}

/// Why not, without since when it is looked.
fn no(answer: Answer) -> String {
    let Answer::No(why) = answer else {
        panic!("{answer:?}");
    };
    let said = why.split(" (looking").next().unwrap_or_default();
    said.to_owned()
}
