//! The ROS edge: the only folder that names r2r.
//!
//! `node.rs` owns the node and the one thread that spins it; all else talks to that thread through
//! channels. `action_server.rs` is shipmate's own action server on plain services and topics:
//! r2r 0.9.7 never lets go of an ended goal, and answers «rejected» when one request cancels
//! several goals.

pub mod action_server;
pub mod addresses;
pub mod ask_graph;
mod goals;
pub mod graph;
pub mod logging;
pub mod messages;
pub mod messages_graph;
pub mod messages_logs;
#[cfg(visualization_msgs)]
pub mod messages_markers;
pub mod messages_plan;
pub mod node;
pub mod parameters;

pub use r2r::diagnostic_msgs::msg::DiagnosticArray;
pub use r2r::shipmate::{action, msg, srv};
pub use r2r::{
    Publisher, PublisherUntyped, QosProfile, ServiceRequest, WrappedActionTypeSupport,
    WrappedServiceTypeSupport,
};

/// Why the ROS side cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RosError {
    /// rcl refused.
    #[error("ROS refused to make {what}: {cause}")]
    Refused {
        /// What was to be made.
        what: String,
        /// rcl's own word.
        cause: r2r::Error,
    },
    /// The thread that spins could not be started.
    #[error("the thread for ROS could not be started: {0}")]
    Thread(std::io::Error),
    /// rcl did not publish a message.
    #[error("ROS refused to publish: {0}")]
    NotPublished(r2r::Error),
    /// A message could not be written in the encoding of DDS.
    #[error("a message could not be encoded: {0}")]
    Encoding(String),
    /// The command line could not be understood.
    #[error("the ROS arguments are not valid: {0}; see `ros2 run --help` for `--ros-args`")]
    Arguments(String),
}
