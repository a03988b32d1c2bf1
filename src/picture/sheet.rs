//! What a picture shows, with its words, and where on the sheet each thing is.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::bundle::{Bundle, bundles, label, lines, rate};
use super::layout::{Edge, Layout, layout};
use super::look::{BoxLook, Colour, Dash, Mark, colour};
use crate::domain::dependency_graph::{DependencyGraph, EdgeKind, GraphEdge, GraphNode, NodeKind};

/// How wide a letter is taken to be at 12 px; more than it is in most fonts.
pub(super) const LETTER: f64 = 7.2;
/// The names that a label shows before it counts the rest.
pub(super) const NAMES: usize = 3;
const LONGEST_NAME: usize = 34;
/// The height of a line in a box, and in a label.
pub(super) const BOX_LINE: f64 = 17.0;
pub(super) const LABEL_LINE: f64 = 15.0;

/// What tells an edge from others: its kind, its source, its target and its name.
pub(super) type EdgeKey = (EdgeKind, Arc<str>, Arc<str>, Arc<str>);

pub(super) fn edge_key(edge: &GraphEdge) -> EdgeKey {
    (
        edge.kind,
        edge.source.clone(),
        edge.target.clone(),
        edge.name.clone(),
    )
}

/// The marks of a picture of what changed; none for a picture of what is.
#[derive(Default)]
pub(super) struct Marks {
    pub is_diff: bool,
    pub nodes: BTreeMap<Arc<str>, Mark>,
    pub edges: BTreeMap<EdgeKey, Mark>,
}

impl Marks {
    fn edge(&self, edge: &GraphEdge) -> Option<Mark> {
        self.edges.get(&edge_key(edge)).copied()
    }
}

/// An arrow between two boxes.
pub(super) struct Arrow<'a> {
    pub bundle: Bundle<'a>,
    /// What is written on it, a line each.
    pub text: Vec<String>,
    pub colour: Colour,
    pub dash: Dash,
}

/// A box.
pub(super) struct Boxed {
    /// What is written in it, a line each: the name, the package, phase and status, edges to itself.
    pub text: Vec<String>,
    pub look: BoxLook,
    /// What is said of it besides, a line each.
    pub tip: Vec<String>,
}

/// All of a picture but how it is written.
pub(super) struct Sheet<'a> {
    /// As the graph's nodes.
    pub boxes: Vec<Boxed>,
    pub arrows: Vec<Arrow<'a>>,
    /// Where the boxes and the arrows are.
    pub layout: Layout,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(graph: &'a DependencyGraph, marks: &Marks) -> Self {
        let (own, arrows): (Vec<_>, Vec<_>) = arrows(graph, marks)
            .into_iter()
            .partition(|it| it.bundle.source == it.bundle.target);
        let boxes: Vec<Boxed> = { graph.nodes.iter().enumerate() }
            .map(|(at, node)| {
                let own: Vec<&Arrow<'_>> = own.iter().filter(|it| it.bundle.source == at).collect();
                Boxed {
                    text: box_lines(node, &own),
                    look: match marks.is_diff {
                        true => BoxLook::marked(node, marks.nodes.get(&node.id).copied()),
                        false => BoxLook::of(node),
                    },
                    tip: box_tip(node, &own),
                }
            })
            .collect();
        let sizes: Vec<(f64, f64)> = { boxes.iter() }
            .map(|it| {
                let height = it.text.len() as f64 * BOX_LINE + 16.0;
                (wide(&it.text).max(90.0) + 28.0, height)
            })
            .collect();
        let edges: Vec<Edge> = { arrows.iter() }
            .map(|it| Edge {
                source: it.bundle.source,
                target: it.bundle.target,
                label: (
                    wide(&it.text) + 10.0,
                    it.text.len() as f64 * LABEL_LINE + 4.0,
                ),
            })
            .collect();
        let layout = layout(&sizes, &edges);
        Self {
            boxes,
            arrows,
            layout,
        }
    }
}

