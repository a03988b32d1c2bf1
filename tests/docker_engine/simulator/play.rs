//! Plays a sequence on both engines, and compares them after each operation.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt};
use shipmate::domain::container::{ContainerFacts, ContainerState, PortSpec, labels};
use shipmate::domain::manifest::Protocol;
use shipmate::edge::docker::{ContainerEvent, EngineError};

use super::operation::{Force, Kind, NewName, Operation, place_name};
use super::real;
use crate::simulated_engine::{EngineEvent, Refusal, SimulatedEngine, signals};
use crate::support::registry::free_port;
use crate::support::{IMAGE, World};

/// How long the real engine has to come to where the simulated one is at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// What an operation came to: an id of the simulated engine's, if it made a container.
type Answer = Result<Option<String>, Refusal>;

type News = Result<ContainerEvent, EngineError>;

/// Plays a sequence, and answers with the number of its operations, or with what differs.
pub async fn both(sequence: Vec<Operation>, patience: Duration) -> Result<usize, String> {
    let world = World::new().await;
    let mut news = world.engine.events();
    assert_eq!(news.next().await, Some(Ok(ContainerEvent::Connected)));
    let mut table = Table::new(world, patience);
    let mut done = 0;
    for (n, operation) in sequence.iter().enumerate() {
        if !table.makes_sense(*operation) {
            continue;
        }
        done += 1;
        table.step(*operation).await.map_err(|difference| {
            let so_far = &sequence[..=n];
            format!("after {operation:?}, the last of {so_far:?}:\n{difference}")
        })?;
    }
    table.clear_away().await?;
    table
        .compare_news(&mut news)
        .await
        .map_err(|difference| format!("the news of {sequence:?} differ:\n{difference}"))?;
    Ok(done)
}

/// Both engines, and which container of the one is which of the other.
struct Table {
    world: World,
    simulated: SimulatedEngine,
    /// The real id of each simulated one.
    ids: BTreeMap<String, String>,
    /// The latest container of each place, by its simulated id.
    places: BTreeMap<usize, (String, Kind)>,
    /// When each run began, by both clocks: what is one run here is one run there.
    starts: BTreeMap<String, String>,
    port: u16,
    patience: Duration,
}

impl Table {
    fn new(world: World, patience: Duration) -> Table {
        let simulated = SimulatedEngine::new(&world.owner, &[IMAGE]);
        Table {
            world,
            simulated,
            ids: BTreeMap::new(),
            places: BTreeMap::new(),
            starts: BTreeMap::new(),
            port: free_port(),
            patience,
        }
    }

    async fn step(&mut self, operation: Operation) -> Result<(), String> {
        let (real, simulated) = match operation {
            Operation::Create(place, kind) => self.create(place, kind, |_| {}).await,
            Operation::CreateAsAnother(place) => {
                let other = |labels: &mut BTreeMap<String, String>| {
                    labels.insert(labels::GENERATION.to_owned(), "7".to_owned());
                };
                self.create(place, Kind::Obeys, other).await
            }
            Operation::CreateWithoutImage(place) => self.create_without_image(place).await,
            operation => {
                let (real, simulated) = self.on_one(operation).await;
                (real.map(|()| None), simulated.map(|()| None))
            }
        };
        if real != simulated {
            return Err(format!("the answer is {real:?}, simulated {simulated:?}"));
        }
        self.compare().await
    }

    /// Only a program that runs can do something by itself. And two signals that wait for a frozen
    /// one reach it in an order that nobody promises.
    fn makes_sense(&self, operation: Operation) -> bool {
        let (id, kind) = self.at(operation.place());
        let facts = self.simulated.inspect(&id).ok().flatten();
        let state = facts.map(|facts| facts.state);
        match operation {
            Operation::End(..) | Operation::RunOutOfMemory(_) => {
                state == Some(ContainerState::Running)
            }
            Operation::Kill(_, signal) if signal != signals::KILL => {
                kind != Kind::ObeysOne || state != Some(ContainerState::Paused)
            }
            _ => true,
        }
    }

    /// The simulated id of the place's container, and what it runs.
    fn at(&self, place: usize) -> (String, Kind) {
        let nothing = || ("no-such-container".to_owned(), Kind::Obeys);
        self.places.get(&place).cloned().unwrap_or_else(nothing)
    }

