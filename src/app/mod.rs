//! The loop between what is asked and what is there, and the wiring of the node.

pub mod clock;
mod effects;
mod engine_watch;
mod failures;
mod read_packages;
pub mod request;
mod saver;
pub mod snapshot;
pub mod supervisor;
