//! A ROS client in Rust: it adds less to what is measured than one in Python. Each client has a node of its own,
//! which a thread of its own spins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::{FutureExt, StreamExt};
use r2r::{ActionClient, Context, QosProfile};
use shipmate::edge::ros::action::{Deploy, Deprovision};
use shipmate::edge::ros::msg::DeploymentEvent;
use tokio::sync::mpsc;

use crate::node::{Node, log_of};
use crate::place::Place;

const SPIN: Duration = Duration::from_millis(100);
/// How long a node may take until its actions are there.
const APPEARS_WITHIN: Duration = Duration::from_secs(20);
/// How long a goal may take.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// A thread that spins a node until this is dropped.
struct Spinning(Arc<AtomicBool>);

impl Spinning {
    fn start(mut node: r2r::Node, mut after: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                node.spin_once(SPIN);
                after();
            }
        });
        Self(stop)
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends goals.
pub struct Client {
    deploy: ActionClient<Deploy::Action>,
    deprovision: ActionClient<Deprovision::Action>,
    _spinning: Spinning,
}

impl Client {
    /// A client of a node, when that is ready.
    pub async fn of(server: &Node, place: &Place) -> anyhow::Result<Self> {
        let name = &server.name;
        let mut node = r2r::Node::create(Context::create()?, &format!("client_of_{name}"), "")?;
        let deploy = node.create_action_client(&format!("/{name}/deploy"))?;
        let deprovision = node.create_action_client(&format!("/{name}/deprovision"))?;
        let both = [
            r2r::Node::is_available(&deploy)?.boxed(),
            r2r::Node::is_available(&deprovision)?.boxed(),
        ];
        let spinning = Spinning::start(node, || {});
        let ready = tokio::time::timeout(APPEARS_WITHIN, futures::future::try_join_all(both)).await;
        ready.with_context(|| {
            let log = std::fs::read_to_string(log_of(place, name)).unwrap_or_default();
            format!("the node does not appear on the ROS graph; its log:\n{log}")
        })??;
        Ok(Self {
            deploy,
            deprovision,
            _spinning: spinning,
        })
    }

    /// Deploys a manifest; says how long it took from sending the goal to its result.
    pub async fn deploy(&self, manifest: &str, name: &str) -> anyhow::Result<Duration> {
        let goal = Deploy::Goal {
            manifest: manifest.to_owned(),
            name: name.to_owned(),
            ..Default::default()
        };
        let began = Instant::now();
        let result = tokio::time::timeout(ENDS_WITHIN, async {
            let (_goal, result, _feedback) = self.deploy.send_goal_request(goal)?.await?;
            result.await
        });
        let (_, result) = result.await.context("the deployment takes too long")??;
        let took = began.elapsed();
        ensure!(
            result.outcome == Deploy::Result::OUTCOME_SUCCEEDED as u8,
            "{name} was not deployed: {}",
            result.message
        );
        Ok(took)
    }

    /// Takes a deployment down.
    pub async fn deprovision(&self, name: &str) -> anyhow::Result<()> {
        let goal = Deprovision::Goal {
            deployment: name.to_owned(),
            ..Deprovision::Goal::default()
        };
        let result = tokio::time::timeout(ENDS_WITHIN, async {
            let (_goal, result, _feedback) = self.deprovision.send_goal_request(goal)?.await?;
            result.await
        });
        let (status, result) = result.await.context("taking it down takes too long")??;
        ensure!(
            status == r2r::GoalStatus::Succeeded,
            "{name} was not taken down: {}",
            result.message
        );
        Ok(())
    }
}

/// Hears a node's events, each with the moment at which it was there.
pub struct Events {
    heard: mpsc::UnboundedReceiver<(Instant, DeploymentEvent)>,
    _spinning: Spinning,
}

impl Events {
    /// Listens to a node.
    pub fn of(server: &Node) -> anyhow::Result<Self> {
        let name = &server.name;
        let mut node = r2r::Node::create(Context::create()?, &format!("listener_of_{name}"), "")?;
        let qos = QosProfile::default().keep_last(1000).reliable();
        let mut events = node.subscribe::<DeploymentEvent>(&format!("/{name}/events"), qos)?;
        let (sender, heard) = mpsc::unbounded_channel();
        let spinning = Spinning::start(node, move || {
            while let Some(Some(event)) = events.next().now_or_never() {
                sender.send((Instant::now(), event)).ok();
            }
        });
        Ok(Self {
            heard,
            _spinning: spinning,
        })
    }

    /// The next event of an executable that fits, and when it was heard.
    pub async fn next(
        &mut self,
        executable: &str,
        fits: impl Fn(&DeploymentEvent) -> bool,
    ) -> anyhow::Result<Instant> {
        let search = async {
            loop {
                let (when, event) = self.heard.recv().await.context("the listener ended")?;
                if event.executable == executable && fits(&event) {
                    return Ok(when);
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), search)
            .await
            .with_context(|| format!("no event says what became of {executable}"))?
    }
}
