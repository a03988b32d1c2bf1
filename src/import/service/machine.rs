//! What a service gets of the machine: devices, namespaces, rights, and its share of memory and processors.

use std::rc::Rc;

use super::super::Findings;
use super::super::source::{self, brief, entries, items, text};
use super::super::write::{Value, text as value, word};
use super::{Executable, filled, left_out};
use crate::domain::yaml::{Node, Place};

pub(super) fn devices(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let mut devices = Vec::new();
    for item in items(node) {
        let written = match entries(&item) {
            Some(parts) => {
                for (key, place, node) in &parts {
                    if !matches!(key.as_str(), "source" | "target" | "permissions") {
                        let key = format!("devices.{key}");
                        left_out(&key, *place, node, "there is no place for it", findings);
                    }
                }
                let part = |name: &str| {
                    let found = parts.iter().find(|(key, ..)| key == name);
                    found.and_then(|(.., node)| text(node))
                };
                let parts = [part("source"), part("target"), part("permissions")];
                Some(parts.into_iter().flatten().collect::<Vec<_>>().join(":"))
            }
            None => text(&item).map(str::to_owned),
        };
        let filled = written
            .as_deref()
            .and_then(|text| findings.fill("devices", item.place, text));
        match filled {
            Some(device) if device.starts_with("/dev/") => devices.push(value(device)),
            Some(_) => left_out(
                "devices",
                item.place,
                &item,
                "only files in /dev are devices to shipmate",
                findings,
            ),
            None if written.is_none() => {
                left_out("devices", item.place, &item, "expected text", findings);
            }
            None => {}
        }
    }
    executable.values.insert("devices", Value::List(devices));
}

pub(super) fn network(
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    match filled("network_mode", place, node, findings).as_deref() {
        Some("host") => {
            executable.host_network = true;
            executable.values.insert("network", word("host"));
        }
        Some("bridge" | "default") => {}
        _ => left_out(
            "network_mode",
            place,
            node,
            "there are `bridge`, which it got, and `host`",
            findings,
        ),
    }
}

pub(super) fn ipc(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
    match filled("ipc", place, node, findings).as_deref() {
        Some("host") => drop(executable.values.insert("ipc", word("host"))),
        Some("private") => {}
        _ => left_out(
            "ipc",
            place,
            node,
            "there are `private`, which it got, and `host`",
            findings,
        ),
    }
}

pub(super) fn privileged(
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let written = filled("privileged", place, node, findings);
    match written.as_deref().and_then(source::truth) {
        Some(true) => drop(executable.values.insert("privileged", word(true))),
        Some(false) => {}
        None => left_out(
            "privileged",
            place,
            node,
            "expected true or false",
            findings,
        ),
    }
}

pub(super) fn capabilities(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let mut names = Vec::new();
    for item in items(node) {
        match text(&item) {
            Some(name) => names.push(value(name.to_ascii_uppercase())),
            None => left_out("cap_add", item.place, &item, "expected text", findings),
        }
    }
    executable.values.insert("capabilities", Value::List(names));
}

/// A size such as `512mb`; to Compose each unit is 1024 times the one before, as here.
pub(super) fn size(
    target: &'static str,
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let filled = filled(key, place, node, findings);
    let size = filled.and_then(|text| {
        text.parse::<crate::domain::manifest::units::ByteSize>()
            .ok()
    });
    match size {
        Some(size) => drop(executable.values.insert(target, word(size))),
        None => left_out(key, place, node, "expected a size such as 512m", findings),
    }
}

pub(super) fn cpus(
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let filled = filled(key, place, node, findings);
    let cores = filled.and_then(|text| text.parse::<f64>().ok());
    match cores.filter(|cores| *cores > 0.0 && *cores <= 1024.0) {
        Some(cores) => drop(executable.values.insert("cpus", word(cores))),
        None => left_out(key, place, node, "expected a number above 0", findings),
    }
}

pub(super) fn gpus(
    key: &str,
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    match filled(key, place, node, findings).as_deref() {
        Some("all" | "-1") => drop(executable.values.insert("gpus", word("all"))),
        Some(count) if count.parse::<u16>().is_ok_and(|count| count > 0) => {
            executable.values.insert("gpus", word(count));
        }
        _ => {
            executable.values.insert("gpus", word("all"));
            let what = format!("`{}` became `gpus: all`", brief(node));
            findings.note(key, place, what);
        }
    }
}
