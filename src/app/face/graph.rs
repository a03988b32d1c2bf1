//! The services `~/get_dependency_graph` and `~/get_blast_radius`. They look at what is known already,
//! and ask neither the loop nor anybody on the ROS graph.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::clock;
use crate::app::graph::{Costs, Sight};
use crate::domain::dependency_graph::{DependencyGraph, Options, build};
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
    costs: Costs,
    reads: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Services {
    /// Puts the services up.
    ///
    /// # Errors
    /// When rcl refuses one.
    pub fn new(
        node: &mut RosNode,
        sight: Sight,
        costs: Costs,
        tasks: TaskTracker,
    ) -> Result<Self, RosError> {
        Ok(Self {
            graph: node.service("~/get_dependency_graph", || no_graph(super::BUSY))?,
            blast: node.service("~/get_blast_radius", || no_losses(super::BUSY))?,
            sight,
            costs,
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
            let (sight, costs) = (self.sight.clone(), self.costs.clone());
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
                        answer(request, |asked| blast(&asked.deployment, &costs));
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
    let mut graph = build(&sight.now(), options);
    if let Some(measured) = sight.measured() {
        measured.latest().fill(&mut graph);
    }
    match messages_graph::dependency_graph(&graph, clock::now().wall) {
        Ok(message) => GetDependencyGraph::Response {
            success: true,
            message: String::new(),
            text: draw.map_or_else(String::new, |draw| messages::text(&draw(&graph))),
            graph: message,
        },
        Err(error) => no_graph(&error.to_string()),
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

fn blast(which: &str, costs: &Costs) -> GetBlastRadius::Response {
    let snapshot = costs.snapshot();
    let view = match snapshot.find_or_say(which) {
        Ok(view) => view,
        Err(message) => return no_losses(&message),
    };
    let name = &view.name;
    let (message, losses) = if view.over {
        (
            format!("{name} is over already: nobody would lose anything"),
            Vec::new(),
        )
    } else {
        let cost = costs.of([view.id.clone()]);
        let lost = cost.in_words(usize::MAX);
        (format!("if {name} stopped: {lost}"), cost.losses)
    };
    GetBlastRadius::Response {
        success: true,
        message: messages::text(&message),
        losses: losses.iter().map(messages_graph::loss).collect(),
    }
}

fn no_losses(message: &str) -> GetBlastRadius::Response {
    GetBlastRadius::Response {
        success: false,
        message: messages::text(message),
        losses: Vec::new(),
    }
}
