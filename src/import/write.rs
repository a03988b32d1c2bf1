//! Readable YAML.

use crate::domain::yaml::{Kind, Scalar, below};

/// The widest line on which a list or a mapping is put as a whole.
const WIDTH: usize = 100;

/// A value of the manifest.
#[derive(Clone, Debug)]
pub enum Value {
    /// A word that is written as it is: a number, true, false.
    Word(String),
    /// Text, in quotes where YAML would see something else in it.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping.
    Map(Map),
}

/// A mapping, with comments above it.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// Lines of comment.
    pub comments: Vec<String>,
    /// Keys and values.
    pub entries: Vec<(String, Value)>,
    /// Whether it is put on one line where it fits.
    pub short: bool,
}

impl Map {
    /// A mapping that is put on one line.
    pub fn short(entries: Vec<(&str, Value)>) -> Value {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Value::Map(Self {
            comments: Vec::new(),
            entries: entries.collect(),
            short: true,
        })
    }

    /// A mapping that takes a line for each entry.
    pub fn long(entries: Vec<(String, Value)>) -> Value {
        Value::Map(Self {
            comments: Vec::new(),
            entries,
            short: false,
        })
    }
}

/// A text.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A number, true or false.
pub fn word(word: impl ToString) -> Value {
    Value::Word(word.to_string())
}

/// Texts.
pub fn texts(words: Vec<String>) -> Value {
    Value::List(words.into_iter().map(Value::Text).collect())
}

impl Value {
    /// Removes what is at `path`, when it is in here, where `own` is the path of this value.
    pub fn remove(&mut self, own: &str, path: &str) -> bool {
        match self {
            Self::Map(map) => {
                let at = |key: &str| below(own, key);
                if let Some(index) = map.entries.iter().position(|(key, _)| at(key) == path) {
                    map.entries.remove(index);
                    return true;
                }
                let mut entries = map.entries.iter_mut();
                entries.any(|(key, value)| value.remove(&at(key), path))
            }
            Self::List(items) => {
                let at = |index: usize| format!("{own}[{index}]");
                if let Some(index) = (0..items.len()).find(|&index| at(index) == path) {
                    items.remove(index);
                    return true;
                }
                let mut items = items.iter_mut().enumerate();
                items.any(|(index, item)| item.remove(&at(index), path))
            }
            Self::Word(_) | Self::Text(_) => false,
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::on_one_line).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(map) => {
                let entries = map
                    .entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", quoted(key), value.on_one_line()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn is_short(&self) -> bool {
        match self {
            Self::Word(_) | Self::Text(_) => true,
            Self::List(items) => {
                items.is_empty()
                    || items
                        .iter()
                        .all(|item| matches!(item, Self::Word(_) | Self::Text(_)))
            }
            Self::Map(map) => map.entries.is_empty() || map.short,
        }
    }
}

/// A whole document.
pub fn document(map: &Map) -> String {
    let mut out = String::new();
    put_map(map, 0, "", &mut out);
    out
}

/// `first` stands before the first entry instead of the indentation: `- ` of a list.
fn put_map(map: &Map, indent: usize, first: &str, out: &mut String) {
    let pad = " ".repeat(indent);
    for comment in &map.comments {
        let before = indent - first.len().min(indent);
        let line = format!("{}# {comment}", " ".repeat(before));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    for (index, (key, value)) in map.entries.iter().enumerate() {
        if index == 0 && !first.is_empty() {
            out.push_str(&" ".repeat(indent - first.len()));
            out.push_str(first);
        } else {
            out.push_str(&pad);
        }
        out.push_str(&quoted(key));
        out.push(':');
        put_value(value, indent, out);
    }
}

/// A value behind its key.
fn put_value(value: &Value, indent: usize, out: &mut String) {
    let line = value.on_one_line();
    let scalar = matches!(value, Value::Word(_) | Value::Text(_));
    if scalar || value.is_short() && line.len() + indent <= WIDTH {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push('\n');
    match value {
        Value::List(items) => items
            .iter()
            .for_each(|item| put_item(item, indent + 2, out)),
        Value::Map(map) => put_map(map, indent + 2, "", out),
        Value::Word(_) | Value::Text(_) => {}
    }
}

fn put_item(item: &Value, indent: usize, out: &mut String) {
    match item {
        Value::Map(map) if !map.short => put_map(map, indent + 2, "- ", out),
        item => {
            out.push_str(&" ".repeat(indent));
            out.push_str(&format!("- {}\n", item.on_one_line()));
        }
    }
}

/// A text, in quotes unless it means itself without, in whatever YAML.
fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    // YAML reads JSON's strings.
    serde_json::Value::from(text).to_string()
}

fn is_plain(text: &str) -> bool {
    let body = text.trim_start_matches('-');
    let dashes = text.len() - body.len();
    let starts = body.starts_with(|c: char| c.is_ascii_alphanumeric() || "_./".contains(c));
    let clean = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_./-+=@:".contains(c));
    // A colon is text only with something behind it; `1:20` is a number to some.
    let mut colons = text.match_indices(':');
    let colons_mean_nothing = colons.all(|(at, _)| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/')
    }) && !(text.contains(':')
        && text.starts_with(|c: char| c.is_ascii_digit()));
    let truth = ["yes", "no", "on", "off", "y", "n"];
    starts
        && clean
        && dashes <= 2
        && colons_mean_nothing
        && !body.chars().all(|c| c == '.')
        && !truth.contains(&text.to_ascii_lowercase().as_str())
        && text.len() <= 200
        && Scalar::plain(text).kind == Kind::Text
}
