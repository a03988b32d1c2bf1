//! Requests to stop what was deployed.

use super::super::refusal::Refusal;
use super::super::{WithDependents, World};
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::{Deployment, DeploymentId, Wanted};

impl World {
    /// Takes a request to stop a deployment, by id or name. Stopping one twice is no error.
    ///
    /// # Errors
    /// When there is no such deployment, or others depend on it and may not be stopped with it.
    pub fn deprovision(
        &mut self,
        id_or_name: &str,
        dependents: WithDependents,
    ) -> Result<DeploymentId, Refusal> {
        let plan = self.plan_stop(id_or_name, dependents)?;
        for (stopped, _) in &plan.stops {
            self.stop(stopped, false);
        }
        // One that failed and is over is a stopped one from now on.
        self.stop(&plan.id, false);
        Ok(plan.id)
    }

    /// Stops a deployment because its goal was cancelled; one that has succeeded stays. An update is
    /// undone.
    pub fn cancel(&mut self, id: &str) {
        if self.cancel_update(id) {
            return;
        }
        let succeeded = |d: &Deployment| d.phase == Phase::Succeeded;
        if !self.deployments.get(id).is_some_and(succeeded) {
            self.stop(id, true);
        }
    }

    fn stop(&mut self, id: &str, canceled: bool) {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        if deployment.wanted == Wanted::Running {
            deployment.canceled = canceled;
            deployment.stop_saved = false;
        }
        deployment.wanted = Wanted::Stopped;
        for state in deployment.states_mut() {
            state.not_before = None;
        }
        self.touched.insert(id.to_owned());
    }

    /// Why there is no such deployment, in words.
    pub fn no_deployment(&self, id_or_name: &str) -> Refusal {
        if id_or_name.is_empty() {
            return Refusal::new("which deployment? give its id or its name");
        }
        let names: Vec<&str> = self
            .deployments()
            .iter()
            .filter(|d| !d.is_over())
            .map(|d| d.order.name.as_str())
            .collect();
        Refusal::new(if names.is_empty() {
            format!("there is no deployment {id_or_name:?}; nothing is deployed")
        } else {
            format!(
                "there is no deployment {id_or_name:?}; there are: {}",
                names.join(", ")
            )
        })
    }
}
