//! Worlds of which it is known what is in them, against what is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use super::samples::*;
use crate::domain::graph::Participant;

/// How a process is there, in the container that it claims.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Plain,
    TellsNoHost,
    NotHeard,
    OfAnEarlierRun,
    FromAnotherMachine,
}

/// What a node does with which topic, service or action: from 0 to 5 and from 0 to 2.
type Use = (u8, u8);

#[derive(Clone, Debug)]
struct Process {
    place: prop::sample::Index,
    how: How,
    domain: u8,
    nodes: Vec<(u8, Vec<Use>)>,
}

#[derive(Clone, Debug)]
struct Place {
    deployment: u8,
    host_network: bool,
    state: ContainerState,
}

fn place() -> impl Strategy<Value = Place> {
    let state = prop_oneof![
        3 => Just(ContainerState::Running),
        1 => Just(ContainerState::Paused),
        1 => Just(ContainerState::Ended),
    ];
    (0..4_u8, any::<bool>(), state).prop_map(|(deployment, host_network, state)| Place {
        deployment,
        host_network,
        state,
    })
}

fn process() -> impl Strategy<Value = Process> {
    let how = prop_oneof![
        4 => Just(How::Plain),
        1 => Just(How::TellsNoHost),
        1 => Just(How::NotHeard),
        1 => Just(How::OfAnEarlierRun),
        1 => Just(How::FromAnotherMachine),
    ];
    let node = (0..3_u8, prop::collection::vec((0..6_u8, 0..3_u8), 1..5));
    (
        any::<prop::sample::Index>(),
        how,
        0..2_u8,
        prop::collection::vec(node, 1..3),
    )
        .prop_map(|(place, how, domain, nodes)| Process {
            place,
            how,
            domain,
            nodes,
        })
}

/// Who it is, as far as it can be known; none when it is not to be shown.
fn truth(
    process: &Process,
    number: u16,
    place: &Place,
    container: &ObservedContainer,
) -> Option<String> {
    let deployment = format!("d{}-id", place.deployment);
    let unknown = format!("external:{}", hex::encode(participant(number).0));
    let ended = place.state == ContainerState::Ended;
    match process.how {
        How::Plain => (!ended).then_some(deployment),
        How::OfAnEarlierRun => None,
        How::NotHeard => Some(unknown),
        How::TellsNoHost if place.host_network || ended => Some(unknown),
        How::TellsNoHost => Some(deployment),
        How::FromAnotherMachine => Some(format!("external:{}:1@10.0.0.9", container.hostname)),
    }
}

fn containers(places: &[Place]) -> Vec<ObservedContainer> {
    let all = (1..).zip(places);
    all.map(|(number, place)| {
        let mut container = container(number);
        container.host_network = place.host_network;
        container.state = place.state;
        if place.host_network {
            container.addresses = vec![[192, 168, 0, 1].into()];
        }
        container
    })
    .collect()
}

fn said(process: &Process, container: &ObservedContainer) -> Option<Participant> {
    let mut said = announced(container);
    match process.how {
        How::NotHeard => return None,
        How::TellsNoHost => said.hostname = None,
        How::FromAnotherMachine => said.addresses = vec![[10, 0, 0, 9].into()],
        How::Plain | How::OfAnEarlierRun => {}
    }
    Some(said)
}

fn name_of((does, what): Use) -> String {
    match does {
        0 | 1 => format!("/topic{what}"),
        2 | 3 => format!("/service{what}"),
        _ => format!("/action{what}/_action/send_goal"),
    }
}

/// The world, and for each endpoint whose it is, where and what it does.
type Truth = Vec<(Option<String>, u8, Use)>;

/// Where each ROS node is: the owner, the domain, the name and the participant.
type Nodes = BTreeSet<(String, u8, String, String)>;

fn world(places: &[Place], processes: &[Process]) -> (Observation, Truth, Nodes) {
    let containers = containers(places);
    let mut world = Observation::default();
    let (mut truth_of, mut nodes) = (Truth::new(), BTreeSet::new());
    for name in 0..4 {
        let mine = places
            .iter()
            .zip(&containers)
            .filter(|(place, _)| place.deployment == name);
        let mine = mine.map(|(_, container)| container.clone()).collect();
        world
            .deployments
            .push(deployment(&format!("d{name}"), mine));
    }
    for (number, process) in (1..).zip(processes) {
        let index = process.place.index(places.len());
        let (place, container) = (&places[index], &containers[index]);
        let owner = truth(process, number, place, container);
        let domain = world.domains.entry(process.domain).or_default();
        if let Some(said) = said(process, container) {
            domain.participants().insert(participant(number), said);
        }
        let mut count = 0;
        for (node, uses) in &process.nodes {
            let node = format!("/node{node}");
            if let Some(owner) = &owner {
                let participant = hex::encode(participant(number).0);
                nodes.insert((owner.clone(), process.domain, node.clone(), participant));
            }
            for used in uses {
                count += 1;
                let mut end = endpoint(number, count, &node);
                if process.how == How::OfAnEarlierRun {
                    end.first_seen = at(5);
                }
                let ends = if used.0 < 2 {
                    domain.topic(&name_of(*used))
                } else {
                    domain.service(&name_of(*used))
                };
                let side = if used.0 % 2 == 0 {
                    &mut ends.offering
                } else {
                    &mut ends.using
                };
                side.push(end);
                truth_of.push((owner.clone(), process.domain, *used));
            }
        }
    }
    (world, truth_of, nodes)
}

