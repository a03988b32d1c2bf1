//! Which nodes and edges there are.

use super::super::*;
use super::samples::*;

#[test]
fn a_topic_goes_from_the_publisher_to_the_subscriber() {
    let graph = talking().all();
    assert_eq!(ids(&graph), ["one-id", "two-id"]);
    assert_eq!(arrows(&graph), ["one-id -> two-id /image"]);
    let edge = &graph.edges[0];
    assert_eq!((edge.kind, edge.flow), (EdgeKind::Topic, Flow::Yes));
    assert_eq!(&*edge.type_name, STRING);
    assert_eq!(&*edge.source_endpoints[0].ros_node, "/camera");
}

#[test]
fn what_is_equal_gives_what_is_equal_in_any_order() {
    let mut world = talking();
    world
        .topic("/image")
        .offering
        .push(endpoint(1, 2, "/other"));
    let graph = world.all();
    world.topic("/image").offering.reverse();
    world.deployments.reverse();
    assert_eq!(world.all(), graph);
}

#[test]
fn a_dependency_points_to_what_is_needed() {
    let mut world = pair();
    needs(&mut world.deployments[0], "two");
    let graph = build(&world, Options::default());
    assert_eq!(arrows(&graph), ["one-id -> two-id its-two"]);
    assert_eq!(&*graph.edges[0].type_name, "^1");
    assert!(!graph.ros_details);
}

#[test]
fn what_is_over_is_shown_while_something_depends_on_it() {
    let mut world = pair();
    world.deployments[1].over = true;
    world.deployments[1].containers.clear();
    assert_eq!(ids(&build(&world, Options::default())), ["one-id"]);
    needs(&mut world.deployments[0], "two");
    let graph = build(&world, Options::default());
    assert_eq!(ids(&graph), ["one-id", "two-id"]);
    world.deployments.pop();
    let graph = build(&world, Options::default());
    assert_eq!(
        graph.nodes[1].name, "two",
        "it is forgotten, but for its name"
    );
    assert_eq!(arrows(&graph), ["one-id -> two-id its-two"]);
}

#[test]
fn a_service_goes_from_the_server_to_the_client() {
    let mut world = pair();
    let ends = world.service("/map/save");
    ends.offering.push(endpoint(2, 1, "/map"));
    ends.using.push(endpoint(1, 1, "/ui"));
    let graph = world.all();
    assert_eq!(arrows(&graph), ["two-id -> one-id /map/save"]);
    assert_eq!(graph.edges[0].kind, EdgeKind::Service);
}

#[test]
fn an_action_is_one_edge() {
    let mut world = pair();
    let parts = ["send_goal", "cancel_goal", "get_result"];
    for (number, part) in (1..).zip(parts) {
        let ends = world.service(&format!("/arm/move/_action/{part}"));
        ends.offering.push(endpoint(1, number, "/arm"));
        ends.using.push(endpoint(2, number, "/planner"));
        for end in ends.offering.iter_mut().chain(&mut ends.using) {
            end.type_name = "arm/action/Move_SendGoal".into();
        }
    }
    for (number, part) in (7..).zip(["feedback", "status"]) {
        let ends = world.topic(&format!("/arm/move/_action/{part}"));
        ends.offering.push(endpoint(1, number, "/arm"));
        ends.using.push(endpoint(2, number, "/planner"));
    }
    for hidden in [false, true] {
        let options = Options {
            ros_details: true,
            hidden,
            ..Options::default()
        };
        let graph = build(&world, options);
        assert_eq!(arrows(&graph), ["one-id -> two-id /arm/move"]);
        assert_eq!(graph.edges[0].kind, EdgeKind::Action);
        assert_eq!(&*graph.edges[0].type_name, "arm/action/Move");
    }
}

