//! The loop: takes inputs in, asks the domain what follows, has it done, and shows what is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::build_logs::BuildLogs;
use super::clock;
use super::effects::Effects;
use super::engine_watch::{EngineWatch, Sequencer};
use super::images::ImageFetcher;
use super::looks::RosGraph;
use super::read_packages::read;
use super::real_paths::RealPolicy;
use super::request::{Input, PackageSource, Reply, Request, WAITING_INPUTS};
use super::saver::{Saver, Write, Written};
use super::snapshot::{Observed, Snapshot, Views};
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::DeploymentId;
use crate::domain::events::{ChangeEvent, changes, remark};
use crate::domain::world::observation::Sightings;
use crate::domain::world::refusal::Refusal;
use crate::domain::world::{Admission, Note, World};
use crate::edge::discovery::DiscoveryGroup;
use crate::edge::docker::Engine;
use crate::edge::store::{Record, Store};

/// How many events may wait to be published.
const WAITING_EVENTS: usize = 4096;
/// How many inputs are taken in before the next look at what follows from them.
const INPUTS_AT_ONCE: usize = 256;
/// How long tasks may take to end when the node ends.
const LAST_WORDS: Duration = Duration::from_millis(800);

/// How the rest of the node talks to the loop.
#[derive(Clone)]
pub struct Handle {
    inputs: mpsc::Sender<Input>,
    snapshots: watch::Receiver<Snapshot>,
    observed: watch::Receiver<Observed>,
    events: mpsc::Sender<ChangeEvent>,
    builds: BuildLogs,
}

impl Handle {
    /// How many inputs wait for the loop, and how many may.
    pub fn waiting_inputs(&self) -> (usize, usize) {
        waiting(&self.inputs)
    }

    /// How many events wait to be published, and how many may.
    pub fn waiting_events(&self) -> (usize, usize) {
        waiting(&self.events)
    }

    /// Asks for something, unless too much is waiting.
    ///
    /// # Errors
    /// Gives the request back when the loop has too much to do, or has ended.
    pub fn request(&self, request: Request) -> Result<(), Box<Request>> {
        self.inputs
            .try_send(Input::Request(request))
            .map_err(|error| {
                match error.into_inner() {
                    Input::Request(request) => Box::new(request),
                    // What was put in is what comes back.
                    _ => Box::new(Request::Cancel(String::new())),
                }
            })
    }

    /// What is shown, now and in future.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// What the dependency graph is to know of the deployments, now and in future.
    pub fn observed(&self) -> watch::Receiver<Observed> {
        self.observed.clone()
    }

    /// What builds said.
    pub fn builds(&self) -> BuildLogs {
        self.builds.clone()
    }
}

/// Everything that the loop works with.
pub struct Supervisor {
    world: World,
    saver: Saver,
    effects: Effects,
    views: Views,
    sightings: Sightings,
    builds: BuildLogs,
    sequencer: Sequencer,
    inputs: mpsc::Receiver<Input>,
    inputs_sender: mpsc::Sender<Input>,
    snapshots: watch::Sender<Snapshot>,
    observed: watch::Sender<Observed>,
    events: mpsc::Sender<ChangeEvent>,
    waiting: BTreeMap<DeploymentId, Vec<Reply<DeploymentId>>>,
    answers: Vec<(Reply<DeploymentId>, Result<DeploymentId, Refusal>)>,
    tasks: TaskTracker,
    stop: CancellationToken,
    writes: TaskTracker,
}

