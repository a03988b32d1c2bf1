//! Whether data can flow, and why not.

use std::time::Duration;

use proptest::prelude::*;

use super::super::*;
use super::samples::*;
use crate::domain::graph::{Durability, Endpoint, Liveliness, Reliability, Span};

fn span(seconds: Option<f64>) -> Span {
    seconds.map_or(Span::Infinite, |seconds| {
        Span::Of(Duration::from_secs_f64(seconds))
    })
}

fn edge(world: &Observation) -> GraphEdge {
    Arc::unwrap_or_clone(world.all().edges.remove(0))
}

/// Whether /image flows, and the texts of what there is to say.
fn flow(world: &Observation) -> (Flow, Vec<String>) {
    let edge = edge(world);
    let texts = edge.problems.into_iter().map(|problem| problem.text);
    (edge.flow, texts.collect())
}

/// With the QoS of both ends changed.
fn with(offer: impl Fn(&mut Endpoint), ask: impl Fn(&mut Endpoint)) -> (Flow, Vec<String>) {
    let mut world = talking();
    let ends = world.topic("/image");
    offer(&mut ends.offering[0]);
    ask(&mut ends.using[0]);
    flow(&world)
}

fn no(text: &str) -> (Flow, Vec<String>) {
    (Flow::No, vec![text.to_owned()])
}

const YES: (Flow, Vec<String>) = (Flow::Yes, Vec::new());

#[test]
fn reliability() {
    let best_effort = |qos: &mut Endpoint| qos.reliability = Reliability::BestEffort;
    let expected = no("/camera publishes best_effort, /viewer asks for reliable");
    assert_eq!(with(best_effort, |_| {}), expected);
    assert_eq!(with(|_| {}, best_effort), YES);
    assert_eq!(with(best_effort, best_effort), YES);
    let unknown = |qos: &mut Endpoint| qos.reliability = Reliability::Unknown;
    assert_eq!(with(unknown, |_| {}).0, Flow::Unknown);
    assert_eq!(with(unknown, best_effort), YES);
}

#[test]
fn durability() {
    let latched = |qos: &mut Endpoint| qos.durability = Durability::TransientLocal;
    let expected = no("/camera publishes volatile, /viewer asks for transient_local");
    assert_eq!(with(|_| {}, latched), expected);
    assert_eq!(with(latched, |_| {}), YES);
    assert_eq!(with(latched, latched), YES);
}

#[test]
fn deadline_and_lease() {
    let deadline = |time| move |qos: &mut Endpoint| qos.deadline = span(time);
    let expected = no("/viewer asks for a deadline of 0.5 s, /camera promises none");
    assert_eq!(with(|_| {}, deadline(Some(0.5))), expected);
    assert_eq!(with(deadline(Some(1.0)), deadline(Some(0.5))).0, Flow::No);
    assert_eq!(with(deadline(Some(0.5)), deadline(Some(0.5))), YES);
    assert_eq!(with(deadline(Some(0.5)), deadline(None)), YES);
    let lease = |time| move |qos: &mut Endpoint| qos.lease = span(time);
    assert_eq!(with(lease(Some(2.0)), lease(Some(1.0))).0, Flow::No);
    assert_eq!(with(lease(Some(1.0)), lease(Some(2.0))), YES);
}

#[test]
fn liveliness() {
    let manual = |qos: &mut Endpoint| qos.liveliness = Liveliness::ManualByTopic;
    assert_eq!(with(|_| {}, manual).0, Flow::No);
    assert_eq!(with(manual, |_| {}), YES);
}

#[test]
fn a_remedy_says_who_has_to_change_what() {
    let mut world = talking();
    world.topic("/image").offering[0].reliability = Reliability::BestEffort;
    assert_eq!(
        edge(&world).problems[0].remedy,
        "let /viewer subscribe with best_effort (as the sensor data QoS does), or /camera use reliable"
    );
}

#[test]
fn of_a_service_the_client_offers() {
    let mut world = pair();
    let ends = world.service("/save");
    ends.offering.push(endpoint(1, 1, "/server"));
    ends.using.push(endpoint(2, 1, "/client"));
    ends.offering[0].reliability = Reliability::BestEffort;
    assert_eq!(flow(&world), YES);
    let ends = world.service("/save");
    ends.offering[0].reliability = Reliability::Reliable;
    ends.using[0].reliability = Reliability::BestEffort;
    assert_eq!(flow(&world).0, Flow::No);
}

#[test]
fn types_and_their_definitions_have_to_be_the_same() {
    let mut world = talking();
    let ends = world.topic("/image");
    ends.offering[0].type_hash = Some("RIHS01_1".into());
    assert_eq!(flow(&world), YES, "one does not tell");
    world.topic("/image").using[0].type_hash = Some("RIHS01_2".into());
    let expected =
        "/camera and /viewer were built with different definitions of std_msgs/msg/String";
    assert_eq!(flow(&world), no(expected));
    world.topic("/image").using[0].type_name = "a/msg/B".into();
    assert_eq!(
        flow(&world),
        no("/camera has the type std_msgs/msg/String, /viewer has a/msg/B")
    );
}

#[test]
fn some_of_the_ends_can_be_enough() {
    let mut world = talking();
    let mut second = endpoint(2, 2, "/second");
    second.durability = Durability::TransientLocal;
    world.topic("/image").using.push(second);
    assert_eq!(flow(&world).0, Flow::Partly);
    assert_eq!(edge(&world).problems.len(), 1);
}

