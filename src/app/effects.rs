//! Does what the domain says: each step becomes a task that ends with its outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::failures::{failure, step_error};
use super::images::ImageFetcher;
use super::looks::{Looker, RosGraph};
use super::ports;
use super::real_paths::RealPolicy;
use super::request::Input;
use crate::crash_point::crash_point;
use crate::domain::container::ImageProgress;
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::error_code::Failure;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::steps::{ImageSource, Step, StepKey};
use crate::domain::manifest::Protocol;
use crate::domain::world::{Outcome, StepError, WorldStep};
use crate::edge::docker::{Engine, EngineError};

/// The ports of the machine that something needs.
struct PortsWanted {
    fixed: Vec<(u16, Protocol)>,
    /// For these any free one will do.
    pick: Vec<(String, Protocol)>,
    /// Others have these.
    avoid: BTreeSet<u16>,
}

impl PortsWanted {
    /// Only on this machine can be seen what is free.
    fn on(self, engine: &Engine) -> Self {
        match engine.is_local() {
            true => self,
            false => Self {
                pick: Vec::new(),
                ..self
            },
        }
    }

    fn find(self) -> Result<PickedPorts, Failure> {
        { self.fixed.into_iter() }
            .try_for_each(|(port, protocol)| ports::free(port, protocol))
            .and_then(|()| ports::pick(self.pick, &self.avoid))
    }
}

/// Progress is told at most so often.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Does steps, each in a task of its own.
pub struct Effects {
    engine: Engine,
    policy: RealPolicy,
    looker: Looker,
    images: ImageFetcher,
    inputs: mpsc::Sender<Input>,
    tasks: TaskTracker,
    fetches: BTreeMap<StepKey, CancellationToken>,
    preparations: BTreeMap<DeploymentId, CancellationToken>,
    stop: CancellationToken,
}

impl Effects {
    /// Does steps on `engine`, within `policy`, until `stop`.
    pub fn new(
        engine: Engine,
        policy: RealPolicy,
        graph: Arc<dyn RosGraph>,
        images: ImageFetcher,
        inputs: mpsc::Sender<Input>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        Self {
            looker: Looker::new(engine.clone(), graph),
            engine,
            policy,
            images,
            inputs,
            tasks,
            fetches: BTreeMap::new(),
            preparations: BTreeMap::new(),
            stop,
        }
    }

