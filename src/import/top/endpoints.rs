//! The ports of all services, as endpoints of the component.

use std::collections::HashSet;

use super::super::service::Executable;
use super::super::write::{Map, Value, text as value, word};
use super::super::{Findings, names};

/// Every port of every executable. No port of the machine is taken twice.
pub(super) fn endpoints(executables: &[Executable], findings: &mut Findings) -> Vec<Value> {
    let mut taken = HashSet::new();
    let mut machine = HashSet::new();
    let mut endpoints = Vec::new();
    for executable in executables {
        findings.service.clone_from(&executable.service);
        for port in &executable.ports {
            let own = executable.host_network.then_some(port.port);
            let mut host_port = port.host_port;
            if let Some(number) = own.or(host_port)
                && !machine.insert((number, port.udp))
            {
                let what = format!("port {number} of the machine is another service's already; ");
                if own.is_some() {
                    findings.note(
                        "ports",
                        executable.place,
                        what + "the endpoint was left out",
                    );
                    continue;
                }
                findings.note(
                    "ports",
                    executable.place,
                    what + "the engine chooses a free one",
                );
                host_port = None;
            }
            let kind = if port.udp { "udp" } else { "port" };
            let name = names::unique(&format!("{kind}-{}", port.port), &mut taken);
            let mut parts = vec![
                ("name", value(name)),
                ("executable", value(&executable.name)),
                ("port", word(port.port)),
            ];
            if port.udp {
                parts.push(("protocol", word("udp")));
            }
            if port.external {
                parts.push(("external", word(true)));
            }
            parts.extend(host_port.map(|port| ("host_port", word(port))));
            let scheme = port.scheme.as_ref();
            parts.extend(scheme.map(|scheme| ("scheme", value(scheme))));
            endpoints.push(Map::short(parts));
        }
    }
    endpoints
}
