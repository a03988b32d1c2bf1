//! The thread that looks.

use std::time::Duration;

use shipmate::domain::probe::{Answer, RosCheck};

use crate::support::{Place, now};

/// The thread's folder in /proc; None when there is no such thread.
pub fn thread(domain: u8) -> Option<std::path::PathBuf> {
    let name = format!("ros-graph-{domain}");
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name)
        })
}

/// How often the thread has gone to sleep.
pub fn sleeps(thread: &std::path::Path) -> u64 {
    let status = std::fs::read_to_string(thread.join("status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn the_thread_begins_with_the_first_question_and_ends_with_the_node() {
    let place = Place::new();
    let domain = place.domain;
    assert!(thread(domain).is_none(), "nobody has asked yet");
    let node = RosCheck::Node("/a".to_owned());
    place.client.check(&node, &place.since(now())).await;
    assert!(thread(domain).is_some());
    let (client, at) = (place.client.clone(), place.since(now()));
    place.leave().await;
    assert!(thread(domain).is_none(), "it was to end");
    assert_eq!(client.check(&node, &at).await, Answer::NotAsked);
    assert!(thread(domain).is_none(), "it was to stay away");
}

#[tokio::test]
async fn changes_are_told() {
    let place = Place::new();
    let mut changes = place.client.changes(place.domain);
    let at = place.since(now());
    let node = RosCheck::Node("/a".to_owned());
    place.client.check(&node, &at).await;
    changes.borrow_and_update();
    let peer = place.peer("/", "a", &[]);
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, changes.changed())
        .await
        .expect("the peer's coming was not told")
        .unwrap();
    place.eventually(true, &node, &at).await;
    changes.borrow_and_update();
    peer.stop();
    tokio::time::timeout(patience, changes.changed())
        .await
        .expect("the peer's going was not told")
        .unwrap();
    place.leave().await;
}

#[tokio::test]
async fn nothing_is_done_while_nothing_changes() {
    let place = Place::new();
    let at = place.since(now());
    let node = RosCheck::Node("/a".to_owned());
    let _peer = place.peer("/", "a", &["topic:/scan@100"]);
    place.eventually(true, &node, &at).await;
    let thread = thread(place.domain).unwrap();
    // The last changes of the peer's coming arrive in the first of these seconds.
    let mut least = u64::MAX;
    for _ in 0..5 {
        let before = sleeps(&thread);
        tokio::time::sleep(Duration::from_secs(1)).await;
        least = least.min(sleeps(&thread) - before);
    }
    assert_eq!(least, 0, "the thread woke up without a reason");
    place.leave().await;
}

#[tokio::test]
async fn two_domains_are_strangers() {
    let (one, other) = (Place::new(), Place::new());
    let _peer = one.peer("/", "a", &[]);
    let node = RosCheck::Node("/a".to_owned());
    one.eventually(true, &node, &one.since(Default::default()))
        .await;
    // Both by the same client, which the first domain has taught about the node.
    let mut at = one.since(Default::default());
    at.domain = other.domain;
    assert!(matches!(one.client.check(&node, &at).await, Answer::No(_)));
    other.leave().await;
    one.leave().await;
}
