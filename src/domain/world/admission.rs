//! Which requests are taken. Everything is checked before anything changes.

use std::collections::BTreeMap;
use std::fmt;

use super::refusal::Refusal;
use super::singleton::{self, check_group};
use super::{LOCAL, WithDependents, World};
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::dependencies::{Binding, Choice, resolve};
use crate::domain::deployment::containers::container_name;
use crate::domain::deployment::name::check as check_name;
use crate::domain::deployment::phase::Phase;
use crate::domain::deployment::ports::{PickedPorts, taken_ports};
use crate::domain::deployment::{Deployment, DeploymentId, Order, Wanted, fixed_ports};
use crate::domain::manifest;
use crate::domain::manifest::parameters::bind;
use crate::domain::manifest::{Package, Runtime};
use crate::domain::time::Now;

/// A request to deploy.
#[derive(Clone, Default)]
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
    /// Whether it changes the deployment of this name, if there is one.
    pub replace: bool,
    /// The group that it is in; empty for the one without a name.
    pub group: String,
}

/// Without the values of parameters: which of them are secrets is known to the package only.
impl fmt::Debug for DeployRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<&String> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("DeployRequest")
            .field("package", &self.package)
            .field("version", &self.version)
            .field("name", &self.name)
            .field("parameters", &parameters)
            .finish_non_exhaustive()
    }
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
        let candidates = self.candidates(&request.group);
        let resolution = resolve(package, name, &choices, &candidates, &self.catalogue)?;
        let mut ids: BTreeMap<String, DeploymentId> = BTreeMap::new();
        let mut first: Vec<Order> = Vec::new();
        for (n, planned) in resolution.first.iter().enumerate() {
            let of = &planned.package.package;
            self.check_policy(of, planned.package.folder.as_deref())?;
            check_targets(&DeployRequest::default(), of)?;
            self.check_free(&planned.name, of, &request.group, None)?;
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
                ports: PickedPorts::new(),
                request_id: String::new(),
                update_id: String::new(),
                revision: 1,
                group: request.group.clone(),
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

    fn by_request_id(&self, request_id: &str) -> Option<DeploymentId> {
        if request_id.is_empty() {
            return None;
        }
        self.deployments
            .values()
            .find(|d| d.has_request(request_id))
            .map(|d| d.order.id.clone())
    }

    /// The package that is asked for, and the folder of its manifest. An update that names none means
    /// the deployment's own.
    fn package_of(
        &self,
        request: &DeployRequest,
        updated: Option<&Deployment>,
    ) -> Result<(Package, Option<String>), Refusal> {
        if let Some(deployment) = updated
            && request.package.is_empty()
            && request.manifest.is_empty()
        {
            let order = &deployment.order;
            if request.version.is_empty() {
                return Ok((order.package.clone(), order.folder.clone()));
            }
            let found = self.catalogue.find(&order.package.name, &request.version)?;
            return Ok((found.package.clone(), found.folder.clone()));
        }
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
    pub(super) fn check_free(
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

/// The same request, with the name that the deployment gets.
fn named(request: &DeployRequest, name: &str) -> DeployRequest {
    DeployRequest {
        name: name.to_owned(),
        ..request.clone()
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
