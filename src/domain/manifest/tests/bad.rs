//! What is wrong with a manifest, and the exact words for it.

use super::{executable, problems};

#[test]
fn an_executable_is_told_what_is_wrong_with_it() {
    let cases = [
        ("imge: ros:jazzy", &[
            "m.yaml:8:9: components[0].executables[0]: neither `image` nor `build` is set: one of them has to say where the image comes from",
            "m.yaml:9:9: components[0].executables[0].imge: unknown key; did you mean `image`?",
        ][..]),
        ("image: ros:jazzy\nports: [80]", &[
            "m.yaml:10:9: components[0].executables[0].ports: unknown key; allowed here: build, capabilities, command, cpus, devices, entrypoint, environment, gpus, image, ipc, memory, mounts, name, network, privileged, pull, restart, shared_memory, stop_grace_period, stop_signal, user, working_directory",
        ]),
        ("image: ROS:jazzy", &[
            "m.yaml:9:16: components[0].executables[0].image: `ROS:jazzy` is not allowed: expected an image reference, for example ros:jazzy, registry.example.com/team/driver:1.2 or name@sha256:...",
        ]),
        ("image: ros:jazzy\nimage: ros:rolling", &[
            "m.yaml:10:9: components[0].executables[0].image: given twice; the first is in line 9, column 9",
        ]),
        ("image:", &[
            "m.yaml:9:9: components[0].executables[0].image: expected an image reference, for example ros:jazzy, registry.example.com/team/driver:1.2 or name@sha256:...; found nothing",
        ]),
        ("image: ros:jazzy\ncommand: sleep 5", &[
            "m.yaml:10:18: components[0].executables[0].command: expected a list (`- entry`); found the text `sleep 5`",
        ]),
        ("image: ros:jazzy\ncommand: [sleep, 5]", &[
            "m.yaml:10:26: components[0].executables[0].command[1]: expected text; found the whole number 5: put it in quotes, \"5\"",
        ]),
        ("image: ros:jazzy\nprivileged: yes", &[
            "m.yaml:10:21: components[0].executables[0].privileged: expected true or false; found the text `yes`: write true",
        ]),
        ("image: ros:jazzy\nrestart: allways", &[
            "m.yaml:10:18: components[0].executables[0].restart: `allways` is not one of always, on-failure, never; did you mean `always`?",
        ]),
        ("image: ros:jazzy\nstop_signal: INT", &[
            "m.yaml:10:22: components[0].executables[0].stop_signal: `INT` is not one of SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGKILL; did you mean `SIGINT`?",
        ]),
        ("image: ros:jazzy\nshared_memory: 64 Megabytes\nmemory: 1M", &[
            "m.yaml:10:24: components[0].executables[0].shared_memory: `64 Megabytes` is not allowed: expected a size such as 64M, 1.5G or 1048576 (bytes)",
            "m.yaml:11:17: components[0].executables[0].memory: 1M is too small: at least 6M",
        ]),
        ("image: ros:jazzy\ncpus: 0\nstop_grace_period: 2h", &[
            "m.yaml:10:15: components[0].executables[0].cpus: 0 is too small: more than 0",
            "m.yaml:11:28: components[0].executables[0].stop_grace_period: `2h` is not a time of at most 1h such as 15s, 1m30s or 90 (seconds)",
        ]),
        ("image: ros:jazzy\ngpus: 0", &[
            "m.yaml:10:15: components[0].executables[0].gpus: 0 is too small: at least 1",
        ]),
        ("image: ros:jazzy\ndevices: [ttyUSB0]", &[
            "m.yaml:10:19: components[0].executables[0].devices[0]: `ttyUSB0` is not allowed: expected /dev/NAME, then at will :/PATH/IN/CONTAINER and :rwm (read, write, make)",
        ]),
        ("image: ros:jazzy\ndevices: [/dev/../etc]", &[
            "m.yaml:10:19: components[0].executables[0].devices[0]: `..` is not allowed in `/dev/../etc`",
        ]),
        ("image: ros:jazzy\ncapabilities: [CAP_SYS_NIC]", &[
            "m.yaml:10:24: components[0].executables[0].capabilities[0]: there is no capability `CAP_SYS_NIC`; did you mean `SYS_NICE`?",
        ]),
        ("image: ros:jazzy\nuser: 1000", &[
            "m.yaml:10:15: components[0].executables[0].user: expected a user or user:group, by name or number, for example 1000:1000; found the whole number 1000: put it in quotes, \"1000\"",
        ]),
        ("image: ros:jazzy\nenvironment: {1A: x, B: [y]}", &[
            "m.yaml:10:23: components[0].executables[0].environment.1A: `1A` is not allowed: expected letters, digits, `_`, `.` and `-`, not starting with a digit",
            "m.yaml:10:33: components[0].executables[0].environment.B: expected text, a number, true or false; found a list",
        ]),
        ("image: ros:jazzy\nenvironment: [A=1]", &[
            "m.yaml:10:22: components[0].executables[0].environment: expected a mapping (`key: value`); found a list",
        ]),
        ("image: ros:jazzy\nmounts: [{source: a, target: b}]", &[
            "m.yaml:10:27: components[0].executables[0].mounts[0].source: `a` is not allowed: expected an absolute path, a path that starts with ./ or ../, or a volume's name (letters, digits, `_`, `.`, `-`); no `$`",
            "m.yaml:10:38: components[0].executables[0].mounts[0].target: `b` is not allowed: expected an absolute path in the container, without `$`",
        ]),
        ("image: ros:jazzy\nmounts:\n- {source: maps, target: /maps}\n- {source: logs, target: /maps/}", &[
            "m.yaml:12:34: components[0].executables[0].mounts[1].target: `/maps` is a mount's target already, in line 11",
        ]),
        ("build: {context: /src, dockerfile: ../Dockerfile}", &[
            "m.yaml:9:26: components[0].executables[0].build.context: `/src` is not allowed: expected a path relative to the manifest, for example . or ./driver",
            "m.yaml:9:44: components[0].executables[0].build.dockerfile: `..` is not allowed: the Dockerfile lies within the context",
        ]),
        ("image: ros:jazzy\n<<: {user: a}", &[
            "m.yaml:10:9: components[0].executables[0][\"<<\"]: merge keys (`<<`) are not part of YAML 1.2: write the keys out, or use an alias for a whole value",
        ]),
        ("image: ros:jazzy\nuser: !!str 5", &[
            "m.yaml:10:21: components[0].executables[0].user: the tag `!!str` is not allowed: write text in quotes, anything else plainly",
        ]),
    ];
    for (keys, expected) in cases {
        assert_eq!(problems(&executable(keys)), expected, "{keys}");
    }
}

