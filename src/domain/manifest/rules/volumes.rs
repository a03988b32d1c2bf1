//! Volumes of a component's own are mounted, and somebody can write to them.

use super::Report;
use crate::domain::manifest::{Component, Mount, Package};
use crate::domain::yaml::{below, closest};

pub fn check(package: &Package, report: &mut Report) {
    for (index, component) in package.components.iter().enumerate() {
        let path = format!("components[{index}]");
        if report.is_broken(&format!("{path}.executables")) {
            continue;
        }
        for name in component.volumes.keys() {
            let path = below(&format!("{path}.volumes"), name);
            check_volume(name, component, &path, report);
        }
    }
    check_names(package, report);
}

fn check_volume(name: &str, component: &Component, path: &str, report: &mut Report) {
    let mut mounts = mounts(component).filter(|m| m.source == name).peekable();
    if mounts.peek().is_none() {
        report.add(path, unused(name, component));
    } else if mounts.all(|mount| mount.read_only) {
        let message = format!(
            "every mount of `{name}` is read-only, so nothing can come into it: leave `read_only` \
             out where it is written"
        );
        report.add(path, message);
    }
}

fn mounts(component: &Component) -> impl Iterator<Item = &Mount> {
    component.executables.iter().flat_map(|e| &e.mounts)
}

fn unused(name: &str, component: &Component) -> String {
    let undeclared = mounts(component)
        .filter(|m| m.is_volume() && !component.volumes.contains_key(&m.source))
        .map(|m| m.source.as_str());
    let advice = match closest(name, undeclared) {
        Some(close) => format!("is the mount of `{close}` meant for it?"),
        None => "mount it, or leave it out".to_owned(),
    };
    format!("no executable of the component mounts the volume `{name}`: {advice}")
}

/// Volumes are called component-name, and two pairs can give the same.
fn check_names(package: &Package, report: &mut Report) {
    let components = package.components.iter().enumerate();
    let names: Vec<_> = components
        .filter(|(index, _)| !report.is_broken(&format!("components[{index}].name")))
        .flat_map(|(index, component)| {
            let path = format!("components[{index}].volumes");
            let names = component.volumes.keys();
            names.map(move |name| (below(&path, name), format!("{}-{name}", component.name)))
        })
        .collect();
    report.unique(names, |volume, line| {
        format!("this volume would be called `{volume}`, like the one in line {line}: rename one of them")
    });
}
