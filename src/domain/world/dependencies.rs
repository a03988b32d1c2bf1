//! What deployments need of each other: who waits for whom, who fails with whom, who is restarted
//! with whom, and who may not be stopped.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::refusal::Refusal;
use crate::domain::dependencies::{Binding, Candidate, CandidateState, Dependents};
use crate::domain::deployment::needs::Need;
use crate::domain::deployment::{Deployment, DeploymentId, Order, Wanted};
use crate::domain::manifest::{Condition, OnRestart};
use crate::domain::time::Now;

/// What happens to the dependents of a deployment that is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithDependents {
    /// It is refused while there are any.
    #[default]
    Refuse,
    /// They are stopped before it.
    Stop,
    /// They are left without it.
    Leave,
}

impl World {
    /// Looks again at what each deployment needs and whom it has to wait for. Whose needs changed
    /// is touched. Says whether there were any.
    pub(super) fn link(&mut self, now: Now) -> bool {
        let mut linked: BTreeMap<DeploymentId, (Vec<Need>, Vec<String>)> = BTreeMap::new();
        for (id, deployment) in &self.deployments {
            let needs = match deployment.is_over() {
                true => Vec::new(),
                false => self.needs_of(&deployment.order),
            };
            let leave_first = self.leave_first(deployment);
            if needs != deployment.needs || leave_first != deployment.leave_first {
                linked.insert(id.clone(), (needs, leave_first));
            }
        }
        let changed = !linked.is_empty();
        for (id, (needs, leave_first)) in linked {
            if let Some(deployment) = self.deployments.get_mut(&id) {
                deployment.take_needs(needs, now.monotonic);
                deployment.leave_first = leave_first;
                self.touched.insert(id);
            }
        }
        changed
    }

    pub(super) fn needs_of(&self, order: &Order) -> Vec<Need> {
        let identity = &self.settings.identity;
        let bindings = order.bindings.iter();
        bindings
            .map(|binding| {
                let declared = order.package.depends_on.get(&binding.alias);
                let condition = declared.map(|d| d.condition).unwrap_or_default();
                let with_it = declared.is_some_and(|d| d.on_restart == OnRestart::Restart);
                let other = self.bound(order, binding);
                let name = other.map_or(binding.deployment.as_str(), |d| &d.order.name);
                let trouble = match other {
                    Some(other) => self.trouble(other, &mut BTreeSet::new()),
                    None => Some("it is not there any more".to_owned()),
                };
                let waits = other.and_then(|other| waits_for(other, condition));
                let restarts = other.filter(|_| with_it).map_or(0, |other| {
                    other.states().map(|(_, state)| state.restarts).sum()
                });
                Need {
                    alias: binding.alias.clone(),
                    deployment: other.map_or(&binding.deployment, |d| &d.order.id).clone(),
                    name: name.to_owned(),
                    trouble: trouble.map(|why| format!("{name}: {why}")),
                    waits,
                    offers: other.map(|d| d.offers(identity)).unwrap_or_default(),
                    restarts,
                }
            })
            .collect()
    }

    /// The deployment that another one is bound to. When it is over, one that took its name and
    /// fits as well takes its place.
    fn bound(&self, order: &Order, binding: &Binding) -> Option<&Deployment> {
        let known = self.deployments.get(&binding.deployment)?;
        if !known.is_over() {
            return Some(known);
        }
        let declared = order.package.depends_on.get(&binding.alias);
        let successor = self.deployments.values().find(|other| {
            let package = &other.order.package;
            !other.is_over()
                && other.order.name == known.order.name
                && package.name == known.order.package.name
                && declared.is_none_or(|d| d.fits(&package.version))
        });
        Some(successor.unwrap_or(known))
    }

