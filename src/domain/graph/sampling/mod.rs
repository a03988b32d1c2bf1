//! How often messages come on topics and how large they are, found out by listening to one topic at a
//! time for a moment, so that the listening itself costs no more than a budget.
//!
//! `window.rs` is what is heard in such a moment, `estimate.rs` what follows from a few of them, and
//! `schedule.rs` says which topic is next and when.

mod estimate;
mod schedule;
mod window;

#[cfg(test)]
mod tests;

use super::Gid;

pub use estimate::{Rate, TopicRate, two_digits};
pub use schedule::{Sampler, Turn};
pub use window::{Heard, Sample, Window};

/// A topic that can be listened to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// The ROS domain.
    pub domain: u8,
    /// The topic's name.
    pub name: String,
    /// The type of its messages: those of another type on the same topic are another one here.
    pub type_name: String,
}
