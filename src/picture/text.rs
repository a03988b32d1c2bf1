//! The graph for a terminal.

use std::fmt::Write;

use super::bundle::{bundles, label, lines, rate};
use crate::domain::dependency_graph::{DependencyGraph, EdgeKind, Flow};

/// What each deployment depends on, offers to whom and takes from whom, a block each.
pub fn text(graph: &DependencyGraph) -> String {
    if graph.nodes.is_empty() {
        return "There are no deployments.\n".to_owned();
    }
    let all = bundles(graph);
    let mut out = String::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let _ = writeln!(
            out,
            "{}  ({})",
            plain(&node.name),
            plain(&lines(node).join(", "))
        );
        for bundle in all.iter().filter(|b| b.source == at || b.target == at) {
            let leaves = bundle.source == at;
            let other = if leaves { bundle.target } else { bundle.source };
            let other = plain(&graph.nodes[other].name);
            for edge in &bundle.edges {
                let name = plain(&label(edge));
                let flow = match edge.flow {
                    Flow::No => "  [no data can flow]",
                    Flow::Partly => "  [data flows in part]",
                    Flow::Yes | Flow::Unknown => "",
                };
                let rate = rate(edge);
                let _ = match (edge.kind, leaves) {
                    (EdgeKind::Dependency, true) => {
                        writeln!(out, "  depends on     {other}  ({name})")
                    }
                    (EdgeKind::Dependency, false) => writeln!(out, "  needed by      {other}"),
                    (EdgeKind::Topic, true) => {
                        writeln!(out, "  publishes      {name} -> {other}{flow}{rate}")
                    }
                    (EdgeKind::Topic, false) => {
                        writeln!(out, "  subscribes to  {name} <- {other}{flow}{rate}")
                    }
                    (_, true) => writeln!(out, "  serves         {name} -> {other}{flow}"),
                    (EdgeKind::Service, false) => {
                        writeln!(out, "  calls          {name} of {other}{flow}")
                    }
                    (EdgeKind::Action, false) => {
                        writeln!(out, "  sends goals to {name} of {other}{flow}")
                    }
                };
                for problem in edge.problems.iter().filter(|_| leaves) {
                    let _ = writeln!(
                        out,
                        "      {} {}",
                        plain(&problem.text),
                        plain(&problem.remedy)
                    );
                }
            }
        }
        out.push('\n');
    }
    if !graph.remarks.is_empty() {
        out.push_str("Remarks\n");
    }
    for remark in &graph.remarks {
        let _ = writeln!(out, "  {} {}", plain(&remark.text), plain(&remark.remedy));
    }
    out
}

/// Names come from other processes; none of them may steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
