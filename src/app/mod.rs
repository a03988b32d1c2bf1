//! The loop between what is asked and what is there, and the wiring of the node.

pub mod build_logs;
pub mod clock;
mod effects;
mod engine_watch;
#[cfg(feature = "ros")]
pub mod face;
mod failures;
#[cfg(feature = "ros")]
pub mod graph;
mod images;
pub mod logs;
pub mod looks;
mod ports;
mod read_packages;
pub mod real_paths;
pub mod request;
#[cfg(feature = "ros")]
mod ros_graph;
mod saver;
#[cfg(feature = "ros")]
pub mod settings;
pub mod snapshot;
pub mod supervisor;
