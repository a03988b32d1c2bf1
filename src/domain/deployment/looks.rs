//! Which looks at its executables follow from a deployment's manifest, and what they mean for it.

use std::time::Duration;

use super::containers::Identity;
use super::executable::ExecutableState;
use super::probing::{LookKey, LookRules, Role, waits_for};
use super::steps::Step;
use super::{Deployment, ExecutableKey};
use crate::domain::manifest::Probe;
use crate::domain::probe::{Answer, Whereabouts};
use crate::domain::time::Monotonic;

impl Deployment {
    /// What the manifest says of one kind of look; none when it asks for none.
    fn look_rules(&self, key: &ExecutableKey, role: Role) -> Option<LookRules> {
        let (_, executable) = self.manifest_of(key)?;
        match role {
            Role::Lifecycle if executable.lifecycle.is_empty() => None,
            Role::Lifecycle => Some(LookRules::activate(self.expand_all(&executable.lifecycle))),
            Role::Readiness => executable
                .readiness
                .as_ref()
                .map(|p| self.probe_rules(p).patient()),
            Role::Liveness => executable.liveness.as_ref().map(|p| self.probe_rules(p)),
        }
    }

    fn probe_rules(&self, probe: &Probe) -> LookRules {
        let seconds = |n: u32| Duration::from_secs(u64::from(n));
        LookRules {
            at: super::probing::LookAt::Check(probe.check(|text| self.expand(text))),
            period: seconds(probe.period.0),
            patience: Duration::ZERO,
            timeout: seconds(probe.timeout.0),
            failures: probe.failures,
            start_period: seconds(probe.start_period.0),
        }
    }

    /// What keeps an executable that runs from being ready.
    fn unready(&self, key: &ExecutableKey, state: &ExecutableState) -> Option<Role> {
        [Role::Lifecycle, Role::Readiness]
            .into_iter()
            .find(|role| !state.looks.passed(*role) && self.asks_for(key, *role))
    }

    fn asks_for(&self, key: &ExecutableKey, role: Role) -> bool {
        self.manifest_of(key)
            .is_some_and(|(_, executable)| match role {
                Role::Lifecycle => !executable.lifecycle.is_empty(),
                Role::Readiness => executable.readiness.is_some(),
                Role::Liveness => executable.liveness.is_some(),
            })
    }

    /// Whether an executable runs and is ready, as far as the manifest asks for more than running.
    pub fn is_ready(&self, key: &ExecutableKey, state: &ExecutableState) -> bool {
        state.is_running() && !state.is_outdated() && self.unready(key, state).is_none()
    }

    /// Whether an executable has been ready. Where nothing is asked for, having been started is
    /// enough, also for one that has ended since.
    pub(super) fn was_ready(&self, key: &ExecutableKey, state: &ExecutableState) -> bool {
        let asked = self.asks_for(key, Role::Lifecycle) || self.asks_for(key, Role::Readiness);
        match asked {
            true => self.is_ready(key, state),
            false => state.started,
        }
    }

    /// Why an executable that runs is not ready, in words.
    pub fn not_ready_reason(&self, key: &ExecutableKey, state: &ExecutableState) -> String {
        if let Some(why) = &state.ailing {
            return format!("it is not alive: {why}");
        }
        let Some(role) = self.unready(key, state) else {
            return String::new();
        };
        let what = match role {
            Role::Lifecycle => "not active yet",
            Role::Readiness | Role::Liveness => "not ready",
        };
        match (state.looks.missing(role), self.look_rules(key, role)) {
            (Some(missing), _) => format!("{what}: {missing}"),
            (None, Some(rules)) => format!("{what}: waiting for {}", waits_for(&rules.at)),
            (None, None) => what.to_owned(),
        }
    }

    /// The looks that are due; each is noted as begun.
    pub(super) fn look_steps(&mut self, identity: &Identity, now: Monotonic) -> Vec<Step> {
        let mut due = Vec::new();
        for (key, state) in self.states() {
            let Some(whereabouts) = self.whereabouts(&key, state, identity) else {
                continue;
            };
            if state.is_outdated() {
                continue;
            }
            for role in Role::ALL {
                // A node is asked whether it is ready once it is active.
                let waits = role == Role::Readiness
                    && self.asks_for(&key, Role::Lifecycle)
                    && !state.looks.passed(Role::Lifecycle);
                if waits || !self.asks_for(&key, role) || !state.looks.is_due(role, now) {
                    continue;
                }
                if let Some(rules) = self.look_rules(&key, role) {
                    let look = LookKey {
                        step: self.step_key(&key),
                        role,
                        run: state.looks.run(),
                    };
                    due.push((key.clone(), look, rules, whereabouts.clone()));
                }
            }
        }
        due.into_iter()
            .map(|(key, look, rules, whereabouts)| {
                if let Some(state) = self.state_mut(&key) {
                    state.looks.begin(look.role);
                }
                Step::Look {
                    key: look,
                    at: rules.at,
                    whereabouts,
                    timeout: rules.timeout,
                    patience: rules.patience,
                }
            })
            .collect()
    }

    /// Where a container is heard that runs and was looked at since it was started.
    pub(super) fn whereabouts(
        &self,
        key: &ExecutableKey,
        state: &ExecutableState,
        identity: &Identity,
    ) -> Option<Whereabouts> {
        let container = state.container.as_ref().filter(|_| state.is_running())?;
        if !state.is_undisturbed() || container.started_at.is_empty() || state.ailing.is_some() {
            return None;
        }
        Some(Whereabouts {
            container: container.id.clone(),
            hostname: container.hostname.clone(),
            host_network: container.host_network,
            addresses: container.addresses.clone(),
            domain: self.domain_of(key, identity),
            since: state.begins_after()?,
        })
    }

    /// The ROS domain of an executable.
    fn domain_of(&self, key: &ExecutableKey, identity: &Identity) -> u8 {
        let Some((component, executable)) = self.manifest_of(key) else {
            return identity.domain_id;
        };
        executable
            .environment
            .get("ROS_DOMAIN_ID")
            .map(|value| self.filled(&value.to_string(), executable.network))
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_else(|| self.ros_of(component, identity.domain_id).domain_id)
    }

    /// The next moment at which a look is due.
    pub(super) fn next_look(&self, now: Monotonic) -> Option<Monotonic> {
        self.states()
            .filter(|(_, state)| state.is_running() && state.operation.is_none())
            .filter_map(|(_, state)| state.looks.next_due(now))
            .min()
    }

    /// Takes the answer to a look; an answer about an earlier run is ignored. Says why the
    /// executable is to be restarted, if so.
    pub fn looked(&mut self, key: &LookKey, answer: Answer, now: Monotonic) -> Option<String> {
        let executable = &key.step.executable;
        let rules = self.look_rules(executable, key.role)?;
        let should_run = self.should_run();
        let state = self.state_mut(executable)?;
        if state.looks.run() != key.run {
            return None;
        }
        // What is frozen does not answer, which says nothing of it; and it goes on in the same run.
        let answer = match state.is_running() {
            true => answer,
            false => Answer::NotAsked,
        };
        let ran = state
            .running_since()
            .map_or(Duration::ZERO, |s| now.since(s));
        let why = state.looks.answer(key.role, answer, &rules, ran, now)?;
        if !should_run {
            return None;
        }
        state.ailing = Some(why.clone());
        Some(why)
    }
}
