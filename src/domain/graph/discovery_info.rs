//! What the nodes of a participant consist of, as ROS' middlewares on DDS tell each other: the message
//! rmw_dds_common/msg/ParticipantEntitiesInfo on the DDS topic `ros_discovery_info`.
//!
//! Anyone can send one. It is read in place: nothing is reserved for what it only claims to have.

use super::rtps::Order;
use super::{Gid, ParticipantId};

/// DDS' name of the topic.
pub const TOPIC: &str = "ros_discovery_info";
/// The type of its messages.
pub const TYPE: &str = "rmw_dds_common/msg/ParticipantEntitiesInfo";
/// How many bytes a GID has in a message: 16 since Iron, 24 before, of which the last 8 say nothing.
const GID_LENGTHS: [usize; 2] = [16, 24];
/// What the middleware calls a node whose name it does not know yet.
const UNKNOWN: &str = "_NODE_NAME_UNKNOWN_";
/// What a serialized message is filled up to a multiple of, at most.
const FILLED_UP: usize = 4;

/// What the nodes of a participant consist of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryInfo {
    /// The participant.
    pub participant: ParticipantId,
    /// Its nodes; several may have the same name.
    pub nodes: Vec<NodeEntities>,
}

/// What a node consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeEntities {
    /// Its full name; None when it is no name of a node.
    pub name: Option<String>,
    /// Its readers: subscriptions, and one for each server and for each client of a service.
    pub readers: Vec<Gid>,
    /// Its writers: publishers, and one for each server and for each client of a service.
    pub writers: Vec<Gid>,
}

/// Reads a serialized message; None when it is none.
pub fn read(message: &[u8]) -> Option<DiscoveryInfo> {
    let ([0, order @ (0 | 1), ..], body) = message.split_first_chunk::<4>()? else {
        return None;
    };
    let order = Order(*order == 1);
    // The length of a GID is not told, but with the wrong one the message does not end at its end.
    GID_LENGTHS.into_iter().find_map(|length| {
        Reader {
            order,
            length,
            body,
        }
        .all()
    })
}

/// A node's full name; None when it is not known yet.
pub fn full_name(namespace: &str, name: &str) -> Option<String> {
    let known = !name.is_empty() && name != UNKNOWN;
    known.then(|| format!("{}/{name}", namespace.trim_end_matches('/')))
}

/// Namespace and name of a node by its full name.
pub fn parts(full_name: &str) -> (&str, &str) {
    match full_name.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(parts) => parts,
        None => ("/", full_name),
    }
}

struct Reader<'a> {
    order: Order,
    length: usize,
    body: &'a [u8],
}

impl Reader<'_> {
    fn all(mut self) -> Option<DiscoveryInfo> {
        let participant = self.gid()?.participant();
        let number = self.order.take_long(&mut self.body)?;
        let mut nodes = Vec::new();
        for _ in 0..number {
            nodes.push(self.node()?);
        }
        (self.body.len() < FILLED_UP).then_some(DiscoveryInfo { participant, nodes })
    }

    fn node(&mut self) -> Option<NodeEntities> {
        let namespace = self.order.take_text(&mut self.body)?;
        let name = self.order.take_text(&mut self.body)?;
        Some(NodeEntities {
            name: full_name(namespace, name),
            readers: self.gids()?,
            writers: self.gids()?,
        })
    }

    fn gids(&mut self) -> Option<Vec<Gid>> {
        let number = usize::try_from(self.order.take_long(&mut self.body)?).ok()?;
        let is_there = number.checked_mul(self.length)? <= self.body.len();
        is_there.then_some(())?;
        (0..number).map(|_| self.gid()).collect()
    }

    fn gid(&mut self) -> Option<Gid> {
        let (gid, rest) = self.body.split_at_checked(self.length)?;
        self.body = rest;
        gid.first_chunk().copied().map(Gid)
    }
}

#[cfg(test)]
#[path = "discovery_info_tests.rs"]
mod tests;