    fn real_id(&self, simulated: &str) -> String {
        let known = self.ids.get(simulated);
        known.map_or_else(|| simulated.to_owned(), String::clone)
    }

    fn simulated_id(&self, real: &str) -> String {
        let found = self.ids.iter().find(|(_, id)| *id == real);
        found.map_or_else(|| real.to_owned(), |(id, _)| id.clone())
    }

    async fn create(
        &mut self,
        place: usize,
        kind: Kind,
        change: impl Fn(&mut BTreeMap<String, String>),
    ) -> (Answer, Answer) {
        let mut spec = kind.spec(&self.world, place);
        change(&mut spec.labels);
        if kind == Kind::WantsPort {
            spec.ports = vec![PortSpec {
                container: 80,
                host: Some(self.port),
                address: None,
                protocol: Protocol::Tcp,
            }];
        }
        self.simulated.teach(&spec.command, kind.program());
        let simulated = self.simulated.create(&spec);
        let real = self.world.engine.create(&spec).await;
        if let (Ok(real), Ok(simulated)) = (&real, &simulated) {
            let known = self.ids.get(simulated);
            if known.is_none() {
                self.ids.insert(simulated.clone(), real.clone());
                self.places.insert(place, (simulated.clone(), kind));
            }
        }
        let real = real.map(|id| Some(self.simulated_id(&id)));
        let real = real.map_err(|error| real::refusal(&error, |id| self.simulated_id(id)));
        (real, simulated.map(Some))
    }

    async fn create_without_image(&mut self, place: usize) -> (Answer, Answer) {
        let mut spec = Kind::Obeys.spec(&self.world, place);
        spec.image = "shipmate-test/nothing:none".to_owned();
        let real = self.world.engine.create(&spec).await.map(Some);
        let real = real.map_err(|error| real::refusal(&error, |id| self.simulated_id(id)));
        (real, self.simulated.create(&spec).map(Some))
    }

    async fn on_one(&mut self, operation: Operation) -> (Result<(), Refusal>, Result<(), Refusal>) {
        let place = operation.place();
        let (id, kind) = self.at(place);
        let real = self.real_id(&id);
        let engine = self.world.engine.clone();
        let edge = |done: Result<(), EngineError>| {
            done.map_err(|error| real::refusal(&error, str::to_owned))
        };
        let simulated = &mut self.simulated;
        match operation {
            Operation::Start(_) => (edge(engine.start(&real).await), simulated.start(&id)),
            Operation::TakeDown(_) => {
                let done = engine.take_down(&real, kind.grace()).await;
                (edge(done), simulated.take_down(&id))
            }
            Operation::End(_, code) => {
                let ended = simulated.end(&id, code);
                if ended.is_ok() {
                    real::end(&real, code).await;
                }
                (ended.clone(), ended)
            }
            Operation::RunOutOfMemory(_) => self.run_out_of_memory(&id, &real).await,
            Operation::Stop(_) => (
                real::stop(&real, kind.grace()).await,
                simulated.stop_by_hand(&id),
            ),
            Operation::Kill(_, signal) => (
                real::kill(&real, signal).await,
                simulated.kill_by_hand(&id, signal),
            ),
            Operation::Pause(_) => (real::pause(&real).await, simulated.pause_by_hand(&id)),
            Operation::Unpause(_) => (real::unpause(&real).await, simulated.unpause_by_hand(&id)),
            Operation::Rename(_, name) => {
                let name = self.new_name(place, name);
                let done = self.simulated.rename_by_hand(&id, &name);
                (
                    real::rename(&real, &name, |id| self.simulated_id(id)).await,
                    done,
                )
            }
            Operation::Remove(_, force) => (
                real::remove(&real, force == Force::Yes).await,
                simulated.remove_by_hand(&id, force == Force::Yes),
            ),
            Operation::Lie(_) => (Ok(()), simulated.end(&id, 1)),
            Operation::Create(..)
            | Operation::CreateAsAnother(_)
            | Operation::CreateWithoutImage(_) => unreachable!("handled by the caller"),
        }
    }