    /// Why nobody can rely on a deployment, with the chain that leads to the cause.
    fn trouble(
        &self,
        deployment: &Deployment,
        seen: &mut BTreeSet<DeploymentId>,
    ) -> Option<String> {
        if !seen.insert(deployment.order.id.clone()) {
            return None;
        }
        if deployment.wanted == Wanted::Stopped {
            return Some("it was deprovisioned".to_owned());
        }
        if let Some(why) = deployment.own_error() {
            return Some(why);
        }
        deployment.order.bindings.iter().find_map(|binding| {
            let Some(other) = self.bound(&deployment.order, binding) else {
                return Some(format!("{} is not there any more", binding.deployment));
            };
            let why = self.trouble(other, seen)?;
            Some(format!("{}: {why}", other.order.name))
        })
    }

    /// The names of those that have to be gone before a deployment that is stopped.
    fn leave_first(&self, deployment: &Deployment) -> Vec<String> {
        if deployment.wanted != Wanted::Stopped || deployment.is_over() {
            return Vec::new();
        }
        let id = &deployment.order.id;
        self.deployments
            .values()
            .filter(|d| d.wanted == Wanted::Stopped && !d.is_over() && d.order.id != *id)
            .filter(|d| self.is_bound_to(d, id))
            .map(|d| d.order.name.clone())
            .collect()
    }

    fn is_bound_to(&self, deployment: &Deployment, id: &str) -> bool {
        let mut bindings = deployment.order.bindings.iter();
        bindings.any(|b| {
            let bound = self.bound(&deployment.order, b);
            bound.is_some_and(|bound| bound.order.id == id)
        })
    }

    /// Those that depend on a deployment, directly or through others, and are not being stopped:
    /// dependents before what they depend on.
    pub fn dependents_of(&self, id: &str) -> Vec<DeploymentId> {
        let living = self.deployments.values().filter(|d| d.should_run());
        let bindings = living.flat_map(|d| {
            // What an update is about to depend on is needed as well.
            let orders = [Some(&d.order), d.next_order()].into_iter().flatten();
            let bound =
                orders.flat_map(|o| o.bindings.iter().filter_map(move |b| self.bound(o, b)));
            bound.map(|other| (d.order.id.as_str(), other.order.id.as_str()))
        });
        let dependents = Dependents::new(bindings);
        let order = dependents.take_down(id).into_iter();
        order
            .filter(|other| *other != id)
            .map(str::to_owned)
            .collect()
    }

    /// The deployments that something new may depend on.
    pub(super) fn candidates(&self, group: &str) -> Vec<Candidate<'_>> {
        let living = self.deployments.values().filter(|d| !d.is_over());
        living
            .map(|d| {
                let state = match self.trouble(d, &mut BTreeSet::new()) {
                    _ if d.wanted == Wanted::Stopped => CandidateState::Stopping,
                    Some(why) => CandidateState::Failing(why),
                    None if d.is_all_ready() => CandidateState::Running,
                    None => CandidateState::Starting,
                };
                Candidate {
                    id: &d.order.id,
                    name: &d.order.name,
                    package: &d.order.package.name,
                    version: &d.order.package.version,
                    same_group: d.order.group == group,
                    state,
                }
            })
            .collect()
    }

    /// Says why a deployment may not be stopped, if so.
    pub(super) fn refuse_while_needed(&self, id: &str) -> Option<Refusal> {
        let names: Vec<String> = self
            .dependents_of(id)
            .iter()
            .filter_map(|id| self.deployments.get(id))
            .map(|d| d.order.name.clone())
            .collect();
        let name = &self.deployments.get(id)?.order.name;
        (!names.is_empty()).then(|| Refusal {
            needed: Some(id.to_owned()),
            ..Refusal::new(format!(
                "{name:?} is needed by {}; stop them first, or set `with_dependents` to stop them \
                 with it, or `force` to stop it all the same",
                names.join(", ")
            ))
        })
    }
}

/// What of a deployment is not there yet for those that wait for it.
fn waits_for(other: &Deployment, condition: Condition) -> Option<String> {
    let there = match condition {
        Condition::Ready => other.is_all_ready(),
        Condition::Started => other.states().all(|(_, state)| state.is_running()),
    };
    (!there).then(|| {
        format!(
            "waiting for {} to be {}",
            other.order.name,
            condition.name()
        )
    })
}