impl Supervisor {
    /// A loop over what was read from `store`, on `engine`, within `policy`; `graph` is where nodes
    /// are looked for. Gives also the handle to it, and the events that it raises.
    pub fn new(
        world: World,
        store: Store,
        engine: Engine,
        policy: RealPolicy,
        graph: Arc<dyn RosGraph>,
        stop: &CancellationToken,
    ) -> (Self, Handle, mpsc::Receiver<ChangeEvent>) {
        let (inputs_sender, inputs) = mpsc::channel(WAITING_INPUTS);
        let (snapshots, shown) = watch::channel(Snapshot::default());
        let (observed, seen) = watch::channel(Observed::from([]));
        let (events, raised) = mpsc::channel(WAITING_EVENTS);
        let tasks = TaskTracker::new();
        let sequencer = Sequencer::default();
        let watch = EngineWatch {
            engine: engine.clone(),
            inputs: inputs_sender.clone(),
            sequencer: sequencer.clone(),
            stop: stop.clone(),
            tasks: tasks.clone(),
            discovery: DiscoveryGroup::default(),
        };
        tasks.spawn(watch.run());
        let builds = BuildLogs::new(store.builds_folder());
        let handle = Handle {
            inputs: inputs_sender.clone(),
            snapshots: shown,
            observed: seen,
            events: events.clone(),
            builds: builds.clone(),
        };
        let images = ImageFetcher::new(engine.clone(), policy.clone(), builds.clone());
        let effects = Effects::new(
            engine,
            policy,
            graph,
            images,
            inputs_sender.clone(),
            tasks.clone(),
            stop.clone(),
        );
        let views = Views::of(&world);
        let supervisor = Self {
            world,
            saver: Saver::new(store),
            effects,
            views,
            sightings: Sightings::default(),
            builds,
            sequencer,
            inputs,
            inputs_sender,
            snapshots,
            observed,
            events,
            waiting: BTreeMap::new(),
            answers: Vec::new(),
            tasks,
            stop: stop.clone(),
            writes: TaskTracker::new(),
        };
        (supervisor, handle, raised)
    }

    /// Runs until it is told to stop; then the containers stay as they are, and what changed is
    /// written.
    pub async fn run(mut self) {
        self.snapshots
            .send_replace(self.views.snapshot(&self.world));
        self.observe_all();
        self.tidy_builds().await;
        let stop = self.stop.clone();
        let mut taken = Vec::new();
        while stop
            .run_until_cancelled(self.wait(&mut taken))
            .await
            .is_some()
        {
            for input in taken.drain(..) {
                self.take(input);
            }
            self.follow_up();
        }
        self.end().await;
    }

    /// Waits for inputs, or until something is due.
    async fn wait(&mut self, taken: &mut Vec<Input>) {
        let due = self
            .world
            .next_due(clock::now().monotonic)
            .map(clock::instant);
        let received = self.inputs.recv_many(taken, INPUTS_AT_ONCE);
        match due {
            None => {
                received.await;
            }
            Some(due) => {
                // Being late is no error: it is what was waited for.
                tokio::time::timeout_at(due, received).await.ok();
            }
        }
    }

    /// Removes the build logs for which an earlier node had no time. Nothing is built meanwhile.
    async fn tidy_builds(&self) {
        let builds = self.builds.clone();
        let deployments = self.world.deployments();
        let known = { deployments.iter() }.map(|d| d.order.id.clone());
        let known = known.collect();
        let tidying = self.writes.spawn_blocking(move || {
            builds.keep_only(&known).unwrap_or_else(untidy);
        });
        // A slow disk does not hold up the loop for long.
        tokio::time::timeout(LAST_WORDS, tidying).await.ok();
    }

    fn forget_builds(&self, forgotten: Vec<DeploymentId>) {
        let builds = self.builds.clone();
        self.writes.spawn_blocking(move || {
            builds.forget(&forgotten).unwrap_or_else(untidy);
        });
    }

    async fn end(mut self) {
        self.tasks.close();
        if tokio::time::timeout(LAST_WORDS, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("{} tasks did not end in time", self.tasks.len());
        }
        if let Some(write) = self.saver.next_write(&self.world) {
            self.write(write);
        }
        self.writes.close();
        if tokio::time::timeout(LAST_WORDS, self.writes.wait())
            .await
            .is_err()
        {
            tracing::warn!("the disk did not take the last changes in time");
        }
    }