#[test]
fn what_every_node_has_is_shown_only_when_asked_for() {
    let mut world = pair();
    for name in ["/rosout", "/parameter_events", "/_hidden"] {
        let ends = world.topic(name);
        ends.offering.push(endpoint(1, 1, "/a"));
        ends.using.push(endpoint(2, 1, "/b"));
    }
    let ends = world.service("/a/get_parameters");
    ends.offering.push(endpoint(1, 2, "/a"));
    ends.using.push(endpoint(2, 2, "/b"));
    for end in ends.offering.iter_mut().chain(&mut ends.using) {
        end.type_name = "rcl_interfaces/srv/GetParameters".into();
    }
    let graph = world.all();
    assert!(graph.edges.is_empty());
    assert_eq!(
        graph.nodes[0].ros_nodes.len(),
        1,
        "the node is there all the same"
    );
    let options = Options {
        ros_details: true,
        hidden: true,
        ..Options::default()
    };
    assert_eq!(build(&world, options).edges.len(), 4);
    // A service of one's own may have any name.
    let ends = world.service("/a/get_parameters");
    ends.offering[0].type_name = "a/srv/Own".into();
    ends.using[0].type_name = "a/srv/Own".into();
    assert_eq!(world.all().edges.len(), 1);
}

#[test]
fn shipmate_itself_is_not_shown() {
    let mut world = talking();
    world.said(1).hostname = Some("robot".to_owned());
    world.said(1).addresses.clear();
    assert_eq!(world.all().edges.len(), 1);
    world.domain().own_nodes.insert("/camera".to_owned());
    let graph = world.all();
    assert_eq!(ids(&graph), ["one-id", "two-id"]);
    assert!(graph.edges.is_empty());
}

#[test]
fn the_shipmate_of_another_robot_is_shown() {
    let mut world = talking();
    world.said(1).hostname = Some("robot".to_owned());
    world.said(1).process = Some("42".to_owned());
    world.said(1).addresses.clear();
    let own = |hostname: &str, process: &str| {
        Some(OwnNode {
            name: "/camera".to_owned(),
            hostname: hostname.to_owned(),
            process: process.to_owned(),
        })
    };
    world.domain().own_node = own("robot", "42");
    assert!(world.all().edges.is_empty());
    world.domain().own_node = own("robot", "43");
    assert_eq!(world.all().edges.len(), 1);
    world.domain().own_node = own("other", "42");
    assert_eq!(world.all().edges.len(), 1);
    // Who does not say where it is may be shipmate's own.
    world.said(1).hostname = None;
    world.said(1).process = None;
    assert!(world.all().edges.is_empty());
}

#[test]
fn without_external_nothing_points_to_one() {
    let mut world = talking();
    world.topic("/image").using.push(endpoint(9, 1, "/rviz"));
    assert_eq!(world.all().edges.len(), 2);
    let options = Options {
        ros_details: true,
        without_external: true,
        ..Options::default()
    };
    let graph = build(&world, options);
    assert_eq!(arrows(&graph), ["one-id -> two-id /image"]);
    assert_eq!(ids(&graph), ["one-id", "two-id"]);
}

#[test]
fn two_nodes_of_one_deployment_talk_to_each_other() {
    let mut world = pair();
    let ends = world.topic("/tf");
    ends.offering.push(endpoint(1, 1, "/a"));
    ends.using.push(endpoint(1, 2, "/b"));
    assert_eq!(arrows(&world.all()), ["one-id -> one-id /tf"]);
}

#[test]
fn nobody_talks_across_domains() {
    let mut world = talking();
    let viewer = world.topic("/image").using.pop().unwrap();
    let mut other = ObservedDomain::default();
    let two = announced(&container(2));
    other.participants().insert(participant(2), two);
    let ends = other.topic("/image");
    ends.using.push(viewer);
    world.domains.insert(5, other);
    let graph = world.all();
    assert!(graph.edges.is_empty());
    assert_eq!(graph.nodes[1].ros_nodes[0].domain_id, 5);
    assert_eq!(graph.remarks.len(), 1);
    assert_eq!(graph.remarks[0].kind, RemarkKind::NearMiss);
    assert!(graph.remarks[0].text.contains("in the domain 5"));
}
