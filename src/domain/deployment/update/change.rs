//! The change itself, and the way back.

use std::collections::BTreeMap;

use super::{Fate, Preparation, RETIRED, Retired, Update, UpdateEnd};
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::executable::ExecutableState;
use crate::domain::deployment::phase::{Phase, PhaseEvent};
use crate::domain::deployment::{Deployment, Order, Wanted};
use crate::domain::manifest::Executable;

impl Deployment {
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
    pub(in crate::domain::deployment) fn settle_update(&mut self) {
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

    pub(super) fn update_end(
        &self,
        rolled_back: Option<String>,
        canceled: bool,
    ) -> Option<UpdateEnd> {
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
    pub(in crate::domain::deployment) fn is_changed(&self) -> bool {
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
}
