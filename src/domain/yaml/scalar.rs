//! What a plain word of YAML means, by the core schema of YAML 1.2: `no` is text, `010` is ten.

/// A word of YAML with its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, escapes resolved, otherwise spelled as in the source.
    pub text: String,
    /// What it means.
    pub kind: Kind,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Nothing: an absent value, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent, or one that is too long for [`Kind::Integer`].
    /// Never infinite or not a number: those are text here.
    Number(f64),
    /// Everything else, and everything in quotes.
    Text,
}

impl Scalar {
    /// Reads a word without quotes.
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            kind: kind_of(text),
        }
    }

    /// A word in quotes, or a block of text.
    pub fn quoted(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            kind: Kind::Text,
        }
    }
}

fn kind_of(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Boolean(true),
        "false" | "False" | "FALSE" => return Kind::Boolean(false),
        _ => {}
    }
    integer(text)
        .map(Kind::Integer)
        .or_else(|| number(text).map(Kind::Number))
        .unwrap_or(Kind::Text)
}

fn integer(text: &str) -> Option<i64> {
    let (radix, digits) = match text.get(..2) {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        _ => return text.parse().ok(),
    };
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    plain
        .then(|| i64::from_str_radix(digits, radix).ok())
        .flatten()
}

fn number(text: &str) -> Option<f64> {
    let numeric = text.contains(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    numeric
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number: &f64| number.is_finite())
}

/// What stands in the quotes of `text`, when all of it is one quoted YAML word.
pub fn unquote(text: &str) -> Option<String> {
    use granit_parser::{Event, Parser, ScalarStyle};

    if !text.starts_with(['"', '\'']) {
        return None;
    }
    let mut words = Vec::new();
    for event in Parser::new_from_str(text) {
        match event.ok()?.0 {
            Event::Scalar(word, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) => {
                words.push(word.into_owned());
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd => {}
            _ => return None,
        }
    }
    words.pop().filter(|_| words.is_empty())
}
