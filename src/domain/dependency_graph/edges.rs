//! Who talks to whom: the edges of topics, services and actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::matching::{self, Match};
use super::observation::{Observation, ObservedDomain};
use super::placing::{Seat, Seats};
use super::reach::reach;
use super::{EdgeKind, Flow, GraphEdge, GraphEndpoint, Problem, QosWords, names};
use crate::domain::graph::{Endpoint, Ends};

/// A topic, service or action of one domain.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// What it is.
    pub kind: EdgeKind,
    /// What it is called.
    pub name: &'a str,
    /// Who is at its ends; of an action those of the service that takes its goals.
    pub ends: &'a Ends,
}

/// What a topic, or a service, of one domain has given. While nothing else has changed that edges are
/// made of, equal ends give equal edges.
pub struct Given {
    domain_id: u8,
    is_a_topic: bool,
    name: Arc<str>,
    ends: Arc<Ends>,
    edges: Vec<Arc<GraphEdge>>,
}

impl Given {
    fn place(&self) -> Place<'_> {
        (self.domain_id, !self.is_a_topic, &self.name)
    }
}

/// The domain, whether it is a service, and the name: in the order in which all are gone through.
type Place<'a> = (u8, bool, &'a str);

/// An end, and where it is.
type Placed<'a> = (&'a Endpoint, &'a Seat<'a>);

/// What relates two nodes of the graph, whatever its types.
#[derive(Clone, Copy)]
struct Between<'a> {
    kind: EdgeKind,
    name: &'a Arc<str>,
    domain_id: u8,
    source: &'a Arc<str>,
    target: &'a Arc<str>,
}

/// What of a domain is shown. `hidden` shows also what nobody looks for.
pub fn items(domain: &ObservedDomain, hidden: bool) -> impl Iterator<Item = Item<'_>> {
    let services =
        { domain.view.services.iter() }.filter_map(move |(name, ends)| service(name, ends, hidden));
    let topics =
        { domain.view.topics.iter() }.filter_map(move |(name, ends)| topic(name, ends, hidden));
    topics.chain(services)
}

fn topic<'a>(name: &'a str, ends: &'a Ends, hidden: bool) -> Option<Item<'a>> {
    let shown = !names::is_of_action(name) && (hidden || !names::is_hidden_topic(name));
    shown.then_some(Item {
        kind: EdgeKind::Topic,
        name,
        ends,
    })
}

fn service<'a>(name: &'a str, ends: &'a Ends, hidden: bool) -> Option<Item<'a>> {
    if let Some(name) = names::action(name) {
        let kind = EdgeKind::Action;
        return Some(Item { kind, name, ends });
    }
    let unusual = |end| !names::is_hidden_service(name, end);
    let shown = !names::is_of_action(name) && (hidden || ends.all().any(unusual));
    shown.then_some(Item {
        kind: EdgeKind::Service,
        name,
        ends,
    })
}

/// What every topic and service gives. What is as it was `before` is taken from there; that may only be
/// said when nothing but ends has changed.
pub fn all(
    observation: &Observation,
    seats: &Seats<'_>,
    hidden: bool,
    before: Vec<Given>,
) -> Vec<Given> {
    let mut before = before.into_iter().peekable();
    let mut all = Vec::with_capacity(before.len());
    for (domain_id, domain) in &observation.domains {
        for (is_a_topic, places) in [(true, &domain.view.topics), (false, &domain.view.services)] {
            for (name, ends) in places {
                let place: Place<'_> = (*domain_id, !is_a_topic, name);
                while before.next_if(|given| given.place() < place).is_some() {}
                let known = before.next_if(|given| given.place() == place);
                let edges = match known.filter(|given| given.ends == *ends) {
                    Some(given) => given.edges,
                    None => {
                        let item = match is_a_topic {
                            true => topic(name, ends, hidden),
                            false => service(name, ends, hidden),
                        };
                        item.map_or_else(Vec::new, |it| of_item(it, *domain_id, domain, seats))
                    }
                };
                all.push(Given {
                    domain_id: *domain_id,
                    is_a_topic,
                    name: Arc::clone(name),
                    // These, though the others were equal: what is shared is compared at once.
                    ends: Arc::clone(ends),
                    edges,
                });
            }
        }
    }
    all
}

/// The topics of a domain, but hidden ones, that relate nobody to anybody.
pub fn topics_without_edges(all: &[Given], domain_id: u8) -> impl Iterator<Item = Item<'_>> {
    { all.iter() }
        .filter(move |it| it.domain_id == domain_id && it.is_a_topic && it.edges.is_empty())
        .filter_map(|it| topic(&it.name, &it.ends, false))
}

/// The edges of all.
pub fn edges(all: &[Given]) -> impl Iterator<Item = Arc<GraphEdge>> {
    all.iter().flat_map(|given| &given.edges).cloned()
}

