//! What a stop would do, beside what it does.

use super::dependencies::{Robot, SIMULATOR, needs_simulator};
use crate::domain::deployment::Wanted;
use crate::domain::world::{PlannedStop, WithDependents};

/// The simulator, which `turtle` depends on, which `hand` depends on; and `alone`.
fn robot() -> Robot {
    let mut robot = Robot::new(&[]);
    robot.deploy(SIMULATOR, "").unwrap();
    robot.deploy(&needs_simulator("turtle", ""), "").unwrap();
    let hand = needs_simulator("hand", "").replace("simulator: {version: '^1.0'}", "turtle: {}");
    robot.deploy(&hand, "").unwrap();
    robot
        .deploy(&SIMULATOR.replace("simulator", "alone"), "")
        .unwrap();
    robot.settle();
    robot
}

fn names(plan: &PlannedStop) -> Vec<&str> {
    plan.stops.iter().map(|(_, name)| name.as_str()).collect()
}

#[test]
fn a_planned_stop_is_what_a_stop_does() {
    let expected: [(&str, WithDependents, &[&str]); 5] = [
        ("alone", WithDependents::Refuse, &["alone"]),
        ("hand", WithDependents::Stop, &["hand"]),
        ("turtle", WithDependents::Stop, &["hand", "turtle"]),
        (
            "simulator",
            WithDependents::Stop,
            &["hand", "turtle", "simulator"],
        ),
        ("simulator", WithDependents::Leave, &["simulator"]),
    ];
    for (name, dependents, order) in expected {
        let mut robot = robot();
        let before = format!("{:?}", robot.world);
        let plan = robot.world.plan_stop(name, dependents).unwrap();
        assert_eq!(format!("{:?}", robot.world), before, "nothing is changed");
        assert_eq!(names(&plan), order);
        assert_eq!((plan.name.as_str(), plan.is_over), (name, false));

        robot.log.clear();
        robot.deprovision(name, dependents).unwrap();
        robot.settle();
        let removed: Vec<String> = order.iter().map(|name| format!("remove {name}")).collect();
        assert_eq!(robot.log, removed);
    }
}

#[test]
fn what_is_refused_is_refused_to_the_plan_as_well() {
    let mut robot = robot();
    for name in ["simulator", "turtle", "nobody", ""] {
        let plan = robot
            .world
            .plan_stop(name, WithDependents::Refuse)
            .unwrap_err();
        let real = robot
            .world
            .deprovision(name, WithDependents::Refuse)
            .unwrap_err();
        assert_eq!(plan, real, "{name}");
        let id = robot.world.find(name).map(|it| it.order.id.clone());
        assert_eq!(plan.needed, id, "{name}: whose losses are to be told");
    }
    let all = robot.world.deployments();
    assert!(all.iter().all(|d| d.should_run()));
}

#[test]
fn what_is_over_or_leaves_already_is_told_apart() {
    let mut robot = robot();
    robot
        .deprovision("simulator", WithDependents::Leave)
        .unwrap();
    let leaving = robot
        .world
        .plan_stop("simulator", WithDependents::Refuse)
        .unwrap();
    assert_eq!(names(&leaving), ["simulator"], "it is not gone yet");
    robot.settle();
    let over = |dependents| robot.world.plan_stop("simulator", dependents).unwrap();
    let alone = over(WithDependents::Refuse);
    assert!(alone.is_over && alone.stops.is_empty());
    assert_eq!(
        alone.in_words(),
        "simulator is over already: nothing would be stopped"
    );
    let with_those_left = over(WithDependents::Stop);
    assert_eq!(
        with_those_left.in_words(),
        "simulator is over already; would stop hand, then turtle"
    );
    let simulator = robot.world.find("simulator").unwrap();
    assert_eq!(simulator.wanted, Wanted::Stopped);
    let both = robot
        .world
        .plan_stop("turtle", WithDependents::Stop)
        .unwrap();
    assert_eq!(both.in_words(), "would stop hand, then turtle");
}
