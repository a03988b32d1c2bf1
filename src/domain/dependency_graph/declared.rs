//! What a package says that it puts on the ROS graph.

use std::collections::BTreeMap;

use super::observation::{Declared, DeclaredKind};
use crate::domain::manifest::templates::expand;
use crate::domain::manifest::{Package, Scalar};

/// In the order of the keys of `ros`.
const KINDS: [DeclaredKind; 6] = [
    DeclaredKind::Publishes,
    DeclaredKind::Subscribes,
    DeclaredKind::Serves,
    DeclaredKind::Calls,
    DeclaredKind::ActionServer,
    DeclaredKind::ActionClient,
];

impl Declared {
    /// All that a package says, with the parameters' values.
    pub fn all(package: &Package, values: &BTreeMap<String, Scalar>) -> Vec<Self> {
        let mut all = Vec::new();
        for component in &package.components {
            for (kind, (_, names)) in KINDS.into_iter().zip(component.ros.declared()) {
                all.extend(names.iter().map(|name| Self {
                    kind,
                    // The manifest's check has ruled out references that lead nowhere.
                    name: expand(name, values).unwrap_or_else(|_| name.clone()),
                    component: component.name.clone(),
                }));
            }
        }
        all
    }
}
