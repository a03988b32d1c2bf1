//! From a manifest's executable to what an engine is asked for: names, labels, and the defaults
//! with which ROS works in containers.

use std::collections::BTreeMap;

use super::error_code::{ErrorCode, Failure};
use super::{Deployment, ExecutableKey, parameter_file};
use crate::domain::container::{
    BuildSpec, ContainerSpec, DeviceSpec, MountSource, MountSpec, labels,
};
use crate::domain::manifest::templates::expand;
use crate::domain::manifest::{Component, Device, Executable, Mount, Network, PullPolicy, Scalar};

/// What is the same for every container of one shipmate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The first part of each container's name.
    pub prefix: String,
    /// The id in the state folder, which is on every container.
    pub owner: String,
    /// The ROS domain that is handed down.
    pub domain_id: u8,
}

/// The name of an executable's container.
pub fn container_name(prefix: &str, deployment: &str, component: &str, executable: &str) -> String {
    format!("{prefix}-{deployment}-{component}-{executable}")
}

/// The name of an executable's image: its own, or the one that it is built as.
pub fn image_name(
    package: &str,
    version: &semver::Version,
    component: &str,
    executable: &Executable,
) -> String {
    executable.image.clone().unwrap_or_else(|| {
        // A tag may not hold the `+` of a semantic version's build.
        let tag = version.to_string().replace('+', "_");
        format!("shipmate/{package}-{component}-{}:{tag}", executable.name)
    })
}

impl Deployment {
    /// The name of an executable's image; empty when there is no such executable.
    pub fn image_of(&self, key: &ExecutableKey) -> String {
        let package = &self.order.package;
        self.manifest_of(key)
            .map_or_else(String::new, |(component, executable)| {
                image_name(&package.name, &package.version, &component.name, executable)
            })
    }

    /// How an executable's image is built; none when it is pulled.
    pub fn build_of(&self, key: &ExecutableKey) -> Option<BuildSpec> {
        let (component, executable) = self.manifest_of(key)?;
        let build = executable.build.as_ref()?;
        Some(BuildSpec {
            name: format!("{}.{}", component.name, executable.name),
            image: self.image_of(key),
            context: self.path(&build.context),
            dockerfile: build.dockerfile.clone(),
            args: texts(&build.args),
            target: build.target.clone(),
            always: executable.pull == PullPolicy::Always,
        })
    }

    /// The container of an executable. A reference to a parameter that does not exist, which the
    /// manifest's check has ruled out, stays as it stands.
    pub fn container_spec(
        &self,
        key: &ExecutableKey,
        identity: &Identity,
    ) -> Option<ContainerSpec> {
        let (component, executable) = self.manifest_of(key)?;
        let name = container_name(
            &identity.prefix,
            &self.order.name,
            &component.name,
            &executable.name,
        );
        let pinned = self.state(key).and_then(|s| s.pinned_image.clone());
        Some(ContainerSpec {
            image: pinned.unwrap_or_else(|| self.image_of(key)),
            entrypoint: executable
                .entrypoint
                .as_ref()
                .map(|parts| self.fill_all(parts, executable.network)),
            command: self.command(component, executable, identity),
            environment: self.environment(component, executable, identity),
            labels: self.labels(component, executable, identity),
            hostname: hostname(&name, executable.network),
            working_directory: executable.working_directory.clone(),
            user: executable.user.clone(),
            mounts: executable
                .mounts
                .iter()
                .map(|m| self.mount(m, component, identity))
                .collect(),
            devices: executable.devices.iter().map(|d| device(d)).collect(),
            gpus: executable.gpus,
            shared_memory: executable.shared_memory.map(|size| size.0),
            nano_cpus: executable.cpus.map(|cpus| nano(cpus.0)),
            memory: executable
                .memory
                .map(|size| i64::try_from(size.0).unwrap_or(i64::MAX)),
            capabilities: executable.capabilities.clone(),
            privileged: executable.privileged,
            network: executable.network,
            ipc: executable.ipc,
            networks: self.networks(key, identity),
            ports: self.published_ports(component, executable),
            stop_signal: executable.stop_signal,
            stop_grace: executable.stop_grace_period.0,
            files: parameter_file::files(executable, &self.order.parameters),
            name,
        })
    }

    /// Why the container of an executable cannot be made now, if so: something that it is told is
    /// not known.
    pub fn not_makeable(&self, key: &ExecutableKey) -> Option<Failure> {
        let (component, executable) = self.manifest_of(key)?;
        let network = executable.network;
        let words = { executable.command.iter() }.chain(executable.entrypoint.iter().flatten());
        let words = words.chain(&component.ros.args).cloned();
        let values = executable.environment.values().map(Scalar::to_string);
        let filled = words.chain(values).map(|text| self.fill(&text, network));
        let why = filled
            .chain(self.bound_variables(network).into_values())
            .find_map(|told| told.text.err())?;
        Some(Failure::new(ErrorCode::ExecutableFailed, why))
    }

    fn command(
        &self,
        component: &Component,
        executable: &Executable,
        identity: &Identity,
    ) -> Vec<String> {
        let mut command = self.fill_all(&executable.command, executable.network);
        if command.is_empty() {
            return command;
        }
        // What comes later wins: what the manifest says itself.
        let mut args = parameter_file::arguments(executable, &self.order.parameters);
        args.extend(self.ros_of(component, identity.domain_id).as_args());
        args.extend(self.fill_all(&component.ros.args, executable.network));
        if !args.is_empty() {
            command.push("--ros-args".to_owned());
            command.extend(args);
        }
        command
    }

