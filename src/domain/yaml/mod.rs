//! Reading the YAML files that people write: within bounds, with the place of every value, and
//! against a JSON Schema, so that all that is wrong is said at once.
//!
//! `tree` turns text into nodes that know their places; `shape` holds a tree against a schema and
//! gives plain JSON, in which what was wrong is replaced by something harmless.

mod build;
mod problem;
mod scalar;
mod schema;
mod shape;
mod step;
mod text;
mod tree;
mod words;

pub use problem::{Place, Problem};
pub use scalar::{Kind, Scalar, unquote};
pub use schema::Schema;
pub use shape::{Checked, check};
pub use tree::{Content, Node, read};

/// How many problems are told of one text.
pub const MAX_PROBLEMS: usize = 100;

/// The entry of `known` that a person may have meant by `word`.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are no typing errors, and comparing them is slow.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let shortened = word.len() >= 3 && candidate.ends_with(&word);
        if shortened {
            1.0
        } else {
            strsim::jaro_winkler(&word, &candidate)
        }
    };
    known
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `text` as it is quoted in an error: at most 60 characters, nothing that moves a cursor.
pub fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short.replace("\\\"", "\"").replace("\\'", "'")
}

/// The path of what lies under `key` in the mapping at `path`.
pub fn below(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    match (path.is_empty(), plain && key.len() <= 128) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[\"{}\"]", excerpt(key)),
    }
}
