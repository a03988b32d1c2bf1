//! Deployments that are changed in place: which requests are taken, and when what is ready begins.

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::{DeployRequest, Note, StepError, World};
use crate::domain::dependencies::Binding;
use crate::domain::deployment::needs::Need;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::update::Images;
use crate::domain::deployment::{Deployment, DeploymentId, Order};
use crate::domain::manifest::Package;
use crate::domain::time::Monotonic;

impl World {
    /// The deployment that a request would update; none when there is none that lives.
    pub(super) fn to_update(&self, request: &DeployRequest) -> Option<&Deployment> {
        if !request.replace {
            return None;
        }
        let name = match request.name.is_empty() {
            true => &request.package,
            false => &request.name,
        };
        let mut living = self.deployments.values().filter(|d| !d.is_over());
        living.find(|d| d.order.name == *name)
    }

    /// Says why a deployment may not be changed to this package, if so.
    pub(super) fn refuse_update(
        &self,
        deployment: &Deployment,
        package: &Package,
    ) -> Option<Refusal> {
        let name = &deployment.order.name;
        let own = &deployment.order.package;
        if own.name != package.name {
            return Some(Refusal::new(format!(
                "{name:?} is a deployment of package {:?}, and cannot become one of {:?}; choose \
                 another name, or deprovision it first",
                own.name, package.name
            )));
        }
        if let Some(why) = deployment.refuses_update() {
            return Some(Refusal::new(format!("{name:?} cannot be updated: {why}")));
        }
        let unfit = self.dependents_that_do_not_fit(&deployment.order.id, package);
        (!unfit.is_empty()).then(|| {
            Refusal::new(format!(
                "{name:?} cannot become {}, because others depend on it: {}",
                package.label(),
                unfit.join(", ")
            ))
        })
    }

    fn dependents_that_do_not_fit(&self, id: &str, package: &Package) -> Vec<String> {
        let living = self.deployments.values().filter(|d| d.should_run());
        living
            .flat_map(|d| {
                let orders = [Some(&d.order), d.next_order()];
                let bound = orders.into_iter().flatten().flat_map(|order| {
                    let bindings = order.bindings.iter().filter(|b| b.deployment == id);
                    bindings.filter_map(|b| order.package.depends_on.get(&b.alias))
                });
                bound
                    .filter(|declared| !declared.fits(&package.version))
                    .map(|declared| format!("{} needs {}", d.order.name, declared.version))
            })
            .collect()
    }

    /// Says by which chain what a deployment is to be bound to would depend on itself, if so.
    pub(super) fn refuse_circle(
        &self,
        deployment: &Deployment,
        bindings: &[Binding],
    ) -> Option<Refusal> {
        let id = &deployment.order.id;
        let mut seen = BTreeSet::new();
        let chain = bindings
            .iter()
            .find_map(|binding| self.way_to(&binding.deployment, id, &mut seen))?;
        let name = &deployment.order.name;
        Some(Refusal::new(format!(
            "{name:?} would depend on itself: {name} -> {}",
            chain.join(" -> ")
        )))
    }

    /// The names on the way from one deployment to another that it depends on.
    fn way_to(
        &self,
        from: &str,
        to: &str,
        seen: &mut BTreeSet<DeploymentId>,
    ) -> Option<Vec<String>> {
        let deployment = self.deployments.get(from)?;
        let name = deployment.order.name.clone();
        if from == to {
            return Some(vec![name]);
        }
        if !seen.insert(from.to_owned()) {
            return None;
        }
        let mut bindings = deployment.order.bindings.iter();
        let mut way = bindings.find_map(|b| self.way_to(&b.deployment, to, seen))?;
        way.insert(0, name);
        Some(way)
    }

    /// An update's preparation ended, with the ids of the images and the ports that were picked.
    pub fn prepared(
        &mut self,
        id: &str,
        revision: u32,
        result: Result<(Images, PickedPorts), StepError>,
    ) {
        // Two that pick beside each other may have picked the same; then it is picked again.
        let picked_twice = result.as_ref().is_ok_and(|(_, p)| self.are_taken(p, id));
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        if deployment.next_order().map(|next| next.revision) != Some(revision) {
            return;
        }
        deployment.preparation.busy = false;
        match result {
            Ok(_) if picked_twice => {}
            Ok((images, ports)) => deployment.prepared(images, ports),
            Err(StepError::Failed(failure) | StepError::Impossible(failure)) => {
                deployment.give_up_update(failure.reason, false)
            }
            // It is tried again when the engine answers.
            Err(StepError::Unreachable(_) | StepError::Canceled) => {}
        }
        self.touched.insert(id.to_owned());
    }

