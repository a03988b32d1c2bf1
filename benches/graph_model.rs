//! How long the dependency graph takes, with 5 publishers and 5 subscriptions in each of many nodes.
//!
//! Each node is in a container of its own, ten to a deployment, and subscribes to what the nodes before
//! it publish. What counts is the ratio from one size to the next: the time grows as the nodes do.
//! `graph_model_200` is a graph from nothing, `graph_model_200_next` one after another that differs in one
//! publisher, as they come while the node runs. The last lines are the figures, one a line.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use shipmate::domain::dependency_graph::{
    Builder, Observation, ObservedContainer, ObservedDeployment, ObservedDomain, Options, build,
};
use shipmate::domain::graph::{
    Durability, Endpoint, Ends, Gid, GraphView, History, Liveliness, Participant, Reliability, Span,
};
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
        let median = median(&mut times);
        let next = median_of_changes(&world, options, rounds);
        if edges == 0 {
            eprintln!("the graph of {nodes} nodes has no edges");
            return ExitCode::FAILURE;
        }
        println!("figure graph_model_{nodes} {median:.3} ms");
        println!("figure graph_model_{nodes}_next {next:.3} ms");
        println!(
            "figure graph_model_{nodes}_each {:.3} us",
            median * 1e3 / f64::from(nodes)
        );
    }
    ExitCode::SUCCESS
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A publisher comes, and goes again.
fn median_of_changes(world: &Observation, options: Options, rounds: usize) -> f64 {
    let mut with_probe = world.clone();
    for domain in with_probe.domains.values_mut() {
        let view = Arc::make_mut(&mut domain.view);
        let probe = ends(&mut view.topics, "/topic_0".to_owned());
        probe.offering.push(endpoint(1, 2 * EACH));
    }
    let mut builder = Builder::new(options);
    builder.next_graph(world.clone());
    let mut times = Vec::new();
    for seen in [&with_probe, world].into_iter().cycle().take(rounds) {
        let seen = seen.clone();
        let began = Instant::now();
        builder.next_graph(seen);
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    median(&mut times)
}

fn world(nodes: u32) -> Observation {
    let mut observation = Observation::default();
    let mut view = GraphView::default();
    let participants = Arc::make_mut(&mut view.participants);
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
        let said = Participant {
            hostname: Some(hostname),
            ..Participant::default()
        };
        participants.insert(gid(node, 0).participant(), said);
        for number in 0..EACH {
            let published = format!("/topic_{}", node * EACH + number);
            ends(&mut view.topics, published)
                .offering
                .push(endpoint(node, number));
            let before = (node + nodes - 1 - number * 7 % nodes) % nodes;
            let subscribed = format!("/topic_{}", before * EACH + number);
            ends(&mut view.topics, subscribed)
                .using
                .push(endpoint(node, EACH + number));
        }
    }
    let domain = ObservedDomain {
        view: Arc::new(view),
        ..ObservedDomain::default()
    };
    observation.domains.insert(0, domain);
    observation
}

fn ends(topics: &mut BTreeMap<Arc<str>, Arc<Ends>>, name: String) -> &mut Ends {
    Arc::make_mut(topics.entry(name.into()).or_default())
}

fn gid(node: u32, number: u32) -> Gid {
    let [a, b, c, d] = node.to_be_bytes();
    let [_, x, y, z] = number.to_be_bytes();
    Gid([1, 0x0f, 0, 0, 0, 0, 0, 0, a, b, c, d, x, y, z, 3])
}

fn endpoint(node: u32, number: u32) -> Endpoint {
    Endpoint {
        gid: gid(node, number),
        node: Some(format!("/node_{node}").into()),
        type_name: "std_msgs/msg/String".into(),
        type_hash: None,
        reliability: Reliability::Reliable,
        durability: Durability::Volatile,
        history: History::Unknown,
        deadline: Span::Infinite,
        lifespan: Span::Infinite,
        liveliness: Liveliness::Automatic,
        lease: Span::Infinite,
        first_seen: Monotonic::default(),
    }
}
