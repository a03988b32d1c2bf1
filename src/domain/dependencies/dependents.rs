//! Who depends on a deployment, and in which order they are taken down.

use std::collections::HashMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed, VisitMap, Visitable};

/// Which deployment is bound to which. All of it is total: a deployment that nobody knows has no
/// dependents, and a circle, which [`super::resolve`] never makes, is no trap.
#[derive(Debug, Default)]
pub struct Dependents<'a> {
    /// From the deployment that depends to the one that it is bound to.
    graph: DiGraph<&'a str, ()>,
    nodes: HashMap<&'a str, NodeIndex>,
}

impl<'a> Dependents<'a> {
    /// Out of the bindings of all living deployments: the id of the one that depends, and of the
    /// one that it is bound to.
    pub fn new(bindings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut new = Self::default();
        for (dependent, dependency) in bindings {
            let from = new.node(dependent);
            let to = new.node(dependency);
            new.graph.add_edge(from, to, ());
        }
        new
    }

    /// Who is bound to it, by id.
    pub fn direct(&self, id: &str) -> Vec<&'a str> {
        let Some(node) = self.nodes.get(id) else {
            return Vec::new();
        };
        let of = self
            .graph
            .neighbors_directed(*node, petgraph::Direction::Incoming);
        names(&self.graph, of.filter(|other| other != node))
    }

    /// Who is bound to it, or to one that is, and so on; by id.
    pub fn transitive(&self, id: &str) -> Vec<&'a str> {
        let Some(node) = self.nodes.get(id) else {
            return Vec::new();
        };
        let mut dfs = Dfs::new(Reversed(&self.graph), *node);
        let all = std::iter::from_fn(|| dfs.next(Reversed(&self.graph)));
        names(&self.graph, all.filter(|other| other != node))
    }

    /// The deployment and all of its dependents in the order in which they are taken down: nobody
    /// before the ones that depend on it, itself last. In a circle, one has to be the first.
    pub fn take_down<'b>(&self, id: &'b str) -> Vec<&'b str>
    where
        'a: 'b,
    {
        let Some(node) = self.nodes.get(id) else {
            return vec![id];
        };
        let mut leaving = self.graph.visit_map();
        let mut dfs = Dfs::new(Reversed(&self.graph), *node);
        while let Some(other) = dfs.next(Reversed(&self.graph)) {
            leaving.visit(other);
        }
        // It goes last: what it is bound to matters not, even where that leads back to it.
        let part = self.graph.filter_map(
            |other, name| leaving.is_visited(&other).then_some(*name),
            |edge, ()| {
                let (from, _) = self.graph.edge_endpoints(edge)?;
                (from != *node).then_some(())
            },
        );
        // What is depended on comes first here.
        kosaraju_scc(&part)
            .into_iter()
            .rev()
            .flat_map(|circle| names(&part, circle.into_iter()))
            .collect()
    }

    fn node(&mut self, id: &'a str) -> NodeIndex {
        *self
            .nodes
            .entry(id)
            .or_insert_with(|| self.graph.add_node(id))
    }
}

fn names<'a>(graph: &DiGraph<&'a str, ()>, nodes: impl Iterator<Item = NodeIndex>) -> Vec<&'a str> {
    let mut names: Vec<&str> = nodes
        .filter_map(|node| graph.node_weight(node).copied())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
