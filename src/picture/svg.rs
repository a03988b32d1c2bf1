//! The graph as SVG.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::bundle::{Bundle, bundles, colour, label, lines, rate, word};
use super::layout::{Edge, Layout, Place, layout};
use crate::domain::dependency_graph::{DependencyGraph, EdgeKind, GraphEdge, GraphNode, NodeKind};

/// How wide a letter is taken to be at 12 px; more than it is in most fonts.
const LETTER: f64 = 7.2;
/// The names that a label shows before it counts the rest.
const NAMES: usize = 3;
const LONGEST_NAME: usize = 34;
const REMARKS: usize = 12;
const LONGEST_REMARK: usize = 140;
const MARGIN: f64 = 24.0;
const LEGEND: f64 = 44.0;

/// What became of something between two graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Added,
    Removed,
    Changed,
}

impl Mark {
    fn colour(self) -> &'static str {
        match self {
            Mark::Added => "#2e8b3d",
            Mark::Removed => "#d0312d",
            Mark::Changed => "#c97a00",
        }
    }
}

/// The marks of a picture of what changed; none for a picture of what is.
#[derive(Default)]
pub(super) struct Marks {
    pub is_diff: bool,
    pub nodes: BTreeMap<String, Mark>,
    pub edges: BTreeMap<(EdgeKind, String, String, String), Mark>,
}

impl Marks {
    fn edge(&self, edge: &GraphEdge) -> Option<Mark> {
        let key = (
            edge.kind,
            edge.source.clone(),
            edge.target.clone(),
            edge.name.clone(),
        );
        self.edges.get(&key).copied()
    }
}

struct Drawn<'a> {
    bundle: Bundle<'a>,
    mark: Option<Mark>,
    label: Vec<String>,
}

/// The picture.
pub fn svg(graph: &DependencyGraph) -> String {
    draw(graph, &Marks::default())
}

pub(super) fn draw(graph: &DependencyGraph, marks: &Marks) -> String {
    let all = drawn(graph, marks);
    let (own, between): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|d| d.bundle.source == d.bundle.target);
    let texts: Vec<Vec<String>> = (0..graph.nodes.len())
        .map(|at| box_lines(graph, at, &own))
        .collect();
    let sizes: Vec<(f64, f64)> = texts
        .iter()
        .map(|text| (wide(text).max(90.0) + 28.0, text.len() as f64 * 17.0 + 16.0))
        .collect();
    let edges: Vec<Edge> = between
        .iter()
        .map(|d| Edge {
            source: d.bundle.source,
            target: d.bundle.target,
            label: (wide(&d.label) + 10.0, d.label.len() as f64 * 15.0 + 4.0),
        })
        .collect();
    let layout = layout(&sizes, &edges);
    let remarks = remarks(graph);
    let width = (layout.width + 2.0 * MARGIN)
        .max(620.0)
        .max(wide(&remarks) + 2.0 * MARGIN);
    let lower = LEGEND + MARGIN + layout.height;
    let height = lower + MARGIN + remarks.len() as f64 * 18.0 + MARGIN / 2.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n<title>Dependency graph</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fafbfc\"/>\n"
    );
    legend(&mut out, marks.is_diff);
    let _ = writeln!(
        out,
        "<g transform=\"translate({:.1} {:.1})\">",
        (width - layout.width) / 2.0,
        LEGEND + MARGIN / 2.0
    );
    if graph.nodes.is_empty() {
        out.push_str("<text x=\"0\" y=\"12\" text-anchor=\"middle\" fill=\"#5b6675\">There are no deployments.</text>\n");
    }
    for (nth, drawn) in between.iter().enumerate() {
        line(&mut out, drawn, &layout.paths[nth], marks.is_diff);
    }
    for (nth, drawn) in between.iter().enumerate() {
        label_of(&mut out, drawn, layout.labels[nth], marks.is_diff);
    }
    for (at, node) in graph.nodes.iter().enumerate() {
        let tip: Vec<String> = own
            .iter()
            .filter(|d| d.bundle.source == at)
            .map(tooltip)
            .collect();
        node_of(&mut out, node, &texts[at], &tip, marks, &layout, at);
    }
    out.push_str("</g>\n");
    for (nth, remark) in remarks.iter().enumerate() {
        let y = lower + MARGIN + nth as f64 * 18.0;
        let _ = writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"{y:.1}\" fill=\"#6b4a00\">{}</text>",
            escaped(remark)
        );
    }
    out.push_str("</svg>\n");
    out
}

/// The bundles, apart by what became of their edges.
fn drawn<'a>(graph: &'a DependencyGraph, marks: &Marks) -> Vec<Drawn<'a>> {
    let mut all = Vec::new();
    for bundle in bundles(graph) {
        let mut parts: BTreeMap<Option<Mark>, Vec<&GraphEdge>> = BTreeMap::new();
        for edge in &bundle.edges {
            parts.entry(marks.edge(edge)).or_default().push(edge);
        }
        for (mark, edges) in parts {
            let label = names(&edges);
            all.push(Drawn {
                bundle: Bundle { edges, ..bundle },
                mark,
                label,
            });
        }
    }
    // Who depends on whom decides what is above what.
    all.sort_by_key(|d| d.bundle.kind);
    all
}

