//! The services `~/register_package`, `~/remove_package` and `~/list_packages`.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ask;
use crate::app::request::{PackageSource, Request};
use crate::app::supervisor::Handle;
use crate::domain::world::refusal::Refusal;
use crate::edge::ros::action_server::respond;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::{ListPackages, RegisterPackage, RemovePackage};
use crate::edge::ros::{RosError, ServiceRequest, messages};

/// The services of the catalogue.
pub struct Services {
    register: mpsc::Receiver<ServiceRequest<RegisterPackage::Service>>,
    remove: mpsc::Receiver<ServiceRequest<RemovePackage::Service>>,
    list: mpsc::Receiver<ServiceRequest<ListPackages::Service>>,
    handle: Handle,
    tasks: TaskTracker,
}

impl Services {
    /// Puts the services up.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(node: &mut RosNode, handle: Handle, tasks: TaskTracker) -> Result<Self, RosError> {
        Ok(Self {
            register: node.service("~/register_package", || RegisterPackage::Response {
                message: super::BUSY.to_owned(),
                ..RegisterPackage::Response::default()
            })?,
            remove: node.service("~/remove_package", || RemovePackage::Response {
                message: super::BUSY.to_owned(),
                ..RemovePackage::Response::default()
            })?,
            list: node.service("~/list_packages", ListPackages::Response::default)?,
            handle,
            tasks,
        })
    }

    /// Serves until it is told to stop; each request in a task of its own.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let handle = self.handle.clone();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(request) = self.register.recv() => {
                    self.tasks.spawn(stop.clone().run_until_cancelled_owned(register(request, handle)));
                }
                Some(request) = self.remove.recv() => {
                    self.tasks.spawn(stop.clone().run_until_cancelled_owned(remove(request, handle)));
                }
                Some(request) = self.list.recv() => {
                    self.tasks.spawn(stop.clone().run_until_cancelled_owned(list(request, handle)));
                }
            }
        }
    }
}

async fn register(request: ServiceRequest<RegisterPackage::Service>, handle: Handle) {
    let replace = request.message.replace;
    let registered = match source(&request.message) {
        Err(refusal) => Err(refusal),
        Ok(source) => {
            ask(&handle, |reply| Request::Register {
                source,
                replace,
                reply,
            })
            .await
        }
    };
    let response = match registered {
        Ok(packages) => {
            let labels: Vec<String> = packages.iter().map(|p| p.package.label()).collect();
            RegisterPackage::Response {
                success: true,
                message: format!("registered {}", labels.join(", ")),
                packages: packages.iter().map(messages::package).collect(),
                problems: Vec::new(),
            }
        }
        Err(refusal) => RegisterPackage::Response {
            success: false,
            message: messages::text(&refusal.message),
            packages: Vec::new(),
            problems: refusal.problems.iter().map(messages::problem).collect(),
        },
    };
    respond(request, response);
}

fn source(request: &RegisterPackage::Request) -> Result<PackageSource, Refusal> {
    match (request.manifest.is_empty(), request.path.is_empty()) {
        (false, true) => Ok(PackageSource::Text(request.manifest.clone())),
        (true, false) => Ok(PackageSource::Path(PathBuf::from(&request.path))),
        (true, true) => Err(Refusal::new(
            "what should be registered? set `manifest` to a manifest, or `path` to a file or folder",
        )),
        (false, false) => Err(Refusal::new(
            "`manifest` and `path` are both set; set one of them",
        )),
    }
}

async fn remove(request: ServiceRequest<RemovePackage::Service>, handle: Handle) {
    let (name, version) = (
        request.message.name.clone(),
        request.message.version.clone(),
    );
    let response = match ask(&handle, |reply| Request::Unregister(name, version, reply)).await {
        Ok(removed) => RemovePackage::Response {
            success: true,
            message: format!("removed {}", removed.join(", ")),
            removed,
        },
        Err(refusal) => RemovePackage::Response {
            success: false,
            message: messages::text(&refusal.message),
            removed: Vec::new(),
        },
    };
    respond(request, response);
}

async fn list(request: ServiceRequest<ListPackages::Service>, handle: Handle) {
    let name = request.message.name.clone();
    // A list has no place for a refusal; an empty one is all that can be said.
    let packages = ask(&handle, |reply| Request::ListPackages(name, reply)).await;
    let packages = packages
        .unwrap_or_default()
        .iter()
        .map(messages::package)
        .collect();
    respond(request, ListPackages::Response { packages });
}
