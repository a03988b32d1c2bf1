//! Volumes and paths that a container sees.

use std::collections::HashMap;
use std::rc::Rc;

use super::Findings;
use super::service::{Executable, left_out};
use super::source::{boolean, brief, entries, items, text};
use super::write::{Map, Value, text as value, word};
use crate::domain::yaml::{Node, Place};

/// The names of volumes as the file calls them, with those that the engine shall call them.
pub type Volumes = HashMap<String, String>;

struct Mount {
    source: String,
    target: String,
    read_only: bool,
}

/// Reads the `volumes` of a service.
pub fn read(
    node: &Rc<Node>,
    volumes: &Volumes,
    executable: &mut Executable,
    findings: &mut Findings,
) {
    let mut mounts = Vec::new();
    for item in items(node) {
        let mount = match entries(&item) {
            Some(_) => long(&item, findings),
            None => short(&item, findings),
        };
        if let Some(mut mount) = mount {
            if let Some(name) = volumes.get(&mount.source) {
                mount.source.clone_from(name);
            }
            note_special(&mount, item.place, findings);
            mounts.push(written(mount));
        }
    }
    executable.values.insert("mounts", Value::List(mounts));
}

fn written(mount: Mount) -> Value {
    let mut parts = vec![
        ("source", value(mount.source)),
        ("target", value(mount.target)),
    ];
    if mount.read_only {
        parts.push(("read_only", word(true)));
    }
    Map::short(parts)
}

/// `SOURCE:TARGET[:OPTIONS]`.
fn short(item: &Rc<Node>, findings: &mut Findings) -> Option<Mount> {
    let place = item.place;
    let Some(written) = text(item) else {
        left_out(
            "volumes",
            place,
            item,
            "expected text or a mapping",
            findings,
        );
        return None;
    };
    let filled = findings.fill("volumes", place, written)?;
    let parts: Vec<&str> = filled.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [source, target] => (*source, *target, ""),
        [source, target, options] => (*source, *target, *options),
        [_] => {
            let why = "a volume without a name is gone with its container: give it a name";
            left_out("volumes", place, item, why, findings);
            return None;
        }
        _ => {
            left_out("volumes", place, item, "expected SOURCE:TARGET", findings);
            return None;
        }
    };
    let mut read_only = false;
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => read_only = true,
            "rw" | "cached" | "delegated" | "consistent" => {}
            other => {
                let what = format!(
                    "the option `{other}` of `{filled}` was left out: there is no place for it"
                );
                findings.note("volumes", place, what);
            }
        }
    }
    accept(source, target, read_only, item, findings)
}

/// A mapping with `type`, `source` and `target`.
fn long(item: &Rc<Node>, findings: &mut Findings) -> Option<Mount> {
    let parts = entries(item)?;
    let mut mount = (None, None, false);
    let mut kind = "";
    for (name, place, node) in &parts {
        let key = format!("volumes.{name}");
        match name.as_str() {
            "type" => kind = text(node).unwrap_or_default(),
            "source" => mount.0 = text(node).and_then(|text| findings.fill(&key, *place, text)),
            "target" => mount.1 = text(node).and_then(|text| findings.fill(&key, *place, text)),
            "read_only" => match boolean(node) {
                Some(read_only) => mount.2 = read_only,
                None => {
                    // To read only is the safe one of two.
                    mount.2 = true;
                    let what = format!("`{}` was taken for true", brief(node));
                    findings.note(&key, *place, what);
                }
            },
            "bind" if creates_only(node) => {}
            _ => left_out(&key, *place, node, "there is no place for it", findings),
        }
    }
    if !matches!(kind, "bind" | "volume") {
        let why = "only `bind` and `volume` can be mounted";
        left_out("volumes", item.place, item, why, findings);
        return None;
    }
    match mount {
        (Some(source), Some(target), read_only) => {
            accept(&source, &target, read_only, item, findings)
        }
        _ => {
            let why = "`source` and `target` are needed";
            left_out("volumes", item.place, item, why, findings);
            None
        }
    }
}

/// What `docker compose config` writes for every path.
fn creates_only(node: &Node) -> bool {
    let parts = entries(node).unwrap_or_default();
    parts.iter().all(|(key, ..)| key == "create_host_path")
}

fn accept(
    source: &str,
    target: &str,
    read_only: bool,
    item: &Rc<Node>,
    findings: &mut Findings,
) -> Option<Mount> {
    if source.starts_with('~') {
        let why = "shipmate knows no home folder: write the path in full";
        left_out("volumes", item.place, item, why, findings);
        return None;
    }
    Some(Mount {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    })
}

/// What needs more than a mount to be of use.
fn note_special(mount: &Mount, place: Place, findings: &mut Findings) {
    let source = mount.source.trim_end_matches('/');
    if source.starts_with("/tmp/.X11-unix") || source.ends_with(".Xauthority") {
        let what = format!(
            "windows on the machine's screen: the policy has to allow `{source}` in `host_paths` or `read_only_host_paths`, and the X server the container's user (`xhost`)"
        );
        findings.note("volumes", place, what);
    } else if source.ends_with("docker.sock") {
        let what = format!(
            "who holds `{source}` holds the machine: the policy refuses it unless it is listed itself"
        );
        findings.note("volumes", place, what);
    } else if source == "/dev" || source.starts_with("/dev/") && source != "/dev/shm" {
        let what = format!(
            "`{source}` is mounted as a path, which the policy has to allow; without `privileged` its devices cannot be opened: list them in `devices`"
        );
        findings.note("volumes", place, what);
    }
}
