//! How a container lives and ends: restarts and signals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When an executable is started again after it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// However it ended.
    #[default]
    Always,
    /// When its exit code was not 0, or a signal ended it.
    OnFailure,
    /// Never.
    Never,
}

/// A signal that asks a process to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StopSignal {
    /// What Ctrl-C sends; `ros2 launch` obeys only this one.
    #[default]
    #[serde(rename = "SIGINT")]
    Int,
    /// What most other programs obey.
    #[serde(rename = "SIGTERM")]
    Term,
    /// Quit.
    #[serde(rename = "SIGQUIT")]
    Quit,
    /// Hang up.
    #[serde(rename = "SIGHUP")]
    Hup,
    /// The first one that a program can give a meaning of its own.
    #[serde(rename = "SIGUSR1")]
    Usr1,
    /// The second one.
    #[serde(rename = "SIGUSR2")]
    Usr2,
    /// No asking at all.
    #[serde(rename = "SIGKILL")]
    Kill,
}

impl StopSignal {
    /// Its number on Linux.
    pub fn number(self) -> i32 {
        match self {
            Self::Hup => 1,
            Self::Int => 2,
            Self::Quit => 3,
            Self::Kill => 9,
            Self::Usr1 => 10,
            Self::Usr2 => 12,
            Self::Term => 15,
        }
    }
}