    fn take(&mut self, input: Input) {
        let now = clock::now();
        match input {
            Input::Request(request) => self.request(request),
            Input::Read {
                packages,
                replace,
                reply,
            } => self.register(packages, replace, reply),
            Input::Synced(sequence, containers) => {
                self.world.resync(sequence, containers, now);
                self.effects.list_volumes();
            }
            Input::Volumes(volumes) => {
                let leftovers = self.world.leftover_volumes(&volumes);
                self.effects.remove_volumes(leftovers);
            }
            Input::EngineLost(why) => self.engine_lost(why),
            Input::Seen(sequence, facts) => self.world.observe(sequence, &facts, now),
            Input::Gone(sequence, container) => self.world.gone(sequence, &container, now),
            Input::Signalled(container, signal) => self.world.signalled(&container, signal, now),
            Input::Looked(key, answer) => self.world.looked(&key, answer, now),
            Input::Progress(key, progress) => self.world.progress(&key, progress),
            Input::Prepared(id, revision, result) => self.world.prepared(&id, revision, result),
            Input::Guarded(id, revision, result) => self.world.guarded(&id, revision, result),
            Input::Checked(id, result) => self.world.checked(&id, result),
            Input::Finished(key, outcome) => {
                self.world
                    .finished(self.sequencer.next(), &key, outcome, now);
            }
            Input::OrphanRemoved(container, removed) => {
                self.world
                    .orphan_removed(&container, removed, now.monotonic);
            }
            Input::Written(written) => self.written(written),
        }
    }

