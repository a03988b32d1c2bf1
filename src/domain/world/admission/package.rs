//! Which package is meant.

use super::super::World;
use super::super::refusal::Refusal;
use super::DeployRequest;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::Deployment;
use crate::domain::manifest::{self, Package};

impl World {
    /// The package that is asked for, and the folder of its manifest. An update that names none means
    /// the deployment's own.
    pub(super) fn package_of(
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
