//! Holds a tree against a JSON Schema and says everything that does not fit.
//!
//! This is not a JSON Schema validator for all schemas: it knows the keywords that the schemas of
//! shipmate's own types use (a test sees to that), and in return speaks of them in a person's
//! words, and knows lines and columns.

use std::collections::{BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Map, Value};

use super::problem::{Place, Problem};
use super::scalar::{Kind, Scalar};
use super::tree::{Content, Node};
use super::words::{self, Type};
use super::{MAX_PROBLEMS, below};

/// Checks a text against a `format` of the schema; the error is a sentence.
pub type Format = fn(format: &str, text: &str) -> Result<(), String>;

/// What came of a check.
pub struct Checked {
    /// The tree as JSON. Where something was wrong stands something harmless of the right shape.
    pub value: Value,
    /// Where each path is.
    pub places: HashMap<String, Place>,
    /// The paths at which something was wrong.
    pub broken: BTreeSet<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Holds `root` against `schema`. `format` knows the schema's formats.
pub fn check(root: &Node, schema: &Value, format: Format, file: &str) -> Checked {
    let mut checker = Checker {
        schema,
        format,
        file,
        patterns: HashMap::new(),
        places: HashMap::new(),
        broken: BTreeSet::new(),
        problems: Vec::new(),
    };
    let value = checker.value(root, schema, "").unwrap_or_else(|| checker.harmless(schema));
    let Checker { places, broken, problems, .. } = checker;
    Checked { value, places, broken, problems }
}

struct Checker<'a> {
    schema: &'a Value,
    format: Format,
    file: &'a str,
    patterns: HashMap<&'a str, Option<Regex>>,
    places: HashMap<String, Place>,
    broken: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    /// The node as JSON; nothing when it is of the wrong type or not allowed.
    fn value(&mut self, node: &Node, schema: &'a Value, path: &str) -> Option<Value> {
        if self.is_full() {
            return None;
        }
        self.places.insert(path.to_owned(), node.place);
        let schema = self.resolve(schema);
        let types = words::types(schema);
        match &node.content {
            Content::Mapping(entries) if types.contains(&Type::Mapping) => {
                Some(self.mapping(node, entries, schema, path))
            }
            Content::List(items) if types.contains(&Type::List) => Some(self.list(node, items, schema, path)),
            Content::Scalar(word) => self.scalar(node, word, &types, schema, path),
            _ => {
                self.report(node.place, path, words::wrong_type(node, &types, schema));
                None
            }
        }
    }

    fn mapping(
        &mut self,
        node: &Node,
        entries: &[(String, Place, std::rc::Rc<Node>)],
        schema: &'a Value,
        path: &str,
    ) -> Value {
        let mut result = Map::new();
        self.count(node, entries.len(), schema, ["minProperties", "maxProperties"], path);
        for (key, place, value) in entries {
            let path = below(path, key);
            let Some(schema) = self.schema_of(key, *place, schema, &path) else { continue };
            if let Some(value) = self.value(value, schema, &path) {
                result.insert(key.clone(), value);
            }
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let property = &schema["properties"][key];
            if !entries.iter().any(|(name, ..)| name == key) {
                self.report(node.place, path, words::missing(key, property));
                self.broken.insert(below(path, key));
            }
            if !result.contains_key(key) {
                result.insert(key.to_owned(), self.harmless(property));
            }
        }
        Value::Object(result)
    }

    /// The schema of the value under `key`; nothing when there cannot be such a key.
    fn schema_of(&mut self, key: &str, place: Place, schema: &'a Value, path: &str) -> Option<&'a Value> {
        if let Some(property) = schema["properties"].get(key) {
            return Some(property);
        }
        if self.is_full() {
            return None;
        }
        let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) else {
            self.report(place, path, words::unknown_key(key, schema));
            return None;
        };
        let names = &schema["propertyNames"];
        if !self.matches(names, key) {
            self.report(place, path, words::not_allowed(key, names));
        }
        Some(others)
    }

