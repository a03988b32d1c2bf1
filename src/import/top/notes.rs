//! What a person should know of the whole: names that lead nowhere, other defaults, and what the policy has
//! to allow.

use std::collections::BTreeSet;

use super::super::service::{self, Executable};
use super::super::source::{Entry, entries};
use super::super::write::Value;
use super::super::{Findings, Note, ros};
use crate::domain::manifest::{self, Package};

/// Commands that address other services by name.
pub(super) fn note_addresses(services: &[Entry], known: &ros::Services, findings: &mut Findings) {
    for (service, _, node) in services {
        findings.service.clone_from(service);
        for (key, place, node) in entries(node).unwrap_or_default() {
            if matches!(key.as_str(), "command" | "entrypoint") {
                for word in service::command_words(&node).unwrap_or_default() {
                    ros::note_services(&key, place, &word, known, findings);
                }
            }
        }
    }
}

/// Where shipmate's defaults are not Compose's.
pub(super) fn note_defaults(executables: &[Executable], findings: &mut Findings) {
    let without = |key: &str, is: &dyn Fn(Option<&Value>) -> bool| {
        let names = executables
            .iter()
            .filter(|executable| is(executable.values.get(key)))
            .map(|executable| executable.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let never = |value: Option<&Value>| matches!(value, Some(Value::Word(word)) if word == "never");
    let mut note = |key: &str, what: String| {
        findings.notes.push(Note {
            service: String::new(),
            key: key.to_owned(),
            line: None,
            what,
        });
    };
    let names = without("restart", &never);
    if !names.is_empty() {
        let what = format!(
            "never, as with Compose: {names}. What ends is then in Error; `always`, shipmate's own default, brings it back"
        );
        note("restart", what);
    }
    let names = without("stop_signal", &|value| value.is_none());
    if !names.is_empty() {
        let what = format!(
            "SIGINT with 15s of grace, where Compose has SIGTERM with 10s: {names}. ROS obeys SIGINT; set `stop_signal` for programs that do not"
        );
        note("stop_signal", what);
    }
}

/// What the policy has to allow beyond its defaults.
pub(super) fn policy(package: &Package) -> Option<Note> {
    let mut asks = BTreeSet::new();
    for executable in package.components.iter().flat_map(|c| &c.executables) {
        if executable.privileged {
            asks.insert("privileged: true".to_owned());
        }
        if executable.ipc == manifest::Ipc::Host {
            asks.insert("host_ipc: true".to_owned());
        }
        for mount in executable.mounts.iter().filter(|mount| !mount.is_volume()) {
            let list = match (mount.source.starts_with('/'), mount.read_only) {
                (true, false) => format!("host_paths: {}", mount.source),
                (true, true) => format!("read_only_host_paths: {}", mount.source),
                (false, false) => "package_folder: read-write".to_owned(),
                (false, true) => continue,
            };
            asks.insert(list);
        }
        for device in &executable.devices {
            let host = manifest::Device::read(device).host;
            asks.insert(format!("devices: {host}"));
        }
        let free = ["SYS_NICE", "IPC_LOCK"];
        let names = executable.capabilities.iter();
        for name in names.filter(|name| !free.contains(&name.as_str())) {
            asks.insert(format!("capabilities: {name}"));
        }
    }
    let asks: Vec<String> = asks.into_iter().collect();
    (!asks.is_empty()).then(|| Note {
        service: String::new(),
        key: "policy".to_owned(),
        line: None,
        what: format!(
            "the machine's policy has to allow, beyond its defaults: {}",
            asks.join("; ")
        ),
    })
}
