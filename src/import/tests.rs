#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use proptest::prelude::*;

use super::{Imported, compose};
use crate::domain::manifest::{self, Network, Package, Restart};

/// Imports a text that can be; the manifest has to be one, whatever else is looked at.
fn imported(text: &str) -> (Imported, Package) {
    let imported = compose(text, "p").unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut read = manifest::parse(&imported.manifest, "m")
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{}", imported.manifest));
    (imported, read.remove(0).package)
}

/// Imports a service `s` with an image and these keys.
fn service(keys: &str) -> (Imported, manifest::Executable) {
    let keys = keys.replace('\n', "\n    ");
    let (imported, package) = imported(&format!("services:\n  s:\n    image: i\n    {keys}\n"));
    (imported, package.components[0].executables[0].clone())
}

fn notes(imported: &Imported) -> Vec<String> {
    imported.notes.iter().map(ToString::to_string).collect()
}

fn has_note(imported: &Imported, part: &str) -> bool {
    notes(imported).iter().any(|note| note.contains(part))
}

fn refused(text: &str) -> String {
    let problems = compose(text, "p").expect_err("imported");
    assert!(!problems.is_empty());
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// `SHIPMATE_WRITE_EXPECTED=1` writes what is expected anew, to be looked at.
#[test]
fn files_of_ros_projects_become_the_manifests_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    for name in ["navigation", "sensors", "bridge"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        let imported = compose(&text, name).unwrap_or_else(|problems| panic!("{problems:#?}"));
        manifest::parse(&imported.manifest, "m").unwrap();
        let all = [
            ("shipmate.yaml", imported.manifest.clone()),
            ("notes.txt", notes(&imported).join("\n") + "\n"),
        ];
        for (end, got) in all {
            let path = folder.join(format!("{name}.{end}"));
            if std::env::var_os("SHIPMATE_WRITE_EXPECTED").is_some() {
                std::fs::write(&path, &got).unwrap();
            }
            let expected = std::fs::read_to_string(&path).unwrap();
            assert_eq!(got, expected, "{}", path.display());
        }
    }
}

