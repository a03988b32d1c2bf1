//! What an update needs before anything changes: ports, images, and actions that have no goal under way.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Step;
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::update::{Fate, Images};
use crate::domain::deployment::{Deployment, Order};
use crate::domain::probe::Whereabouts;

impl Deployment {
    /// What an update needs to be ready.
    pub(super) fn prepare_steps(
        &mut self,
        identity: &Identity,
        guard_timeout: Duration,
    ) -> Vec<Step> {
        let deployment = self.order.id.clone();
        let Some(next) = self.next_order() else {
            let busy = std::mem::take(&mut self.preparation.busy);
            return Vec::from_iter(busy.then_some(Step::CancelPrepare { deployment }));
        };
        let preparation = &self.preparation;
        if !self.change_saved || preparation.busy || preparation.guarding || preparation.guarded {
            return Vec::new();
        }
        let revision = next.revision;
        let Some(images) = &preparation.images else {
            let after = Self::new(next.clone());
            let sources = after.states().filter_map(|(key, _)| {
                let (component, executable) = after.names_of(&key)?;
                let names = (component.to_owned(), executable.to_owned());
                Some((names, after.image_source(&key)?))
            });
            let own = self.fixed_ports();
            let ports = after.fixed_ports().into_iter();
            let step = Step::Prepare {
                deployment,
                revision,
                ports: ports
                    .filter(|port| !own.iter().any(|o| (o.0, o.1) == (port.0, port.1)))
                    .map(|(port, protocol, _)| (port, protocol))
                    .collect(),
                pick: after.ports_to_pick(),
                avoid: BTreeSet::new(),
                images: sources.collect(),
                folder: next.folder.clone(),
            };
            self.preparation.busy = true;
            return vec![step];
        };
        if preparation.waits.is_some() {
            return Vec::new();
        }
        let actions = self.guarded_actions(next, images, identity);
        if actions.is_empty() {
            self.preparation.guarded = true;
            return Vec::new();
        }
        self.preparation.guarding = true;
        vec![Step::Guard {
            deployment,
            revision,
            actions,
            patience: guard_timeout,
        }]
    }

    /// The actions that may not be interrupted, of what an update will stop.
    fn guarded_actions(
        &self,
        next: &Order,
        images: &Images,
        identity: &Identity,
    ) -> Vec<(String, Whereabouts)> {
        let (fates, gone) = self.fates(next, &self.preparation.needs, images, identity);
        let after = Self::new(next.clone());
        let changed = fates
            .iter()
            .filter(|(_, fate)| *fate == Fate::Changed)
            .filter_map(|(key, _)| {
                let (component, executable) = after.names_of(key)?;
                self.key_of(component, executable)
            });
        let stopped = changed.chain(gone).filter_map(|key| {
            let executable = self.executable_of(&key)?;
            let at = self.whereabouts(&key, self.state(&key)?, identity)?;
            Some((self.expand_all(&executable.update_guard), at))
        });
        stopped
            .flat_map(|(actions, at)| actions.into_iter().map(move |a| (a, at.clone())))
            .collect()
    }
}
