//! The service `~/get_logs` and the action `~/follow_logs`.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::logs::{Answer, Batch, Logs, Wanted, WrittenLine};
use crate::edge::ros::action::FollowLogs;
use crate::edge::ros::action_server::{AcceptedGoal, End, respond};
use crate::edge::ros::messages_logs::{log_line, log_query};
use crate::edge::ros::node::RosNode;
use crate::edge::ros::srv::GetLogs;
use crate::edge::ros::{RosError, ServiceRequest, messages, msg};

/// How many requests are carried out at once; each holds what it read, and connections.
const READS: usize = 4;
/// How many lines are given when no number is asked for.
const TAIL: u32 = 100;

type Goal = AcceptedGoal<FollowLogs::Action>;

/// The service `~/get_logs`.
pub struct Service {
    requests: mpsc::Receiver<ServiceRequest<GetLogs::Service>>,
    logs: Logs,
    reads: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Service {
    /// Puts the service up.
    ///
    /// # Errors
    /// When rcl refuses it.
    pub fn new(node: &mut RosNode, logs: Logs, tasks: TaskTracker) -> Result<Self, RosError> {
        Ok(Self {
            requests: node.service("~/get_logs", || GetLogs::Response {
                message: super::BUSY.to_owned(),
                ..GetLogs::Response::default()
            })?,
            logs,
            reads: Arc::new(Semaphore::new(READS)),
            tasks,
        })
    }

    /// Serves until it is told to stop; a few requests beside each other, the others wait.
    pub async fn run(mut self, stop: CancellationToken) {
        while let Some(Some((permit, request))) = stop.run_until_cancelled(self.next()).await {
            let logs = self.logs.clone();
            let reading = async move {
                let _permit = permit;
                let response = read(&request.message, &logs).await;
                respond(request, response);
            };
            self.tasks
                .spawn(stop.clone().run_until_cancelled_owned(reading));
        }
    }

    async fn next(&mut self) -> Option<(OwnedSemaphorePermit, ServiceRequest<GetLogs::Service>)> {
        let permit = self.reads.clone().acquire_owned().await.ok()?;
        Some((permit, self.requests.recv().await?))
    }
}

async fn read(request: &GetLogs::Request, logs: &Logs) -> GetLogs::Response {
    let tail = match request.tail {
        0 => TAIL,
        tail => tail,
    };
    let wanted = Wanted {
        deployment: request.deployment.clone(),
        component: request.component.clone(),
        executable: request.executable.clone(),
        query: log_query(tail, &request.since),
    };
    let Answer {
        success,
        message,
        lines,
        truncated,
    } = match request.build {
        true => logs.read_builds(&wanted).await,
        false => logs.read(&wanted).await,
    };
    GetLogs::Response {
        success,
        message: messages::text(&message),
        lines: to_messages(&lines),
        truncated,
    }
}

/// Carries out one goal of `~/follow_logs`, to its end.
pub async fn follow(goal: Goal, logs: Logs) {
    let wanted = Wanted {
        deployment: goal.goal.deployment.clone(),
        component: goal.goal.component.clone(),
        executable: goal.goal.executable.clone(),
        query: log_query(goal.goal.tail, &goal.goal.since),
    };
    let mut following = match logs.follow(&wanted) {
        Ok(following) => following,
        Err(message) => {
            let result = FollowLogs::Result {
                outcome: FollowLogs::Result::OUTCOME_REFUSED as u8,
                message: messages::text(&message),
                ..FollowLogs::Result::default()
            };
            return goal.end(End::Aborted, result).await;
        }
    };
    let mut lines = 0;
    let canceled = loop {
        let batch = tokio::select! {
            biased;
            () = goal.cancel.cancelled() => break true,
            batch = following.next() => batch,
        };
        let Some(batch) = batch else { break false };
        lines += u64::try_from(batch.lines.len()).unwrap_or_default();
        goal.feedback(feedback(&batch)).await;
    };
    let name = following.name();
    let (end, outcome, message) = match canceled {
        true => (
            End::Canceled,
            FollowLogs::Result::OUTCOME_CANCELED as u8,
            format!("{name} is not followed any more; it was not touched"),
        ),
        false => (
            End::Succeeded,
            FollowLogs::Result::OUTCOME_ENDED as u8,
            format!("nothing of {name} is left"),
        ),
    };
    let result = FollowLogs::Result {
        outcome,
        message,
        lines,
        dropped: following.dropped(),
    };
    goal.end(end, result).await;
}

fn feedback(batch: &Batch) -> FollowLogs::Feedback {
    FollowLogs::Feedback {
        lines: to_messages(&batch.lines),
        dropped: batch.dropped,
    }
}

fn to_messages(lines: &[WrittenLine]) -> Vec<msg::LogLine> {
    lines
        .iter()
        .map(|written| {
            let author = &written.author;
            log_line(&author.component, &author.executable, &written.line)
        })
        .collect()
}
