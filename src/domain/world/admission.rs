//! Which requests are taken. Everything is checked before anything changes.

mod checks;
mod dependencies;
mod package;
mod request;
mod stop;

use super::World;
use super::refusal::Refusal;
use super::singleton::check_group;
use crate::domain::deployment::name::check as check_name;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::{Deployment, DeploymentId, Order, Wanted};
use crate::domain::manifest::Package;
use crate::domain::manifest::parameters::bind;
use crate::domain::time::Now;
use checks::check_targets;
pub use request::DeployRequest;
use request::named;

/// What became of a request to deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A new deployment; nothing is begun until [`World::saved`] is called.
    New(DeploymentId),
    /// The deployment that the same request made before.
    Joined(DeploymentId),
}

impl World {
    /// Takes a request to deploy, or says why not. `id` is used for a new deployment.
    ///
    /// # Errors
    /// When anything about the request is wrong; then nothing was changed.
    pub fn deploy(
        &mut self,
        request: &DeployRequest,
        id: DeploymentId,
        now: Now,
    ) -> Result<Admission, Refusal> {
        if let Some(known) = self.by_request_id(&request.request_id) {
            return Ok(Admission::Joined(known));
        }
        let mut made = id.clone();
        for order in self.admit(request, &id, now)? {
            made.clone_from(&order.id);
            self.touched.insert(order.id.clone());
            match self.deployments.get_mut(&order.id) {
                Some(deployment) => deployment.begin_update(order),
                None => {
                    self.deployments
                        .insert(order.id.clone(), Deployment::new(order));
                }
            }
        }
        Ok(Admission::New(made))
    }

    /// What would be deployed for a request, first things first; the last one has this id, or that
    /// of the deployment that it updates.
    ///
    /// # Errors
    /// When anything about the request is wrong.
    pub(super) fn admit(
        &self,
        request: &DeployRequest,
        id: &str,
        now: Now,
    ) -> Result<Vec<Order>, Refusal> {
        let updated = self.to_update(request);
        let (package, folder) = self.package_of(request, updated)?;
        let name = self.name_for(request, &package)?;
        check_group(&request.group)?;
        // A manifest in full says only now what it is called.
        let updated = updated.or_else(|| self.to_update(&named(request, &name)));
        let completed = match updated {
            None => request.clone(),
            Some(deployment) => {
                if let Some(refusal) = self.refuse_update(deployment, &package) {
                    return Err(refusal);
                }
                self.with_what_was(request, &deployment.order, &package)
            }
        };
        let request = &completed;
        self.check_policy(&package, folder.as_deref())?;
        check_targets(request, &package)?;
        let parameters = bind(&package, &request.parameters)
            .map_err(|wrong| Refusal::new(format!("{}: {}", package.label(), wrong.join("; "))))?;
        let own = updated.map(|d| d.order.id.as_str());
        self.check_free(&name, &package, &request.group, own)?;
        let (bindings, mut orders) = self.resolve(request, &name, &package, id, now)?;
        let order = Order {
            id: id.to_owned(),
            name,
            package,
            folder,
            parameters,
            bindings,
            ports: PickedPorts::new(),
            request_id: request.request_id.clone(),
            update_id: String::new(),
            revision: 1,
            group: request.group.clone(),
            created_at: now.wall,
        };
        orders.push(match updated {
            None => order,
            Some(deployment) => {
                if let Some(refusal) = self.refuse_circle(deployment, &order.bindings) {
                    return Err(refusal);
                }
                let was = &deployment.order;
                Order {
                    id: was.id.clone(),
                    ports: deployment.ports_kept_by(&order.package),
                    update_id: order.request_id,
                    request_id: was.request_id.clone(),
                    revision: was.revision.saturating_add(1),
                    created_at: was.created_at,
                    ..order
                }
            }
        });
        self.check_references(&orders)?;
        Ok(orders)
    }

    /// The deployment is on the disk, with what was wanted of it when it was written, and with as many
    /// steps of updates: that may begin.
    pub fn saved(&mut self, id: &str, wanted: Wanted, change: u32) {
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.saved = true;
            deployment.change_saved |= change >= deployment.change;
            deployment.stop_saved |= wanted == Wanted::Stopped;
            self.touched.insert(id.to_owned());
        }
    }

    /// The deployment could not be put on the disk. A new one never was, nor was an update that was
    /// just asked for; one that is to be stopped is stopped all the same, since a full disk must not
    /// keep a robot running.
    pub fn discard(&mut self, id: &str) {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        if deployment.saved {
            deployment.stop_saved |= deployment.wanted == Wanted::Stopped;
            deployment.change_not_saved();
            self.touched.insert(id.to_owned());
        } else {
            self.deployments.remove(id);
        }
    }

    fn by_request_id(&self, request_id: &str) -> Option<DeploymentId> {
        if request_id.is_empty() {
            return None;
        }
        self.deployments
            .values()
            .find(|d| d.has_request(request_id))
            .map(|d| d.order.id.clone())
    }

    fn name_for(&self, request: &DeployRequest, package: &Package) -> Result<String, Refusal> {
        let name = if request.name.is_empty() {
            package.name.clone()
        } else {
            request.name.clone()
        };
        check_name(&name)
            .map_err(|why| Refusal::new(format!("the deployment's name {name:?} {why}")))?;
        Ok(name)
    }
}
