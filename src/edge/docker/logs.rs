//! The last lines of a container's output, fit to be shown.

use bollard::query_parameters::LogsOptions;
use futures::TryStreamExt;

use super::{Engine, EngineError};

/// More than this of a container's output is not kept.
const LIMIT: usize = 4096;

impl Engine {
    /// The last lines that a container wrote to its output, at most 4 KiB, as plain text.
    pub async fn logs_tail(&self, id: &str, lines: u32) -> Result<String, EngineError> {
        let what = "read a container's output";
        let client = self.client()?;
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: lines.to_string(),
            ..Default::default()
        };
        let asked = client
            .logs(id, Some(options))
            .try_fold(Vec::new(), async |bytes, chunk| {
                Ok(keep_end(bytes, &chunk.into_bytes()))
            });
        self.within(what, self.deadlines().question, asked)
            .await?
            .map(|bytes| plain(&bytes))
            .map_err(|failure| self.explain(&failure, what))
    }
}

/// Appends a chunk; a program without line ends must not fill the memory. Twice the limit is kept,
/// because colours are yet to be removed.
fn keep_end(mut bytes: Vec<u8>, chunk: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(chunk);
    let excess = bytes.len().saturating_sub(2 * LIMIT);
    bytes.drain(..excess);
    bytes
}

/// Text without control characters and colours, cut at its front to the limit.
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
    end_of(kept.trim_end()).to_owned()
}

/// Skips a terminal's escape sequence: `[`, parameters, and a letter; or one character.
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    if rest.next() == Some('[') {
        rest.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
    }
}

fn end_of(text: &str) -> &str {
    let mut start = text.len().saturating_sub(LIMIT);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// What the init process says when it cannot run the command, in words for a person. Docker starts
/// the init process, so a wrong command is no error for it: the container just ends with 127.
pub(super) fn init_failure(output: &str) -> Option<String> {
    let said = output
        .lines()
        .find(|line| line.starts_with("[FATAL tini"))?;
    let (_, said) = said.split_once("] exec ")?;
    let (command, reason) = said.split_once(" failed: ")?;
    let error = EngineError::CommandNotFound {
        command: command.to_owned(),
        cause: match reason {
            "No such file or directory" => "it is not in the image".to_owned(),
            "Permission denied" => "it is not executable".to_owned(),
            "Exec format error" => "it was built for another processor".to_owned(),
            other => other.to_owned(),
        },
    };
    Some(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_colours_go_and_lines_stay() {
        for (bytes, text) in [
            (&b"plain\n"[..], "plain"),
            (b"\x1b[31;1mred\x1b[0m\tend", "red\tend"),
            (b"a\0b\x07c\rd\ne", "abcd\ne"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"cut off \x1b[3", "cut off"),
            (b"", ""),
        ] {
            assert_eq!(plain(bytes), text);
        }
    }

    #[test]
    fn only_the_end_is_kept_and_no_character_is_cut() {
        let kept = plain("é".repeat(5000).as_bytes());
        assert!(kept.len() <= LIMIT && kept.len() > LIMIT - 2);
        assert!(kept.chars().all(|c| c == 'é'));
        assert_eq!(keep_end(vec![b'a'; 2 * LIMIT], b"b").len(), 2 * LIMIT);
    }

    #[test]
    fn the_init_process_is_understood() {
        let said = "[FATAL tini (7)] exec nope failed: No such file or directory";
        let message = init_failure(said).unwrap_or_default();
        assert!(message.contains("nope") && message.contains("not in the image"));
        assert_eq!(init_failure("[FATAL tini"), None);
        assert_eq!(init_failure("no such thing"), None);
    }
}
