//! The sentences in which a schema is explained to a person.

use serde_json::Value;

use super::scalar::{Kind, Scalar};
use super::tree::{Content, Node};
use super::{closest, excerpt};

/// The types of JSON Schema, in the words of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Mapping,
    List,
    Text,
    Integer,
    Number,
    Boolean,
}

impl Type {
    fn expected(self) -> &'static str {
        match self {
            Self::Mapping => "a mapping (`key: value`)",
            Self::List => "a list (`- entry`)",
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
        }
    }
}

/// The types that `schema` allows.
pub fn types(schema: &Value) -> Vec<Type> {
    if schema["oneOf"].is_array() {
        return vec![Type::Text];
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().collect(),
        name => vec![name],
    };
    let known = |name: &Value| match name.as_str()? {
        "object" => Some(Type::Mapping),
        "array" => Some(Type::List),
        "string" => Some(Type::Text),
        "integer" => Some(Type::Integer),
        "number" => Some(Type::Number),
        "boolean" => Some(Type::Boolean),
        _ => None,
    };
    names.into_iter().filter_map(known).collect()
}

/// The words of an enumeration; none for other schemas.
pub fn choices(schema: &Value) -> Vec<&str> {
    let consts = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|choice| choice["const"].as_str());
    let words = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    consts.chain(words).collect()
}

/// A word as JSON. With `as_text` a number is a number only when it prints as it is written.
pub fn json(word: &Scalar, as_text: bool) -> Value {
    let value = match word.kind {
        Kind::Null => Value::Null,
        Kind::Boolean(value) => Value::from(value),
        Kind::Integer(value) => Value::from(value),
        Kind::Number(value) => Value::from(value),
        Kind::Text => Value::from(word.text.as_str()),
    };
    let spelled = match word.kind {
        Kind::Number(value) => format!("{value:?}"),
        _ => value.to_string(),
    };
    if as_text && spelled != word.text {
        Value::from(word.text.as_str())
    } else {
        value
    }
}

/// The sentence for a value of a type that is not allowed.
pub fn wrong_type(node: &Node, types: &[Type], schema: &Value) -> String {
    let choices = choices(schema);
    let expected = match schema["x-allowed"].as_str() {
        Some(allowed) => allowed.to_owned(),
        None if !choices.is_empty() => format!("one of {}", choices.join(", ")),
        None => types
            .iter()
            .map(|kind| kind.expected())
            .collect::<Vec<_>>()
            .join(" or "),
    };
    format!("expected {expected}; found {}", found(node))
}

/// What a node is, in words.
fn found(node: &Node) -> String {
    let word = match &node.content {
        Content::Mapping(_) => return "a mapping".to_owned(),
        Content::List(_) => return "a list".to_owned(),
        Content::Scalar(word) => word,
    };
    let text = excerpt(&word.text);
    match word.kind {
        Kind::Null => "nothing".to_owned(),
        Kind::Boolean(_) => format!("`{text}`"),
        Kind::Integer(_) => format!("the whole number {text}"),
        Kind::Number(_) => format!("the number {text}"),
        Kind::Text => format!("the text `{text}`"),
    }
}

/// What to write instead of a word of the wrong type, where that is plain.
pub fn hint(word: &Scalar, types: &[Type]) -> String {
    let lower = word.text.to_lowercase();
    match word.kind {
        Kind::Text if types.contains(&Type::Boolean) => match lower.as_str() {
            "yes" | "on" | "y" => ": write true".to_owned(),
            "no" | "off" | "n" => ": write false".to_owned(),
            "true" | "false" => ": take the quotes away".to_owned(),
            _ => String::new(),
        },
        Kind::Text if types.contains(&Type::Integer) || types.contains(&Type::Number) => {
            let numeric = matches!(
                Scalar::plain(&word.text).kind,
                Kind::Integer(_) | Kind::Number(_)
            );
            if numeric {
                ": take the quotes away".to_owned()
            } else {
                String::new()
            }
        }
        _ => String::new(),
    }
}

/// The sentence for a key that is not there.
pub fn missing(key: &str, schema: &Value) -> String {
    if let Some(advice) = schema["x-missing"].as_str() {
        return format!("the key `{key}` is missing: {advice}");
    }
    let description = schema["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ");
    let description = description.trim_end_matches('.');
    let mut letters = description.chars();
    let first = letters
        .next()
        .map(|first| first.to_lowercase().to_string())
        .unwrap_or_default();
    format!("the key `{key}` is missing: {first}{}", letters.as_str())
}

/// The sentence for a key that does not exist.
pub fn unknown_key(key: &str, schema: &Value) -> String {
    let known = || {
        schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|keys| keys.keys())
            .map(String::as_str)
    };
    if key == "<<" {
        return "merge keys (`<<`) are not part of YAML 1.2: write the keys out, or use an alias for a whole value".to_owned();
    }
    match closest(key, known()) {
        Some(close) => format!("unknown key; did you mean `{close}`?"),
        None => format!(
            "unknown key; allowed here: {}",
            known().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The sentence for a text that does not look as it must.
pub fn not_allowed(text: &str, schema: &Value) -> String {
    let allowed = schema["x-allowed"]
        .as_str()
        .or(schema["pattern"].as_str())
        .unwrap_or_default();
    format!("`{}` is not allowed: expected {allowed}", excerpt(text))
}

/// The sentence for a word that an enumeration does not have.
pub fn no_choice(text: &str, choices: &[&str]) -> String {
    let close = closest(text, choices.iter().copied());
    let suggestion = close
        .map(|close| format!("; did you mean `{close}`?"))
        .unwrap_or_default();
    format!(
        "`{}` is not one of {}{suggestion}",
        excerpt(text),
        choices.join(", ")
    )
}

/// The sentence for a number beyond the schema's bounds, if it is.
pub fn out_of_range(number: f64, text: &str, schema: &Value) -> Option<String> {
    let bound = |name: &str| schema[name].as_f64();
    let limit = |name: &str| schema[name].to_string();
    if bound("minimum").is_some_and(|least| number < least) {
        return Some(format!(
            "{text} is too small: at least {}",
            limit("minimum")
        ));
    }
    if bound("exclusiveMinimum").is_some_and(|least| number <= least) {
        return Some(format!(
            "{text} is too small: more than {}",
            limit("exclusiveMinimum")
        ));
    }
    if bound("maximum").is_some_and(|most| number > most) {
        return Some(format!("{text} is too large: at most {}", limit("maximum")));
    }
    match &schema["const"] {
        Value::Number(only) if only.as_f64() != Some(number) => {
            Some(format!("{text} is not allowed: only {only}"))
        }
        _ => None,
    }
}
