//! The containers that each contestant starts, in shipmate's words. `same` checks that the others' are like them.

use serde_json::{Value, json};

use crate::support::IMAGE;

/// What each of them does: nothing, until it is told to end.
pub const COMMAND: [&str; 2] = ["sleep", "1000000"];

/// The names of so many executables.
pub fn names(count: usize) -> impl Iterator<Item = String> + Clone {
    (0..count).map(|number| format!("e{number:02}"))
}

/// A manifest with so many executables.
pub fn manifest(count: usize) -> String {
    let executables: Vec<Value> = names(count)
        .map(|name| json!({ "name": name, "image": IMAGE, "command": COMMAND }))
        .collect();
    // JSON is YAML.
    json!({
        "manifest": 1,
        "name": "bench",
        "version": "1.0.0",
        "components": [{ "name": "main", "executables": executables }],
    })
    .to_string()
}

/// The environment that shipmate gives to each container.
pub fn environment() -> Vec<(&'static str, String)> {
    let domain = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
    let same = |text: &str| text.to_owned();
    vec![
        ("FASTDDS_BUILTIN_TRANSPORTS", same("UDPv4")),
        ("PYTHONUNBUFFERED", same("1")),
        ("RCUTILS_LOGGING_BUFFERED_STREAM", same("0")),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", same("SUBNET")),
        ("ROS_DOMAIN_ID", domain),
        ("TINI_KILL_PROCESS_GROUP", same("1")),
    ]
}

/// As many labels as shipmate's, of the same length, which do not make a container one of its own.
pub fn labels(executable: &str) -> Vec<(&'static str, String)> {
    vec![
        ("bench.owner", "0123456789abcdef0123456789abcdef".to_owned()),
        ("bench.deployment", "dep-0123456789ab".to_owned()),
        ("bench.deployment-name", "bench".to_owned()),
        ("bench.package", "bench".to_owned()),
        ("bench.version", "1.0.0".to_owned()),
        ("bench.component", "main".to_owned()),
        ("bench.executable", executable.to_owned()),
        ("bench.generation", "1".to_owned()),
    ]
}

/// Where the log goes, and how large it gets.
pub const LOG: (&str, [(&str, &str); 2]) = ("json-file", [("max-size", "10m"), ("max-file", "3")]);

/// The seconds that each of them has to end.
pub const STOP_GRACE: i64 = 15;
