//! How often messages arrive.

use shipmate::domain::probe::{Answer, RosCheck};

use crate::support::{Place, now};

fn scan(min_rate: f64) -> RosCheck {
    RosCheck::Topic {
        name: "/scan".to_owned(),
        min_rate: Some(min_rate),
    }
}

#[tokio::test]
async fn a_rate_is_measured() {
    let place = Place::new();
    let at = place.since(now());
    let peer = place.peer("/", "lidar", &["topic:/scan@20"]);
    place.eventually(true, &scan(5.0), &at).await;
    let Answer::No(why) = place.client.check(&scan(1000.0), &at).await else {
        panic!("20 are not 1000");
    };
    assert!(why.contains("are less than 1000 a second"), "{why}");
    peer.stop();
    let Answer::No(why) = place.eventually(false, &scan(5.0), &at).await else {
        panic!("it is gone");
    };
    assert!(why.contains("is not published"), "{why}");
    place.leave().await;
}

#[tokio::test]
async fn messages_of_another_run_do_not_count() {
    let place = Place::new();
    let _other = place.peer("/", "other", &["topic:/scan@50"]);
    let other = place.since(Default::default());
    place.eventually(true, &scan(10.0), &other).await;
    let at = place.since(now());
    let _slow = place.peer("/", "slow", &["topic:/scan@1"]);
    let published = RosCheck::Topic {
        name: "/scan".to_owned(),
        min_rate: None,
    };
    place.eventually(true, &published, &at).await;
    let Answer::No(why) = place.client.check(&scan(10.0), &at).await else {
        panic!("the other's messages count");
    };
    assert!(why.contains("are less than 10 a second"), "{why}");
    assert_eq!(place.client.check(&scan(10.0), &other).await, Answer::Yes);
    place.leave().await;
}
