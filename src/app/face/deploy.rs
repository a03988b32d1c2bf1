//! The action `~/deploy`.

use std::sync::Arc;

use tokio::sync::watch;

use super::ask;
use crate::app::request::Request;
use crate::app::snapshot::Snapshot;
use crate::app::supervisor::Handle;
use crate::crash_point::crash_point;
use crate::domain::deployment::Wanted;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::view::DeploymentView;
use crate::domain::world::refusal::Refusal;
use crate::domain::world::{DeployRequest, PlannedDeployment};
use crate::edge::ros::action::Deploy;
use crate::edge::ros::action_server::{AcceptedGoal, End};
use crate::edge::ros::{messages, messages_plan};

type Goal = AcceptedGoal<Deploy::Action>;

/// How a goal ended, for its result.
#[derive(Clone, Copy)]
enum Outcome {
    Succeeded,
    Refused,
    Failed,
    Canceled,
    Planned,
    RolledBack,
}

impl Outcome {
    fn number(self) -> u8 {
        match self {
            Self::Succeeded => Deploy::Result::OUTCOME_SUCCEEDED as u8,
            Self::Refused => Deploy::Result::OUTCOME_REFUSED as u8,
            Self::Failed => Deploy::Result::OUTCOME_FAILED as u8,
            Self::Canceled => Deploy::Result::OUTCOME_CANCELED as u8,
            Self::Planned => Deploy::Result::OUTCOME_PLANNED as u8,
            Self::RolledBack => Deploy::Result::OUTCOME_ROLLED_BACK as u8,
        }
    }
}

/// Carries out one goal, to its end.
pub async fn carry_out(goal: Goal, handle: Handle) {
    crash_point("deploy-taken");
    let request = Box::new(request(&goal.goal));
    if goal.goal.dry_run {
        return match ask(&handle, |reply| Request::Plan(request, reply)).await {
            Ok(plan) => goal.end(End::Succeeded, planned(&plan)).await,
            Err(refusal) => goal.end(End::Aborted, refused(&refusal)).await,
        };
    }
    match ask(&handle, |reply| Request::Deploy(request, reply)).await {
        Ok(id) => {
            crash_point("deploy-accepted");
            follow(goal, &id, &handle).await;
        }
        Err(refusal) => goal.end(End::Aborted, refused(&refusal)).await,
    }
}

fn request(goal: &Deploy::Goal) -> DeployRequest {
    DeployRequest {
        package: goal.package.clone(),
        version: goal.version.clone(),
        manifest: goal.manifest.clone(),
        name: goal.name.clone(),
        parameters: goal
            .parameters
            .iter()
            .map(|p| (p.name.clone(), p.value.clone()))
            .collect(),
        targets: goal
            .targets
            .iter()
            .map(|t| (t.component.clone(), t.target.clone()))
            .collect(),
        dependencies: goal
            .dependencies
            .iter()
            .map(|d| (d.alias.clone(), d.deployment.clone()))
            .collect(),
        request_id: goal.request_id.clone(),
        replace: goal.replace,
        group: goal.group.clone(),
    }
}

/// Tells of each change until the deployment has succeeded or is over.
async fn follow(goal: Goal, id: &str, handle: &Handle) {
    let mut snapshots = handle.snapshots();
    // When it is answered, what was asked for is shown already.
    let update = match goal.goal.replace {
        true => snapshots
            .borrow()
            .by_id(id)
            .and_then(|view| view.update.clone()),
        false => None,
    };
    let revision = update.map(|update| update.revision);
    let mut told = None::<Arc<DeploymentView>>;
    let mut cancel_asked = false;
    loop {
        let view = snapshots.borrow_and_update().by_id(id).cloned();
        // One that is not remembered any more was over.
        let ended = match &view {
            None => Some((End::Aborted, Outcome::Failed)),
            Some(view) => outcome(view, revision),
        };
        let view = view.or(told.clone());
        if let Some((end, code)) = ended {
            crash_point("deploy-ends");
            goal.end(end, result(code, view.as_deref())).await;
            return crash_point("deploy-ended");
        }
        if view != told {
            if let Some(view) = &view {
                goal.feedback(feedback(view)).await;
            }
            told = view;
        }
        if !wait(&goal, &mut snapshots, &mut cancel_asked).await {
            return;
        }
        if cancel_asked {
            // Repeating it does no harm; the loop may have had too much to do the first time.
            handle.request(Request::Cancel(id.to_owned())).ok();
        }
    }
}

