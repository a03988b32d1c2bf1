//! What a user of the ROS graph meets: actions, services and topics, between the ROS edge and the
//! loop.

mod catalogue;
mod deploy;
mod deprovision;
pub mod diagnostics;
pub mod doctor;
mod error_codes;
pub mod graph;
mod logs;
mod publish;
mod queries;
pub mod rates;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock;
use super::graph::Costs;
use super::logs::Logs;
use super::request::{Reply, Request};
use super::supervisor::Handle;
use crate::domain::events::ChangeEvent;
use crate::domain::world::refusal::Refusal;
use crate::edge::ros::action::{Deploy, Deprovision, FollowLogs};
use crate::edge::ros::action_server::{AcceptedGoal, ActionServer};
use crate::edge::ros::node::RosNode;
use crate::edge::ros::{RosError, WrappedActionTypeSupport};

/// What a request is answered when too many wait.
const BUSY: &str = "shipmate has too much to do at the moment; try again";

/// What requests are answered with.
#[derive(Clone)]
pub struct Means {
    /// The loop.
    pub handle: Handle,
    /// What executables write.
    pub logs: Logs,
    /// What stops would cost.
    pub costs: Costs,
}

/// Puts the node's actions, services and topics up, and starts the tasks that serve them.
///
/// # Errors
/// When rcl refuses one of them.
pub fn serve(
    node: &mut RosNode,
    means: &Means,
    events: mpsc::Receiver<ChangeEvent>,
    snapshot_period: std::time::Duration,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), RosError> {
    let Means { handle, logs, .. } = means;
    let (server, goals) = ActionServer::<Deploy::Action>::new(node, "~/deploy", clock::now)?;
    tasks.spawn(server.run(stop.clone()));
    tasks.spawn(each_in_a_task(
        goals,
        handle.clone(),
        tasks.clone(),
        stop.clone(),
        deploy::carry_out,
    ));
    let (server, goals) =
        ActionServer::<Deprovision::Action>::new(node, "~/deprovision", clock::now)?;
    tasks.spawn(server.run(stop.clone()));
    tasks.spawn(each_in_a_task(
        goals,
        means.clone(),
        tasks.clone(),
        stop.clone(),
        deprovision::carry_out,
    ));
    let catalogue = catalogue::Services::new(node, handle.clone(), tasks.clone())?;
    tasks.spawn(catalogue.run(stop.clone()));
    let queries = queries::Services::new(node, handle.clone())?;
    tasks.spawn(queries.run(stop.clone()));
    let (server, goals) =
        ActionServer::<FollowLogs::Action>::new(node, "~/follow_logs", clock::now)?;
    tasks.spawn(server.run(stop.clone()));
    tasks.spawn(each_in_a_task(
        goals,
        logs.clone(),
        tasks.clone(),
        stop.clone(),
        logs::follow,
    ));
    let reading = logs::Service::new(node, logs.clone(), tasks.clone())?;
    tasks.spawn(reading.run(stop.clone()));
    let error_codes = error_codes::Service::new(node)?;
    tasks.spawn(error_codes.run(stop.clone()));
    let publishers = publish::Publishers::new(node)?;
    tasks.spawn(publishers.run(handle.snapshots(), events, snapshot_period, stop.clone()));
    Ok(())
}

/// Carries out the goals of an action, each in a task of its own.
async fn each_in_a_task<A, T, F>(
    mut goals: mpsc::Receiver<AcceptedGoal<A>>,
    means: T,
    tasks: TaskTracker,
    stop: CancellationToken,
    carry_out: fn(AcceptedGoal<A>, T) -> F,
) where
    A: WrappedActionTypeSupport,
    T: Clone,
    F: Future<Output = ()> + Send + 'static,
{
    while let Some(Some(goal)) = stop.run_until_cancelled(goals.recv()).await {
        let carried_out = carry_out(goal, means.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(carried_out));
    }
}

/// Asks the loop for something and waits for its answer. The loop answers each request: at once,
/// or when the disk has what must not be lost.
async fn ask<T>(handle: &Handle, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Refusal> {
    let (reply, answer) = oneshot::channel();
    if handle.request(request(reply)).is_err() {
        return Err(Refusal::new(BUSY));
    }
    answer
        .await
        .unwrap_or_else(|_| Err(Refusal::new("shipmate is being shut down")))
}
