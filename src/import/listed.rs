//! Keys of a service for which a manifest has no place, and what to do about each.

use std::rc::Rc;

use super::Findings;
use super::service::left_out;
use super::source::{boolean, entries, items, text};
use crate::domain::yaml::{Node, Place};

/// Why each key was left out, and what to do.
const ADVICE: [(&str, &str); 52] = [
    ("annotations", "containers get shipmate's own labels only"),
    (
        "attach",
        "read the output with ~/get_logs and ~/follow_logs",
    ),
    ("blkio_config", "there is no limit for disks"),
    ("cap_drop", "capabilities can only be added"),
    ("cgroup", "there is no place for it"),
    ("cgroup_parent", "there is no place for it"),
    (
        "configs",
        "write the file beside the manifest and mount it with `mounts`",
    ),
    (
        "container_name",
        "containers are called shipmate-DEPLOYMENT-COMPONENT-EXECUTABLE",
    ),
    ("cpu_count", "use `cpus`"),
    ("cpu_percent", "use `cpus`"),
    ("cpu_period", "use `cpus`"),
    ("cpu_quota", "use `cpus`"),
    (
        "cpu_rt_period",
        "use the capability SYS_NICE for real-time priorities",
    ),
    (
        "cpu_rt_runtime",
        "use the capability SYS_NICE for real-time priorities",
    ),
    ("cpu_shares", "use `cpus`, which is a limit"),
    ("cpuset", "processors cannot be chosen; use `cpus`"),
    ("credential_spec", "there is no place for it"),
    ("develop", "it is for development; build and deploy again"),
    ("device_cgroup_rules", "list the device files in `devices`"),
    ("dns", "containers get the engine's own"),
    ("dns_opt", "containers get the engine's own"),
    ("dns_search", "containers get the engine's own"),
    ("domainname", "there is no place for it"),
    (
        "env_file",
        "the file was not read: write its variables into `environment`, or import what `docker compose config` prints",
    ),
    (
        "extends",
        "it was not followed: import what `docker compose config` prints",
    ),
    (
        "external_links",
        "use an endpoint and `host.docker.internal`, or the host's network",
    ),
    (
        "extra_hosts",
        "write addresses, or set up names on the machine; `host.docker.internal` is known",
    ),
    (
        "group_add",
        "use `user: \"UID:GID\"`, or make the file readable for the image's user",
    ),
    (
        "hostname",
        "there is no place for it; a node's name does not depend on it",
    ),
    ("isolation", "it is for Windows"),
    (
        "links",
        "containers of a deployment find each other by name where one has an endpoint that is not published",
    ),
    (
        "logging",
        "shipmate sees to it that logs do not fill the disk; read them with ~/get_logs",
    ),
    ("mac_address", "there is no place for it"),
    ("mem_reservation", "use `memory`, which is a limit"),
    ("mem_swappiness", "there is no place for it"),
    ("memswap_limit", "use `memory`"),
    ("oom_kill_disable", "there is no place for it"),
    ("oom_score_adj", "there is no place for it"),
    ("pid", "each container has processes of its own"),
    ("pids_limit", "there is no place for it"),
    (
        "platform",
        "the engine takes the image for its own kind of processor",
    ),
    ("post_start", "make it part of the command"),
    ("pre_stop", "handle the stop signal in the program"),
    ("read_only", "a container can always write into itself"),
    (
        "secrets",
        "write the file on the machine, and mount it read-only",
    ),
    ("security_opt", "there is no place for it"),
    (
        "stdin_open",
        "nobody can type into it: what wants a terminal has to be started by hand",
    ),
    ("storage_opt", "there is no place for it"),
    (
        "sysctls",
        "set it on the machine, and use `network: host` where it is about the network",
    ),
    ("tmpfs", "use a volume, or write into the container"),
    (
        "ulimits",
        "set it for the engine (`default-ulimits`), or use capabilities such as IPC_LOCK and SYS_NICE",
    ),
    ("userns_mode", "there is no place for it"),
];

/// Notes a key that has no place.
pub fn note(key: &str, place: Place, node: &Rc<Node>, findings: &mut Findings) {
    match key {
        "depends_on" => depends_on(place, node, findings),
        "networks" => networks(place, node, findings),
        "labels" => {
            let why = "containers get shipmate's own labels only";
            left_out(key, place, node, why, findings);
        }
        "profiles" => {
            let why =
                "it is always started: remove the executable, or make a package of its own of it";
            left_out(key, place, node, why, findings);
        }
        "tty" | "stdin_open" | "read_only" | "oom_kill_disable" if boolean(node) == Some(false) => {
        }
        "init" => {
            let why = "there always is an init process, which hands signals on";
            left_out(key, place, node, why, findings);
        }
        "tty" => {
            let why = "output is read without a terminal; Python's is unbuffered all the same";
            left_out(key, place, node, why, findings);
        }
        "scale" if text(node) == Some("1") => {}
        "scale" => {
            let why = "an executable is one container; write one for each, or deploy several times";
            left_out(key, place, node, why, findings);
        }
        _ if key.starts_with("x-") => {
            left_out(
                key,
                place,
                node,
                "it is an extension of somebody's",
                findings,
            );
        }
        _ => {
            let advice = ADVICE.iter().find(|(name, _)| *name == key);
            let why = advice.map_or("shipmate does not know this key", |(_, advice)| advice);
            left_out(key, place, node, why, findings);
        }
    }
}

/// Order between services is no part of a manifest: what is not ready yet is waited for by who needs it.
fn depends_on(place: Place, node: &Rc<Node>, findings: &mut Findings) {
    let mut waits = Vec::new();
    for (name, _, how) in entries(node).unwrap_or_default() {
        let parts = entries(&how).unwrap_or_default();
        let condition = parts.iter().find(|(key, ..)| key == "condition");
        let condition = condition.and_then(|(.., node)| text(node));
        waits.push(match condition {
            Some(condition) => format!("{name} ({condition})"),
            None => name,
        });
    }
    if waits.is_empty() {
        let names = items(node);
        waits.extend(
            names
                .iter()
                .filter_map(|name| text(name).map(str::to_owned)),
        );
    }
    let mut what = format!(
        "it does not wait for {}: executables of a component start beside each other, and try again with `restart: always` or `on-failure`; `readiness` says when each is ready. To wait, make a package of what is needed and use the package's `depends_on`",
        waits.join(", ")
    );
    if what.contains("service_completed_successfully") {
        what.push_str(". What has to end first belongs into the command or the image");
    }
    findings.note("depends_on", place, what);
}

fn networks(place: Place, node: &Rc<Node>, findings: &mut Findings) {
    let parts = entries(node).unwrap_or_default();
    let mut names: Vec<String> = parts.into_iter().map(|(name, ..)| name).collect();
    if names.is_empty() {
        let items = items(node);
        names.extend(
            items
                .iter()
                .filter_map(|name| text(name).map(str::to_owned)),
        );
    }
    let has_settings = entries(node)
        .unwrap_or_default()
        .iter()
        .any(|(.., settings)| entries(settings).is_some());
    if names == ["default"] && !has_settings {
        return;
    }
    let why = "there are `host` and `bridge`, which it got; containers of a deployment find each other by name where one has an endpoint that is not published (`expose`)";
    left_out("networks", place, node, why, findings);
}
