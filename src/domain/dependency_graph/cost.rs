//! What stops would cost, in words.

use std::collections::BTreeSet;

use super::{ContainerState, EdgeKind, Loss, Observation};

/// What others would lose, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// What they would lose.
    pub losses: Vec<Loss>,
    /// The ROS domains that are not seen at the moment, where they may lose more.
    pub unseen: Vec<u8>,
}

impl Cost {
    /// Who would lose what, dependencies first and `most` things at most; and what is not known.
    pub fn in_words(&self, most: usize) -> String {
        let mut losses: Vec<&Loss> = self.losses.iter().collect();
        losses.sort_by_key(|loss| (loss.kind != EdgeKind::Dependency, !loss.through.is_empty()));
        let shown = losses.iter().take(most).map(|loss| loss.text.clone());
        let mut parts: Vec<String> = shown.collect();
        match losses.len().saturating_sub(most) {
            _ if losses.is_empty() => parts.push("nobody would lose anything".to_owned()),
            0 => {}
            left_out => parts.push(format!("... and {left_out} more")),
        }
        if !self.unseen.is_empty() {
            let domains: Vec<String> = self.unseen.iter().map(u8::to_string).collect();
            parts.push(format!(
                "the ROS graph of domain {} is not seen yet, so that there may be more",
                domains.join(" and ")
            ));
        }
        parts.join("; ")
    }
}

impl Observation {
    /// The ROS domains of containers that run and whose graph is not seen.
    pub fn unseen(&self) -> Vec<u8> {
        let containers = self.deployments.iter().flat_map(|it| &it.containers);
        let running = containers.filter(|it| it.state != ContainerState::Ended);
        let used: BTreeSet<u8> = running.map(|it| it.domain_id).collect();
        let is_unseen = |domain: &u8| !self.domains.contains_key(domain);
        used.into_iter().filter(is_unseen).collect()
    }
}