/// Waits for a change, or for the goal to be cancelled. False when there will be no more changes.
async fn wait(
    goal: &Goal,
    snapshots: &mut watch::Receiver<Snapshot>,
    cancel_asked: &mut bool,
) -> bool {
    tokio::select! {
        () = goal.cancel.cancelled(), if !*cancel_asked => {
            *cancel_asked = true;
            true
        }
        changed = snapshots.changed() => changed.is_ok(),
    }
}

/// How a goal ends with a deployment like this; none while it goes on.
///
/// An update ends with the update of its revision; what succeeds or fails of the deployment
/// meanwhile is not its end.
fn outcome(view: &DeploymentView, revision: Option<u32>) -> Option<(End, Outcome)> {
    let failed = (End::Aborted, Outcome::Failed);
    let canceled = (End::Canceled, Outcome::Canceled);
    let stopped = if view.canceled {
        canceled
    } else {
        // Deprovisioned by another client, not cancelled by this one.
        (End::Aborted, Outcome::Canceled)
    };
    let update = view.update.as_ref();
    if let Some(update) = update.filter(|u| Some(u.revision) == revision && !view.over) {
        return match &update.rolled_back {
            _ if update.under_way => None,
            _ if view.wanted == Wanted::Stopped => Some(stopped),
            None => Some((End::Succeeded, Outcome::Succeeded)),
            Some(_) if update.canceled => Some((End::Canceled, Outcome::RolledBack)),
            Some(_) => Some((End::Aborted, Outcome::RolledBack)),
        };
    }
    match (view.phase, view.wanted) {
        (Phase::Succeeded, Wanted::Running) => Some((End::Succeeded, Outcome::Succeeded)),
        (Phase::Stopped | Phase::PartiallyDeprovisioned, _) => Some(stopped),
        (Phase::FailedToStart, _) => Some(failed),
        (Phase::InProgress | Phase::Provisioning | Phase::Succeeded, _) => {
            view.over.then_some(failed)
        }
    }
}

fn feedback(view: &DeploymentView) -> Deploy::Feedback {
    Deploy::Feedback {
        deployment: messages::deployment(view),
        progress: messages::progress(view),
    }
}

fn result(outcome: Outcome, view: Option<&DeploymentView>) -> Deploy::Result {
    let message = match (outcome, view) {
        (Outcome::Succeeded, Some(view)) if view.update.is_some() => {
            format!("{} runs {} {}", view.name, view.package, view.version)
        }
        (Outcome::Succeeded, Some(view)) => format!("{} was started", view.name),
        (Outcome::RolledBack, Some(view)) => {
            let update = view.update.as_ref();
            let why = update.and_then(|u| u.rolled_back.as_deref());
            format!(
                "{} is {} {} as before, because its update failed: {}",
                view.name,
                view.package,
                view.version,
                why.unwrap_or_default()
            )
        }
        (Outcome::Canceled, Some(view)) => {
            format!("{} was cancelled and taken down", view.name)
        }
        (_, Some(view)) => failure_message(view),
        (_, None) => "the deployment is not known any more".to_owned(),
    };
    Deploy::Result {
        outcome: outcome.number(),
        message: messages::text(&message),
        problems: Vec::new(),
        deployment: view.map_or_else(messages::no_deployment, messages::deployment),
        plan: Vec::new(),
    }
}

fn failure_message(view: &DeploymentView) -> String {
    let condition = &view.condition;
    let code = condition.code.map_or("", |code| code.as_str());
    let action = condition.code.map_or("", |code| code.recommended_action());
    format!(
        "{}: {} ({code}: {action})",
        view.phase.name(),
        condition.reason
    )
}

fn refused(refusal: &Refusal) -> Deploy::Result {
    Deploy::Result {
        outcome: Outcome::Refused.number(),
        message: messages::text(&refusal.message),
        problems: refusal.problems.iter().map(messages::problem).collect(),
        deployment: messages::no_deployment(),
        plan: Vec::new(),
    }
}

fn planned(plan: &[PlannedDeployment]) -> Deploy::Result {
    let names: Vec<&str> = plan.iter().map(|p| p.name.as_str()).collect();
    let containers: usize = plan.iter().map(|p| p.containers.len()).sum();
    let message = format!(
        "would deploy {}, with {containers} containers; nothing was changed",
        names.join(", then ")
    );
    Deploy::Result {
        outcome: Outcome::Planned.number(),
        message: messages::text(&message),
        problems: Vec::new(),
        deployment: messages::no_deployment(),
        plan: plan.iter().map(messages_plan::deployment).collect(),
    }
}