fn names(edges: &[&GraphEdge]) -> Vec<String> {
    let shown = if edges.len() == NAMES + 1 {
        NAMES + 1
    } else {
        NAMES
    };
    let mut names: Vec<String> = edges
        .iter()
        .take(shown)
        .map(|e| short(&label(e), LONGEST_NAME))
        .collect();
    if edges.len() > shown {
        names.push(format!("+{} more", edges.len() - shown));
    }
    names
}

/// The text, with its middle left out if it is long: both ends of a topic's name say something.
fn short(text: &str, longest: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= longest {
        return text.to_owned();
    }
    let head: String = letters[..longest / 3].iter().collect();
    let tail: String = letters[letters.len() - (longest - longest / 3 - 1)..]
        .iter()
        .collect();
    format!("{head}…{tail}")
}

fn wide(lines: &[String]) -> f64 {
    let width = |line: &String| -> f64 {
        // Letters outside of the Latin, Greek and Cyrillic ones may be twice as wide.
        line.chars()
            .map(|c| {
                if u32::from(c) > 0x1100 && c != '…' {
                    LETTER * 2.0
                } else {
                    LETTER
                }
            })
            .sum()
    };
    lines.iter().map(width).fold(0.0, f64::max)
}

fn box_lines(graph: &DependencyGraph, at: usize, own: &[Drawn<'_>]) -> Vec<String> {
    let node = &graph.nodes[at];
    let mut text = vec![short(&node.name, LONGEST_NAME)];
    text.extend(lines(node).iter().map(|line| short(line, LONGEST_NAME + 6)));
    for drawn in own.iter().filter(|d| d.bundle.source == at) {
        let count = drawn.bundle.edges.len();
        let more = if count > 1 {
            format!(" +{} more", count - 1)
        } else {
            String::new()
        };
        let name = short(&label(drawn.bundle.edges[0]), LONGEST_NAME - 8);
        text.push(format!("⟲ {} {name}{more}", word(drawn.bundle.kind)));
    }
    text
}

fn tooltip(drawn: &Drawn<'_>) -> String {
    let mut text = word(drawn.bundle.kind).to_owned();
    for edge in &drawn.bundle.edges {
        let _ = write!(text, "\n{} [{}]{}", edge.name, edge.type_name, rate(edge));
        for problem in &edge.problems {
            let _ = write!(text, "\n    {} {}", problem.text, problem.remedy);
        }
    }
    text
}

fn stroke(drawn: &Drawn<'_>, is_diff: bool) -> &'static str {
    match (drawn.mark, is_diff) {
        (Some(mark), _) => mark.colour(),
        (None, true) => "#9aa3af",
        (None, false) => colour(drawn.bundle.kind),
    }
}

fn line(out: &mut String, drawn: &Drawn<'_>, path: &[(f64, f64)], is_diff: bool) {
    let Some(&(x, y)) = path.first() else { return };
    let c = stroke(drawn, is_diff);
    let mut d = format!("M{x:.1} {y:.1}");
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if (x0 - x1).abs() < 0.05 {
            let _ = write!(d, " L{x1:.1} {y1:.1}");
        } else {
            let half = (y0 + y1) / 2.0;
            let _ = write!(d, " C{x0:.1} {half:.1} {x1:.1} {half:.1} {x1:.1} {y1:.1}");
        }
    }
    let dashed = if drawn.bundle.blocked || drawn.mark == Some(Mark::Removed) {
        " stroke-dasharray=\"6 4\""
    } else {
        ""
    };
    let thick = if drawn.bundle.edges.len() > NAMES {
        2.4
    } else {
        1.6
    };
    let _ = writeln!(
        out,
        "<g class=\"edge\"><title>{}</title><path d=\"{d}\" fill=\"none\" stroke=\"{c}\" stroke-width=\"{thick}\"{dashed}/>{}</g>",
        escaped(&tooltip(drawn)),
        head(path, c)
    );
}

/// The arrow's head, along the last stretch, which is vertical.
fn head(path: &[(f64, f64)], colour: &str) -> String {
    let (Some(&(x, y)), Some(&(_, before))) = (
        path.last(),
        path.iter()
            .rev()
            .find(|p| Some(p.1) != path.last().map(|l| l.1)),
    ) else {
        return String::new();
    };
    let back = if y > before { y - 8.0 } else { y + 8.0 };
    format!(
        "<path d=\"M{x:.1} {y:.1} L{:.1} {back:.1} L{:.1} {back:.1} Z\" fill=\"{colour}\"/>",
        x - 4.5,
        x + 4.5
    )
}

fn label_of(out: &mut String, drawn: &Drawn<'_>, place: Place, is_diff: bool) {
    let _ = write!(
        out,
        "<g class=\"label\"><title>{}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\" fill=\"#fafbfc\"/>",
        escaped(&tooltip(drawn)),
        place.x - place.w / 2.0,
        place.y - place.h / 2.0,
        place.w,
        place.h
    );
    for (nth, name) in drawn.label.iter().enumerate() {
        let y = place.y - place.h / 2.0 + 13.0 + nth as f64 * 15.0;
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{}\">{}</text>",
            place.x,
            stroke(drawn, is_diff),
            escaped(name)
        );
    }
    out.push_str("</g>\n");
}

