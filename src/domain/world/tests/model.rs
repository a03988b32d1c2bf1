//! A world, an engine, a disk, and everything that is on the way between them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::act::Act;
use super::ends::{Answer, News};
use super::hands::Hands;
use super::invariants::is_ours;
use super::looks::Looks;
use super::simulated_engine::SimulatedEngine;
use crate::domain::catalogue::Catalogue;
use crate::domain::container::{ContainerFacts, labels};
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::executable::Sequence;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::restart::RestartLimits;
use crate::domain::deployment::steps::StepKey;
use crate::domain::deployment::{Deployment, DeploymentId, Wanted};
use crate::domain::policy::{ChangesByHand, Policy};
use crate::domain::time::{Monotonic, Now, WallTime};

use crate::domain::world::{
    Admission, DeployRequest, WithDependents, World, WorldSettings, WorldStep,
};

pub const NAMES: [&str; 3] = ["arm", "base", "camera"];

pub const OWNER: &str = "me";

/// A package of several containers, one that there can be only one of, with a port, and one that is
/// looked at.
pub const MANIFESTS: [&str; 3] = [
    "
manifest: 1
name: robot
version: 1.0.0
components:
  - name: left
    endpoints:
      - {name: state, port: 80, executable: driver}
      - {name: web, port: 81, executable: driver, external: true}
    executables:
      - {name: driver, image: 'driver:1', command: [drive]}
      - {name: logger, image: 'logger:1', command: [log], restart: on-failure}
  - name: right
    executables:
      - {name: once, image: 'driver:1', command: [once], restart: never}
",
    "
manifest: 1
name: radio
version: 1.0.0
singleton: true
components:
  - name: main
    endpoints:
      - {name: web, port: 80, external: true, host_port: 8080}
    executables:
      - {name: server, image: 'radio:1', command: [serve]}
",
    "
manifest: 1
name: eyes
version: 1.0.0
components:
  - name: left
    executables:
      - name: camera
        image: 'driver:1'
        command: [look]
        lifecycle: [/camera]
        readiness: {ros: {topic: /image}}
        liveness: {command: [alive], failures: 2, start_period: 10s}
      - name: viewer
        image: 'radio:1'
        command: [show]
        restart: on-failure
        readiness: {tcp: 80, period: 5s}
        liveness: {http: {port: 80}, failures: 1}
",
];

/// Other versions of the first and the last of them: executables are changed, added and removed, and
/// stand in another order.
pub const UPDATES: [(&str, &str); 2] = [
    (
        "robot",
        "
manifest: 1
name: robot
version: 2.0.0
components:
  - name: rear
    executables:
      - {name: driver, image: 'driver:1', command: [drive]}
  - name: left
    executables:
      - {name: logger, image: 'logger:1', command: [log, more], restart: on-failure}
      - {name: driver, image: 'driver:1', command: [drive]}
",
    ),
    (
        "eyes",
        "
manifest: 1
name: eyes
version: 2.0.0
components:
  - name: left
    executables:
      - name: viewer
        image: 'radio:1'
        command: [show, all]
        readiness: {tcp: 80, period: 5s}
      - name: camera
        image: 'driver:1'
        command: [look]
        lifecycle: [/camera]
        readiness: {ros: {topic: /image}}
        liveness: {command: [alive], failures: 2, start_period: 10s}
        update_guard: [/record]
",
    ),
];

const IMAGES: [&str; 3] = ["driver:1", "logger:1", "radio:1"];

pub struct Model {
    pub world: World,
    pub engine: SimulatedEngine,
    /// Steps that were begun and not carried out yet.
    pub steps: Vec<WorldStep>,
    /// How steps that were carried out came to an end, and the node has not heard it yet.
    pub answers: Vec<Answer>,
    /// News of the engine's that the node has not heard yet.
    pub news: Vec<News>,
    pub disk: BTreeMap<DeploymentId, String>,
    unwritten: BTreeSet<DeploymentId>,
    /// What is being written: nothing else is meanwhile.
    writing: Vec<(DeploymentId, String, Wanted, u32)>,
    /// Deployments that are to be stopped, and neither does the disk know it, nor could it not be
    /// told.
    pub stops_unwritten: BTreeSet<DeploymentId>,
    /// Deployments whose request was answered with yes, and that were not forgotten since.
    pub promised: BTreeSet<DeploymentId>,
    /// The user's own containers, as the user left them.
    pub theirs: BTreeMap<String, ContainerFacts>,
    pub by_hand: ChangesByHand,
    pub hands: Hands,
    pub looks: Looks,
    /// Since when the node knows that the engine is away.
    pub lost_since: Option<Monotonic>,
    /// When the node first knew that what is not ready yet runs.
    pub ran_since: BTreeMap<StepKey, Monotonic>,
    /// Whether a disk was lost and that is not made good yet.
    lost_state: bool,
    /// Whether the node knows that it may not know all of its deployments.
    pub incomplete: bool,
    sequence: Sequence,
    uptime: u64,
    wall: i64,
    pub made: u32,
    /// How updates ended: how many succeeded, and how many were rolled back.
    pub updates: (usize, usize),
    ended: BTreeSet<(DeploymentId, u32)>,
}

