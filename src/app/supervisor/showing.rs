//! What is shown of what changed: snapshots, events, and what the dependency graph is to know.

use std::collections::BTreeSet;

use super::Supervisor;
use crate::app::clock;
use crate::domain::deployment::DeploymentId;
use crate::domain::events::{ChangeEvent, changes, remark};
use crate::domain::world::Note;

impl Supervisor {
    pub(super) fn show(&mut self, touched: &BTreeSet<DeploymentId>) {
        let now = clock::now();
        let mut changed =
            self.snapshots.borrow().unreachable.as_deref() != self.world.unreachable();
        let mut observed = false;
        for id in touched {
            // What is not on the disk yet may still be refused.
            if self.world.deployment(id).is_some_and(|d| !d.saved) {
                continue;
            }
            if let Some((before, after)) = self.views.refresh(&mut self.world, id, now) {
                changed = true;
                if after.over {
                    self.effects.list_volumes();
                }
                self.raise(changes(before.as_deref(), &after));
            }
            if let Some(view) = self.views.of_one(id) {
                observed |= self.sightings.refresh(&self.world, &view, now.monotonic);
            }
        }
        let forgotten = self.views.forgotten(&self.world);
        for id in &forgotten {
            tracing::debug!("deployment {id} is not remembered any more");
            changed = true;
        }
        if !forgotten.is_empty() {
            observed |= self.sightings.forget(&forgotten, now.monotonic);
            self.forget_builds(forgotten);
        }
        if observed {
            self.tell_observed();
        }
        if changed {
            self.snapshots
                .send_replace(self.views.snapshot(&self.world));
        }
    }

    /// What was known before the start.
    pub(super) fn observe_all(&mut self) {
        let now = clock::now().monotonic;
        for deployment in self.world.deployments() {
            if let Some(view) = self.views.of_one(&deployment.order.id) {
                self.sightings.refresh(&self.world, &view, now);
            }
        }
        self.tell_observed();
    }

    fn tell_observed(&mut self) {
        let now = clock::now().monotonic;
        let all = self.sightings.all(&self.world, now);
        self.observed.send_replace(all);
    }

    /// Says what belongs to no phase or status: in the log, and as an event if it is about a
    /// deployment.
    pub(super) fn say(&self, note: &Note) {
        let snapshot = self.snapshots.borrow();
        let Some(view) = note.deployment.as_ref().and_then(|id| snapshot.by_id(id)) else {
            tracing::warn!("{}", note.text);
            return;
        };
        let of = note.executable.as_ref();
        let who = of.map_or_else(String::new, |(component, executable)| {
            format!("{component}: {executable}: ")
        });
        tracing::warn!("deployment {}: {who}{}", view.name, note.text);
        let of = of.map(|(component, executable)| (component.as_str(), executable.as_str()));
        self.raise([remark(view, of, &note.text)]);
    }

    fn raise(&self, events: impl IntoIterator<Item = ChangeEvent>) {
        for event in events {
            if self.events.try_send(event).is_err() {
                tracing::error!("events are published too slowly; one is lost");
            }
        }
    }
}
