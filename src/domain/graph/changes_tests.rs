//! What is followed, beside what one sees who reads everything each time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "changes_world.rs"]
mod world;

use proptest::prelude::*;

use super::*;
use world::{Act, News, World, act};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_settled_view_is_that_of_reading_everything(
        acts in prop::collection::vec(act(), 1..120),
        takes in 0..2000_u64,
    ) {
        let mut world = World::default();
        world.takes = Duration::from_millis(takes);
        for act in &acts {
            world.act(act);
        }
        world.settle();
        prop_assert_eq!(world.seen(), world.cache.view());
        // And so it stays.
        for act in &acts {
            world.act(act);
        }
        world.settle();
        prop_assert_eq!(world.seen(), world.cache.view());
    }
}

/// A world of processes with a node and a few things each, and all of it seen.
fn settled(processes: u8) -> World {
    let mut world = World::default();
    for number in 0..processes {
        world.begin(true);
        let process = usize::from(number);
        world.act(&Act::Node {
            process,
            name: number,
        });
        for kind in 0..4 {
            world.act(&Act::Thing {
                process,
                node: 0,
                kind,
                name: number,
            });
        }
    }
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    world.read_all = 0;
    world.cache.reads.set(0);
    world
}

#[test]
fn one_more_publisher_takes_one_reading() {
    let mut world = settled(6);
    world.act(&Act::Thing {
        process: 2,
        node: 0,
        kind: 0,
        name: 9,
    });
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    assert_eq!((world.read_all, world.cache.reads.get()), (0, 1));
}

#[test]
fn what_comes_after_a_long_reading_is_not_waited_for() {
    let mut world = settled(6);
    world.takes = Duration::from_secs(3);
    world.read_everything();
    let before = world.now;
    for process in 0..5 {
        world.act(&Act::Thing {
            process,
            node: 0,
            kind: 0,
            name: 9,
        });
    }
    world.settle_until(before + Duration::from_secs(1));
    assert_eq!(world.seen(), world.cache.view());
    assert_eq!(world.read_all, 1);
}

#[test]
fn one_publisher_less_takes_one_reading() {
    let mut world = settled(6);
    world.act(&Act::NoThing {
        process: 2,
        node: 0,
        which: 0,
    });
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    assert_eq!((world.read_all, world.cache.reads.get()), (0, 1));
}

#[test]
fn whoever_is_killed_takes_none() {
    let mut world = settled(6);
    world.act(&Act::Kill { process: 3 });
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    assert_eq!((world.read_all, world.cache.reads.get()), (0, 0));
}

#[test]
fn a_node_of_a_known_name_takes_a_reading_of_everything() {
    let mut world = settled(6);
    world.act(&Act::Node {
        process: 1,
        name: 0,
    });
    world.act(&Act::Thing {
        process: 1,
        node: 1,
        kind: 0,
        name: 0,
    });
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    assert_eq!(world.read_all, 1);
}

#[test]
fn who_does_not_tell_is_found_by_reading_everything() {
    let mut world = settled(5);
    world.begin(false);
    let id = world.id(5).unwrap();
    let at = Some((End::Publishers, "/1".to_owned()));
    let process = world.processes.get_mut(&id).unwrap();
    let gid = process.gid(id);
    process.news.push_back(News::Endpoint(gid, false, at));
    world.settle();
    assert_eq!(world.seen(), world.cache.view());
    assert!(world.read_all > 0);
}

#[test]
fn moments_are_kept() {
    let mut world = settled(3);
    let before = world.view.clone();
    world.now = world.now + Duration::from_secs(5);
    world.act(&Act::Thing {
        process: 0,
        node: 0,
        kind: 0,
        name: 1,
    });
    world.settle();
    let publishers = &world.view.topics["/1"].offering;
    let old = &before.topics["/1"].offering[0];
    assert!(publishers.contains(old));
    assert!(publishers.iter().any(|it| it.first_seen > old.first_seen));
    assert_eq!(world.view.nodes, before.nodes);
}