    fn new_name(&self, place: usize, name: NewName) -> String {
        let name = match name {
            NewName::Free(n) => format!("renamed-{place}-{n}"),
            NewName::Place(place) => place_name(place),
        };
        format!("{}-{name}", self.world.owner)
    }

    /// Whether the engine notices the cause is chance: the simulated one is told.
    async fn run_out_of_memory(
        &mut self,
        id: &str,
        real: &str,
    ) -> (Result<(), Refusal>, Result<(), Refusal>) {
        let before = self.simulated.clone();
        let mut done = self.simulated.run_out_of_memory(id, true);
        if done.is_ok() {
            real::run_out_of_memory(real).await;
            if !self.world.ended(real).await.out_of_memory {
                self.simulated = before;
                done = self.simulated.run_out_of_memory(id, false);
            }
        }
        (done.clone(), done)
    }

    /// Waits until everything is the same here and there; says what is not if that never comes.
    async fn compare(&mut self) -> Result<(), String> {
        let asking = async {
            loop {
                let differs = self.difference().await;
                match differs {
                    None => return,
                    Some(_) => tokio::time::sleep(LOOK).await,
                }
            }
        };
        if tokio::time::timeout(self.patience, asking).await.is_err()
            && let Some(difference) = self.difference().await
        {
            return Err(difference);
        }
        self.compare_starts().await
    }

    async fn difference(&self) -> Option<String> {
        for (simulated, real) in &self.ids {
            let expected = self.simulated.inspect(simulated).expect("it answers");
            let found = self.world.engine.inspect(real).await.expect("it answers");
            let found = found.map(|facts| self.alike(facts, expected.as_ref()));
            if found != expected {
                return Some(format!("it is {found:?}\nsimulated: {expected:?}"));
            }
            // It can only be told to end when it has begun.
            let runs = expected.is_some_and(|facts| facts.state == ContainerState::Running);
            let output = self.simulated.output(simulated);
            if runs && self.world.engine.logs_tail(real, 20).await.as_ref() != Ok(&output) {
                return Some(format!("it did not write {output:?}"));
            }
        }
        let mut listed: Vec<String> = { self.world.engine.list().await.expect("it answers") }
            .into_iter()
            .map(|facts| self.simulated_id(&facts.id))
            .collect();
        listed.sort();
        let expected = self.simulated.list().expect("it answers").into_iter();
        let expected: Vec<String> = expected.map(|facts| facts.id).collect();
        (listed != expected).then(|| format!("it lists {listed:?}, simulated {expected:?}"))
    }

    /// The real engine's facts, with what no simulation can foretell as it is there: ids, addresses
    /// and the clock's time, as long as there is one on both sides; and the real engine's own words
    /// after the same sentence of shipmate's.
    fn alike(&self, facts: ContainerFacts, expected: Option<&ContainerFacts>) -> ContainerFacts {
        let Some(expected) = expected else {
            return facts;
        };
        let mut alike = ContainerFacts {
            id: self.simulated_id(&facts.id),
            hostname: expected.hostname.clone(),
            addresses: Vec::new(),
            image_id: expected.image_id.clone(),
            ..facts
        };
        let never = |time: &str| time.starts_with("0001-");
        if never(&alike.started_at) == never(&expected.started_at) {
            alike.started_at.clone_from(&expected.started_at);
        }
        if let (ContainerState::Exited(exit), ContainerState::Exited(expected)) =
            (&mut alike.state, &expected.state)
        {
            if never(&exit.ended_at) == never(&expected.ended_at) {
                exit.ended_at.clone_from(&expected.ended_at);
            }
            exit.last_output = without_pid(&exit.last_output);
            if !expected.message.is_empty() && exit.message.starts_with(&expected.message) {
                exit.message.clone_from(&expected.message);
            }
        }
        alike
    }

    /// A run that began here at one moment began there at one moment.
    async fn compare_starts(&mut self) -> Result<(), String> {
        for (simulated, real) in self.ids.clone() {
            let Some(expected) = self.simulated.inspect(&simulated).expect("it answers") else {
                continue;
            };
            let found = self.world.facts(&real).await.started_at;
            let pair = (expected.started_at, found);
            let key = format!("{simulated} {}", pair.0);
            let known = self.starts.entry(key).or_insert_with(|| pair.1.clone());
            if *known != pair.1 {
                return Err(format!(
                    "the run of {} began {known} and {}",
                    pair.0, pair.1
                ));
            }
        }
        Ok(())
    }

