//! Who would lose what.

use super::super::*;
use super::samples::*;
use crate::domain::graph::{Participant, Reliability};

fn texts(world: &Observation, id: &str) -> Vec<String> {
    texts_without(world, &Stopped::only([id]))
}

fn texts_without(world: &Observation, stopped: &Stopped) -> Vec<String> {
    let all = losses(&world.all(), stopped);
    all.into_iter().map(|loss| loss.text).collect()
}

#[test]
fn subscribers_lose_their_only_publisher() {
    let mut world = talking();
    assert_eq!(
        texts(&world, "one-id"),
        ["two subscribes to /image, which only one publishes"]
    );
    assert!(texts(&world, "two-id").is_empty());
    world
        .topic("/image")
        .offering
        .push(endpoint(9, 1, "/backup"));
    assert!(
        texts(&world, "one-id").is_empty(),
        "another one publishes it"
    );
    let backup = &mut world.topic("/image").offering[1];
    backup.reliability = Reliability::BestEffort;
    assert_eq!(
        texts(&world, "one-id").len(),
        1,
        "nothing flows from the other"
    );
}

#[test]
fn clients_lose_their_only_server() {
    let mut world = pair();
    for service in ["/save", "/arm/_action/send_goal"] {
        let ends = world.service(service);
        ends.offering.push(endpoint(1, 1, "/server"));
        ends.using.push(endpoint(2, 1, "/client"));
    }
    assert_eq!(
        texts(&world, "one-id"),
        [
            "two calls the service /save, which only one serves",
            "two sends goals to /arm, which only one serves"
        ]
    );
}

#[test]
fn dependents_are_lost_one_after_the_other() {
    let mut world = pair();
    let mut three = deployment("three", vec![]);
    needs(&mut three, "two");
    needs(&mut world.deployments[1], "one");
    // A circle ends, too.
    needs(&mut world.deployments[0], "three");
    world.deployments.push(three);
    let all = losses(&world.all(), &Stopped::only(["one-id"]));
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].name.as_str(), all[0].through.as_slice()),
        ("three", &["two".to_owned()][..])
    );
    assert_eq!(all[0].text, "three depends on one by way of two");
    assert_eq!(all[1].text, "two depends on one, as its-one");
    assert!(all[1].through.is_empty());
}

/// `one` and `three` publish /image to `two`; `four` depends on `three`.
fn two_publishers() -> Observation {
    let mut world = talking();
    let third = container(3);
    let said = announced(&third);
    *world.said(3) = said;
    let mut four = deployment("four", vec![]);
    needs(&mut four, "three");
    world.deployments.push(deployment("three", vec![third]));
    world.deployments.push(four);
    let image = world.topic("/image");
    image.offering.push(endpoint(3, 1, "/spare"));
    world
}

#[test]
fn what_several_offer_is_lost_when_all_of_them_stop() {
    let world = two_publishers();
    assert!(texts(&world, "one-id").is_empty());
    let both = Stopped::only(["one-id", "three-id"]);
    assert_eq!(
        texts_without(&world, &both),
        [
            "four depends on three, as its-three",
            "two subscribes to /image, which only one and three publish"
        ]
    );
    let all = losses(&world.all(), &both);
    assert_eq!(all.len(), 2, "one thing is lost once");
}

#[test]
fn who_stops_along_loses_nothing() {
    let world = two_publishers();
    let with_its_dependent = Stopped::only(["three-id", "four-id"]);
    assert!(texts_without(&world, &with_its_dependent).is_empty());
    let with_its_subscriber = Stopped::only(["one-id", "three-id", "two-id", "four-id"]);
    assert!(texts_without(&world, &with_its_subscriber).is_empty());
}

#[test]
fn who_leaves_anyway_loses_nothing_and_is_no_help() {
    let world = two_publishers();
    let mut stopped = Stopped::only(["one-id"]);
    stopped.leaving.insert("three-id".to_owned());
    assert_eq!(
        texts_without(&world, &stopped),
        ["two subscribes to /image, which only one publishes"]
    );
    stopped.leaving.insert("two-id".to_owned());
    assert!(texts_without(&world, &stopped).is_empty());
    let mut third = Stopped::only(["three-id"]);
    third.leaving.insert("four-id".to_owned());
    assert!(texts_without(&world, &third).is_empty());
}

#[test]
fn a_process_outside_of_deployments_loses_as_well_by_the_names_of_its_nodes() {
    let mut world = pair();
    *world.said(9) = Participant {
        hostname: Some("laptop".to_owned()),
        process: Some("12".to_owned()),
        addresses: vec![[10, 0, 0, 9].into()],
        ..Participant::default()
    };
    let image = world.topic("/image");
    image.offering.push(endpoint(1, 1, "/camera"));
    image.using.push(endpoint(9, 1, "/rviz"));
    let all = losses(&world.all(), &Stopped::only(["one-id"]));
    let [loss] = all.as_slice() else {
        panic!("one thing is lost: {all:?}");
    };
    assert!(loss.node.starts_with("external:"), "{}", loss.node);
    assert_eq!(loss.name, "laptop, process 12");
    assert_eq!(
        loss.text,
        "/rviz (laptop, process 12) subscribes to /image, which only one publishes"
    );
    let image = world.topic("/image");
    image.using.push(endpoint(9, 2, "/plot"));
    assert_eq!(
        texts(&world, "one-id"),
        ["/plot and 1 more (laptop, process 12) subscribes to /image, which only one publishes"]
    );
    for end in &mut world.topic("/image").using {
        end.node = None;
    }
    assert_eq!(
        texts(&world, "one-id"),
        ["laptop, process 12 subscribes to /image, which only one publishes"]
    );
}
