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
            offering: ends(node, End::Subscriptions, &requests, true, now)?,
            using: ends(node, End::Publishers, &requests, true, now)?,
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

fn endpoint(info: EndpointInfo, now: Monotonic) -> Endpoint {
    Endpoint {
        gid: Gid(info.gid),
        node: full_name(&info.namespace, &info.node),
        type_name: info.type_name,
        reliability: info.reliability,
        durability: info.durability,
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
