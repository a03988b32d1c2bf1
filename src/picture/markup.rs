//! The graph for Graphviz and for Mermaid.

use std::fmt::Write;

use super::bundle::{bundles, label, lines};
use super::look::{BoxLook, Dash, colour};
use crate::domain::dependency_graph::{DependencyGraph, NodeKind};

/// For Graphviz.
pub fn dot(graph: &DependencyGraph) -> String {
    let mut out = "digraph dependencies {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let style = match node.kind {
            NodeKind::Deployment { .. } => "filled",
            NodeKind::External { .. } => "filled,rounded,dashed",
        };
        let look = BoxLook::of(node);
        let words = format!("{}\n{}", node.name, lines(node).join("\n"));
        let _ = writeln!(
            out,
            "  n{at} [label={}, style=\"{style}\", fillcolor=\"{}\", color=\"{}\", fontcolor=\"{}\"];",
            quoted(&words),
            look.fill,
            look.border,
            look.ink
        );
    }
    for bundle in bundles(graph) {
        let names: Vec<String> = bundle.edges.iter().map(|edge| label(edge)).collect();
        // Graphviz has no strokes of two lengths.
        let style = match Dash::of(bundle.flow) {
            Dash::Whole => "",
            Dash::LongAndShort => ", style=dotted",
            Dash::Strokes | Dash::Points => ", style=dashed",
        };
        let _ = writeln!(
            out,
            "  n{} -> n{} [label={}, color=\"{c}\", fontcolor=\"{c}\"{style}];",
            bundle.source,
            bundle.target,
            quoted(&names.join("\n")),
            c = colour(bundle.kind),
        );
    }
    out.push_str("}\n");
    out
}

/// A string of the DOT language. A backslash starts an escape in labels, so it is doubled.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\r', "").replace('\n', "\\n"))
}

/// A flowchart for Mermaid.
pub fn mermaid(graph: &DependencyGraph) -> String {
    let mut out = "flowchart TB\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let rest: Vec<String> = lines(node).iter().map(|line| entities(line)).collect();
        let _ = writeln!(
            out,
            "  n{at}[\"{}<br/>{}\"]",
            entities(&node.name),
            rest.join("<br/>")
        );
        let look = BoxLook::of(node);
        let (fill, border, ink) = (look.fill, look.border, look.ink);
        let _ = writeln!(
            out,
            "  style n{at} fill:{fill},stroke:{border},color:{ink}{}",
            dashes(look.dash)
        );
    }
    let all = bundles(graph);
    for bundle in &all {
        let names: Vec<String> = bundle.edges.iter().map(|e| entities(&label(e))).collect();
        let (source, target) = (bundle.source, bundle.target);
        let _ = writeln!(
            out,
            "  n{source} -->|\"{}\"| n{target}",
            names.join("<br/>")
        );
    }
    for (at, bundle) in all.iter().enumerate() {
        let c = colour(bundle.kind);
        let dashes = dashes(Dash::of(bundle.flow));
        let _ = writeln!(out, "  linkStyle {at} stroke:{c},color:{c}{dashes}");
    }
    out
}

fn dashes(dash: Dash) -> String {
    let lengths: Vec<String> = dash.lengths().iter().map(u8::to_string).collect();
    match lengths.is_empty() {
        true => String::new(),
        false => format!(",stroke-dasharray:{}", lengths.join(" ")),
    }
}

/// Mermaid has no backslashes; what could mean something to it is written as its number.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '"' | '#' | '<' | '>' | '&' | ';' | '`' | '|' | '\\' | '*' | '[' | ']' | '{' | '}' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}