fn node_of(
    out: &mut String,
    node: &GraphNode,
    text: &[String],
    tip: &[String],
    marks: &Marks,
    layout: &Layout,
    at: usize,
) {
    let (mut fill, mut edge);
    let (mut ink, mut dash, mut reason) = ("#1b2430", "", "");
    match &node.kind {
        NodeKind::External { .. } => {
            (fill, edge, dash) = ("#f6f2e8", "#8a7a50", " rx=\"10\" stroke-dasharray=\"4 3\"")
        }
        NodeKind::Deployment {
            phase,
            status,
            reason: why,
            ..
        } => {
            reason = why;
            (fill, edge) = match status.to_lowercase().as_str() {
                "running" => ("#e9f6ec", "#2e8b3d"),
                "error" | "failed" => ("#fdeceb", "#d0312d"),
                "pending" => ("#fff6df", "#c99700"),
                _ => ("#ffffff", "#44597a"),
            };
            if status.is_empty() || phase.to_lowercase().contains("stopped") {
                (fill, edge, ink) = ("#eceef1", "#9aa3af", "#5b6675");
            }
        }
    }
    if marks.is_diff {
        let mark = marks.nodes.get(&node.id).copied();
        (fill, edge) = ("#ffffff", mark.map_or("#9aa3af", Mark::colour));
        if mark == Some(Mark::Removed) {
            dash = " stroke-dasharray=\"6 4\"";
        }
    }
    let place = layout.boxes[at];
    let mut title = vec![node.name.clone()];
    title.extend(lines(node));
    title.push(reason.to_owned());
    title.extend(node.ros_nodes.iter().map(|ros| ros.name.clone()));
    title.extend_from_slice(tip);
    title.retain(|line| !line.is_empty());
    let _ = write!(
        out,
        "<g class=\"node\"><title>{}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"1.8\"{dash}/>",
        escaped(&title.join("\n")),
        place.x - place.w / 2.0,
        place.y - place.h / 2.0,
        place.w,
        place.h
    );
    for (nth, words) in text.iter().enumerate() {
        let y = place.y - place.h / 2.0 + 21.0 + nth as f64 * 17.0;
        let style = if nth == 0 {
            " font-weight=\"bold\""
        } else {
            " font-size=\"11\""
        };
        let colour = if nth == 2 && ink == "#1b2430" {
            edge
        } else {
            ink
        };
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{colour}\"{style}>{}</text>",
            place.x,
            escaped(words)
        );
    }
    out.push_str("</g>\n");
}

fn legend(out: &mut String, is_diff: bool) {
    let entries: Vec<(&str, &str, &str)> = if is_diff {
        vec![
            ("#2e8b3d", "", "added"),
            ("#d0312d", "6 4", "removed"),
            ("#c97a00", "", "changed"),
            ("#9aa3af", "", "as before"),
        ]
    } else {
        vec![
            (colour(EdgeKind::Dependency), "", "depends on"),
            (colour(EdgeKind::Topic), "", "topic"),
            (colour(EdgeKind::Service), "", "service"),
            (colour(EdgeKind::Action), "", "action"),
            ("#5b6675", "6 4", "no data can flow"),
        ]
    };
    let mut x = MARGIN;
    for (c, dash, text) in entries {
        let _ = writeln!(
            out,
            "<path d=\"M{x:.0} 22 h26\" stroke=\"{c}\" stroke-width=\"2.4\" stroke-dasharray=\"{}\"/><text x=\"{:.0}\" y=\"26\" fill=\"#1b2430\">{text}</text>",
            if dash.is_empty() { "none" } else { dash },
            x + 32.0
        );
        x += 54.0 + text.len() as f64 * LETTER;
    }
}

fn remarks(graph: &DependencyGraph) -> Vec<String> {
    let mut found: Vec<String> = graph
        .remarks
        .iter()
        .take(REMARKS)
        .map(|r| {
            format!(
                "• {}",
                short(&format!("{} {}", r.text, r.remedy), LONGEST_REMARK)
            )
        })
        .collect();
    if graph.remarks.len() > REMARKS {
        found.push(format!("+{} more remarks", graph.remarks.len() - REMARKS));
    }
    found
}

/// Text in XML. Letters that XML does not know at all are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
