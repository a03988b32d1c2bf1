//! The policy: what a manifest may ask of the machine, and who has the last word on a container.
//!
//! Whoever may deploy can write manifests; the policy is the machine's owner's word on how far
//! these reach out of their containers. [`Policy::check`] is pure and so sees paths as they are
//! written. A symbolic link below an allowed folder can lead elsewhere: whoever starts containers
//! resolves a path first and asks [`Policy::check_path`] again about what it really is.

mod check;
mod paths;

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::yaml::{self, Place, Problem};

/// What manifests may ask of the machine, and what becomes of changes by hand. What a policy file leaves out is as in the default.
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
    /// What becomes of a container that somebody stops, kills, pauses, renames or removes with
    /// `docker`.
    pub changes_by_hand: ChangesByHand,
}

/// What shipmate does when somebody else stops, kills, pauses, renames or removes one of its
/// containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangesByHand {
    /// It is brought back to what was asked for: started, resumed, renamed back, made again.
    #[default]
    Restore,
    /// It stays as it is, and its deployment says what was done to it, until it is started by hand
    /// or deployed again.
    Leave,
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
            changes_by_hand: ChangesByHand::Restore,
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
        return Err(vec![Problem::at(
            file,
            Place::START,
            "",
            "a policy is a single YAML document",
        )]);
    }
    let Some(document) = documents.pop() else {
        return Ok(Policy::default());
    };
    let mut problems = document.problems;
    let Some(root) = document.root else {
        return Err(problems);
    };
    let checked = yaml::check(&root, &policy_schema(), file);
    problems.extend(checked.problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let policy = serde_json::from_value::<Policy>(checked.value);
    policy
        .map(Policy::normalised)
        .map_err(|error| vec![Problem::at(file, root.place, "", error.to_string())])
}

/// The JSON Schema of a policy file.
pub fn schema() -> Value {
    policy_schema().value
}

fn policy_schema() -> yaml::Schema {
    yaml::Schema::of::<Policy>(|_, _| Ok(()))
}

impl Policy {
    /// One spelling for paths and capabilities.
    fn normalised(mut self) -> Self {
        for path in self
            .host_paths
            .iter_mut()
            .chain(&mut self.read_only_host_paths)
        {
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

#[cfg(test)]
mod tests;
