//! What is asked for in a specification arrives in the container.

use shipmate::domain::container::{
    ContainerState, DeviceSpec, MountSource, MountSpec, PortSpec, labels,
};
use shipmate::domain::manifest::{Ipc, Network, Protocol};
use tempfile::TempDir;

use crate::support::{World, docker};

#[tokio::test]
async fn what_the_program_sees() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "from the machine").unwrap();
    let volume = format!("{}-kept", world.owner);
    let script = "echo $A; cat /etc/hostname; pwd; id -u; cat /data/file; echo; \
                  echo x > /data/new && echo writable; echo x > /kept/new && echo kept; \
                  head -c 3 /dev/nothing | head -c 0; echo ok";
    let mut spec = world.script("main", script);
    spec.environment
        .insert("A".to_owned(), "b = \"c\" $d".to_owned());
    spec.hostname = Some("robot-arm".to_owned());
    spec.working_directory = Some("/bin".to_owned());
    spec.user = Some("0:0".to_owned());
    spec.mounts = vec![
        mount(
            MountSource::Path(folder.path().display().to_string()),
            "/data",
            true,
        ),
        mount(MountSource::Volume(volume.clone()), "/kept", false),
    ];
    spec.devices = vec![DeviceSpec {
        host: "/dev/null".to_owned(),
        container: "/dev/nothing".to_owned(),
        permissions: "r".to_owned(),
    }];
    let id = world.run(&spec).await.unwrap();
    assert_eq!(world.ended(&id).await.code, 0);
    let output = world.engine.logs_tail(&id, 20).await.unwrap();
    for line in [
        "b = \"c\" $d",
        "robot-arm",
        "/bin",
        "0",
        "from the machine",
        "kept",
        "ok",
    ] {
        assert!(output.lines().any(|l| l == line), "{line} in {output}");
    }
    assert!(!output.lines().any(|line| line == "writable"), "{output}");

    world.engine.take_down(&id, 0).await.unwrap();
    let kept = docker()
        .inspect_volume(&volume)
        .await
        .expect("a named volume is kept");
    assert_eq!(kept.labels.get(labels::OWNER), Some(&world.owner));
}

fn mount(source: MountSource, target: &str, read_only: bool) -> MountSpec {
    MountSpec {
        source,
        target: target.to_owned(),
        read_only,
    }
}

#[tokio::test]
async fn what_the_engine_was_told() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["true"]);
    spec.entrypoint = Some(vec!["sh".to_owned(), "-c".to_owned()]);
    spec.shared_memory = Some(128 << 20);
    spec.nano_cpus = Some(500_000_000);
    spec.memory = Some(64 << 20);
    spec.capabilities = vec!["SYS_NICE".to_owned()];
    spec.privileged = true;
    spec.network = Network::Host;
    spec.ipc = Ipc::Host;
    let id = world.engine.create(&spec).await.unwrap();
    let found = docker().inspect_container(&id, None).await.unwrap();
    let (host, config) = (found.host_config.unwrap(), found.config.unwrap());
    assert_eq!(host.init, Some(true));
    assert_eq!(host.shm_size, Some(128 << 20));
    assert_eq!(host.nano_cpus, Some(500_000_000));
    assert_eq!(host.memory, Some(64 << 20));
    assert_eq!(host.privileged, Some(true));
    assert_eq!(host.network_mode.as_deref(), Some("host"));
    assert_eq!(host.ipc_mode.as_deref(), Some("host"));
    assert!(host.cap_add.unwrap()[0].ends_with("SYS_NICE"));
    assert_eq!(host.restart_policy.unwrap().name.unwrap().to_string(), "no");
    let logs = host.log_config.unwrap();
    assert_eq!(logs.typ.as_deref(), Some("json-file"));
    assert_eq!(logs.config.unwrap()["max-size"], "10m");
    assert_eq!(config.stop_signal.as_deref(), Some("SIGINT"));
    assert_eq!(config.stop_timeout, Some(5));
    assert_eq!(config.entrypoint.unwrap(), ["sh", "-c"]);
}

#[tokio::test]
async fn published_ports_are_told() {
    let world = World::new().await;
    let mut spec = world.spec("main", &["sleep", "1000"]);
    let fixed = crate::support::registry::free_port();
    let port = |container, host, protocol| PortSpec {
        container,
        host,
        address: None,
        protocol,
    };
    spec.ports = vec![
        port(80, Some(fixed), Protocol::Tcp),
        port(81, None, Protocol::Tcp),
        port(82, None, Protocol::Udp),
    ];
    let id = world.run(&spec).await.unwrap();
    let facts = world.facts(&id).await;
    assert_eq!(facts.state, ContainerState::Running);
    let ports: Vec<_> = facts
        .ports
        .iter()
        .map(|p| (p.container, p.protocol))
        .collect();
    assert_eq!(
        ports,
        [
            (80, Protocol::Tcp),
            (81, Protocol::Tcp),
            (82, Protocol::Udp)
        ]
    );
    assert_eq!(facts.ports[0].host, fixed);
    assert!(facts.ports.iter().all(|port| port.host > 0));
}
