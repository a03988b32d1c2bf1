//! What changed between two views of a deployment: one event for each phase or status.

use super::deployment::error_code::ErrorCode;
use super::deployment::phase::Phase;
use super::deployment::status::Status;
use super::deployment::view::{ComponentView, Condition, DeploymentView, ExecutableView};

/// A change of a phase or a status, with its cause.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeEvent {
    /// The deployment's id.
    pub deployment_id: String,
    /// The deployment's name.
    pub deployment_name: String,
    /// The component's name; empty when the whole deployment changed.
    pub component: String,
    /// The executable's name; empty when the whole deployment changed.
    pub executable: String,
    /// The deployment's phase before; none when it is new.
    pub previous_phase: Option<Phase>,
    /// The deployment's phase now.
    pub phase: Phase,
    /// The status before.
    pub previous_status: Option<Status>,
    /// The status now.
    pub status: Option<Status>,
    /// Why.
    pub reason: String,
    /// What went wrong, when the status is Error.
    pub code: Option<ErrorCode>,
    /// What the executable wrote before its first failure, when it failed.
    pub last_output: String,
}

/// The events that lead from one view to the next; executables first, then the deployment.
pub fn changes(before: Option<&DeploymentView>, after: &DeploymentView) -> Vec<ChangeEvent> {
    let mut events = Vec::new();
    for component in &after.components {
        for executable in &component.executables {
            // An update may bring others, in another order.
            let known = before
                .and_then(|view| shown(view, &component.name, &executable.name))
                .map(|known| (known.condition.status, known.restarts));
            events.extend(executable_change(
                before, after, component, executable, known,
            ));
        }
    }
    events.extend(deployment_change(before, after));
    events
}

/// An event about a deployment, or one of its executables by the names of component and its own,
/// that changed neither a phase nor a status, such as that somebody renamed a container.
pub fn remark(
    view: &DeploymentView,
    executable: Option<(&str, &str)>,
    reason: &str,
) -> ChangeEvent {
    let condition = match executable {
        None => &view.condition,
        Some((component, executable)) => {
            let shown = shown(view, component, executable);
            shown.map_or(&view.condition, |shown| &shown.condition)
        }
    };
    let mut event = event(Some(view), view, condition);
    let (component, executable) = executable.unwrap_or_default();
    component.clone_into(&mut event.component);
    executable.clone_into(&mut event.executable);
    event.previous_status = condition.status;
    reason.clone_into(&mut event.reason);
    event
}

fn shown<'a>(
    view: &'a DeploymentView,
    component: &str,
    executable: &str,
) -> Option<&'a ExecutableView> {
    let of = view.components.iter().find(|c| c.name == component)?;
    of.executables.iter().find(|e| e.name == executable)
}

fn executable_change(
    before: Option<&DeploymentView>,
    after: &DeploymentView,
    component: &ComponentView,
    executable: &ExecutableView,
    known: Option<(Option<Status>, u32)>,
) -> Option<ChangeEvent> {
    let now = (executable.condition.status, executable.restarts);
    // A restart that was too quick to be seen as Pending is a change all the same.
    if known == Some(now) || (known.is_none() && executable.condition.status.is_none()) {
        return None;
    }
    let mut event = event(before, after, &executable.condition);
    event.component.clone_from(&component.name);
    event.executable.clone_from(&executable.name);
    event.previous_status = known.and_then(|(status, _)| status);
    if executable.condition.status != Some(Status::Running) {
        event.last_output.clone_from(&executable.last_output);
    }
    Some(event)
}

fn deployment_change(
    before: Option<&DeploymentView>,
    after: &DeploymentView,
) -> Option<ChangeEvent> {
    let known = before.map(|view| (view.phase, view.condition.status));
    if known == Some((after.phase, after.condition.status)) {
        return None;
    }
    let mut event = event(before, after, &after.condition);
    event.previous_status = known.and_then(|(_, status)| status);
    Some(event)
}

fn event(
    before: Option<&DeploymentView>,
    after: &DeploymentView,
    condition: &Condition,
) -> ChangeEvent {
    ChangeEvent {
        deployment_id: after.id.clone(),
        deployment_name: after.name.clone(),
        component: String::new(),
        executable: String::new(),
        previous_phase: before.map(|view| view.phase),
        phase: after.phase,
        previous_status: None,
        status: condition.status,
        reason: condition.reason.clone(),
        code: condition.code,
        last_output: String::new(),
    }
}
