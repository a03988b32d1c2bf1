//! The graph for Graphviz and for Mermaid.

use std::fmt::Write;

use super::bundle::{bundles, colour, label, lines};
use crate::domain::dependency_graph::{DependencyGraph, NodeKind};

/// For Graphviz.
pub fn dot(graph: &DependencyGraph) -> String {
    let mut out = "digraph dependencies {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let style = match node.kind {
            NodeKind::Deployment { .. } => "solid",
            NodeKind::External { .. } => "rounded,dashed",
        };
        let words = format!("{}\n{}", node.name, lines(node).join("\n"));
        let _ = writeln!(
            out,
            "  n{at} [label={}, style=\"{style}\"];",
            quoted(&words)
        );
    }
    for bundle in bundles(graph) {
        let names: Vec<String> = bundle.edges.iter().map(|edge| label(edge)).collect();
        let style = if bundle.blocked { ", style=dashed" } else { "" };
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
    let mut out = "flowchart TB\n  classDef deployment fill:#eef3fa,stroke:#44597a,color:#1b2430\n  classDef external fill:#f6f2e8,stroke:#8a7a50,color:#1b2430,stroke-dasharray:4 3\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let class = match node.kind {
            NodeKind::Deployment { .. } => "deployment",
            NodeKind::External { .. } => "external",
        };
        let rest: Vec<String> = lines(node).iter().map(|line| entities(line)).collect();
        let _ = writeln!(
            out,
            "  n{at}[\"{}<br/>{}\"]:::{class}",
            entities(&node.name),
            rest.join("<br/>")
        );
    }
    let all = bundles(graph);
    for bundle in &all {
        let names: Vec<String> = bundle.edges.iter().map(|e| entities(&label(e))).collect();
        let arrow = if bundle.blocked { "-.->" } else { "-->" };
        let (source, target) = (bundle.source, bundle.target);
        let _ = writeln!(
            out,
            "  n{source} {arrow}|\"{}\"| n{target}",
            names.join("<br/>")
        );
    }
    for (at, bundle) in all.iter().enumerate() {
        let c = colour(bundle.kind);
        let _ = writeln!(out, "  linkStyle {at} stroke:{c},color:{c}");
    }
    out
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
