//! What becomes of each executable: the containers that were and that are to be are compared.

use std::collections::BTreeMap;

use crate::domain::container::{ContainerFacts, ContainerSpec, labels};
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::needs::Need;
use crate::domain::deployment::{Deployment, ExecutableKey, Order};

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
}

fn without_labels(mut spec: ContainerSpec) -> ContainerSpec {
    spec.labels.clear();
    spec
}
