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
    before: Option<(Observation, Parts<Arc<DependencyGraph>>)>,
}

impl Builder {
    /// One that has built none yet.
    pub fn new(options: Options) -> Self {
        let before = None;
        Self { options, before }
    }

    /// The graph of what is known now: the one before itself, when nothing of it is different.
    pub fn next_graph(&mut self, now: Observation) -> Arc<DependencyGraph> {
        let Some((before, known)) = self.before.take() else {
            let parts = put_together(&now, self.options, |_| Vec::new());
            return self.keep(now, parts, Arc::new);
        };
        let Parts {
            given,
            since,
            graph,
        } = known;
        let parts = put_together(&now, self.options, |since_now| {
            let same = differ_in_ends_alone((&before, &since), (&now, since_now));
            if same { given } else { Vec::new() }
        });
        self.keep(now, parts, |new| match is_same(&graph, &new) {
            true => graph,
            false => Arc::new(new),
        })
    }

    fn keep(
        &mut self,
        now: Observation,
        Parts {
            given,
            since,
            graph,
        }: Parts<DependencyGraph>,
        share: impl FnOnce(DependencyGraph) -> Arc<DependencyGraph>,
    ) -> Arc<DependencyGraph> {
        let graph = share(graph);
        let shown = Arc::clone(&graph);
        self.before = Some((
            now,
            Parts {
                given,
                since,
                graph,
            },
        ));
        shown
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
