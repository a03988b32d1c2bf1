//! What executables write.

use super::time::WallTime;

/// One line of a container's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine got it, by the engine's clock.
    pub at: WallTime,
    /// Where it was written to.
    pub stream: LogStream,
    /// Without its line end, colours and control characters; what is no text is replaced.
    pub text: String,
}

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
}

impl LogStream {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Which lines of a container are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// How many of the latest lines.
    pub tail: u32,
    /// Only what was written at this time or later; zero for everything.
    pub since: WallTime,
}
