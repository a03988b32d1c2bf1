//! Changing a deployment in place: to another version of its package, or to other parameters.
//!
//! What is to come is got ready while everything runs on. Then the order changes, and with it what
//! differs: containers of an earlier revision are *outdated*, executables that the package has no
//! more are *retired*. When something of it fails, the order before comes back in the same way.

mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::containers::Identity;
use super::error_code::Failure;
use super::executable::ExecutableState;
use super::needs::Need;
use super::phase::{Phase, PhaseEvent};
use super::ports::PickedPorts;
use super::{Deployment, ExecutableKey, Order, Wanted};
use crate::domain::container::{ContainerFacts, ContainerSpec, labels};
use crate::domain::manifest::Executable;
use crate::domain::manifest::values::Secrets;
use crate::domain::time::Monotonic;

/// Where an executable stands that is retired: its component has this place.
pub const RETIRED: usize = usize::MAX;

/// An update that is on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// What is to come is got ready; everything runs on.
    Preparing {
        /// What was asked for.
        next: Box<Order>,
    },
    /// The order is the new one, and what differs is replaced.
    Changing {
        /// What was there before.
        before: Box<Order>,
        /// Why what was there before comes back.
        failure: Option<String>,
        /// Whether that is because it was cancelled.
        canceled: bool,
    },
    /// It failed. The order is the one before, and what was changed already is changed back.
    RollingBack(UpdateEnd),
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateEnd {
    /// The revision that it was to bring.
    pub revision: u32,
    /// The goal's request id; empty for none.
    pub request_id: String,
    /// Why what was there before is there again; none when it succeeded.
    pub rolled_back: Option<String>,
    /// Whether that is because it was cancelled.
    pub canceled: bool,
}

/// An executable that the package has no more, until its container is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retired {
    /// Its component's name.
    pub component: String,
    /// What the package said of it.
    pub executable: Executable,
    /// What is known of it.
    pub state: ExecutableState,
}

/// How far an update's preparation is. It begins again with the node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preparation {
    /// Whether ports and images are seen to.
    pub busy: bool,
    /// The ids of the images that were fetched, by component and executable.
    pub images: Option<Images>,
    /// Whether actions are waited for that may not be interrupted.
    pub guarding: bool,
    /// Whether nothing may be interrupted any more.
    pub guarded: bool,
    /// How the deployments are that what is to come depends on.
    pub needs: Vec<Need>,
    /// What it waits for of them.
    pub waits: Option<String>,
    /// Since when it waits for them.
    pub waits_since: Option<Monotonic>,
}

/// Image ids by component and executable; those that are not known are not among them.
pub type Images = BTreeMap<(String, String), String>;

/// What becomes of an executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// Its container stays.
    Kept,
    /// Its container is replaced.
    Changed,
}

