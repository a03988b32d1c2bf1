#![allow(clippy::unwrap_used)]

use super::*;

fn said(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let code = act(&arguments, &mut out, &mut notes);
    (
        code,
        String::from_utf8(out).unwrap(),
        String::from_utf8(notes).unwrap(),
    )
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, what) in [
        (&[][..], "one --from FILE is needed"),
        (&["diff", "a"], "diff needs two files"),
        (&["--from", "a", "--format", "png"], "not `png`"),
        (&["--from", "/not/there"], "/not/there: "),
        (&["diff", "a", "b", "--format=dot"], "not `dot`"),
    ] {
        let (code, out, notes) = said(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{notes}");
        assert!(notes.contains(what), "{notes}");
    }
    assert_eq!(said(&["--help"]).1, HELP);
}

#[test]
fn a_file_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.json");
    std::fs::write(&path, json(&DependencyGraph::default())).unwrap();
    let path = path.to_str().unwrap();
    let (code, out, _) = said(&["--from", path, "--format", "svg"]);
    assert!(code == 0 && out.starts_with("<svg"), "{out}");
    assert_eq!(
        said(&["diff", path, path]),
        (0, String::new(), String::new())
    );
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut notes = Vec::new();
    assert_eq!(act(&["--help".to_owned()], &mut Closed, &mut notes), 0);
    assert!(notes.is_empty());
}
