//! Puts the dependency graph together.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::edges::Given;
use super::observation::{ContainerState, Observation, ObservedDeployment};
use super::placing::{Seats, Since};
use super::{
    DependencyGraph, EdgeKind, Flow, GraphEdge, GraphNode, NodeKind, Remark, drift, edges,
    near_miss,
};

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Topics, services and actions, and what is outside of any deployment.
    pub ros_details: bool,
    /// Nothing that belongs to no deployment.
    pub without_external: bool,
    /// Also what every node has and nobody looks for, and shipmate's own nodes.
    pub hidden: bool,
}

/// The dependency graph of what is known. It depends on nothing else: what is equal gives what is
/// equal.
pub fn build(observation: &Observation, options: Options) -> DependencyGraph {
    put_together(observation, options, |_| Vec::new()).0
}

/// What a graph is made of.
#[derive(Default)]
pub(super) struct Parts {
    /// What each topic and service has given.
    pub given: Vec<Given>,
    /// Who was there.
    pub since: Since,
}

/// The graph of what is known; `may_be_taken` says what was given before and still is, by who is there now.
pub(super) fn put_together(
    observation: &Observation,
    options: Options,
    may_be_taken: impl FnOnce(&Since) -> Vec<Given>,
) -> (DependencyGraph, Parts) {
    let mut parts = Parts::default();
    let shown = shown(observation);
    let mut nodes = deployments(observation, &shown);
    let mut all_edges = dependencies(observation, &shown);
    let mut remarks = Vec::new();
    if options.ros_details {
        let seats = Seats::new(observation, options.hidden);
        seats.fill(observation, &mut nodes);
        let before = may_be_taken(&seats.since);
        parts.given = edges::all(observation, &seats, options.hidden, before);
        all_edges.extend(edges::edges(&parts.given));
        remarks.extend(drift::remarks(observation, &seats));
        remarks.extend(near_miss::remarks(
            observation,
            &seats,
            &nodes,
            &parts.given,
        ));
        remarks.extend(seats.conflicts);
        parts.since = seats.since;
    }
    if options.without_external {
        nodes.retain(|_, node| matches!(node.kind, NodeKind::Deployment { .. }));
        all_edges
            .retain(|edge| nodes.contains_key(&edge.source) && nodes.contains_key(&edge.target));
        remarks.retain_mut(|remark| about_shown(remark, &nodes));
    }
    all_edges.sort_by(|a, b| order(a, b));
    remarks.sort();
    remarks.dedup();
    let graph = DependencyGraph {
        ros_details: options.ros_details,
        nodes: nodes.into_values().collect(),
        edges: all_edges,
        remarks,
    };
    (graph, parts)
}

fn order(a: &GraphEdge, b: &GraphEdge) -> Ordering {
    // Most texts are shared.
    let texts = |a: &Arc<str>, b: &Arc<str>| match Arc::ptr_eq(a, b) {
        true => Ordering::Equal,
        false => a.cmp(b),
    };
    { a.kind.cmp(&b.kind) }
        .then_with(|| texts(&a.source, &b.source))
        .then_with(|| texts(&a.target, &b.target))
        .then_with(|| texts(&a.name, &b.name))
        .then_with(|| a.domain_id.cmp(&b.domain_id))
        .then_with(|| texts(&a.type_name, &b.type_name))
}

/// A remark stays as long as any of those that it is about is shown.
fn about_shown(remark: &mut Remark, nodes: &BTreeMap<Arc<str>, GraphNode>) -> bool {
    remark.nodes.retain(|id| nodes.contains_key(id.as_str()));
    !remark.nodes.is_empty()
}

/// The deployments that live, and all that they depend on, whether it runs or not.
fn shown(observation: &Observation) -> BTreeSet<&str> {
    let by_id: BTreeMap<&str, &ObservedDeployment> = observation
        .deployments
        .iter()
        .map(|deployment| (deployment.id.as_str(), deployment))
        .collect();
    let lives = |deployment: &&ObservedDeployment| {
        let mut containers = deployment.containers.iter();
        !deployment.over || containers.any(|it| it.state != ContainerState::Ended)
    };
    let living = observation.deployments.iter().filter(lives);
    let mut waiting: Vec<&str> = living.map(|deployment| deployment.id.as_str()).collect();
    let mut shown = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if shown.insert(id)
            && let Some(deployment) = by_id.get(id)
        {
            let needs = deployment.dependencies.iter();
            waiting.extend(needs.map(|need| need.deployment.as_str()));
        }
    }
    shown
}

fn deployments(observation: &Observation, shown: &BTreeSet<&str>) -> BTreeMap<Arc<str>, GraphNode> {
    let mut nodes = BTreeMap::new();
    for deployment in &observation.deployments {
        if !shown.contains(deployment.id.as_str()) {
            continue;
        }
        for need in &deployment.dependencies {
            // One that was forgotten is known by what its dependent remembers of it.
            let forgotten = || node(&need.deployment, &need.name, None);
            nodes
                .entry(need.deployment.as_str().into())
                .or_insert_with(forgotten);
        }
    }
    for deployment in &observation.deployments {
        if shown.contains(deployment.id.as_str()) {
            let known = node(&deployment.id, &deployment.name, Some(deployment));
            nodes.insert(Arc::clone(&known.id), known);
        }
    }
    nodes
}

fn node(id: &str, name: &str, known: Option<&ObservedDeployment>) -> GraphNode {
    let text = |field: fn(&ObservedDeployment) -> &String| {
        known.map_or_else(String::new, |deployment| field(deployment).clone())
    };
    let phase = known.map_or("Deployment stopped", |deployment| &deployment.phase);
    GraphNode {
        id: id.into(),
        name: name.to_owned(),
        kind: NodeKind::Deployment {
            package: text(|it| &it.package),
            version: text(|it| &it.version),
            phase: phase.to_owned(),
            status: text(|it| &it.status),
            reason: text(|it| &it.reason),
        },
        ros_nodes: Vec::new(),
    }
}

fn dependencies(observation: &Observation, shown: &BTreeSet<&str>) -> Vec<Arc<GraphEdge>> {
    let all = observation.deployments.iter();
    all.filter(|deployment| shown.contains(deployment.id.as_str()))
        .flat_map(|deployment| {
            deployment.dependencies.iter().map(|need| GraphEdge {
                kind: EdgeKind::Dependency,
                source: deployment.id.as_str().into(),
                target: need.deployment.as_str().into(),
                name: need.alias.as_str().into(),
                domain_id: 0,
                type_name: need.range.as_str().into(),
                source_endpoints: Vec::new(),
                target_endpoints: Vec::new(),
                flow: Flow::Unknown,
                problems: Vec::new(),
                messages_per_second: None,
                bytes_per_second: None,
            })
        })
        .map(Arc::new)
        .collect()
}