    pub(super) fn environment(
        &self,
        component: &Component,
        executable: &Executable,
        identity: &Identity,
    ) -> BTreeMap<String, String> {
        let domain = self.ros_of(component, identity.domain_id).domain_id;
        let mut environment = ros_environment(domain, component.ros.rmw.as_deref());
        if executable.user.is_some() {
            // Whoever is no user of the image has no home for logs, and ROS does not start then.
            environment.insert("ROS_LOG_DIR".to_owned(), "/tmp/ros-log".to_owned());
        }
        // An update replaces whoever is told something new, so that not everybody is told everything.
        if executable.ros {
            environment.extend(parameter_file::variables(&self.order.parameters));
        }
        let bound = self.bound_variables(executable.network).into_iter();
        environment.extend(bound.filter_map(|(name, told)| Some((name, told.text.ok()?))));
        for (name, value) in &executable.environment {
            let text = self.filled(&value.to_string(), executable.network);
            environment.insert(name.clone(), text);
        }
        environment
    }

    fn labels(
        &self,
        component: &Component,
        executable: &Executable,
        identity: &Identity,
    ) -> BTreeMap<String, String> {
        let order = &self.order;
        [
            (labels::OWNER, identity.owner.clone()),
            (labels::DEPLOYMENT, order.id.clone()),
            (labels::DEPLOYMENT_NAME, order.name.clone()),
            (labels::PACKAGE, order.package.name.clone()),
            (labels::VERSION, order.package.version.to_string()),
            (labels::COMPONENT, component.name.clone()),
            (labels::EXECUTABLE, executable.name.clone()),
            (labels::GENERATION, order.revision.to_string()),
            (
                labels::ORDER,
                // An order is plain data, which always fits JSON; without it nothing is recovered.
                serde_json::to_string(order).unwrap_or_default(),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    fn mount(&self, mount: &Mount, component: &Component, identity: &Identity) -> MountSpec {
        let source = if let Some(volume) = component.volumes.get(&mount.source) {
            self.own_volume(&mount.source, *volume, component, identity)
        } else if mount.is_volume() {
            MountSource::Volume(mount.source.clone())
        } else {
            MountSource::Path(self.path(&mount.source))
        };
        MountSpec {
            source,
            target: mount.target.clone(),
            read_only: mount.read_only,
        }
    }

    /// A path of the manifest, seen from its folder.
    fn path(&self, path: &str) -> String {
        match &self.order.folder {
            Some(folder) if !path.starts_with('/') => {
                let joined = std::path::Path::new(folder).join(path);
                joined
                    .components()
                    .collect::<std::path::PathBuf>()
                    .display()
                    .to_string()
            }
            _ => path.to_owned(),
        }
    }

    /// A text of a probe, or a name of ROS: only parameters stand in it.
    pub(super) fn expand(&self, text: &str) -> String {
        expand(text, &self.order.parameters).unwrap_or_else(|_| text.to_owned())
    }

    pub(super) fn expand_all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.expand(text)).collect()
    }

    fn fill_all(&self, texts: &[String], network: Network) -> Vec<String> {
        texts.iter().map(|t| self.filled(t, network)).collect()
    }
}

/// The variables with which nodes in containers hear each other and the machine's nodes, their
/// logs arrive at once, and a signal reaches them.
fn ros_environment(domain: u8, rmw: Option<&str>) -> BTreeMap<String, String> {
    let domain = domain.to_string();
    let mut variables = vec![
        ("ROS_DOMAIN_ID", domain.as_str()),
        // Fast DDS takes shared memory for peers of one machine, but each container has a
        // /dev/shm of its own: without this, nodes see each other and no data flows.
        ("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4"),
        // LOCALHOST would be each container's own loopback.
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET"),
        ("PYTHONUNBUFFERED", "1"),
        ("RCUTILS_LOGGING_BUFFERED_STREAM", "0"),
        // The init process hands the stop signal to the command's whole process group, so that
        // a node behind `bash -c` hears it too.
        ("TINI_KILL_PROCESS_GROUP", "1"),
    ];
    if let Some(rmw) = rmw {
        variables.push(("RMW_IMPLEMENTATION", rmw));
    }
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// On the host's network a container would have the machine's host name, and nothing in its
/// discovery announcements would tell it apart. On the bridge the engine's default, the
/// container's id, is best. A host name is at most 63 letters, digits and hyphens.
pub(super) fn hostname(name: &str, network: Network) -> Option<String> {
    let fits = name.len() <= 63 && !name.contains('_');
    (network == Network::Host && fits).then(|| name.to_owned())
}

fn device(entry: &str) -> DeviceSpec {
    let device = Device::read(entry);
    DeviceSpec {
        host: device.host.to_owned(),
        container: device.container.to_owned(),
        permissions: device.permissions.to_owned(),
    }
}

#[allow(clippy::cast_possible_truncation)] // the manifest's check allows at most 1024 cores
fn nano(cpus: f64) -> i64 {
    (cpus * 1e9).round() as i64
}

fn texts(values: &BTreeMap<String, Scalar>) -> BTreeMap<String, String> {
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect()
}
