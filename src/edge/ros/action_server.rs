//! An action server on the three services and two topics that make up an action.

use r2r::action_msgs::msg::{GoalInfo, GoalStatus as StatusMessage, GoalStatusArray};
use r2r::action_msgs::srv::CancelGoal;
use r2r::builtin_interfaces::msg::Time;
use r2r::unique_identifier_msgs::msg::UUID;
use r2r::{Publisher, QosProfile, ServiceRequest, WrappedActionTypeSupport};
use r2r::{WrappedServiceTypeSupport, WrappedTypesupport};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::RosError;
use super::goals::{CancelCode, GoalId, GoalStatus, Goals};
use super::node::RosNode;
use crate::crash_point::crash_point;
use crate::domain::time::{Now, WallTime};

/// How many goals and words about goals may wait.
const WAITING: usize = 1024;
/// How often ended goals are looked through.
const EXPIRE_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

type SendGoal<A> = <A as WrappedActionTypeSupport>::SendGoal;
type GetResult<A> = <A as WrappedActionTypeSupport>::GetResult;
type ResultResponse<A> = <GetResult<A> as WrappedServiceTypeSupport>::Response;

/// How a goal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was carried out.
    Succeeded,
    /// It was cancelled.
    Canceled,
    /// It could not be carried out.
    Aborted,
}

enum Word<A: WrappedActionTypeSupport> {
    Feedback(GoalId, A::Feedback),
    End(GoalId, End, A::Result),
}

/// A goal that was accepted, for whoever carries it out.
pub struct AcceptedGoal<A: WrappedActionTypeSupport> {
    /// What is asked for.
    pub goal: A::Goal,
    /// Cancelled when a client asks for it.
    pub cancel: CancellationToken,
    id: GoalId,
    words: mpsc::Sender<Word<A>>,
}

impl<A: WrappedActionTypeSupport> AcceptedGoal<A> {
    /// Says how far it is.
    pub async fn feedback(&self, feedback: A::Feedback) {
        // The server ends after all who carry out its goals.
        self.words
            .send(Word::Feedback(self.id, feedback))
            .await
            .ok();
    }

    /// Says how it ended.
    pub async fn end(self, end: End, result: A::Result) {
        self.words.send(Word::End(self.id, end, result)).await.ok();
    }
}

/// An action server; it accepts each goal at once and hands it on.
pub struct ActionServer<A: WrappedActionTypeSupport> {
    goals: Goals<ServiceRequest<GetResult<A>>, A::Result>,
    cancels: std::collections::BTreeMap<GoalId, CancellationToken>,
    goal_requests: mpsc::Receiver<ServiceRequest<SendGoal<A>>>,
    cancel_requests: mpsc::Receiver<ServiceRequest<CancelGoal::Service>>,
    result_requests: mpsc::Receiver<ServiceRequest<GetResult<A>>>,
    feedback: Publisher<A::FeedbackMessage>,
    status: Publisher<GoalStatusArray>,
    accepted: mpsc::Sender<AcceptedGoal<A>>,
    words: mpsc::Receiver<Word<A>>,
    words_sender: mpsc::Sender<Word<A>>,
    clock: fn() -> Now,
}

