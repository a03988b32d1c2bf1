//! From what executables write to shipmate's messages, and what is asked of it back.

use r2r::builtin_interfaces::msg::Time;
use r2r::shipmate::msg;

use super::action_server::{time, wall_time};
use super::messages::text;
use crate::domain::log::{LogLine, LogQuery};

/// A line of an executable.
pub fn log_line(component: &str, executable: &str, line: &LogLine) -> msg::LogLine {
    msg::LogLine {
        stamp: time(line.at),
        component: component.to_owned(),
        executable: executable.to_owned(),
        stream: line.stream.name().to_owned(),
        text: text(&line.text),
    }
}

/// Which lines are asked for.
pub fn log_query(tail: u32, since: &Time) -> LogQuery {
    LogQuery {
        tail,
        since: wall_time(since),
    }
}