    fn list(&mut self, node: &Node, items: &[std::rc::Rc<Node>], schema: &'a Value, path: &str) -> Value {
        self.count(node, items.len(), schema, ["minItems", "maxItems"], path);
        let schema = &schema["items"];
        let check = |(index, item): (usize, &std::rc::Rc<Node>)| {
            let value = self.value(item, schema, &format!("{path}[{index}]"));
            value.unwrap_or_else(|| self.harmless(schema))
        };
        items.iter().enumerate().map(check).collect()
    }

    fn scalar(&mut self, node: &Node, word: &Scalar, types: &[Type], schema: &'a Value, path: &str) -> Option<Value> {
        let fits = |kind: &Type| types.contains(kind);
        let problem = match word.kind {
            Kind::Text if fits(&Type::Text) => self.text_problem(&word.text, schema),
            Kind::Boolean(_) if fits(&Type::Boolean) => None,
            Kind::Integer(number) if fits(&Type::Integer) || fits(&Type::Number) => {
                words::out_of_range(number as f64, &word.text, schema)
            }
            Kind::Number(number) if fits(&Type::Number) => words::out_of_range(number, &word.text, schema),
            _ => Some(words::wrong_type(node, types, schema) + &self.hint(word, types, schema)),
        };
        if let Some(problem) = problem {
            self.report(node.place, path, problem);
            return None;
        }
        Some(words::json(word, schema["x-text"] == true))
    }

    /// What to write instead of a word of the wrong type, where that is plain.
    fn hint(&mut self, word: &Scalar, types: &[Type], schema: &'a Value) -> String {
        let lacks_quotes = types == [Type::Text] && !matches!(word.kind, Kind::Text | Kind::Null);
        if lacks_quotes && self.text_problem(&word.text, schema).is_none() {
            return format!(": put it in quotes, \"{}\"", word.text);
        }
        words::hint(word, types)
    }

    /// What is wrong with a text, if anything.
    fn text_problem(&mut self, text: &str, schema: &'a Value) -> Option<String> {
        let choices = words::choices(schema);
        if !choices.is_empty() {
            return (!choices.contains(&text)).then(|| words::no_choice(text, &choices));
        }
        let length = text.chars().count();
        match schema["maxLength"].as_u64() {
            Some(most) if length as u64 > most => return Some(format!("{length} characters are too long: at most {most}")),
            _ => {}
        }
        if !self.matches(schema, text) {
            return Some(words::not_allowed(text, schema));
        }
        let format = schema["format"].as_str()?;
        (self.format)(format, text).err()
    }

    fn matches(&mut self, schema: &'a Value, text: &str) -> bool {
        let Some(pattern) = schema["pattern"].as_str() else { return true };
        let regex = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    fn count(&mut self, node: &Node, count: usize, schema: &Value, [least, most]: [&str; 2], path: &str) {
        let (least, most) = (schema[least].as_u64(), schema[most].as_u64());
        if let Some(least) = least.filter(|&least| (count as u64) < least) {
            self.report(node.place, path, format!("{count} entries are too few: at least {least}"));
        }
        if let Some(most) = most.filter(|&most| count as u64 > most) {
            self.report(node.place, path, format!("{count} entries are too many: at most {most}"));
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            Some(name) => &self.schema["$defs"][name],
            None => schema,
        }
    }

    /// A value that fits `schema`, for what could not be read, so that the rest can be checked.
    fn harmless(&self, schema: &'a Value) -> Value {
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
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                required.map(|key| (key.to_owned(), self.harmless(&schema["properties"][key]))).collect()
            }
            Some(Type::List) => Value::Array(Vec::new()),
            Some(Type::Boolean) => Value::from(false),
            Some(Type::Integer | Type::Number) => schema.get("minimum").cloned().unwrap_or_else(|| Value::from(0)),
            Some(Type::Text) | None => Value::from(""),
        }
    }

    fn report(&mut self, place: Place, path: &str, message: String) {
        self.broken.insert(path.to_owned());
        self.problems.push(Problem::at(self.file, place, path, message));
    }

    /// Whether there are so many problems that looking for more is a waste.
    fn is_full(&self) -> bool {
        self.problems.len() > MAX_PROBLEMS
    }
}