/// A whole manifest of one component with one executable, `before` its components and `after` them.
fn package(before: &str, after: &str) -> String {
    format!("manifest: 1\nname: p\nversion: 1.0.0\n{before}\ncomponents:\n  - name: c\n    executables: [{{name: e, image: i}}, {{name: host, image: i, network: host}}]\n{after}")
}

#[test]
fn parameters_are_told_what_is_wrong_with_them() {
    let cases = [
        ("parameters: {a: {type: string, required: true, default: x}}", "", &[
            "m.yaml:4:57: parameters.a.default: a required parameter has no default: leave out `required` or `default`",
        ][..]),
        ("parameters: {a: {type: string}}", "", &[
            "m.yaml:4:17: parameters.a: neither `default` nor `required: true` is set: one of them is needed",
        ]),
        ("parameters: {a: {type: string, default: 1.20}}", "", &[
            "m.yaml:4:41: parameters.a.default: expected text, as `type` is string; found `1.2`: put it in quotes",
        ]),
        ("parameters: {a: {type: integer, default: 1.5}}", "", &[
            "m.yaml:4:42: parameters.a.default: expected a whole number, as `type` is integer; found `1.5`",
        ]),
        ("parameters: {a: {type: bool, default: true}}", "", &[
            "m.yaml:4:24: parameters.a.type: `bool` is not one of string, integer, number, boolean; did you mean `boolean`?",
        ]),
        ("parameters: {a-b: {type: string, default: x}}", "", &[
            "m.yaml:4:14: parameters.a-b: `a-b` is not allowed: expected 1 to 64 letters, digits and `_`, not starting with a digit",
        ]),
        ("parameters: {speed: {type: integer, default: 1}}", "    ros: {args: [\"${sped}\", \"${x}\", \"$x\", \"$$${y}\"]}", &[
            "m.yaml:8:18: components[0].ros.args[0]: there is no parameter `sped`; did you mean `speed`? Write `$${sped}` if a shell shall read it",
            "m.yaml:8:29: components[0].ros.args[1]: there is no parameter `x`; expected one of speed. Write `$${x}` if a shell shall read it",
            "m.yaml:8:43: components[0].ros.args[3]: there is no parameter `y`; expected one of speed. Write `$${y}` if a shell shall read it",
        ]),
        ("", "    ros: {args: [\"${HOME:-x}\", \"${\"]}", &[
            "m.yaml:8:18: components[0].ros.args[0]: `${HOME:-x}` does not name a parameter; write `$${HOME:-x}` if a shell shall read it",
            "m.yaml:8:32: components[0].ros.args[1]: `${` does not name a parameter; write `$${` if a shell shall read it",
        ]),
    ];
    for (before, after, expected) in cases {
        assert_eq!(problems(&package(before, after)), expected, "{before} {after}");
    }
}

