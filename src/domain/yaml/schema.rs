//! The schemas that are generated from types, made fit for reading files.

use std::collections::HashMap;

use regex::Regex;
use schemars::JsonSchema;
use serde_json::Value;

use super::words::{self, Type};

/// A JSON Schema with its patterns compiled. Worth keeping: making one takes longer than most
/// checks.
pub struct Schema {
    /// The schema.
    pub value: Value,
    patterns: HashMap<String, Regex>,
    format: Format,
}

/// Checks a text against a `format` of a schema; the error is a sentence.
pub type Format = fn(format: &str, text: &str) -> Result<(), String>;

impl Schema {
    /// The schema of `T`, as it is written in a file. `format` knows the formats that it names.
    pub fn of<T: JsonSchema>(format: Format) -> Self {
        let mut value = schemars::schema_for!(T).to_value();
        clean(&mut value);
        let mut patterns = HashMap::new();
        collect_patterns(&value, &mut patterns);
        Self {
            value,
            patterns,
            format,
        }
    }

    /// Whether `text` looks as a part of this schema with a `pattern` wants it to.
    pub fn matches(&self, part: &Value, text: &str) -> bool {
        let pattern = part["pattern"]
            .as_str()
            .and_then(|pattern| self.patterns.get(pattern));
        pattern.is_none_or(|pattern| pattern.is_match(text))
    }

    /// Whether `text` is what `format` wants.
    pub fn check_format(&self, format: &str, text: &str) -> Result<(), String> {
        (self.format)(format, text)
    }

    /// What a `$ref` stands for; anything else stands for itself.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix("#/$defs/"))
        {
            Some(name) => &self.value["$defs"][name],
            None => schema,
        }
    }

    /// A value that fits `schema`, for what could not be read, so that the rest can be checked.
    pub fn harmless(&self, schema: &Value) -> Value {
        let examples = &schema["examples"][0];
        if !examples.is_null() {
            return examples.clone();
        }
        let schema = self.resolve(schema);
        if let Some(choice) = words::choices(schema).first() {
            return Value::from(*choice);
        }
        if !schema["const"].is_null() {
            return schema["const"].clone();
        }
        match words::types(schema).first() {
            Some(Type::Mapping) => {
                let required = schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                required
                    .map(|key| (key.to_owned(), self.harmless(&schema["properties"][key])))
                    .collect()
            }
            Some(Type::List) => Value::Array(Vec::new()),
            Some(Type::Boolean) => Value::from(false),
            Some(Type::Integer | Type::Number) => schema
                .get("minimum")
                .cloned()
                .unwrap_or_else(|| Value::from(0)),
            Some(Type::Text) | None => Value::from(""),
        }
    }
}

fn collect_patterns(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(map) => {
            if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
                && let Ok(regex) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            map.values()
                .for_each(|value| collect_patterns(value, patterns));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

/// Takes `null` out of a generated schema: in a file, a key that is not set is left out. It stays
/// where it stands for an empty mapping (`x-empty`).
fn clean(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let null = Value::from("null");
            let means_empty = map.contains_key("x-empty");
            if let Some(Value::Array(types)) = map.get_mut("type")
                && !means_empty
            {
                types.retain(|name| *name != null);
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            flatten_optional(map);
            map.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}

/// Turns `anyOf: [X, null]`, which is how an optional X is generated, into X.
fn flatten_optional(map: &mut serde_json::Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("anyOf") else {
        return;
    };
    let is_null = |choice: &Value| choice.get("type").is_some_and(|name| name == "null");
    let mut others = choices.iter().filter(|choice| !is_null(choice));
    if let (Some(Value::Object(only)), None) = (others.next(), others.next()) {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}