    /// Takes everything down, on both sides, so that the news have an end.
    async fn clear_away(&mut self) -> Result<(), String> {
        for (simulated, real) in self.ids.clone() {
            let done = real::remove(&real, true).await;
            let expected = self.simulated.remove_by_hand(&simulated, true);
            if done != expected {
                return Err(format!("the removal is {done:?}, simulated {expected:?}"));
            }
        }
        self.compare().await
    }

    async fn compare_news(
        &mut self,
        news: &mut (impl Stream<Item = News> + Unpin),
    ) -> Result<(), String> {
        let expected = by_container(self.simulated.take_events());
        let mut seen = Vec::new();
        let last = |events: &BTreeMap<String, Vec<EngineEvent>>| {
            let gone = |e: &Vec<EngineEvent>| e.last().is_some_and(|e| e.action == "destroy");
            events.len() == expected.len() && events.values().all(gone)
        };
        let reading = async {
            while !last(&by_container(seen.clone())) {
                let event = news.next().await.expect("the stream goes on");
                seen.extend(self.event(event.expect("the stream goes on")));
            }
        };
        tokio::time::timeout(self.patience, reading).await.ok();
        // Whatever is there already and should not be.
        while let Some(Some(Ok(event))) = news.next().now_or_never() {
            seen.extend(self.event(event));
        }
        let seen = by_container(seen);
        match seen == expected {
            true => Ok(()),
            false => Err(format!("{}simulated:\n{}", shown(&seen), shown(&expected))),
        }
    }

    /// An event in the simulated engine's terms.
    fn event(&self, event: ContainerEvent) -> Option<EngineEvent> {
        const ACTIONS: [&str; 10] = [
            "create", "start", "die", "oom", "destroy", "pause", "unpause", "rename", "stop",
            "kill",
        ];
        let ContainerEvent::Changed {
            id,
            name,
            action,
            exit_code,
            signal,
            ..
        } = event
        else {
            return None;
        };
        let action = ACTIONS.into_iter().find(|known| *known == action);
        Some(EngineEvent {
            id: self.simulated_id(&id),
            name,
            action: action.expect("only these are asked for"),
            exit_code,
            signal,
        })
    }
}

/// The init process says its process id before anything else, which is a small number.
fn without_pid(output: &str) -> String {
    let pid = regex::Regex::new(r"\[FATAL tini \([0-9]+\)\]").expect("it is right");
    pid.replace_all(output, "[FATAL tini (7)]").into_owned()
}

/// Each container's events in their order. When the engine hears that memory ran out is chance, and
/// so are whether it tells that a frozen program went on in order to be killed, and whether it tells twice of a
/// pause and its end (see `events.rs`): all are left out.
fn by_container(events: Vec<EngineEvent>) -> BTreeMap<String, Vec<EngineEvent>> {
    let mut sorted = BTreeMap::<String, Vec<EngineEvent>>::new();
    for event in events.into_iter().filter(|event| event.action != "oom") {
        let events = sorted.entry(event.id.clone()).or_default();
        let killed = events
            .last()
            .is_some_and(|e| e.signal == Some(signals::KILL));
        if !(killed && event.action == "unpause") {
            events.push(event);
        }
        if let [.., a, b, "pause", "unpause"] =
            &events.iter().map(|it| it.action).collect::<Vec<_>>()[..]
            && (*a, *b) == ("pause", "unpause")
        {
            events.truncate(events.len() - 2);
        }
    }
    sorted
}

fn shown(events: &BTreeMap<String, Vec<EngineEvent>>) -> String {
    let word = |event: &EngineEvent| match event.exit_code.or(event.signal) {
        Some(number) => format!("{} {number} ({})", event.action, event.name),
        None => format!("{} ({})", event.action, event.name),
    };
    let lines = events.iter().map(|(id, events)| {
        let words: Vec<String> = events.iter().map(word).collect();
        format!("{}: {}\n", &id[..12], words.join(", "))
    });
    lines.collect()
}
