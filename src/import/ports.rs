//! Published ports become endpoints.

use std::rc::Rc;

use super::Findings;
use super::service::{Executable, left_out};
use super::source::{entries, items, text};
use crate::domain::yaml::{Node, Place};

/// A port that an executable offers.
pub struct Port {
    /// Where it listens.
    pub port: u16,
    /// Whether it is UDP.
    pub udp: bool,
    /// Whether it is published on the machine.
    pub external: bool,
    /// The port on the machine.
    pub host_port: Option<u16>,
    /// What URLs begin with.
    pub scheme: Option<String>,
}

/// Reads `ports`.
pub fn published(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    for item in items(node) {
        let port = match entries(&item) {
            Some(_) => long(&item, findings),
            None => short("ports", &item, true, findings),
        };
        if let Some(port) = port {
            add(port, "ports", item.place, executable, findings);
        }
    }
}

/// Reads `expose`: ports that are there and not published.
pub fn exposed(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    for item in items(node) {
        if let Some(port) = short("expose", &item, false, findings) {
            add(port, "expose", item.place, executable, findings);
        }
    }
}

/// Ports at which other services address one by its name. That takes an endpoint in the deployment
/// that is not published; where there is none, it is said.
pub fn addressed(executables: &mut [Executable], findings: &mut Findings) {
    let mut published = Vec::new();
    for (service, port) in std::mem::take(&mut findings.addressed) {
        let Some(index) = executables.iter().position(|it| it.service == service) else {
            continue;
        };
        let executable = &mut executables[index];
        let mut known = executable.ports.iter();
        match known.find(|known| known.port == port && !known.udp) {
            Some(known) if known.external => published.push((index, port)),
            Some(_) => {}
            None => {
                findings.service.clone_from(&service);
                let what = format!(
                    "other services address it at port {port}: it got an endpoint that is not published, with which containers of the deployment find each other by name"
                );
                findings.note("", executable.place, what);
                executable.ports.push(Port {
                    port,
                    udp: false,
                    external: false,
                    host_port: None,
                    scheme: None,
                });
            }
        }
    }
    let inside = |it: &Executable| !it.host_network && it.ports.iter().any(|port| !port.external);
    if executables.iter().any(inside) {
        return;
    }
    for (index, port) in published {
        let executable = &executables[index];
        findings.service.clone_from(&executable.service);
        let what = format!(
            "other services address it at port {port}, and containers find each other by name where one has an endpoint that is not published: write `host.docker.internal` and the published port instead of `{}:{port}`, or take `external` and `host_port` out of its endpoint",
            executable.service
        );
        findings.note("ports", executable.place, what);
    }
}

fn add(
    mut port: Port,
    key: &str,
    place: Place,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    if executable.host_network
        && let Some(other) = port.host_port.take()
        && other != port.port
    {
        let what = format!(
            "on the host's network {} is not published as {other}, but stays what it is",
            port.port
        );
        findings.note(key, place, what);
    }
    let known = executable
        .ports
        .iter_mut()
        .find(|known| known.port == port.port && known.udp == port.udp);
    match known {
        None => executable.ports.push(port),
        Some(known) if !known.external => *known = port,
        Some(_) if !port.external => {}
        Some(_) => {
            let what = format!(
                "{} is an endpoint already; a second one was left out",
                port.port
            );
            findings.note(key, place, what);
        }
    }
}

/// `[[ADDRESS:]PUBLISHED:]PORT[/PROTOCOL]`.
fn short(key: &str, item: &Rc<Node>, external: bool, findings: &mut Findings) -> Option<Port> {
    let place = item.place;
    let Some(written) = text(item) else {
        left_out(key, place, item, "expected a port", findings);
        return None;
    };
    let filled = findings.fill(key, place, written)?;
    let (ports, protocol) = filled.split_once('/').unwrap_or((&filled, "tcp"));
    // An address of IPv6 has colons of its own, so ports are taken from the end.
    let mut parts = ports.rsplitn(3, ':');
    let port = parts.next().unwrap_or_default();
    let published = parts.next().filter(|published| !published.is_empty());
    if let Some(address) = parts.next() {
        note_address(key, place, address, findings);
    }
    if [Some(port), published]
        .iter()
        .flatten()
        .any(|part| part.contains('-'))
    {
        let why = "a range has to be written out: an endpoint for each port";
        left_out(key, place, item, why, findings);
        return None;
    }
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let host_port = published.map(number);
    match (number(port), host_port, protocol) {
        (Some(port), None | Some(Some(_)), "tcp" | "udp") => Some(Port {
            port,
            udp: protocol == "udp",
            external,
            host_port: host_port.flatten(),
            scheme: None,
        }),
        _ => {
            let why = "expected PORT or PUBLISHED:PORT, tcp or udp";
            left_out(key, place, item, why, findings);
            None
        }
    }
}

/// A mapping with `target` and `published`.
fn long(item: &Rc<Node>, findings: &mut Findings) -> Option<Port> {
    let mut target = String::new();
    let mut published = String::new();
    let mut protocol = "tcp".to_owned();
    let mut scheme = None;
    for (name, place, node) in entries(item)? {
        let key = format!("ports.{name}");
        let Some(written) = text(&node) else {
            left_out(&key, place, &node, "expected text or a number", findings);
            continue;
        };
        match name.as_str() {
            "target" => target = findings.fill(&key, place, written)?,
            "published" => published = findings.fill(&key, place, written)?,
            "protocol" => protocol = findings.fill(&key, place, written)?,
            "app_protocol" => scheme = Some(written.to_owned()),
            "host_ip" => note_address(&key, place, written, findings),
            "mode" if matches!(written, "ingress" | "host") => {}
            "name" => left_out(
                &key,
                place,
                &node,
                "endpoints are named by their port",
                findings,
            ),
            _ => left_out(&key, place, &node, "there is no place for it", findings),
        }
    }
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let host_port = Some(published.as_str()).filter(|text| !text.is_empty());
    match (number(&target), host_port.map(number), protocol.as_str()) {
        (Some(port), None | Some(Some(_)), "tcp" | "udp") => Some(Port {
            port,
            udp: protocol == "udp",
            external: true,
            host_port: host_port.and_then(number),
            scheme,
        }),
        _ => {
            let why = "expected a `target` and a `published` port, tcp or udp; ranges have to be written out";
            left_out("ports", item.place, item, why, findings);
            None
        }
    }
}

fn note_address(key: &str, place: Place, address: &str, findings: &mut Findings) {
    if !matches!(address, "0.0.0.0" | "::" | "[::]") {
        let what = format!(
            "published on all addresses of the machine, and not only on `{address}`: keep others out with the machine's firewall"
        );
        findings.note(key, place, what);
    }
}