    fn engine_lost(&mut self, why: String) {
        if self.world.unreachable() != Some(&why) {
            tracing::warn!("{why}");
        }
        self.world.engine_lost(why, clock::now());
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Deploy(request, reply) => {
                let id = fresh_id();
                match self.world.deploy(&request, id, clock::now()) {
                    Ok(Admission::New(id)) => self.waiting.entry(id).or_default().push(reply),
                    Ok(Admission::Joined(id)) => self.answer_when_saved(id, reply),
                    Err(refusal) => self.answers.push((reply, Err(refusal))),
                }
            }
            Request::Plan(request, reply) => {
                drop(reply.send(self.world.plan(&request, clock::now())));
            }
            Request::Deprovision(which, dependents, reply) => {
                match self.world.deprovision(&which, dependents) {
                    Ok(id) => self.waiting.entry(id).or_default().push(reply),
                    Err(refusal) => self.answers.push((reply, Err(refusal))),
                }
            }
            Request::PlanStop(which, dependents, reply) => {
                drop(reply.send(self.world.plan_stop(&which, dependents)));
            }
            Request::Cancel(id) => self.world.cancel(&id),
            Request::Register {
                source,
                replace,
                reply,
            } => self.read(source, replace, reply),
            Request::Unregister(name, version, reply) => {
                match self.world.catalogue.matching(&name, &version) {
                    Ok(packages) => self.write(self.saver.unregister(packages, reply)),
                    Err(refusal) => drop(reply.send(Err(refusal))),
                }
            }
            Request::ListPackages(name, reply) => {
                let all = self.world.catalogue.all();
                let packages = all.filter(|p| name.is_empty() || p.package.name == name);
                drop(reply.send(Ok(packages.cloned().collect())));
            }
        }
    }

    fn answer_when_saved(&mut self, id: DeploymentId, reply: Reply<DeploymentId>) {
        if self.world.deployment(&id).is_some_and(|d| d.saved) {
            self.answers.push((reply, Ok(id)));
        } else {
            self.waiting.entry(id).or_default().push(reply);
        }
    }

    /// Reads manifests outside of the loop: a file may lie on a slow disk, a text may be long.
    fn read(&self, source: PackageSource, replace: bool, reply: Reply<Vec<CataloguedPackage>>) {
        let inputs = self.inputs_sender.clone();
        let now = clock::now().wall;
        self.tasks.spawn_blocking(move || {
            let packages = read(&source, now);
            let input = Input::Read {
                packages,
                replace,
                reply,
            };
            inputs.blocking_send(input).ok();
        });
    }

    fn register(
        &mut self,
        packages: Result<Vec<CataloguedPackage>, Refusal>,
        replace: bool,
        reply: Reply<Vec<CataloguedPackage>>,
    ) {
        match packages.and_then(|packages| self.admit(packages, replace)) {
            Ok(packages) => self.write(self.saver.register(packages, reply)),
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }

    fn admit(
        &self,
        packages: Vec<CataloguedPackage>,
        replace: bool,
    ) -> Result<Vec<CataloguedPackage>, Refusal> {
        for p in &packages {
            self.world.check_policy(&p.package, p.folder.as_deref())?;
        }
        let catalogue = &self.world.catalogue;
        match { catalogue.refuses(&packages, replace) }.or_else(|| catalogue.lacks(&packages)) {
            Some(refusal) => Err(refusal),
            None => Ok(packages),
        }
    }

    fn write(&self, write: Write) {
        let inputs = self.inputs_sender.clone();
        self.writes.spawn_blocking(move || {
            // The loop may have ended; the disk has what was written all the same.
            inputs.blocking_send(write()).ok();
        });
    }

    fn written(&mut self, written: Written) {
        match written {
            Written::Deployments { records, error } => {
                self.saver.written(&records, error.is_none());
                for (id, record) in records {
                    if error.is_none() && record.has_ports() {
                        self.world.ports_saved(&id);
                    }
                    self.deployment_written(&id, &record, error.as_deref());
                }
            }
            Written::Packages {
                packages,
                reply,
                error,
            } => {
                if error.is_none() {
                    packages
                        .iter()
                        .cloned()
                        .for_each(|p| self.world.catalogue.insert(p));
                }
                drop(reply.send(error.map_or(Ok(packages), |e| Err(Refusal::new(e)))));
            }
            Written::Unregistered {
                packages,
                reply,
                error,
            } => {
                if error.is_none() {
                    packages
                        .iter()
                        .for_each(|(name, v)| self.world.catalogue.remove(name, v));
                }
                let labels = packages
                    .iter()
                    .map(|(name, v)| format!("{name} {v}"))
                    .collect();
                drop(reply.send(error.map_or(Ok(labels), |e| Err(Refusal::new(e)))));
            }
        }
    }

    /// A deployment is on the disk, or could not be put there. What is new is refused then; what
    /// is to be stopped is stopped all the same, since a full disk must not keep a robot running.
    fn deployment_written(&mut self, id: &str, record: &Record, error: Option<&str>) {
        let deployment = self.world.deployment(id);
        let is_new = deployment.is_some_and(|d| !d.saved);
        let is_update = deployment.is_some_and(|d| !d.change_saved && d.next_order().is_some());
        let is_latest =
            deployment.is_none_or(|d| d.wanted == record.wanted() && d.change <= record.change());
        let replies = self.waiting.remove(id).unwrap_or_default();
        match error {
            None => self.world.saved(id, record.wanted(), record.change()),
            Some(why) => {
                tracing::error!("what is known of deployment {id} is not on the disk: {why}");
                self.world.discard(id);
            }
        }
        if error.is_none() && !is_latest {
            // Whoever waits asked for a stop or an update while this was being written; the next write has it.
            self.waiting.insert(id.to_owned(), replies);
            return;
        }
        for reply in replies {
            let answer = match error {
                Some(why) if is_new => Err(Refusal::new(format!(
                    "nothing was deployed, because it could not be written down: {why}"
                ))),
                Some(why) if is_update => Err(Refusal::new(format!(
                    "nothing was changed, because it could not be written down: {why}"
                ))),
                _ => Ok(id.to_owned()),
            };
            self.answers.push((reply, answer));
        }
    }

    /// What follows from what was taken in: phases, steps, writes, and what is shown.
    fn follow_up(&mut self) {
        let now = clock::now();
        self.world.tick(now);
        let touched = self.world.settle(now);
        for step in self.world.steps(self.sequencer.latest(), now) {
            self.effects.perform(step);
        }
        let notes = self.world.take_notes();
        self.show(&touched);
        for note in notes {
            self.say(&note);
        }
        if self.world.take_recovered() {
            self.saver.recovered();
        }
        self.saver.changed(touched);
        self.saver.forgotten(self.world.forget());
        if let Some(write) = self.saver.next_write(&self.world) {
            self.write(write);
        }
        self.answer_unchanged();
        for (reply, answer) in self.answers.drain(..) {
            drop(reply.send(answer));
        }
    }

    /// Whoever waits for a write that is not needed, because nothing changed, is answered now.
    fn answer_unchanged(&mut self) {
        let ids: Vec<_> = self.waiting.keys().cloned().collect();
        for id in ids {
            if self.world.deployment(&id).is_none_or(|d| d.saved) && self.saver.is_on_disk(&id) {
                for reply in self.waiting.remove(&id).unwrap_or_default() {
                    self.answers.push((reply, Ok(id.clone())));
                }
            }
        }
    }

    fn show(&mut self, touched: &std::collections::BTreeSet<DeploymentId>) {
        let now = clock::now();
        let mut changed =
            self.snapshots.borrow().unreachable.as_deref() != self.world.unreachable();
        let mut observed = false;
        for id in touched {
            // What is not on the disk yet may still be refused.
            if self.world.deployment(id).is_some_and(|d| !d.saved) {
                continue;
            }
            if let Some((before, after)) = self.views.refresh(&mut self.world, id, now) {
                changed = true;
                if after.over {
                    self.effects.list_volumes();
                }
                self.raise(changes(before.as_deref(), &after));
            }
            if let Some(view) = self.views.of_one(id) {
                observed |= self.sightings.refresh(&self.world, &view, now.monotonic);
            }
        }
        let forgotten = self.views.forgotten(&self.world);
        for id in &forgotten {
            tracing::debug!("deployment {id} is not remembered any more");
            changed = true;
        }
        if !forgotten.is_empty() {
            observed |= self.sightings.forget(&forgotten, now.monotonic);
            self.forget_builds(forgotten);
        }
        if observed {
            self.tell_observed();
        }
        if changed {
            self.snapshots
                .send_replace(self.views.snapshot(&self.world));
        }
    }

    /// What was known before the start.
    fn observe_all(&mut self) {
        let now = clock::now().monotonic;
        for deployment in self.world.deployments() {
            if let Some(view) = self.views.of_one(&deployment.order.id) {
                self.sightings.refresh(&self.world, &view, now);
            }
        }
        self.tell_observed();
    }

    fn tell_observed(&mut self) {
        let now = clock::now().monotonic;
        let all = self.sightings.all(&self.world, now);
        self.observed.send_replace(all);
    }

    /// Says what belongs to no phase or status: in the log, and as an event if it is about a
    /// deployment.
    fn say(&self, note: &Note) {
        let snapshot = self.snapshots.borrow();
        let Some(view) = note.deployment.as_ref().and_then(|id| snapshot.by_id(id)) else {
            tracing::warn!("{}", note.text);
            return;
        };
        let of = note.executable.as_ref();
        let who = of.map_or_else(String::new, |(component, executable)| {
            format!("{component}: {executable}: ")
        });
        tracing::warn!("deployment {}: {who}{}", view.name, note.text);
        let of = of.map(|(component, executable)| (component.as_str(), executable.as_str()));
        self.raise([remark(view, of, &note.text)]);
    }

    fn raise(&self, events: impl IntoIterator<Item = ChangeEvent>) {
        for event in events {
            if self.events.try_send(event).is_err() {
                tracing::error!("events are published too slowly; one is lost");
            }
        }
    }
}

fn waiting<T>(sender: &mpsc::Sender<T>) -> (usize, usize) {
    let most = sender.max_capacity();
    (most - sender.capacity(), most)
}

/// A new deployment's id.
fn fresh_id() -> DeploymentId {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("dep-{}", id.get(..12).unwrap_or(&id))
}

fn untidy(error: std::io::Error) {
    tracing::warn!("the log of a build cannot be removed: {error}");
}
