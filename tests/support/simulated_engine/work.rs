//! What shipmate asks of the engine, with the care that its edge to Docker takes: what is done
//! already is no error.

use std::collections::BTreeSet;

use super::domain::container::{ContainerSpec, ContainerState, Exit, PublishedPort};
use super::{Container, FIRST_FREE_PORT, NEVER, Refusal, SimulatedEngine};

impl SimulatedEngine {
    /// Creates a container, or answers with the id of an earlier try of the very same one.
    pub fn create(&mut self, spec: &ContainerSpec) -> Result<String, Refusal> {
        self.reach()?;
        if !self.images.contains(&spec.image) {
            return Err(Refusal::NoSuchImage);
        }
        if let Some(holder) = self.holder_of(&spec.name) {
            return match self.containers[&holder].is_earlier_try(spec) {
                true => Ok(holder),
                false => Err(Refusal::NameTaken(holder)),
            };
        }
        let id = self.new_id();
        let program = self.programs.get(&spec.command);
        let container = Container {
            spec: spec.clone(),
            name: spec.name.clone(),
            program: program.cloned().unwrap_or_default(),
            state: ContainerState::Created,
            ports: Vec::new(),
            started_at: NEVER.to_owned(),
            output: Vec::new(),
            waiting: BTreeSet::new(),
        };
        self.containers.insert(id.clone(), container);
        self.tell(&id, "create");
        Ok(id)
    }

    /// Starts a container; one that runs already is as good.
    pub fn start(&mut self, id: &str) -> Result<(), Refusal> {
        self.reach()?;
        match self.find(id)?.state {
            ContainerState::Running => return Ok(()),
            ContainerState::Paused => return Err(Refusal::Conflict),
            ContainerState::Created | ContainerState::Exited(_) => {}
        }
        let ports = match self.free_ports(id) {
            Ok(ports) => ports,
            Err(port) => {
                self.find(id)?.note_failed_start(port);
                return Err(Refusal::PortInUse(port));
            }
        };
        let started_at = self.moment();
        let container = self.find(id)?;
        container.state = ContainerState::Running;
        container.started_at = started_at;
        container.ports = ports;
        self.tell(id, "start");
        self.begin(id);
        Ok(())
    }

    /// Stops a container and keeps it; one that has ended or is gone is as good.
    pub fn halt(&mut self, id: &str) -> Result<(), Refusal> {
        self.reach()?;
        match self.stop_by_hand(id) {
            Err(Refusal::NoSuchContainer) => Ok(()),
            done => done,
        }
    }

    /// Lets a container go on that is paused; one that runs is as good.
    pub fn resume(&mut self, id: &str) -> Result<(), Refusal> {
        self.reach()?;
        match self.find(id)?.state {
            ContainerState::Running => Ok(()),
            _ => self.unpause_by_hand(id),
        }
    }

    /// Gives a container a name; one that has it already is as good.
    pub fn rename(&mut self, id: &str, name: &str) -> Result<(), Refusal> {
        self.reach()?;
        match self.find(id)?.name == name {
            true => Ok(()),
            false => self.rename_by_hand(id, name),
        }
    }

    /// Stops a container and removes it; one that is gone is as good.
    pub fn take_down(&mut self, id: &str) -> Result<(), Refusal> {
        self.reach()?;
        let done = self
            .stop_by_hand(id)
            .and_then(|()| self.remove_by_hand(id, true));
        match done {
            Err(Refusal::NoSuchContainer) => Ok(()),
            done => done,
        }
    }

    /// The ports that a start would publish, or the one that someone has.
    fn free_ports(&self, id: &str) -> Result<Vec<PublishedPort>, u16> {
        let others = self.containers.iter().filter(|(other, _)| *other != id);
        let others = others.flat_map(|(_, container)| &container.ports);
        let mut taken: BTreeSet<_> = others.map(|port| (port.protocol, port.host)).collect();
        let mut published = Vec::new();
        for port in &self.containers[id].spec.ports {
            let mut any = FIRST_FREE_PORT..;
            let free = any.find(|host| !taken.contains(&(port.protocol, *host)));
            let host = port.host.or(free).unwrap_or_default();
            if !taken.insert((port.protocol, host)) {
                return Err(host);
            }
            published.push(PublishedPort {
                container: port.container,
                host,
                protocol: port.protocol,
            });
        }
        Ok(published)
    }

    /// 64 hex digits, as the engine's own, and in the order of their making.
    fn new_id(&mut self) -> String {
        self.made += 1;
        format!("{:012x}{:052x}", self.made, 0)
    }
}

impl Container {
    /// Whether this is what an earlier try to create the same container made.
    fn is_earlier_try(&self, spec: &ContainerSpec) -> bool {
        let mut wanted = spec.labels.iter();
        let same = wanted.all(|(name, value)| self.spec.labels.get(name) == Some(value));
        same && !spec.labels.is_empty() && !self.runs()
    }

    /// One that could not be started counts as ended; how it ended before stays.
    fn note_failed_start(&mut self, port: u16) {
        let message = format!("the port {port} of this machine is in use");
        match &mut self.state {
            ContainerState::Exited(exit) if exit.code != 0 => exit.message = message,
            state => {
                let ended_at = match state {
                    ContainerState::Exited(exit) => exit.ended_at.clone(),
                    _ => NEVER.to_owned(),
                };
                *state = ContainerState::Exited(Exit {
                    code: 128,
                    message,
                    ended_at,
                    ..Exit::default()
                });
            }
        }
    }
}
