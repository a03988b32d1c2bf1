//! The policy: what a manifest may ask of the machine.
//!
//! Whoever may deploy can write manifests; the policy is the machine's owner's word on how far
//! these reach out of their containers. [`Policy::check`] is pure and so sees paths as they are
//! written. A symbolic link below an allowed folder can lead elsewhere: whoever starts containers
//! resolves a path first and asks [`Policy::check_path`] again about what it really is.

mod paths;

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::manifest::{Component, Device, Executable, Ipc, Network, Package};
use crate::domain::yaml::{self, Place, Problem};

/// What manifests may ask of the machine. What a policy file leaves out is as in the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Containers with all capabilities and all devices. Such a container is as good as root on
    /// the machine.
    pub privileged: bool,
    /// Containers on the machine's own network.
    pub host_network: bool,
    /// Containers that share the machine's shared memory.
    pub host_ipc: bool,
    /// Graphics processors.
    pub gpus: bool,
    /// What may be mounted and built from the folder in which the manifest lies.
    pub package_folder: FolderAccess,
    /// Folders and files of the machine that may be mounted, with all below them, to read and to
    /// write. The sockets of container engines are never allowed this way: they have to be listed
    /// themselves.
    #[schemars(schema_with = "absolute_paths")]
    pub host_paths: Vec<String>,
    /// The same, to read only.
    #[schemars(schema_with = "absolute_paths")]
    pub read_only_host_paths: Vec<String>,
    /// Device files that may be used; `*` stands for anything but a slash.
    #[schemars(schema_with = "device_globs")]
    pub devices: Vec<String>,
    /// Linux capabilities that may be added, besides those that Docker gives to each container.
    #[schemars(schema_with = "capability_names")]
    pub capabilities: Vec<String>,
}

/// What a package may see of the folder in which its manifest lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FolderAccess {
    /// Nothing.
    None,
    /// It may read it: mount it read-only, build images from it.
    ReadOnly,
    /// It may write to it, too.
    ReadWrite,
}

/// What Docker gives to each container, so that asking for it asks for nothing.
const GIVEN_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
];

/// The safe default that a robot can still be run with. config/policy.yaml holds it with reasons.
impl Default for Policy {
    fn default() -> Self {
        Self {
            privileged: false,
            host_network: true,
            host_ipc: false,
            gpus: true,
            package_folder: FolderAccess::ReadOnly,
            host_paths: Vec::new(),
            read_only_host_paths: Vec::new(),
            devices: Vec::new(),
            capabilities: vec!["SYS_NICE".to_owned(), "IPC_LOCK".to_owned()],
        }
    }
}

/// Reads a policy file. An empty one is the default.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_policy(text: &str, file: &str) -> Result<Policy, Vec<Problem>> {
    let mut documents = yaml::read(text, file).map_err(|problem| vec![problem])?;
    if documents.len() > 1 {
        return Err(vec![Problem::at(file, Place::START, "", "a policy is a single YAML document")]);
    }
    let Some(document) = documents.pop() else { return Ok(Policy::default()) };
    let mut problems = document.problems;
    let Some(root) = document.root else { return Err(problems) };
    let checked = yaml::check(&root, &schema(), |_, _| Ok(()), file);
    problems.extend(checked.problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let policy = serde_json::from_value::<Policy>(checked.value);
    policy.map(Policy::normalised).map_err(|error| vec![Problem::at(file, root.place, "", error.to_string())])
}

/// The JSON Schema of a policy file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Policy).to_value();
    yaml::clean(&mut schema);
    schema
}

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
                refusals.extend(asked.into_iter().map(|refusal| refuse(component, executable, &refusal)));
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
            refusals.extend(checked.err().map(|reason| format!("build.context: {reason}")));
        }
        for entry in &executable.devices {
            let host = paths::normal(Device::read(entry).host);
            if !self.devices.iter().any(|glob| paths::matches(glob, &host)) {
                refusals.push(format!("devices: {host} is not among the policy's `devices`"));
            }
        }
        for capability in &executable.capabilities {
            let name = capability.strip_prefix("CAP_").unwrap_or(capability);
            if !self.allows_capability(name) {
                refusals.push(format!("capabilities: {name} is not among the policy's `capabilities`"));
            }
        }
        refusals
    }

    fn check_switches(&self, executable: &Executable) -> Vec<String> {
        let asked = [
            (executable.privileged, self.privileged, "privileged: true", "privileged"),
            (executable.network == Network::Host, self.host_network, "network: host", "host_network"),
            (executable.ipc == Ipc::Host, self.host_ipc, "ipc: host", "host_ipc"),
            (executable.gpus.is_some(), self.gpus, "gpus", "gpus"),
        ];
        let refused = asked.into_iter().filter(|(asked, allowed, ..)| *asked && !*allowed);
        refused.map(|(.., what, key)| format!("{what} is not allowed: the policy's `{key}` is false")).collect()
    }

    fn allows_capability(&self, name: &str) -> bool {
        GIVEN_CAPABILITIES.contains(&name) || self.capabilities.iter().any(|allowed| allowed == name)
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
            None => return Err(format!("{path} is relative, and this manifest does not lie in a folder")),
        };
        let all: Vec<&str> = self.host_paths.iter().chain(&self.read_only_host_paths).map(String::as_str).collect();
        if let Some(socket) = paths::engine_socket_in(&full, &all) {
            let message = format!("{full} gives control of the container engine ({socket}): the policy's `host_paths` would have to list that exact path");
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
            (true, FolderAccess::ReadOnly) => Err(format!("{full} may only be mounted with `read_only: true`: the policy's `package_folder` is read-only")),
            (true, FolderAccess::None) => Err(format!("{full} is not allowed: the policy's `package_folder` is none")),
            (false, _) if write && listed(&self.read_only_host_paths) => {
                Err(format!("{full} may only be mounted with `read_only: true`: it is among the policy's `read_only_host_paths`, not its `host_paths`"))
            }
            (false, _) => Err(format!("{full} is not among the policy's `{}`", if write { "host_paths" } else { "read_only_host_paths" })),
        }
    }

    /// One spelling for paths and capabilities.
    fn normalised(mut self) -> Self {
        for path in self.host_paths.iter_mut().chain(&mut self.read_only_host_paths) {
            *path = paths::normal(path);
        }
        for name in &mut self.capabilities {
            *name = name.strip_prefix("CAP_").unwrap_or(name).to_owned();
        }
        let mut seen = BTreeSet::new();
        self.capabilities.retain(|name| seen.insert(name.clone()));
        self
    }
}

fn absolute_paths(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "pattern": "^/", "x-allowed": "an absolute path" },
    })
}

fn device_globs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "pattern": "^/dev/[^:]+$", "x-allowed": "a path below /dev, in which * stands for anything but a slash" },
    })
}

fn capability_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "pattern": "^[A-Z][A-Z_]+$", "x-allowed": "a Linux capability in upper case, for example SYS_NICE" },
    })
}

fn refuse(component: &Component, executable: &Executable, refusal: &str) -> String {
    format!("{}/{}: {refusal}", component.name, executable.name)
}

#[cfg(test)]
mod tests;
