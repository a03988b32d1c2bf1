//! One service of a Compose file: what becomes of each of its keys.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::ports::{self, Port};
use super::source::{self, Entry, boolean, brief, entries, is_null, items, text};
use super::write::{Value, text as value, texts, word};
use super::{Findings, build, health, mounts};
use crate::domain::yaml::{Node, Place};

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
        "deploy" => deploy(node, executable, findings),
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

fn image(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
    let image = text(node).and_then(|text| findings.fill("image", place, text));
    match image {
        Some(image) => drop(executable.values.insert("image", value(image))),
        None => findings.refuse(
            "image",
            place,
            "the image has to be known: give each variable in it a default, `${NAME:-value}`, or write the value",
        ),
    }
}

/// A command line: a list, or a text that is split as a shell would.
fn words(
    key: &'static str,
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    if is_null(node) {
        return;
    }
    let words = match command_words(node) {
        Ok(words) => words,
        Err(why) => {
            findings.refuse(key, place, why);
            return;
        }
    };
    if words.is_empty() {
        if key == "command" {
            let what = "an empty command cannot clear the image's own; it runs";
            findings.note(key, place, what);
            return;
        }
        findings.note(key, place, "it clears the image's own entry point");
    }
    let words = words
        .iter()
        .map(|word| findings.template(key, place, word))
        .collect();
    executable.values.insert(key, texts(words));
}

/// The words of a command as Compose sees them.
pub fn command_words(node: &Rc<Node>) -> Result<Vec<String>, &'static str> {
    let list = "expected a list of texts, or one text";
    if let Some(line) = text(node) {
        return shlex::split(line).ok_or("a quote or a backslash has nothing behind it");
    }
    if entries(node).is_some() {
        return Err(list);
    }
    let words = items(node)
        .into_iter()
        .map(|item| text(&item).map(str::to_owned));
    words.collect::<Option<Vec<_>>>().ok_or(list)
}

fn environment(
    place: Place,
    node: &Rc<Node>,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let Some(variables) = source::variables(node) else {
        let message = "expected a mapping, or a list of `NAME=value`";
        findings.refuse("environment", place, message);
        return;
    };
    for (name, place, raw) in variables {
        // The last one counts, as with Compose.
        executable.environment.retain(|known| known.name != name);
        executable.environment.push(Setting { name, place, raw });
    }
}

fn devices(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
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

fn network(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
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

fn ipc(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
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

fn privileged(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
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

fn capabilities(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
    let mut names = Vec::new();
    for item in items(node) {
        match text(&item) {
            Some(name) => names.push(value(name.to_ascii_uppercase())),
            None => left_out("cap_add", item.place, &item, "expected text", findings),
        }
    }
    executable.values.insert("capabilities", Value::List(names));
}

/// Compose's restart policies, those of `deploy` too.
fn restart(
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let written = filled(key, place, node, findings).unwrap_or_default();
    let (policy, limit) = match written.split_once(':') {
        Some((policy, limit)) => (policy, Some(limit)),
        None => (written.as_str(), None),
    };
    let restart = match policy {
        "always" | "unless-stopped" | "any" => "always",
        "on-failure" => "on-failure",
        "no" | "none" | "false" => "never",
        _ => {
            let why = "expected no, always, on-failure or unless-stopped";
            left_out(key, place, node, why, findings);
            return;
        }
    };
    executable.values.insert("restart", word(restart));
    if let Some(limit) = limit {
        let what = format!(
            "`{policy}` was carried over without its limit of {limit}: shipmate waits longer each time and gives up by its own parameters"
        );
        findings.note(key, place, what);
    }
}

/// A text without parameters.
fn plain(
    target: &'static str,
    key: &str,
    place: Place,
    node: &Node,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    match text(node) {
        Some(text) => {
            if let Some(text) = findings.fill(key, place, text) {
                executable.values.insert(target, value(text));
            }
        }
        None => left_out(key, place, node, "expected text", findings),
    }
}

/// A size such as `512mb`; to Compose each unit is 1024 times the one before, as here.
fn size(
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

fn cpus(
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

fn gpus(
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

fn stop_signal(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
    const KNOWN: [&str; 7] = [
        "SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL",
    ];
    let name = filled("stop_signal", place, node, findings).unwrap_or_default();
    let name = name.to_ascii_uppercase();
    let name = match name.as_str() {
        "2" => "SIGINT".to_owned(),
        "15" => "SIGTERM".to_owned(),
        "9" => "SIGKILL".to_owned(),
        name if name.starts_with("SIG") => name.to_owned(),
        name => format!("SIG{name}"),
    };
    if KNOWN.contains(&name.as_str()) {
        executable.values.insert("stop_signal", word(name));
    } else {
        let why = format!("there are {}; it gets SIGINT", KNOWN.join(", "));
        left_out("stop_signal", place, node, &why, findings);
    }
}

fn pull(place: Place, node: &Node, executable: &mut Executable, findings: &mut Findings) {
    let policy = match filled("pull_policy", place, node, findings).as_deref() {
        Some("always") => "always",
        Some("never") => "never",
        Some("missing" | "if_not_present") => "missing",
        _ => {
            let why = "there are missing, which it got, always and never";
            left_out("pull_policy", place, node, why, findings);
            return;
        }
    };
    executable.values.insert("pull", word(policy));
}

/// What a swarm would be told: limits and graphics processors have a place, the rest is noted.
fn deploy(node: &Rc<Node>, executable: &mut Executable, findings: &mut Findings) {
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
