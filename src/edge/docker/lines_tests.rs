#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;

use super::*;

const T1: &str = "2026-11-24T22:01:32.000000001Z";
const T2: &str = "2026-11-24T22:01:32.000000002Z";
const T3: &str = "2026-11-24T22:01:32.000000003Z";

fn out(stamp: &str, text: &str) -> LogOutput {
    LogOutput::StdOut {
        message: Bytes::from(format!("{stamp} {text}")),
    }
}

fn err(stamp: &str, text: &str) -> LogOutput {
    LogOutput::StdErr {
        message: Bytes::from(format!("{stamp} {text}")),
    }
}

fn console(text: String) -> LogOutput {
    LogOutput::Console {
        message: Bytes::from(text),
    }
}

fn read(said: impl IntoIterator<Item = LogOutput>) -> (Vec<Placed>, u64) {
    let mut lines = Lines::new();
    let mut ended = Vec::new();
    for chunk in said {
        lines.take(chunk, &mut ended);
    }
    lines.end(&mut ended);
    (ended, lines.pieces)
}

/// Each line's stream, the last digit of its moment, its text, and whether it is doubtful.
fn shown(placed: &[Placed]) -> Vec<(&str, i64, &str, bool)> {
    let shown = |p: &'_ Placed| (p.line.stream.name(), p.line.at.0 % 10);
    placed
        .iter()
        .map(|p| {
            let (stream, at) = shown(p);
            (stream, at, p.line.text.as_str(), p.doubtful)
        })
        .collect()
}

#[test]
fn lines_have_their_stream_and_moment() {
    let (placed, pieces) = read([
        out(T1, "one\n"),
        err(T2, "\x1b[31mtwo\x1b[0m\r\n"),
        out(T3, "no end"),
    ]);
    let expected = [
        ("stdout", 1, "one", true),
        ("stderr", 2, "two", false),
        ("stdout", 3, "no end", false),
    ];
    assert_eq!((&shown(&placed)[..], pieces), (&expected[..], 3));
    assert_eq!(placed[0].line.at.0 / 1_000_000_000, 1_795_557_692);
}

#[test]
fn pieces_of_a_line_are_joined_though_others_come_between() {
    let full = "x".repeat(PIECE);
    let (placed, pieces) = read([
        out(T1, "before\n"),
        out(T2, &full[..]),
        err(T3, "between\n"),
        out(T2, "y\n"),
    ]);
    assert_eq!(pieces, 4);
    assert_eq!(placed.len(), 3);
    assert_eq!(placed[1].line.text, "between");
    let long = &placed[2];
    assert_eq!((long.first_piece, long.doubtful), (1, false));
    assert_eq!(long.line.text, format!("{full}{CUT}"));
}

/// A line that is as long as a piece has an empty piece for its end.
#[test]
fn a_line_of_a_pieces_length_is_not_cut() {
    let full = "x".repeat(PIECE);
    let (placed, _) = read([out(T1, &full), out(T1, "\n"), out(T2, "next\n")]);
    let texts: Vec<&str> = placed.iter().map(|p| p.line.text.as_str()).collect();
    assert_eq!(texts, [full.as_str(), "next"]);
}

/// What was left without a line end when a program ended is not joined with what it says after it
/// was started again, be it as long as a piece.
#[test]
fn the_end_of_a_program_ends_a_line() {
    let full = "x".repeat(PIECE);
    for last in ["short", &full] {
        let (placed, _) = read([out(T1, last), out(T2, "again\n")]);
        let texts: Vec<&str> = placed.iter().map(|p| p.line.text.as_str()).collect();
        assert_eq!(texts, [last, "again"]);
    }
}

#[test]
fn what_may_be_the_end_of_an_earlier_line_is_doubtful() {
    let full = "x".repeat(PIECE);
    let (placed, _) = read([
        out(T2, &full),
        err(T1, "older, of a line that began before\n"),
        err(T1, "not in doubt any more\n"),
        out(T2, "its end\n"),
        out(T2, "next\n"),
    ]);
    let doubts: Vec<bool> = placed.iter().map(|p| p.doubtful).collect();
    assert_eq!(doubts, [true, false, true, false], "{:?}", shown(&placed));
}

#[test]
fn what_is_no_text_is_replaced_and_no_character_is_cut() {
    let (placed, _) = read([LogOutput::StdOut {
        message: Bytes::from([T1.as_bytes(), b" a\xff\0b\n"].concat()),
    }]);
    assert_eq!(placed[0].line.text, "a\u{fffd}b");
    let umlauts = format!("a{}", "ä".repeat(PIECE));
    let (first, rest) = umlauts.as_bytes().split_at(PIECE);
    let pieces = [
        first,
        &rest[..PIECE],
        &[rest[PIECE..].to_vec(), b"\n".to_vec()].concat(),
    ]
    .map(|piece| LogOutput::StdOut {
        message: Bytes::from([T1.as_bytes(), b" ", piece].concat()),
    });
    let (placed, _) = read(pieces);
    assert_eq!(placed.len(), 1);
    let text = placed[0].line.text.strip_suffix(CUT).expect("it is cut");
    assert!(text.starts_with("aä") && text.ends_with('ä') && text.len() >= LONGEST - 2);
}

#[test]
fn what_has_no_moment_keeps_the_last() {
    let said = LogOutput::StdErr {
        message: Bytes::from("Error grabbing logs: broken\n"),
    };
    let (placed, _) = read([out(T2, "fine\n"), said]);
    assert_eq!(shown(&placed)[1].1, 2);
    assert_eq!(placed[1].line.text, "Error grabbing logs: broken");
}

/// On a socket a terminal's output comes by the line, over TCP in any chunks.
#[test]
fn a_terminals_output_is_taken_apart() {
    let full = "x".repeat(PIECE);
    let all = format!("{T1} one\r\n{T2} {full}{T2} y\r\n{T3} {full}{T3} \r\n{T3} prompt");
    for chunk in [1, 7, 4096, all.len()] {
        let chunks = all.as_bytes().chunks(chunk);
        let said = chunks.map(|c| console(String::from_utf8_lossy(c).into_owned()));
        let (placed, pieces) = read(said);
        let texts: Vec<&str> = placed.iter().map(|p| p.line.text.as_str()).collect();
        let long = format!("{full}{CUT}");
        assert_eq!(texts, ["one", &long, &full, "prompt"]);
        assert_eq!(pieces, 6);
    }
}
