//! The key `deploy` of a service, which is for a swarm: some of it has a place here, too.

use std::rc::Rc;

use super::super::Findings;
use super::super::source::{entries, items, text};
use super::super::write::word;
use super::machine::{cpus, gpus, size};
use super::process::restart;
use super::{Executable, left_out};
use crate::domain::yaml::{Node, Place};

/// What a swarm would be told: limits and graphics processors have a place, the rest is noted.
pub(super) fn deploy(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let Some(parts) = entries(node) else {
        left_out("deploy", node.place, node, "expected a mapping", findings);
        return;
    };
    for (name, place, node) in parts {
        match (name.as_str(), entries(&node)) {
            ("resources", Some(resources)) => {
                for (name, place, node) in resources {
                    resource(&name, place, &node, executable, findings);
                }
            }
            ("restart_policy", Some(policy)) => {
                for (name, place, node) in policy {
                    let key = format!("deploy.restart_policy.{name}");
                    if name == "condition" {
                        restart(&key, place, &node, executable, findings);
                    } else {
                        let why = "shipmate's own parameters say how often and after which waits";
                        left_out(&key, place, &node, why, findings);
                    }
                }
            }
            ("replicas", _) if text(&node) == Some("1") => {}
            ("replicas", _) => {
                let why =
                    "an executable is one container; write one for each, or deploy several times";
                left_out("deploy.replicas", place, &node, why, findings);
            }
            (other, _) => {
                let why = "it is for a swarm";
                left_out(&format!("deploy.{other}"), place, &node, why, findings);
            }
        }
    }
}

fn resource(
    kind: &str,
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let Some(parts) = entries(node) else {
        let key = format!("deploy.resources.{kind}");
        left_out(&key, place, node, "expected a mapping", findings);
        return;
    };
    for (name, place, node) in parts {
        let key = format!("deploy.resources.{kind}.{name}");
        match (kind, name.as_str()) {
            ("limits", "cpus") => cpus(&key, place, &node, executable, findings),
            ("limits", "memory") => size("memory", &key, place, &node, executable, findings),
            ("reservations", "devices") => {
                for item in items(&node) {
                    reserved_device(&key, &item, executable, findings);
                }
            }
            ("reservations", _) => {
                let why = "nothing is reserved; limits are kept";
                left_out(&key, place, &node, why, findings);
            }
            _ => left_out(&key, place, &node, "there is no such limit", findings),
        }
    }
}

fn reserved_device(
    key: &str,
    item: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let parts = entries(item).unwrap_or_default();
    let part = |name: &str| parts.iter().find(|(key, ..)| key == name);
    let is_gpu = part("capabilities").is_some_and(|(.., node)| {
        let names = items(node);
        names.iter().any(|name| text(name) == Some("gpu"))
    });
    if !is_gpu {
        let why = "only graphics processors can be asked for";
        left_out(key, item.place, item, why, findings);
        return;
    }
    match part("count") {
        Some((_, place, count)) => gpus(key, *place, count, executable, findings),
        None => drop(executable.values.insert("gpus", word("all"))),
    }
    for (name, place, node) in &parts {
        if !matches!(name.as_str(), "driver" | "count" | "capabilities") {
            let why = "graphics processors are counted, not chosen";
            left_out(&format!("{key}.{name}"), *place, node, why, findings);
        }
    }
}
