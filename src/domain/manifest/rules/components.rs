//! Names are unique, endpoints lead somewhere, and no port of the machine is taken twice.

use std::collections::HashSet;

use super::Report;
use crate::domain::manifest::{Component, Endpoint, Executable, Network, Package};
use crate::domain::yaml::{below, closest};

pub fn check(package: &Package, report: &mut Report) {
    let components = || {
        package
            .components
            .iter()
            .enumerate()
            .map(|(index, component)| (format!("components[{index}]"), component))
    };
    let names =
        components().map(|(path, component)| (format!("{path}.name"), component.name.as_str()));
    report.unique(names, |name, line| {
        format!("there is a component `{name}` already, in line {line}")
    });
    for (path, component) in components() {
        check_names(component, &path, report);
        for (index, endpoint) in component.endpoints.iter().enumerate() {
            check_endpoint(endpoint, component, &path, index, report);
        }
    }
    check_exposed(package, report);
    check_container_names(package, report);
    check_ports(package, report);
}

/// Dependents get the variables of all components, under one alias.
fn check_exposed(package: &Package, report: &mut Report) {
    let names = package.components.iter().enumerate();
    let names = names.flat_map(|(index, component)| {
        let path = format!("components[{index}].exposes");
        let names = component.exposes.keys();
        names.map(move |name| (below(&path, name), name.as_str()))
    });
    report.unique(names, |name, line| {
        format!("`{name}` is exposed already, in line {line}")
    });
}

fn check_names(component: &Component, path: &str, report: &mut Report) {
    let executables = component.executables.iter().enumerate();
    let names = executables.map(|(index, executable)| {
        (
            format!("{path}.executables[{index}].name"),
            executable.name.as_str(),
        )
    });
    report.unique(names, |name, line| {
        format!("there is an executable `{name}` already, in line {line}")
    });
    let endpoints = component.endpoints.iter().enumerate();
    let names = endpoints.map(|(index, endpoint)| {
        (
            format!("{path}.endpoints[{index}].name"),
            endpoint.name.as_str(),
        )
    });
    report.unique(names, |name, line| {
        format!("there is an endpoint `{name}` already, in line {line}")
    });
}

/// Containers are called component-executable, and two pairs of names can give the same.
fn check_container_names(package: &Package, report: &mut Report) {
    let mut pairs = HashSet::new();
    let mut names = Vec::new();
    for (c, component) in package.components.iter().enumerate() {
        if report.is_broken(&format!("components[{c}].name")) {
            continue;
        }
        for (e, executable) in component.executables.iter().enumerate() {
            // Equal pairs have been reported as such.
            if pairs.insert((&component.name, &executable.name)) {
                let path = format!("components[{c}].executables[{e}].name");
                names.push((path, format!("{}-{}", component.name, executable.name)));
            }
        }
    }
    report.unique(names, |container, line| {
        format!("this container would be called `{container}`, like the one in line {line}: rename one of them")
    });
}

fn check_endpoint(
    endpoint: &Endpoint,
    component: &Component,
    path: &str,
    index: usize,
    report: &mut Report,
) {
    let endpoint_path = format!("{path}.endpoints[{index}]");
    let host_port = format!("{endpoint_path}.host_port");
    if endpoint.host_port.is_some()
        && !endpoint.external
        && !report.is_broken(&format!("{endpoint_path}.external"))
    {
        report.add(
            &host_port,
            "only an external endpoint has a port on the machine: add `external: true`".to_owned(),
        );
    }
    if report.is_broken(&format!("{path}.executables")) {
        return;
    }
    let Some(executable) = listener(endpoint, component) else {
        report_listener(endpoint, component, &endpoint_path, report);
        return;
    };
    let other_port = endpoint.host_port.filter(|&port| port != endpoint.port);
    if executable.network == Network::Host
        && endpoint.external
        && let Some(port) = other_port
    {
        let message = format!(
            "{port} cannot differ from `port` ({}), because `{}` is on the host's network: leave it out",
            endpoint.port, executable.name
        );
        report.add(&host_port, message);
    }
}

/// The executable that an endpoint leads to.
fn listener<'a>(endpoint: &Endpoint, component: &'a Component) -> Option<&'a Executable> {
    match (&endpoint.executable, component.executables.as_slice()) {
        (Some(name), executables) => executables
            .iter()
            .find(|executable| executable.name == *name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn report_listener(endpoint: &Endpoint, component: &Component, path: &str, report: &mut Report) {
    let names: Vec<&str> = component
        .executables
        .iter()
        .map(|executable| executable.name.as_str())
        .collect();
    let list = names.join(", ");
    match &endpoint.executable {
        None => report.add(
            path,
            format!("the key `executable` is missing: the component has several, {list}"),
        ),
        Some(name) => {
            let advice = match closest(name, names.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("expected one of {list}"),
            };
            report.add(
                &format!("{path}.executable"),
                format!("the component has no executable `{name}`; {advice}"),
            );
        }
    }
}

/// A port of the machine is taken by what is published there and by what listens on its network.
fn check_ports(package: &Package, report: &mut Report) {
    let mut ports = Vec::new();
    let mut inner = Vec::new();
    for (c, component) in package.components.iter().enumerate() {
        for (e, endpoint) in component.endpoints.iter().enumerate() {
            let path = format!("components[{c}].endpoints[{e}]");
            let Some(executable) =
                listener(endpoint, component).filter(|_| !report.is_broken(&path))
            else {
                continue;
            };
            inner.push((
                format!("{path}.port"),
                (c, &executable.name, endpoint.port, endpoint.protocol),
            ));
            if executable.network == Network::Host {
                ports.push((format!("{path}.port"), (endpoint.port, endpoint.protocol)));
            } else if let Some(port) = endpoint.host_port.filter(|_| endpoint.external) {
                ports.push((format!("{path}.host_port"), (port, endpoint.protocol)));
            }
        }
    }
    report.unique(inner, |(_, executable, port, protocol), line| {
        format!("port {port}/{protocol} of `{executable}` is an endpoint already, in line {line}")
    });
    report.unique(ports, |(port, protocol), line| {
        format!("port {port}/{protocol} of the machine is taken already, in line {line}")
    });
}
