//! What is asked of the loop.

use super::Supervisor;
use crate::app::clock;
use crate::app::read_packages::read;
use crate::app::request::{Input, PackageSource, Reply, Request};
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::DeploymentId;
use crate::domain::world::Admission;
use crate::domain::world::refusal::Refusal;

impl Supervisor {
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Deploy(request, reply) => {
                let id = fresh_id();
                match self.world.deploy(&request, id, clock::now()) {
                    Ok(Admission::New(id)) => self.waiting.entry(id).or_default().push(reply),
                    Ok(Admission::Joined(id)) => self.answer_when_saved(id, reply),
                    Err(refusal) => self.answers.push((reply, Err(refusal))),
                }
            }
            Request::Plan(request, reply) => {
                drop(reply.send(self.world.plan(&request, clock::now())));
            }
            Request::Deprovision(which, dependents, reply) => {
                match self.world.deprovision(&which, dependents) {
                    Ok(id) => self.waiting.entry(id).or_default().push(reply),
                    Err(refusal) => self.answers.push((reply, Err(refusal))),
                }
            }
            Request::PlanStop(which, dependents, reply) => {
                drop(reply.send(self.world.plan_stop(&which, dependents)));
            }
            Request::Cancel(id) => self.world.cancel(&id),
            Request::Register {
                source,
                replace,
                reply,
            } => self.read(source, replace, reply),
            Request::Unregister(name, version, reply) => {
                match self.world.catalogue.matching(&name, &version) {
                    Ok(packages) => self.write(self.saver.unregister(packages, reply)),
                    Err(refusal) => drop(reply.send(Err(refusal))),
                }
            }
            Request::ListPackages(name, reply) => {
                let all = self.world.catalogue.all();
                let packages = all.filter(|p| name.is_empty() || p.package.name == name);
                drop(reply.send(Ok(packages.cloned().collect())));
            }
        }
    }

    fn answer_when_saved(&mut self, id: DeploymentId, reply: Reply<DeploymentId>) {
        if self.world.deployment(&id).is_some_and(|d| d.saved) {
            self.answers.push((reply, Ok(id)));
        } else {
            self.waiting.entry(id).or_default().push(reply);
        }
    }

    /// Reads manifests outside of the loop: a file may lie on a slow disk, a text may be long.
    fn read(&self, source: PackageSource, replace: bool, reply: Reply<Vec<CataloguedPackage>>) {
        let inputs = self.inputs_sender.clone();
        let now = clock::now().wall;
        self.tasks.spawn_blocking(move || {
            let packages = read(&source, now);
            let input = Input::Read {
                packages,
                replace,
                reply,
            };
            inputs.blocking_send(input).ok();
        });
    }

    pub(super) fn register(
        &mut self,
        packages: Result<Vec<CataloguedPackage>, Refusal>,
        replace: bool,
        reply: Reply<Vec<CataloguedPackage>>,
    ) {
        match packages.and_then(|packages| self.admit(packages, replace)) {
            Ok(packages) => self.write(self.saver.register(packages, reply)),
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }

    fn admit(
        &self,
        packages: Vec<CataloguedPackage>,
        replace: bool,
    ) -> Result<Vec<CataloguedPackage>, Refusal> {
        for p in &packages {
            self.world.check_policy(&p.package, p.folder.as_deref())?;
        }
        let catalogue = &self.world.catalogue;
        match { catalogue.refuses(&packages, replace) }.or_else(|| catalogue.lacks(&packages)) {
            Some(refusal) => Err(refusal),
            None => Ok(packages),
        }
    }
}

/// A new deployment's id.
fn fresh_id() -> DeploymentId {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("dep-{}", id.get(..12).unwrap_or(&id))
}
