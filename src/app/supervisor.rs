//! The loop: takes inputs in, asks the domain what follows, has it done, and shows what is.

mod handle;
mod requests;
mod showing;
mod writes;

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
use super::real_paths::RealPolicy;
use super::request::{Input, Reply, WAITING_INPUTS};
use super::saver::Saver;
use super::snapshot::{Observed, Snapshot, Views};
use crate::domain::deployment::DeploymentId;
use crate::domain::events::ChangeEvent;
use crate::domain::world::World;
use crate::domain::world::observation::Sightings;
use crate::domain::world::refusal::Refusal;
use crate::edge::discovery::DiscoveryGroup;
use crate::edge::docker::Engine;
use crate::edge::store::Store;
pub use handle::Handle;

/// How many events may wait to be published.
const WAITING_EVENTS: usize = 4096;
/// How many inputs are taken in before the next look at what follows from them.
const INPUTS_AT_ONCE: usize = 256;
/// How long tasks may take to end when the node ends.
const LAST_WORDS: Duration = Duration::from_millis(800);

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
}

fn untidy(error: std::io::Error) {
    tracing::warn!("the log of a build cannot be removed: {error}");
}
