//! The quality of service of an endpoint, as far as the middleware tells it.

use std::time::Duration;

/// Whether lost messages are sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// They are.
    Reliable,
    /// They are not.
    BestEffort,
    /// The middleware does not say.
    #[default]
    Unknown,
}

/// Whether those who come later get what was sent before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// They get it.
    TransientLocal,
    /// They do not.
    Volatile,
    /// The middleware does not say.
    #[default]
    Unknown,
}

/// How many messages are kept. DDS does not announce it, so it is known of few endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// So many of the latest.
    KeepLast(usize),
    /// All of them.
    KeepAll,
    /// The middleware does not say.
    #[default]
    Unknown,
}

/// How a publisher shows that it is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Liveliness {
    /// By its process' being there.
    Automatic,
    /// By what it says itself.
    ManualByTopic,
    /// The middleware does not say.
    #[default]
    Unknown,
}

/// A time that may have no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// So long.
    Of(Duration),
    /// For ever: nothing is promised or asked for.
    Infinite,
    /// The middleware does not say.
    #[default]
    Unknown,
}

impl Span {
    /// From what rmw gives: seconds and nanoseconds. RMW_DURATION_INFINITE is the largest number of
    /// nanoseconds that 63 bits hold; some middlewares give DDS' own infinity, which is 2^31 - 1
    /// seconds and more; zero stands for what was never set.
    pub fn from_rmw(seconds: u64, nanoseconds: u64) -> Self {
        const INFINITE_RMW: u64 = 9_223_372_036;
        const INFINITE_DDS: u64 = 0x7fff_ffff;
        match (seconds, nanoseconds) {
            (0, 0) => Self::Unknown,
            (INFINITE_DDS, _) => Self::Infinite,
            (INFINITE_RMW.., _) => Self::Infinite,
            _ => {
                let whole = Duration::from_secs(seconds);
                Self::Of(whole.saturating_add(Duration::from_nanos(nanoseconds)))
            }
        }
    }
}

/// A type's hash in the words of ROS, `RIHS01_` and 64 hex digits; None when it is not set.
pub fn type_hash(version: u8, value: &[u8]) -> Option<String> {
    if version == 0 {
        return None;
    }
    let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("RIHS{version:02}_{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_infinite_are_told_apart() {
        assert_eq!(Span::from_rmw(0, 0), Span::Unknown);
        assert_eq!(Span::from_rmw(9_223_372_036, 854_775_807), Span::Infinite);
        assert_eq!(Span::from_rmw(0x7fff_ffff, 0xffff_ffff), Span::Infinite);
        assert_eq!(Span::from_rmw(u64::MAX, u64::MAX), Span::Infinite);
        assert_eq!(
            Span::from_rmw(1, 500_000_000),
            Span::Of(Duration::from_millis(1500))
        );
        assert_eq!(Span::from_rmw(0, 1), Span::Of(Duration::from_nanos(1)));
        let long = Duration::from_secs(9_000_000_000);
        assert_eq!(Span::from_rmw(9_000_000_000, 0), Span::Of(long));
    }

    #[test]
    fn a_hash_is_written_as_ros_writes_it() {
        let said = type_hash(1, &[0xab; 32]);
        assert_eq!(said, Some(format!("RIHS01_{}", "ab".repeat(32))));
        assert_eq!(type_hash(0, &[0; 32]), None);
    }
}
