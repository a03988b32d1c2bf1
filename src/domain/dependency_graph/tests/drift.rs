//! What was not meant.

use super::super::*;
use super::samples::*;

fn declare(world: &mut Observation, number: usize, kind: DeclaredKind, name: &str) {
    world.deployments[number].declared.push(Declared {
        kind,
        name: name.to_owned(),
        component: "c".to_owned(),
    });
}

fn remarks(world: &Observation) -> Vec<(RemarkKind, String)> {
    let all = world.all().remarks.into_iter();
    all.map(|remark| (remark.kind, remark.name)).collect()
}

#[test]
fn what_is_as_declared_needs_no_remark() {
    let mut world = talking();
    declare(&mut world, 0, DeclaredKind::Publishes, "/image");
    declare(&mut world, 1, DeclaredKind::Subscribes, "/image");
    assert!(remarks(&world).is_empty());
}

#[test]
fn what_is_declared_and_not_there_is_absent_once_it_runs() {
    let mut world = talking();
    declare(&mut world, 0, DeclaredKind::Serves, "/reset");
    assert_eq!(remarks(&world), [(RemarkKind::Absent, "/reset".to_owned())]);
    let text = &world.all().remarks[0].text;
    assert_eq!(
        text,
        "one runs, but nothing in its component c serves the service /reset, as its package says"
    );
    world.deployments[0].status = "Pending".to_owned();
    assert!(remarks(&world).is_empty());
}

#[test]
fn what_is_there_and_not_declared_is_told_where_anything_is() {
    let mut world = talking();
    declare(&mut world, 1, DeclaredKind::Subscribes, "/image");
    world.topic("/more").using.push(endpoint(2, 3, "/viewer"));
    world.topic("/rosout").using.push(endpoint(2, 4, "/viewer"));
    world
        .topic("/other")
        .offering
        .push(endpoint(2, 5, "/viewer"));
    assert_eq!(
        remarks(&world),
        [(RemarkKind::Undeclared, "/more".to_owned())]
    );
}

#[test]
fn hidden_names_can_be_declared() {
    let mut world = talking();
    world
        .topic("/rosout")
        .offering
        .push(endpoint(1, 4, "/camera"));
    declare(&mut world, 0, DeclaredKind::Publishes, "/rosout");
    declare(&mut world, 0, DeclaredKind::Publishes, "/image");
    assert!(remarks(&world).is_empty());
}

/// Whether a publisher of one and a subscription of the other are taken for a near miss.
fn near(one: &str, other: &str) -> bool {
    let mut world = pair();
    world.topic(one).offering.push(endpoint(1, 1, "/a"));
    world.topic(other).using.push(endpoint(2, 1, "/b"));
    match remarks(&world).as_slice() {
        [] => false,
        [(RemarkKind::NearMiss, name)] => name == one,
        more => panic!("{more:?}"),
    }
}

#[test]
fn names_that_nearly_match() {
    assert!(near("/scan_raw", "/scan_row"), "a typo");
    assert!(near("/scan_raw", "/scanraw"), "an underscore");
    assert!(near("/scna_raw", "/scan_raw"), "swapped");
    assert!(near("/front/scan", "/scan"), "a namespace");
    assert!(near("/front/scan", "/lidar/scan"), "another namespace");
    assert!(!near("/joint1", "/joint2"), "numbers are meant to differ");
    assert!(!near("/scan", "/image"));
    assert!(!near("/a", "/b"), "too short");
}

#[test]
fn a_near_miss_is_of_one_type_and_between_two() {
    let mut world = pair();
    world.topic("/scan_raw").offering.push(endpoint(1, 1, "/a"));
    world.topic("/scan_row").using.push(endpoint(2, 1, "/b"));
    assert_eq!(
        world.all().remarks[0].remedy,
        "if they are meant for each other, remap one: `-r /scan_row:=/scan_raw` in `ros.args` of two, or `-r /scan_raw:=/scan_row` in those of one"
    );
    world.topic("/scan_row").using[0].type_name = "a/msg/B".into();
    assert!(remarks(&world).is_empty());
    world.topic("/scan_row").using = vec![endpoint(1, 2, "/a")];
    assert!(remarks(&world).is_empty(), "both are in one deployment");
}

#[test]
fn a_near_miss_is_found_among_thousands() {
    let mut world = pair();
    for number in 0..1000 {
        let (one, other) = (
            format!("/joint_{number}/state"),
            format!("/joint_{number}/stat"),
        );
        let number = number + 10;
        world.topic(&one).offering.push(endpoint(1, number, "/a"));
        world.topic(&other).using.push(endpoint(2, number, "/b"));
    }
    let found = remarks(&world);
    assert_eq!(found.len(), 1000);
}
