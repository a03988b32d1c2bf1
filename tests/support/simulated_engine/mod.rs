//! A Docker engine in the memory of a test: what shipmate needs of one, in the domain's words.
//!
//! It is pure and deterministic; its time is a counter. What it does is what a real engine was seen
//! to do: `tests/docker_engine/simulator.rs` plays the same sequences on both and compares them
//! after every operation. So the model-based test of the domain, which plays millions of operations
//! on this one, is as good as if it had a real engine.
//!
//! Whoever includes this file has a `use …::domain;` beside it: unit tests and tests of the library
//! know that module by different paths.

#![allow(
    dead_code,
    unused_imports,
    reason = "each of the programs that include this uses a part of it"
)]

mod hand;
mod news;
mod outage;
mod program;
mod work;

use std::collections::{BTreeMap, BTreeSet};

pub use news::EngineEvent;
pub use outage::Outage;
pub use program::{Begin, Program, signals};

use super::domain;
use domain::container::{
    ContainerFacts, ContainerSpec, ContainerState, Exit, PublishedPort, labels,
};
use domain::manifest::Network;

/// What the engine says instead of a moment that has not come.
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// Where an engine looks for a port when any free one will do.
const FIRST_FREE_PORT: u16 = 32768;

/// Why the engine did not do what it was asked for: the kinds that shipmate tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing answers.
    Unreachable,
    /// The image is not on the engine.
    NoSuchImage,
    /// The name belongs to the container of this id.
    NameTaken(String),
    /// The port on the machine is taken.
    PortInUse(u16),
    /// There is no such container.
    NoSuchContainer,
    /// The container's state does not allow it.
    Conflict,
}

/// The engine.
#[derive(Clone, Debug)]
pub struct SimulatedEngine {
    owner: String,
    images: BTreeSet<String>,
    programs: BTreeMap<Vec<String>, Program>,
    containers: BTreeMap<String, Container>,
    events: Vec<EngineEvent>,
    away: Option<Outage>,
    made: u64,
    ticks: u64,
}

/// A container as the engine keeps it.
#[derive(Clone, Debug)]
struct Container {
    spec: ContainerSpec,
    name: String,
    program: Program,
    state: ContainerState,
    ports: Vec<PublishedPort>,
    started_at: String,
    /// What it wrote to its output, in all of its runs.
    output: Vec<String>,
    /// Signals that came while it was frozen.
    waiting: BTreeSet<i32>,
}

impl SimulatedEngine {
    /// An engine without containers. `owner` is the value of the owner's label on those that
    /// [`list`](Self::list) and the events show.
    pub fn new(owner: &str, images: &[&str]) -> Self {
        Self {
            owner: owner.to_owned(),
            images: images.iter().map(|image| (*image).to_owned()).collect(),
            programs: BTreeMap::new(),
            containers: BTreeMap::new(),
            events: Vec::new(),
            away: None,
            made: 0,
            ticks: 0,
        }
    }

    /// Says what a command does in the containers made from now on. Commands that nobody spoke of
    /// run until a signal ends them.
    pub fn teach(&mut self, command: &[String], program: Program) {
        self.programs.insert(command.to_vec(), program);
    }

    /// Puts an image on the engine.
    pub fn add_image(&mut self, image: &str) {
        self.images.insert(image.to_owned());
    }

    /// Whether it answers.
    pub fn answers(&self) -> bool {
        self.away.is_none()
    }

    /// What a container does now, by id or name.
    pub fn inspect(&self, id: &str) -> Result<Option<ContainerFacts>, Refusal> {
        self.reach()?;
        let id = self.id_of(id);
        Ok(id.map(|id| self.facts(&id)))
    }

    /// Every container of this owner.
    pub fn list(&self) -> Result<Vec<ContainerFacts>, Refusal> {
        self.reach()?;
        let ours = self.containers.iter().filter(|(_, c)| self.is_ours(c));
        Ok(ours.map(|(id, _)| self.facts(id)).collect())
    }

    /// All containers as they are, whoever made them and whether or not the engine answers: for a
    /// test's eyes.
    pub fn truth(&self) -> Vec<ContainerFacts> {
        self.containers.keys().map(|id| self.facts(id)).collect()
    }

    /// What a container wrote to its output, in all of its runs.
    pub fn output(&self, id: &str) -> String {
        let container = self.containers.get(id);
        container.map_or_else(String::new, |c| c.output.join("\n"))
    }

    /// The news since the last time.
    pub fn take_events(&mut self) -> Vec<EngineEvent> {
        std::mem::take(&mut self.events)
    }

    fn reach(&self) -> Result<(), Refusal> {
        match self.answers() {
            true => Ok(()),
            false => Err(Refusal::Unreachable),
        }
    }

    fn is_ours(&self, container: &Container) -> bool {
        container.spec.labels.get(labels::OWNER) == Some(&self.owner)
    }

    fn id_of(&self, id_or_name: &str) -> Option<String> {
        if self.containers.contains_key(id_or_name) {
            return Some(id_or_name.to_owned());
        }
        self.holder_of(id_or_name)
    }

    fn holder_of(&self, name: &str) -> Option<String> {
        let mut all = self.containers.iter();
        let found = all.find(|(_, container)| container.name == name);
        found.map(|(id, _)| id.clone())
    }

    fn find(&mut self, id: &str) -> Result<&mut Container, Refusal> {
        if !matches!(self.away, None | Some(Outage::Unreachable)) {
            return Err(Refusal::Unreachable);
        }
        self.containers.get_mut(id).ok_or(Refusal::NoSuchContainer)
    }

    fn facts(&self, id: &str) -> ContainerFacts {
        let container = &self.containers[id];
        let short = id.get(..12).unwrap_or(id).to_owned();
        ContainerFacts {
            id: id.to_owned(),
            name: container.name.clone(),
            labels: container.spec.labels.clone(),
            state: container.shown_state(),
            ports: container.ports.clone(),
            hostname: container.spec.hostname.clone().unwrap_or(short),
            host_network: container.spec.network == Network::Host,
            addresses: Vec::new(),
            image_id: String::new(),
            started_at: container.started_at.clone(),
        }
    }

    /// The next moment, in the form in which the engine tells time.
    fn moment(&mut self) -> String {
        self.ticks += 1;
        let (second, nano) = (self.ticks / 1_000_000_000, self.ticks % 1_000_000_000);
        let (hour, minute) = (second / 3600 % 24, second / 60 % 60);
        let second = second % 60;
        format!("2026-01-01T{hour:02}:{minute:02}:{second:02}.{nano:09}Z")
    }
}

impl Container {
    fn runs(&self) -> bool {
        matches!(self.state, ContainerState::Running | ContainerState::Paused)
    }

    /// An end comes with the last lines of output.
    fn shown_state(&self) -> ContainerState {
        match &self.state {
            ContainerState::Exited(exit) => ContainerState::Exited(Exit {
                last_output: self.output.join("\n"),
                message: match exit.message.is_empty() {
                    true => self.init_failure().unwrap_or_default(),
                    false => exit.message.clone(),
                },
                ..exit.clone()
            }),
            state => state.clone(),
        }
    }
}
