//! Reads the whole graph of a domain once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rcl::{End, EndpointInfo, Node, RclError};
use crate::domain::graph::{Endpoint, Ends, Gid, GraphView, Participants};
use crate::domain::time::Monotonic;

/// What rmw says as long as it does not know the name.
const UNKNOWN: &str = "_NODE_NAME_UNKNOWN_";

/// The graph as it is now, with everything seen just now.
pub fn read(
    node: &Node,
    participants: Arc<Participants>,
    now: Monotonic,
) -> Result<GraphView, RclError> {
    let mut nodes: BTreeMap<String, Vec<Monotonic>> = BTreeMap::new();
    for (namespace, name) in node.node_names()? {
        if let Some(full_name) = full_name(&namespace, &name) {
            nodes.entry(full_name).or_default().push(now);
        }
    }
    let topics = read_all(node.topic_names()?, |topic| {
        Ok(Ends {
            offering: ends(node, End::Publishers, topic, false, now)?,
            using: ends(node, End::Subscriptions, topic, false, now)?,
        })
    })?;
    // rcl does not say who is at the ends of a service. In DDS a service is two topics, and its servers
    // subscribe the one with the requests.
    let services = read_all(node.service_names()?, |service| {
        let requests = format!("rq{service}Request");
        Ok(Ends {
            offering: servings(node, End::Subscriptions, &requests, now)?,
            using: servings(node, End::Publishers, &requests, now)?,
        })
    })?;
    Ok(GraphView {
        begun: now,
        nodes,
        topics,
        services,
        participants,
    })
}

fn read_all(
    names: Vec<String>,
    read: impl Fn(&str) -> Result<Ends, RclError>,
) -> Result<BTreeMap<String, Ends>, RclError> {
    names
        .into_iter()
        .map(|name| read(&name).map(|ends| (name, ends)))
        .collect()
}

fn ends(
    node: &Node,
    end: End,
    topic: &str,
    as_is: bool,
    now: Monotonic,
) -> Result<Vec<Endpoint>, RclError> {
    let found = node.endpoints(end, topic, as_is)?;
    let mut endpoints: Vec<_> = found.into_iter().map(|info| endpoint(info, now)).collect();
    // So that a view is equal to the next one unless something has changed.
    endpoints.sort_unstable_by_key(|endpoint| endpoint.gid);
    Ok(endpoints)
}

/// The ends of a service, by the topic of its requests.
fn servings(
    node: &Node,
    end: End,
    requests: &str,
    now: Monotonic,
) -> Result<Vec<Endpoint>, RclError> {
    let mut found = ends(node, end, requests, true, now)?;
    for endpoint in &mut found {
        if let Some(service) = service_type(&endpoint.type_name) {
            endpoint.type_name = service;
        }
    }
    Ok(found)
}

/// The type of a service by DDS' name for that of its requests, `std_srvs::srv::dds_::Empty_Request_`.
fn service_type(requests: &str) -> Option<String> {
    let (package, name) = requests.split_once("::dds_::")?;
    let name = name.strip_suffix("_Request_")?;
    Some(format!("{}/{name}", package.replace("::", "/")))
}

fn endpoint(info: EndpointInfo, now: Monotonic) -> Endpoint {
    Endpoint {
        gid: Gid(info.gid),
        node: full_name(&info.namespace, &info.node),
        type_name: info.type_name,
        reliability: info.reliability,
        durability: info.durability,
        history: info.history,
        deadline: info.deadline,
        lifespan: info.lifespan,
        liveliness: info.liveliness,
        lease: info.lease,
        type_hash: info.type_hash,
        first_seen: now,
    }
}

/// A node's full name; None when it is not known yet.
fn full_name(namespace: &str, name: &str) -> Option<String> {
    let known = !name.is_empty() && name != UNKNOWN;
    known.then(|| format!("{}/{name}", namespace.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_the_name_that_ros_gives_its_type() {
        let type_of = |requests| service_type(requests).unwrap_or_default();
        assert_eq!(
            type_of("std_srvs::srv::dds_::Empty_Request_"),
            "std_srvs/srv/Empty"
        );
        assert_eq!(
            type_of("a::action::dds_::Move_SendGoal_Request_"),
            "a/action/Move_SendGoal"
        );
        assert_eq!(service_type("std_msgs::msg::dds_::String_"), None);
    }

    #[test]
    fn names_begin_with_one_slash() {
        assert_eq!(full_name("/", "a"), Some("/a".to_owned()));
        assert_eq!(
            full_name("/robot/arm", "a"),
            Some("/robot/arm/a".to_owned())
        );
        assert_eq!(full_name("_NODE_NAMESPACE_UNKNOWN_", UNKNOWN), None);
        assert_eq!(full_name("/", ""), None);
    }
}
