//! How long the dependency graph takes, with 5 publishers and 5 subscriptions in each of many nodes.
//!
//! Each node is in a container of its own, ten to a deployment, and subscribes to what the nodes before
//! it publish. What counts is the ratio from one size to the next: the time grows as the nodes do. The
//! last lines are the figures, one a line.

use std::process::ExitCode;
use std::time::Instant;

use shipmate::domain::dependency_graph::{
    Observation, ObservedContainer, ObservedDeployment, ObservedDomain, ObservedEndpoint,
    ObservedParticipant, Options, QosWords, build,
};
use shipmate::domain::graph::Gid;
use shipmate::domain::time::Monotonic;

/// How many nodes, and how many rounds.
const SIZES: [(u32, usize); 3] = [(50, 101), (200, 51), (1000, 21)];
/// Publishers of a node, and subscriptions.
const EACH: u32 = 5;

fn main() -> ExitCode {
    let options = Options {
        ros_details: true,
        ..Options::default()
    };
    for (nodes, rounds) in SIZES {
        let world = world(nodes);
        let mut times = Vec::new();
        let mut edges = 0;
        for _ in 0..rounds {
            let began = Instant::now();
            edges = build(&world, options).edges.len();
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let median = times.get(rounds / 2).copied().unwrap_or_default();
        if edges == 0 {
            eprintln!("the graph of {nodes} nodes has no edges");
            return ExitCode::FAILURE;
        }
        println!("figure graph_model_{nodes} {median:.3} ms");
        println!(
            "figure graph_model_{nodes}_each {:.3} us",
            median * 1e3 / f64::from(nodes)
        );
    }
    ExitCode::SUCCESS
}

fn world(nodes: u32) -> Observation {
    let mut observation = Observation::default();
    let mut domain = ObservedDomain::default();
    for node in 0..nodes {
        let hostname = format!("{node:012x}");
        if node % 10 == 0 {
            observation.deployments.push(ObservedDeployment {
                id: format!("deployment-{node}"),
                ..ObservedDeployment::default()
            });
        }
        if let Some(deployment) = observation.deployments.last_mut() {
            deployment.containers.push(ObservedContainer {
                container_id: format!("{node:064x}"),
                hostname: hostname.clone(),
                ..ObservedContainer::default()
            });
        }
        let said = ObservedParticipant {
            hostname: Some(hostname),
            ..ObservedParticipant::default()
        };
        domain.participants.insert(gid(node, 0).participant(), said);
        for number in 0..EACH {
            let published = domain
                .topics
                .entry(format!("/topic_{}", node * EACH + number));
            let publisher = endpoint(node, number);
            published.or_default().offering.push(publisher);
            let before = (node + nodes - 1 - number * 7 % nodes) % nodes;
            let subscribed = domain
                .topics
                .entry(format!("/topic_{}", before * EACH + number));
            let subscription = endpoint(node, EACH + number);
            subscribed.or_default().using.push(subscription);
        }
    }
    observation.domains.insert(0, domain);
    observation
}

fn gid(node: u32, number: u32) -> Gid {
    let [a, b, c, d] = node.to_be_bytes();
    let [_, x, y, z] = number.to_be_bytes();
    Gid([1, 0x0f, 0, 0, 0, 0, 0, 0, a, b, c, d, x, y, z, 3])
}

fn endpoint(node: u32, number: u32) -> ObservedEndpoint {
    ObservedEndpoint {
        gid: gid(node, number),
        node: Some(format!("/node_{node}")),
        type_name: "std_msgs/msg/String".to_owned(),
        type_hash: String::new(),
        qos: QosWords {
            reliability: "reliable".to_owned(),
            durability: "volatile".to_owned(),
            liveliness: "automatic".to_owned(),
            ..QosWords::default()
        },
        first_seen: Monotonic::default(),
    }
}
