//! Reading Compose's YAML: merged mappings, texts, and lists that may be one text.

use std::collections::HashSet;
use std::rc::Rc;

use crate::domain::yaml::{Content, Kind, Node, Place};

/// A key, its place, and its value.
pub type Entry = (String, Place, Rc<Node>);

/// The entries of a mapping, with what `<<` merges into it; nothing when it is none.
pub fn entries(node: &Node) -> Option<Vec<Entry>> {
    let Content::Mapping(own) = &node.content else {
        return None;
    };
    let mut all: Vec<Entry> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let plain = own.iter().filter(|(key, ..)| key != "<<");
    for (key, place, value) in plain {
        seen.insert(key.clone());
        all.push((key.clone(), *place, Rc::clone(value)));
    }
    for (.., merged) in own.iter().filter(|(key, ..)| key == "<<") {
        let sources = match &merged.content {
            Content::List(items) => items.clone(),
            _ => vec![Rc::clone(merged)],
        };
        for source in sources {
            for entry in entries(&source).unwrap_or_default() {
                if seen.insert(entry.0.clone()) {
                    all.push(entry);
                }
            }
        }
    }
    Some(all)
}

/// Keys `<<` of a mapping whose value merges nothing.
pub fn broken_merges(node: &Node) -> Vec<Place> {
    let Content::Mapping(own) = &node.content else {
        return Vec::new();
    };
    let merges = own.iter().filter(|(key, ..)| key == "<<");
    let broken = merges.filter(|(.., value)| match &value.content {
        Content::List(items) => items.iter().any(|item| entries(item).is_none()),
        Content::Mapping(_) => false,
        Content::Scalar(_) => true,
    });
    broken.map(|(_, place, _)| *place).collect()
}

/// The text of a word; nothing for lists, mappings and what is empty.
pub fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar(word) if word.kind != Kind::Null => Some(&word.text),
        _ => None,
    }
}

/// Whether there is no value.
pub fn is_null(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar(word) if word.kind == Kind::Null)
}

/// A truth value.
pub fn boolean(node: &Node) -> Option<bool> {
    truth(text(node)?)
}

/// What a text is as a truth value; YAML 1.1's words for them too, which Compose takes.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// The items of a list; one word is a list of one.
pub fn items(node: &Rc<Node>) -> Vec<Rc<Node>> {
    match &node.content {
        Content::List(items) => items.clone(),
        Content::Scalar(word) if word.kind == Kind::Null => Vec::new(),
        _ => vec![Rc::clone(node)],
    }
}

/// Variables, as a mapping or as a list of `NAME=value`: name, place, value if there is one.
pub fn variables(node: &Rc<Node>) -> Option<Vec<(String, Place, Option<String>)>> {
    if let Some(entries) = entries(node) {
        let named = entries.into_iter().map(|(name, place, value)| {
            let known = is_null(&value) || text(&value).is_some();
            known.then(|| (name, place, text(&value).map(str::to_owned)))
        });
        return named.collect();
    }
    let named = items(node).into_iter().map(|item| {
        let word = text(&item)?;
        Some(match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), item.place, Some(value.to_owned())),
            None => (word.to_owned(), item.place, None),
        })
    });
    named.collect()
}

/// One line that says what a node holds, for a note.
pub fn brief(node: &Node) -> String {
    let text = match &node.content {
        Content::Scalar(word) => word.text.clone(),
        Content::List(items) => {
            let words = items.iter().take(8).map(|item| text(item).unwrap_or("…"));
            words.collect::<Vec<_>>().join(", ")
        }
        Content::Mapping(entries) => {
            let keys = entries.iter().take(8).map(|(key, ..)| key.as_str());
            keys.collect::<Vec<_>>().join(", ")
        }
    };
    crate::domain::yaml::excerpt(&text)
}