pub const READY_TIMEOUT: Duration = Duration::from_secs(300);
pub const ENGINE_TIMEOUT: Duration = Duration::from_secs(120);

pub fn settings(changes_by_hand: ChangesByHand) -> WorldSettings {
    WorldSettings {
        identity: Identity {
            prefix: "t".to_owned(),
            owner: OWNER.to_owned(),
            domain_id: 7,
        },
        policy: Policy {
            changes_by_hand,
            ..Policy::default()
        },
        restarts: RestartLimits::default(),
        history: 5,
        guard_timeout: READY_TIMEOUT,
        ready_timeout: READY_TIMEOUT,
        engine_timeout: ENGINE_TIMEOUT,
    }
}

impl Model {
    pub fn new(by_hand: ChangesByHand) -> Self {
        let mut model = Self {
            world: World::new(settings(by_hand), Catalogue::default(), []),
            engine: SimulatedEngine::new(OWNER, &IMAGES),
            steps: Vec::new(),
            answers: Vec::new(),
            news: Vec::new(),
            disk: BTreeMap::new(),
            unwritten: BTreeSet::new(),
            writing: Vec::new(),
            stops_unwritten: BTreeSet::new(),
            promised: BTreeSet::new(),
            theirs: BTreeMap::new(),
            by_hand,
            hands: Hands::default(),
            looks: Looks::default(),
            lost_since: None,
            ran_since: BTreeMap::new(),
            lost_state: false,
            incomplete: false,
            sequence: 0,
            uptime: 0,
            wall: 1_000_000,
            made: 0,
            updates: (0, 0),
            ended: BTreeSet::new(),
        };
        model.sync();
        model
    }

    pub fn now(&self) -> Now {
        Now {
            wall: WallTime(self.wall),
            monotonic: Monotonic(Duration::from_secs(self.uptime)),
        }
    }

    pub fn next(&mut self) -> Sequence {
        self.sequence += 1;
        self.sequence
    }

    /// Something happens, and the node does at once what follows from it.
    pub fn act(&mut self, act: Act) {
        match act {
            Act::Deploy { manifest, name } => self.deploy(manifest, NAMES[name]),
            Act::Update { name, back } => self.update(NAMES[name], back),
            Act::Deprovision(n) => self.deprovision(NAMES[n]),
            Act::Cancel(n) => self.cancel(n),
            Act::Write(ok) => self.write(ok),
            Act::CarryOut(n, ok) => self.carry_out(n, ok),
            Act::HearEnd(n) => self.hear_end(n),
            Act::HearNews(n) => self.hear_news(n),
            Act::Catch => self.catch_up(),
            Act::Program(n, act) => self.program_acts(n, act),
            Act::Hand(n, act) => self.hand_acts(n, act),
            Act::EngineGoes(outage) => {
                if self.engine.answers() {
                    self.engine.goes_away(outage);
                    self.listen();
                    self.hear_loss();
                    self.engine_goes_for_hands();
                }
            }
            Act::EngineReturns => self.engine_returns(),
            Act::ReadAnew => self.read_anew(),
            Act::NodeRestarts(landed) => self.restart_node(landed),
            Act::NodeRestartsWithoutItsState => self.restart_without_state(),
            Act::TimePasses(seconds) => {
                self.time_passes_for_hands();
                self.uptime += seconds;
                self.wall += i64::try_from(seconds).unwrap();
            }
            Act::ClockJumps(seconds) => self.wall += seconds,
        }
        self.follow_up();
    }

