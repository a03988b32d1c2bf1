//! Packages of every kind, for the properties.

use proptest::prelude::*;
use semver::VersionReq;

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
        required,
        secret: required && description.len().is_multiple_of(2),
        description,
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

/// Absolute names of ROS.
fn ros_name() -> impl Strategy<Value = String> {
    "(/[A-Za-z]([A-Za-z0-9]|_[a-z]){0,5}){1,3}"
}

fn ros_probe() -> impl Strategy<Value = RosProbe> {
    let rate = prop::option::of((1..8000_u32).prop_map(|eighths| f64::from(eighths) / 8.0));
    (0..5, ros_name(), rate).prop_map(|(kind, name, min_rate)| {
        let name_if = |wanted| (kind == wanted).then(|| name.clone());
        RosProbe {
            node: name_if(0),
            topic: name_if(1),
            min_rate: min_rate.filter(|_| kind == 1),
            service: name_if(2),
            action: name_if(3),
            active: name_if(4),
        }
    })
}

fn http_probe() -> impl Strategy<Value = HttpProbe> {
    let path = "/[!\"%-~]{0,12}";
    (1..=u16::MAX, path, prop::option::of(100..=599_u16))
        .prop_map(|(port, path, status)| HttpProbe { port, path, status })
}

prop_compose! {
    /// A probe for liveness, or one for readiness.
    pub fn probe(liveness: bool)(
        kind in 0..4,
        words in prop::collection::vec(text(), 0..3),
        port in 1..=u16::MAX,
        http in http_probe(),
        ros in ros_probe(),
        period in (1..=3600_u32).prop_map(Seconds),
        timeout in (1..=3600_u32).prop_map(Seconds),
        failures in 1..=1000_u32,
        start_period in (0..=3600_u32).prop_map(Seconds),
    ) -> Probe {
        let command = [vec!["test".to_owned()], words].concat();
        Probe {
            command: (kind == 0).then_some(command),
            tcp: (kind == 1).then_some(port),
            http: (kind == 2).then_some(http),
            ros: (kind == 3).then_some(ros),
            period,
            timeout,
            failures: if liveness { failures } else { 3 },
            start_period: if liveness { start_period } else { Seconds(0) },
        }
    }
}

type Probes = (Option<Probe>, Option<Probe>, Vec<String>);

/// Readiness, liveness and lifecycle nodes.
fn probes() -> impl Strategy<Value = Probes> {
    (
        prop::option::of(probe(false)),
        prop::option::of(probe(true)),
        prop::collection::btree_set(ros_name(), 0..3).prop_map(Vec::from_iter),
    )
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
        (readiness, liveness, lifecycle) in probes(),
    ) -> Executable {
        Executable {
            update_guard: Vec::new(),
            name,
            image: Some("registry.example.com:5000/team/driver:1.2".to_owned()),
            build,
            pull,
            command: words,
            entrypoint,
            environment,
            ros: host,
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
            readiness,
            liveness: liveness.filter(|_| restart != Restart::Never),
            lifecycle,
        }
    }
}

prop_compose! {
    fn component()(
        executables in prop::collection::vec(executable(), 1..3),
        domain_id in prop::option::of(0..=101_u8),
        args in prop::collection::vec(text(), 0..3),
        namespace in prop::option::of(ros_name()),
        remappings in prop::collection::btree_map("[~/]?[a-z]{1,5}", ros_name(), 0..3),
        ports in prop::collection::btree_set(1..=u16::MAX, 0..3),
        cloud in any::<bool>(),
    ) -> Component {
        let mut executables = executables;
        for (index, executable) in executables.iter_mut().enumerate() {
            executable.name = format!("e{index}");
        }
        let has_command = executables.iter().any(|executable| !executable.command.is_empty());
        let args = if has_command { args } else { Vec::new() };
        let namespace = namespace.filter(|_| has_command);
        let remappings = if has_command { remappings } else { std::collections::BTreeMap::new() };
        let endpoint = |port: u16| Endpoint {
            scheme: port.is_multiple_of(3).then(|| "http".to_owned()),
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
            ros: RosSettings { domain_id, rmw: cloud.then(|| "rmw_zenoh_cpp".to_owned()), namespace, remappings, args, ..RosSettings::default() },
            executables,
            endpoints: ports.into_iter().map(endpoint).collect(),
            volumes: std::collections::BTreeMap::new(),
            exposes: std::collections::BTreeMap::new(),
        }
    }
}

/// A range that some version fits.
pub fn range() -> impl Strategy<Value = VersionReq> {
    let number = || 0..30_u64;
    let part = prop_oneof![
        (
            prop::sample::select(vec!["^", "~", "=", ">=", ""]),
            number(),
            number(),
            number()
        )
            .prop_map(|(sign, a, b, c)| format!("{sign}{a}.{b}.{c}")),
        (number(), number()).prop_map(|(a, b)| format!("^{a}.{b}")),
        (number(), number()).prop_map(|(a, more)| format!(">={a}, <{}", a + more + 1)),
        (number(), number()).prop_map(|(a, b)| format!(">{a}.{b}.0-rc.1")),
        number().prop_map(|a| format!("{a}.*")),
        Just("*".to_owned()),
    ];
    part.prop_map(|text| VersionReq::parse(&text).unwrap())
}

prop_compose! {
    fn dependency()(
        package in prop::option::of(name()),
        version in range(),
        condition in prop::sample::select(vec![Condition::Ready, Condition::Started]),
        on_restart in prop::sample::select(vec![OnRestart::Ignore, OnRestart::Restart]),
        deploy in any::<bool>(),
        remappings in any::<bool>(),
    ) -> Dependency {
        let take_over = if remappings { vec![TakeOver::Remappings] } else { Vec::new() };
        Dependency { package, version, condition, on_restart, deploy, take_over }
    }
}

prop_compose! {
    pub fn package()(
        name in name(),
        version in (0..1000_u64, 0..1000_u64, 0..1000_u64).prop_map(|(a, b, c)| semver::Version::new(a, b, c)),
        description in text(),
        singleton in prop::sample::select(vec![Singleton::Plain(false), Singleton::Plain(true), Singleton::Scoped { scope: Scope::Group }]),
        parameters in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{0,5}", parameter(), 0..3),
        depends_on in prop::collection::btree_map(name(), dependency(), 0..3),
        component in component(),
    ) -> Package {
        let mut depends_on = depends_on;
        depends_on.retain(|alias, dependency: &mut Dependency| dependency.package(alias) != name);
        Package { manifest: 1, name, version, description, singleton, parameters, depends_on, components: vec![component] }
    }
}
