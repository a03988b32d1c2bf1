//! One dependency graph after another: what has not changed since the one before, is taken from there.

use std::sync::Arc;

use super::build::{Options, Parts, put_together};
use super::observation::{Observation, ObservedDomain};
use super::placing::Since;
use super::{DependencyGraph, GraphEdge};
use crate::domain::graph::{Participant, ParticipantId};
use crate::domain::time::Monotonic;

/// Builds one graph after another. Each is what [`super::build()`] gives, and shares with the one before
/// what both have.
#[derive(Default)]
pub struct Builder {
    options: Options,
    before: Before,
}

/// What was known, and what it gave; nothing at first.
#[derive(Default)]
struct Before {
    seen: Observation,
    parts: Parts,
    graph: Arc<DependencyGraph>,
}

impl Builder {
    /// One that has built none yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            before: Before::default(),
        }
    }

    /// The graph of what is known now: the one before itself, when nothing of it is different.
    pub fn next_graph(&mut self, now: Observation) -> Arc<DependencyGraph> {
        let Before { seen, parts, graph } = std::mem::take(&mut self.before);
        let Parts { given, since } = parts;
        let (new, parts) =
            put_together(&now, self.options, |since_now| {
                match differ_in_ends_alone((&seen, &since), (&now, since_now)) {
                    true => given,
                    false => Vec::new(),
                }
            });
        let graph = match is_same(&graph, &new) {
            true => graph,
            false => Arc::new(new),
        };
        self.before = Before {
            seen: now,
            parts,
            graph: Arc::clone(&graph),
        };
        graph
    }
}

/// As `==`, but what both share is not compared.
fn is_same(one: &DependencyGraph, other: &DependencyGraph) -> bool {
    let is_same_edge = |(a, b): (&Arc<GraphEdge>, &Arc<GraphEdge>)| Arc::ptr_eq(a, b) || a == b;
    one.ros_details == other.ros_details
        && one.edges.len() == other.edges.len()
        && one.edges.iter().zip(&other.edges).all(is_same_edge)
        && one.nodes == other.nodes
        && one.remarks == other.remarks
}

/// Whether all that edges are made of besides the ends of topics and services is as it was, for those who
/// were there before and still are.
fn differ_in_ends_alone(
    (before, since_before): (&Observation, &Since),
    (now, since): (&Observation, &Since),
) -> bool {
    let is_as_it_was = |((domain, id), since): (&(u8, ParticipantId), &Monotonic)| {
        let was = since_before.get(&(*domain, *id));
        was.is_none_or(|was| was == since && said(before, *domain, *id) == said(now, *domain, *id))
    };
    let has_same_own = |(domain, now): (&u8, &ObservedDomain)| {
        let was = before.domains.get(domain);
        was.is_none_or(|was| was.own_node == now.own_node && was.own_nodes == now.own_nodes)
    };
    before.deployments == now.deployments
        && now.domains.iter().all(has_same_own)
        && since.iter().all(is_as_it_was)
}

/// What a participant says of itself.
fn said(observation: &Observation, domain: u8, id: ParticipantId) -> Option<&Participant> {
    observation.domains.get(&domain)?.view.participants.get(&id)
}