proptest! {
    /// Each relationship is found, and no other; each node is where it is.
    #[test]
    fn what_is_found_is_what_is_there(
        places in prop::collection::vec(place(), 1..8),
        processes in prop::collection::vec(process(), 0..12),
    ) {
        let (world, truth, nodes) = world(&places, &processes);
        let mut expected = BTreeSet::new();
        for (source, domain, (does, what)) in &truth {
            for (target, other_domain, other) in &truth {
                let meet = does % 2 == 0 && *other == (does + 1, *what) && domain == other_domain;
                if let (Some(source), Some(target), true) = (source, target, meet) {
                    let name = name_of((*does, *what)).replace("/_action/send_goal", "");
                    expected.insert((source.clone(), target.clone(), name, *domain));
                }
            }
        }
        let graph = world.all();
        let found: Vec<_> = graph.edges.iter().map(|edge| {
            (edge.source.to_string(), edge.target.to_string(), edge.name.to_string(), edge.domain_id)
        }).collect();
        prop_assert_eq!(found.len(), expected.len(), "an edge is there twice or missing");
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        let found: BTreeSet<_> = graph.nodes.iter().flat_map(|node| {
            node.ros_nodes.iter().map(|it| {
                (node.id.to_string(), it.domain_id, it.name.to_string(), it.participant.to_string())
            })
        }).collect();
        prop_assert_eq!(found, nodes);
        // Every end of an edge is a node.
        let ids: BTreeSet<_> = graph.nodes.iter().map(|node| &node.id).collect();
        prop_assert!(graph.edges.iter().all(|it| ids.contains(&it.source) && ids.contains(&it.target)));
    }

    /// What is built one after another is what each would be by itself, and what did not change is shared.
    #[test]
    fn what_is_taken_from_before_is_what_is_there(
        places in prop::collection::vec(place(), 1..6),
        processes in prop::collection::vec(process(), 1..8),
        changes in prop::collection::vec(change(), 1..12),
    ) {
        let (mut places, mut processes) = (places, processes);
        let options = Options { ros_details: true, ..Options::default() };
        let mut builder = Builder::new(options);
        let mut before = builder.next_graph(world(&places, &processes).0);
        for change in changes {
            change.make(&mut places, &mut processes);
            let (mut now, ..) = world(&places, &processes);
            if let Change::Again(field) = change {
                touch(&mut now, field);
            }
            let graph = builder.next_graph(now.clone());
            prop_assert_eq!(&*graph, &build(&now, options));
            let again = builder.next_graph(now);
            prop_assert!(Arc::ptr_eq(&graph, &again));
            prop_assert_eq!(Arc::ptr_eq(&graph, &before), *graph == *before);
            before = graph;
        }
    }
}

/// What changes from one world to the next.
#[derive(Clone, Debug)]
enum Change {
    Comes(Process),
    Goes(prop::sample::Index),
    Is(prop::sample::Index, Process),
    Place(prop::sample::Index, Place),
    /// Something that no process does.
    Again(u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => process().prop_map(Change::Comes),
        1 => any::<prop::sample::Index>().prop_map(Change::Goes),
        1 => (any::<prop::sample::Index>(), process()).prop_map(|(at, it)| Change::Is(at, it)),
        1 => (any::<prop::sample::Index>(), place()).prop_map(|(at, it)| Change::Place(at, it)),
        3 => (0..6_u8).prop_map(Change::Again),
    ]
}

impl Change {
    fn make(&self, places: &mut [Place], processes: &mut Vec<Process>) {
        match self {
            Self::Comes(process) => processes.push(process.clone()),
            Self::Goes(_) | Self::Is(..) if processes.is_empty() => {}
            // Those behind it have other numbers then: everything of theirs is new.
            Self::Goes(at) => drop(processes.remove(at.index(processes.len()))),
            Self::Is(at, process) => {
                let at = at.index(processes.len());
                processes[at] = process.clone();
            }
            Self::Place(at, place) => places[at.index(places.len())] = place.clone(),
            Self::Again(_) => {}
        }
    }
}

fn touch(world: &mut Observation, field: u8) {
    match field {
        0 => "Error".clone_into(&mut world.deployments[0].status),
        1 => world.deployments[1].name.push('2'),
        2 => drop(world.domain().own_nodes.insert("/node1".to_owned())),
        3 => {
            world.domain().own_node = Some(OwnNode {
                name: "/node2".to_owned(),
                ..OwnNode::default()
            });
        }
        // A participant is not known any more, though all of its ends are.
        4 => drop(world.domain().participants().pop_last()),
        // One end is older than its container's run: then none of its participant is there any more.
        _ => {
            let view = world.domain().view();
            let ends = view.topics.values_mut().next().map(Arc::make_mut);
            let ends = ends.map(|ends| ends.offering.iter_mut().chain(&mut ends.using));
            if let Some(end) = ends.and_then(|mut ends| ends.next()) {
                end.first_seen = at(5);
            }
        }
    }
}
