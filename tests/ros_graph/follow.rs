//! What is followed is what one sees who looks for the first time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shipmate::domain::graph::GraphView;
use shipmate::edge::ros::graph::GraphClient;

use crate::support::{Place, now};

/// A killed process stays on the graph for 20 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// Until then, what is on the graph has been heard of.
const HEARD: Duration = Duration::from_secs(5);

/// Without the moments, and without what participants announce.
fn facts(view: &GraphView) -> GraphView {
    let mut view = view.clone();
    view.begun = Default::default();
    view.participants = Arc::default();
    for moment in view.nodes.values_mut().flatten() {
        *moment = Default::default();
    }
    for ends in view.topics.values_mut().chain(view.services.values_mut()) {
        let ends = Arc::make_mut(ends);
        for endpoint in ends.offering.iter_mut().chain(&mut ends.using) {
            endpoint.first_seen = Default::default();
        }
    }
    view
}

/// Compares what is followed with what a new client sees, until they agree.
async fn compare(place: &Place, what: &str) {
    let fresh = GraphClient::new(place.tasks.clone(), place.stop.child_token(), now);
    let _keep = fresh.keep(place.domain);
    tokio::time::sleep(HEARD).await;
    let until = Instant::now() + PATIENCE;
    loop {
        let seen = fresh.view(place.domain).await.map(|view| facts(&view));
        let followed = place.client.view(place.domain).await;
        let followed = followed.map(|view| facts(&view));
        assert!(seen.is_some());
        if seen == followed {
            return;
        }
        if Instant::now() > until {
            assert_eq!(followed, seen, "{what}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_followed_is_what_is_there() {
    let place = Place::new();
    let _keep = place.client.keep(place.domain);
    let seed = std::process::id();
    println!("the seed is {seed}");
    let churn = |number: u32| format!("churn:{}", seed.wrapping_add(number));
    let stays = place.peer("/", "stays", &["topic:/scan@5", "service:/home"]);
    let one = place.peer("/", "one", &[&churn(1)]);
    // It has the same name.
    let two = place.peer("/", "one", &[&churn(2)]);
    let three = place.peer("/", "three", &["bare", &churn(3)]);
    compare(&place, "after changes").await;
    one.kill();
    three.stop();
    let four = place.peer("/", "one", &["client:/home", &churn(4)]);
    compare(&place, "after the end of some").await;
    let gone = |view: &GraphView| view.nodes.get("/one").map(Vec::len) == Some(2);
    let until = Instant::now() + PATIENCE;
    while !place
        .client
        .view(place.domain)
        .await
        .is_some_and(|view| gone(&view))
    {
        assert!(Instant::now() < until, "the killed one is still there");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    compare(&place, "after one was killed").await;
    drop((stays, two, four));
    place.leave().await;
}
