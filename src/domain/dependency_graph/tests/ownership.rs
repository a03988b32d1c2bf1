//! Whose a participant is.

use std::net::IpAddr;

use super::super::*;
use super::samples::*;
use crate::domain::graph::Participant;

/// The id of the node that has `/camera`, if it is shown.
fn owner(world: &Observation) -> Option<String> {
    let graph = world.all();
    let has = |node: &&GraphNode| node.ros_nodes.iter().any(|it| &*it.name == "/camera");
    graph.nodes.iter().find(has).map(|node| node.id.to_string())
}

fn is_external(world: &Observation) -> bool {
    owner(world).unwrap().starts_with("external:")
}

fn conflicts(world: &Observation) -> usize {
    let all = world.all().remarks;
    all.iter()
        .filter(|it| it.kind == RemarkKind::Conflict)
        .count()
}

#[test]
fn by_its_host_name_and_it_says_so() {
    let world = talking();
    assert_eq!(owner(&world).unwrap(), "one-id");
    let graph = world.all();
    let node = &graph.nodes[0].ros_nodes[0];
    assert_eq!(
        &*node.evidence,
        "participant 010f00000000000000000001 announces host host-1, which is container \
         000000000000's on the network bridge"
    );
    assert_eq!((&*node.middleware, &*node.executable), ("Fast DDS", "e1"));
}

#[test]
fn by_its_address_when_it_tells_no_host() {
    let mut world = talking();
    world.said(1).hostname = None;
    assert_eq!(owner(&world).unwrap(), "one-id");
    world.said(1).addresses = vec![[10, 0, 0, 9].into()];
    assert!(is_external(&world));
}

#[test]
fn whoever_was_not_heard_is_external() {
    let mut world = talking();
    world.domain().participants().clear();
    assert_eq!(owner(&world).unwrap(), "external:010f00000000000000000001");
    assert_eq!(conflicts(&world), 0);
}

#[test]
fn a_host_name_like_ours_from_elsewhere_is_another_machines() {
    let mut world = talking();
    world.deployments[0].containers[0].host_network = true;
    world.said(1).addresses = vec![[10, 0, 0, 9].into()];
    assert_eq!(owner(&world).unwrap(), "external:host-1:1@10.0.0.9");
    assert_eq!(conflicts(&world), 0);
}

#[test]
fn a_host_name_of_one_and_an_address_of_another_is_a_conflict() {
    let mut world = talking();
    world.said(1).addresses = vec![[172, 17, 0, 2].into()];
    assert!(is_external(&world));
    assert_eq!(conflicts(&world), 1);
    let remark = &world.all().remarks[0];
    assert!(remark.nodes.contains(&"one-id".to_owned()));
    assert!(remark.nodes.contains(&"two-id".to_owned()));
}

#[test]
fn two_containers_of_one_name_have_none() {
    let mut world = talking();
    world.deployments[1].containers[0].hostname = "host-1".to_owned();
    world.deployments[1].containers[0].addresses.clear();
    assert!(is_external(&world));
    assert_eq!(conflicts(&world), 1);
    world.deployments[1].containers[0].addresses = vec![[172, 17, 0, 2].into()];
    assert_eq!(
        owner(&world).unwrap(),
        "one-id",
        "the address tells them apart"
    );
}

#[test]
fn a_machines_address_tells_nothing() {
    let mut world = talking();
    world.deployments[0].containers[0].host_network = true;
    world.said(1).hostname = None;
    assert!(is_external(&world));
}

#[test]
fn what_contradicts_itself_is_nobodys() {
    let mut world = talking();
    world.said(1).conflict = Some("it is here and there".to_owned());
    assert!(is_external(&world));
    assert_eq!(conflicts(&world), 1);
}

#[test]
fn an_earlier_run_is_not_shown() {
    let mut world = talking();
    world.topic("/image").offering[0].first_seen = at(9);
    assert_eq!(owner(&world), None);
    assert!(world.all().edges.is_empty());
    // On a network of containers the address may have changed with the start.
    world.said(1).addresses = vec![[172, 17, 0, 7].into()];
    assert_eq!(owner(&world), None);
}

