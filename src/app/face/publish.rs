//! The topics `~/deployments` and `~/events`.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::clock;
use crate::app::snapshot::Snapshot;
use crate::domain::events::ChangeEvent;
use crate::edge::ros::msg::{DeploymentArray, DeploymentEvent};
use crate::edge::ros::node::RosNode;
use crate::edge::ros::{Publisher, QosProfile, RosError, messages};

/// How many events a subscriber that comes late or is slow can still get.
const EVENT_DEPTH: usize = 1000;

/// The topics.
pub struct Publishers {
    deployments: Publisher<DeploymentArray>,
    events: Publisher<DeploymentEvent>,
}

impl Publishers {
    /// Puts the topics up.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(node: &mut RosNode) -> Result<Self, RosError> {
        let latched = QosProfile::default()
            .keep_last(1)
            .reliable()
            .transient_local();
        let events = QosProfile::default().keep_last(EVENT_DEPTH).reliable();
        Ok(Self {
            deployments: node.publisher("~/deployments", latched)?,
            events: node.publisher("~/events", events)?,
        })
    }

    /// Publishes until it is told to stop: each change at once, and all of it once in `period`,
    /// so that whoever lost a message catches up.
    pub async fn run(
        self,
        mut snapshots: watch::Receiver<Snapshot>,
        mut events: mpsc::Receiver<ChangeEvent>,
        period: Duration,
        stop: CancellationToken,
    ) {
        let mut tick = interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(event) = events.recv() => self.event(&event),
                changed = snapshots.changed() => match changed {
                    Ok(()) => {
                        self.snapshot(&snapshots.borrow_and_update());
                        tick.reset();
                    }
                    Err(_) => return,
                },
                _ = tick.tick() => self.snapshot(&snapshots.borrow()),
            }
        }
    }

    fn snapshot(&self, snapshot: &Snapshot) {
        let message = DeploymentArray {
            header: messages::header(clock::now().wall),
            deployments: snapshot
                .deployments
                .iter()
                .map(|v| messages::deployment(v))
                .collect(),
        };
        if let Err(error) = self.deployments.publish(&message) {
            tracing::warn!("the deployments could not be published: {error}");
        }
    }

    fn event(&self, event: &ChangeEvent) {
        let message = messages::event(event, clock::now().wall);
        if let Err(error) = self.events.publish(&message) {
            tracing::warn!("an event could not be published: {error}");
        }
    }
}
