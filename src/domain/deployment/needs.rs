//! What a deployment needs of others, and what that means for it.

use super::bindings::Offers;
use super::error_code::{ErrorCode, Failure};
use super::status::Status;
use super::{Deployment, DeploymentId};
use crate::domain::time::Monotonic;

/// How a deployment is that another one depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What the package calls it.
    pub alias: String,
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its name.
    pub name: String,
    /// Why nobody can rely on it, led by its name.
    pub trouble: Option<String>,
    /// What is not there yet.
    pub waits: Option<String>,
    /// What it offers.
    pub offers: Offers,
    /// How often its executables were restarted, when that matters.
    pub restarts: u32,
}

impl Need {
    /// Why it is not as it has to be, if so.
    pub fn unmet(&self) -> Option<&str> {
        self.trouble.as_deref().or(self.waits.as_deref())
    }
}

impl Deployment {
    /// Takes how the deployments are that it depends on. Restarts its executables with theirs
    /// where the package asks for it.
    pub fn take_needs(&mut self, needs: Vec<Need>, now: Monotonic) {
        let restarted = needs.iter().find(|need| {
            let before = self.needs.iter().find(|n| n.alias == need.alias);
            before.is_some_and(|b| b.deployment == need.deployment && b.restarts < need.restarts)
        });
        if let Some(need) = restarted {
            let why = format!("{} was restarted", need.name);
            for state in self.executables.iter_mut().flatten() {
                state.renew(&why);
            }
        }
        let held = needs.iter().any(|need| need.unmet().is_some());
        self.held_since = held.then(|| self.held_since.unwrap_or(now));
        self.needs = needs;
    }

    /// Why nothing of it is started now, if so.
    pub fn held(&self) -> Option<&str> {
        self.needs.iter().find_map(Need::unmet)
    }

    /// What is wrong because of another deployment.
    pub fn needs_error(&self) -> Option<Failure> {
        if !self.should_run() {
            return None;
        }
        let trouble = self.needs.iter().find_map(|need| need.trouble.clone())?;
        Some(Failure::new(ErrorCode::DependencyFailed, trouble))
    }

    /// Why it is in the status Error by itself, if so.
    pub fn own_error(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.reason.clone());
        }
        self.states().find_map(|(key, state)| {
            let situation = self.situation(&key, state, false);
            if situation.status() != Some(Status::Error) {
                return None;
            }
            let failure = state.failure.as_ref().map(|f| f.reason.clone());
            let left = state.left().map(|what| format!("the container {what}"));
            let why = failure.or(left).or_else(|| state.removal_error.clone());
            let code = ErrorCode::ExecutableFailed;
            let blamed = self.blame(&key, Failure::new(code, why.unwrap_or_default()));
            Some(blamed.reason)
        })
    }

    /// Whether everything of it runs and is ready.
    pub fn is_all_ready(&self) -> bool {
        self.states().all(|(key, state)| self.is_ready(&key, state))
    }
}
