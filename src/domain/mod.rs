//! What shipmate knows and decides. Nothing in here waits, reads a clock, or touches Docker, ROS
//! or a disk.

pub mod catalogue;
pub mod container;
pub mod dependencies;
pub mod dependency_graph;
pub mod deployment;
pub mod doctor;
pub mod events;
pub mod graph;
pub mod health;
pub mod log;
pub mod manifest;
pub mod masks;
pub mod policy;
pub mod probe;
pub mod time;
pub mod world;
pub(crate) mod yaml;
