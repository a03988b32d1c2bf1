//! The service `~/measure_rates`.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::app::graph::Measured;
use crate::app::snapshot::Snapshot;
use crate::app::supervisor::Handle;
use crate::domain::graph::sampling::Topic;
use crate::edge::ros::action_server::respond;
use crate::edge::ros::graph::GraphClient;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::MeasureRates;
use crate::edge::ros::{RosError, ServiceRequest, messages};

/// The service that switches measuring on and off.
pub struct Service {
    requests: mpsc::Receiver<ServiceRequest<MeasureRates::Service>>,
    snapshots: watch::Receiver<Snapshot>,
    /// None when the ROS graph is not looked at.
    measured: Option<Measured>,
}

impl Service {
    /// Puts the service up.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(
        node: &mut RosNode,
        handle: &Handle,
        measured: Option<Measured>,
    ) -> Result<Self, RosError> {
        Ok(Self {
            requests: node.service("~/measure_rates", || said(false, super::BUSY))?,
            snapshots: handle.snapshots(),
            measured,
        })
    }

    /// Serves until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while let Some(Some(request)) = stop.run_until_cancelled(self.requests.recv()).await {
            let asked = &request.message;
            let response = match self.switch(&asked.deployment, asked.measure).await {
                Ok(message) => said(true, &message),
                Err(message) => said(false, &message),
            };
            respond(request, response);
        }
    }

    async fn switch(&self, which: &str, measure: bool) -> Result<String, String> {
        let snapshot = self.snapshots.borrow().clone();
        let view = snapshot.find_or_say(which)?;
        let name = &view.name;
        let Some(measured) = &self.measured else {
            return Err(
                "nothing is measured, because the parameter \"graph\" is false: set it to true"
                    .to_owned(),
            );
        };
        let settings = measured.settings();
        if measure && view.over {
            return Err(format!("{name} is over: there is nothing to measure"));
        }
        if measure && settings.budget <= 0.0 {
            return Err(
                "nothing is measured, because the parameter \"graph_rates_budget\" is 0: set it to \
                 the bytes a second that measuring may cost"
                    .to_owned(),
            );
        }
        if !measure && settings.always.contains(name) {
            return Err(format!(
                "{name} is always measured, because the parameter \"graph_rates\" names it: take it \
                 out there"
            ));
        }
        measured.ask(&view.id, measure, &living(&snapshot));
        if !measure {
            return Ok(format!("{name} is not measured"));
        }
        let topics = measured.topics(&view.id);
        // Looking for a type may read from the disk.
        let told = tokio::task::spawn_blocking(move || in_words(&topics)).await;
        Ok(format!("{name} is measured: {}", told.unwrap_or_default()))
    }
}

fn living(snapshot: &Snapshot) -> BTreeSet<String> {
    let living = snapshot.deployments.iter().filter(|view| !view.over);
    living.map(|view| view.id.clone()).collect()
}

/// How many topics there are, and which of them cannot be measured.
fn in_words(topics: &[Topic]) -> String {
    let cannot = |topic: &Topic| {
        let why = GraphClient::knows_type(&topic.type_name).err()?;
        Some(format!("{} is not measured: {why}", topic.name))
    };
    let cannot: Vec<String> = topics.iter().filter_map(cannot).collect();
    let number = match topics.len() - cannot.len() {
        1 => "1 topic".to_owned(),
        number => format!("{number} topics"),
    };
    [vec![format!("{number} at the moment")], cannot]
        .concat()
        .join("; ")
}

fn said(success: bool, message: &str) -> MeasureRates::Response {
    MeasureRates::Response {
        success,
        message: messages::text(message),
    }
}
