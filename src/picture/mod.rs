//! Draws the dependency graph: as JSON, as text, for Graphviz, for Mermaid and as SVG. It knows the
//! domain's types alone and starts no program.
//!
//! `bundle.rs` makes one arrow of several edges, `sheet.rs` adds the words, `layout.rs` says where all
//! of it is, `look.rs` in which colours; `svg.rs` writes it down, `flat.rs` lays it on the ground
//! for RViz. `diff.rs` is
//! what changed between two graphs; `command.rs` is `shipmate graph`.

mod bundle;
pub mod command;
mod diff;
mod flat;
mod layout;
mod look;
mod markup;
mod sheet;
mod svg;
mod text;

pub use diff::{Changed, GraphDiff, diff};
pub use flat::{Flat, FlatArrow, FlatBox, FlatText, Point, flat};
pub use look::Colour;
pub use markup::{dot, mermaid};
pub use svg::svg;
pub use text::text;

use crate::domain::dependency_graph::DependencyGraph;

/// The graph as JSON, field for field.
pub fn json(graph: &DependencyGraph) -> String {
    // Numbers that JSON does not know become null, so that nothing is left that could fail.
    serde_json::to_string_pretty(graph).unwrap_or_default()
}

/// Reads what [`json`] wrote; otherwise says what is wrong and where.
pub fn from_json(text: &str) -> Result<DependencyGraph, String> {
    let graph: DependencyGraph = serde_json::from_str(text)
        .map_err(|error| format!("this is no dependency graph: {error}"))?;
    let ids: std::collections::BTreeSet<&str> = graph.nodes.iter().map(|n| &*n.id).collect();
    if ids.len() < graph.nodes.len() {
        return Err("two nodes have the same id; every id must be there once".to_owned());
    }
    for edge in &graph.edges {
        for end in [&edge.source, &edge.target] {
            if !ids.contains(&**end) {
                return Err(format!(
                    "the edge `{}` names `{end}`, which is not the id of any node",
                    edge.name
                ));
            }
        }
    }
    Ok(graph)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
