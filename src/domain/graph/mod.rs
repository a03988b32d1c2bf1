//! The ROS graph of one domain, as it was seen at one moment: nodes, topics and services, who is at
//! each end, and since when.
//!
//! `remember.rs` carries over from one look to the next since when each thing is there; `rules.rs`
//! says what of it is a container's own; `rate.rs` measures how often messages arrive, and `sampling/`
//! does so for many topics within a budget; `goal_status.rs` reads which goals of an action execute, and
//! `idle.rs` says when none does; `announcement.rs` reads what participants say of themselves, and
//! `heard.rs` keeps it; `qos.rs` has the words for an endpoint's quality of service.
//! `changes.rs` says what has to be read again after a change, by what `discovery_info.rs` reads of participants' nodes and
//! `entities.rs` keeps.

pub mod announcement;
pub mod changes;
pub mod discovery_info;
mod draft;
pub mod entities;
pub mod goal_status;
pub mod heard;
pub mod idle;
mod participant;
mod qos;
pub mod rate;
mod remember;
mod rtps;
pub mod rules;
pub mod sampling;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use participant::{Participant, ParticipantId, Participants, Vendor};
pub use qos::{Durability, History, Liveliness, Reliability, Span, type_hash};

use serde::{Deserialize, Serialize};

use super::time::Monotonic;

/// What DDS knows a publisher or a subscription by; no other in the domain has the same.
/// It is written as 32 hex digits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Gid(#[serde(with = "hex::serde")] pub [u8; 16]);

impl Gid {
    /// The participant, in general a process, whose endpoint this is.
    pub fn participant(self) -> ParticipantId {
        let Self([a, b, c, d, e, f, g, h, i, j, k, l, ..]) = self;
        ParticipantId([a, b, c, d, e, f, g, h, i, j, k, l])
    }

    /// Whether this is an endpoint's at all. Cyclone DDS says of a message only by which handle it
    /// knows its publisher; in a GID of an endpoint the last four bytes are never all zero.
    pub fn is_an_endpoints(self) -> bool {
        self.0[12..] != [0; 4]
    }
}

/// One end of a topic or of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What DDS knows it by.
    pub gid: Gid,
    /// The node's full name; None while the middleware does not know it yet.
    pub node: Option<Arc<str>>,
    /// The type, such as std_msgs/msg/String or std_srvs/srv/Empty.
    pub type_name: Arc<str>,
    /// The hash of the type's definition, `RIHS01_` and 64 hex digits; None when the middleware does
    /// not tell. At a service's ends it is the one that goes with the requests' topic, as do all below.
    pub type_hash: Option<Arc<str>>,
    /// Whether lost messages are sent again.
    pub reliability: Reliability,
    /// Whether those who come later get what was sent before.
    pub durability: Durability,
    /// How many messages are kept.
    pub history: History,
    /// How far messages lie apart at most.
    pub deadline: Span,
    /// How long a message is worth something.
    pub lifespan: Span,
    /// How a publisher shows that it is alive.
    pub liveliness: Liveliness,
    /// After how long without that it counts as gone.
    pub lease: Span,
    /// When it was seen first.
    pub first_seen: Monotonic,
}

/// Who is at the ends of a topic or of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Publishers of a topic, servers of a service.
    pub offering: Vec<Endpoint>,
    /// Subscriptions of a topic, clients of a service.
    pub using: Vec<Endpoint>,
}

/// The graph at one moment. It never changes; after each change there is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphView {
    /// Since when this domain is looked at: what is older was seen first then.
    pub begun: Monotonic,
    /// Full names of nodes, each with the moments when a node of this name was seen first: more than
    /// one when several nodes have the name.
    pub nodes: BTreeMap<String, Vec<Monotonic>>,
    /// Topics by name.
    pub topics: BTreeMap<Arc<str>, Arc<Ends>>,
    /// Services by name, those of actions among them.
    pub services: BTreeMap<Arc<str>, Arc<Ends>>,
    /// Participants that were heard announcing themselves.
    pub participants: Arc<Participants>,
}

impl GraphView {
    /// Every endpoint of it.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let ends = self.topics.values().chain(self.services.values());
        ends.flat_map(|ends| ends.all())
    }
}

impl Ends {
    /// Both sides.
    pub fn all(&self) -> impl Iterator<Item = &Endpoint> {
        self.offering.iter().chain(&self.using)
    }
}

/// The topic on which an action's servers say which goals they have.
pub fn status_topic(action: &str) -> String {
    format!("{action}/_action/status")
}

/// The name of a service as it is below an action's.
pub fn send_goal(action: &str) -> String {
    format!("{action}/_action/send_goal")
}

#[cfg(test)]
pub(crate) mod samples {
    //! Endpoints for the tests.

    use std::time::Duration;

    use super::*;

    /// A moment, in seconds.
    pub fn at(seconds: u64) -> Monotonic {
        Monotonic(Duration::from_secs(seconds))
    }

    /// The endpoint with this number; all of one process have the same tens.
    pub fn endpoint(number: u8, node: &str, first_seen: u64) -> Endpoint {
        let mut gid = [0; 16];
        gid[11] = number / 10;
        gid[15] = number;
        Endpoint {
            gid: Gid(gid),
            node: Some(node.into()),
            type_name: "std_msgs/msg/String".into(),
            type_hash: None,
            reliability: Reliability::Reliable,
            durability: Durability::Volatile,
            history: History::Unknown,
            deadline: Span::Infinite,
            lifespan: Span::Infinite,
            liveliness: Liveliness::Automatic,
            lease: Span::Infinite,
            first_seen: at(first_seen),
        }
    }

    /// A view with these publishers of a topic, and their nodes.
    pub fn publishing(topic: &str, publishers: Vec<Endpoint>) -> GraphView {
        let mut view = GraphView::default();
        for publisher in &publishers {
            let node = publisher.node.as_deref().unwrap_or_default();
            view.nodes
                .entry(node.to_owned())
                .or_default()
                .push(publisher.first_seen);
        }
        let ends = Ends {
            offering: publishers,
            using: vec![],
        };
        view.topics.insert(topic.into(), Arc::new(ends));
        view
    }
}
