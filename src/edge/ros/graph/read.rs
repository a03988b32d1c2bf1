//! Reads the graph of a domain: all of it, or a part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rcl::{self, EndpointInfo, Node, RclError};
use crate::domain::graph::changes::Graph;
use crate::domain::graph::discovery_info::{TOPIC, full_name, parts};
use crate::domain::graph::entities::End;
use crate::domain::graph::{Endpoint, Ends, Gid, GraphView, ParticipantId, Participants};
use crate::domain::time::Monotonic;

/// The graph as it is now, with everything seen just now.
pub fn read(
    node: &Node,
    participants: Arc<Participants>,
    now: Monotonic,
) -> Result<GraphView, RclError> {
    let asked = Asked { node, now };
    let nodes = nodes(node, now)?;
    let topics = asked.all(node.topic_names()?, [End::Publishers, End::Subscriptions])?;
    let services = asked.all(node.service_names()?, [End::Servers, End::Clients])?;
    Ok(GraphView {
        begun: now,
        nodes,
        topics,
        services,
        participants,
    })
}

/// The nodes as they are now.
pub fn nodes(node: &Node, now: Monotonic) -> Result<BTreeMap<String, Vec<Monotonic>>, RclError> {
    let mut nodes: BTreeMap<String, Vec<Monotonic>> = BTreeMap::new();
    for (namespace, name) in node.node_names()? {
        if let Some(full_name) = full_name(&namespace, &name) {
            nodes.entry(full_name).or_default().push(now);
        }
    }
    Ok(nodes)
}

/// The middleware, as it is asked now.
pub struct Asked<'a> {
    /// Through which node.
    pub node: &'a Node,
    /// The present.
    pub now: Monotonic,
}

impl Asked<'_> {
    fn all(
        &self,
        names: Vec<String>,
        [offering, using]: [End; 2],
    ) -> Result<BTreeMap<Arc<str>, Arc<Ends>>, RclError> {
        let each = |name: String| {
            let ends = Ends {
                offering: self.endpoints(offering, &name)?,
                using: self.endpoints(using, &name)?,
            };
            Ok((name.into(), Arc::new(ends)))
        };
        names.into_iter().map(each).collect()
    }

    fn read(&self, end: rcl::End, topic: &str, as_is: bool) -> Result<Vec<Endpoint>, RclError> {
        let found = self.node.endpoints(end, topic, as_is)?;
        let mut endpoints: Vec<_> = { found.into_iter() }
            .map(|info| endpoint(info, self.now))
            .collect();
        // So that a view is equal to the next one unless something has changed.
        endpoints.sort_unstable_by_key(|endpoint| endpoint.gid);
        Ok(endpoints)
    }

    /// The ends of a service, by the topic of its requests. rcl does not say who is at them. In DDS a
    /// service is two topics, and its servers subscribe the one with the requests.
    fn read_service(&self, end: rcl::End, service: &str) -> Result<Vec<Endpoint>, RclError> {
        let mut found = self.read(end, &format!("rq{service}Request"), true)?;
        for endpoint in &mut found {
            if let Some(service) = service_type(&endpoint.type_name) {
                endpoint.type_name = service.into();
            }
        }
        Ok(found)
    }
}

impl Graph for Asked<'_> {
    type Error = RclError;

    fn tellers(&self) -> Result<BTreeSet<ParticipantId>, RclError> {
        let found = self.node.endpoints(rcl::End::Publishers, TOPIC, true)?;
        let ids = found.into_iter().map(|info| Gid(info.gid).participant());
        Ok(ids.collect())
    }

    fn places(&self, node: &str) -> Result<Vec<(End, String)>, RclError> {
        let (namespace, name) = parts(node);
        let mut places = Vec::new();
        for end in [
            End::Publishers,
            End::Subscriptions,
            End::Servers,
            End::Clients,
        ] {
            let names = self.node.names_of(end, namespace, name)?;
            places.extend(names.into_iter().map(|name| (end, name)));
        }
        Ok(places)
    }

    fn endpoints(&self, end: End, name: &str) -> Result<Vec<Endpoint>, RclError> {
        match end {
            End::Publishers => self.read(rcl::End::Publishers, name, false),
            End::Subscriptions => self.read(rcl::End::Subscriptions, name, false),
            End::Servers => self.read_service(rcl::End::Subscriptions, name),
            End::Clients => self.read_service(rcl::End::Publishers, name),
            End::Listeners => self.read(rcl::End::Subscriptions, name, true),
        }
    }
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
        node: full_name(&info.namespace, &info.node).map(Arc::from),
        type_name: info.type_name.into(),
        reliability: info.reliability,
        durability: info.durability,
        history: info.history,
        deadline: info.deadline,
        lifespan: info.lifespan,
        liveliness: info.liveliness,
        lease: info.lease,
        type_hash: info.type_hash.map(Arc::from),
        first_seen: now,
    }
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
}
