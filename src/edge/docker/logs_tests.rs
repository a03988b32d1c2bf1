#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::domain::log::LogStream;

#[test]
fn only_the_end_is_kept_and_no_character_is_cut() {
    let kept = plain("é".repeat(5000).as_bytes());
    assert!(kept.len() <= LIMIT && kept.len() > LIMIT - 2);
    assert!(kept.chars().all(|c| c == 'é'));
    assert_eq!(keep_end(vec![b'a'; 2 * LIMIT], b"b").len(), 2 * LIMIT);
    assert_eq!(plain(b"cut off \x1b[3"), "cut off");
}

#[test]
fn the_init_process_is_understood() {
    let said = "[FATAL tini (7)] exec nope failed: No such file or directory";
    let message = init_failure(said).unwrap_or_default();
    assert!(message.contains("nope") && message.contains("not in the image"));
    assert_eq!(init_failure("[FATAL tini"), None);
    assert_eq!(init_failure("no such thing"), None);
}

fn placed(at: i64, text: &str) -> Placed {
    Placed {
        line: LogLine {
            at: WallTime(at),
            stream: LogStream::Stdout,
            text: text.to_owned(),
        },
        first_piece: u64::try_from(at).unwrap(),
        doubtful: at == 0,
    }
}

fn texts(lines: &LastLines) -> Vec<&str> {
    lines.kept.iter().map(|p| p.line.text.as_str()).collect()
}

#[test]
fn the_latest_lines_are_kept() {
    let query = |tail, since| LogQuery {
        tail,
        since: WallTime(since),
    };
    for (tail, since, expected, left_out) in [
        (9, 0, &["a", "b", "c"][..], false),
        (2, 0, &["b", "c"], true),
        (0, 0, &[], true),
        (9, 2, &["c"], false),
        (9, 3, &[], false),
    ] {
        let mut lines = LastLines::new(&query(tail, since));
        for (at, text) in [(0, "a"), (1, "b"), (2, "c")] {
            lines.add(placed(at, text));
        }
        assert_eq!(
            (texts(&lines), lines.left_out),
            (expected.to_vec(), left_out)
        );
        assert_eq!((lines.count, lines.too_long), (3, false));
        lines.leave_out_the_doubtful();
        assert_eq!(lines.count, 2);
        assert!(!texts(&lines).contains(&"a"));
    }
}

#[test]
fn neither_long_lines_nor_many_fill_the_memory() {
    for (text, most) in [("x".repeat(1 << 16), 16), (String::new(), 1 << 14)] {
        let mut lines = LastLines::new(&LogQuery {
            tail: u32::MAX,
            since: WallTime(0),
        });
        for at in 0..20_000 {
            lines.add(placed(at, &text));
        }
        assert!(lines.too_long && lines.left_out);
        assert!(lines.kept.len() <= most && lines.kept.len() >= most - 1);
        assert_eq!(lines.kept.back().map(|p| p.line.at), Some(WallTime(19_999)));
    }
}

#[test]
fn following_begins_where_the_wanted_lines_do() {
    let start = |tail, whole| {
        let mut lines = LastLines::new(&LogQuery {
            tail,
            since: WallTime(0),
        });
        for (at, text) in [(0, "a"), (1, "b"), (2, "c")] {
            lines.add(placed(at, text));
        }
        let answer = Answer {
            lines,
            pieces: 3,
            whole,
        };
        answer.start()
    };
    assert_eq!(start(3, true), Start::Beginning);
    assert_eq!(start(2, true), Start::Last(3));
    assert_eq!(start(2, false), Start::Last(3));
    assert_eq!(start(0, false), Start::Last(1));
}

#[test]
fn what_was_passed_on_is_told_apart_by_stream() {
    let line = |at, stream| LogLine {
        at: WallTime(at),
        stream,
        text: String::new(),
    };
    let mut passed = Passed::before(WallTime(10));
    assert_eq!(passed.since(), WallTime(9));
    passed.note(&line(30, LogStream::Stdout));
    passed.note(&line(20, LogStream::Stdout));
    assert_eq!(passed.since(), WallTime(9));
    for (at, stream, has) in [
        (30, LogStream::Stdout, true),
        (31, LogStream::Stdout, false),
        (9, LogStream::Stderr, true),
        (10, LogStream::Stderr, false),
    ] {
        assert_eq!(passed.has(&line(at, stream)), has, "{at} {stream:?}");
    }
    passed.note(&line(10 + 2 * OVERLAP, LogStream::Stdout));
    assert_eq!(passed.since(), WallTime(10 + OVERLAP));
}
