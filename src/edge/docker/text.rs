//! What a program wrote, as plain text.

/// Text without control characters and colours; line ends and tabs stay. What is no text is
/// replaced.
pub(super) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\n' | '\t' => kept.push(c),
            c if c.is_control() => {}
            c => kept.push(c),
        }
    }
    kept
}

/// Skips a terminal's escape sequence: `[`, parameters, and a letter; or one character.
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    if rest.next() == Some('[') {
        rest.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
    }
}

/// The end of a text, at most so many bytes; no character is cut.
pub(super) fn end_of(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// The beginning of a text, at most so many bytes; no character is cut.
pub(super) fn beginning_of(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_colours_go_and_lines_stay() {
        for (bytes, text) in [
            (&b"plain\n"[..], "plain\n"),
            (b"\x1b[31;1mred\x1b[0m\tend", "red\tend"),
            (b"a\0b\x07c\rd\ne", "abcd\ne"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"cut off \x1b[3", "cut off "),
            (b"", ""),
        ] {
            assert_eq!(plain(bytes), text);
        }
    }

    #[test]
    fn no_character_is_cut() {
        assert_eq!((beginning_of("éé", 3), end_of("éé", 3)), ("é", "é"));
        assert_eq!((beginning_of("ab", 9), end_of("ab", 9)), ("ab", "ab"));
    }
}
