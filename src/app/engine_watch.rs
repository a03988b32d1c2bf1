//! Watches the engine: whether it answers, what its containers do. After each break everything is
//! read anew, so that nothing is missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::request::Input;
use crate::domain::deployment::executable::Sequence;
use crate::edge::discovery::DiscoveryGroup;
use crate::edge::docker::{ContainerEvent, Engine, EngineError};

/// How long to wait before an engine that does not answer is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How often an engine that says nothing is asked whether it lives.
const ALIVE: Duration = Duration::from_secs(5);
/// Every so many times all containers are read anew, in case an event was lost.
const RESYNC_EVERY: u32 = 6;
/// How many containers are looked at at once.
const LOOKS: usize = 8;

/// Hands out numbers that grow with time, so that old news can be told from new.
#[derive(Clone, Debug, Default)]
pub struct Sequencer(Arc<AtomicU64>);

impl Sequencer {
    /// A number that is greater than all before it.
    pub fn next(&self) -> Sequence {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The greatest number so far.
    pub fn latest(&self) -> Sequence {
        self.0.load(Ordering::SeqCst)
    }
}

/// Watches an engine until it is told to stop.
pub struct EngineWatch {
    /// The engine.
    pub engine: Engine,
    /// Where the news go.
    pub inputs: mpsc::Sender<Input>,
    /// Numbers the news.
    pub sequencer: Sequencer,
    /// Ends it.
    pub stop: CancellationToken,
    /// Owns the tasks that look at containers.
    pub tasks: TaskTracker,
    /// Keeps containers and the machine in each other's hearing.
    pub discovery: DiscoveryGroup,
}

impl EngineWatch {
    /// Watches until it is told to stop.
    pub async fn run(self) {
        let stop = self.stop.clone();
        stop.run_until_cancelled(async {
            loop {
                let error = self.watch_once().await;
                self.tell(Input::EngineLost(error.to_string())).await;
                tokio::time::sleep(ASK_AGAIN).await;
            }
        })
        .await;
    }

    /// Watches until the engine does not answer any more.
    async fn watch_once(&self) -> EngineError {
        if let Err(error) = self.engine.ping().await {
            return error;
        }
        let mut events = std::pin::pin!(self.engine.events());
        let looks = Arc::new(Semaphore::new(LOOKS));
        let mut alive = interval(ALIVE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0_u32;
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(ContainerEvent::Connected)) => {
                        if let Err(error) = self.sync().await {
                            return error;
                        }
                    }
                    Some(Ok(ContainerEvent::Changed { id, action, signal, .. })) => {
                        if let Some(signal) = signal {
                            self.tell(Input::Signalled(id.clone(), signal)).await;
                        }
                        self.changed(id, &action, &looks);
                    }
                    Some(Err(error)) => return error,
                    None => return self.engine.hung_up(),
                },
                _ = alive.tick() => {
                    ticks = ticks.wrapping_add(1);
                    let result = if ticks.is_multiple_of(RESYNC_EVERY) {
                        self.sync().await
                    } else {
                        self.engine.ping().await.map(|_| ())
                    };
                    if let Err(error) = result {
                        return error;
                    }
                }
            }
        }
    }

    async fn sync(&self) -> Result<(), EngineError> {
        let sequence = self.sequencer.next();
        let containers = self.engine.list().await?;
        self.tell(Input::Synced(sequence, containers)).await;
        self.open_discovery().await
    }

    /// The engine may have made its network anew since the last time.
    async fn open_discovery(&self) -> Result<(), EngineError> {
        if !self.engine.is_local() {
            return Ok(());
        }
        match self.engine.bridge_interface().await {
            Ok(Some(interface)) => {
                if let Err(error) = self.discovery.join(&interface) {
                    tracing::warn!("nodes of this machine may not hear containers: {error}");
                }
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error @ (EngineError::Unreachable { .. } | EngineError::Deadline { .. })) => {
                Err(error)
            }
            // An engine without a bridge of its own is set up like that on purpose.
            Err(error) => {
                tracing::debug!("the engine's network is not known: {error}");
                Ok(())
            }
        }
    }

    /// Looks at a container because of an event. Looks run beside each other; the number that
    /// each gets at its event keeps their answers in order.
    fn changed(&self, id: String, action: &str, looks: &Arc<Semaphore>) {
        match action {
            "destroy" => self.spawn_tell(|sequence| Input::Gone(sequence, id)),
            "start" | "die" | "oom" | "pause" | "unpause" | "rename" => {
                self.look(id, looks.clone())
            }
            // Whoever created it says so; stopping and killing end in `die`.
            _ => {}
        }
    }

    fn look(&self, id: String, looks: Arc<Semaphore>) {
        let sequence = self.sequencer.next();
        let (engine, inputs, stop) = (self.engine.clone(), self.inputs.clone(), self.stop.clone());
        self.tasks.spawn(stop.run_until_cancelled_owned(async move {
            let Ok(_permit) = looks.acquire().await else {
                return;
            };
            let input = match engine.inspect(&id).await {
                Ok(Some(facts)) => Input::Seen(sequence, Box::new(facts)),
                Ok(None) => Input::Gone(sequence, id),
                // The watch itself notices that the engine does not answer.
                Err(error) => {
                    tracing::debug!("container {id} cannot be inspected: {error}");
                    return;
                }
            };
            inputs.send(input).await.ok();
        }));
    }

    fn spawn_tell(&self, input: impl FnOnce(Sequence) -> Input) {
        let input = input(self.sequencer.next());
        let (inputs, stop) = (self.inputs.clone(), self.stop.clone());
        self.tasks.spawn(stop.run_until_cancelled_owned(async move {
            inputs.send(input).await.ok();
        }));
    }

    async fn tell(&self, input: Input) {
        // The loop ends after this does; when it is gone there is nobody to tell.
        self.inputs.send(input).await.ok();
    }
}