#[test]
fn whoever_had_the_address_before_does_not_contradict() {
    let mut world = talking();
    world.said(1).hostname = Some("somebody".to_owned());
    world.topic("/image").offering[0].first_seen = at(9);
    assert!(is_external(&world));
    assert_eq!(conflicts(&world), 0);
}

/// Whoever knows a container's name and address can announce them, with an address of its own beside
/// them so that it may send.
#[test]
fn who_speaks_for_a_container_from_elsewhere_is_flagged() {
    for by_name in [true, false] {
        let mut world = talking();
        let own = world.said(1).addresses.clone();
        let elsewhere = IpAddr::from([192, 168, 1, 66]);
        let said = world.said(1);
        said.hostname = said.hostname.take().filter(|_| by_name);
        said.addresses.push(elsewhere);
        said.senders = [elsewhere].into();
        assert!(is_external(&world));
        assert_eq!(conflicts(&world), 1);
        // From where it is as well, it is the container's.
        world.said(1).senders.extend(own);
        assert!(!is_external(&world));
        assert_eq!(conflicts(&world), 0);
    }
}

#[test]
fn the_ended_vanish_and_the_paused_stay() {
    let mut world = talking();
    world.deployments[0].containers[0].state = ContainerState::Paused;
    let graph = world.all();
    assert!(graph.nodes[0].ros_nodes[0].paused);
    assert_eq!(graph.edges.len(), 1);
    world.deployments[0].containers[0].state = ContainerState::Ended;
    assert_eq!(owner(&world), None);
    assert!(world.all().edges.is_empty());
}

#[test]
fn equal_names_and_processes_are_told_apart() {
    let mut world = talking();
    world
        .topic("/image")
        .offering
        .push(endpoint(2, 9, "/camera"));
    let graph = world.all();
    let has = |node: &GraphNode| node.ros_nodes.iter().any(|it| &*it.name == "/camera");
    assert!(has(&graph.nodes[0]) && has(&graph.nodes[1]));
}

#[test]
fn several_processes_of_a_container_and_several_nodes_of_a_process_are_its() {
    let mut world = talking();
    *world.said(3) = announced(&container(1));
    let image = world.topic("/image");
    image.offering.push(endpoint(3, 1, "/second"));
    image.offering.push(endpoint(3, 2, "/third"));
    let graph = world.all();
    let names = graph.nodes[0].ros_nodes.iter().map(|it| &*it.name);
    assert_eq!(names.collect::<Vec<_>>(), ["/camera", "/second", "/third"]);
    assert_eq!(graph.edges.len(), 1);
    assert_eq!(graph.edges[0].source_endpoints.len(), 3);
}

#[test]
fn external_ones_are_grouped_by_host_and_process() {
    let mut world = talking();
    for number in [7, 8, 9] {
        *world.said(number) = Participant {
            hostname: Some("laptop".to_owned()),
            process: Some(if number == 9 { "43" } else { "42" }.to_owned()),
            ..Participant::default()
        };
        let node = endpoint(number, 1, &format!("/n{number}"));
        world.topic("/image").using.push(node);
    }
    let graph = world.all();
    let expected = [
        "external:laptop:42",
        "external:laptop:43",
        "one-id",
        "two-id",
    ];
    assert_eq!(ids(&graph), expected);
    assert_eq!(graph.nodes[0].ros_nodes.len(), 2);
    assert_eq!(graph.nodes[0].name, "laptop, process 42");
}

#[test]
fn a_node_without_endpoints_is_nowhere() {
    let mut world = talking();
    let nodes = ["/camera", "/quiet"].map(|name| (name.to_owned(), vec![at(20)]));
    world.domain().view().nodes = nodes.into();
    let graph = world.all();
    assert_eq!(ids(&graph), ["external:unknown", "one-id", "two-id"]);
    let names = graph.nodes[0].ros_nodes.iter().map(|it| &*it.name);
    assert_eq!(names.collect::<Vec<_>>(), ["/quiet"]);
    world.domain().own_nodes.insert("/quiet".to_owned());
    assert_eq!(ids(&world.all()), ["one-id", "two-id"]);
}
