//! What shipmate traces goes where every ROS node's log goes: to stderr, to the log file and to
//! `/rosout`. What is shown on stderr and in the file, `--log-level` sets; `/rosout` gets everything but
//! what is for debugging.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use r2r::builtin_interfaces::msg::Time;
use r2r::rcl_interfaces::msg::Log;
use r2r::{Publisher, QosProfile};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::RosError;
use super::messages::text;
use super::node::RosNode;

/// How many lines a listener that comes late can still get, and for how long: as other nodes do.
const ROSOUT_DEPTH: usize = 1000;
const ROSOUT_KEPT: Duration = Duration::from_secs(10);

/// The node's logger.
static LOGGER: OnceLock<String> = OnceLock::new();
/// Set when rcl leaves it to us.
static ROSOUT: OnceLock<Mutex<Publisher<Log>>> = OnceLock::new();

thread_local! {
    /// Whether this thread is publishing: what that itself has to say is not published.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Names the log after the node, and puts up `/rosout` for it: from Jazzy on, rcl leaves that to
/// client libraries, and r2r does not do it.
///
/// # Errors
/// When rcl refuses the topic.
pub fn attach_log(node: &mut RosNode) -> Result<(), RosError> {
    let name = node.full_name();
    // The first one stays; there is one node to a process.
    let _ = LOGGER.set(name.trim_start_matches('/').replace('/', "."));
    if !node.publishes("/rosout") {
        let qos = QosProfile::default()
            .keep_last(ROSOUT_DEPTH)
            .reliable()
            .transient_local()
            .lifespan(ROSOUT_KEPT);
        let _ = ROSOUT.set(Mutex::new(node.publisher("/rosout", qos)?));
    }
    Ok(())
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
        let said = text(&line.0);
        r2r::log(&said, logger, file, row, severity(*metadata.level()));
        if let Some(level) = rosout_level(*metadata.level()) {
            publish(&Log {
                stamp: now(),
                level,
                name: logger.to_owned(),
                msg: said,
                file: file.to_owned(),
                function: String::new(),
                line: row,
            });
        }
    }
}

fn publish(message: &Log) {
    let Some(rosout) = ROSOUT.get() else { return };
    if PUBLISHING.replace(true) {
        return;
    }
    let publisher = rosout.lock().unwrap_or_else(PoisonError::into_inner);
    // There is nobody to tell when the log itself fails; at the node's end it always does.
    publisher.publish(message).ok();
    PUBLISHING.set(false);
}

fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time {
        sec: i32::try_from(since.as_secs()).unwrap_or(i32::MAX),
        nanosec: since.subsec_nanos(),
    }
}

fn rosout_level(level: Level) -> Option<u8> {
    match level {
        Level::ERROR => Some(Log::ERROR as u8),
        Level::WARN => Some(Log::WARN as u8),
        Level::INFO => Some(Log::INFO as u8),
        _ => None,
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
