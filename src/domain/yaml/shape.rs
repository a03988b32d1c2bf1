//! Holds a tree against a JSON Schema and says everything that does not fit.
//!
//! This is not a JSON Schema validator for all schemas: it knows the keywords that the schemas of
//! shipmate's own types use (a test sees to that), and in return speaks of them in a person's
//! words, and knows lines and columns.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::problem::{Place, Problem};
use super::scalar::{Kind, Scalar};
use super::schema::Schema;
use super::tree::{Content, Node};
use super::words::{self, Type};
use super::{MAX_PROBLEMS, below};

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

/// Holds `root` against `schema`.
pub fn check(root: &Node, schema: &Schema, file: &str) -> Checked {
    let mut checker = Checker {
        schema,
        file,
        places: HashMap::new(),
        broken: BTreeSet::new(),
        problems: Vec::new(),
    };
    let value = checker
        .value(root, &schema.value, "")
        .unwrap_or_else(|| schema.harmless(&schema.value));
    let Checker {
        places,
        broken,
        problems,
        ..
    } = checker;
    Checked {
        value,
        places,
        broken,
        problems,
    }
}

struct Checker<'a> {
    schema: &'a Schema,
    file: &'a str,
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
        let schema = self.schema.resolve(schema);
        let types = words::types(schema);
        match &node.content {
            Content::Mapping(entries) if types.contains(&Type::Mapping) => {
                Some(self.mapping(node, entries, schema, path))
            }
            Content::List(items) if types.contains(&Type::List) => {
                Some(self.list(node, items, schema, path))
            }
            // A key with nothing after it, where the schema says that this is an empty mapping.
            Content::Scalar(word) if word.kind == Kind::Null && schema["x-empty"] == true => {
                Some(self.mapping(node, &[], schema, path))
            }
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
        self.count(
            node,
            entries.len(),
            schema,
            ["minProperties", "maxProperties"],
            path,
        );
        for (key, place, value) in entries {
            let path = below(path, key);
            let Some(schema) = self.schema_of(key, *place, schema, &path) else {
                continue;
            };
            if let Some(value) = self.value(value, schema, &path) {
                result.insert(key.clone(), value);
            }
        }
        for key in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let property = &schema["properties"][key];
            if !entries.iter().any(|(name, ..)| name == key) {
                self.report(node.place, path, words::missing(key, property));
                self.broken.insert(below(path, key));
            }
            if !result.contains_key(key) {
                result.insert(key.to_owned(), self.schema.harmless(property));
            }
        }
        Value::Object(result)
    }

    /// The schema of the value under `key`; nothing when there cannot be such a key.
    fn schema_of(
        &mut self,
        key: &str,
        place: Place,
        schema: &'a Value,
        path: &str,
    ) -> Option<&'a Value> {
        if let Some(property) = schema["properties"].get(key) {
            return Some(property);
        }
        if self.is_full() {
            return None;
        }
        let Some(others) = schema
            .get("additionalProperties")
            .filter(|others| others.is_object())
        else {
            self.report(place, path, words::unknown_key(key, schema));
            return None;
        };
        let names = &schema["propertyNames"];
        if let Some(problem) = self.schema.text_problem(key, names) {
            self.report(place, path, problem);
        }
        Some(others)
    }

    fn list(
        &mut self,
        node: &Node,
        items: &[std::rc::Rc<Node>],
        schema: &'a Value,
        path: &str,
    ) -> Value {
        self.count(node, items.len(), schema, ["minItems", "maxItems"], path);
        let schema = &schema["items"];
        let check = |(index, item): (usize, &std::rc::Rc<Node>)| {
            let value = self.value(item, schema, &format!("{path}[{index}]"));
            value.unwrap_or_else(|| self.schema.harmless(schema))
        };
        items.iter().enumerate().map(check).collect()
    }

    fn scalar(
        &mut self,
        node: &Node,
        word: &Scalar,
        types: &[Type],
        schema: &'a Value,
        path: &str,
    ) -> Option<Value> {
        let fits = |kind: &Type| types.contains(kind);
        let problem = match word.kind {
            Kind::Text if fits(&Type::Text) => self.schema.text_problem(&word.text, schema),
            Kind::Boolean(_) if fits(&Type::Boolean) => None,
            Kind::Integer(number) if fits(&Type::Integer) || fits(&Type::Number) => {
                words::out_of_range(number as f64, &word.text, schema)
            }
            Kind::Number(number) if fits(&Type::Number) => {
                words::out_of_range(number, &word.text, schema)
            }
            _ => Some(
                words::wrong_type(node, types, schema) + &self.schema.hint(word, types, schema),
            ),
        };
        if let Some(problem) = problem {
            self.report(node.place, path, problem);
            return None;
        }
        Some(words::json(word, schema["x-text"] == true))
    }

    fn count(
        &mut self,
        node: &Node,
        count: usize,
        schema: &Value,
        [least, most]: [&str; 2],
        path: &str,
    ) {
        let (least, most) = (schema[least].as_u64(), schema[most].as_u64());
        if let Some(least) = least.filter(|&least| (count as u64) < least) {
            self.report(
                node.place,
                path,
                format!("{count} entries are too few: at least {least}"),
            );
        }
        if let Some(most) = most.filter(|&most| count as u64 > most) {
            self.report(
                node.place,
                path,
                format!("{count} entries are too many: at most {most}"),
            );
        }
    }

    fn report(&mut self, place: Place, path: &str, message: String) {
        self.broken.insert(path.to_owned());
        self.problems
            .push(Problem::at(self.file, place, path, message));
    }

    /// Whether there are so many problems that looking for more is a waste.
    fn is_full(&self) -> bool {
        self.problems.len() > MAX_PROBLEMS
    }
}
