//! The services `~/get_dependency_graph` and `~/get_blast_radius`. They look at what is known already,
//! and ask neither the loop nor anybody on the ROS graph.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::clock;
use crate::app::graph::Sight;
use crate::domain::dependency_graph::{
    DependencyGraph, GraphNode, NodeKind, Options, build, losses,
};
use crate::edge::ros::action_server::respond;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::{GetBlastRadius, GetDependencyGraph};
use crate::edge::ros::{
    RosError, ServiceRequest, WrappedServiceTypeSupport, messages, messages_graph,
};
use crate::picture::{dot, json, mermaid, svg};

/// How many requests are carried out at once; each may keep a thread busy for a while.
const AT_ONCE: usize = 2;

type Draw = fn(&DependencyGraph) -> String;

/// What the graph can be written as.
const FORMATS: [(&str, Draw); 4] = [
    ("json", json),
    ("dot", dot),
    ("mermaid", mermaid),
    ("svg", svg),
];

/// The services.
pub struct Services {
    graph: mpsc::Receiver<ServiceRequest<GetDependencyGraph::Service>>,
    blast: mpsc::Receiver<ServiceRequest<GetBlastRadius::Service>>,
    sight: Sight,
    reads: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Services {
    /// Puts the services up.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(node: &mut RosNode, sight: Sight, tasks: TaskTracker) -> Result<Self, RosError> {
        Ok(Self {
            graph: node.service("~/get_dependency_graph", || no_graph(super::BUSY))?,
            blast: node.service("~/get_blast_radius", || no_losses(super::BUSY))?,
            sight,
            reads: Arc::new(Semaphore::new(AT_ONCE)),
            tasks,
        })
    }

    /// Serves until it is told to stop; a few requests beside each other, the others wait.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let Some(Ok(permit)) = stop
                .run_until_cancelled(self.reads.clone().acquire_owned())
                .await
            else {
                return;
            };
            let sight = self.sight.clone();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(request) = self.graph.recv() => {
                    self.tasks.spawn_blocking(move || {
                        answer(request, |asked| graph(asked, &sight));
                        drop(permit);
                    });
                }
                Some(request) = self.blast.recv() => {
                    self.tasks.spawn_blocking(move || {
                        answer(request, |asked| blast(&asked.deployment, &sight));
                        drop(permit);
                    });
                }
            }
        }
    }
}

fn answer<T: WrappedServiceTypeSupport + 'static>(
    request: ServiceRequest<T>,
    made: impl FnOnce(&T::Request) -> T::Response,
) {
    let response = made(&request.message);
    respond(request, response);
}

fn graph(asked: &GetDependencyGraph::Request, sight: &Sight) -> GetDependencyGraph::Response {
    let draw = match asked.format.as_str() {
        "" => None,
        format => match FORMATS.iter().find(|(name, _)| *name == format) {
            Some((_, draw)) => Some(draw),
            None => return no_graph(&wrong_format(format)),
        },
    };
    if asked.ros_details && !sight.is_on() {
        return no_graph(
            "the ROS graph is not looked at, because the parameter \"graph\" is false: set it to \
             true, or ask without `ros_details`",
        );
    }
    let options = Options {
        ros_details: asked.ros_details,
        without_external: asked.without_external,
        hidden: asked.hidden,
    };
    let graph = build(&sight.now(), options);
    GetDependencyGraph::Response {
        success: true,
        message: String::new(),
        text: draw.map_or_else(String::new, |draw| messages::text(&draw(&graph))),
        graph: messages_graph::dependency_graph(&graph, clock::now().wall),
    }
}

fn wrong_format(format: &str) -> String {
    let allowed: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
    format!(
        "`format` is {format:?}; it may be {}, or empty for none",
        allowed.join(", ")
    )
}

fn no_graph(message: &str) -> GetDependencyGraph::Response {
    GetDependencyGraph::Response {
        success: false,
        message: messages::text(message),
        ..GetDependencyGraph::Response::default()
    }
}

fn blast(which: &str, sight: &Sight) -> GetBlastRadius::Response {
    let options = Options {
        ros_details: sight.is_on(),
        ..Options::default()
    };
    let graph = build(&sight.now(), options);
    let node = match find(&graph, which) {
        Ok(node) => node,
        Err(message) => return no_losses(&message),
    };
    let lost = losses(&graph, &node.id);
    let message = match lost.as_slice() {
        [] => format!("nobody would lose anything if {} stopped", node.name),
        lost => {
            let texts: Vec<&str> = lost.iter().map(|loss| loss.text.as_str()).collect();
            format!("if {} stopped: {}", node.name, texts.join("; "))
        }
    };
    GetBlastRadius::Response {
        success: true,
        message: messages::text(&message),
        losses: lost.iter().map(messages_graph::loss).collect(),
    }
}

fn no_losses(message: &str) -> GetBlastRadius::Response {
    GetBlastRadius::Response {
        success: false,
        message: messages::text(message),
        losses: Vec::new(),
    }
}

/// The deployment with this id, or else with this name. One that is over is in the graph only as long
/// as another one needs it, and may have the name of one that lives.
fn find<'a>(graph: &'a DependencyGraph, which: &str) -> Result<&'a GraphNode, String> {
    let deployments = || { graph.nodes.iter() }.filter(|node| is_deployment(node));
    let by_id = deployments().find(|node| node.id == which);
    let named = || deployments().filter(|node| node.name == which);
    let found = by_id.or_else(|| named().max_by_key(|node| lives(node)));
    found.ok_or_else(|| {
        let names: Vec<&str> = deployments().map(|node| node.name.as_str()).collect();
        match (which.is_empty(), names.is_empty()) {
            (true, _) => "which deployment? give its id or its name".to_owned(),
            (false, true) => format!("there is no deployment {which:?}; nothing is deployed"),
            (false, false) => format!(
                "there is no deployment {which:?}; there are: {}",
                names.join(", ")
            ),
        }
    })
}

fn is_deployment(node: &GraphNode) -> bool {
    matches!(node.kind, NodeKind::Deployment { .. })
}

fn lives(node: &GraphNode) -> bool {
    matches!(&node.kind, NodeKind::Deployment { status, .. } if !status.is_empty())
}
