//! Whether what is deployed finds in what it is bound to all that it refers to.

use super::World;
use super::refusal::Refusal;
use crate::domain::deployment::Order;
use crate::domain::deployment::references::missing;
use crate::domain::manifest::Package;

impl World {
    /// Says what is referred to in `orders`, which are deployed together, and is not there.
    pub(super) fn check_references(&self, orders: &[Order]) -> Result<(), Refusal> {
        let package_of = |id: &str| -> Option<&Package> {
            let planned = orders.iter().find(|order| order.id == id);
            let order = planned.or_else(|| self.deployment(id).map(|d| &d.order))?;
            Some(&order.package)
        };
        let problems: Vec<String> = orders
            .iter()
            .flat_map(|order| order.bindings.iter().map(move |binding| (order, binding)))
            .filter_map(|(order, b)| Some((order, &b.alias, package_of(&b.deployment)?)))
            .flat_map(|(order, alias, other)| {
                let label = order.package.label();
                let missing = missing(&order.package, alias, other).into_iter();
                missing.map(move |problem| format!("{label}: {problem}"))
            })
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Refusal::new(problems.join("; "))),
        }
    }
}