#[test]
fn what_is_no_compose_file_is_refused_with_a_reason() {
    for (text, part) in [
        ("", "there is nothing in here"),
        ("# only a comment\n", "there is nothing in here"),
        ("services: [", "not valid YAML"),
        ("- a\n- b\n", "expected a mapping with `services`"),
        ("just words", "expected a mapping with `services`"),
        ("volumes: {}", "there are no `services`"),
        ("services:", "expected a mapping of services"),
        ("services: {}", "there are no services in here"),
        ("services: [a]", "expected a mapping of services"),
        ("services: {a: b}", "services.a: expected a mapping"),
        ("services: {a: {command: x}}", "neither `image` nor `build`"),
        ("services: {a: {extends: b}}", "docker compose config"),
        ("services: {a: {image: 'i:${TAG}'}}", "give each variable"),
        ("services: {a: {image: I}}", "services.a.image"),
        (
            "services: {a: {image: i, command: {x: y}}}",
            "expected a list",
        ),
        ("services: {a: {image: i, command: \"it's\"}}", "a quote"),
        (
            "services: {a: {image: i, environment: [[x]]}}",
            "NAME=value",
        ),
        ("services: {a: {build: /x}}", "neither `image` nor `build`"),
        ("services: {a: {image: i, <<: x}}", "expected a mapping"),
        ("a: 1\n---\nb: 2\n", "more than one YAML document"),
        ("services: {a: {image: i, ports: !reset []}}", "tag"),
    ] {
        let message = refused(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn a_thousand_services_are_too_many_for_a_component() {
    let text: String = (0..1000)
        .map(|n| format!("  s{n}: {{image: i}}\n"))
        .collect();
    let message = refused(&format!("services:\n{text}"));
    assert!(
        message.contains("1000 services") && message.contains("64"),
        "{message}"
    );
}

#[test]
fn variables_become_parameters_and_dollars_stay() {
    let (imported, package) = imported(
        "services:\n  s:\n    image: i\n    command: [sh, -c, 'echo $$HOME ${A} ${B:-b} ${C:?say} $D ${E:+x} ${F:-${G:-g}}']\n",
    );
    let executable = &package.components[0].executables[0];
    assert_eq!(
        executable.command[2],
        "echo $$HOME ${A} ${B} ${C} ${D} ${E} ${F}"
    );
    let default = |name: &str| {
        package.parameters[name]
            .default
            .clone()
            .map(|v| v.to_string())
    };
    assert!(package.parameters["A"].required && package.parameters["C"].required);
    assert_eq!(package.parameters["C"].description, "say");
    assert_eq!(default("B").as_deref(), Some("b"));
    assert_eq!(default("E").as_deref(), Some(""));
    assert_eq!(default("F").as_deref(), Some("g"));
    assert!(!has_note(&imported, "`$`"));
    let values = [("A", "1"), ("C", "3"), ("D", "4")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let values = manifest::parameters::bind(&package, &values).unwrap();
    let command = manifest::parameters::expand(&executable.command[2], &values).unwrap();
    assert_eq!(command, "echo $HOME 1 b 3 4  g");
}

#[test]
fn what_has_no_place_for_parameters_gets_defaults_or_is_noted() {
    let (imported, executable) = service(
        "user: ${UID}:${GID}\nvolumes: ['${DATA:-/data}:/d', '${HOME}/x:/x', '~/y:/y', '/z']",
    );
    assert_eq!(executable.user, None);
    assert_eq!(executable.mounts.len(), 1);
    assert_eq!(executable.mounts[0].source, "/data");
    for part in [
        "`UID` has no default",
        "default of DATA",
        "`HOME` has no default",
        "home folder",
        "without a name",
    ] {
        assert!(has_note(&imported, part), "{part}: {:#?}", imported.notes);
    }
}

#[test]
fn what_a_manifest_refuses_is_left_out_and_noted() {
    let (imported, executable) = service(
        "mem_limit: 1m\ndevices: [/dev/a, '/dev/../b', vendor/gpu, /dev/c]\ncap_add: [FLY, SYS_NICE]\nuser: 'a b'\nenvironment: {GOOD: 1, 9BAD: 2}",
    );
    assert_eq!(executable.devices, ["/dev/a", "/dev/c"]);
    assert_eq!(executable.capabilities, ["SYS_NICE"]);
    assert_eq!(
        (executable.memory, executable.user.as_deref()),
        (None, None)
    );
    assert!(executable.environment.contains_key("GOOD"));
    for part in [
        "s.memory",
        "/dev/../b",
        "vendor/gpu",
        "FLY",
        "s.user",
        "9BAD",
    ] {
        assert!(has_note(&imported, part), "{part}: {:#?}", imported.notes);
    }
}

#[test]
fn no_key_is_dropped_without_a_word() {
    let keys = "annotations cap_drop cgroup configs container_name cpu_shares cpuset credential_spec depends_on develop \
        dns domainname env_file external_links extra_hosts group_add hostname labels links logging mac_address networks \
        oom_score_adj pid pids_limit platform post_start profiles secrets security_opt sysctls tmpfs ulimits userns_mode \
        x-mine made_up";
    for key in keys.split_whitespace() {
        let (imported, _) = service(&format!("{key}: [something]"));
        let found = imported
            .notes
            .iter()
            .any(|note| note.service == "s" && note.key == key && note.line == Some(4));
        assert!(found, "{key}: {:#?}", imported.notes);
        assert!(imported.manifest.contains(&format!("# - {key}: ")), "{key}");
    }
    for key in ["tty", "stdin_open", "read_only", "oom_kill_disable"] {
        assert!(has_note(&service(&format!("{key}: true")).0, key), "{key}");
    }
    for key in ["image", "ports", "deploy", "volumes", "user", "ipc"] {
        let text = format!("services:\n  s:\n    build: .\n    {key}:\n");
        assert!(
            has_note(&imported(&text).0, &format!("s.{key}: it has no value")),
            "{key}"
        );
    }
    for key in [
        "version", "networks", "secrets", "configs", "include", "x-a", "made_up",
    ] {
        let (imported, _) = imported(&format!("{key}: {{a: b}}\nservices: {{s: {{image: i}}}}"));
        assert!(has_note(&imported, &format!("line 1: {key}: ")), "{key}");
    }
}

#[test]
fn names_are_made_valid_and_unique() {
    let (imported, package) =
        imported("services:\n  My.Node: {image: i}\n  my-node: {image: i}\n  __: {image: i}\n");
    let names = package.components[0]
        .executables
        .iter()
        .map(|e| e.name.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["my-node", "my-node-2", "unnamed"]
    );
    assert!(has_note(&imported, "called `my-node-2`"));
}

#[test]
fn restarts_and_networks_are_those_of_compose() {
    for (text, restart) in [
        ("tty: false", Restart::Never),
        ("restart: no", Restart::Never),
        ("restart: always", Restart::Always),
        ("restart: unless-stopped", Restart::Always),
        ("restart: on-failure", Restart::OnFailure),
        ("restart: \"${POLICY:-always}\"", Restart::Always),
        (
            "deploy: {restart_policy: {condition: any}}",
            Restart::Always,
        ),
    ] {
        assert_eq!(service(text).1.restart, restart, "{text}");
    }
    assert_eq!(service("network_mode: host").1.network, Network::Host);
    let (_, executable) =
        service("ports: ['1:2']\nnetwork_mode: ${NET:-host}\nprivileged: ${P:-yes}");
    assert_eq!(
        (executable.network, executable.privileged),
        (Network::Host, true)
    );
    let (imported, executable) = service("network_mode: service:x");
    assert_eq!(executable.network, Network::Bridge);
    assert!(has_note(&imported, "service:x"));
}

#[test]
fn ports_of_the_machine_are_given_once() {
    let (imported, package) = imported(
        "services:\n  a: {image: i, ports: ['80:8080', '80:8080/udp', '443']}\n  b: {image: i, ports: ['80:8080', '5-9:5-9']}\n  c: {image: i, network_mode: host, ports: ['81:8081']}\n",
    );
    let endpoints = &package.components[0].endpoints;
    let host_ports: Vec<_> = endpoints
        .iter()
        .map(|e| (e.name.as_str(), e.host_port))
        .collect();
    assert_eq!(
        host_ports,
        [
            ("port-8080", Some(80)),
            ("udp-8080", Some(80)),
            ("port-443", None),
            ("port-8080-2", None),
            ("port-8081", None)
        ]
    );
    for part in [
        "port 80 of the machine",
        "a range",
        "is not published as 81",
    ] {
        assert!(has_note(&imported, part), "{part}: {:#?}", imported.notes);
    }
}

#[test]
fn a_health_check_becomes_readiness() {
    let probe =
        service("healthcheck: {test: [CMD, curl, -f, x], interval: 1m30s, timeout: 500ms}").1;
    let probe = probe.readiness.unwrap();
    assert_eq!(probe.command.unwrap(), ["curl", "-f", "x"]);
    assert_eq!((probe.period.0, probe.timeout.0), (90, 1));
    let probe = service("healthcheck: {test: a || b}").1.readiness.unwrap();
    assert_eq!(probe.command.unwrap(), ["/bin/sh", "-c", "a || b"]);
    assert!(
        service("healthcheck: {disable: true}")
            .1
            .readiness
            .is_none()
    );
    assert!(service("healthcheck: {test: [NONE]}").1.readiness.is_none());
    assert!(has_note(
        &service("healthcheck: {test: [CURL]}").0,
        "expected CMD"
    ));
}

#[test]
fn the_ros_domain_is_the_components_when_all_agree() {
    let of = |a: &str, b: &str| {
        imported(&format!(
            "services:\n  a: {{image: i, environment: [{a}]}}\n  b: {{image: i, environment: [{b}]}}\n"
        ))
    };
    let (_, package) = of("ROS_DOMAIN_ID=7", "ROS_DOMAIN_ID=7");
    assert_eq!(package.components[0].ros.domain_id, Some(7));
    assert!(package.components[0].executables[0].environment.is_empty());
    for (a, b) in [
        ("ROS_DOMAIN_ID=7", "ROS_DOMAIN_ID=8"),
        ("ROS_DOMAIN_ID=7", "X=1"),
        ("ROS_DOMAIN_ID=700", "ROS_DOMAIN_ID=700"),
    ] {
        let (imported, package) = of(a, b);
        assert_eq!(package.components[0].ros.domain_id, None, "{a} {b}");
        assert!(
            package.components[0].executables[0]
                .environment
                .contains_key("ROS_DOMAIN_ID")
        );
        assert!(has_note(&imported, "stays in the environment"), "{a} {b}");
    }
}

#[test]
fn a_service_that_is_addressed_by_name_gets_an_endpoint_inside() {
    let file = |server: &str, client: &str| {
        format!(
            "services:\n  map_server: {{image: i, {server}}}\n  web: {{image: i, {client}, command: 'get http://map_server:8080/map'}}\n"
        )
    };
    let plain = "restart: always";
    let (imported_file, package) = imported(&file(plain, plain));
    let endpoint = &package.components[0].endpoints[0];
    assert_eq!(endpoint.executable.as_deref(), Some("map_server"));
    assert!(endpoint.port == 8080 && !endpoint.external);
    assert!(has_note(&imported_file, "not published"));

    let (imported_file, package) = imported(&file("expose: [8080]", plain));
    assert_eq!(package.components[0].endpoints.len(), 1);
    assert!(!has_note(&imported_file, "address"));

    let (imported_file, _) = imported(&file("ports: ['80:8080']", plain));
    assert!(has_note(&imported_file, "host.docker.internal"));
    let (imported_file, _) = imported(&file("ports: ['80:8080']", "expose: [1]"));
    assert!(!has_note(&imported_file, "host.docker.internal"));

    for (server, client) in [("network_mode: host", plain), (plain, "network_mode: host")] {
        let (imported_file, package) = imported(&file(server, client));
        assert!(has_note(&imported_file, "host's network"));
        assert!(package.components[0].endpoints.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Nothing panics, and what is imported is a manifest that carries texts through unchanged.
    #[test]
    fn whatever_is_imported_is_a_manifest(
        text in "[ -~äß€\u{2028}\t]{0,40}",
        name in ".{0,50}",
        key in prop::sample::select(vec![
            "image", "build", "command", "entrypoint", "environment", "volumes", "devices", "ports",
            "expose", "healthcheck", "deploy", "network_mode", "cap_add", "restart", "user", "working_dir",
            "shm_size", "mem_limit", "cpus", "gpus", "stop_grace_period", "env_file", "depends_on", "x-y",
        ]),
        shape in 0..4_u8,
    ) {
        let word = serde_json::Value::from(text.as_str()).to_string();
        let value = match shape {
            0 => word.clone(),
            1 => format!("[{word}, {word}]"),
            2 => format!("{{{word}: {word}}}"),
            _ => format!("{{test: [CMD, {word}], context: {word}, target: {word}, source: {word}, type: bind, limits: {{memory: {word}}}}}"),
        };
        let file = format!("services:\n  {}:\n    image: i\n    {key}: {value}\n", serde_json::Value::from(name.as_str()));
        if let Ok(imported) = compose(&file, &name) {
            prop_assert!(manifest::parse(&imported.manifest, "").is_ok(), "{}", imported.manifest);
        }
        let file = format!("services:\n  s:\n    image: i\n    command: [run, {word}]\n");
        if let Ok(imported) = compose(&file, "p") {
            let package = manifest::parse(&imported.manifest, "").unwrap().remove(0).package;
            let carried = &package.components[0].executables[0].command[1];
            if !text.contains('$') {
                prop_assert_eq!(carried, &text);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(services|image|:|\n|  |\\$\\{|\\}|\\*a|&a|<<|-|[a-z]|\\[|\\]|\"){0,60}") {
        let _ = compose(&text, "p");
    }
}