#[test]
fn endpoints_are_told_what_is_wrong_with_them() {
    let cases = [
        ("[{name: a, port: 80}]", &["m.yaml:8:17: components[0].endpoints[0]: the key `executable` is missing: the component has several, e, host"][..]),
        ("[{name: a, port: 80, executable: hots}]", &["m.yaml:8:49: components[0].endpoints[0].executable: the component has no executable `hots`; did you mean `host`?"]),
        ("[{name: a, port: 80, executable: e, host_port: 8080}]", &["m.yaml:8:63: components[0].endpoints[0].host_port: only an external endpoint has a port on the machine: add `external: true`"]),
        ("[{name: a, port: 80, executable: host, external: true, host_port: 81}]", &["m.yaml:8:82: components[0].endpoints[0].host_port: 81 cannot differ from `port` (80), because `host` is on the host's network: leave it out"]),
        ("[{name: a, port: 0, executable: e}, {name: a, port: 70000, executable: e}]", &[
            "m.yaml:8:33: components[0].endpoints[0].port: 0 is too small: at least 1",
            "m.yaml:8:59: components[0].endpoints[1].name: there is an endpoint `a` already, in line 8",
            "m.yaml:8:68: components[0].endpoints[1].port: 70000 is too large: at most 65535",
        ]),
        ("[{name: a, port: 80, executable: e}, {name: b, port: 80, executable: e}]", &["m.yaml:8:69: components[0].endpoints[1].port: port 80/tcp of `e` is an endpoint already, in line 8"]),
        ("\n    - {name: a, port: 80, executable: e, external: true, host_port: 90}\n    - {name: b, port: 90, executable: host}", &["m.yaml:10:23: components[0].endpoints[1].port: port 90/tcp of the machine is taken already, in line 9"]),
        ("[{name: a, executable: e}]", &["m.yaml:8:17: components[0].endpoints[0]: the key `port` is missing: where it listens inside of the container: a port, 1 to 65535"]),
    ];
    for (endpoints, expected) in cases {
        assert_eq!(problems(&package("", &format!("    endpoints: {endpoints}"))), expected, "{endpoints}");
    }
}

