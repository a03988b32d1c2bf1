//! Which requests are taken. Everything is checked before anything changes.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use super::{LOCAL, WithDependents, World};
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::dependencies::{Binding, Choice, resolve};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::name::check as check_name;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::{Deployment, DeploymentId, Order, Wanted, fixed_ports};
use crate::domain::manifest;
use crate::domain::manifest::parameters::bind;
use crate::domain::manifest::{Package, Runtime};
use crate::domain::time::Now;

/// A request to deploy.
#[derive(Clone, Debug, Default)]
pub struct DeployRequest {
    /// A registered package's name; empty when `manifest` is set.
    pub package: String,
    /// A version or a range of versions; empty for the newest.
    pub version: String,
    /// A manifest in full; empty when `package` is set.
    pub manifest: String,
    /// The deployment's name; empty for the package's.
    pub name: String,
    /// Values of parameters, as YAML.
    pub parameters: Vec<(String, String)>,
    /// Component and device.
    pub targets: Vec<(String, String)>,
    /// Alias and deployment, by id or name.
    pub dependencies: Vec<(String, String)>,
    /// The same id joins the deployment that it made before; empty for none.
    pub request_id: String,
}

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
        for order in self.admit(request, &id, now)? {
            self.touched.insert(order.id.clone());
            self.deployments
                .insert(order.id.clone(), Deployment::new(order));
        }
        Ok(Admission::New(id))
    }

    /// What would be deployed for a request, first things first; the last one has this id.
    ///
    /// # Errors
    /// When anything about the request is wrong.
    pub(super) fn admit(
        &self,
        request: &DeployRequest,
        id: &str,
        now: Now,
    ) -> Result<Vec<Order>, Refusal> {
        let (package, folder) = self.package_of(request)?;
        let name = self.name_for(request, &package)?;
        self.check_policy(&package, folder.as_deref())?;
        check_targets(request, &package)?;
        let parameters = bind(&package, &request.parameters)
            .map_err(|wrong| Refusal::new(format!("{}: {}", package.label(), wrong.join("; "))))?;
        self.check_free(&name, &package)?;
        let (bindings, mut orders) = self.resolve(request, &name, &package, id, now)?;
        orders.push(Order {
            id: id.to_owned(),
            name,
            package,
            folder,
            parameters,
            bindings,
            request_id: request.request_id.clone(),
            created_at: now.wall,
        });
        Ok(orders)
    }

    /// What a deployment is bound to, and what has to be deployed before it. Ids of the latter
    /// begin with `id`.
    fn resolve(
        &self,
        request: &DeployRequest,
        name: &str,
        package: &Package,
        id: &str,
        now: Now,
    ) -> Result<(Vec<Binding>, Vec<Order>), Refusal> {
        let choices: Vec<Choice<'_>> = request
            .dependencies
            .iter()
            .map(|(alias, deployment)| Choice { alias, deployment })
            .collect();
        let candidates = self.candidates();
        let resolution = resolve(package, name, &choices, &candidates, &self.catalogue)?;
        let mut ids: BTreeMap<String, DeploymentId> = BTreeMap::new();
        let mut first: Vec<Order> = Vec::new();
        for (n, planned) in resolution.first.iter().enumerate() {
            let of = &planned.package.package;
            self.check_policy(of, planned.package.folder.as_deref())?;
            check_targets(&DeployRequest::default(), of)?;
            self.check_free(&planned.name, of)?;
            let taken = first.iter().map(|order| &order.package).chain([package]);
            for other in taken {
                check_ports_between(of, other)?;
            }
            let parameters = bind(of, &[])
                .map_err(|wrong| Refusal::new(format!("{}: {}", of.label(), wrong.join("; "))))?;
            let own = format!("{id}-{}", n + 1);
            let bindings = planned.bindings.iter();
            first.push(Order {
                id: own.clone(),
                name: planned.name.clone(),
                package: of.clone(),
                folder: planned.package.folder.clone(),
                parameters,
                bindings: bindings
                    .filter_map(|b| b.settle(|name| ids.get(name).cloned()))
                    .collect(),
                request_id: String::new(),
                created_at: now.wall,
            });
            ids.insert(planned.name.clone(), own);
        }
        let bindings = resolution.bindings.iter();
        let bindings = bindings
            .filter_map(|b| b.settle(|name| ids.get(name).cloned()))
            .collect();
        Ok((bindings, first))
    }

    /// The deployment is on the disk, with what was wanted of it when it was written: that may
    /// begin.
    pub fn saved(&mut self, id: &str, wanted: Wanted) {
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.saved = true;
            deployment.stop_saved |= wanted == Wanted::Stopped;
            self.touched.insert(id.to_owned());
        }
    }

    /// The deployment could not be put on the disk. A new one never was; one that is to be stopped
    /// is stopped all the same, since a full disk must not keep a robot running.
    pub fn discard(&mut self, id: &str) {
        let Some(deployment) = self.deployments.get_mut(id) else {
            return;
        };
        if deployment.saved {
            deployment.stop_saved |= deployment.wanted == Wanted::Stopped;
            self.touched.insert(id.to_owned());
        } else {
            self.deployments.remove(id);
        }
    }

    /// Takes a request to stop a deployment, by id or name. Stopping one twice is no error.
    ///
    /// # Errors
    /// When there is no such deployment, or others depend on it and may not be stopped with it.
    pub fn deprovision(
        &mut self,
        id_or_name: &str,
        dependents: WithDependents,
    ) -> Result<DeploymentId, Refusal> {
        let id = self
            .find(id_or_name)
            .map(|d| d.order.id.clone())
            .ok_or_else(|| self.no_deployment(id_or_name))?;
        match dependents {
            // What is stopped already cannot be kept from it.
            WithDependents::Refuse if self.deployments.get(&id).is_some_and(|d| d.should_run()) => {
                if let Some(refusal) = self.refuse_while_needed(&id) {
                    return Err(refusal);
                }
            }
            WithDependents::Stop => {
                for dependent in self.dependents_of(&id) {
                    self.stop(&dependent, false);
                }
            }
            WithDependents::Refuse | WithDependents::Leave => {}
        }
        self.stop(&id, false);
        Ok(id)
    }

    /// Stops a deployment because its goal was cancelled; one that has succeeded stays.
    pub fn cancel(&mut self, id: &str) {
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

    fn by_request_id(&self, request_id: &str) -> Option<DeploymentId> {
        if request_id.is_empty() {
            return None;
        }
        self.deployments
            .values()
            .find(|d| d.order.request_id == request_id)
            .map(|d| d.order.id.clone())
    }

    fn package_of(&self, request: &DeployRequest) -> Result<(Package, Option<String>), Refusal> {
        match (request.package.is_empty(), request.manifest.is_empty()) {
            (true, true) => Err(Refusal::new(
                "what should be deployed? set `package` to a registered package's name, or \
                 `manifest` to a manifest",
            )),
            (false, false) => Err(Refusal::new(
                "`package` and `manifest` are both set; set one of them",
            )),
            (true, false) => inline_package(&request.manifest).map(|package| (package, None)),
            (false, true) => {
                let CataloguedPackage {
                    package, folder, ..
                } = self.catalogue.find(&request.package, &request.version)?;
                Ok((package.clone(), folder.clone()))
            }
        }
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
    pub(super) fn check_free(&self, name: &str, package: &Package) -> Result<(), Refusal> {
        for other in self.deployments.values().filter(|d| !d.is_over()) {
            let other_name = &other.order.name;
            if other_name == name {
                let advice = if other.should_run() {
                    "choose another name, or deprovision that one first"
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
            if package.singleton && other.order.package.name == package.name {
                return Err(Refusal::new(format!(
                    "package {:?} is a singleton, and {other_name:?} ({}) is a deployment of it \
                     already",
                    package.name, other.order.id
                )));
            }
            check_ports(package, other)?;
            self.check_container_names(name, package, other)?;
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

fn inline_package(text: &str) -> Result<Package, Refusal> {
    let documents = manifest::parse(text, "").map_err(Refusal::manifest)?;
    let mut packages = documents.into_iter().map(|document| document.package);
    let package = packages
        .next()
        .ok_or_else(|| Refusal::new("the manifest is empty"))?;
    if packages.next().is_some() {
        return Err(Refusal::new(
            "the manifest holds several packages; a goal deploys one: register them, then deploy \
             each by its name",
        ));
    }
    Ok(package)
}

fn check_targets(request: &DeployRequest, package: &Package) -> Result<(), Refusal> {
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
fn check_ports_between(package: &Package, other: &Package) -> Result<(), Refusal> {
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

fn check_ports(package: &Package, other: &Deployment) -> Result<(), Refusal> {
    for (port, protocol, endpoint) in fixed_ports(package) {
        let taken = other.fixed_ports();
        if let Some((.., theirs)) = taken.iter().find(|(p, t, _)| *p == port && *t == protocol) {
            return Err(Refusal::new(format!(
                "port {port} of endpoint {endpoint:?} is taken by endpoint {theirs:?} of \
                 deployment {:?}; choose another host_port, or leave it out for a free one",
                other.order.name
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
