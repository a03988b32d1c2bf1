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
    /// Renaming a container, or resuming one that is paused.
    pub rename: Duration,
    /// A pull without progress, whatever is said meanwhile.
    pub pull_stall: Duration,
    /// A whole pull; none when it is zero.
    pub pull: Duration,
    /// A build without progress; a step may compile for long without a word.
    pub build_stall: Duration,
    /// A whole build; none when it is zero.
    pub build: Duration,
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
            rename: Duration::from_secs(20),
            pull_stall: Duration::from_secs(60),
            pull: Duration::from_secs(3600),
            build_stall: Duration::from_secs(1800),
            build: Duration::from_secs(7200),
        }
    }
}
