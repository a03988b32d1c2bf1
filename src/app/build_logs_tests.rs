#![allow(clippy::unwrap_used)]

use tempfile::TempDir;

use super::*;

fn build(logs: &BuildLogs, deployment: &str, lines: &[&str], ended: &Ended) {
    let recording = logs.begin(deployment, "main.arm");
    for (n, line) in (0..).zip(lines) {
        recording.line(WallTime(n), line);
    }
    recording.end(ended).unwrap();
}

fn texts(log: &BuildLog) -> Vec<&str> {
    log.lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn the_log_of_a_build_can_be_read_while_it_goes_on_and_later() {
    let folder = TempDir::new().unwrap();
    let logs = BuildLogs::new(folder.path().join("builds"));
    assert_eq!(logs.read("one", "main.arm").unwrap(), None);
    let recording = logs.begin("one", "main.arm");
    recording.line(WallTime(7), "a  b ");
    recording.line(WallTime(8), "");
    let now = logs.read("one", "main.arm").unwrap().unwrap();
    assert_eq!(texts(&now), ["a  b ", ""]);
    assert!(now.remark.contains("goes on"));
    recording.end(&Ended::Failed).unwrap();
    // Another node reads the same.
    let logs = BuildLogs::new(folder.path().join("builds"));
    let later = logs.read("one", "main.arm").unwrap().unwrap();
    assert_eq!(later.lines, now.lines);
    assert!(later.remark.contains("failed") && !later.truncated);
}

#[test]
fn the_latest_of_a_long_log_are_kept() {
    let folder = TempDir::new().unwrap();
    let logs = BuildLogs::new(folder.path().join("builds"));
    let long = "x".repeat(LIMIT / 4);
    let built = Ended::Built(None);
    build(
        &logs,
        "one",
        &["first", &long, &long, &long, &long, "last"],
        &built,
    );
    let log = logs.read("one", "main.arm").unwrap().unwrap();
    assert_eq!((log.lines.len(), log.truncated), (4, true));
    assert_eq!(log.lines[3].text, "last");
    assert!(fs::metadata(logs.file("one", "main.arm")).unwrap().len() <= LIMIT as u64);
}

#[test]
fn an_unchanged_image_has_the_log_of_the_build_that_made_it() {
    let folder = TempDir::new().unwrap();
    let logs = BuildLogs::new(folder.path().join("builds"));
    let unchanged = Ended::Unchanged("abc".to_owned());
    build(&logs, "lost", &[], &unchanged);
    build(
        &logs,
        "one",
        &["made"],
        &Ended::Built(Some("abc".to_owned())),
    );
    for deployment in ["two", "three"] {
        build(&logs, deployment, &[], &unchanged);
        let log = logs.read(deployment, "main.arm").unwrap().unwrap();
        assert_eq!(texts(&log), ["made"]);
        assert!(log.remark.contains("not built again"));
        // It was copied: it does not go with the deployment that built.
        logs.keep_only(&[deployment.to_owned()].into()).unwrap();
    }
    assert_eq!(logs.read("one", "main.arm").unwrap(), None);
    build(&logs, "four", &[], &Ended::Unchanged("other".to_owned()));
    let log = logs.read("four", "main.arm").unwrap().unwrap();
    assert!(log.lines.is_empty() && log.remark.contains("not there any more"));
}

#[test]
fn only_known_deployments_and_a_bounded_number_are_kept() {
    let folder = TempDir::new().unwrap();
    let logs = BuildLogs::new(folder.path().join("builds"));
    logs.keep_only(&BTreeSet::new()).unwrap();
    for n in 0..MOST + 3 {
        build(&logs, &n.to_string(), &["x"], &Ended::Failed);
    }
    assert_eq!(logs.files().unwrap().len(), MOST);
    let going_on = logs.begin("102", "main.leg");
    logs.keep_only(&["101".to_owned()].into()).unwrap();
    assert_eq!(logs.files().unwrap().len(), 2);
    drop(going_on);
    logs.keep_only(&["101".to_owned()].into()).unwrap();
    assert_eq!(logs.files().unwrap().len(), 1);
    logs.forget(&["102".to_owned(), "101".to_owned()]).unwrap();
    assert_eq!(logs.files().unwrap().len(), 0);
}
