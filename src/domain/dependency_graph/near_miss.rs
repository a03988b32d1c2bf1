//! A publisher without subscriptions and a subscription without publishers that were perhaps meant for
//! each other: the names differ by a letter or by a namespace, or they are in two domains.
//!
//! No two lists are compared with each other: each name is looked up under what it would be with one
//! letter less, so that thousands of topics take no longer than they must.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::edges::{Given, topics_without_edges};
use super::observation::{Observation, ObservedDomain};
use super::placing::Seats;
use super::{GraphNode, NodeKind, Remark, RemarkKind};
use crate::domain::graph::Endpoint;

/// How many of equal likeness are looked at.
const FEW: usize = 8;
/// Shorter names differ by one letter without being mistaken.
const SHORTEST: usize = 4;

/// One side of a topic that has no other.
struct Lone<'a> {
    domain_id: u8,
    name: &'a str,
    nodes: BTreeSet<&'a str>,
}

/// What a subscription is found by.
#[derive(PartialEq, Eq, Hash)]
enum Clue<'a> {
    /// The same name, in another domain.
    Name(&'a str, &'a str),
    /// The last part of the name, in the same domain.
    LastPart(u8, &'a str, &'a str),
    /// The name with one letter less, in the same domain.
    Spelling(u8, &'a str, String),
}

/// Those of all domains.
pub fn remarks(
    observation: &Observation,
    seats: &Seats<'_>,
    nodes: &BTreeMap<Arc<str>, GraphNode>,
    given: &[Given],
) -> Vec<Remark> {
    let (publishing, subscribing) = lone(observation, seats, given);
    let mut index: HashMap<Clue<'_>, Vec<usize>> = HashMap::new();
    for (number, (type_name, lone)) in subscribing.iter().enumerate() {
        for clue in clues(type_name, lone) {
            let found = index.entry(clue).or_default();
            if found.len() < FEW {
                found.push(number);
            }
        }
    }
    let mut remarks = Vec::new();
    for (type_name, publisher) in &publishing {
        let found = clues(type_name, publisher)
            .filter_map(|clue| index.get(&clue))
            .flatten()
            .filter_map(|number| subscribing.get(*number))
            .map(|(_, subscriber)| subscriber)
            .filter(|subscriber| is_between(publisher, subscriber, nodes))
            .filter_map(|subscriber| Some((how(publisher, subscriber)?, subscriber)));
        let best =
            found.min_by_key(|(how, subscriber)| (*how, subscriber.name, subscriber.domain_id));
        remarks.extend(best.map(|(how, subscriber)| remark(how, publisher, subscriber, nodes)));
    }
    remarks
}

type Lones<'a> = Vec<(&'a str, Lone<'a>)>;

fn lone<'a>(
    observation: &'a Observation,
    seats: &'a Seats<'_>,
    given: &'a [Given],
) -> (Lones<'a>, Lones<'a>) {
    let (mut publishing, mut subscribing) = (Vec::new(), Vec::new());
    for (domain_id, domain) in &observation.domains {
        for item in topics_without_edges(given, *domain_id) {
            let has = |ends: &[Endpoint]| {
                let mut ends = ends.iter();
                ends.any(|end| seats.of(*domain_id, domain, end).is_some())
            };
            let (all, side) = match (has(&item.ends.offering), has(&item.ends.using)) {
                (true, false) => (&mut publishing, &item.ends.offering),
                (false, true) => (&mut subscribing, &item.ends.using),
                _ => continue,
            };
            let side = by_type(side, *domain_id, domain, seats).into_iter();
            all.extend(side.map(|(type_name, nodes)| {
                let lone = Lone {
                    domain_id: *domain_id,
                    name: item.name,
                    nodes,
                };
                (type_name, lone)
            }));
        }
    }
    (publishing, subscribing)
}

fn by_type<'a>(
    ends: &'a [Endpoint],
    domain_id: u8,
    domain: &ObservedDomain,
    seats: &'a Seats<'_>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut types: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for end in ends {
        if let Some(seat) = seats.of(domain_id, domain, end) {
            types.entry(&end.type_name).or_default().insert(&seat.node);
        }
    }
    types
}

