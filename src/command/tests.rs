#![allow(clippy::unwrap_used)]

use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::*;

const COMMAND: Command = Command {
    name: "row",
    help: "Usage: shipmate row\n",
    short: &[('o', "--output")],
};

/// Knows `--fast`, `--name TEXT`, `--output FILE` and words; prints what it read.
fn options(arguments: &mut Arguments) -> Result<String, Exit> {
    let mut read = String::new();
    while let Some(argument) = arguments.read()? {
        read += &match argument {
            Argument::Option(option) => match option.as_str() {
                "--fast" => option,
                "--name" => format!("{option}:{}", arguments.text()?),
                "--output" => format!("{option}:{}", arguments.path()?.display()),
                _ => return Err(Exit::unknown(&option)),
            },
            Argument::Value(word) => word.display().to_string(),
        };
        read += "\n";
    }
    Ok(read)
}

fn acted(arguments: Vec<OsString>) -> (u8, String, String) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        notes: &mut notes,
    };
    let print = |read: String, streams: &mut Streams| streams.print(&read).map(|()| DONE);
    let code = COMMAND.act(arguments, &mut streams, options, print);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(notes))
}

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

#[test]
fn options_are_read_in_every_form() {
    let expected = (DONE, "--name:x\n--output:y\nz\n".to_owned(), String::new());
    for text in [
        "--name x --output y z",
        "--name=x -o y z",
        "--name=x -oy z",
        "--name x -o=y -- z",
    ] {
        assert_eq!(acted(words(text)), expected, "{text}");
    }
    assert_eq!(acted(words("--name=-1")).1, "--name:-1\n");
    assert_eq!(acted(words("-- --fast")).1, "--fast\n");
    assert_eq!(acted(words("--name -")).1, "--name:-\n");
    assert_eq!(acted(Vec::new()).1, "");
}

#[test]
fn misuse_is_told_with_the_help() {
    for (text, what) in [
        ("--fats", "there is no option --fats"),
        ("--fats=1", "there is no option --fats"),
        ("-x", "there is no option -x"),
        ("-xo y", "there is no option -x"),
        ("--name", "--name needs a value"),
        ("--name=", "--name needs a value"),
        ("-o", "--output needs a value"),
        (
            "--name --fast",
            "--name needs a value; if `--fast` is meant, write `--name=--fast`",
        ),
        ("--fast=yes", "--fast takes no value"),
        ("--fast --fast", "--fast is given twice"),
        ("--name x --name=x", "--name is given twice"),
        ("-o x --output y", "--output is given twice"),
    ] {
        let told = format!("shipmate row: {what}");
        let (code, out, notes) = acted(words(text));
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(notes.starts_with(&told), "{text}: {notes}");
        assert!(notes.ends_with("\n\nUsage: shipmate row\n\n"), "{notes:?}");
    }
}

