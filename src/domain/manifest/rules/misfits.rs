//! What the values of a goal make of a manifest that cannot be.

use std::collections::BTreeMap;

use super::{declared, probes, ros};
use crate::domain::manifest::{Package, Scalar};

/// What cannot be with these values of the parameters, as sentences.
pub fn misfits(package: &Package, values: &BTreeMap<String, Scalar>) -> Vec<String> {
    let mut problems = probes::misfits(package, values);
    problems.extend(ros::misfits(package, values));
    let components = package.components.iter();
    problems.extend(components.flat_map(|component| declared::misfits(component, values)));
    problems
}
