//! Worlds to look at.

use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use crate::domain::graph::{
    Endpoint, Ends, Gid, GraphView, Participant, ParticipantId, Participants, samples,
};
use crate::domain::time::Monotonic;

pub const STRING: &str = "std_msgs/msg/String";

pub fn at(seconds: u64) -> Monotonic {
    Monotonic(Duration::from_secs(seconds))
}

/// The participant with this number, of Fast DDS.
pub fn participant(number: u16) -> ParticipantId {
    let [high, low] = number.to_be_bytes();
    ParticipantId([1, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, high, low])
}

/// The endpoint with a number in a participant, seen first at 20 s.
pub fn endpoint(of: u16, number: u16, node: &str) -> Endpoint {
    let ParticipantId(prefix) = participant(of);
    let [high, low] = number.to_be_bytes();
    let mut gid = [0; 16];
    gid[..12].copy_from_slice(&prefix);
    gid[13..].copy_from_slice(&[high, low, 3]);
    Endpoint {
        gid: Gid(gid),
        node: Some(node.into()),
        type_name: STRING.into(),
        first_seen: at(20),
        ..samples::endpoint(0, "", 0)
    }
}

/// A container on the bridge, started at 10 s: its number is in its id, host name and address.
pub fn container(number: u8) -> ObservedContainer {
    let id = format!("{number:064x}");
    ObservedContainer {
        component: "c".to_owned(),
        executable: format!("e{number}"),
        hostname: format!("host-{number}"),
        container_id: id,
        addresses: vec![[172, 17, 0, number].into()],
        networks: vec!["bridge".to_owned()],
        started_at: at(10),
        ..ObservedContainer::default()
    }
}

/// A deployment that runs; its id is its name with `-id`.
pub fn deployment(name: &str, containers: Vec<ObservedContainer>) -> ObservedDeployment {
    ObservedDeployment {
        id: format!("{name}-id"),
        name: name.to_owned(),
        package: "p".to_owned(),
        version: "1.0.0".to_owned(),
        phase: "Succeeded".to_owned(),
        status: "Running".to_owned(),
        containers,
        ..ObservedDeployment::default()
    }
}

pub fn needs(dependent: &mut ObservedDeployment, name: &str) {
    dependent.dependencies.push(ObservedDependency {
        alias: format!("its-{name}"),
        range: "^1".to_owned(),
        deployment: format!("{name}-id"),
        name: name.to_owned(),
    });
}

/// What a process in a container says of itself.
pub fn announced(container: &ObservedContainer) -> Participant {
    Participant {
        hostname: Some(container.hostname.clone()),
        process: Some("1".to_owned()),
        addresses: container.addresses.clone(),
        ..Participant::default()
    }
}

/// Two deployments, `one` with the participant 1 and `two` with the participant 2, in a container
/// each, and nothing on the graph but what they announce.
pub fn pair() -> Observation {
    let containers = [container(1), container(2)];
    let mut world = Observation::default();
    for (number, container) in (1..).zip(&containers) {
        *world.said(number) = announced(container);
    }
    let [one, two] = containers;
    world.deployments = vec![deployment("one", vec![one]), deployment("two", vec![two])];
    world
}

impl ObservedDomain {
    pub(super) fn view(&mut self) -> &mut GraphView {
        Arc::make_mut(&mut self.view)
    }

    pub(super) fn participants(&mut self) -> &mut Participants {
        Arc::make_mut(&mut self.view().participants)
    }

    pub(super) fn topic(&mut self, name: &str) -> &mut Ends {
        Arc::make_mut(self.view().topics.entry(name.into()).or_default())
    }

    pub(super) fn service(&mut self, name: &str) -> &mut Ends {
        Arc::make_mut(self.view().services.entry(name.into()).or_default())
    }
}

impl Observation {
    pub(super) fn domain(&mut self) -> &mut ObservedDomain {
        self.domains.entry(0).or_default()
    }

    pub(super) fn said(&mut self, number: u16) -> &mut Participant {
        let participants = self.domain().participants();
        participants.entry(participant(number)).or_default()
    }

    pub(super) fn topic(&mut self, name: &str) -> &mut Ends {
        self.domain().topic(name)
    }

    pub(super) fn service(&mut self, name: &str) -> &mut Ends {
        self.domain().service(name)
    }

    pub(super) fn all(&self) -> DependencyGraph {
        let options = Options {
            ros_details: true,
            ..Options::default()
        };
        build(self, options)
    }
}

/// `/camera` in `one` publishes /image to `/viewer` in `two`.
pub fn talking() -> Observation {
    let mut world = pair();
    let image = world.topic("/image");
    image.offering.push(endpoint(1, 1, "/camera"));
    image.using.push(endpoint(2, 1, "/viewer"));
    world
}

pub fn ids(graph: &DependencyGraph) -> Vec<&str> {
    graph.nodes.iter().map(|node| &*node.id).collect()
}

/// Edges as `source -> target name`.
pub fn arrows(graph: &DependencyGraph) -> Vec<String> {
    let arrow = |edge: &Arc<GraphEdge>| format!("{} -> {} {}", edge.source, edge.target, edge.name);
    graph.edges.iter().map(arrow).collect()
}