    fn follow_up(&mut self) {
        self.listen();
        let now = self.now();
        self.world.tick(now);
        let touched = self.world.settle(now);
        let begun = self.world.steps(self.sequence, now);
        assert!(
            self.world.steps(self.sequence, now).is_empty(),
            "a second look without news gives no steps"
        );
        for step in begun {
            self.begin(step);
        }
        self.count_updates();
        for id in touched {
            let being_written = self.writing.iter().any(|(of, ..)| *of == id);
            if being_written || self.disk.get(&id) != self.record(&id).as_ref() {
                self.world.stamp(&id, now);
                self.unwritten.insert(id);
            }
        }
        for id in self.world.forget() {
            let over = self.disk.remove(&id);
            assert!(over.is_some() || !self.promised.contains(&id));
            self.promised.remove(&id);
        }
        if self.world.take_recovered() {
            self.lost_state = false;
        }
        self.begin_write();
        self.hands_are_heard();
        self.note_what_ran();
    }

    fn count_updates(&mut self) {
        for deployment in self.world.deployments() {
            let Some(end) = &deployment.last_update else {
                continue;
            };
            if self
                .ended
                .insert((deployment.order.id.clone(), end.revision))
            {
                match end.rolled_back {
                    None => self.updates.0 += 1,
                    Some(_) => self.updates.1 += 1,
                }
            }
        }
    }

    fn deploy(&mut self, manifest: usize, name: &str) {
        self.made += 1;
        let id = format!("dep-{}", self.made);
        let request = DeployRequest {
            manifest: MANIFESTS[manifest].to_owned(),
            name: name.to_owned(),
            ..DeployRequest::default()
        };
        let living = || {
            let all = self.world.deployments().into_iter();
            all.filter(|deployment| !deployment.is_over())
        };
        // The second package is a singleton, which keeps its port from being wanted twice, too.
        let refused = living().any(|d| d.order.name == name)
            || (manifest == 1 && living().any(|d| d.order.package.name == "radio"));
        let before: Vec<Deployment> = self.world.deployments().into_iter().cloned().collect();
        match self.world.deploy(&request, id, self.now()) {
            Ok(Admission::New(_)) => assert!(!refused, "a name is held once"),
            Ok(Admission::Joined(_)) => panic!("there was no request id"),
            Err(refusal) => {
                assert!(refused, "{refusal}");
                let after: Vec<Deployment> =
                    self.world.deployments().into_iter().cloned().collect();
                assert_eq!(before, after, "a request that is refused changes nothing");
            }
        }
    }

    /// Changes a deployment to the other version of its package, or back.
    fn update(&mut self, name: &str, back: bool) {
        let living = |d: &&Deployment| d.order.name == name && !d.is_over();
        let Some(deployment) = self.world.deployments().into_iter().find(living).cloned() else {
            return;
        };
        let of = deployment.order.package.name.as_str();
        let Some((_, newer)) = UPDATES.iter().find(|(package, _)| *package == of) else {
            return;
        };
        let older = if of == "robot" {
            MANIFESTS[0]
        } else {
            MANIFESTS[2]
        };
        let request = DeployRequest {
            manifest: if back { older } else { newer }.to_owned(),
            name: name.to_owned(),
            replace: true,
            ..DeployRequest::default()
        };
        let id = deployment.order.id.clone();
        match self.world.deploy(&request, "unused".to_owned(), self.now()) {
            Ok(Admission::New(made)) => {
                assert_eq!(made, id, "an update keeps the id");
                assert_eq!(deployment.refuses_update(), None);
            }
            Ok(Admission::Joined(_)) => panic!("there was no request id"),
            Err(refusal) => {
                assert!(deployment.refuses_update().is_some(), "{refusal}");
                assert_eq!(self.world.deployment(&id), Some(&deployment));
            }
        }
    }

    fn cancel(&mut self, n: usize) {
        let ids: Vec<String> = self.promised.iter().cloned().collect();
        if !ids.is_empty() {
            let id = &ids[n % ids.len()];
            let deployment = self.world.deployment(id).unwrap();
            if deployment.update.is_none() && deployment.phase != Phase::Succeeded {
                self.note_stop(id);
            }
            self.world.cancel(id);
        }
    }

    fn deprovision(&mut self, name: &str) {
        let id = self.world.find(name).map(|d| d.order.id.clone());
        if let Some(id) = &id {
            self.note_stop(id);
        }
        assert_eq!(
            self.world.deprovision(name, WithDependents::Refuse).ok(),
            id
        );
    }

    fn note_stop(&mut self, id: &str) {
        let deployment = self.world.deployment(id);
        if deployment.is_some_and(|d| d.wanted == Wanted::Running) {
            self.stops_unwritten.insert(id.to_owned());
        }
    }

    fn begin_write(&mut self) {
        if self.writing.is_empty() {
            let ids = std::mem::take(&mut self.unwritten);
            self.writing = { ids.into_iter() }
                .filter_map(|id| {
                    let record = self.record(&id)?;
                    let deployment = self.world.deployment(&id)?;
                    Some((id, record, deployment.wanted, deployment.change))
                })
                .collect();
        }
    }