    /// Begins a step.
    pub fn perform(&mut self, step: WorldStep) {
        match step {
            WorldStep::RemoveOrphan { container } => self.remove_orphan(container),
            WorldStep::TidyNetworks { keep } => self.tidy_networks(keep),
            WorldStep::Deployment(Step::Check {
                deployment,
                ports,
                pick,
                avoid,
            }) => {
                let ports = PortsWanted {
                    fixed: ports,
                    pick,
                    avoid,
                };
                self.check(deployment, ports);
            }
            WorldStep::Deployment(Step::Prepare {
                deployment,
                revision,
                ports,
                pick,
                avoid,
                images,
                folder,
            }) => {
                let ports = PortsWanted {
                    fixed: ports,
                    pick,
                    avoid,
                };
                self.prepare(deployment, revision, ports, images, folder);
            }
            WorldStep::Deployment(Step::Guard {
                deployment,
                revision,
                actions,
                patience,
            }) => {
                let (looker, inputs) = (self.looker.clone(), self.inputs.clone());
                self.spawn(async move {
                    let idle = looker.wait_idle(&actions, patience).await;
                    crash_point("guard-done");
                    let input = Input::Guarded(deployment, revision, idle);
                    inputs.send(input).await.ok();
                });
            }
            WorldStep::Deployment(Step::CancelPrepare { deployment }) => {
                if let Some(cancel) = self.preparations.remove(&deployment) {
                    cancel.cancel();
                }
            }
            WorldStep::Deployment(Step::Fetch { key, image, folder }) => {
                self.fetch(key, image, folder);
            }
            WorldStep::Deployment(Step::CancelFetch { key }) => self.cancel_fetch(&key),
            WorldStep::Deployment(Step::Create {
                key,
                mut spec,
                folder,
            }) => {
                let (engine, policy) = (self.engine.clone(), self.policy.clone());
                self.finish(key, async move {
                    policy
                        .resolve_mounts(&mut spec, folder.as_deref())
                        .await
                        .map_err(StepError::Failed)?;
                    crash_point("create-begins");
                    let created = engine.create(&spec).await;
                    crash_point("create-done");
                    created.map(Outcome::Created).map_err(|e| step_error(&e))
                });
            }
            WorldStep::Deployment(Step::Refuse { key, failure }) => {
                self.finish(key, async move { Err(StepError::Impossible(failure)) });
            }
            WorldStep::Deployment(Step::Start {
                key,
                container,
                networks,
            }) => {
                self.ask(key, Outcome::Started, async move |engine| {
                    crash_point("start-begins");
                    let done = engine.start_on(&container, &networks).await;
                    crash_point("start-done");
                    done
                });
            }
            WorldStep::Deployment(Step::Stop {
                key,
                container,
                grace,
            }) => self.ask(key, Outcome::Stopped, async move |engine| {
                engine.halt(&container, grace).await
            }),
            WorldStep::Deployment(Step::Resume { key, container }) => {
                self.ask(key, Outcome::Resumed, async move |engine| {
                    engine.resume(&container).await
                });
            }
            WorldStep::Deployment(Step::Rename {
                key,
                container,
                name,
            }) => self.ask(key, Outcome::Renamed(name.clone()), async move |engine| {
                engine.rename(&container, &name).await
            }),
            WorldStep::Deployment(Step::Look {
                key,
                at,
                whereabouts,
                timeout,
                patience,
            }) => {
                let (looker, inputs) = (self.looker.clone(), self.inputs.clone());
                self.spawn(async move {
                    let answer = looker.look(at, whereabouts, timeout, patience).await;
                    inputs.send(Input::Looked(key, answer)).await.ok();
                });
            }
            WorldStep::Deployment(Step::TakeDown {
                key,
                container,
                grace,
                networks,
            }) => self.ask(key, Outcome::TakenDown, async move |engine| {
                let done = engine.take_down(&container, grace).await;
                if done.is_ok()
                    && let Err(error) = engine.remove_deserted(&networks).await
                {
                    left_over(&error);
                }
                crash_point("take-down-done");
                done
            }),
        }
    }

    /// Asks the engine to do something that ends with `outcome` when it goes well.
    fn ask<W>(&self, key: StepKey, outcome: Outcome, ask: impl FnOnce(Engine) -> W)
    where
        W: Future<Output = Result<(), EngineError>> + Send + 'static,
    {
        let asked = ask(self.engine.clone());
        self.finish(key, async move {
            let done = asked.await;
            done.map(|()| outcome).map_err(|e| step_error(&e))
        });
    }

