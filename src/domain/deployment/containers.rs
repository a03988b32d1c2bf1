//! From a manifest's executable to what an engine is asked for: names, labels, and the defaults
//! with which ROS works in containers.

use std::collections::BTreeMap;

use super::{Deployment, ExecutableKey, listener};
use crate::domain::container::{
    BuildSpec, ContainerSpec, DeviceSpec, MountSource, MountSpec, PortSpec, labels,
};
use crate::domain::manifest::parameters::expand;
use crate::domain::manifest::{Component, Device, Executable, Mount, Network, Scalar};

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
        let (_, executable) = self.manifest_of(key)?;
        let build = executable.build.as_ref()?;
        Some(BuildSpec {
            image: self.image_of(key),
            context: self.path(&build.context),
            dockerfile: build.dockerfile.clone(),
            args: texts(&build.args),
            target: build.target.clone(),
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
        Some(ContainerSpec {
            image: self.image_of(key),
            entrypoint: executable
                .entrypoint
                .as_ref()
                .map(|parts| self.expand_all(parts)),
            command: self.command(component, executable),
            environment: self.environment(component, executable, identity),
            labels: self.labels(component, executable, identity),
            hostname: hostname(&name, executable.network),
            working_directory: executable.working_directory.clone(),
            user: executable.user.clone(),
            mounts: executable.mounts.iter().map(|m| self.mount(m)).collect(),
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
            ports: ports(component, executable),
            stop_signal: executable.stop_signal,
            stop_grace: executable.stop_grace_period.0,
            name,
        })
    }

    fn command(&self, component: &Component, executable: &Executable) -> Vec<String> {
        let mut command = self.expand_all(&executable.command);
        if !command.is_empty() && !component.ros.args.is_empty() {
            command.push("--ros-args".to_owned());
            command.extend(self.expand_all(&component.ros.args));
        }
        command
    }

    fn environment(
        &self,
        component: &Component,
        executable: &Executable,
        identity: &Identity,
    ) -> BTreeMap<String, String> {
        let domain = component.ros.domain_id.unwrap_or(identity.domain_id);
        let mut environment = ros_environment(domain, component.ros.rmw.as_deref());
        if executable.user.is_some() {
            // Whoever is no user of the image has no home for logs, and ROS does not start then.
            environment.insert("ROS_LOG_DIR".to_owned(), "/tmp/ros-log".to_owned());
        }
        environment.extend(self.bound_variables(executable.network));
        for (name, value) in &executable.environment {
            environment.insert(name.clone(), self.expand(&value.to_string()));
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
            (labels::GENERATION, "1".to_owned()),
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

    fn mount(&self, mount: &Mount) -> MountSpec {
        let source = if mount.is_volume() {
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

    pub(super) fn expand(&self, text: &str) -> String {
        expand(text, &self.order.parameters).unwrap_or_else(|_| text.to_owned())
    }

    pub(super) fn expand_all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.expand(text)).collect()
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
fn hostname(name: &str, network: Network) -> Option<String> {
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

/// The ports that an executable publishes; on the host's network they are there already.
fn ports(component: &Component, executable: &Executable) -> Vec<PortSpec> {
    if executable.network == Network::Host {
        return Vec::new();
    }
    component
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.external)
        .filter(|endpoint| listener(component, endpoint).is_some_and(|e| e.name == executable.name))
        .map(|endpoint| PortSpec {
            container: endpoint.port,
            host: endpoint.host_port,
            protocol: endpoint.protocol,
        })
        .collect()
}

fn texts(values: &BTreeMap<String, Scalar>) -> BTreeMap<String, String> {
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect()
}