    /// A write comes to its end. What is new is promised only when it is on the disk.
    pub fn write(&mut self, ok: bool) {
        for (id, record, wanted, change) in std::mem::take(&mut self.writing) {
            if self.world.deployment(&id).is_none() {
                continue;
            }
            if wanted == Wanted::Stopped || !ok {
                self.stops_unwritten.remove(&id);
            }
            if ok {
                let written: Deployment = serde_json::from_str(&record).unwrap();
                if !written.order.ports.is_empty() {
                    self.world.ports_saved(&id);
                }
                self.disk.insert(id.clone(), record);
                self.promised.insert(id.clone());
                self.world.saved(&id, wanted, change);
            } else {
                self.world.discard(&id);
                self.unwritten.insert(id);
            }
        }
    }

    fn record(&self, id: &str) -> Option<String> {
        let deployment = self.world.deployment(id)?;
        Some(serde_json::to_string(deployment).unwrap())
    }

    pub fn is_written(&self) -> bool {
        self.unwritten.is_empty() && self.writing.is_empty()
    }

    /// The engine is asked for everything that it has.
    pub fn sync(&mut self) {
        let sequence = self.next();
        match self.engine.list() {
            Ok(containers) => {
                let now = self.now();
                self.world.resync(sequence, containers, now);
                self.lost_since = None;
            }
            Err(_) => self.hear_loss(),
        }
    }

    /// As [`sync`](Self::sync), but the answer is heard later.
    fn read_anew(&mut self) {
        self.listen();
        let sequence = self.next();
        match self.engine.list() {
            Ok(containers) => self.news.push(News::Synced(sequence, containers)),
            Err(_) => self.hear_loss(),
        }
    }

    pub fn engine_returns(&mut self) {
        if self.engine.answers() {
            return self.read_anew();
        }
        self.engine.returns();
        self.listen();
        self.sync();
    }

    /// Everything that the node had begun or was about to hear is lost with it; what it was writing
    /// may have landed.
    fn restart_node(&mut self, landed: bool) {
        for (id, record, ..) in std::mem::take(&mut self.writing) {
            if landed && self.world.deployment(&id).is_some() {
                self.disk.insert(id, record);
            }
        }
        self.node_restarts_for_hands();
        let kept: Vec<Deployment> = { self.disk.values() }
            .map(|record| serde_json::from_str(record).unwrap())
            .collect();
        let world = World::new(settings(self.by_hand), Catalogue::default(), kept);
        self.incomplete = self.lost_state;
        self.world = match self.lost_state {
            true => world.recovering(),
            false => world,
        };
        self.steps.clear();
        self.answers.clear();
        self.news.clear();
        self.engine.take_events();
        self.unwritten.clear();
        self.stops_unwritten.clear();
        self.looks = Looks::default();
        self.lost_since = None;
        self.ran_since.clear();
        self.uptime = 0;
        self.sequence = 0;
        self.sync();
    }

    /// Deployments come back from their containers, which are kept.
    fn restart_without_state(&mut self) {
        let kept = match self.engine.answers() {
            true => self.recoverable(),
            false => Vec::new(),
        };
        self.disk.clear();
        self.writing.clear();
        self.promised.clear();
        self.lost_state = true;
        self.restart_node(false);
        for facts in kept {
            let deployment = &facts.labels[labels::DEPLOYMENT];
            assert!(self.world.deployment(deployment).is_some());
            // An update may have removed it.
            if let Some(key) = self.executable_of(&facts) {
                assert_eq!(self.state(&key).container_id, Some(facts.id));
            }
        }
    }

    /// Containers from which a deployment can be recovered without doubt: nobody else's claim its
    /// name.
    fn recoverable(&self) -> Vec<ContainerFacts> {
        let mut all = self.engine.truth();
        all.retain(|facts| is_ours(facts) && !self.theirs.contains_key(&facts.id));
        let label = |facts: &ContainerFacts, name: &str| facts.labels[name].clone();
        let rivals = |a: &ContainerFacts, b: &ContainerFacts| {
            let name = labels::DEPLOYMENT_NAME;
            let id = labels::DEPLOYMENT;
            label(a, name) == label(b, name) && label(a, id) != label(b, id)
        };
        let alone = |facts: &&ContainerFacts| !all.iter().any(|other| rivals(facts, other));
        all.iter().filter(alone).cloned().collect()
    }
}
