//! How something is: what is the case with an executable, the status that follows, and why.

use super::ComponentView;
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::status::{Situation, Status};
use crate::domain::deployment::update::Update;
use crate::domain::deployment::{Deployment, ExecutableKey, Wanted};

/// A status, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// None when there is nothing left to have a status.
    pub status: Option<Status>,
    /// Why it is not Running.
    pub reason: String,
    /// What went wrong, when it is Error.
    pub code: Option<ErrorCode>,
}

impl Condition {
    pub(super) const NONE: Self = Self {
        status: None,
        reason: String::new(),
        code: None,
    };

    pub(super) fn error(failure: &Failure) -> Self {
        Self {
            status: Some(Status::Error),
            reason: failure.reason.clone(),
            code: Some(failure.code),
        }
    }

    /// The worst of several, its reason led by the name of the one that it comes from.
    pub(super) fn combined<'a>(parts: impl Iterator<Item = (&'a str, &'a Self)>) -> Self {
        let mut worst = Self::NONE;
        for (name, part) in parts {
            let Some(status) = part.status else { continue };
            if worst
                .status
                .is_none_or(|known| known != status && known.worse(status) == status)
            {
                worst = part.clone();
                if !worst.reason.is_empty() {
                    worst.reason = format!("{name}: {}", part.reason);
                }
            }
        }
        worst
    }
}

impl Deployment {
    pub(super) fn condition(&self, components: &[ComponentView]) -> Condition {
        match (&self.failure, self.phase) {
            (_, Phase::Stopped) => Condition::NONE,
            (Some(failure), _) => Condition::error(failure),
            (None, _) => {
                let own =
                    Condition::combined(components.iter().map(|c| (c.name.as_str(), &c.condition)));
                // What is wrong with it itself comes first.
                match self.needs_error() {
                    Some(failure) if own.status != Some(Status::Error) => {
                        Condition::error(&failure)
                    }
                    _ => own,
                }
            }
        }
    }

    pub(super) fn executable_condition(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        image: &str,
        unreachable: Option<&str>,
    ) -> Condition {
        let situation = self.situation(key, state, unreachable.is_some());
        let failure = match situation {
            Situation::GivenUp => state.failure.clone(),
            Situation::NotRemoved => state
                .removal_error
                .clone()
                .map(|reason| Failure::new(ErrorCode::RemovalFailed, reason)),
            Situation::LeftByHand => state.left().map(|what| {
                let reason = format!("the container {what}; the policy leaves it so");
                Failure::new(ErrorCode::StoppedByHand, reason)
            }),
            _ => None,
        };
        let reason = match situation {
            Situation::Over | Situation::Gone | Situation::Ready => String::new(),
            Situation::GivenUp | Situation::NotRemoved | Situation::LeftByHand => failure
                .as_ref()
                .map(|f| f.reason.clone())
                .unwrap_or_default(),
            Situation::EngineAway => unreachable.unwrap_or_default().to_owned(),
            Situation::Leaving => self.leaving_reason(),
            Situation::NotReady => self.not_ready_reason(key, state),
            Situation::Held => self.held().unwrap_or_default().to_owned(),
            Situation::Replacing => self.replacing_reason(),
            Situation::Checking => "what the deployment needs is being checked".to_owned(),
            Situation::Paused | Situation::Restarting | Situation::Preparing => {
                state.pending_reason(image)
            }
        };
        Condition {
            status: situation.status(),
            reason,
            code: failure.map(|f| f.code),
        }
    }

    /// What is the case with an executable.
    pub fn situation(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        engine_away: bool,
    ) -> Situation {
        if state.failure.is_some() && self.phase != Phase::Stopped {
            return Situation::GivenUp;
        }
        if self.is_over() {
            return Situation::Over;
        }
        if engine_away {
            return Situation::EngineAway;
        }
        if !self.should_run() {
            return match (&state.removal_error, state.is_absent()) {
                (Some(_), _) => Situation::NotRemoved,
                (None, true) => Situation::Gone,
                (None, false) => Situation::Leaving,
            };
        }
        if state.is_outdated() {
            return match state.removal_error {
                Some(_) => Situation::NotRemoved,
                None => Situation::Replacing,
            };
        }
        if state.left().is_some() && !state.is_running() {
            return Situation::LeftByHand;
        }
        if state.is_paused() {
            return Situation::Paused;
        }
        if state.is_running() && state.is_undisturbed() {
            return match self.is_ready(key, state) && state.ailing.is_none() {
                true => Situation::Ready,
                false => Situation::NotReady,
            };
        }
        if self.phase == Phase::InProgress {
            return Situation::Checking;
        }
        if self.held().is_some() && state.operation.is_none() {
            return Situation::Held;
        }
        match state.is_restarting() || state.is_running() {
            true => Situation::Restarting,
            false => Situation::Preparing,
        }
    }

    fn replacing_reason(&self) -> String {
        let label = self.order.package.label();
        match &self.update {
            Some(Update::RollingBack(_)) => format!("its update failed, {label} comes back"),
            _ => format!("it is updated to {label}"),
        }
    }

    fn leaving_reason(&self) -> String {
        match (self.wanted, self.leave_first.as_slice()) {
            (Wanted::Stopped, []) => "being deprovisioned".to_owned(),
            (Wanted::Stopped, first) => {
                format!("deprovisioned as soon as {} is gone", first.join(", "))
            }
            (Wanted::Running, _) => "being taken down, because the deployment failed".to_owned(),
        }
    }
}

pub(super) fn error_codes(condition: &Condition, components: &[ComponentView]) -> Vec<ErrorCode> {
    if condition.status != Some(Status::Error) {
        return Vec::new();
    }
    let executables = components.iter().flat_map(|c| &c.executables);
    let mut codes: Vec<ErrorCode> = executables
        .filter_map(|e| e.condition.code)
        .chain(condition.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
