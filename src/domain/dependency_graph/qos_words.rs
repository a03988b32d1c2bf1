//! A quality of service in words.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::graph::{Durability, Endpoint, History, Liveliness, Reliability, Span};

/// Where the middleware does not tell.
const UNKNOWN: &str = "unknown";

/// A quality of service in the words of rclcpp; `unknown` where the middleware does not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QosWords {
    /// `reliable` or `best_effort`.
    pub reliability: Cow<'static, str>,
    /// `volatile` or `transient_local`.
    pub durability: Cow<'static, str>,
    /// `keep_last` or `keep_all`.
    pub history: Cow<'static, str>,
    /// How many messages are kept, with `keep_last`.
    pub depth: u32,
    /// `automatic` or `manual_by_topic`.
    pub liveliness: Cow<'static, str>,
    /// Seconds between messages at most; none for no promise.
    pub deadline: Option<f64>,
    /// Seconds after which a message is stale; none for never.
    pub lifespan: Option<f64>,
    /// Seconds without a sign of life after which a publisher counts as gone; none for never.
    pub liveliness_lease: Option<f64>,
}

impl From<&Endpoint> for QosWords {
    fn from(endpoint: &Endpoint) -> Self {
        let reliability = match endpoint.reliability {
            Reliability::Reliable => "reliable",
            Reliability::BestEffort => "best_effort",
            Reliability::Unknown => UNKNOWN,
        };
        let durability = match endpoint.durability {
            Durability::TransientLocal => "transient_local",
            Durability::Volatile => "volatile",
            Durability::Unknown => UNKNOWN,
        };
        let (history, depth) = match endpoint.history {
            History::KeepLast(depth) => ("keep_last", u32::try_from(depth).unwrap_or(u32::MAX)),
            History::KeepAll => ("keep_all", 0),
            History::Unknown => (UNKNOWN, 0),
        };
        let liveliness = match endpoint.liveliness {
            Liveliness::Automatic => "automatic",
            Liveliness::ManualByTopic => "manual_by_topic",
            Liveliness::Unknown => UNKNOWN,
        };
        Self {
            reliability: reliability.into(),
            durability: durability.into(),
            history: history.into(),
            depth,
            liveliness: liveliness.into(),
            deadline: seconds(endpoint.deadline),
            lifespan: seconds(endpoint.lifespan),
            liveliness_lease: seconds(endpoint.lease),
        }
    }
}

/// None for ever, and for what was never set, which means the same.
pub fn seconds(span: Span) -> Option<f64> {
    match span {
        Span::Of(time) => Some(time.as_secs_f64()),
        Span::Infinite | Span::Unknown => None,
    }
}
