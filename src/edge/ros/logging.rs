//! What shipmate traces goes where every ROS node's log goes: to stderr, to the log file and to
//! `/rosout`, at the level that `--log-level` sets.

use std::fmt::Write;
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::messages::text;

/// The node's logger; `/rosout` hears only the loggers that rcl knows a node for.
static LOGGER: OnceLock<String> = OnceLock::new();

/// Names the logger after the node.
pub fn set_node_name(full_name: &str) {
    // The first name stays; there is one node to a process.
    let _ = LOGGER.set(full_name.trim_start_matches('/').replace('/', "."));
}

/// Hands events on to rcl.
pub struct RosLayer;

impl<S: Subscriber> Layer<S> for RosLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Line::default();
        event.record(&mut line);
        let logger = LOGGER.get().map_or("shipmate", String::as_str);
        let file = metadata.file().unwrap_or_default();
        let row = metadata.line().unwrap_or_default();
        r2r::log(
            &text(&line.0),
            logger,
            file,
            row,
            severity(*metadata.level()),
        );
    }
}

fn severity(level: Level) -> r2r::LogSeverity {
    match level {
        Level::ERROR => r2r::LogSeverity::Error,
        Level::WARN => r2r::LogSeverity::Warn,
        Level::INFO => r2r::LogSeverity::Info,
        _ => r2r::LogSeverity::Debug,
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a text cannot fail.
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}
