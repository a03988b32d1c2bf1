//! What has to hold within one executable.

use super::Report;
use crate::domain::manifest::units::ByteSize;
use crate::domain::manifest::{Executable, Mount};
use crate::domain::yaml::closest;

/// The least memory that Docker's engine accepts as a limit.
const LEAST_MEMORY: ByteSize = ByteSize(6 * 1024 * 1024);

/// Linux' capabilities, without `CAP_`, and Docker's word for all of them.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
];

/// A capability's name without `CAP_` before it.
pub fn capability_name(written: &str) -> &str {
    written.strip_prefix("CAP_").unwrap_or(written)
}

pub fn check(executable: &Executable, path: &str, report: &mut Report) {
    let image = format!("{path}.image");
    if executable.image.is_none()
        && executable.build.is_none()
        && !report.is_broken(&image)
        && !report.is_broken(&format!("{path}.build"))
    {
        report.add(
            path,
            "neither `image` nor `build` is set: one of them has to say where the image comes from"
                .to_owned(),
        );
    }
    if let Some(build) = &executable.build
        && has_parent(&build.dockerfile)
    {
        report.add(
            &format!("{path}.build.dockerfile"),
            "`..` is not allowed: the Dockerfile lies within the context".to_owned(),
        );
    }
    if let Some(memory) = executable.memory.filter(|memory| *memory < LEAST_MEMORY) {
        report.add(
            &format!("{path}.memory"),
            format!("{memory} is too small: at least {LEAST_MEMORY}"),
        );
    }
    check_capabilities(&executable.capabilities, path, report);
    check_devices(&executable.devices, path, report);
    check_mounts(&executable.mounts, path, report);
}

fn check_capabilities(capabilities: &[String], path: &str, report: &mut Report) {
    for (index, capability) in capabilities.iter().enumerate() {
        let name = capability_name(capability);
        if !CAPABILITIES.contains(&name) {
            let advice = match closest(name, CAPABILITIES) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {}", CAPABILITIES.join(", ")),
            };
            report.add(
                &format!("{path}.capabilities[{index}]"),
                format!("there is no capability `{capability}`; {advice}"),
            );
        }
    }
}

fn check_devices(devices: &[String], path: &str, report: &mut Report) {
    for (index, device) in devices
        .iter()
        .enumerate()
        .filter(|(_, device)| has_parent(&device.replace(':', "/")))
    {
        report.add(
            &format!("{path}.devices[{index}]"),
            format!("`..` is not allowed in `{device}`"),
        );
    }
}

fn check_mounts(mounts: &[Mount], path: &str, report: &mut Report) {
    let target = |index: usize| format!("{path}.mounts[{index}].target");
    for (index, mount) in mounts.iter().enumerate() {
        if has_parent(&mount.target) {
            report.add(
                &target(index),
                "`..` is not allowed: write the path in full".to_owned(),
            );
        } else if tidy(&mount.target) == "/" {
            report.add(
                &target(index),
                "`/` cannot be mounted over: expected a path below it".to_owned(),
            );
        }
    }
    let targets = mounts
        .iter()
        .enumerate()
        .map(|(index, mount)| (target(index), tidy(&mount.target)));
    report.unique(targets, |target, line| {
        format!("`{target}` is a mount's target already, in line {line}")
    });
}

fn has_parent(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// An absolute path without `.` and doubled or trailing slashes.
fn tidy(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    format!("/{}", parts.join("/"))
}
