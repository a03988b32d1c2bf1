//! The action `~/deprovision`.

use std::sync::Arc;

use super::{Means, ask};
use crate::app::graph::Costs;
use crate::app::request::Request;
use crate::app::supervisor::Handle;
use crate::crash_point::crash_point;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::world::refusal::Refusal;
use crate::domain::world::{PlannedStop, WithDependents};
use crate::edge::ros::action::Deprovision;
use crate::edge::ros::action_server::{AcceptedGoal, End};
use crate::edge::ros::{messages, messages_graph};

/// How many losses a message lists; the result has all of them.
const MOST_LOSSES: usize = 5;

type Goal = AcceptedGoal<Deprovision::Action>;

/// How a goal ended, for its result.
#[derive(Clone, Copy)]
enum Outcome {
    Stopped,
    Refused,
    Partially,
    Planned,
}

impl Outcome {
    fn number(self) -> u8 {
        match self {
            Self::Stopped => Deprovision::Result::OUTCOME_STOPPED as u8,
            Self::Refused => Deprovision::Result::OUTCOME_REFUSED as u8,
            Self::Partially => Deprovision::Result::OUTCOME_PARTIALLY_DEPROVISIONED as u8,
            Self::Planned => Deprovision::Result::OUTCOME_PLANNED as u8,
        }
    }
}

/// Carries out one goal, to its end.
pub async fn carry_out(goal: Goal, means: Means) {
    crash_point("deprovision-taken");
    let Means { handle, costs, .. } = means;
    let which = goal.goal.deployment.clone();
    let dependents = match (goal.goal.force, goal.goal.with_dependents) {
        (true, _) => WithDependents::Leave,
        (false, true) => WithDependents::Stop,
        (false, false) => WithDependents::Refuse,
    };
    let refusal = if goal.goal.dry_run {
        match ask(&handle, |reply| Request::PlanStop(which, dependents, reply)).await {
            Ok(plan) => {
                let result = planned(&plan, &costs).await;
                return goal.end(End::Succeeded, result).await;
            }
            Err(refusal) => refusal,
        }
    } else {
        match ask(&handle, |reply| {
            Request::Deprovision(which, dependents, reply)
        })
        .await
        {
            Ok(id) => {
                crash_point("deprovision-accepted");
                return follow(goal, &id, &handle).await;
            }
            Err(refusal) => refusal,
        }
    };
    let result = refused(&refusal, &costs).await;
    goal.end(End::Aborted, result).await;
}

async fn planned(plan: &PlannedStop, costs: &Costs) -> Deprovision::Result {
    let ids = plan.stops.iter().map(|(id, _)| id.clone()).collect();
    let cost = costs.look(ids).await;
    let (would, lost) = (plan.in_words(), cost.in_words(MOST_LOSSES));
    let message = match plan.stops.as_slice() {
        [] => would,
        [_] => format!("{would}; nothing was changed. If it stopped: {lost}"),
        _ => format!("{would}; nothing was changed. If they stopped: {lost}"),
    };
    let snapshot = costs.snapshot();
    let view = snapshot.by_id(&plan.id);
    Deprovision::Result {
        outcome: Outcome::Planned.number(),
        message: messages::text(&message),
        deployment: view.map_or_else(messages::no_deployment, |view| messages::deployment(view)),
        plan: plan.stops.iter().map(|(_, name)| name.clone()).collect(),
        losses: cost.losses.iter().map(messages_graph::loss).collect(),
    }
}

/// A refusal because others depend on it says what they, and others, would lose.
async fn refused(refusal: &Refusal, costs: &Costs) -> Deprovision::Result {
    let mut message = refusal.message.clone();
    let mut lost = Vec::new();
    if let Some(id) = &refusal.needed {
        let cost = costs.look(vec![id.clone()]).await;
        message = format!("{message}. If it stopped: {}", cost.in_words(MOST_LOSSES));
        lost = cost.losses;
    }
    Deprovision::Result {
        outcome: Outcome::Refused.number(),
        message: messages::text(&message),
        deployment: messages::no_deployment(),
        plan: Vec::new(),
        losses: lost.iter().map(messages_graph::loss).collect(),
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
        Outcome::Refused | Outcome::Partially | Outcome::Planned => {
            let reason = view.map_or("", |view| view.condition.reason.as_str());
            format!("{name} is not removed yet; shipmate goes on trying: {reason}")
        }
    };
    Deprovision::Result {
        outcome: outcome.number(),
        message: messages::text(&message),
        deployment: view.map_or_else(messages::no_deployment, messages::deployment),
        ..Deprovision::Result::default()
    }
}
