//! What a request to stop a deployment would do. The request itself does just that.

use super::refusal::Refusal;
use super::{WithDependents, World};
use crate::domain::deployment::DeploymentId;

/// What a request to stop a deployment would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStop {
    /// The deployment's id.
    pub id: DeploymentId,
    /// Its name.
    pub name: String,
    /// Whether nothing of it is left: then it is not among `stops`.
    pub is_over: bool,
    /// The ids and names of what would be stopped, in this order.
    pub stops: Vec<(DeploymentId, String)>,
}

impl PlannedStop {
    /// In words.
    pub fn in_words(&self) -> String {
        let names: Vec<&str> = self.stops.iter().map(|(_, name)| name.as_str()).collect();
        let names = names.join(", then ");
        let name = &self.name;
        match (self.is_over, self.stops.as_slice()) {
            (true, []) => format!("{name} is over already: nothing would be stopped"),
            (true, _) => format!("{name} is over already; would stop {names}"),
            (false, _) => format!("would stop {names}"),
        }
    }
}

impl World {
    /// What a request to stop a deployment, by id or name, would stop.
    ///
    /// # Errors
    /// When there is no such deployment, or others depend on it and may not be stopped with it.
    pub fn plan_stop(
        &self,
        id_or_name: &str,
        dependents: WithDependents,
    ) -> Result<PlannedStop, Refusal> {
        let deployment = { self.find(id_or_name) }.ok_or_else(|| self.no_deployment(id_or_name))?;
        let id = &deployment.order.id;
        let first = match dependents {
            // What is stopped already cannot be kept from it.
            WithDependents::Refuse if deployment.should_run() => {
                match self.refuse_while_needed(id) {
                    Some(refusal) => return Err(refusal),
                    None => Vec::new(),
                }
            }
            WithDependents::Stop => self.dependents_of(id),
            WithDependents::Refuse | WithDependents::Leave => Vec::new(),
        };
        let is_over = deployment.is_over();
        let first = first.iter().filter_map(|id| self.deployment(id));
        let stops = first.chain((!is_over).then_some(deployment));
        Ok(PlannedStop {
            id: id.clone(),
            name: deployment.order.name.clone(),
            is_over,
            stops: stops
                .map(|it| (it.order.id.clone(), it.order.name.clone()))
                .collect(),
        })
    }
}
