//! The whole file: services, volumes, and what lies beside them.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::service::{self, Executable};
use super::source::{Entry, boolean, brief, entries, is_null, text};
use super::write::{Map, Value, document, text as value, word};
use super::{Findings, Imported, Note, mounts, names, ports, ros};
use crate::domain::manifest::{self, Package};
use crate::domain::yaml::{self, Node, Place, Problem};

/// The most executables of a component.
const MOST_SERVICES: usize = 64;
/// How often what a manifest refuses is taken out, until the rest is whole.
const ROUNDS: usize = 8;
/// How wide comments are.
const COMMENT_WIDTH: usize = 92;

/// Keys of an executable, in the order in which they are written.
const ORDER: [&str; 23] = [
    "image",
    "build",
    "pull",
    "entrypoint",
    "command",
    "environment",
    "working_directory",
    "user",
    "mounts",
    "devices",
    "gpus",
    "shared_memory",
    "cpus",
    "memory",
    "capabilities",
    "privileged",
    "network",
    "ipc",
    "restart",
    "stop_signal",
    "stop_grace_period",
    "readiness",
    "liveness",
];

/// Makes a manifest of a Compose file. `name` is what the package is called, made valid.
///
/// # Errors
/// All that keeps it from being one: text that is no YAML, no services, a service without an image.
pub fn compose(text: &str, name: &str) -> Result<Imported, Vec<Problem>> {
    let root = root(text)?;
    let Some(top) = entries(&root) else {
        let message = "this is no Compose file: expected a mapping with `services`";
        return Err(vec![Problem::at("", root.place, "", message)]);
    };
    let services = services(&top, root.place)?;
    let mut findings = Findings::default();
    let volumes = beside(&top, &mut findings);
    let mut executables = Vec::new();
    let mut taken = HashSet::new();
    for (service, place, node) in &services {
        findings.service.clone_from(service);
        let valid = names::unique(&names::valid(service), &mut taken);
        if valid != *service {
            let what = format!("the executable is called `{valid}`");
            findings.note("", *place, what);
        }
        let read = service::read(service, valid, *place, node, &volumes, &mut findings);
        executables.extend(read);
    }
    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    let known: ros::Services = { executables.iter() }
        .map(|it| (it.service.clone(), (it.name.clone(), it.host_network)))
        .collect();
    let settings = ros::settings(&mut executables, &mut findings);
    for executable in &mut executables {
        ros::environment(executable, &known, &mut findings);
    }
    note_addresses(&services, &known, &mut findings);
    ports::addressed(&mut executables, &mut findings);
    let endpoints = endpoints(&executables, &mut findings);
    findings.service.clear();
    note_defaults(&executables, &mut findings);
    findings
        .notes
        .sort_by_key(|note| note.line.unwrap_or(u32::MAX));
    let package = package(name, &executables, settings, endpoints, &findings);
    finish(package, &executables, findings.notes)
}

/// The name that a Compose file gives its project.
pub fn project_name(file: &str) -> Option<String> {
    let root = root(file).ok()?;
    let top = entries(&root)?;
    let (.., name) = top.iter().find(|(key, ..)| key == "name")?;
    text(name)
        .filter(|name| !name.contains('$'))
        .map(str::to_owned)
}

fn root(text: &str) -> Result<Rc<Node>, Vec<Problem>> {
    let documents = yaml::read(text, "").map_err(|problem| vec![problem])?;
    let whole = |message: &str| vec![Problem::at("", Place::START, "", message)];
    let mut documents = documents.into_iter();
    let document = documents
        .next()
        .ok_or_else(|| whole("there is nothing in here: expected a mapping with `services`"))?;
    if !document.problems.is_empty() {
        return Err(document.problems);
    }
    if documents.next().is_some() {
        return Err(whole("more than one YAML document: a Compose file is one"));
    }
    document
        .root
        .ok_or_else(|| whole("there is nothing in here that can be read"))
}

fn services(top: &[Entry], place: Place) -> Result<Vec<Entry>, Vec<Problem>> {
    let refuse = |place, message: String| Err(vec![Problem::at("", place, "services", message)]);
    let Some((_, place, node)) = top.iter().find(|(key, ..)| key == "services") else {
        return refuse(place, "there are no `services` in here".to_owned());
    };
    match entries(node) {
        None => refuse(*place, "expected a mapping of services".to_owned()),
        Some(services) if services.is_empty() => {
            refuse(*place, "there are no services in here".to_owned())
        }
        Some(services) if services.len() > MOST_SERVICES => {
            let message = format!(
                "{} services: a component has at most {MOST_SERVICES} executables; make several files of it",
                services.len()
            );
            refuse(*place, message)
        }
        Some(services) => Ok(services),
    }
}

