//! One service of a Compose file: what becomes of each of its keys.

mod deploy;
mod machine;
mod process;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::ports::{self, Port};
use super::source::{self, Entry, boolean, brief, entries, is_null, text};
use super::write::{Value, word};
use super::{Findings, build, health, mounts};
use crate::domain::yaml::{Node, Place};
use machine::{capabilities, cpus, devices, gpus, ipc, network, privileged, size};
pub use process::command_words;
use process::{environment, image, plain, pull, restart, stop_signal, words};

/// An executable in the making.
pub struct Executable {
    /// The service's name.
    pub service: String,
    /// The executable's name.
    pub name: String,
    /// Where the service is in the Compose file.
    pub place: Place,
    /// Keys of the executable.
    pub values: BTreeMap<&'static str, Value>,
    /// Its environment, in the order of the file.
    pub environment: Vec<Setting>,
    /// The ports that it offers.
    pub ports: Vec<Port>,
    /// Whether it is on the machine's network.
    pub host_network: bool,
}

/// A variable of the environment.
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// As Compose has it; nothing when it is taken from Compose's own environment.
    pub raw: Option<String>,
}

/// Reads a service. Returns nothing when it is none; that is refused.
pub fn read(
    service: &str,
    name: String,
    place: Place,
    node: &Rc<Node>,
    volumes: &mounts::Volumes,
    findings: &mut Findings,
) -> Option<Executable> {
    let Some(entries) = entries(node) else {
        findings.refuse("", node.place, "expected a mapping with `image` or `build`");
        return None;
    };
    for place in source::broken_merges(node) {
        findings.refuse("<<", place, "expected a mapping, or a list of mappings");
    }
    let mut executable = Executable {
        service: service.to_owned(),
        name,
        place,
        values: BTreeMap::new(),
        environment: Vec::new(),
        ports: Vec::new(),
        host_network: false,
    };
    // What a published port means depends on the network.
    let (first, others): (Vec<_>, Vec<_>) =
        (entries.iter()).partition(|(key, ..)| key == "network_mode");
    for entry in first.into_iter().chain(others) {
        key(entry, &mut executable, volumes, findings);
    }
    // Compose does not start again what ended, unless it is asked to.
    let restart = || word("never");
    executable.values.entry("restart").or_insert_with(restart);
    if !executable.values.contains_key("image") && !executable.values.contains_key("build") {
        let advice = if entries.iter().any(|(key, ..)| key == "extends") {
            "; import what `docker compose config` prints, which follows `extends`"
        } else {
            ""
        };
        let message =
            format!("neither `image` nor `build` says where the image comes from{advice}");
        findings.refuse("", place, message);
    }
    Some(executable)
}

/// Carries over one key, or notes it.
fn key(
    (name, place, node): &Entry,
    executable: &mut Executable,
    volumes: &mounts::Volumes,
    findings: &mut Findings,
) {
    let place = *place;
    if is_null(node) && !matches!(name.as_str(), "command" | "entrypoint") {
        findings.note(name, place, "it has no value and was left out");
        return;
    }
    match name.as_str() {
        "image" => image(place, node, executable, findings),
        "build" => build::read(place, node, executable, findings),
        "command" => words("command", place, node, executable, findings),
        "entrypoint" => words("entrypoint", place, node, executable, findings),
        "environment" => environment(place, node, executable, findings),
        "volumes" => mounts::read(node, volumes, executable, findings),
        "devices" => devices(node, executable, findings),
        "ports" => ports::published(node, executable, findings),
        "expose" => ports::exposed(node, executable, findings),
        "healthcheck" => health::read(place, node, executable, findings),
        "deploy" => deploy::deploy(node, executable, findings),
        "network_mode" => network(place, node, executable, findings),
        "ipc" => ipc(place, node, executable, findings),
        "privileged" => privileged(place, node, executable, findings),
        "cap_add" => capabilities(node, executable, findings),
        "restart" => restart("restart", place, node, executable, findings),
        "user" => plain("user", name, place, node, executable, findings),
        "working_dir" => plain("working_directory", name, place, node, executable, findings),
        "shm_size" => size("shared_memory", name, place, node, executable, findings),
        "mem_limit" => size("memory", name, place, node, executable, findings),
        "cpus" => cpus(name, place, node, executable, findings),
        "gpus" => gpus(name, place, node, executable, findings),
        "runtime" if text(node) == Some("nvidia") => {
            executable.values.insert("gpus", word("all"));
            findings.note(name, place, "it became `gpus: all`");
        }
        "stop_signal" => stop_signal(place, node, executable, findings),
        "stop_grace_period" => match filled(name, place, node, findings)
            .as_deref()
            .and_then(health::seconds)
        {
            Some(seconds) => drop(executable.values.insert("stop_grace_period", word(seconds))),
            None => left_out(name, place, node, "expected a time of at most 1h", findings),
        },
        "pull_policy" => pull(place, node, executable, findings),
        "init" if boolean(node) == Some(true) => {}
        _ => super::listed::note(name, place, node, findings),
    }
}

/// A text in which defaults are filled in.
fn filled(key: &str, place: Place, node: &Node, findings: &mut Findings) -> Option<String> {
    text(node).and_then(|text| findings.fill(key, place, text))
}

/// Notes that a value could not be carried over.
pub fn left_out(key: &str, place: Place, node: &Node, why: &str, findings: &mut Findings) {
    let what = format!("`{}` was left out: {why}", brief(node));
    findings.note(key, place, what);
}
