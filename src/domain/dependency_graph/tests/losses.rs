//! Who would lose what.

use super::super::*;
use super::samples::*;

fn texts(world: &Observation, id: &str) -> Vec<String> {
    let all = losses(&world.all(), id);
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
    backup.qos.reliability = "best_effort".to_owned();
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
    let all = losses(&world.all(), "one-id");
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].name.as_str(), all[0].through.as_slice()),
        ("three", &["two".to_owned()][..])
    );
    assert_eq!(all[0].text, "three depends on one by way of two");
    assert_eq!(all[1].text, "two depends on one, as its-one");
    assert!(all[1].through.is_empty());
}
