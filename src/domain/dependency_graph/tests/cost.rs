//! What stops would cost, in words.

use super::super::*;
use super::samples::*;

fn loss(number: usize, kind: EdgeKind) -> Loss {
    Loss {
        node: format!("node-{number}"),
        name: String::new(),
        kind,
        item: String::new(),
        through: Vec::new(),
        text: format!("loss {number}"),
    }
}

#[test]
fn dependencies_come_first_and_long_lists_are_cut() {
    let mut far = loss(9, EdgeKind::Dependency);
    far.through.push("near".to_owned());
    let mut cost = Cost {
        losses: vec![
            loss(1, EdgeKind::Topic),
            far,
            loss(2, EdgeKind::Service),
            loss(3, EdgeKind::Dependency),
        ],
        unseen: Vec::new(),
    };
    assert_eq!(cost.in_words(9), "loss 3; loss 9; loss 1; loss 2");
    assert_eq!(cost.in_words(4), "loss 3; loss 9; loss 1; loss 2");
    assert_eq!(cost.in_words(3), "loss 3; loss 9; loss 1; ... and 1 more");
    assert_eq!(cost.in_words(1), "loss 3; ... and 3 more");
    cost.losses.clear();
    assert_eq!(cost.in_words(3), "nobody would lose anything");
}

#[test]
fn what_is_not_seen_is_said() {
    let mut world = pair();
    assert!(world.unseen().is_empty());
    world.deployments[0].containers[0].domain_id = 7;
    world.deployments[1].containers[0].domain_id = 9;
    world.deployments[1].containers[0].state = ContainerState::Ended;
    assert_eq!(world.unseen(), [7], "what has ended is not on the graph");
    let cost = Cost {
        losses: Vec::new(),
        unseen: vec![7],
    };
    assert_eq!(
        cost.in_words(5),
        "nobody would lose anything; the ROS graph of domain 7 is not seen yet, so that there may \
         be more"
    );
}
