//! Variables in Compose's texts: `$NAME`, `${NAME}`, `${NAME:-default}` and their kin.

/// How long a reference may be; what is longer is text.
const LONGEST: usize = 1024;
/// How deep defaults may hold defaults.
const DEEPEST: usize = 8;

/// A part of a text.
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// What Compose takes from its environment.
    Variable(Variable),
}

/// A reference to a variable.
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What stands for it when it is not set.
    default: Option<String>,
    /// What Compose says when it is not set and has to be.
    pub message: Option<String>,
}

impl Variable {
    /// Whether a parameter can have its name.
    pub fn is_parameter(&self) -> bool {
        self.name.len() <= 64 && !self.name.starts_with(|c: char| c.is_ascii_digit())
    }

    /// What stands for it when it is not set, with all defaults within filled in.
    pub fn value(&self) -> Option<String> {
        self.default.as_ref().map(|default| flat(default, DEEPEST))
    }
}

/// `text` with the defaults of its variables; those without one are empty, as with Compose.
fn flat(text: &str, depth: usize) -> String {
    if depth == 0 {
        return text.to_owned();
    }
    let pieces = pieces(text).0.into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Variable(variable) => match variable.default {
            Some(default) => flat(&default, depth - 1),
            None => String::new(),
        },
    });
    pieces.collect()
}

/// The parts of a text, and whether a `$` in it was no reference.
pub fn pieces(text: &str) -> (Vec<Piece>, bool) {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut stray = false;
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        plain.push_str(&rest[..dollar]);
        let after = &rest[dollar + 1..];
        if let Some(escaped) = after.strip_prefix('$') {
            plain.push('$');
            rest = escaped;
        } else if let Some((variable, behind)) = reference(after) {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Variable(variable));
            rest = behind;
        } else {
            plain.push('$');
            stray = true;
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    (pieces, stray)
}

/// The reference at the start of `text`, behind its `$`, and what follows it.
fn reference(text: &str) -> Option<(Variable, &str)> {
    let Some(braced) = text.strip_prefix('{') else {
        let end = name_end(text);
        let named = end > 0 && !text.starts_with(|c: char| c.is_ascii_digit());
        return named.then(|| (variable(&text[..end], None, None), &text[end..]));
    };
    let end = closing(braced)?;
    let (inner, behind) = (&braced[..end], &braced[end + 1..]);
    let (name, rest) = inner.split_at(name_end(inner));
    if name.is_empty() {
        return None;
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let variable = match rest.chars().next() {
        None if inner.ends_with(':') => return None,
        None => variable(name, None, None),
        Some('-') => variable(name, Some(&rest[1..]), None),
        Some('?') => variable(name, None, Some(&rest[1..])),
        // What stands there when it is set; when it is not, nothing does.
        Some('+') => variable(name, Some(""), None),
        Some(_) => return None,
    };
    Some((variable, behind))
}

fn variable(name: &str, default: Option<&str>, message: Option<&str>) -> Variable {
    Variable {
        name: name.to_owned(),
        default: default.map(str::to_owned),
        message: message
            .filter(|message| !message.is_empty())
            .map(str::to_owned),
    }
}

fn name_end(text: &str) -> usize {
    let other = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.find(other).unwrap_or(text.len())
}

/// Where the brace closes that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut before = ' ';
    for (index, character) in text.char_indices().take(LONGEST) {
        match character {
            '{' if before == '$' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
        before = character;
    }
    None
}