fn of_item(
    item: Item<'_>,
    domain_id: u8,
    domain: &ObservedDomain,
    seats: &Seats<'_>,
) -> Vec<Arc<GraphEdge>> {
    if item.ends.offering.is_empty() || item.ends.using.is_empty() {
        return Vec::new();
    }
    let sources = by_node(&item.ends.offering, domain_id, domain, seats);
    let targets = by_node(&item.ends.using, domain_id, domain, seats);
    let name = Arc::from(item.name);
    let mut edges = Vec::new();
    for (source, offering) in &sources {
        for (target, using) in &targets {
            let between = Between {
                kind: item.kind,
                name: &name,
                domain_id,
                source,
                target,
            };
            edges.extend(of_pair(between, offering, using).into_iter().map(Arc::new));
        }
    }
    edges
}

fn by_node<'a>(
    ends: &'a [Endpoint],
    domain_id: u8,
    domain: &ObservedDomain,
    seats: &'a Seats<'_>,
) -> BTreeMap<&'a Arc<str>, Vec<Placed<'a>>> {
    let mut all: BTreeMap<&Arc<str>, Vec<Placed<'_>>> = BTreeMap::new();
    for end in ends {
        if let Some(seat) = seats.of(domain_id, domain, end) {
            all.entry(&seat.node).or_default().push((end, seat));
        }
    }
    for placed in all.values_mut() {
        placed.sort_by_key(|(end, _)| end.gid);
    }
    all
}

/// One edge for each type at the source. An end at the target whose type the source does not have is
/// at all of them: it was meant to be reached.
fn of_pair(between: Between<'_>, offering: &[Placed<'_>], using: &[Placed<'_>]) -> Vec<GraphEdge> {
    let types: BTreeSet<&Arc<str>> = offering.iter().map(|(end, _)| &end.type_name).collect();
    let mut edges = Vec::new();
    for type_name in &types {
        let is_met =
            |end: &Endpoint| end.type_name == **type_name || !types.contains(&end.type_name);
        let from = offering
            .iter()
            .filter(|(end, _)| end.type_name == **type_name);
        let from: Vec<Placed<'_>> = from.copied().collect();
        let to: Vec<Placed<'_>> = using
            .iter()
            .filter(|(end, _)| is_met(end))
            .copied()
            .collect();
        if to.is_empty() {
            continue;
        }
        let (flow, problems) = flow(between.kind, &from, &to);
        edges.push(GraphEdge {
            kind: between.kind,
            source: Arc::clone(between.source),
            target: Arc::clone(between.target),
            name: Arc::clone(between.name),
            domain_id: between.domain_id,
            type_name: shown_type(between.kind, type_name),
            source_endpoints: shown(between.kind, &from),
            target_endpoints: shown(between.kind, &to),
            flow,
            problems,
            messages_per_second: None,
            bytes_per_second: None,
        });
    }
    edges
}

fn shown_type(kind: EdgeKind, type_name: &Arc<str>) -> Arc<str> {
    match kind {
        EdgeKind::Action => names::action_type(type_name).into(),
        _ => Arc::clone(type_name),
    }
}

fn shown(kind: EdgeKind, ends: &[Placed<'_>]) -> Vec<GraphEndpoint> {
    let one = |(end, _): &Placed<'_>| GraphEndpoint {
        ros_node: end.node.clone().unwrap_or_default(),
        gid: end.gid,
        type_name: shown_type(kind, &end.type_name),
        type_hash: end.type_hash.clone().unwrap_or_default(),
        qos: QosWords::from(*end),
    };
    ends.iter().map(one).collect()
}

/// Whether anything can flow between the ends, taken together.
fn flow(kind: EdgeKind, from: &[Placed<'_>], to: &[Placed<'_>]) -> (Flow, Vec<Problem>) {
    let (mut yes, mut no, mut unknown) = (false, false, false);
    let mut problems = BTreeSet::new();
    for source in from {
        for target in to {
            // Of a service, the requests: from the client to the server.
            let (offer, ask) = if kind == EdgeKind::Topic {
                (source, target)
            } else {
                (target, source)
            };
            match pair(kind, *offer, *ask, &mut problems) {
                Flow::Yes => yes = true,
                Flow::No => no = true,
                Flow::Unknown | Flow::Partly => unknown = true,
            }
        }
    }
    let flow = match (yes, no, unknown) {
        (true, true, _) => Flow::Partly,
        (false, true, false) => Flow::No,
        (true, false, false) => Flow::Yes,
        _ => Flow::Unknown,
    };
    (flow, problems.into_iter().collect())
}

fn pair(
    kind: EdgeKind,
    (offer, offer_seat): Placed<'_>,
    (ask, ask_seat): Placed<'_>,
    problems: &mut BTreeSet<Problem>,
) -> Flow {
    let Match {
        flow,
        problems: unmatched,
    } = matching::ends(kind, offer, ask);
    problems.extend(unmatched);
    let reach = reach(offer_seat, ask_seat);
    problems.extend(reach.problem);
    match (flow, reach.flow) {
        (Flow::No, _) | (_, Flow::No) => Flow::No,
        (Flow::Yes, Flow::Yes) => Flow::Yes,
        _ => Flow::Unknown,
    }
}
