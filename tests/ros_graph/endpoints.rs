//! What is known of endpoints.

use std::time::Duration;

use shipmate::domain::graph::{Durability, Endpoint, Liveliness, Reliability, Span};
use shipmate::domain::probe::RosCheck;

use crate::support::{Place, now};

fn is_a_hash(said: Option<&str>) -> bool {
    let digits = said.and_then(|said| said.strip_prefix("RIHS01_"));
    digits.is_some_and(|digits| digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Humble and older have no hashes.
fn has_a_hash(endpoint: &Endpoint) {
    let hash = endpoint.type_hash.as_deref();
    assert!(cfg!(not(type_hashes)) || is_a_hash(hash), "{hash:?}");
}

#[tokio::test]
async fn quality_and_type_are_told() {
    let place = Place::new();
    let at = place.since(now());
    let _peer = place.peer("/", "lidar", &["qos:/scan", "service:/home"]);
    for there in [
        RosCheck::Topic {
            name: "/scan".to_owned(),
            min_rate: None,
        },
        RosCheck::Service("/home".to_owned()),
    ] {
        place.eventually(true, &there, &at).await;
    }
    let view = place.client.view(place.domain).await.unwrap();
    let [scan] = &view.topics["/scan"].offering[..] else {
        panic!("one publisher: {:?}", view.topics["/scan"]);
    };
    assert_eq!(scan.reliability, Reliability::BestEffort);
    assert_eq!(scan.durability, Durability::TransientLocal);
    assert_eq!(scan.deadline, Span::Of(Duration::from_millis(1500)));
    assert_eq!(scan.lifespan, Span::Of(Duration::from_millis(2500)));
    assert_eq!(scan.liveliness, Liveliness::ManualByTopic);
    assert_eq!(scan.lease, Span::Of(Duration::from_secs(3)));
    has_a_hash(scan);
    let [home] = &view.services["/home"].offering[..] else {
        panic!("one server: {:?}", view.services["/home"]);
    };
    assert_eq!(home.reliability, Reliability::Reliable);
    assert_eq!(home.deadline, Span::Infinite);
    assert_eq!(&*home.type_name, "std_srvs/srv/Trigger");
    let parameters = &view.services["/lidar/get_parameters"].offering[0];
    has_a_hash(parameters);
    assert_ne!(parameters.type_hash, scan.type_hash);
    place.leave().await;
}
