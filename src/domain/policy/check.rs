//! Holds a package against a policy.

use super::{FolderAccess, Policy, paths};
use crate::domain::manifest::{Component, Device, Executable, Ipc, Network, Package};

/// What Docker gives to each container, so that asking for it asks for nothing.
const GIVEN_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

impl Policy {
    /// Checks what `package` asks of the machine. `base` is the absolute path of the folder in
    /// which its manifest lies, nothing for a manifest that came as text.
    ///
    /// Each refusal is a sentence that names who asks, for what, and the policy's key for it.
    pub fn check(&self, package: &Package, base: Option<&str>) -> Vec<String> {
        let mut refusals = Vec::new();
        for component in &package.components {
            for executable in &component.executables {
                let asked = self.check_executable(executable, base);
                refusals.extend(
                    asked
                        .into_iter()
                        .map(|refusal| refuse(component, executable, &refusal)),
                );
            }
        }
        refusals
    }

    fn check_executable(&self, executable: &Executable, base: Option<&str>) -> Vec<String> {
        let mut refusals = self.check_switches(executable);
        for mount in executable.mounts.iter().filter(|mount| !mount.is_volume()) {
            let checked = self.check_path(&mount.source, !mount.read_only, base);
            refusals.extend(checked.err().map(|reason| format!("mounts: {reason}")));
        }
        if let Some(build) = &executable.build {
            let checked = self.check_path(&build.context, false, base);
            refusals.extend(
                checked
                    .err()
                    .map(|reason| format!("build.context: {reason}")),
            );
        }
        for entry in &executable.devices {
            let host = paths::normal(Device::read(entry).host);
            if !self.devices.iter().any(|glob| paths::matches(glob, &host)) {
                refusals.push(format!(
                    "devices: {host} is not among the policy's `devices`"
                ));
            }
        }
        for capability in &executable.capabilities {
            let name = capability.strip_prefix("CAP_").unwrap_or(capability);
            if !self.allows_capability(name) {
                refusals.push(format!(
                    "capabilities: {name} is not among the policy's `capabilities`"
                ));
            }
        }
        refusals
    }

    fn check_switches(&self, executable: &Executable) -> Vec<String> {
        let asked = [
            (
                executable.privileged,
                self.privileged,
                "privileged: true",
                "privileged",
            ),
            (
                executable.network == Network::Host,
                self.host_network,
                "network: host",
                "host_network",
            ),
            (
                executable.ipc == Ipc::Host,
                self.host_ipc,
                "ipc: host",
                "host_ipc",
            ),
            (executable.gpus.is_some(), self.gpus, "gpus", "gpus"),
        ];
        let refused = asked
            .into_iter()
            .filter(|(asked, allowed, ..)| *asked && !*allowed);
        refused
            .map(|(.., what, key)| format!("{what} is not allowed: the policy's `{key}` is false"))
            .collect()
    }

    fn allows_capability(&self, name: &str) -> bool {
        GIVEN_CAPABILITIES.contains(&name)
            || self.capabilities.iter().any(|allowed| allowed == name)
    }

    /// Checks that a container may see `path` of the machine, and change it with `write`. `path`
    /// is absolute or relative to `base`, which is as in [`Policy::check`].
    ///
    /// # Errors
    /// Why not, as a sentence that names the policy's key.
    pub fn check_path(&self, path: &str, write: bool, base: Option<&str>) -> Result<(), String> {
        let base = base.map(paths::normal);
        let full = match &base {
            _ if path.starts_with('/') => paths::normal(path),
            Some(base) => paths::normal(&format!("{base}/{path}")),
            None => {
                return Err(format!(
                    "{path} is relative, and this manifest does not lie in a folder"
                ));
            }
        };
        let all: Vec<&str> = self
            .host_paths
            .iter()
            .chain(&self.read_only_host_paths)
            .map(String::as_str)
            .collect();
        if let Some(socket) = paths::engine_socket_in(&full, &all) {
            let message = format!(
                "{full} gives control of the container engine ({socket}): the policy's `host_paths` would have to list that exact path"
            );
            return Err(message);
        }
        let inside_base = base.is_some_and(|base| paths::is_within(&full, &base));
        let listed = |list: &[String]| list.iter().any(|allowed| paths::is_within(&full, allowed));
        if listed(&self.host_paths) || (!write && listed(&self.read_only_host_paths)) {
            return Ok(());
        }
        match (inside_base, self.package_folder) {
            (true, FolderAccess::ReadWrite) => Ok(()),
            (true, FolderAccess::ReadOnly) if !write => Ok(()),
            (true, FolderAccess::ReadOnly) => Err(format!(
                "{full} may only be mounted with `read_only: true`: the policy's `package_folder` is read-only"
            )),
            (true, FolderAccess::None) => Err(format!(
                "{full} is not allowed: the policy's `package_folder` is none"
            )),
            (false, _) if write && listed(&self.read_only_host_paths) => Err(format!(
                "{full} may only be mounted with `read_only: true`: it is among the policy's `read_only_host_paths`, not its `host_paths`"
            )),
            (false, _) => Err(format!(
                "{full} is not among the policy's `{}`",
                if write {
                    "host_paths"
                } else {
                    "read_only_host_paths"
                }
            )),
        }
    }
}

fn refuse(component: &Component, executable: &Executable, refusal: &str) -> String {
    format!("{}/{}: {refusal}", component.name, executable.name)
}