#[test]
fn help_and_version_need_nothing_else_to_be_right() {
    for text in ["--help", "-h", "a --name x -h --nonsense"] {
        let expected = (DONE, "Usage: shipmate row\n".to_owned(), String::new());
        assert_eq!(acted(words(text)), expected, "{text}");
    }
    for text in ["--version", "-V", "a --version --nonsense"] {
        let (code, out, notes) = acted(words(text));
        assert_eq!((code, notes.as_str()), (DONE, ""), "{text}");
        assert_eq!(out, format!("shipmate {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn arguments_that_are_no_text_can_be_paths_and_nothing_else() {
    let odd = || OsString::from_vec(b"a\xff".to_vec());
    let (code, out, _) = acted(vec!["--output".into(), odd(), odd()]);
    assert_eq!(
        (code, out.as_str()),
        (DONE, "--output:a\u{fffd}\na\u{fffd}\n")
    );
    let (code, _, notes) = acted(vec!["--name".into(), odd()]);
    assert_eq!(code, 2);
    assert!(notes.contains("--name needs text, which `a"), "{notes}");
    let (code, _, notes) = acted(vec![OsString::from_vec(b"--a\xff".to_vec())]);
    assert_eq!(code, 2);
    assert!(notes.contains("there is no option --a"), "{notes}");
}

#[test]
fn only_its_own_name_calls_a_command() {
    let called = |text: &str| COMMAND.run(words(text).into_iter(), |_, _| DONE).is_some();
    assert!(called("row") && called("row --fast"));
    for others in ["", "rows", "--ros-args -p x:=row", "--fast row"] {
        assert!(!called(others), "{others}");
    }
}

#[test]
fn the_program_answers_for_itself_and_leaves_options_to_the_node() {
    let said = |first: &str| {
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            out: &mut out,
            notes: &mut notes,
        };
        let code = answer(first.as_ref(), &mut streams);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(notes))
    };
    assert_eq!(said("--help"), (Some(0), HELP.to_owned(), String::new()));
    assert_eq!(said("-V"), (Some(0), version(), String::new()));
    let (code, out, notes) = said("docter");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(notes.contains("no command `docter`") && notes.contains("  doctor "));
    for own in ["--ros-args", "--log-level", "-x"] {
        assert_eq!(said(own), (None, String::new(), String::new()), "{own}");
    }
}

/// A stream whose reader is gone, or on a full disk.
struct Broken(ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error_and_a_full_disk_is_one() {
    for (kind, code, said) in [
        (ErrorKind::BrokenPipe, 0, ""),
        (ErrorKind::StorageFull, 2, "it could not be written: "),
    ] {
        let mut notes = Vec::new();
        let mut streams = Streams {
            out: &mut Broken(kind),
            notes: &mut notes,
        };
        let work = |_, streams: &mut Streams| streams.print("much").map(|()| DONE);
        let ended = COMMAND.act(Vec::new(), &mut streams, options, work);
        let notes = String::from_utf8(notes).unwrap();
        assert_eq!(ended, code, "{notes}");
        assert!(notes.starts_with(said), "{notes}");
    }
    // Nobody listens to what is wrong, either.
    let mut streams = Streams {
        out: &mut Broken(ErrorKind::BrokenPipe),
        notes: &mut Broken(ErrorKind::BrokenPipe),
    };
    let work = |_, _: &mut Streams| Ok(DONE);
    assert_eq!(
        COMMAND.act(words("--fats"), &mut streams, options, work),
        FAILED
    );
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text"), "text").unwrap();
    std::fs::write(at("bytes"), b"ab\xff").unwrap();
    std::fs::write(at("long"), vec![b'a'; MOST as usize * 1024 * 1024 + 1]).unwrap();
    std::fs::write(at("just"), vec![b'a'; MOST as usize * 1024 * 1024]).unwrap();

    const MOST: u64 = 1;
    assert_eq!(read(&at("text"), MOST), Ok("text".to_owned()));
    assert!(read(&at("just"), MOST).is_ok());
    for (path, what) in [
        (at("none"), "there is no such file"),
        (at(""), "this is a folder; name a file in it"),
        (
            at("bytes"),
            "this is no text: what follows its first 2 bytes",
        ),
        (at("long"), "it is longer than 1 MiB"),
    ] {
        told(&path, read(&path, MOST), what);
    }

    let inner = at("no/text");
    told(&inner, write(&inner, "new"), "there is no such folder");
    told(
        &at(""),
        write(&at(""), "new"),
        "this is a folder; name a file in it",
    );
    let there = at("text");
    told(
        &there,
        write_new(&there, "new"),
        "it is there already and was left",
    );
    assert_eq!(read(&there, MOST), Ok("text".to_owned()));
    write(&there, "new").unwrap();
    assert_eq!(read(&there, MOST), Ok("new".to_owned()));
    write_new(&at("other"), "new").unwrap();
    assert_eq!(read(&at("other"), MOST), Ok("new".to_owned()));
}

fn told<T: std::fmt::Debug>(path: &Path, done: Result<T, String>, what: &str) {
    let message = done.unwrap_err();
    let whole = format!("{}: {what}", path.display());
    assert!(message.starts_with(&whole), "{message}");
}
