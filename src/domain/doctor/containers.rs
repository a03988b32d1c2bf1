//! Containers that run, whoever started them: which of them with ROS are not heard, and why.

use super::facts::{Facts, RunningContainer};
use super::variables::{self, said};
use super::{Finding, counted};

const CONTAINERS: &str = "running containers";

pub fn findings(facts: &Facts) -> Vec<Finding> {
    let Ok(engine) = &facts.engine else {
        return Vec::new();
    };
    let running = match &engine.containers {
        Ok(running) => running,
        Err(cause) => return vec![Finding::unseen(CONTAINERS, cause)],
    };
    let with_ros: Vec<_> = { running.containers.iter() }
        .filter(|it| has_ros(it))
        .collect();
    // A domain that is none has a finding of its own.
    let domain = variables::domain(&facts.environment).ok();
    let mut all: Vec<Finding> = { with_ros.iter() }
        .flat_map(|it| of_one(it, domain))
        .collect();
    if all.is_empty() {
        all.push(Finding::ok(
            CONTAINERS,
            format!(
                "{}, {} with ROS; nothing keeps those from being heard",
                counted(running.containers.len(), "container"),
                with_ros.len()
            ),
        ));
    }
    if running.left_out > 0 {
        let cause = format!("{} beyond the first are too many", running.left_out);
        all.push(Finding::unseen(CONTAINERS, &cause));
    }
    all
}

/// Whether there seem to be nodes of ROS 2 in it.
pub fn has_ros(container: &RunningContainer) -> bool {
    let is_first = said(&container.environment, "ROS_VERSION") == Some("1");
    !container.environment.is_empty() && !is_first
}

fn of_one(container: &RunningContainer, domain: Option<u8>) -> Vec<Finding> {
    let subject = format!("container {}", container.name);
    let reasons = [
        unreachable(container),
        range(container),
        memory(container),
        other_domain(container, domain),
        empty_peers(container),
    ];
    let reasons = reasons.into_iter().flatten();
    reasons
        .map(|(text, remedy)| Finding::warning(subject.as_str(), text, remedy))
        .collect()
}

type Reason = Option<(String, String)>;

fn reason(text: impl Into<String>, remedy: impl Into<String>) -> Reason {
    Some((text.into(), remedy.into()))
}

/// Networks over which no multicast goes.
fn unreachable(container: &RunningContainer) -> Reason {
    if container.network_mode == "none" {
        return reason(
            "it has no network, so nobody hears its nodes",
            "start it on a bridge network, or with `--network host`",
        );
    }
    let overlays: Vec<&str> = { container.networks.iter() }
        .filter(|(_, driver)| *driver == "overlay")
        .map(|(name, _)| name.as_str())
        .collect();
    let all = !overlays.is_empty() && overlays.len() == container.networks.len();
    let helped = ["ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER"]
        .iter()
        .any(|name| said(&container.environment, name).is_some());
    match all && !helped {
        true => reason(
            format!(
                "it is on the overlay network {} only, which carries no multicast",
                overlays.join(", ")
            ),
            "set ROS_STATIC_PEERS, use a discovery server or Zenoh, or attach it to a bridge network",
        ),
        false => None,
    }
}

fn range(container: &RunningContainer) -> Reason {
    let (name, value) = variables::range(&container.environment)?;
    let shares_all = container.network_mode == "host" && container.ipc_mode == "host";
    // With all of the machine's it is as a process of the machine.
    let heard = shares_all && value != "OFF";
    if heard || !variables::is_local(&container.environment) {
        return None;
    }
    reason(
        format!("{name}={value}: its nodes hear nobody outside of it, and nobody hears them"),
        format!("start it with {name} unset and ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET"),
    )
}

fn memory(container: &RunningContainer) -> Reason {
    let own = container.network_mode == "host" && container.ipc_mode != "host";
    let configured = variables::profiles(&container.environment).is_some();
    match own && !configured && variables::shares_memory(&container.environment) {
        true => reason(
            "it is on the network `host` with a /dev/shm of its own: Fast DDS sends through that, so its nodes have no names on the graph and no data flows",
            "start it with `-e FASTDDS_BUILTIN_TRANSPORTS=UDPv4`, or with `--ipc host` and the same user as the others",
        ),
        false => None,
    }
}

fn other_domain(container: &RunningContainer, domain: Option<u8>) -> Reason {
    let ours = domain?;
    let theirs = match variables::domain(&container.environment) {
        Ok(theirs) => theirs,
        Err(text) => {
            return reason(
                format!("ROS_DOMAIN_ID={text} is no domain"),
                "start it with a ROS_DOMAIN_ID from 0 to 101",
            );
        }
    };
    if theirs == ours {
        return None;
    }
    let remedy = match container.is_shipmates {
        true => format!(
            "look at it with ROS_DOMAIN_ID={theirs}, or set `ros.domain_id: {ours}` in its package"
        ),
        false => format!(
            "start it with `-e ROS_DOMAIN_ID={ours}`, or look at it with ROS_DOMAIN_ID={theirs}"
        ),
    };
    reason(
        format!("it is in ROS domain {theirs}, and this process in {ours}"),
        remedy,
    )
}

fn empty_peers(container: &RunningContainer) -> Reason {
    let value = container.environment.get("ROS_STATIC_PEERS")?;
    match value.trim() {
        "" => reason(
            "ROS_STATIC_PEERS is set and empty, which is worse than not set",
            "start it without ROS_STATIC_PEERS",
        ),
        _ => None,
    }
}
