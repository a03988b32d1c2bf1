#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::paths::{is_within, matches, normal};
use super::{ChangesByHand, FolderAccess, Policy, parse_policy};
use crate::domain::manifest::{Package, parse};

/// A package of one executable with these keys, one a line.
fn package(keys: &str) -> Package {
    let keys: String = keys
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    let text = format!(
        "manifest: 1\nname: p\nversion: 1.0.0\ncomponents:\n  - name: c\n    executables:\n      - name: e\n        image: i\n{keys}"
    );
    match parse(&text, "") {
        Ok(mut documents) => documents.remove(0).package,
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn refusals(policy: &str, keys: &str) -> Vec<String> {
    parse_policy(policy, "")
        .unwrap()
        .check(&package(keys), Some("/home/ada/turtle"))
}

#[test]
fn the_file_is_the_default() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/policy.yaml"));
    assert_eq!(parse_policy(text, "policy.yaml"), Ok(Policy::default()));
    let keys = serde_json::to_value(Policy::default()).unwrap();
    for key in keys.as_object().unwrap().keys() {
        assert!(
            text.contains(&format!("\n{key}:")),
            "{key} is not in config/policy.yaml"
        );
    }
    assert_eq!(parse_policy("# nothing", ""), Ok(Policy::default()));
}

#[test]
fn a_bad_policy_is_told_what_is_wrong_with_it() {
    let problems = parse_policy("privilegd: true\nhost_network: maybe\nhost_paths: [opt]\ndevices: [/etc]\npackage_folder: all\nchanges_by_hand: restor\n", "p.yaml").unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "p.yaml:1:1: privilegd: unknown key; did you mean `privileged`?",
            "p.yaml:2:15: host_network: expected true or false; found the text `maybe`",
            "p.yaml:3:14: host_paths[0]: `opt` is not allowed: expected an absolute path",
            "p.yaml:4:11: devices[0]: `/etc` is not allowed: expected a path below /dev, in which * stands for anything but a slash",
            "p.yaml:5:17: package_folder: `all` is not one of none, read-only, read-write",
            "p.yaml:6:18: changes_by_hand: `restor` is not one of restore, leave; did you mean `restore`?",
        ]
    );
    assert!(parse_policy("a: 1\n---\nb: 2\n", "").is_err());
    assert!(parse_policy("a: [", "").is_err());
}

#[test]
fn the_default_refuses_what_reaches_out_of_the_container() {
    let asked = "privileged: true\nipc: host\nnetwork: host\ngpus: all\ndevices: [/dev/ttyUSB0]\ncapabilities: [SYS_NICE, NET_RAW, CAP_SYS_ADMIN]\n\
                 mounts:\n- {source: /etc, target: /a}\n- {source: ./maps, target: /b, read_only: true}\n- {source: ./maps, target: /c}\n- {source: data, target: /d}\n- {source: /opt, target: /e, read_only: true}";
    assert_eq!(
        refusals("", asked),
        [
            "c/e: privileged: true is not allowed: the policy's `privileged` is false",
            "c/e: ipc: host is not allowed: the policy's `host_ipc` is false",
            "c/e: mounts: /etc is not among the policy's `host_paths`",
            "c/e: mounts: /home/ada/turtle/maps may only be mounted with `read_only: true`: the policy's `package_folder` is read-only",
            "c/e: mounts: /opt is not among the policy's `read_only_host_paths`",
            "c/e: devices: /dev/ttyUSB0 is not among the policy's `devices`",
            "c/e: capabilities: SYS_ADMIN is not among the policy's `capabilities`",
        ]
    );
    assert_eq!(
        refusals("host_network: false\ngpus: false", "network: host\ngpus: 1"),
        [
            "c/e: network: host is not allowed: the policy's `host_network` is false",
            "c/e: gpus is not allowed: the policy's `gpus` is false",
        ]
    );
}

#[test]
fn what_is_listed_is_allowed() {
    let policy = "privileged: true\nhost_ipc: true\nhost_paths: [/var/lib/robot/]\nread_only_host_paths: [/opt]\ndevices: [/dev/ttyUSB*]\ncapabilities: [CAP_SYS_ADMIN]\n";
    let asked = "privileged: true\nipc: host\ndevices: [\"/dev/ttyUSB1:/dev/lidar:rw\"]\ncapabilities: [SYS_ADMIN]\n\
                 mounts:\n- {source: /var/lib/robot/logs, target: /a}\n- {source: /opt/maps, target: /b, read_only: true}";
    assert_eq!(refusals(policy, asked), [] as [&str; 0]);
    assert_eq!(
        refusals(policy, "mounts: [{source: /opt/maps, target: /b}]"),
        [
            "c/e: mounts: /opt/maps may only be mounted with `read_only: true`: it is among the policy's `read_only_host_paths`, not its `host_paths`",
        ]
    );
}

