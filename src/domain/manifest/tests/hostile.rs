//! Texts that want to hurt. Each is refused, with work that is bounded by what is counted, not by
//! a clock: a test that ends at all shows that nothing was expanded or nested without end.

use super::{executable, problems};

#[test]
fn a_text_that_is_too_long_is_not_parsed() {
    let text = format!("manifest: 1\n#{}", "x".repeat(10_000_000));
    assert_eq!(
        problems(&text),
        ["m.yaml:1:1: 10000013 bytes are too long: at most 1048576 (1 MiB)"]
    );
}

/// Nine levels of nine aliases each are 387 million values.
#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        text += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert_eq!(
        problems(&text),
        ["m.yaml:5:9: a5[2]: too much in one document, aliases included"]
    );
}

#[test]
fn long_text_behind_aliases_counts() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        vec!["*a"; 100].join(", ")
    );
    assert_eq!(
        problems(&text),
        ["m.yaml:1:7: b[15]: too much in one document, aliases included"]
    );
}

#[test]
fn an_alias_within_itself_is_refused() {
    assert_eq!(
        problems("a: &a [*a]"),
        ["m.yaml:1:8: a[0]: an alias cannot stand within what it stands for"]
    );
}

#[test]
fn an_unknown_alias_is_refused() {
    assert_eq!(
        problems("a: *b"),
        ["m.yaml:1:4: this is not valid YAML: while parsing node, found unknown anchor"]
    );
}

#[test]
fn deep_nesting_is_refused() {
    assert!(
        problems(&"[".repeat(500_000))[0]
            .ends_with("lists and mappings nest deeper than 32 levels")
    );
    assert!(
        problems(&"- ".repeat(500_000))[0]
            .ends_with("lists and mappings nest deeper than 32 levels")
    );
    assert!(
        problems(&"? ".repeat(500_000))[0]
            .ends_with("lists and mappings nest deeper than 32 levels")
    );
    // Aliases cannot nest deeper than what is written out.
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        text += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert!(problems(&text)[0].ends_with("lists and mappings nest deeper than 32 levels"));
}

#[test]
fn many_values_are_refused() {
    assert!(
        problems(&format!("[{}]", "a,".repeat(500_000)))[0]
            .ends_with("too much in one document, aliases included")
    );
    assert!(
        problems(&"- a\n".repeat(262_000))[0]
            .ends_with("too much in one document, aliases included")
    );
    assert!(
        problems(&"---\nx\n".repeat(100_000))[0].ends_with("more than 64 documents in one text")
    );
}

#[test]
fn many_mistakes_are_told_shortly() {
    let keys: String = (0..50_000).map(|key| format!("key{key}: 1\n")).collect();
    let problems = problems(&format!("manifest: 1\n{keys}"));
    assert_eq!(problems.len(), 100);
    assert!(problems.iter().map(String::len).sum::<usize>() < 100_000);
}

#[test]
fn characters_that_hide_are_refused() {
    let cases = [
        (
            "a: \0",
            "m.yaml:1:4: the character U+0000 is not allowed in here",
        ),
        (
            "a: b\nc: \u{1b}[31m",
            "m.yaml:2:4: the character U+001B is not allowed in here",
        ),
        (
            "a: \u{202e}x",
            "m.yaml:1:4: the character U+202E is not allowed in here",
        ),
        (
            "a: b\rc: d",
            "m.yaml:1:5: the character U+000D is not allowed in here",
        ),
        (
            "a\u{85}b",
            "m.yaml:1:2: the character U+0085 is not allowed in here",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text), [expected], "{text:?}");
    }
    let escaped = executable("image: i\ncommand: [\"a\\0b\"]");
    assert_eq!(
        problems(&escaped),
        [
            "m.yaml:10:19: components[0].executables[0].command[0]: the character U+0000 is not allowed in here"
        ]
    );
}

#[test]
fn directives_are_refused() {
    let expected = ["m.yaml:1:1: this is not valid YAML: YAML directives are disallowed"];
    assert_eq!(
        problems("%TAG ! tag:x,2000:\n---\nmanifest: 1\n")[..1],
        expected
    );
}

#[test]
fn names_cannot_leave_their_place() {
    for name in [
        "..",
        "../p",
        "a/b",
        "a b",
        "-a",
        "a-",
        "_",
        "A",
        "ä",
        "",
        "a\\nb",
        "a:b",
        "a_-b",
        "a--b",
        "a".repeat(41).as_str(),
    ] {
        let text = executable("image: i").replace("name: p", &format!("name: \"{name}\""));
        assert!(
            problems(&text)[0].starts_with("m.yaml:2:7: name: "),
            "{name}"
        );
    }
}

#[test]
fn a_long_word_is_shown_in_part() {
    let text = executable(&format!("image: {}", "A".repeat(1000)));
    assert_eq!(
        problems(&text),
        [
            "m.yaml:9:16: components[0].executables[0].image: 1000 characters are too long: at most 512"
        ]
    );
    let text = executable(&format!("image: i\nrestart: {}", "A".repeat(1000)));
    let expected = format!(
        "m.yaml:10:18: components[0].executables[0].restart: `{}…` is not one of always, on-failure, never",
        "A".repeat(60)
    );
    assert_eq!(problems(&text), [expected]);
}
