//! Time as the domain sees it: values that the caller hands in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment by the machine's clock, in nanoseconds since 1970; it may jump when the clock is set.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct WallTime(pub i64);

/// A moment that only ever grows, counted from the start of the node. Waiting is measured with it,
/// because a robot's clock jumps by years when it first hears from a time server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(pub Duration);

impl std::ops::Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }
}

impl Monotonic {
    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The present, by both clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// For people and for messages.
    pub wall: WallTime,
    /// For waiting.
    pub monotonic: Monotonic,
}
