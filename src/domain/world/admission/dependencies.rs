//! What a request is bound to, and what has to be deployed before it.

use std::collections::BTreeMap;

use super::super::World;
use super::super::refusal::Refusal;
use super::DeployRequest;
use super::checks::{check_ports_between, check_targets};
use crate::domain::dependencies::{Binding, Choice, resolve};
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::{DeploymentId, Order};
use crate::domain::manifest::Package;
use crate::domain::manifest::parameters::bind;
use crate::domain::time::Now;

impl World {
    /// What a deployment is bound to, and what has to be deployed before it. Ids of the latter
    /// begin with `id`.
    pub(super) fn resolve(
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
}