/// Reads what lies beside the services; the volumes by name.
fn beside(top: &[Entry], findings: &mut Findings) -> mounts::Volumes {
    let mut volumes = mounts::Volumes::new();
    for (key, place, node) in top {
        let why = match key.as_str() {
            "services" => continue,
            "name" => "the name of the project: the package's, unless another one was given",
            "version" => "it means nothing any more",
            "volumes" if is_null(node) => continue,
            "volumes" if entries(node).is_none() => "expected a mapping of volumes",
            "volumes" => {
                for volume in entries(node).unwrap_or_default() {
                    named_volume(&volume, &mut volumes, findings);
                }
                continue;
            }
            "networks" => "containers are on Docker's bridge or on the host's network",
            "secrets" | "configs" => {
                "write the files on the machine, and mount them where they are used"
            }
            "include" => "it was not followed: import what `docker compose config` prints",
            _ if key.starts_with("x-") => {
                "it is an extension; what services take from it by an alias was carried over"
            }
            _ => "shipmate does not know this key",
        };
        findings.note(key, *place, format!("`{}`: {why}", brief(node)));
    }
    volumes
}

fn named_volume(
    (name, place, node): &Entry,
    volumes: &mut mounts::Volumes,
    findings: &mut Findings,
) {
    let key = format!("volumes.{name}");
    let mut external = false;
    let mut named = false;
    if entries(node).is_none() && !is_null(node) {
        service::left_out(&key, *place, node, "expected a mapping", findings);
    }
    for (part, place, node) in entries(node).unwrap_or_default() {
        let path = format!("{key}.{part}");
        match part.as_str() {
            "external" => external = boolean(&node) != Some(false),
            "name" => {
                let filled = text(&node).and_then(|text| findings.fill(&path, place, text));
                named = filled.is_some();
                volumes.extend(filled.map(|filled| (name.clone(), filled)));
            }
            "driver" if text(&node) == Some("local") => {}
            _ => {
                let why = "create the volume with `docker volume create` to have it so";
                service::left_out(&path, place, &node, why, findings);
            }
        }
    }
    if !external && !named {
        let what = format!(
            "the volume is called `{name}`; Compose puts its project before it, so what is in PROJECT_{name} is not in it. To use that one, write its name as `source`"
        );
        findings.note(&key, *place, what);
    }
}

