//! What holds for every package and every text.

use proptest::prelude::*;

use crate::domain::manifest::units::{ByteSize, Cpus, Seconds};
use crate::domain::manifest::*;
use crate::domain::yaml;

/// Words that YAML reads in more than one way, and plain ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~äß\\n\\t]{0,12}".prop_map(|text| text.replace('$', "$$")),
        prop::sample::select(vec!["no", "1.20", "~", "null", "true", "", " x ", "- a", "a: b", "#", "0x1", "'", "\"", "---", "&a", "*a"]).prop_map(str::to_owned),
    ]
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?"
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
    let mount = ("(/[a-z]{1,5}){1,3}|\\./[a-z]{1,5}|\\.\\.|[a-z]{2,9}", any::<bool>());
    prop::collection::vec(mount, 0..3).prop_map(|mounts| {
        let mount = |(index, (source, read_only))| Mount { source, target: format!("/m{index}"), read_only };
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
        let endpoint = |port: u16| Endpoint {
            name: format!("port{port}"),
            executable: Some("e0".to_owned()),
            port,
            protocol: if port % 2 == 0 { Protocol::Tcp } else { Protocol::Udp },
            external: port % 3 == 0,
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
    fn package()(
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

/// `(line, column)` of the last character of each line is the farthest that a problem may point.
fn is_within(text: &str, problem: &Problem) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    let line = lines.get(problem.line as usize - 1);
    line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&(problem.column as usize)))
}

proptest! {
    #[test]
    fn a_package_survives_json(package in package()) {
        let text = serde_json::to_string_pretty(&package).unwrap();
        let documents = parse(&text, "").map_err(|problems| TestCaseError::fail(format!("{problems:#?}")))?;
        prop_assert_eq!(&documents[0].package, &package);
        prop_assert_eq!(&documents[0].text, &text);
    }

    #[test]
    fn a_package_survives_yaml(package in package()) {
        let text = serde_saphyr::to_string(&package).unwrap();
        let documents = parse(&text, "").map_err(|problems| TestCaseError::fail(format!("{problems:#?}\n{text}")))?;
        prop_assert_eq!(&documents[0].package, &package, "{}", text);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "(\\PC|\\n| |manifest|name|[-:{}\\[\\]&*!|>'\"#?,%@`~.]){0,40}") {
        if let Err(problems) = parse(&text, "") {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(is_within(&text, &problem), "{:?}", problem);
            }
        }
    }

    /// Good manifests with one character more, less or changed.
    #[test]
    fn every_problem_lies_within_the_text(package in package(), at in any::<prop::sample::Index>(), with in "\\PC?", cut in any::<bool>()) {
        let text: Vec<char> = serde_saphyr::to_string(&package).unwrap().chars().collect();
        let at = at.index(text.len());
        let after = text[at..].iter().skip(usize::from(cut));
        let text: String = text[..at].iter().copied().chain(with.chars()).chain(after.copied()).collect();
        for problem in parse(&text, "").err().unwrap_or_default() {
            prop_assert!(is_within(&text, &problem), "{:?}", problem);
            prop_assert!(!problem.message.is_empty());
        }
    }

    /// Our checker and a full validator of JSON Schema refuse the same documents, so that an
    /// editor and shipmate agree.
    #[test]
    fn our_checker_agrees_with_json_schema(package in package(), at in any::<prop::sample::Index>(), with in prop::sample::select(odd_values())) {
        let mut value = serde_json::to_value(&package).unwrap();
        let mut paths = Vec::new();
        pointers(&value, String::new(), &mut paths);
        *value.pointer_mut(&paths[at.index(paths.len())]).unwrap() = with;
        let documents = yaml::read(&value.to_string(), "").unwrap();
        let schema = schema();
        let root = documents.first().and_then(|document| document.root.clone());
        let ours = root.is_some_and(|root| yaml::check(&root, &schema, |_, _| Ok(()), "").problems.is_empty());
        prop_assert_eq!(ours, jsonschema::is_valid(&schema, &value), "{}", value);
    }
}

fn odd_values() -> Vec<serde_json::Value> {
    use serde_json::json;
    vec![json!(null), json!(0), json!(-1), json!(70000), json!(1.5), json!("x"), json!(""), json!("A b"), json!("64M"), json!("/x"), json!(true), json!([]), json!({}), json!([1]), json!({ "x": [] }), json!(["a"])]
}

fn pointers(value: &serde_json::Value, path: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, value)| pointers(value, format!("{path}/{key}"), found));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| pointers(value, format!("{path}/{index}"), found));
        }
        _ => {}
    }
    found.push(path);
}
