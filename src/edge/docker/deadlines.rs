//! How long the engine may take.

use std::time::Duration;

/// How long to wait for the engine before giving up, by kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// A sign of life.
    pub ping: Duration,
    /// A question: inspect, list, logs.
    pub question: Duration,
    /// Creating a container; a new volume is filled from the image meanwhile.
    pub create: Duration,
    /// Starting a container.
    pub start: Duration,
    /// Stopping a container, beyond the grace that its program has.
    pub stop: Duration,
    /// Removing a container.
    pub remove: Duration,
    /// Silence during a pull.
    pub pull_stall: Duration,
    /// Silence during a build; a step may compile for long without a word.
    pub build_stall: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            ping: Duration::from_secs(2),
            question: Duration::from_secs(20),
            create: Duration::from_secs(120),
            start: Duration::from_secs(120),
            stop: Duration::from_secs(20),
            remove: Duration::from_secs(60),
            pull_stall: Duration::from_secs(60),
            build_stall: Duration::from_secs(1800),
        }
    }
}
