//! What the parser says, stripped of what shipmate does not care about.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, ScalarStyle};

use super::problem::Place;
use super::scalar::{Kind, Scalar};
use super::tree::{Content, Node};

/// A list or mapping whose end has not come yet.
pub struct Open {
    pub place: Place,
    pub anchor: usize,
    pub weight: usize,
    pub depth: usize,
    pub inside: Inside,
}

/// What has come of it so far. A mapping's `key` is the one whose value comes next.
pub enum Inside {
    List(Vec<Rc<Node>>),
    Mapping {
        entries: Vec<(String, Place, Rc<Node>)>,
        seen: HashMap<String, Place>,
        key: Option<(String, Place)>,
    },
}

/// What happens in a document. The number is the anchor that is set or followed, 0 for none.
pub enum Step {
    Value(Content, usize),
    Open(Inside, usize),
    Alias(usize),
    Close,
    Ignore,
}

/// Keeps the first of equal keys. A value that was left out gets the place of its key.
pub fn add_entry(
    entries: &mut Vec<(String, Place, Rc<Node>)>,
    seen: &mut HashMap<String, Place>,
    key: String,
    place: Place,
    node: Rc<Node>,
) {
    if key.is_empty() || seen.contains_key(&key) {
        return;
    }
    let absent = matches!(&node.content, Content::Scalar(word) if word.kind == Kind::Null);
    let node = if absent {
        Rc::new(Node {
            place,
            content: Content::Scalar(Scalar::plain("")),
            ..*node
        })
    } else {
        node
    };
    seen.insert(key.clone(), place);
    entries.push((key, place, node));
}

/// The step that an event is.
pub fn step(event: Event<'_>) -> Step {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, anchor, _) => {
            Step::Value(Content::Scalar(Scalar::plain(&text)), anchor)
        }
        Event::Scalar(text, _, anchor, _) => {
            Step::Value(Content::Scalar(Scalar::quoted(&text)), anchor)
        }
        Event::SequenceStart(_, anchor, _) => Step::Open(Inside::List(Vec::new()), anchor),
        Event::MappingStart(_, anchor, _) => {
            let inside = Inside::Mapping {
                entries: Vec::new(),
                seen: HashMap::new(),
                key: None,
            };
            Step::Open(inside, anchor)
        }
        Event::SequenceEnd | Event::MappingEnd => Step::Close,
        Event::Alias(anchor) => Step::Alias(anchor),
        _ => Step::Ignore,
    }
}