    fn finish(
        &self,
        key: StepKey,
        work: impl Future<Output = Result<Outcome, StepError>> + Send + 'static,
    ) {
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let outcome = work.await.unwrap_or_else(Outcome::Error);
            crash_point("step-untold");
            inputs.send(Input::Finished(key, outcome)).await.ok();
        });
    }

    /// Begins something that ends with the node at the latest.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks
            .spawn(self.stop.clone().run_until_cancelled_owned(work));
    }

    fn remove_orphan(&self, container: String) {
        let (engine, inputs) = (self.engine.clone(), self.inputs.clone());
        tracing::warn!("container {container} belongs to no deployment any more; it is removed");
        self.tasks
            .spawn(self.stop.clone().run_until_cancelled_owned(async move {
                let removed = engine.take_down(&container, 10).await;
                if let Err(error) = &removed {
                    tracing::warn!("container {container} could not be removed: {error}");
                }
                let input = Input::OrphanRemoved(container, removed.is_ok());
                inputs.send(input).await.ok();
            }));
    }

    fn tidy_networks(&self, keep: BTreeSet<String>) {
        let engine = self.engine.clone();
        self.spawn(async move {
            if let Err(error) = engine.tidy_networks(&keep).await {
                left_over(&error);
            }
        });
    }

    /// Finds out which volumes of ours there are.
    pub fn list_volumes(&self) {
        let (engine, inputs) = (self.engine.clone(), self.inputs.clone());
        self.spawn(async move {
            match engine.volumes().await {
                Ok(volumes) => drop(inputs.send(Input::Volumes(volumes)).await),
                // The next full look at the engine lists them again.
                Err(error) => tracing::debug!("volumes cannot be listed: {error}"),
            }
        });
    }

    /// Removes volumes that nothing needs any more. What does not go well is tried again after the
    /// next list.
    pub fn remove_volumes(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        let engine = self.engine.clone();
        self.spawn(async move {
            for name in names {
                match engine.remove_volume(&name).await {
                    Ok(true) => tracing::info!("volume {name} went with its deployment"),
                    Ok(false) => tracing::debug!("volume {name} is still in use"),
                    Err(error) => tracing::warn!("volume {name} could not be removed: {error}"),
                }
            }
        });
    }

    /// Only a local engine's ports are this machine's: another engine finds free ones by itself.
    fn check(&self, deployment: DeploymentId, ports: PortsWanted) {
        let (engine, inputs) = (self.engine.clone(), self.inputs.clone());
        let ports = ports.on(&engine);
        self.tasks
            .spawn(self.stop.clone().run_until_cancelled_owned(async move {
                crash_point("check-begins");
                let result = match engine.ping().await {
                    Err(error) => Err(failure(&error)),
                    Ok(_) => ports.find(),
                };
                crash_point("check-done");
                inputs.send(Input::Checked(deployment, result)).await.ok();
            }));
    }

    fn prepare(
        &mut self,
        deployment: DeploymentId,
        revision: u32,
        ports: PortsWanted,
        images: Vec<((String, String), ImageSource)>,
        folder: Option<String>,
    ) {
        let cancel = self.stop.child_token();
        self.preparations.retain(|_, token| !token.is_cancelled());
        self.preparations.insert(deployment.clone(), cancel.clone());
        let (images_of, inputs) = (self.images.clone(), self.inputs.clone());
        let ports = ports.on(&self.engine);
        self.tasks.spawn(async move {
            crash_point("prepare-begins");
            let ready = match ports.find() {
                Err(failure) => Err(StepError::Failed(failure)),
                Ok(picked) => {
                    let folder = folder.as_deref();
                    let fetched = images_of.fetch_all(&deployment, images, folder, &cancel);
                    fetched.await.map(|images| (images, picked))
                }
            };
            cancel.cancel();
            crash_point("prepare-done");
            let input = Input::Prepared(deployment, revision, ready);
            inputs.send(input).await.ok();
        });
    }

    fn fetch(&mut self, key: StepKey, image: ImageSource, folder: Option<String>) {
        let cancel = self.stop.child_token();
        self.fetches.retain(|_, token| !token.is_cancelled());
        self.fetches.insert(key.clone(), cancel.clone());
        let (images, inputs) = (self.images.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            crash_point("fetch-begins");
            let (latest, news) = watch::channel(ImageProgress::default());
            let progress = |progress| drop(latest.send_replace(progress));
            let deployment = &key.deployment;
            let fetched = tokio::select! {
                done = images.fetch(deployment, image, folder.as_deref(), &progress, &cancel) => done,
                never = tell_progress(news, &inputs, &key) => match never {},
            };
            let outcome = match fetched {
                Ok(()) => Outcome::Fetched,
                Err(error) => Outcome::Error(error),
            };
            cancel.cancel();
            crash_point("fetch-done");
            inputs.send(Input::Finished(key, outcome)).await.ok();
        });
    }

    fn cancel_fetch(&mut self, key: &StepKey) {
        if let Some(cancel) = self.fetches.remove(key) {
            cancel.cancel();
        }
    }
}

/// Whatever is left is seen again when the engine is next asked for everything.
fn left_over(error: &EngineError) {
    tracing::warn!("a network may be left over: {error}");
}

/// Tells the loop how far an image is, but not too often. What is told last is always the latest:
/// when a pull stalls, that is what is shown meanwhile.
async fn tell_progress(
    mut news: watch::Receiver<ImageProgress>,
    inputs: &mpsc::Sender<Input>,
    key: &StepKey,
) -> Infallible {
    while news.changed().await.is_ok() {
        let latest = news.borrow_and_update().clone();
        inputs.send(Input::Progress(key.clone(), latest)).await.ok();
        tokio::time::sleep(PROGRESS_EVERY).await;
    }
    // There are no more news; whoever waits for the image waits beside this.
    std::future::pending().await
}
