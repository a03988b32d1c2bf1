//! The action `~/deprovision`.

use std::sync::Arc;

use super::ask;
use crate::app::request::Request;
use crate::app::supervisor::Handle;
use crate::crash_point::crash_point;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::world::WithDependents;
use crate::edge::ros::action::Deprovision;
use crate::edge::ros::action_server::{AcceptedGoal, End};
use crate::edge::ros::messages;

type Goal = AcceptedGoal<Deprovision::Action>;

/// How a goal ended, for its result.
#[derive(Clone, Copy)]
enum Outcome {
    Stopped,
    Refused,
    Partially,
}

impl Outcome {
    fn number(self) -> u8 {
        match self {
            Self::Stopped => Deprovision::Result::OUTCOME_STOPPED as u8,
            Self::Refused => Deprovision::Result::OUTCOME_REFUSED as u8,
            Self::Partially => Deprovision::Result::OUTCOME_PARTIALLY_DEPROVISIONED as u8,
        }
    }
}

/// Carries out one goal, to its end.
pub async fn carry_out(goal: Goal, handle: Handle) {
    crash_point("deprovision-taken");
    let which = goal.goal.deployment.clone();
    let dependents = match (goal.goal.force, goal.goal.with_dependents) {
        (true, _) => WithDependents::Leave,
        (false, true) => WithDependents::Stop,
        (false, false) => WithDependents::Refuse,
    };
    match ask(&handle, |reply| {
        Request::Deprovision(which, dependents, reply)
    })
    .await
    {
        Ok(id) => {
            crash_point("deprovision-accepted");
            follow(goal, &id, &handle).await;
        }
        Err(refusal) => {
            let result = Deprovision::Result {
                outcome: Outcome::Refused.number(),
                message: messages::text(&refusal.message),
                deployment: messages::no_deployment(),
            };
            goal.end(End::Aborted, result).await;
        }
    }
}

/// Tells of each change until nothing is left, or something could not be removed. A goal that is
/// cancelled ends; what was begun goes on, since a deployment that is half stopped is of no use.
async fn follow(goal: Goal, id: &str, handle: &Handle) {
    let mut snapshots = handle.snapshots();
    let mut told = None::<Arc<DeploymentView>>;
    loop {
        let view = snapshots.borrow_and_update().by_id(id).cloned();
        // One that is not remembered any more was over.
        let ended = match &view {
            None => Some((End::Succeeded, Outcome::Stopped)),
            Some(view) => outcome(view),
        };
        let view = view.or(told.clone());
        if let Some((end, code)) = ended {
            crash_point("deprovision-ends");
            goal.end(end, result(code, view.as_deref())).await;
            return crash_point("deprovision-ended");
        }
        if view != told {
            if let Some(view) = &view {
                let deployment = messages::deployment(view);
                goal.feedback(Deprovision::Feedback { deployment }).await;
            }
            told = view;
        }
        tokio::select! {
            () = goal.cancel.cancelled() => {
                let outcome = Outcome::Partially;
                return goal.end(End::Canceled, result(outcome, told.as_deref())).await;
            }
            changed = snapshots.changed() => if changed.is_err() {
                return;
            }
        }
    }
}

fn outcome(view: &DeploymentView) -> Option<(End, Outcome)> {
    match view.phase {
        Phase::Stopped => Some((End::Succeeded, Outcome::Stopped)),
        Phase::PartiallyDeprovisioned => Some((End::Aborted, Outcome::Partially)),
        Phase::InProgress | Phase::Provisioning | Phase::Succeeded | Phase::FailedToStart => None,
    }
}

fn result(outcome: Outcome, view: Option<&DeploymentView>) -> Deprovision::Result {
    let name = view.map_or("it", |view| view.name.as_str());
    let message = match outcome {
        Outcome::Stopped => format!("{name} is stopped and removed"),
        Outcome::Refused | Outcome::Partially => {
            let reason = view.map_or("", |view| view.condition.reason.as_str());
            format!("{name} is not removed yet; shipmate goes on trying: {reason}")
        }
    };
    Deprovision::Result {
        outcome: outcome.number(),
        message: messages::text(&message),
        deployment: view.map_or_else(messages::no_deployment, messages::deployment),
    }
}