/// Both containers, changed alike.
fn both(change: impl Fn(&mut ObservedContainer)) -> Observation {
    let mut world = talking();
    for deployment in &mut world.deployments {
        deployment.containers.iter_mut().for_each(&change);
    }
    world
}

#[test]
fn on_the_hosts_network_memory_has_to_be_shared_or_not_used() {
    let host = |it: &mut ObservedContainer| it.host_network = true;
    let mut world = both(host);
    assert_eq!(flow(&world).0, Flow::No);
    assert!(
        edge(&world).problems[0]
            .remedy
            .contains("FASTDDS_BUILTIN_TRANSPORTS=UDPv4")
    );
    world.deployments[0].containers[0].builtin_transports = Some("UDPv4".to_owned());
    assert_eq!(flow(&world), YES);
    world.deployments[0].containers[0].discovery_range = Some("LOCALHOST".to_owned());
    assert_eq!(flow(&world).0, Flow::No);
    let mut world = both(|it| {
        host(it);
        it.ipc = Ipc::Host;
        it.user = Some("0".to_owned());
    });
    assert_eq!(flow(&world), YES);
    world.deployments[1].containers[0].user = Some("1000".to_owned());
    assert_eq!(flow(&world).0, Flow::No);
}

#[test]
fn localhost_is_each_containers_own() {
    let mut world = talking();
    world.deployments[0].containers[0].discovery_range = Some("LOCALHOST".to_owned());
    let expected =
        no("c/e1 looks no further than itself: ROS_AUTOMATIC_DISCOVERY_RANGE is LOCALHOST");
    assert_eq!(flow(&world), expected);
}

#[test]
fn networks_have_to_be_common() {
    let mut world = talking();
    world.deployments[0].containers[0].networks = vec!["own".to_owned()];
    assert_eq!(flow(&world).0, Flow::No);
    world.deployments[0].containers[0]
        .networks
        .push("bridge".to_owned());
    assert_eq!(flow(&world), YES);
}

#[test]
fn in_one_container_nothing_is_in_the_way() {
    let mut world = both(|it| it.host_network = true);
    world.topic("/image").using = vec![endpoint(1, 2, "/viewer")];
    assert_eq!(flow(&world), YES);
}

#[test]
fn of_external_ones_less_is_known() {
    let mut world = talking();
    world.topic("/image").using = vec![endpoint(9, 1, "/rviz")];
    let flow_to = |world: &Observation| {
        let edges = world.all().edges;
        edges[0].flow
    };
    assert_eq!(flow_to(&world), Flow::Unknown, "it was not heard");
    world.said(9).hostname = Some("laptop".to_owned());
    assert_eq!(flow_to(&world), Flow::Yes);
    world.deployments[0].containers[0].host_network = true;
    assert_eq!(flow_to(&world), Flow::Unknown, "it may share no memory");
}

#[test]
fn mixed_implementations_are_warned_of() {
    let mut world = talking();
    let mut viewer = endpoint(2, 1, "/viewer");
    viewer.gid.0[1] = 0x10;
    let said = announced(&container(2));
    world
        .domain()
        .participants()
        .insert(viewer.gid.participant(), said);
    world.topic("/image").using = vec![viewer];
    let (flow, texts) = flow(&world);
    assert_eq!(flow, Flow::Yes);
    assert!(texts[0].starts_with("one end is Cyclone DDS and the other Fast DDS"));
}

fn any_qos() -> impl Strategy<Value = Endpoint> {
    let time = || prop::option::of((1_u32..4).prop_map(f64::from)).prop_map(span);
    (
        prop::sample::select(vec![Reliability::Reliable, Reliability::BestEffort]),
        prop::sample::select(vec![Durability::TransientLocal, Durability::Volatile]),
        prop::sample::select(vec![Liveliness::Automatic, Liveliness::ManualByTopic]),
        time(),
        time(),
    )
        .prop_map(
            |(reliability, durability, liveliness, deadline, lease)| Endpoint {
                reliability,
                durability,
                liveliness,
                deadline,
                lease,
                ..endpoint(1, 1, "/any")
            },
        )
}

proptest! {
    /// DDS puts each policy in an order, and asks for at least as much.
    #[test]
    fn by_the_rules_of_dds(offer in any_qos(), ask in any_qos()) {
        let seconds = |span| match span {
            Span::Of(time) => time.as_secs_f64(),
            _ => f64::MAX,
        };
        let rank = |qos: &Endpoint| [
            f64::from(u8::from(qos.reliability == Reliability::Reliable)),
            f64::from(u8::from(qos.durability == Durability::TransientLocal)),
            f64::from(u8::from(qos.liveliness == Liveliness::ManualByTopic)),
            -seconds(qos.deadline),
            -seconds(qos.lease),
        ];
        let less = rank(&offer).iter().zip(rank(&ask)).filter(|(offer, ask)| *offer < ask).count();
        let of = |policies: &Endpoint| {
            let policies = policies.clone();
            move |end: &mut Endpoint| {
                let (gid, node) = (end.gid, end.node.take());
                *end = Endpoint { gid, node, ..policies.clone() };
            }
        };
        let (flow, texts) = with(of(&offer), of(&ask));
        prop_assert_eq!(flow == Flow::Yes, less == 0);
        prop_assert_eq!(texts.len(), less);
    }
}
