//! What is followed is what one sees who looks for the first time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use shipmate::domain::graph::GraphView;
use shipmate::edge::ros::graph::{GraphClient, Keep};
use tokio::time::timeout;

use crate::support::{Place, now};

/// A killed process stays on the graph for 20 s.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// The node that a churning process makes last.
fn mark(seed: u32) -> String {
    format!("/churned_{seed}")
}

/// Compares what is followed with what a new client sees, until they agree and both have seen all that
/// the processes with these seeds did, and no more of the others.
async fn compare(place: &Place, seeds: &[u32], what: &str) {
    let fresh = GraphClient::new(place.tasks.clone(), place.stop.child_token(), now);
    let keeps = [fresh.keep(place.domain), place.client.keep(place.domain)];
    let [mut fresh_views, mut views] = keeps.each_ref().map(Keep::views);
    let expected: BTreeSet<String> = seeds.iter().map(|seed| mark(*seed)).collect();
    let is_settled = |view: &GraphView| {
        let marks = view
            .nodes
            .keys()
            .filter(|name| name.starts_with("/churned_"));
        marks.cloned().collect::<BTreeSet<_>>() == expected
    };
    let (mut seen, mut followed) = (None, None);
    let agree = async {
        loop {
            seen = fresh_views.borrow_and_update().as_deref().map(facts);
            followed = views.borrow_and_update().as_deref().map(facts);
            if seen == followed && seen.as_ref().is_some_and(is_settled) {
                return;
            }
            let changed = tokio::select! {
                changed = fresh_views.changed() => changed,
                changed = views.changed() => changed,
            };
            changed.unwrap();
        }
    };
    if timeout(PATIENCE, agree).await.is_err() {
        let names = |view: &Option<GraphView>| view.as_ref().map(|it| it.nodes.clone());
        assert_eq!(names(&followed), names(&seen), "{what}");
        assert_eq!(followed, seen, "{what}");
        panic!("{what}: both see the same, and not {expected:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_followed_is_what_is_there() {
    let place = Place::new();
    let _keep = place.client.keep(place.domain);
    let seed = std::process::id();
    println!("the seed is {seed}");
    let seeds = [1, 2, 3, 4].map(|number| seed.wrapping_add(number));
    let churn = seeds.map(|seed| format!("churn:{seed}"));
    let stays = place.peer("/", "stays", &["topic:/scan@5", "service:/home"]);
    let one = place.peer("/", "one", &[&churn[0]]);
    // It has the same name.
    let two = place.peer("/", "one", &[&churn[1]]);
    let three = place.peer("/", "three", &["bare", &churn[2]]);
    compare(&place, &seeds[..3], "after changes").await;
    one.kill();
    three.stop();
    let four = place.peer("/", "one", &["client:/home", &churn[3]]);
    // Who comes now does not see the killed one; who was there does until its lease is over.
    compare(&place, &[seeds[1], seeds[3]], "after one was killed").await;
    drop((stays, two, four));
    place.leave().await;
}
