//! One question about a container that runs: is it alive, is it ready? The edges answer it.

use std::net::IpAddr;

use super::time::Monotonic;

/// What has to hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// A program in the container exits with 0.
    Command(Vec<String>),
    /// A TCP port of the container takes connections.
    Tcp(u16),
    /// An HTTP server of the container answers a GET.
    Http(HttpCheck),
    /// Something is on the ROS graph.
    Ros(RosCheck),
}

/// A question to an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    /// The port in the container.
    pub port: u16,
    /// The path with its query, beginning with a slash.
    pub path: String,
    /// The status that is expected; any from 200 to 399 when it is not set.
    pub status: Option<u16>,
}

/// What has to be on the ROS graph, and there because of the container. Names are absolute.
#[derive(Clone, Debug, PartialEq)]
pub enum RosCheck {
    /// A node.
    Node(String),
    /// A topic is published, at a rate of at least so many messages a second when it is set.
    Topic {
        /// The topic.
        name: String,
        /// Messages a second.
        min_rate: Option<f64>,
    },
    /// A service is served.
    Service(String),
    /// An action is served.
    Action(String),
    /// A lifecycle node is active.
    Active(String),
}

/// Where a container is heard: how an endpoint of the ROS graph is known to be its own, and where
/// its ports are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// The container's id, 64 hex digits.
    pub container: String,
    /// Its host name, as its processes see it.
    pub hostname: String,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Its addresses on networks of containers; none on the machine's own network.
    pub addresses: Vec<IpAddr>,
    /// The ROS domain that it was given.
    pub domain: u8,
    /// When it was started: what was on the graph before is not its own, but of an earlier run.
    pub since: Monotonic,
}

/// What an answer to a question came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for holds.
    Yes,
    /// It does not hold; in words, what is missing.
    No(String),
    /// It could not be asked, for example because the engine does not answer; this counts for
    /// nothing.
    NotAsked,
}
