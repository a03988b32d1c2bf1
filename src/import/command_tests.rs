#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::path::Path;

use super::{Streams, act};

/// Runs the command: its code, what it printed, and what it said.
fn run(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        notes: &mut notes,
    };
    let code = act(arguments.iter().map(OsString::from).collect(), &mut streams);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(notes))
}

fn file(folder: &Path, text: &str) -> String {
    let path = folder.join("compose.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn only_import_is_this_commands() {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    for others in [&[][..], &["--ros-args", "-p", "x:=import"], &["imports"]] {
        assert!(
            super::run(words(others).into_iter()).is_none(),
            "{others:?}"
        );
    }
    assert!(super::run(words(&["import", "--help"]).into_iter()).is_some());
}

#[test]
fn a_manifest_is_printed_and_notes_apart_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "name: rover\nservices: {a: {image: i, tty: true}}\n",
    );
    let (code, out, notes) = run(&[&path]);
    assert_eq!(code, 0, "{notes}");
    assert!(
        out.contains("name: rover") && !out.contains("register_package"),
        "{out}"
    );
    assert!(
        notes.contains("line 2: a.tty: ") && notes.contains("register_package"),
        "{notes}"
    );
    let (_, out, _) = run(&[&path, "--name=Other One"]);
    assert!(out.contains("name: other-one"), "{out}");
}

#[test]
fn a_file_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "services: {a: {image: i}}\n");
    let output = folder.path().join("shipmate.yaml");
    let arguments = [&path, "--output", output.to_str().unwrap()];
    let (code, out, notes) = run(&arguments);
    assert_eq!((code, out.as_str()), (0, ""), "{notes}");
    let written = std::fs::read_to_string(&output).unwrap();
    assert!(written.contains("image: i"), "{written}");
    std::fs::write(&output, "mine").unwrap();
    let (code, _, notes) = run(&arguments);
    assert_eq!(code, 2);
    assert!(notes.contains("shipmate.yaml: "), "{notes}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "mine");
}

#[test]
fn what_is_wrong_is_said_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "services: {a: {tty: true}}\n");
    for (arguments, part) in [
        (&[][..], "a Compose file is needed"),
        (
            &["/nowhere/compose.yaml"],
            "/nowhere/compose.yaml: there is no such file",
        ),
        (&["/"], "/: this is a folder"),
        (&["a", "b"], "one file too many"),
        (&["a", "--name"], "--name needs a value"),
        (&["--name", "b", "a", "--name=c"], "--name is given twice"),
        (&["a", "--nme", "b"], "there is no option --nme"),
        (
            &[path.as_str()],
            "compose.yaml:1:12: services.a: neither `image`",
        ),
    ] {
        let (code, out, notes) = run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(notes.contains(part), "{arguments:?}: {notes}");
    }
    let (code, out, _) = run(&["--help"]);
    assert!(
        code == 0 && out.contains("Usage: shipmate import FILE"),
        "{out}"
    );
}
