//! Packages of every kind, for the properties.

use proptest::prelude::*;

use crate::domain::manifest::units::{ByteSize, Cpus, Seconds};
use crate::domain::manifest::*;

/// Words that YAML reads in more than one way, and plain ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~äß\\n\\t]{0,12}".prop_map(|text| text.replace('$', "$$")),
        prop::sample::select(vec![
            "no", "1.20", "~", "null", "true", "", " x ", "- a", "a: b", "#", "0x1", "'", "\"",
            "---", "&a", "*a"
        ])
        .prop_map(str::to_owned),
    ]
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}([_-][a-z0-9]{1,8}){0,3}"
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Boolean),
        any::<i64>().prop_map(Scalar::Integer),
        any::<i32>().prop_map(|eighths| Scalar::Number(f64::from(eighths) / 8.0)),
        text().prop_map(Scalar::String),
    ]
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let kind_of = |value: &Scalar| match value {
        Scalar::Boolean(_) => ParameterKind::Boolean,
        Scalar::Integer(_) => ParameterKind::Integer,
        Scalar::Number(_) => ParameterKind::Number,
        Scalar::String(_) => ParameterKind::String,
    };
    (scalar(), any::<bool>(), text()).prop_map(move |(value, required, description)| Parameter {
        kind: kind_of(&value),
        description,
        required,
        default: (!required).then_some(value),
    })
}

fn mounts() -> impl Strategy<Value = Vec<Mount>> {
    let mount = (
        "(/[a-z]{1,5}){1,3}|\\./[a-z]{1,5}|\\.\\.|[a-z]{2,9}",
        any::<bool>(),
    );
    prop::collection::vec(mount, 0..3).prop_map(|mounts| {
        let mount = |(index, (source, read_only))| Mount {
            source,
            target: format!("/m{index}"),
            read_only,
        };
        mounts.into_iter().enumerate().map(mount).collect()
    })
}

fn build() -> impl Strategy<Value = Build> {
    let args = prop::collection::btree_map("[A-Z][A-Z_]{0,5}", scalar(), 0..2);
    (args, prop::option::of("[a-z]{1,5}")).prop_map(|(args, target)| Build {
        context: "./src".to_owned(),
        dockerfile: "Dockerfile".to_owned(),
        args,
        target,
    })
}

prop_compose! {
    fn limits()(
        shared_memory in prop::option::of((1..1_u64 << 40).prop_map(ByteSize)),
        memory in prop::option::of((6 << 20..1_u64 << 40).prop_map(ByteSize)),
        cpus in prop::option::of((1..8192_u32).prop_map(|eighths| Cpus(f64::from(eighths) / 8.0))),
        gpus in prop::option::of(prop_oneof![Just(Gpus::All(AllGpus::All)), (1..=u16::MAX).prop_map(Gpus::Count)]),
        grace in (0..=3600_u32).prop_map(Seconds),
    ) -> (Option<ByteSize>, Option<ByteSize>, Option<Cpus>, Option<Gpus>, Seconds) {
        (shared_memory, memory, cpus, gpus, grace)
    }
}

prop_compose! {
    fn executable()(
        name in name(),
        build in prop::option::of(build()),
        words in prop::collection::vec(text(), 0..3),
        entrypoint in prop::option::of(prop::collection::vec(text(), 0..3)),
        environment in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{0,5}", scalar(), 0..3),
        mounts in mounts(),
        (shared_memory, memory, cpus, gpus, stop_grace_period) in limits(),
        restart in prop::sample::select(vec![Restart::Always, Restart::OnFailure, Restart::Never]),
        stop_signal in prop::sample::select(vec![StopSignal::Int, StopSignal::Term, StopSignal::Usr1]),
        pull in prop::sample::select(vec![PullPolicy::Missing, PullPolicy::Always, PullPolicy::Never]),
        host in any::<bool>(),
        privileged in any::<bool>(),
    ) -> Executable {
        Executable {
            name,
            image: Some("registry.example.com:5000/team/driver:1.2".to_owned()),
            build,
            pull,
            command: words,
            entrypoint,
            environment,
            working_directory: host.then(|| "/work".to_owned()),
            user: host.then(|| "1000:video".to_owned()),
            mounts,
            devices: if host { vec!["/dev/ttyUSB0:/dev/lidar:rw".to_owned()] } else { Vec::new() },
            gpus,
            shared_memory,
            cpus,
            memory,
            capabilities: if host { vec!["SYS_NICE".to_owned()] } else { Vec::new() },
            privileged,
            network: if host { Network::Host } else { Network::Bridge },
            ipc: if host { Ipc::Host } else { Ipc::Private },
            restart,
            stop_signal,
            stop_grace_period,
        }
    }
}

prop_compose! {
    fn component()(
        executables in prop::collection::vec(executable(), 1..3),
        domain_id in prop::option::of(0..=101_u8),
        args in prop::collection::vec(text(), 0..3),
        ports in prop::collection::btree_set(1..=u16::MAX, 0..3),
        cloud in any::<bool>(),
    ) -> Component {
        let mut executables = executables;
        for (index, executable) in executables.iter_mut().enumerate() {
            executable.name = format!("e{index}");
        }
        let has_command = executables.iter().any(|executable| !executable.command.is_empty());
        let args = if has_command { args } else { Vec::new() };
        let endpoint = |port: u16| Endpoint {
            name: format!("port{port}"),
            executable: Some("e0".to_owned()),
            port,
            protocol: if port.is_multiple_of(2) { Protocol::Tcp } else { Protocol::Udp },
            external: port.is_multiple_of(3),
            host_port: None,
        };
        Component {
            name: "c".to_owned(),
            runtime: if cloud { Runtime::Cloud } else { Runtime::Device },
            ros: RosSettings { domain_id, rmw: cloud.then(|| "rmw_zenoh_cpp".to_owned()), args },
            executables,
            endpoints: ports.into_iter().map(endpoint).collect(),
        }
    }
}

prop_compose! {
    pub fn package()(
        name in name(),
        version in (0..1000_u64, 0..1000_u64, 0..1000_u64).prop_map(|(a, b, c)| semver::Version::new(a, b, c)),
        description in text(),
        singleton in any::<bool>(),
        parameters in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{0,5}", parameter(), 0..3),
        component in component(),
    ) -> Package {
        Package { manifest: 1, name, version, description, singleton, parameters, components: vec![component] }
    }
}
