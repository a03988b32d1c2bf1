//! Nothing is on the way for ever: what has not succeeded in time has failed.

use super::{EngineState, World};
use crate::domain::deployment::Deployment;
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::phase::Phase;
use crate::domain::time::{Monotonic, Now};

impl World {
    /// Lets time take effect: deadlines that passed, and what somebody did by hand and is sure
    /// by now.
    pub fn tick(&mut self, now: Now) {
        let now = now.monotonic;
        for (id, deployment) in &mut self.deployments {
            let mut touched = false;
            for state in deployment.states_mut() {
                touched |= state.promote_hand(now);
                if state.left().is_some() {
                    // It may have run before the node did.
                    state.first_ran.get_or_insert(now);
                }
            }
            let late = late(deployment, &self.engine, &self.settings, now);
            if let Some(failure) = late {
                deployment.fail(failure);
                touched = true;
            }
            if touched {
                self.touched.insert(id.clone());
            }
        }
    }

    /// When a deadline passes.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = Monotonic> {
        let coming = || {
            let deployments = self.deployments.values();
            deployments.filter(|d| d.is_coming() && d.phase == Phase::Provisioning)
        };
        let engine = match &self.engine {
            EngineState::Unreachable { since, .. } if coming().next().is_some() => {
                Some(*since + self.settings.engine_timeout)
            }
            _ => None,
        };
        let ready = coming().flat_map(|d| d.states()).filter_map(|(_, state)| {
            let began = state.first_ran.filter(|_| !state.ready_once)?;
            Some(began + self.settings.ready_timeout)
        });
        let held = coming().filter_map(|d| Some(d.held_since? + self.settings.ready_timeout));
        ready
            .chain(held)
            .chain(engine)
            .chain(self.update_deadlines())
    }
}

fn late(
    deployment: &Deployment,
    engine: &EngineState,
    settings: &super::WorldSettings,
    now: Monotonic,
) -> Option<Failure> {
    // A check finds out by itself that the engine is away.
    if !deployment.is_coming() || deployment.phase != Phase::Provisioning {
        return None;
    }
    if let EngineState::Unreachable { why, since } = engine {
        let limit = settings.engine_timeout;
        return (now >= *since + limit).then(|| {
            let reason = format!("{why}, for {} s", limit.as_secs_f64());
            Failure::new(ErrorCode::DeviceUnreachable, reason)
        });
    }
    let limit = settings.ready_timeout;
    if let (Some(since), Some(why)) = (deployment.held_since, deployment.held())
        && now >= since + limit
    {
        let reason = format!("{why}, for {} s", limit.as_secs_f64());
        return Some(Failure::new(ErrorCode::DependencyFailed, reason));
    }
    let (key, state) = deployment.states().find(|(_, state)| {
        let began = state.first_ran.filter(|_| !state.ready_once);
        began.is_some_and(|began| now >= began + limit)
    })?;
    let missing = match state.is_running() {
        true => deployment.not_ready_reason(&key, state),
        false => state.pending_reason(&deployment.image_of(&key)),
    };
    let reason = format!(
        "{missing}; it was not ready within {} s",
        limit.as_secs_f64()
    );
    Some(deployment.blame(&key, Failure::new(ErrorCode::NotReady, reason)))
}
