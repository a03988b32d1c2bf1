//! Containers that somebody renamed.

use crate::domain::container::ContainerFacts;
use crate::domain::deployment::containers::Identity;
use crate::domain::deployment::executable::Operation;
use crate::domain::deployment::{Deployment, ExecutableKey};

impl Deployment {
    pub(super) fn is_renamed(&self, key: &ExecutableKey, identity: &Identity) -> bool {
        let state = self
            .executables
            .get(key.component)
            .and_then(|states| states.get(key.executable));
        let name = state.and_then(|s| s.container.as_ref()).map(|c| &c.name);
        name.is_some_and(|name| {
            !name.is_empty() && self.own_name(key, identity).as_ref() != Some(name)
        })
    }

    /// What somebody renamed a container to, in words, when the news is new.
    pub fn renamed_by_hand(
        &mut self,
        key: &ExecutableKey,
        identity: &Identity,
        facts: &ContainerFacts,
    ) -> Option<String> {
        let own = self.own_name(key, identity)?;
        let state = self.state_mut(key)?;
        let renamed = facts.name != own && state.operation != Some(Operation::Rename);
        let news = renamed && state.renamed_to.as_ref() != Some(&facts.name);
        state.renamed_to = renamed.then(|| facts.name.clone());
        news.then(|| format!("was renamed by hand to {}", facts.name))
    }
}