impl<A> ActionServer<A>
where
    A: WrappedActionTypeSupport + Send + 'static,
    A::Goal: Send,
    A::Result: Send + Clone,
    A::Feedback: Send,
    A::FeedbackMessage: Send,
{
    /// An action server of a node, and the goals that it accepts.
    ///
    /// # Errors
    /// When rcl refuses one of its services or topics.
    pub fn new(
        node: &mut RosNode,
        name: &str,
        clock: fn() -> Now,
    ) -> Result<(Self, mpsc::Receiver<AcceptedGoal<A>>), RosError> {
        let (accepted, goals) = mpsc::channel(WAITING);
        let (words_sender, words) = mpsc::channel(WAITING);
        let server = Self {
            goals: Goals::default(),
            cancels: std::collections::BTreeMap::new(),
            goal_requests: node.service(&format!("{name}/_action/send_goal"), || {
                A::make_goal_response_msg(false, Time::default())
            })?,
            cancel_requests: node.service(&format!("{name}/_action/cancel_goal"), || {
                CancelGoal::Response {
                    return_code: CancelGoal::Response::ERROR_REJECTED as i8,
                    ..CancelGoal::Response::default()
                }
            })?,
            result_requests: node.service(&format!("{name}/_action/get_result"), || {
                A::make_result_response_msg(0, A::Result::default())
            })?,
            feedback: node.publisher(&format!("{name}/_action/feedback"), QosProfile::default())?,
            status: node.publisher(
                &format!("{name}/_action/status"),
                QosProfile::default()
                    .keep_last(1)
                    .reliable()
                    .transient_local(),
            )?,
            accepted,
            words,
            words_sender,
            clock,
        };
        Ok((server, goals))
    }

    /// Serves until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut expiry = tokio::time::interval(EXPIRE_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(request) = self.goal_requests.recv() => self.accept(request),
                Some(request) = self.cancel_requests.recv() => self.cancel(request),
                Some(request) = self.result_requests.recv() => self.ask_result(request),
                Some(word) = self.words.recv() => self.hear(word),
                _ = expiry.tick() => self.goals.expire((self.clock)().monotonic),
            }
        }
    }

    fn accept(&mut self, request: ServiceRequest<SendGoal<A>>) {
        crash_point("goal-heard");
        let (uuid, goal) = A::destructure_goal_request_msg(request.message.clone());
        let now = (self.clock)().wall;
        let taken = goal_id(&uuid)
            .filter(|id| self.goals.may_accept(id))
            .filter(|id| {
                let cancel = CancellationToken::new();
                let accepted = AcceptedGoal {
                    goal,
                    cancel: cancel.clone(),
                    id: *id,
                    words: self.words_sender.clone(),
                };
                let handed_on = self.accepted.try_send(accepted).is_ok();
                if handed_on {
                    self.cancels.insert(*id, cancel);
                }
                handed_on
            });
        if let Some(id) = taken {
            self.goals.accept(id, now);
        }
        respond(
            request,
            A::make_goal_response_msg(taken.is_some(), time(now)),
        );
        crash_point("goal-answered");
        self.publish_status();
    }

    fn cancel(&mut self, request: ServiceRequest<CancelGoal::Service>) {
        let info = &request.message.goal_info;
        let until = wall_time(&info.stamp);
        let (code, ids) = match goal_id(&info.goal_id) {
            Some(id) => self.goals.cancel(&id, until),
            None => (CancelCode::UnknownGoal, Vec::new()),
        };
        for token in ids.iter().filter_map(|id| self.cancels.get(id)) {
            token.cancel();
        }
        let response = CancelGoal::Response {
            return_code: code as i8,
            goals_canceling: ids.iter().map(|id| self.info(id)).collect(),
        };
        respond(request, response);
        self.publish_status();
    }

    fn ask_result(&mut self, request: ServiceRequest<GetResult<A>>) {
        let uuid = A::destructure_result_request_msg(request.message.clone());
        let goal = goal_id(&uuid).and_then(|id| self.goals.get_mut(&id));
        match goal {
            None => respond(
                request,
                A::make_result_response_msg(0, A::Result::default()),
            ),
            Some(goal) => match goal.result.clone() {
                None => goal.waiting.push(request),
                Some(result) => {
                    let status = goal.status as i8;
                    respond(request, A::make_result_response_msg(status, result));
                }
            },
        }
    }

    fn hear(&mut self, word: Word<A>) {
        match word {
            Word::Feedback(id, feedback) => {
                let message = A::make_feedback_msg(uuid_of(&id), feedback);
                if let Err(error) = self.feedback.publish(&message) {
                    tracing::warn!("feedback could not be published: {error}");
                }
            }
            Word::End(id, end, result) => self.end(&id, end, result),
        }
    }

    fn end(&mut self, id: &GoalId, end: End, result: A::Result) {
        let status = match end {
            End::Succeeded => GoalStatus::Succeeded,
            End::Canceled => GoalStatus::Canceled,
            End::Aborted => GoalStatus::Aborted,
        };
        self.cancels.remove(id);
        let now = (self.clock)().monotonic;
        let waiting = self.goals.end(id, status, result.clone(), now);
        self.publish_status();
        for request in waiting {
            let message: ResultResponse<A> =
                A::make_result_response_msg(status as i8, result.clone());
            respond(request, message);
        }
    }

    fn info(&mut self, id: &GoalId) -> GoalInfo {
        let stamp = self
            .goals
            .get_mut(id)
            .map_or(WallTime(0), |goal| goal.accepted_at);
        GoalInfo {
            goal_id: uuid_of(id),
            stamp: time(stamp),
        }
    }

    fn publish_status(&self) {
        let status_list = self
            .goals
            .iter()
            .map(|(id, goal)| StatusMessage {
                goal_info: GoalInfo {
                    goal_id: uuid_of(id),
                    stamp: time(goal.accepted_at),
                },
                status: goal.status as i8,
            })
            .collect();
        if let Err(error) = self.status.publish(&GoalStatusArray { status_list }) {
            tracing::warn!("the goals' status could not be published: {error}");
        }
    }
}

/// Answers a request; a client that is gone is no error.
pub fn respond<T>(request: ServiceRequest<T>, response: T::Response)
where
    T: WrappedServiceTypeSupport + 'static,
    T::Response: WrappedTypesupport,
{
    if let Err(error) = request.respond(response) {
        tracing::debug!("a request could not be answered: {error}");
    }
}

fn goal_id(uuid: &UUID) -> Option<GoalId> {
    uuid.uuid.as_slice().try_into().ok()
}

fn uuid_of(id: &GoalId) -> UUID {
    UUID { uuid: id.to_vec() }
}

/// A moment as ROS writes it.
pub fn time(moment: WallTime) -> Time {
    let seconds = moment.0.div_euclid(1_000_000_000);
    let nanoseconds = moment.0.rem_euclid(1_000_000_000);
    Time {
        sec: i32::try_from(seconds).unwrap_or(i32::MAX),
        nanosec: u32::try_from(nanoseconds).unwrap_or_default(),
    }
}

/// A moment that ROS wrote.
pub fn wall_time(time: &Time) -> WallTime {
    WallTime(i64::from(time.sec) * 1_000_000_000 + i64::from(time.nanosec))
}
