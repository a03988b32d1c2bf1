//! Whether what would be deployed can be, and in which order.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::Direction;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::known::Known;
use super::resolve::{Choice, Planned, PlannedBinding, Resolution, Target};
use super::walk::{Need, REQUESTED, Walk, Wish};
use super::words::Words;
use crate::domain::manifest::Package;

/// From what needs something to what is needed; nodes have the places that they have in the walk.
type Graph<'a> = DiGraph<&'a Package, ()>;

/// Makes a plan out of a walk.
///
/// # Errors
/// Everything that is in the way.
pub fn plan<'a>(
    walk: &Walk<'a>,
    name: &str,
    choices: &[Choice<'_>],
    known: &Known<'a>,
) -> Result<Resolution<'a>, Vec<String>> {
    let words = Words { walk, known };
    let mut problems = words.choices(choices);
    problems.extend(
        walk.problems
            .iter()
            .map(|(need, why)| words.obstacle(*need, why)),
    );
    for wish in &walk.wishes {
        problems.extend(obstacles(wish, name, walk, &words));
    }
    let graph = graph(walk);
    match toposort(&graph, None) {
        Ok(order) if problems.is_empty() => Ok(resolution(walk, &order)),
        Ok(_) => Err(problems),
        Err(_) => {
            problems.extend(circles(&graph).iter().map(|circle| words.circle(circle)));
            Err(problems)
        }
    }
}

/// What keeps a wish from being granted.
fn obstacles(wish: &Wish<'_>, name: &str, walk: &Walk<'_>, words: &Words<'_, '_>) -> Vec<String> {
    let Some(deploy) = wish.deploy else {
        return wish.needs.iter().map(|need| words.missing(*need)).collect();
    };
    let node = deploy.node.and_then(|node| walk.nodes.get(node));
    match (node.and_then(|node| node.from), deploy.node) {
        (Some(from), Some(node)) => words.not_deployable(node, &from.package, name),
        _ => words.no_version(wish),
    }
}

fn graph<'a>(walk: &Walk<'a>) -> Graph<'a> {
    let mut graph = Graph::with_capacity(walk.nodes.len(), walk.wishes.len());
    for node in &walk.nodes {
        graph.add_node(node.package);
    }
    for (need, node) in planned(walk) {
        graph.add_edge(NodeIndex::new(need.by), NodeIndex::new(node), ());
    }
    for need in &walk.circles {
        graph.add_edge(NodeIndex::new(need.by), NodeIndex::new(REQUESTED), ());
    }
    graph
}

/// Every need that something planned serves, with its place.
fn planned<'w, 'a>(walk: &'w Walk<'a>) -> impl Iterator<Item = (Need<'a>, usize)> + use<'w, 'a> {
    walk.wishes.iter().flat_map(|wish| {
        let node = wish.deploy.and_then(|deploy| deploy.node);
        let needs = wish.needs.iter().copied();
        needs.filter_map(move |need| Some((need, node?)))
    })
}

/// `order` has each node before what it needs.
fn resolution<'a>(walk: &Walk<'a>, order: &[NodeIndex]) -> Resolution<'a> {
    let mut bindings = bindings(walk);
    let first = order
        .iter()
        .rev()
        .filter_map(|node| {
            let package = walk.nodes.get(node.index())?.from?;
            Some(Planned {
                package,
                name: package.package.name.clone(),
                bindings: bindings.remove(&node.index()).unwrap_or_default(),
            })
        })
        .collect();
    Resolution {
        bindings: bindings.remove(&REQUESTED).unwrap_or_default(),
        first,
    }
}

/// The bindings of each node, by alias.
fn bindings(walk: &Walk<'_>) -> HashMap<usize, Vec<PlannedBinding>> {
    let existing = walk
        .bound
        .iter()
        .map(|(need, candidate)| (*need, Target::Deployment(candidate.id.to_owned())));
    let planned = planned(walk).map(|(need, _)| (need, Target::Planned(need.package().to_owned())));
    let mut bindings: HashMap<usize, Vec<PlannedBinding>> = HashMap::new();
    for (need, target) in existing.chain(planned) {
        bindings.entry(need.by).or_default().push(PlannedBinding {
            alias: need.alias.to_owned(),
            target,
        });
    }
    for own in bindings.values_mut() {
        own.sort_by(|a, b| a.alias.cmp(&b.alias));
    }
    bindings
}

/// One circle of each knot, from the node on that is the nearest to the requested package, and
/// back to it.
fn circles(graph: &Graph<'_>) -> Vec<Vec<usize>> {
    let mut circles: Vec<Vec<usize>> = kosaraju_scc(graph)
        .iter()
        .filter_map(|knot| circle(graph, knot))
        .collect();
    circles.sort();
    circles
}

/// The shortest way back to the first node of a knot; none when there is no way.
fn circle(graph: &Graph<'_>, knot: &[NodeIndex]) -> Option<Vec<usize>> {
    let start = *knot.iter().min()?;
    let inside: HashSet<NodeIndex> = knot.iter().copied().collect();
    let mut before: HashMap<NodeIndex, NodeIndex> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in graph.neighbors_directed(node, Direction::Outgoing) {
            if next == start {
                return Some(way(&before, start, node));
            }
            if inside.contains(&next) && !before.contains_key(&next) {
                before.insert(next, node);
                queue.push_back(next);
            }
        }
    }
    None
}

fn way(before: &HashMap<NodeIndex, NodeIndex>, start: NodeIndex, end: NodeIndex) -> Vec<usize> {
    let mut way = vec![start.index(), end.index()];
    let mut at = end;
    while let Some(node) = before.get(&at) {
        way.push(node.index());
        at = *node;
    }
    way.reverse();
    way
}