impl Deployment {
    /// What it is, what an update is about to make of it, and what may have to come back.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        let other = match &self.update {
            Some(Update::Preparing { next }) => Some(next),
            Some(Update::Changing { before, .. }) => Some(before),
            Some(Update::RollingBack(_)) | None => None,
        };
        [&self.order].into_iter().chain(other.map(AsRef::as_ref))
    }

    fn other_order_mut(&mut self) -> Option<&mut Order> {
        match &mut self.update {
            Some(Update::Preparing { next }) => Some(next),
            Some(Update::Changing { before, .. }) => Some(before),
            Some(Update::RollingBack(_)) | None => None,
        }
    }

    /// The secrets of all its orders.
    pub fn secrets(&self) -> Secrets {
        let others = self.orders().skip(1).map(|o| o.parameters.secrets());
        others.fold(self.order.parameters.secrets(), Secrets::with_others)
    }

    /// Takes secrets that were kept elsewhere.
    pub fn take_secrets(&mut self, secrets: &Secrets) {
        if let Some(other) = self.other_order_mut() {
            other
                .parameters
                .take_secrets(secrets.others(), &other.package);
        }
        let order = &mut self.order;
        order
            .parameters
            .take_secrets(secrets.clone(), &order.package);
    }

    /// Why it cannot be updated now, if so.
    pub fn refuses_update(&self) -> Option<&'static str> {
        if self.update.is_some() {
            return Some("it is being updated already; wait until that has ended");
        }
        match self.phase {
            _ if !self.should_run() => Some("it is being taken down; wait until it is gone"),
            Phase::Succeeded => None,
            _ => Some("it is still being deployed; wait until that has ended"),
        }
    }

    /// Takes what is to come.
    pub fn begin_update(&mut self, next: Order) {
        self.update = Some(Update::Preparing {
            next: Box::new(next),
        });
        self.preparation = Preparation::default();
        self.changes();
    }

    /// What is to come, while it is got ready.
    pub fn next_order(&self) -> Option<&Order> {
        match &self.update {
            Some(Update::Preparing { next }) => Some(next),
            _ => None,
        }
    }

    /// What is to come is ready: these images, and these ports in addition.
    pub fn prepared(&mut self, images: Images, ports: PickedPorts) {
        if let Some(Update::Preparing { next }) = &mut self.update {
            next.ports.extend(ports);
            self.preparation.images = Some(images);
        }
    }

    /// Gives an update up, on somebody's word or because it cannot be. What has changed already
    /// comes back.
    pub fn give_up_update(&mut self, why: String, canceled: bool) {
        match &mut self.update {
            Some(Update::Preparing { next }) => {
                let end = UpdateEnd {
                    revision: next.revision,
                    request_id: next.update_id.clone(),
                    rolled_back: Some(why),
                    canceled,
                };
                self.end_update(end);
            }
            Some(Update::Changing {
                failure,
                canceled: by_hand,
                ..
            }) => {
                if failure.is_none() {
                    *failure = Some(why);
                    *by_hand = canceled;
                }
            }
            Some(Update::RollingBack(_)) | None => {}
        }
    }

    pub(super) fn end_update(&mut self, end: UpdateEnd) {
        self.update = None;
        self.preparation = Preparation {
            busy: self.preparation.busy,
            ..Preparation::default()
        };
        self.change_saved = true;
        self.last_update = Some(end);
    }

    /// Something failed for good that has not succeeded yet: an update then is given up, anything
    /// else is taken down.
    pub fn fail(&mut self, failure: Failure) {
        match &self.update {
            Some(Update::Changing { .. }) => self.give_up_update(failure.reason, false),
            _ => {
                self.failure.get_or_insert(failure);
            }
        }
    }

    /// The disk has to know what it is now before anything follows.
    fn changes(&mut self) {
        self.change = self.change.saturating_add(1);
        self.change_saved = false;
    }

    /// The disk could not be told of the latest change. An update that was asked for never was; one
    /// that has not replaced anything yet is given up, and what is to come back comes back.
    pub fn change_not_saved(&mut self) {
        if self.change_saved {
            return;
        }
        match &self.update {
            Some(Update::Preparing { .. }) => {
                self.update = None;
                self.change_saved = true;
            }
            Some(Update::Changing { .. }) => {
                let why = "it could not be written down; free some space on the disk";
                self.give_up_update(why.to_owned(), false);
            }
            Some(Update::RollingBack(_)) | None => self.change_saved = true,
        }
    }

    /// Whether nothing is being done for any of its executables.
    pub fn is_idle(&self) -> bool {
        self.all_states()
            .all(|(_, state)| state.operation.is_none())
    }

    /// What becomes of each executable of `next`, in its order, and the keys of those that it has
    /// no more.
    pub fn fates(
        &self,
        next: &Order,
        needs: &[Need],
        images: &Images,
        identity: &Identity,
    ) -> (Vec<(ExecutableKey, Fate)>, Vec<ExecutableKey>) {
        let mut after = Self::new(next.clone());
        after.needs = needs.to_vec();
        let keys: Vec<ExecutableKey> = after.states().map(|(key, _)| key).collect();
        let fates = keys
            .into_iter()
            .map(|key| {
                let fate = self.fate(&after, &key, images, identity);
                (key, fate)
            })
            .collect();
        let gone = self.states().map(|(key, _)| key);
        let gone = gone.filter(|key| self.same_in(&after, key).is_none());
        (fates, gone.collect())
    }

    fn fate(
        &self,
        after: &Self,
        key: &ExecutableKey,
        images: &Images,
        identity: &Identity,
    ) -> Fate {
        let Some(own) = after.same_in(self, key) else {
            return Fate::Added;
        };
        let (was, becomes) = (
            self.container_spec(&own, identity).map(without_labels),
            after.container_spec(key, identity).map(without_labels),
        );
        let built = self.build_of(&own) != after.build_of(key);
        match was != becomes || built || self.has_another_image(&own, images) {
            true => Fate::Changed,
            false => Fate::Kept,
        }
    }

    /// Whether an image of the same name has become another one since the container was made.
    fn has_another_image(&self, key: &ExecutableKey, images: &Images) -> bool {
        let Some((component, executable)) = self.manifest_of(key) else {
            return false;
        };
        let names = (component.name.clone(), executable.name.clone());
        let container = self
            .executables
            .get(key.component)
            .and_then(|states| states.get(key.executable)?.container.as_ref());
        let known = container.map_or("", |c| &c.image_id);
        let fetched = images.get(&names).map_or("", String::as_str);
        !known.is_empty() && !fetched.is_empty() && known != fetched
    }

    /// The key in `other` of what is called like the executable with this key.
    fn same_in(&self, other: &Self, key: &ExecutableKey) -> Option<ExecutableKey> {
        let (component, executable) = self.manifest_of(key)?;
        other.key_of(&component.name, &executable.name)
    }

    /// Notes when a container was made for an earlier order and is another one by the present one: an
    /// update was on the way when the state was lost.
    pub fn note_outdated(&mut self, order: &Order, facts: &ContainerFacts, identity: &Identity) {
        let label = |name: &str| facts.labels.get(name).map_or("", String::as_str);
        let (component, executable) = (label(labels::COMPONENT), label(labels::EXECUTABLE));
        let Some(key) = self.key_of(component, executable) else {
            return;
        };
        let before = Self::new(order.clone());
        let revision = self.order.revision;
        let changed = before.fate(self, &key, &Images::new(), identity) == Fate::Changed;
        if let Some(state) = self.state_mut(&key).filter(|_| changed) {
            state.least_revision = revision;
        }
    }

    /// Changes to what is to come, once that is ready. Nothing may be being done at the moment.
    pub fn change(&mut self, identity: &Identity) {
        let Some(Update::Preparing { next }) = self.update.take() else {
            return;
        };
        let images = self.preparation.images.take().unwrap_or_default();
        let needs = std::mem::take(&mut self.preparation.needs);
        let (fates, _) = self.fates(&next, &needs, &images, identity);
        self.preparation = Preparation::default();
        self.needs = needs;
        let revision = next.revision;
        let before = self.take_order(*next);
        for (key, fate) in fates {
            let Some(state) = self.state_mut(&key) else {
                continue;
            };
            match fate {
                Fate::Added => {}
                Fate::Kept => state.kept(),
                Fate::Changed => state.replace(revision),
            }
            state.image_ready = true;
        }
        self.phase = self.phase.after(PhaseEvent::Changed);
        self.changes();
        self.update = Some(Update::Changing {
            before: Box::new(before),
            failure: None,
            canceled: false,
        });
    }

    /// Takes another order; what is called the same keeps its state, and what is not in it is
    /// retired. Gives the order before.
    fn take_order(&mut self, order: Order) -> Order {
        let before = std::mem::replace(&mut self.order, order);
        let mut known: BTreeMap<(String, String), (Executable, ExecutableState)> = BTreeMap::new();
        let states = std::mem::take(&mut self.executables);
        for (component, states) in before.package.components.iter().zip(states) {
            for (executable, state) in component.executables.iter().zip(states) {
                let names = (component.name.clone(), executable.name.clone());
                known.insert(names, (executable.clone(), state));
            }
        }
        for retired in std::mem::take(&mut self.retired) {
            let names = (retired.component, retired.executable.name.clone());
            known
                .entry(names)
                .or_insert((retired.executable, retired.state));
        }
        let components = &self.order.package.components;
        self.executables = components
            .iter()
            .map(|component| {
                let executables = component.executables.iter();
                executables
                    .map(|executable| {
                        let names = (component.name.clone(), executable.name.clone());
                        known.remove(&names).map(|(_, s)| s).unwrap_or_default()
                    })
                    .collect()
            })
            .collect();
        self.retired = known
            .into_iter()
            .filter(|(_, (_, state))| !state.is_absent())
            .map(|((component, _), (executable, state))| Retired {
                component,
                executable,
                state,
            })
            .collect();
        before
    }

    /// Moves an update on as far as what is known allows.
    pub(super) fn settle_update(&mut self) {
        if self.retired.iter().all(|r| r.state.is_absent()) {
            self.retired.clear();
        }
        if self.wanted == Wanted::Stopped || self.failure.is_some() {
            if let Some(end) = self.update_end(Some("it was deprovisioned".to_owned()), false) {
                self.end_update(end);
            }
            return;
        }
        match &self.update {
            Some(Update::Changing { failure: None, .. }) => {
                if let Some(why) = self.not_removed() {
                    self.give_up_update(why, false);
                } else if self.phase == Phase::Succeeded
                    && let Some(end) = self.update_end(None, false)
                {
                    self.end_update(end);
                }
            }
            Some(Update::RollingBack(end)) if self.is_back() => {
                let end = end.clone();
                self.end_update(end);
            }
            Some(_) | None => {}
        }
        if self.is_idle() {
            self.roll_back();
        }
    }

    fn update_end(&self, rolled_back: Option<String>, canceled: bool) -> Option<UpdateEnd> {
        let order = match self.update.as_ref()? {
            Update::Preparing { next } => next,
            Update::Changing { .. } => &self.order,
            Update::RollingBack(end) => return Some(end.clone()),
        };
        Some(UpdateEnd {
            revision: order.revision,
            request_id: order.update_id.clone(),
            rolled_back,
            canceled,
        })
    }

    /// Whether all is changed: nothing is left of what was there before.
    pub(super) fn is_changed(&self) -> bool {
        self.retired.is_empty() && self.states().all(|(_, state)| !state.is_outdated())
    }

    /// Why something that has to make room could not be removed.
    fn not_removed(&self) -> Option<String> {
        let leaving = self
            .all_states()
            .filter(|(key, state)| key.component == RETIRED || state.is_outdated());
        let mut errors = leaving.filter_map(|(_, state)| state.removal_error.clone());
        errors.next()
    }

    /// Whether what was there before is there again, as far as it comes to be.
    fn is_back(&self) -> bool {
        let failing = |state: &ExecutableState| {
            state.failure.is_some() || state.not_before.is_some() || state.removal_error.is_some()
        };
        let settled = self
            .states()
            .all(|(key, state)| self.is_ready(&key, state) || failing(state) || state.is_done());
        settled && self.change_saved
    }

    fn roll_back(&mut self) {
        let end = match &self.update {
            Some(Update::Changing {
                failure: Some(failure),
                canceled,
                ..
            }) => self.update_end(Some(failure.clone()), *canceled),
            _ => None,
        };
        let Some(end) = end else { return };
        let Some(Update::Changing { before, .. }) = self.update.take() else {
            return;
        };
        let failed = self.order.revision;
        let revision = failed.saturating_add(1);
        self.take_order(Order {
            revision,
            ..*before
        });
        for state in self.states_mut() {
            // What the failed revision has made, or might have made unheard, is not what was there.
            state.revert(failed, revision);
        }
        self.phase = self.phase.after(PhaseEvent::RolledBack);
        self.changes();
        self.update = Some(Update::RollingBack(end));
    }

    /// What was noted of an update when it was taken.
    pub fn has_request(&self, request_id: &str) -> bool {
        let last = self.last_update.as_ref().map(|end| end.request_id.as_str());
        let next = self.next_order().map(|order| order.update_id.as_str());
        let own = [self.order.request_id.as_str(), &self.order.update_id];
        own.into_iter()
            .chain(next)
            .chain(last)
            .any(|id| id == request_id)
    }
}

fn without_labels(mut spec: ContainerSpec) -> ContainerSpec {
    spec.labels.clear();
    spec
}
