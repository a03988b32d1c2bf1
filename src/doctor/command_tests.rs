#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::domain::doctor::Level;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

fn acted(text: &str) -> (u8, String, String) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        notes: &mut notes,
    };
    let code = act(words(text), &mut streams);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(notes))
}

#[test]
fn only_doctor_is_for_us() {
    assert!(run(words("import a").into_iter()).is_none());
    assert!(run(words("--ros-args").into_iter()).is_none());
    assert!(run(words("").into_iter()).is_none());
}

#[test]
fn options_are_read() {
    let read = |text: &str| options(&mut Arguments::new(words(text), COMMAND.short));
    assert_eq!(read(""), Ok(Options::default()));
    let all = Options {
        json: true,
        docker_host: "ssh://robot".to_owned(),
        state_folder: Some("/s".into()),
    };
    for text in [
        "--json --docker-host ssh://robot --state-folder /s",
        "--state-folder=/s --docker-host=ssh://robot --json",
    ] {
        assert_eq!(read(text).as_ref(), Ok(&all), "{text}");
    }
    assert_eq!(read("--json -h"), Err(Exit::Help));
}

#[test]
fn wrong_use_is_told_with_the_right_one_and_ends_with_2() {
    for (text, said) in [
        ("--fast", "no option --fast"),
        ("now", "`now` is one word too many"),
        ("--docker-host", "--docker-host needs a value"),
        ("--state-folder=", "--state-folder needs a value"),
        ("--json=yes", "--json takes no value"),
        ("--json --json", "--json is given twice"),
        ("--docker-host robot", "robot"),
    ] {
        let (code, out, notes) = acted(text);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(notes.contains(said), "{text}: {notes}");
    }
}

#[test]
fn help_is_no_wrong_use() {
    let (code, out, notes) = acted("--help");
    assert_eq!((code, notes.as_str()), (0, ""));
    assert!(out.starts_with("Usage: shipmate doctor"));
}

#[test]
fn an_engine_that_is_not_there_is_an_error_and_the_rest_is_looked_at() {
    let (code, out, notes) = acted("--docker-host unix:///nowhere/docker.sock");
    assert_eq!((code, notes.as_str()), (1, ""), "{out}");
    assert!(out.contains("Error    Docker engine: "), "{out}");
    assert!(out.contains("         -> start it with"), "{out}");
    assert!(out.contains(" disk of shipmate's state: "), "{out}");
    assert!(out.contains("socket buffers"), "{out}");

    let (code, out, _) = acted("--json --docker-host unix:///nowhere/docker.sock");
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &all["success"]), (1, &false.into()));
    let first = &all["findings"][0];
    assert_eq!(first["subject"], "Docker engine");
    assert_eq!(
        (&first["level"], &first["level_name"]),
        (&2.into(), &"Error".into())
    );
}

#[test]
fn what_is_well_takes_one_line() {
    let finding = |level, remedy: &str| Finding {
        level,
        subject: "it".to_owned(),
        text: "so".to_owned(),
        remedy: remedy.to_owned(),
    };
    let all = [finding(Level::Ok, ""), finding(Level::Warning, "do this")];
    let expected =
        "OK       it: so\nWarning  it: so\n         -> do this\n\nno errors, 1 warning\n";
    assert_eq!(show::text(&all), expected);
}
