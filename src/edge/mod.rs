//! What touches the world: each edge does what it is told, decides nothing, and knows no other edge.

pub mod discovery;
pub mod docker;
#[cfg(feature = "ros")]
pub mod ros;
pub mod store;
