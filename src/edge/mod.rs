//! What touches the world: each edge does what it is told, decides nothing, and knows no other edge.

pub mod discovery;
pub mod docker;
pub mod machine;
pub mod network_probe;
#[cfg(feature = "ros")]
pub mod ros;
pub mod store;
