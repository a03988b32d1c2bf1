//! Does what the domain says: each step becomes a task that ends with its outcome.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::failures::{failure, step_error};
use super::looks::{Looker, RosGraph};
use super::real_paths::RealPolicy;
use super::request::Input;
use crate::crash_point::crash_point;
use crate::domain::container::ImageProgress;
use crate::domain::deployment::DeploymentId;
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::steps::{ImageSource, Step, StepKey};
use crate::domain::manifest::{Protocol, PullPolicy};
use crate::domain::world::{Outcome, StepError, WorldStep};
use crate::edge::docker::{Engine, EngineError};

/// Progress is told at most so often.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Does steps, each in a task of its own.
pub struct Effects {
    engine: Engine,
    policy: RealPolicy,
    looker: Looker,
    inputs: mpsc::Sender<Input>,
    tasks: TaskTracker,
    fetches: BTreeMap<StepKey, CancellationToken>,
    stop: CancellationToken,
}

impl Effects {
    /// Does steps on `engine`, within `policy`, until `stop`.
    pub fn new(
        engine: Engine,
        policy: RealPolicy,
        graph: Arc<dyn RosGraph>,
        inputs: mpsc::Sender<Input>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        Self {
            looker: Looker::new(engine.clone(), graph),
            engine,
            policy,
            inputs,
            tasks,
            fetches: BTreeMap::new(),
            stop,
        }
    }

    /// Begins a step.
    pub fn perform(&mut self, step: WorldStep) {
        match step {
            WorldStep::RemoveOrphan { container } => self.remove_orphan(container),
            WorldStep::Deployment(Step::Check { deployment, ports }) => {
                self.check(deployment, ports);
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
            WorldStep::Deployment(Step::Start { key, container }) => {
                self.ask(key, Outcome::Started, async move |engine| {
                    crash_point("start-begins");
                    let done = engine.start(&container).await;
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
            }) => self.ask(key, Outcome::TakenDown, async move |engine| {
                let done = engine.take_down(&container, grace).await;
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

    fn check(&self, deployment: DeploymentId, ports: Vec<(u16, Protocol)>) {
        let (engine, inputs) = (self.engine.clone(), self.inputs.clone());
        self.tasks
            .spawn(self.stop.clone().run_until_cancelled_owned(async move {
                crash_point("check-begins");
                let result = match engine.ping().await {
                    Err(error) => Err(failure(&error)),
                    Ok(_) => ports
                        .into_iter()
                        .try_for_each(|(port, protocol)| free(port, protocol)),
                };
                crash_point("check-done");
                inputs.send(Input::Checked(deployment, result)).await.ok();
            }));
    }

    fn fetch(&mut self, key: StepKey, image: ImageSource, folder: Option<String>) {
        let cancel = self.stop.child_token();
        self.fetches.retain(|_, token| !token.is_cancelled());
        self.fetches.insert(key.clone(), cancel.clone());
        let (engine, inputs) = (self.engine.clone(), self.inputs.clone());
        let policy = self.policy.clone();
        self.tasks.spawn(async move {
            crash_point("fetch-begins");
            let (latest, news) = watch::channel(ImageProgress::default());
            let progress = |progress| drop(latest.send_replace(progress));
            let work = async {
                tokio::select! {
                    done = fetch(&engine, &policy, image, folder.as_deref(), &progress) => done,
                    never = tell_progress(news, &inputs, &key) => match never {},
                }
            };
            let outcome = match cancel.run_until_cancelled(work).await {
                None => Outcome::Error(StepError::Canceled),
                Some(Ok(())) => Outcome::Fetched,
                Some(Err(error)) => Outcome::Error(error),
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

type Progress<'a> = &'a (dyn Fn(ImageProgress) + Send + Sync);

async fn fetch(
    engine: &Engine,
    policy: &RealPolicy,
    image: ImageSource,
    folder: Option<&str>,
    progress: Progress<'_>,
) -> Result<(), StepError> {
    match image {
        ImageSource::Build(mut build) => {
            policy
                .resolve_context(&mut build, folder)
                .await
                .map_err(StepError::Failed)?;
            crash_point("build-begins");
            let built = engine.build(&build, progress).await;
            crash_point("build-done");
            built.map_err(|e| step_error(&e))
        }
        ImageSource::Pull { image, policy } => pull(engine, &image, policy, progress).await,
    }
}

async fn pull(
    engine: &Engine,
    image: &str,
    policy: PullPolicy,
    progress: Progress<'_>,
) -> Result<(), StepError> {
    let ask = async {
        let present = policy != PullPolicy::Always && engine.has_image(image).await?;
        match policy {
            _ if present => Ok(true),
            PullPolicy::Never => Ok(false),
            PullPolicy::Missing | PullPolicy::Always => {
                crash_point("pull-begins");
                let pulled = engine.pull(image, progress).await;
                crash_point("pull-done");
                pulled.map(|()| true)
            }
        }
    };
    match ask.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(StepError::Failed(Failure::new(
            ErrorCode::ImageNotFound,
            format!(
                "image {image} is not on this engine, and `pull: never` keeps it from being \
                 pulled; build or load it, or leave `pull` out"
            ),
        ))),
        Err(error) => Err(step_error(&error)),
    }
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

/// Whether a port of this machine is free. Found out by taking it, which is what the engine will
/// do a moment later.
fn free(port: u16, protocol: Protocol) -> Result<(), Failure> {
    let address = (Ipv4Addr::UNSPECIFIED, port);
    let taken = match protocol {
        Protocol::Tcp => TcpListener::bind(address).err(),
        Protocol::Udp => UdpSocket::bind(address).err(),
    };
    match taken {
        Some(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Failure::new(
            ErrorCode::PortInUse,
            format!(
                "port {port} of this machine is in use by another program; stop it, or choose another host_port"
            ),
        )),
        // What this process may not bind, the engine may.
        Some(_) | None => Ok(()),
    }
}