fn clues<'a>(type_name: &'a str, lone: &Lone<'a>) -> impl Iterator<Item = Clue<'a>> {
    let domain_id = lone.domain_id;
    let spelled = spelled(lone.name);
    // Things that are numbered would be many under one spelling, and are meant to differ.
    let digits = digits(lone.name);
    let shorter: BTreeSet<String> = spelled
        .char_indices()
        .map(|(at, letter)| {
            let (before, after) = (&spelled[..at], &spelled[at + letter.len_utf8()..]);
            format!("{before}{after} {digits}")
        })
        .chain([format!("{spelled} {digits}")])
        .collect();
    let spellings = shorter
        .into_iter()
        .map(move |spelling| Clue::Spelling(domain_id, type_name, spelling));
    [
        Clue::Name(type_name, lone.name),
        Clue::LastPart(domain_id, type_name, last_part(lone.name)),
    ]
    .into_iter()
    .chain(spellings)
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What is left when capitals and underscores do not count.
fn spelled(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

/// Whether it is between two that are not the same, and concerns a deployment.
fn is_between(one: &Lone<'_>, other: &Lone<'_>, nodes: &BTreeMap<Arc<str>, GraphNode>) -> bool {
    let mut all = one.nodes.iter().chain(&other.nodes);
    let is_deployment = |id: &&str| {
        let node = nodes.get(*id);
        node.is_some_and(|node| matches!(node.kind, NodeKind::Deployment { .. }))
    };
    one.nodes.is_disjoint(&other.nodes) && all.any(is_deployment)
}

/// How two names are alike, the most alike first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Domain,
    Spelling,
    Namespace,
}

fn how(one: &Lone<'_>, other: &Lone<'_>) -> Option<How> {
    let (a, b) = (one.name, other.name);
    if a == b {
        return (one.domain_id != other.domain_id).then_some(How::Domain);
    }
    let long = a.len().min(b.len()) > SHORTEST;
    if long && digits(a) == digits(b) && strsim::osa_distance(&spelled(a), &spelled(b)) <= 1 {
        return Some(How::Spelling);
    }
    (last_part(a) == last_part(b)).then_some(How::Namespace)
}

fn remark(
    how: How,
    publisher: &Lone<'_>,
    subscriber: &Lone<'_>,
    nodes: &BTreeMap<Arc<str>, GraphNode>,
) -> Remark {
    let called = |lone: &Lone<'_>| {
        let names = lone
            .nodes
            .iter()
            .map(|id| nodes.get(*id).map_or(*id, |node| node.name.as_str()));
        names.collect::<Vec<_>>().join(" and ")
    };
    let (from, to) = (called(publisher), called(subscriber));
    let (topic, other) = (publisher.name, subscriber.name);
    let (one, another) = (publisher.domain_id, subscriber.domain_id);
    let all = publisher.nodes.union(&subscriber.nodes);
    let (text, remedy) = match how {
        How::Domain => (
            format!(
                "{from} publishes {topic} in the domain {one}, {to} subscribes to it in the domain {another}, and neither hears anybody"
            ),
            format!(
                "give both components one `ros.domain_id`, {one} or {another}, if they are meant for each other"
            ),
        ),
        How::Spelling | How::Namespace => {
            let differ = if how == How::Namespace {
                " in another namespace"
            } else {
                ""
            };
            (
                format!(
                    "{from} publishes {topic}, which nobody subscribes to; {to} subscribes to {other}{differ}, which nobody publishes"
                ),
                format!(
                    "if they are meant for each other, remap one: `-r {other}:={topic}` in `ros.args` of {to}, or `-r {topic}:={other}` in those of {from}"
                ),
            )
        }
    };
    Remark {
        kind: RemarkKind::NearMiss,
        nodes: all.map(|id| (*id).to_owned()).collect(),
        name: topic.to_owned(),
        text,
        remedy,
    }
}
