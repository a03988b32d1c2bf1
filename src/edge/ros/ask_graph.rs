//! Asks a running shipmate for its dependency graph, from a program of its own.

use std::time::{Duration, Instant};

use futures::FutureExt;
use r2r::shipmate::srv::GetDependencyGraph;
use r2r::{Client, Context, Node, QosProfile};

use crate::domain::dependency_graph::Options;

/// How long one look for news takes at most.
const SPIN: Duration = Duration::from_millis(50);
/// When the question is asked again: DDS drops an answer while the node that is asked has not found the
/// one that asks.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The graph of the node with this full name, as JSON.
///
/// # Errors
/// In words, when nobody answers in time, or the answer is no graph.
pub fn ask(asked: &str, options: Options, within: Duration) -> Result<String, String> {
    let refused = |error: r2r::Error| format!("the ROS graph cannot be joined: {error}");
    let context = Context::create().map_err(refused)?;
    // Names that begin with an underscore are hidden by ROS' tools, and by the graph that is asked for.
    let name = format!("_shipmate_ask_{}", std::process::id());
    let mut node = Node::create(context, &name, "").map_err(refused)?;
    let service = format!("{asked}/get_dependency_graph");
    let client = node
        .create_client::<GetDependencyGraph::Service>(&service, QosProfile::services_default())
        .map_err(|error| format!("{asked:?} is no name of a node: {error}"))?;
    let answer = answer(&mut node, &client, options, within).map_err(|why| {
        let domain = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
        let domain = if domain.is_empty() { "0" } else { &domain };
        format!(
            "{why} within {within:?}: is {asked} running in ROS_DOMAIN_ID {domain}? `--node` names another one"
        )
    })?;
    match answer.success {
        true => Ok(answer.text),
        false => Err(format!("{asked}: {}", answer.message)),
    }
}

fn answer(
    node: &mut Node,
    client: &Client<GetDependencyGraph::Service>,
    options: Options,
    within: Duration,
) -> Result<GetDependencyGraph::Response, String> {
    let until = Instant::now() + within;
    let request = GetDependencyGraph::Request {
        ros_details: options.ros_details,
        without_external: options.without_external,
        hidden: options.hidden,
        format: "json".to_owned(),
    };
    let lost = |error: r2r::Error| format!("the question could not be asked: {error}");
    let there = Node::is_available(client).map_err(lost)?;
    let there = spin_for(node, there, until);
    there
        .ok_or("nobody offers `get_dependency_graph`")?
        .map_err(lost)?;
    while Instant::now() < until {
        let answer = client.request(&request).map_err(lost)?;
        let again = until.min(Instant::now() + ASK_AGAIN);
        if let Some(answer) = spin_for(node, answer, again) {
            return answer.map_err(lost);
        }
    }
    Err("no answer came".to_owned())
}

/// Spins until something is there, or the time is up. r2r has nothing that wakes whoever waits, so each
/// look for news is followed by one for the answer.
fn spin_for<T>(node: &mut Node, wanted: impl Future<Output = T>, until: Instant) -> Option<T> {
    let mut wanted = std::pin::pin!(wanted);
    while Instant::now() < until {
        node.spin_once(SPIN);
        if let Some(found) = wanted.as_mut().now_or_never() {
            return Some(found);
        }
    }
    None
}
