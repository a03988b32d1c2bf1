//! What lies beside the services: volumes by name, and keys that a manifest has no place for.

use super::super::source::{Entry, boolean, brief, entries, is_null, text};
use super::super::{Findings, mounts, service};

/// Reads what lies beside the services; the volumes by name.
pub(super) fn beside(top: &[Entry], findings: &mut Findings) -> mounts::Volumes {
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
