//! How the nodes of a deployment join the ROS graph: as its package says, or as those do that it
//! takes it over from.

use std::collections::BTreeMap;

use super::Deployment;
use super::needs::Need;
use crate::domain::manifest::{Component, TakeOver};

/// The namespace of nodes that have none.
const ROOT: &str = "/";

/// How the nodes of a component join the ROS graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ros {
    /// Their namespace.
    pub namespace: String,
    /// Their domain.
    pub domain_id: u8,
    /// What they call names instead.
    pub remappings: BTreeMap<String, String>,
}

impl Ros {
    /// What follows `--ros-args` for it.
    pub fn as_args(&self) -> Vec<String> {
        let namespace = (self.namespace != ROOT).then(|| format!("__ns:={}", self.namespace));
        let remappings = { self.remappings.iter() }.map(|(from, to)| format!("{from}:={to}"));
        let rules = namespace.into_iter().chain(remappings);
        rules.flat_map(|rule| ["-r".to_owned(), rule]).collect()
    }
}

/// The same for a whole deployment, as far as it is the same for all of its components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedRos {
    /// Their namespace.
    pub namespace: Option<String>,
    /// Their domain.
    pub domain_id: Option<u8>,
    /// What they call names instead.
    pub remappings: Option<BTreeMap<String, String>>,
}

impl Deployment {
    /// How the nodes of a component join the ROS graph. `own_domain` is shipmate's.
    pub fn ros_of(&self, component: &Component, own_domain: u8) -> Ros {
        let said = &component.ros;
        let own = said.namespace.as_ref().map(|text| self.expand(text));
        let taken = || {
            let mut from = self.taken_over(TakeOver::Namespace);
            from.find_map(|need| need.offers.ros().namespace.clone())
        };
        let namespace = own.or_else(taken).unwrap_or_else(|| ROOT.to_owned());
        let taken = || {
            let mut from = self.taken_over(TakeOver::DomainId);
            from.find_map(|need| need.offers.ros().domain_id)
        };
        let domain_id = said.domain_id.or_else(taken).unwrap_or(own_domain);
        let mut remappings: BTreeMap<String, String> = self
            .taken_over(TakeOver::Remappings)
            .flat_map(|need| need.offers.ros().remappings.clone().unwrap_or_default())
            .collect();
        let own = said.remappings.iter();
        remappings.extend(own.map(|(from, to)| (from.clone(), self.expand(to))));
        Ros {
            namespace,
            domain_id,
            remappings,
        }
    }

    /// Those from which something is taken over.
    fn taken_over(&self, what: TakeOver) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(move |need| {
            let declared = self.order.package.depends_on.get(&need.alias);
            declared.is_some_and(|d| d.take_over.contains(&what))
        })
    }

    /// What others may take over of it.
    pub(super) fn offered_ros(&self, own_domain: u8) -> OfferedRos {
        let components = self.order.package.components.iter();
        let all: Vec<Ros> = components.map(|c| self.ros_of(c, own_domain)).collect();
        let Some(first) = all.first() else {
            return OfferedRos::default();
        };
        let same = |differs: fn(&Ros, &Ros) -> bool| !all.iter().any(|ros| differs(first, ros));
        OfferedRos {
            namespace: same(|a, b| a.namespace != b.namespace).then(|| first.namespace.clone()),
            domain_id: same(|a, b| a.domain_id != b.domain_id).then_some(first.domain_id),
            remappings: same(|a, b| a.remappings != b.remappings).then(|| first.remappings.clone()),
        }
    }
}