    /// No goal executes of actions that may not be interrupted, or that took too long.
    pub fn guarded(&mut self, id: &str, revision: u32, result: Result<(), String>) {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        if deployment.next_order().map(|next| next.revision) != Some(revision) {
            return;
        }
        deployment.preparation.guarding = false;
        match result {
            Ok(()) => deployment.preparation.guarded = true,
            Err(why) => deployment.give_up_update(why, false),
        }
        self.touched.insert(id.to_owned());
    }

    /// Looks at what updates wait for, and begins those that are ready.
    pub(super) fn advance_updates(&mut self, now: Monotonic) {
        let waiting: Vec<(DeploymentId, Vec<Need>)> = self
            .deployments
            .values()
            .filter_map(|d| Some((d.order.id.clone(), self.needs_of(d.next_order()?))))
            .collect();
        for (id, needs) in waiting {
            let limit = self.settings.ready_timeout;
            let identity = &self.settings.identity;
            let Some(deployment) = self.deployments.get_mut(&id) else {
                continue;
            };
            let waits = needs.iter().find_map(|n| n.unmet().map(str::to_owned));
            let preparation = &mut deployment.preparation;
            let since = preparation.waits_since;
            preparation.waits_since = waits.as_ref().map(|_| since.unwrap_or(now));
            let news = preparation.waits != waits;
            preparation.waits.clone_from(&waits);
            preparation.needs = needs;
            let late = preparation.waits_since.is_some_and(|s| now >= s + limit);
            let may = preparation.guarded && waits.is_none() && deployment.change_saved;
            if let Some(why) = waits.filter(|_| late) {
                let why = format!("{why}, for {} s", limit.as_secs_f64());
                deployment.give_up_update(why, false);
            } else if may && deployment.is_idle() {
                deployment.change(identity);
            } else if !news {
                continue;
            }
            self.touched.insert(id);
        }
    }

    /// When updates have waited too long for other deployments.
    pub(super) fn update_deadlines(&self) -> impl Iterator<Item = Monotonic> {
        let limit = self.settings.ready_timeout;
        let updating = self
            .deployments
            .values()
            .filter(|d| d.next_order().is_some());
        updating.filter_map(move |d| Some(d.preparation.waits_since? + limit))
    }

    /// Gives up an update because its goal was cancelled. Whether there was one.
    pub(super) fn cancel_update(&mut self, id: &str) -> bool {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return false;
        };
        if deployment.update.is_none() {
            return false;
        }
        deployment.give_up_update("it was cancelled".to_owned(), true);
        self.touched.insert(id.to_owned());
        true
    }

    /// Says what became of updates, when that is news.
    pub(super) fn note_updates(&mut self, touched: &BTreeSet<DeploymentId>) {
        for id in touched {
            let Some(deployment) = self.deployments.get_mut(id) else {
                continue;
            };
            let label = deployment.order.package.label();
            let now = match (&deployment.update, &deployment.last_update) {
                (None, Some(end)) => match &end.rolled_back {
                    None => format!("updated to {label}"),
                    Some(why) => format!("{label} as before, because its update failed: {why}"),
                },
                _ => deployment.updating(),
            };
            if now == deployment.said_of_update {
                continue;
            }
            deployment.said_of_update.clone_from(&now);
            if !now.is_empty() {
                self.notes.push(Note {
                    deployment: Some(id.clone()),
                    executable: None,
                    text: now,
                });
            }
        }
    }
}

impl World {
    /// A request that updates a deployment to this package: what it leaves out is as it was. A
    /// parameter that had its default gets the new one.
    pub(super) fn with_what_was(
        &self,
        request: &DeployRequest,
        was: &Order,
        package: &Package,
    ) -> DeployRequest {
        let mut request = request.clone();
        if request.group.is_empty() {
            request.group.clone_from(&was.group);
        }
        for binding in &was.bindings {
            let alias = &binding.alias;
            let given = request.dependencies.iter().any(|(a, _)| a == alias);
            let fits = package.depends_on.get(alias).is_some_and(|declared| {
                let other = self.deployments.get(&binding.deployment);
                other.filter(|d| !d.is_over()).is_some_and(|d| {
                    let bound = &d.order.package;
                    bound.name == declared.package(alias) && declared.fits(&bound.version)
                })
            });
            if !given && fits {
                let choice = (alias.clone(), binding.deployment.clone());
                request.dependencies.push(choice);
            }
        }
        for (name, value) in was.parameters.iter() {
            let given = request.parameters.iter().any(|(n, _)| n == name);
            let before = was.package.parameters.get(name);
            let had_default = before.is_some_and(|p| p.default.as_ref() == Some(value));
            if !given && !had_default && package.parameters.contains_key(name) {
                let text = serde_json::to_string(value).unwrap_or_else(|_| value.to_string());
                request.parameters.push((name.clone(), text));
            }
        }
        request
    }
}
