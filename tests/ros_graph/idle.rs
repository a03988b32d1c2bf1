//! When an action of a container has no goal under way.

use std::time::{Duration, Instant};

use shipmate::domain::probe::{RosCheck, Whereabouts};

use crate::containers::Container;
use crate::support::{Place, now};

const PATIENCE: Duration = Duration::from_secs(30);
/// Too short for a goal that goes on.
const SHORT: Duration = Duration::from_millis(300);
const WORKING: [&str; 2] = ["working:/move", "goal:/move"];

/// Waits while a goal goes on, and sees that the end of the goal ends the waiting.
async fn busy_until(place: &Place, at: &Whereabouts, end: impl FnOnce()) {
    let served = RosCheck::Action("/move".to_owned());
    place.eventually(true, &served, at).await;
    let until = Instant::now() + PATIENCE;
    let busy = Err("a goal of action /move is still under way".to_owned());
    let said = loop {
        let said = place.client.wait_idle("/move", at, SHORT).await;
        // Until the goal has been sent, and the server has said of it.
        if said == busy || Instant::now() > until {
            break said;
        }
    };
    assert_eq!(said, busy);
    let waiting = place.client.wait_idle("/move", at, PATIENCE);
    let mut waiting = std::pin::pin!(waiting);
    let early = tokio::time::timeout(2 * SHORT, &mut waiting).await;
    assert!(early.is_err(), "the goal goes on, but it said {early:?}");
    let begun = Instant::now();
    end();
    assert_eq!(waiting.await, Ok(()));
    println!("the end of the goal was heard after {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_end_of_a_goal_is_waited_for() {
    let place = Place::new();
    let peer = place.peer("/", "arm", &WORKING);
    let at = place.since(Default::default());
    busy_until(&place, &at, || peer.end_work()).await;
    // Of one that comes later, too, who gets the last status and no other.
    let other =
        shipmate::edge::ros::graph::GraphClient::new(place.tasks.clone(), place.stop.clone(), now);
    assert_eq!(other.wait_idle("/move", &at, PATIENCE).await, Ok(()));
    place.leave().await;
}

#[tokio::test]
async fn who_goes_leaves_no_goal_behind() {
    let place = Place::new();
    let peer = place.peer("/", "arm", &WORKING);
    let at = place.since(Default::default());
    busy_until(&place, &at, move || peer.stop()).await;
    place.leave().await;
}

#[tokio::test]
async fn without_a_server_or_a_goal_it_is_idle() {
    let place = Place::new();
    let at = place.since(Default::default());
    assert_eq!(place.client.wait_idle("/move", &at, PATIENCE).await, Ok(()));
    let _peer = place.peer("/", "arm", &["action:/move"]);
    let served = RosCheck::Action("/move".to_owned());
    place.eventually(true, &served, &at).await;
    assert_eq!(place.client.wait_idle("/move", &at, PATIENCE).await, Ok(()));
    place.leave().await;
}

#[tokio::test]
async fn only_the_containers_own_goals_count() {
    let place = Place::new();
    let container = Container::run(&place, "arm", &[], &WORKING);
    let at = container.whereabouts(&place);
    let idle = Container::run(&place, "idle", &[], &["action:/move"]);
    let beside = idle.whereabouts(&place);
    let served = RosCheck::Action("/move".to_owned());
    place.eventually(true, &served, &beside).await;
    busy_until(&place, &at, || {
        container.end_work();
    })
    .await;
    assert_eq!(
        place.client.wait_idle("/move", &beside, PATIENCE).await,
        Ok(())
    );
    drop((container, idle));
    place.leave().await;
}