/// Commands that address other services by name.
fn note_addresses(services: &[Entry], known: &ros::Services, findings: &mut Findings) {
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

/// Every port of every executable. No port of the machine is taken twice.
fn endpoints(executables: &[Executable], findings: &mut Findings) -> Vec<Value> {
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

/// Where shipmate's defaults are not Compose's.
fn note_defaults(executables: &[Executable], findings: &mut Findings) {
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

fn package(
    name: &str,
    executables: &[Executable],
    settings: Option<Value>,
    endpoints: Vec<Value>,
    findings: &Findings,
) -> Map {
    let mut package = Map::default();
    let whole = findings.notes.iter().filter(|note| note.service.is_empty());
    package.comments = comments("Made of a Compose file by `shipmate import`.", whole);
    let mut put = |key: &str, value: Value| package.entries.push((key.to_owned(), value));
    put("manifest", word(1));
    put("name", value(names::valid(name)));
    put("version", value("0.1.0"));
    let parameters = findings.variables.iter().map(|(name, variable)| {
        let mut parts = vec![("type", word("string"))];
        match &variable.default {
            Some(default) => parts.push(("default", value(default))),
            None => parts.push(("required", word(true))),
        }
        let description = variable.description.as_ref();
        parts.extend(description.map(|text| ("description", value(text))));
        (name.clone(), Map::short(parts))
    });
    let parameters: Vec<_> = parameters.collect();
    if !parameters.is_empty() {
        put("parameters", Map::long(parameters));
    }
    let mut component = vec![("name".to_owned(), value("main"))];
    component.extend(settings.map(|ros| ("ros".to_owned(), ros)));
    let executables = executables
        .iter()
        .map(|executable| Value::Map(written(executable, &findings.notes)));
    component.push(("executables".to_owned(), Value::List(executables.collect())));
    if !endpoints.is_empty() {
        component.push(("endpoints".to_owned(), Value::List(endpoints)));
    }
    put("components", Value::List(vec![Map::long(component)]));
    package
}

fn written(executable: &Executable, notes: &[Note]) -> Map {
    let own = notes
        .iter()
        .filter(|note| note.service == executable.service);
    let mut entries = vec![("name".to_owned(), value(&executable.name))];
    for key in ORDER {
        let value = executable.values.get(key).cloned();
        let empty =
            matches!(&value, Some(Value::List(items)) if items.is_empty() && key != "entrypoint");
        if !empty {
            entries.extend(value.map(|value| (key.to_owned(), value)));
        }
    }
    Map {
        comments: comments("", own),
        entries,
        short: false,
    }
}

/// Notes as lines of comment.
fn comments<'a>(first: &str, notes: impl Iterator<Item = &'a Note>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if !first.is_empty() {
        lines.push(first.to_owned());
    }
    for note in notes {
        let text = match note.key.as_str() {
            "" => note.what.clone(),
            key => format!("{key}: {}", note.what),
        };
        // Whatever a Compose file holds, a comment is one line at a time.
        let text: String = text.chars().take(600).collect();
        let mut line = "-".to_owned();
        for word in text.split_whitespace() {
            if line.chars().count() + word.chars().count() > COMMENT_WIDTH {
                lines.push(std::mem::replace(&mut line, " ".to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Writes the manifest and reads it again. What a manifest refuses is taken out and noted, where
/// that changes nothing but itself; otherwise the file cannot be imported.
fn finish(
    mut package: Map,
    executables: &[Executable],
    mut notes: Vec<Note>,
) -> Result<Imported, Vec<Problem>> {
    let mut removed = Vec::new();
    for _ in 0..ROUNDS {
        let text = document(&package);
        let problems = match manifest::parse(&text, "") {
            Ok(documents) => {
                notes.extend(documents.iter().filter_map(|read| policy(&read.package)));
                return Ok(Imported {
                    manifest: text,
                    notes,
                });
            }
            Err(problems) => problems,
        };
        let known = problems
            .iter()
            .map(|problem| removable(&problem.path))
            .collect::<Option<BTreeSet<_>>>();
        let Some(paths) = known else {
            removed.extend(
                problems
                    .into_iter()
                    .map(|problem| of_service(problem, executables)),
            );
            return Err(removed);
        };
        let mut whole = Value::Map(std::mem::take(&mut package));
        for path in in_removal_order(paths) {
            if !whole.remove("", &path) {
                continue;
            }
            let reasons = problems.iter().filter(|problem| {
                removable(&problem.path).is_some_and(|removable| removable == path)
            });
            for problem in reasons.cloned() {
                let problem = of_service(problem, executables);
                notes.push(Note {
                    service: String::new(),
                    key: problem.path.clone(),
                    line: (problem.line > 0).then_some(problem.line),
                    what: format!("it was left out: {}", problem.message),
                });
                removed.push(problem);
            }
        }
        if let Value::Map(map) = whole {
            package = map;
        }
    }
    Err(removed)
}

/// Later items of a list first, so that those before them keep their places.
fn in_removal_order(paths: BTreeSet<String>) -> Vec<String> {
    let index = |path: &String| {
        let inner = path
            .strip_suffix(']')
            .and_then(|path| path.rsplit('[').next());
        inner.and_then(|inner| inner.parse::<usize>().ok())
    };
    let mut paths: Vec<String> = paths.into_iter().collect();
    paths.sort_by_key(|path| std::cmp::Reverse(index(path)));
    paths
}

/// The part of the manifest that can be left out when something at `path` is wrong.
fn removable(path: &str) -> Option<String> {
    let inner = path.strip_prefix("components[0].")?;
    if let Some(rest) = inner.strip_prefix("endpoints[") {
        let (index, _) = rest.split_once(']')?;
        return Some(format!("components[0].endpoints[{index}]"));
    }
    let rest = inner.strip_prefix("executables[")?;
    let (index, rest) = rest.split_once("].")?;
    let own = format!("components[0].executables[{index}]");
    let key = rest.split(['.', '[']).next()?;
    let behind = &rest[key.len()..];
    match key {
        "environment" if !behind.is_empty() => Some(path.to_owned()),
        "mounts" | "devices" | "capabilities" if !behind.is_empty() => {
            let (index, _) = behind.strip_prefix('[')?.split_once(']')?;
            Some(format!("{own}.{key}[{index}]"))
        }
        "build" | "memory" | "cpus" | "gpus" | "shared_memory" | "working_directory" | "user"
        | "stop_grace_period" | "readiness" => Some(format!("{own}.{key}")),
        _ => None,
    }
}

/// A problem of the manifest, told of the service that it comes from.
fn of_service(mut problem: Problem, executables: &[Executable]) -> Problem {
    let prefix = "components[0].executables[";
    let found = problem.path.strip_prefix(prefix).and_then(|rest| {
        let (index, rest) = rest.split_once(']')?;
        let executable = executables.get(index.parse::<usize>().ok()?)?;
        Some((executable, rest.to_owned()))
    });
    match found {
        Some((executable, rest)) => {
            problem.path = format!("services.{}{rest}", executable.service);
            problem.line = executable.place.line;
            problem.column = executable.place.column;
        }
        None => (problem.line, problem.column) = (0, 0),
    }
    problem
}

/// What the policy has to allow beyond its defaults.
fn policy(package: &Package) -> Option<Note> {
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