#[test]
fn paths_cannot_talk_their_way_out() {
    let policy = "host_paths: [/opt/robot]";
    for source in [
        "/opt/robot/../../etc",
        "/opt/robotics",
        "/opt",
        "/",
        "../other",
        "./a/../../turtles",
        "/opt/./robot/..",
    ] {
        assert_eq!(
            refusals(
                policy,
                &format!("mounts: [{{source: {source}, target: /a, read_only: true}}]")
            )
            .len(),
            1,
            "{source}"
        );
    }
    for source in [
        "/opt//robot/./logs",
        "/opt/robot",
        "/opt/x/../robot",
        "/home/ada/turtle/data",
        "./a/../b",
        ".",
    ] {
        assert_eq!(
            refusals(
                policy,
                &format!("mounts: [{{source: {source}, target: /a, read_only: true}}]")
            ),
            [] as [&str; 0],
            "{source}"
        );
    }
    assert_eq!(
        refusals("", "build: {context: ../..}"),
        ["c/e: build.context: /home is not among the policy's `read_only_host_paths`"]
    );
    assert_eq!(
        refusals("devices: [/dev/tty*]", "devices: [/dev/tty/x]").len(),
        1
    );
}

#[test]
fn the_engines_socket_has_to_be_listed_itself() {
    let sources = [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run",
        "/var/run",
        "/",
        "/run/containerd",
    ];
    for source in sources {
        let asked = format!("mounts: [{{source: {source}, target: /a, read_only: true}}]");
        let refused = refusals("host_paths: [/, /run, /var/run]", &asked);
        assert!(
            refused.len() == 1 && refused[0].contains("gives control of the container engine"),
            "{source}: {refused:?}"
        );
    }
    let asked = "mounts: [{source: /var/run/docker.sock, target: /a}]";
    assert_eq!(
        refusals("host_paths: [/run/docker.sock]", asked),
        [] as [&str; 0]
    );
    assert_eq!(
        refusals("host_paths: [/var/run/docker.sock]", asked),
        [] as [&str; 0]
    );
}

#[test]
fn a_manifest_without_a_folder_has_no_relative_paths() {
    let refused = Policy::default().check(&package("build: {context: .}"), None);
    assert_eq!(
        refused,
        ["c/e: build.context: . is relative, and this manifest does not lie in a folder"]
    );
}

#[test]
fn the_packages_own_folder_can_be_opened_and_closed() {
    let write = "mounts: [{source: ./data, target: /a}]";
    assert_eq!(
        refusals("package_folder: read-write", write),
        [] as [&str; 0]
    );
    assert_eq!(
        refusals("package_folder: none", write),
        [
            "c/e: mounts: /home/ada/turtle/data is not allowed: the policy's `package_folder` is none"
        ]
    );
    assert_eq!(Policy::default().package_folder, FolderAccess::ReadOnly);
}

#[test]
fn changes_by_hand_are_undone_unless_the_policy_leaves_them() {
    let policy = |text| parse_policy(text, "").map(|policy| policy.changes_by_hand);
    assert_eq!(policy("gpus: false"), Ok(ChangesByHand::Restore));
    assert_eq!(
        policy("changes_by_hand: restore"),
        Ok(ChangesByHand::Restore)
    );
    assert_eq!(policy("changes_by_hand: leave"), Ok(ChangesByHand::Leave));
}

#[test]
fn globs_stay_within_their_folder() {
    let cases = [
        ("/dev/tty*", "/dev/ttyUSB0", true),
        ("/dev/*", "/dev/a/b", false),
        ("/dev/*/b", "/dev/a/b", true),
        ("/dev/v*o*", "/dev/video0", true),
        ("/dev/x", "/dev/xy", false),
        ("/dev/**", "/dev/ä", true),
    ];
    for (glob, path, expected) in cases {
        assert_eq!(matches(glob, path), expected, "{glob} {path}");
    }
}

proptest! {
    #[test]
    fn a_normal_path_stays_and_has_no_way_up(path in "(/|\\.|\\.\\.|[a-z]{1,3}|var|run){0,12}") {
        let normal_path = normal(&path);
        prop_assert!(normal_path.starts_with('/') && !normal_path.contains("//"));
        prop_assert!(normal_path.split('/').all(|part| part != ".." && part != "."));
        prop_assert_eq!(normal(&normal_path), normal_path);
    }

    #[test]
    fn what_lies_below_a_folder_is_within_it(folder in "(/[a-z]{1,3}){0,3}", rest in "(/[a-z]{1,3}){0,3}") {
        let path = normal(&format!("{folder}{rest}"));
        prop_assert!(is_within(&path, &normal(&folder)));
    }
}
