//! Who would lose what if something stopped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{DependencyGraph, EdgeKind, Flow, GraphEdge};

/// What one node of the dependency graph would lose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Loss {
    /// The id of the node that loses.
    pub node: String,
    /// Its name.
    pub name: String,
    /// What it loses.
    pub kind: EdgeKind,
    /// What that is called.
    pub item: String,
    /// By way of which others it depends on it, by name; none when it does so itself.
    pub through: Vec<String>,
    /// In a sentence.
    pub text: String,
}

/// Who would lose what if the node `id` stopped, in the order of the losers' ids.
pub fn losses(graph: &DependencyGraph, id: &str) -> Vec<Loss> {
    let names: BTreeMap<&str, &str> = graph
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.name.as_str()))
        .collect();
    let name = |id: &str| names.get(id).map_or(id, |name| *name).to_owned();
    let mut losses = dependents(graph, id, &name);
    let mut others: BTreeSet<_> = BTreeSet::new();
    for edge in talking(graph).filter(|edge| edge.source != id) {
        others.insert(what(edge));
    }
    let lost = talking(graph).filter(|edge| edge.source == id && edge.target != id);
    for edge in lost.filter(|edge| !others.contains(&what(edge))) {
        let (loser, stopped, item) = (name(&edge.target), name(id), edge.name.clone());
        losses.push(Loss {
            node: edge.target.clone(),
            kind: edge.kind,
            through: Vec::new(),
            text: match edge.kind {
                EdgeKind::Service => {
                    format!("{loser} calls the service {item}, which only {stopped} serves")
                }
                EdgeKind::Action => {
                    format!("{loser} sends goals to {item}, which only {stopped} serves")
                }
                _ => format!("{loser} subscribes to {item}, which only {stopped} publishes"),
            },
            name: loser,
            item,
        });
    }
    losses.sort();
    losses.dedup();
    losses
}

/// The relationships through which something comes.
fn talking(graph: &DependencyGraph) -> impl Iterator<Item = &GraphEdge> {
    let edges = graph.edges.iter();
    edges.filter(|edge| edge.kind != EdgeKind::Dependency && edge.flow != Flow::No)
}

fn what(edge: &GraphEdge) -> (EdgeKind, &str, &str, u8) {
    (edge.kind, &edge.target, &edge.name, edge.domain_id)
}

/// Those that depend on it, the nearest first; each once for each of its own dependencies that is
/// lost, by the shortest way.
fn dependents(graph: &DependencyGraph, id: &str, name: &dyn Fn(&str) -> String) -> Vec<Loss> {
    let mut by_target: BTreeMap<&str, Vec<&GraphEdge>> = BTreeMap::new();
    let dependencies = graph.edges.iter();
    for edge in dependencies.filter(|edge| edge.kind == EdgeKind::Dependency) {
        by_target.entry(&edge.target).or_default().push(edge);
    }
    let mut losses = Vec::new();
    let mut reached = BTreeSet::from([id]);
    let mut queue = VecDeque::from([(id, Vec::<String>::new())]);
    while let Some((lost, through)) = queue.pop_front() {
        for edge in by_target.get(lost).into_iter().flatten() {
            if edge.source == id {
                continue;
            }
            losses.push(dependent(edge, name, id, &through));
            if reached.insert(&edge.source) {
                let mut further = vec![name(&edge.source)];
                further.extend(through.iter().cloned());
                queue.push_back((&edge.source, further));
            }
        }
    }
    losses
}

fn dependent(
    edge: &GraphEdge,
    name: &dyn Fn(&str) -> String,
    id: &str,
    through: &[String],
) -> Loss {
    let (loser, stopped) = (name(&edge.source), name(id));
    let text = if through.is_empty() {
        format!("{loser} depends on {stopped}, as {}", edge.name)
    } else {
        format!(
            "{loser} depends on {stopped} by way of {}",
            through.join(", then ")
        )
    };
    Loss {
        node: edge.source.clone(),
        name: loser,
        kind: EdgeKind::Dependency,
        item: edge.name.clone(),
        through: through.to_vec(),
        text,
    }
}
