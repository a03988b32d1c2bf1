//! A container's specification in the engine's own terms.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, DeviceRequest, HostConfig, HostConfigLogConfig, Mount,
    MountType, MountVolumeOptions, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum,
};

use crate::domain::container::labels;
use crate::domain::container::{ContainerSpec, DeviceSpec, MountSource, MountSpec, PortSpec};
use crate::domain::deployment::bindings::MACHINE;
use crate::domain::manifest::{Gpus, Ipc, Network, Protocol, StopSignal};

/// What is sent to create the container.
pub(super) fn body_of(spec: &ContainerSpec, owner: &str) -> ContainerCreateBody {
    let text = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let environment = spec.environment.iter().map(|(k, v)| format!("{k}={v}"));
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint: spec.entrypoint.clone(),
        cmd: text(&spec.command),
        env: Some(environment.collect()),
        labels: Some(spec.labels.clone().into_iter().collect()),
        hostname: spec.hostname.clone(),
        working_dir: spec.working_directory.clone(),
        user: spec.user.clone(),
        stop_signal: Some(signal_name(spec.stop_signal).to_owned()),
        stop_timeout: Some(i64::from(spec.stop_grace)),
        exposed_ports: Some(spec.ports.iter().map(port_name).collect()),
        host_config: Some(host_config(spec, owner)),
        ..Default::default()
    }
}

fn host_config(spec: &ContainerSpec, owner: &str) -> HostConfig {
    HostConfig {
        init: Some(true),
        restart_policy: Some(no_restart()),
        log_config: Some(rotated_logs()),
        mounts: Some(spec.mounts.iter().map(|m| mount(m, owner)).collect()),
        devices: Some(spec.devices.iter().map(device).collect()),
        device_requests: spec.gpus.map(|gpus| vec![gpu_request(gpus)]),
        shm_size: spec.shared_memory.and_then(|size| i64::try_from(size).ok()),
        nano_cpus: spec.nano_cpus,
        memory: spec.memory,
        cap_add: Some(spec.capabilities.clone()),
        privileged: Some(spec.privileged),
        network_mode: Some(network_name(spec.network).to_owned()),
        ipc_mode: Some(ipc_name(spec.ipc).to_owned()),
        port_bindings: Some(port_bindings(&spec.ports)),
        extra_hosts: machine_name(spec.network),
        ..Default::default()
    }
}

/// The machine has a name in containers on a network of their own, at which dependents find what
/// others publish.
fn machine_name(network: Network) -> Option<Vec<String>> {
    match network {
        Network::Host => None,
        Network::Bridge => Some(vec![format!("{MACHINE}:host-gateway")]),
    }
}

/// shipmate restarts by itself: only so can it say why, and how often.
fn no_restart() -> RestartPolicy {
    RestartPolicy {
        name: Some(RestartPolicyNameEnum::NO),
        maximum_retry_count: None,
    }
}

/// Without limits a talkative node fills a robot's disk.
fn rotated_logs() -> HostConfigLogConfig {
    let limits = [("max-size", "10m"), ("max-file", "3")];
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(limits.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
    }
}

/// Mounts, and not the older binds: these would create a missing path, as an empty folder of root's.
fn mount(spec: &MountSpec, owner: &str) -> Mount {
    let (source, typ, volume_options) = match &spec.source {
        MountSource::Path(path) => (path, MountType::BIND, None),
        MountSource::Volume(name) => (name, MountType::VOLUME, Some(volume_labels(owner))),
        MountSource::OwnVolume { name, labels } => {
            let options = MountVolumeOptions {
                labels: Some(labels.clone().into_iter().collect()),
                ..Default::default()
            };
            (name, MountType::VOLUME, Some(options))
        }
    };
    Mount {
        source: Some(source.clone()),
        target: Some(spec.target.clone()),
        typ: Some(typ),
        read_only: Some(spec.read_only),
        volume_options,
        ..Default::default()
    }
}

/// A volume outlives its deployment; the label says who made it.
fn volume_labels(owner: &str) -> MountVolumeOptions {
    MountVolumeOptions {
        labels: Some(HashMap::from([(
            labels::OWNER.to_owned(),
            owner.to_owned(),
        )])),
        ..Default::default()
    }
}

fn device(spec: &DeviceSpec) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(spec.host.clone()),
        path_in_container: Some(spec.container.clone()),
        cgroup_permissions: Some(spec.permissions.clone()),
    }
}

fn gpu_request(gpus: Gpus) -> DeviceRequest {
    DeviceRequest {
        count: Some(match gpus {
            Gpus::All(_) => -1,
            Gpus::Count(count) => i64::from(count),
        }),
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..Default::default()
    }
}

fn port_bindings(ports: &[PortSpec]) -> PortMap {
    let mut bindings = PortMap::new();
    for port in ports {
        let binding = PortBinding {
            host_ip: port.address.map(|address| address.to_string()),
            host_port: Some(port.host.map_or_else(String::new, |host| host.to_string())),
        };
        let known = bindings.entry(port_name(port)).or_default();
        known.get_or_insert_default().push(binding);
    }
    bindings
}

fn port_name(port: &PortSpec) -> String {
    match port.protocol {
        Protocol::Tcp => format!("{}/tcp", port.container),
        Protocol::Udp => format!("{}/udp", port.container),
    }
}

fn network_name(network: Network) -> &'static str {
    match network {
        Network::Bridge => "bridge",
        Network::Host => "host",
    }
}

fn ipc_name(ipc: Ipc) -> &'static str {
    match ipc {
        Ipc::Private => "private",
        Ipc::Host => "host",
    }
}

fn signal_name(signal: StopSignal) -> &'static str {
    match signal {
        StopSignal::Int => "SIGINT",
        StopSignal::Term => "SIGTERM",
        StopSignal::Quit => "SIGQUIT",
        StopSignal::Hup => "SIGHUP",
        StopSignal::Usr1 => "SIGUSR1",
        StopSignal::Usr2 => "SIGUSR2",
        StopSignal::Kill => "SIGKILL",
    }
}
