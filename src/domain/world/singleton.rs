//! Packages of which there is only one deployment, or one in each group.

use super::refusal::Refusal;
use crate::domain::deployment::Order;
use crate::domain::deployment::name::check as check_name;
use crate::domain::manifest::{Package, Scope};

/// Says what is wrong with a group's name, if anything.
///
/// # Errors
/// When it is not what a deployment could be called, and not empty.
pub fn check_group(group: &str) -> Result<(), Refusal> {
    if group.is_empty() {
        return Ok(());
    }
    check_name(group).map_err(|why| Refusal::new(format!("the group's name {group:?} {why}")))
}

/// Why `package` cannot be deployed in `group` while `other` lives, if it is a singleton.
pub fn refusal(package: &Package, group: &str, other: &Order) -> Option<Refusal> {
    let scope = package.singleton.scope()?;
    let same_group = other.group == group;
    if other.package.name != package.name || (scope == Scope::Group && !same_group) {
        return None;
    }
    let (one, place) = match scope {
        Scope::Node => ("a singleton", of_group(&other.group)),
        Scope::Group => ("a singleton of its group", format!(" in {}", named(group))),
    };
    Some(Refusal::new(format!(
        "package {:?} is {one}, and {:?} ({}){place} is a deployment of it already",
        package.name, other.name, other.id
    )))
}

fn of_group(group: &str) -> String {
    match group {
        "" => String::new(),
        group => format!(" in {}", named(group)),
    }
}

fn named(group: &str) -> String {
    match group {
        "" => "the group without a name".to_owned(),
        group => format!("group {group:?}"),
    }
}
