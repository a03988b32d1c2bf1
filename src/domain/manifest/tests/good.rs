//! What a good manifest comes out as.

use super::{document, executable};
use crate::domain::manifest::{
    AllGpus, Gpus, Ipc, Network, Protocol, PullPolicy, Restart, Runtime, Scalar, StopSignal, parse,
    units::{ByteSize, Cpus, Seconds},
};

#[test]
fn what_is_left_out_has_its_default() {
    let package = document(&executable("image: ros:jazzy")).package;
    assert_eq!(package.label(), "p 1.0.0");
    assert_eq!(package.singleton.scope(), None);
    let component = &package.components[0];
    assert_eq!(component.runtime, Runtime::Device);
    assert_eq!((component.ros.domain_id, &component.ros.rmw), (None, &None));
    let executable = &component.executables[0];
    assert_eq!(executable.pull, PullPolicy::Missing);
    assert_eq!(executable.restart, Restart::Always);
    assert_eq!(executable.stop_signal, StopSignal::Int);
    assert_eq!(executable.stop_grace_period, Seconds(15));
    assert_eq!(
        (executable.network, executable.ipc),
        (Network::Bridge, Ipc::Private)
    );
    assert!(!executable.privileged);
}

#[test]
fn what_is_set_arrives() {
    let text = executable(
        "image: registry.example.com:5000/team/driver:1.2\n\
         shared_memory: 64M\nmemory: 1.5G\ncpus: 2\ngpus: all\nstop_grace_period: 1m30s\n\
         capabilities: [CAP_SYS_NICE, NET_RAW]\nrestart: on-failure",
    );
    let package =
        document(&(text + "    endpoints: [{name: web, port: 80, protocol: udp}]\n")).package;
    let executable = &package.components[0].executables[0];
    assert_eq!(executable.shared_memory, Some(ByteSize(64 << 20)));
    assert_eq!(executable.memory, Some(ByteSize(3 << 29)));
    assert_eq!(executable.cpus, Some(Cpus(2.0)));
    assert_eq!(executable.gpus, Some(Gpus::All(AllGpus::All)));
    assert_eq!(executable.stop_grace_period, Seconds(90));
    assert_eq!(executable.capabilities, ["SYS_NICE", "NET_RAW"]);
    assert_eq!(executable.restart, Restart::OnFailure);
    assert_eq!(package.components[0].endpoints[0].protocol, Protocol::Udp);
}

/// Words that YAML takes for numbers reach the container as they are written.
#[test]
fn an_environment_keeps_its_spelling() {
    let cases = [
        ("1.20", "1.20"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("3", "3"),
        ("0.5", "0.5"),
        ("no", "no"),
        ("yes", "yes"),
        ("true", "true"),
        ("True", "True"),
        (".inf", ".inf"),
        ("99999999999999999999", "99999999999999999999"),
        ("\"\"", ""),
        ("'1.20'", "1.20"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
    ];
    for (written, expected) in cases {
        let package = document(&executable(&format!(
            "image: i\nenvironment: {{A: {written}}}"
        )))
        .package;
        assert_eq!(
            package.components[0].executables[0].environment["A"].to_string(),
            expected,
            "{written}"
        );
    }
    let package = document(&executable("image: i\nenvironment: {A: 3, B: 0.5}")).package;
    let environment = &package.components[0].executables[0].environment;
    assert_eq!(
        (&environment["A"], &environment["B"]),
        (&Scalar::Integer(3), &Scalar::Number(0.5))
    );
}

#[test]
fn aliases_stand_for_values() {
    let text = executable("image: i\nenvironment: &e {A: 1}\nbuild: {context: ., args: *e}");
    let executable = &document(&text).package.components[0].executables[0];
    assert_eq!(executable.environment["A"], Scalar::Integer(1));
    assert_eq!(
        executable.build.as_ref().map(|build| &build.args),
        Some(&executable.environment)
    );
}

#[test]
fn each_document_keeps_its_own_source() {
    let one = executable("image: a");
    let two = executable("image: b").replace("name: p", "name: q");
    let text = format!("# first\n{one}---\n# second\n{two}...\n---\n");
    let documents = parse(&text, "").unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0].text, format!("# first\n{one}"));
    assert_eq!(documents[1].text, format!("---\n# second\n{two}...\n"));
    for document in documents {
        assert_eq!(
            parse(&document.text, "").unwrap()[0].package,
            document.package
        );
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let text = format!("\u{feff}{}", executable("image: i").replace('\n', "\r\n"));
    assert_eq!(document(&text).package.name, "p");
}

#[test]
fn what_a_component_exposes_arrives_and_is_checked() {
    let text = |exposes: &str| {
        format!(
            "manifest: 1\nname: p\nversion: 1.0.0\nparameters: {{frame: {{type: string, default: map}}}}\ncomponents:\n- name: c\n  executables: [{{name: e, image: i}}]\n  exposes: {{{exposes}}}\n- name: d\n  executables: [{{name: e, image: i}}]\n  exposes: {{SCALE: 2}}\n"
        )
    };
    let package = document(&text("FRAME: '${frame}/2'")).package;
    let frame = package.components[0].exposes.get("FRAME");
    assert_eq!(
        frame.map(ToString::to_string),
        Some("${frame}/2".to_owned())
    );
    for (exposes, expected) in [
        ("FRAME: '${farme}'", "components[0].exposes.FRAME"),
        ("SCALE: 1", "`SCALE` is exposed already, in line 8"),
        ("1F: x", "components[0].exposes"),
    ] {
        let found = super::problems(&text(exposes));
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
}

#[test]
fn an_endpoint_has_a_scheme_of_urls() {
    let text = |scheme: &str| {
        executable("image: i")
            + &format!("    endpoints: [{{name: web, port: 80, scheme: {scheme}}}]\n")
    };
    let package = document(&text("http")).package;
    assert_eq!(
        package.components[0].endpoints[0].scheme.as_deref(),
        Some("http")
    );
    let found = super::problems(&text("'http://'"));
    assert!(found.len() == 1 && found[0].contains("scheme"), "{found:?}");
}
