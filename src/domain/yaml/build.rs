//! Builds the nodes of one document from the parser's events.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Marker, Span};

use super::problem::{Place, Problem};
use super::scalar::Kind;
use super::step::{Inside, Open, Step, add_entry, step};
use super::tree::{Content, Document, MAX_DEPTH, Node, is_forbidden, too_deep};
use super::{MAX_PROBLEMS, below, excerpt};

/// How heavy a document can be, aliases followed: its text plus [`NODE_WEIGHT`] for each value.
/// This is what stops alias bombs.
const MAX_WEIGHT: usize = 8 * 1024 * 1024;
const NODE_WEIGHT: usize = 32;

/// Takes events and keeps what is not finished yet on a stack.
pub struct Builder<'a> {
    file: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    weight: usize,
    root: Option<Rc<Node>>,
    problems: Vec<Problem>,
}

/// Where a marker points, counted from 1.
pub fn place_of(marker: &Marker) -> Place {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place {
        line: count(marker.line()),
        column: count(marker.col() + 1),
    }
}

impl<'a> Builder<'a> {
    /// A builder for one document of `file`.
    pub fn new(file: &'a str) -> Self {
        Self {
            file,
            open: Vec::new(),
            anchors: HashMap::new(),
            weight: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    /// What came of it. A `failure` is one after which nothing more could be read.
    pub fn finish(mut self, failure: Option<Problem>) -> Document {
        if failure.is_some() {
            self.root = None;
        }
        self.problems.extend(failure);
        Document {
            text: String::new(),
            root: self.root,
            problems: self.problems,
        }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// A problem with which reading this document has to end.
    pub fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Problem> {
        let place = place_of(&span.start);
        if let Some(tag) = event.tag() {
            let message = format!(
                "the tag `{}` is not allowed: write text in quotes, anything else plainly",
                excerpt(&tag.original())
            );
            self.report(place, message);
        }
        match step(event) {
            Step::Value(content, anchor) => {
                self.refuse_hidden(&content, place);
                let weight = NODE_WEIGHT + text_length(&content);
                self.add(
                    Rc::new(Node {
                        place,
                        content,
                        weight,
                        depth: 0,
                    }),
                    anchor,
                )
            }
            Step::Open(inside, anchor) => {
                self.open.push(Open {
                    place,
                    anchor,
                    weight: NODE_WEIGHT,
                    depth: 1,
                    inside,
                });
                self.check_depth(0, place)
            }
            Step::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.add(node, 0),
                None => Err(self.problem(place, "an alias cannot stand within what it stands for")),
            },
            Step::Close => self.close(),
            Step::Ignore => Ok(()),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let content = match open.inside {
            Inside::List(items) => Content::List(items),
            Inside::Mapping { entries, .. } => Content::Mapping(entries),
        };
        // The parts have been counted when they were added.
        self.weight -= open.weight - NODE_WEIGHT;
        let node = Node {
            place: open.place,
            content,
            weight: open.weight,
            depth: open.depth,
        };
        self.add(Rc::new(node), open.anchor)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Rc<Node>, anchor: usize) -> Result<(), Problem> {
        self.weight += node.weight;
        if self.weight > MAX_WEIGHT {
            return Err(self.problem(node.place, "too much in one document, aliases included"));
        }
        self.check_depth(node.depth, node.place)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight += node.weight;
        open.depth = open.depth.max(node.depth + 1);
        match &mut open.inside {
            Inside::List(items) => items.push(node),
            Inside::Mapping { key, .. } if key.is_none() => self.set_key(&node),
            Inside::Mapping { entries, seen, key } => {
                if let Some((key, place)) = key.take() {
                    add_entry(entries, seen, key, place, node);
                }
            }
        }
        Ok(())
    }

    /// Takes a node as the key of the next entry. A key that cannot be one, or that was there
    /// before, is reported; its value is dropped later.
    fn set_key(&mut self, node: &Node) {
        let name = match &node.content {
            Content::Scalar(word) if word.kind != Kind::Null => {
                // Entries without a key are dropped, and nothing may be dropped without a word.
                if word.text.is_empty() {
                    self.report(node.place, "a key must not be empty");
                }
                word.text.clone()
            }
            _ => {
                self.report(node.place, "a key must be text");
                String::new()
            }
        };
        let Some(Open {
            inside: Inside::Mapping { seen, key, .. },
            ..
        }) = self.open.last_mut()
        else {
            return;
        };
        let first = seen.get(&name).copied();
        *key = Some((name, node.place));
        if let Some(first) = first {
            self.report(
                node.place,
                format!(
                    "given twice; the first is in line {}, column {}",
                    first.line, first.column
                ),
            );
        }
    }

    fn check_depth(&self, more: usize, place: Place) -> Result<(), Problem> {
        if self.open.len() + more > MAX_DEPTH {
            return Err(self.problem(place, too_deep()));
        }
        Ok(())
    }

    /// Escapes in quotes can write what the text itself must not hold.
    fn refuse_hidden(&mut self, content: &Content, place: Place) {
        let Content::Scalar(word) = content else {
            return;
        };
        if let Some(character) = word.text.chars().find(|&character| is_forbidden(character)) {
            self.report(
                place,
                format!(
                    "the character U+{:04X} is not allowed in here",
                    u32::from(character)
                ),
            );
        }
    }

    fn report(&mut self, place: Place, message: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let problem = self.problem(place, message);
            self.problems.push(problem);
        }
    }

    fn problem(&self, place: Place, message: impl Into<String>) -> Problem {
        Problem::at(self.file, place, &self.path(), message)
    }

    /// The path of what is being read.
    fn path(&self) -> String {
        self.open
            .iter()
            .fold(String::new(), |path, open| match &open.inside {
                Inside::List(items) => format!("{path}[{}]", items.len()),
                Inside::Mapping {
                    key: Some((key, _)),
                    ..
                } => below(&path, key),
                Inside::Mapping { key: None, .. } => path,
            })
    }
}

fn text_length(content: &Content) -> usize {
    match content {
        Content::Scalar(word) => word.text.len(),
        _ => 0,
    }
}