#[test]
fn packages_are_told_what_is_wrong_with_them() {
    let components = "components: [{name: c, executables: [{name: e, image: i}]}]";
    let cases = [
        (format!("name: p\nversion: 1.0.0\n{components}"), &["m.yaml:1:1: the key `manifest` is missing: add the line `manifest: 1`, the version of this format"][..]),
        ("manifest: 2\nname: [P]\nfoo: 1".to_owned(), &["m.yaml:1:11: manifest: this file is for format 2; this shipmate reads format 1"]),
        (format!("manifest: \"1\"\nname: p\nversion: 1.0.0\n{components}"), &["m.yaml:1:11: manifest: expected a whole number; found the text `1`: take the quotes away"]),
        ("manifest: 1".to_owned(), &[
            "m.yaml:1:1: the key `name` is missing: what the package is called: lower-case letters, digits, `_` and `-`, at most 40 characters",
            "m.yaml:1:1: the key `version` is missing: the package's own semantic version, for example 1.2.0",
            "m.yaml:1:1: the key `components` is missing: the parts that run, each in one place",
        ]),
        (format!("manifest: 1\nname: ../p\nversion: 1.2\n{components}"), &[
            "m.yaml:2:7: name: `../p` is not allowed: expected 1 to 40 lower-case letters, digits, `_` and `-`, the first and the last a letter or a digit",
            "m.yaml:3:10: version: expected three numbers with dots, for example 1.2.0 or 2.0.0-rc.1; found the number 1.2",
        ]),
        (format!("manifest: 1\nname: p\nversion: 01.2.3\n{components}"), &["m.yaml:3:10: version: `01.2.3` is not a semantic version: invalid leading zero in major version number"]),
        ("manifest: 1\nname: p\nversion: 1.0.0\ncomponents: []".to_owned(), &["m.yaml:4:13: components: 0 entries are too few: at least 1"]),
        ("manifest: 1\nname: p\nversion: 1.0.0\ncomponents:\n- {name: a, executables: [{name: b-c, image: i}]}\n- {name: a-b, executables: [{name: c, image: i}]}\n- {name: a, executables: [{name: c, image: i}]}".to_owned(), &[
            "m.yaml:6:36: components[1].executables[0].name: this container would be called `a-b-c`, like the one in line 5: rename one of them",
            "m.yaml:7:10: components[2].name: there is a component `a` already, in line 5",
        ]),
        (format!("{}\n---\nmanifest: 1\nname: p\nversion: 1.0.0\n{components}", format_args!("manifest: 1\nname: p\nversion: 1.0.0\n{components}")), &["m.yaml:7:7: name: `p 1.0.0` is in this text twice; the first is in line 2"]),
        ("manifest: 1\nname: [\n---\nmanifest: 7".to_owned(), &[
            "m.yaml:2:7: this is not valid YAML: unclosed bracket '['",
            "m.yaml:4:11: manifest: this file is for format 7; this shipmate reads format 1",
        ]),
        (String::new(), &["m.yaml:1:1: there is no manifest in here: it begins with `manifest: 1`"]),
        ("# nothing\n---\n---\n~".to_owned(), &["m.yaml:1:1: there is no manifest in here: it begins with `manifest: 1`"]),
        ("- a".to_owned(), &["m.yaml:1:1: expected a mapping (`key: value`); found a list"]),
        ("a\tb".to_owned(), &["m.yaml:1:1: expected a mapping (`key: value`); found the text `a\\tb`"]),
        ("manifest: 1\nname:\n\t- x".to_owned(), &["m.yaml:3:2: this is not valid YAML: tabs disallowed within this context (block indentation)"]),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(&text), expected, "{text}");
    }
}

#[test]
fn rules_that_compare_say_nothing_about_what_is_broken() {
    let text = "manifest: 1\nname: p\nversion: 1.0.0\nparameters: {a: 5}\ncomponents:\n- name: c\n  ros: {args: [\"${b}\"]}\n  executables: [{image: i}, {name: x, image: i}]\n  endpoints: [{name: w, port: 80, executable: e}]\n";
    assert_eq!(problems(text), [
        "m.yaml:4:17: parameters.a: expected a mapping (`key: value`); found the whole number 5",
        "m.yaml:8:17: components[0].executables[0]: the key `name` is missing: what the executable is called, unique in the component",
    ]);
}

#[test]
fn problems_end_at_a_hundred() {
    let problems = problems(&format!("manifest: 1\n{}", "a: 1\n".repeat(10_000)));
    assert_eq!(problems.len(), 100);
    assert_eq!(problems[99], "m.yaml: there are more problems than are worth telling");
}
