//! The topic `/diagnostics`, at the rate at which its viewers expect it.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::clock;
use crate::app::supervisor::Handle;
use crate::domain::health::{OwnState, of_deployment, of_shipmate};
use crate::edge::ros::node::{RosNode, SpinLatency};
use crate::edge::ros::{DiagnosticArray, Publisher, QosProfile, RosError, messages};

/// `diagnostic_updater` publishes once a second, and viewers call what is older stale.
const PERIOD: Duration = Duration::from_secs(1);

/// What is published, and where it comes from.
pub struct Diagnostics {
    publisher: Publisher<DiagnosticArray>,
    node: String,
    handle: Handle,
    engine: String,
    latency: SpinLatency,
}

impl Diagnostics {
    /// Puts the topic up.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(
        node: &mut RosNode,
        handle: Handle,
        engine: String,
        latency: SpinLatency,
    ) -> Result<Self, RosError> {
        Ok(Self {
            publisher: node.publisher("/diagnostics", QosProfile::default())?,
            node: node.full_name(),
            handle,
            engine,
            latency,
        })
    }

    /// Publishes until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            if let Err(error) = self.publisher.publish(&self.message()) {
                tracing::warn!("the diagnostics could not be published: {error}");
            }
        }
    }

    fn message(&self) -> DiagnosticArray {
        let snapshots = self.handle.snapshots();
        let snapshot = snapshots.borrow();
        let own = OwnState {
            engine: self.engine.clone(),
            unreachable: snapshot.unreachable.clone(),
            waiting_inputs: self.handle.waiting_inputs(),
            waiting_events: self.handle.waiting_events(),
            spin_latency_us: self.latency.take(),
        };
        let deployments: Vec<_> = snapshot
            .deployments
            .iter()
            .filter_map(|view| of_deployment(view))
            .collect();
        let shipmate = of_shipmate(&own, deployments.len());
        DiagnosticArray {
            header: messages::header(clock::now().wall),
            status: std::iter::once(&shipmate)
                .chain(&deployments)
                .map(|health| messages::diagnostic(health, &self.node))
                .collect(),
        }
    }
}
