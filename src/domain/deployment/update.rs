//! Changing a deployment in place: to another version of its package, or to other parameters.
//!
//! What is to come is got ready while everything runs on. Then the order changes, and with it what
//! differs: containers of an earlier revision are *outdated*, executables that the package has no
//! more are *retired*. When something of it fails, the order before comes back in the same way.

mod change;
mod fates;
mod kinds;
mod words;

use super::error_code::Failure;
use super::phase::Phase;
use super::ports::PickedPorts;
use super::{Deployment, Order};
use crate::domain::manifest::values::Secrets;
pub use fates::{Fate, Images};
pub use kinds::{Preparation, Retired, Update, UpdateEnd};

/// Where an executable stands that is retired: its component has this place.
pub const RETIRED: usize = usize::MAX;

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
