//! The services `~/list_deployments` and `~/get_deployment`. They read what was last shown and so
//! never wait for anything.

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::app::snapshot::Snapshot;
use crate::app::supervisor::Handle;
use crate::edge::ros::action_server::respond;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::{GetDeployment, ListDeployments};
use crate::edge::ros::{RosError, ServiceRequest, messages};

/// The services that only read.
pub struct Services {
    list: mpsc::Receiver<ServiceRequest<ListDeployments::Service>>,
    get: mpsc::Receiver<ServiceRequest<GetDeployment::Service>>,
    snapshots: watch::Receiver<Snapshot>,
}

impl Services {
    /// Puts the services up.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(node: &mut RosNode, handle: Handle) -> Result<Self, RosError> {
        Ok(Self {
            list: node.service("~/list_deployments", ListDeployments::Response::default)?,
            get: node.service("~/get_deployment", || GetDeployment::Response {
                message: super::BUSY.to_owned(),
                ..GetDeployment::Response::default()
            })?,
            snapshots: handle.snapshots(),
        })
    }

    /// Serves until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(request) = self.list.recv() => {
                    let response = list(&self.snapshots.borrow(), request.message.include_ended);
                    respond(request, response);
                }
                Some(request) = self.get.recv() => {
                    let response = get(&self.snapshots.borrow(), &request.message.deployment);
                    respond(request, response);
                }
            }
        }
    }
}

fn list(snapshot: &Snapshot, include_ended: bool) -> ListDeployments::Response {
    let views = snapshot
        .deployments
        .iter()
        .filter(|view| include_ended || !view.ended());
    ListDeployments::Response {
        deployments: views.map(|view| messages::deployment(view)).collect(),
    }
}

fn get(snapshot: &Snapshot, which: &str) -> GetDeployment::Response {
    match snapshot.find_or_say(which) {
        Ok(view) => GetDeployment::Response {
            success: true,
            message: String::new(),
            deployment: messages::deployment(view),
        },
        Err(message) => GetDeployment::Response {
            success: false,
            message: messages::text(&message),
            deployment: messages::no_deployment(),
        },
    }
}
