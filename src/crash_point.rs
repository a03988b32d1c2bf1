//! Places where a test can kill the node, to see that the next one makes good what this one left.
//!
//! Without the feature `crash-points` there is nothing here. With it, `SHIPMATE_CRASH_AT=name` ends
//! the process when it comes to the point of this name, and `name:3` the third time; nothing is
//! finished, flushed or told, as with `kill -9`. With the path of a file in it, that file says which
//! point, from the moment on that it is there. tests/e2e/test_crash_matrix.py tries every one.

/// Every point. What is asked for and what became of it is on the disk, on the engine or with the
/// client; a point lies before and after each change of one of them.
pub const POINTS: [&str; 41] = [
    // The goals' way in and out.
    "goal-heard",
    "goal-answered",
    "deploy-taken",
    "deploy-accepted",
    "deploy-ends",
    "deploy-ended",
    "deprovision-taken",
    "deprovision-accepted",
    "deprovision-ends",
    "deprovision-ended",
    // The disk.
    "save-begins",
    "save-uncommitted",
    "save-done",
    // A damaged state, when the node starts.
    "put-aside",
    "begun-anew",
    // Before anything is begun.
    "check-begins",
    "check-done",
    // What an update brings.
    "prepare-begins",
    "prepare-done",
    "guard-done",
    // The image.
    "fetch-begins",
    "fetch-done",
    "pull-begins",
    "pull-done",
    "build-begins",
    "build-done",
    // The container.
    "create-begins",
    "create-done",
    "network-begins",
    "network-done",
    "connect-begins",
    "connect-done",
    "start-begins",
    "start-done",
    "stop-begins",
    "stop-done",
    "remove-done",
    "take-down-done",
    "network-leaves",
    "network-gone",
    // Between the engine and what is known here.
    "step-untold",
];

/// Ends the process here if a test wants it to.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub const fn crash_point(_name: &str) {}

/// Ends the process here if a test wants it to. While the variable is set, each point that is passed
/// is written to the standard error: a test sees which there are on a way.
#[cfg(feature = "crash-points")]
pub fn crash_point(name: &str) {
    let Ok(mut wanted) = std::env::var("SHIPMATE_CRASH_AT") else {
        return;
    };
    if wanted.starts_with('/') {
        wanted = std::fs::read_to_string(&wanted).unwrap_or_default();
    }
    eprintln!("crash point {name}");
    if due(&wanted, name) {
        let this = rustix::process::getpid();
        // It does not return; if the kernel refused, the test would see a node that lives.
        rustix::process::kill_process(this, rustix::process::Signal::KILL).ok();
    }
}

/// Whether this pass of a point is the one that was wished for.
#[cfg(feature = "crash-points")]
fn due(wanted: &str, name: &str) -> bool {
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);
    let (point, count) = match wanted.split_once(':') {
        Some((point, count)) => (point, count.parse().unwrap_or(1)),
        None => (wanted, 1),
    };
    point == name && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == count
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    /// How often each point stands in the sources.
    fn in_sources(folder: &Path, found: &mut BTreeMap<String, u32>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                in_sources(&path, found)?;
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            for rest in text.split("crash_point(\"").skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                *found.entry(name.to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }

    #[test]
    fn every_point_is_in_one_place_and_in_the_list() -> std::io::Result<()> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = BTreeMap::new();
        in_sources(&sources, &mut found)?;
        // What this test itself looks for is no point.
        found.retain(|name, _| !name.starts_with('\\'));
        let once = POINTS.iter().map(|name| ((*name).to_owned(), 1)).collect();
        assert_eq!(found, once);
        Ok(())
    }

    #[cfg(feature = "crash-points")]
    #[test]
    fn the_second_pass_is_the_second() {
        assert!(!due("there:2", "here"));
        assert!(!due("there:2", "there"));
        assert!(due("there:2", "there"));
        assert!(!due("there:2", "there"));
    }
}
