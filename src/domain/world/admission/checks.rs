//! What is checked before anything changes: the policy, targets, and what there is only once.

use super::super::refusal::Refusal;
use super::super::{LOCAL, World, singleton};
use super::DeployRequest;
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::ports::taken_ports;
use crate::domain::deployment::{Deployment, Order, fixed_ports};
use crate::domain::manifest::{Package, Runtime};

impl World {
    /// Says why a package may not be registered or deployed here, if so.
    ///
    /// # Errors
    /// When the policy does not allow what the package asks of the machine.
    pub fn check_policy(&self, package: &Package, folder: Option<&str>) -> Result<(), Refusal> {
        let refused = self.settings.policy.check(package, folder);
        if refused.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(format!(
            "the policy does not allow what {} asks for: {}",
            package.label(),
            refused.join("; ")
        )))
    }

    /// Whether another deployment has the name, or what there is only once.
    pub(in crate::domain::world) fn check_free(
        &self,
        name: &str,
        package: &Package,
        group: &str,
        updated: Option<&str>,
    ) -> Result<(), Refusal> {
        let living = self.deployments.values().filter(|d| !d.is_over());
        for other in living.filter(|d| updated != Some(d.order.id.as_str())) {
            let other_name = &other.order.name;
            if other_name == name {
                let advice = if other.should_run() {
                    "choose another name, set `replace` to update it, or deprovision it first"
                } else {
                    "it is being taken down; wait until it is gone, or choose another name"
                };
                return Err(Refusal::new(format!(
                    "the name {name:?} is taken by deployment {} ({}, {}); {advice}",
                    other.order.id,
                    other.order.package.label(),
                    other.phase.name()
                )));
            }
            if let Some(refusal) = singleton::refusal(package, group, &other.order) {
                return Err(refusal);
            }
            check_ports(package, &other.order)?;
            if let Some(next) = other.next_order() {
                check_ports(package, next)?;
            }
            self.check_container_names(name, package, other)?;
            self.check_volume_names(name, package, other)?;
        }
        Ok(())
    }

    /// `a` with component `b-c` and `a-b` with component `c` would both have a container `a-b-c`.
    fn check_container_names(
        &self,
        name: &str,
        package: &Package,
        other: &Deployment,
    ) -> Result<(), Refusal> {
        let prefix = &self.settings.identity.prefix;
        let taken = container_names(prefix, &other.order.name, &other.order.package);
        match container_names(prefix, name, package)
            .into_iter()
            .find(|n| taken.contains(n))
        {
            None => Ok(()),
            Some(container) => Err(Refusal::new(format!(
                "its container would be called {container:?}, like one of deployment {:?}; choose \
                 another name",
                other.order.name
            ))),
        }
    }
}

pub(super) fn check_targets(request: &DeployRequest, package: &Package) -> Result<(), Refusal> {
    for (component, target) in &request.targets {
        if !package.components.iter().any(|c| &c.name == component) {
            let known: Vec<&str> = package.components.iter().map(|c| c.name.as_str()).collect();
            return Err(Refusal::new(format!(
                "package {} has no component {component:?}; it has: {}",
                package.label(),
                known.join(", ")
            )));
        }
        if target != LOCAL {
            return Err(Refusal::new(format!(
                "there is no device {target:?} for component {component:?}; there is: {LOCAL}"
            )));
        }
    }
    match package
        .components
        .iter()
        .find(|c| c.runtime == Runtime::Cloud)
    {
        None => Ok(()),
        Some(component) => Err(Refusal::new(format!(
            "component {:?} of package {} runs on the cloud, and no cluster is set up; only the \
             device {LOCAL:?} is",
            component.name,
            package.label()
        ))),
    }
}

/// Two packages that are deployed together.
pub(super) fn check_ports_between(package: &Package, other: &Package) -> Result<(), Refusal> {
    let taken = fixed_ports(other);
    for (port, protocol, endpoint) in fixed_ports(package) {
        if let Some((.., theirs)) = taken.iter().find(|(p, t, _)| *p == port && *t == protocol) {
            return Err(Refusal::new(format!(
                "port {port} is wanted by endpoint {endpoint:?} of {} and by endpoint {theirs:?} \
                 of {}",
                package.label(),
                other.label()
            )));
        }
    }
    Ok(())
}

fn check_ports(package: &Package, other: &Order) -> Result<(), Refusal> {
    for (port, protocol, endpoint) in fixed_ports(package) {
        let taken = taken_ports(other);
        if let Some((.., theirs)) = taken.iter().find(|(p, t, _)| *p == port && *t == protocol) {
            return Err(Refusal::new(format!(
                "port {port} of endpoint {endpoint:?} is taken by endpoint {theirs:?} of \
                 deployment {:?}; choose another host_port, or leave it out for a free one",
                other.name
            )));
        }
    }
    Ok(())
}

fn container_names(prefix: &str, deployment: &str, package: &Package) -> Vec<String> {
    package
        .components
        .iter()
        .flat_map(|c| {
            c.executables
                .iter()
                .map(|e| container_name(prefix, deployment, &c.name, &e.name))
        })
        .collect()
}
