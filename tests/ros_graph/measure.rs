//! What looking at a large graph costs. To be run alone:
//!
//!     cargo test --release --test ros_graph -- --ignored --nocapture --test-threads 1 measure

use std::time::Duration;

use crate::observer::{sleeps, thread};
use crate::support::Place;

/// The thread's time on a processor.
fn busy(thread: &std::path::Path) -> Duration {
    let said = std::fs::read_to_string(thread.join("schedstat")).unwrap();
    let nanoseconds = said.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(nanoseconds)
}

/// That of all threads of this process: the middleware's own, and the one that hears announcements.
fn all_busy() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    threads.map(|thread| busy(&thread.unwrap().path())).sum()
}

async fn look_at(number: usize) {
    let log = tracing_subscriber::fmt()
        .with_env_filter("shipmate::edge::ros::graph::observer=trace")
        .with_writer(std::io::stdout);
    // The second of these tests has it already.
    let _ = log.try_init();
    let place = Place::new();
    let keep = place.client.keep(place.domain);
    let mut views = keep.views();
    let _peer = place.peer("/", "n", &[&format!("many:{number}")]);
    let all = views.wait_for(|view| view.as_ref().is_some_and(|view| view.nodes.len() >= number));
    let all = tokio::time::timeout(Duration::from_secs(60), all).await;
    let view = all.unwrap().unwrap().clone().unwrap();
    while tokio::time::timeout(Duration::from_secs(4), views.changed())
        .await
        .is_ok()
    {}
    let thread = thread(place.domain).unwrap();
    let endpoints = view.endpoints().count();
    println!(
        "{number} nodes: {} topics, {} services, {endpoints} ends; {:?} on a processor so far",
        view.topics.len(),
        view.services.len(),
        busy(&thread)
    );
    let (before, slept) = (busy(&thread), sleeps(&thread));
    let all_before = all_busy();
    let time = Duration::from_secs(10);
    tokio::time::sleep(time).await;
    let used = busy(&thread) - before;
    println!(
        "{number} nodes: idle for {time:?}, the thread used {used:?} and woke {} times; with the middleware's \
         threads, it was {:?}",
        sleeps(&thread) - slept,
        all_busy().saturating_sub(all_before)
    );
    println!("one more node:");
    let before = busy(&thread);
    let peer = place.peer("/", "another", &[]);
    while tokio::time::timeout(Duration::from_secs(4), views.changed())
        .await
        .is_ok()
    {}
    println!(
        "{number} nodes: that took {:?} on a processor",
        busy(&thread) - before
    );
    drop(peer);
    place.leave().await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn of_50_nodes() {
    look_at(50).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn of_200_nodes() {
    look_at(200).await;
}
