//! Questions that are asked of an executable while it runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::manifest::shapes;
use crate::domain::manifest::units::Seconds;
use crate::domain::probe::{Check, HttpCheck, RosCheck};

/// A question about an executable: exactly one of `command`, `tcp`, `http` and `ros`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// A program that is run in the container, with its arguments; it passes when it exits with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::words")]
    pub command: Option<Vec<String>>,
    /// A TCP port of the container; it passes when a connection is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tcp: Option<u16>,
    /// An HTTP server of the container; it passes when a GET is answered well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpProbe>,
    /// Something that the container puts on the ROS graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ros: Option<RosProbe>,
    /// How often it is asked.
    #[serde(default = "default_period")]
    pub period: Seconds,
    /// How long an answer may take.
    #[serde(default = "default_timeout")]
    pub timeout: Seconds,
    /// How many times in a row it must fail before the executable is restarted; only for liveness.
    #[serde(
        default = "default_failures",
        skip_serializing_if = "is_default_failures"
    )]
    #[schemars(range(min = 1, max = 1000))]
    pub failures: u32,
    /// How long after the start failures do not count, for example 30s for a slow node; only for
    /// liveness.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: Seconds,
}

fn default_period() -> Seconds {
    Seconds(2)
}

fn default_timeout() -> Seconds {
    Seconds(5)
}

fn default_failures() -> u32 {
    3
}

// A readiness probe has neither, so a probe is written without what it does not say.

fn is_default_failures(failures: &u32) -> bool {
    *failures == default_failures()
}

fn is_zero(time: &Seconds) -> bool {
    *time == Seconds(0)
}

impl Probe {
    /// The question, with parameters filled in by `expand`.
    ///
    /// The rules of a manifest see to it that a probe asks exactly one. One that was made in another
    /// way and asks none becomes a command without words, which no engine runs: it never passes.
    pub fn check(&self, expand: impl Fn(&str) -> String) -> Check {
        if let Some(port) = self.tcp {
            return Check::Tcp(port);
        }
        if let Some(http) = &self.http {
            return Check::Http(HttpCheck {
                port: http.port,
                path: expand(&http.path),
                status: http.status,
            });
        }
        if let Some(check) = self.ros.as_ref().and_then(|ros| ros.check(&expand)) {
            return Check::Ros(check);
        }
        let words = self.command.iter().flatten();
        Check::Command(words.map(|word| expand(word)).collect())
    }
}

/// A question to an HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpProbe {
    /// The port in the container.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The path with its query, beginning with a slash.
    #[serde(default = "default_path")]
    #[schemars(length(max = 2048))]
    pub path: String,
    /// The status that is expected; any from 200 to 399 when it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
}

fn default_path() -> String {
    "/".to_owned()
}

/// Something on the ROS graph: exactly one of `node`, `topic`, `service`, `action` and `active`.
/// Names are absolute, such as /turtle/pose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RosProbe {
    /// A node that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub node: Option<String>,
    /// A topic that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub topic: Option<String>,
    /// At least so many messages a second arrive on the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::rate")]
    pub min_rate: Option<f64>,
    /// A service that is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub service: Option<String>,
    /// An action that is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub action: Option<String>,
    /// A lifecycle node that is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shapes::ros_name")]
    pub active: Option<String>,
}

impl RosProbe {
    /// The names that can be asked for, by key.
    pub fn names(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("node", self.node.as_deref()),
            ("topic", self.topic.as_deref()),
            ("service", self.service.as_deref()),
            ("action", self.action.as_deref()),
            ("active", self.active.as_deref()),
        ]
    }

    /// What is asked for, if anything.
    fn check(&self, expand: impl Fn(&str) -> String) -> Option<RosCheck> {
        let (key, name) = self
            .names()
            .into_iter()
            .find_map(|(key, name)| Some((key, expand(name?))))?;
        Some(match key {
            "node" => RosCheck::Node(name),
            "topic" => RosCheck::Topic {
                name,
                min_rate: self.min_rate,
            },
            "service" => RosCheck::Service(name),
            "action" => RosCheck::Action(name),
            _ => RosCheck::Active(name),
        })
    }
}