/// The bundles, apart by what became of their edges.
fn arrows<'a>(graph: &'a DependencyGraph, marks: &Marks) -> Vec<Arrow<'a>> {
    let mut all = Vec::new();
    for bundle in bundles(graph) {
        let mut parts: BTreeMap<Option<Mark>, Vec<&GraphEdge>> = BTreeMap::new();
        for edge in &bundle.edges {
            parts.entry(marks.edge(edge)).or_default().push(edge);
        }
        for (mark, edges) in parts {
            all.push(Arrow {
                text: names(&edges),
                colour: match marks.is_diff {
                    true => Mark::colour(mark),
                    false => colour(bundle.kind),
                },
                dash: match mark.map(Mark::dash) {
                    Some(dash) if dash != Dash::Whole => dash,
                    _ => Dash::of(bundle.flow),
                },
                bundle: Bundle { edges, ..bundle },
            });
        }
    }
    // Who depends on whom decides what is above what.
    all.sort_by_key(|it| it.bundle.kind);
    all
}

fn names(edges: &[&GraphEdge]) -> Vec<String> {
    let shown = match edges.len() == NAMES + 1 {
        true => NAMES + 1,
        false => NAMES,
    };
    let mut names: Vec<String> = { edges.iter().take(shown) }
        .map(|edge| short(&label(edge), LONGEST_NAME))
        .collect();
    if edges.len() > shown {
        names.push(format!("+{} more", edges.len() - shown));
    }
    names
}

/// The text, with its middle left out if it is long: both ends of a topic's name say something.
pub(super) fn short(text: &str, longest: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= longest {
        return text.to_owned();
    }
    let head: String = letters[..longest / 3].iter().collect();
    let tail = letters.len() - (longest - longest / 3 - 1);
    let tail: String = letters[tail..].iter().collect();
    format!("{head}…{tail}")
}

/// How wide the widest line is at most.
pub(super) fn wide(lines: &[String]) -> f64 {
    // Letters outside of the Latin, Greek and Cyrillic ones may be twice as wide.
    let width = |c: char| match u32::from(c) > 0x1100 && c != '…' {
        true => LETTER * 2.0,
        false => LETTER,
    };
    let widths = lines.iter().map(|line| line.chars().map(width).sum());
    widths.fold(0.0, f64::max)
}

fn box_lines(node: &GraphNode, own: &[&Arrow<'_>]) -> Vec<String> {
    let mut text = vec![short(&node.name, LONGEST_NAME)];
    text.extend(lines(node).iter().map(|line| short(line, LONGEST_NAME + 6)));
    for arrow in own {
        let more = match arrow.bundle.edges.len() {
            0 | 1 => String::new(),
            count => format!(" +{} more", count - 1),
        };
        let name = short(&label(arrow.bundle.edges[0]), LONGEST_NAME - 8);
        text.push(format!("⟲ {} {name}{more}", arrow.bundle.kind.name()));
    }
    text
}

fn box_tip(node: &GraphNode, own: &[&Arrow<'_>]) -> Vec<String> {
    let mut tip = vec![node.name.clone()];
    tip.extend(lines(node));
    if let NodeKind::Deployment { reason, .. } = &node.kind {
        tip.push(reason.clone());
    }
    tip.extend(node.ros_nodes.iter().map(|ros| ros.name.to_string()));
    tip.extend(own.iter().map(|arrow| arrow_tip(arrow)));
    tip.retain(|line| !line.is_empty());
    tip
}

/// What is said of an arrow besides what is written on it.
pub(super) fn arrow_tip(arrow: &Arrow<'_>) -> String {
    let mut text = arrow.bundle.kind.name().to_owned();
    for edge in &arrow.bundle.edges {
        let _ = write!(text, "\n{} [{}]{}", edge.name, edge.type_name, rate(edge));
        for problem in &edge.problems {
            let _ = write!(text, "\n    {} {}", problem.text, problem.remedy);
        }
    }
    text
}
