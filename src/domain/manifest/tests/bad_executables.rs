//! What is wrong with an executable, and the exact words for it.

use super::{executable, problems};

#[test]
fn an_executable_is_told_what_is_wrong_with_it() {
    let cases = [
        (
            "imge: ros:jazzy",
            &[
                "m.yaml:8:9: components[0].executables[0]: neither `image` nor `build` is set: one of them has to say where the image comes from",
                "m.yaml:9:9: components[0].executables[0].imge: unknown key; did you mean `image`?",
            ][..],
        ),
        (
            "image: ros:jazzy\nports: [80]",
            &[
                "m.yaml:10:9: components[0].executables[0].ports: unknown key; allowed here: build, capabilities, command, cpus, devices, entrypoint, environment, gpus, image, ipc, lifecycle, liveness, memory, mounts, name, network, privileged, pull, readiness, restart, ros, shared_memory, stop_grace_period, stop_signal, update_guard, user, working_directory",
            ],
        ),
        (
            "image: ROS:jazzy",
            &[
                "m.yaml:9:16: components[0].executables[0].image: `ROS:jazzy` is not allowed: expected an image reference, for example ros:jazzy, registry.example.com/team/driver:1.2 or name@sha256:...",
            ],
        ),
        (
            "image: ros:jazzy\nimage: ros:rolling",
            &[
                "m.yaml:10:9: components[0].executables[0].image: given twice; the first is in line 9, column 9",
            ],
        ),
        (
            "image:",
            &[
                "m.yaml:9:9: components[0].executables[0].image: expected an image reference, for example ros:jazzy, registry.example.com/team/driver:1.2 or name@sha256:...; found nothing",
            ],
        ),
        (
            "image: ros:jazzy\ncommand: sleep 5",
            &[
                "m.yaml:10:18: components[0].executables[0].command: expected a list (`- entry`); found the text `sleep 5`",
            ],
        ),
        (
            "image: ros:jazzy\ncommand: [sleep, 5]",
            &[
                "m.yaml:10:26: components[0].executables[0].command[1]: expected text; found the whole number 5: put it in quotes, \"5\"",
            ],
        ),
        (
            "image: ros:jazzy\nprivileged: yes",
            &[
                "m.yaml:10:21: components[0].executables[0].privileged: expected true or false; found the text `yes`: write true",
            ],
        ),
        (
            "image: ros:jazzy\nrestart: allways",
            &[
                "m.yaml:10:18: components[0].executables[0].restart: `allways` is not one of always, on-failure, never; did you mean `always`?",
            ],
        ),
        (
            "image: ros:jazzy\nstop_signal: INT",
            &[
                "m.yaml:10:22: components[0].executables[0].stop_signal: `INT` is not one of SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGKILL; did you mean `SIGINT`?",
            ],
        ),
        (
            "image: ros:jazzy\nshared_memory: 64 Megabytes\nmemory: 1M",
            &[
                "m.yaml:10:24: components[0].executables[0].shared_memory: `64 Megabytes` is not allowed: expected a size such as 64M, 1.5G or 1048576 (bytes)",
                "m.yaml:11:17: components[0].executables[0].memory: 1M is too small: at least 6M",
            ],
        ),
        (
            "image: ros:jazzy\ncpus: 0\nstop_grace_period: 2h",
            &[
                "m.yaml:10:15: components[0].executables[0].cpus: 0 is too small: more than 0",
                "m.yaml:11:28: components[0].executables[0].stop_grace_period: `2h` is not a time of at most 1h such as 15s, 1m30s or 90 (seconds)",
            ],
        ),
        (
            "image: ros:jazzy\ngpus: 0",
            &["m.yaml:10:15: components[0].executables[0].gpus: 0 is too small: at least 1"],
        ),
        (
            "image: ros:jazzy\ndevices: [ttyUSB0]",
            &[
                "m.yaml:10:19: components[0].executables[0].devices[0]: `ttyUSB0` is not allowed: expected /dev/NAME, then at will :/PATH/IN/CONTAINER and :rwm (read, write, make)",
            ],
        ),
        (
            "image: ros:jazzy\ndevices: [/dev/../etc]",
            &[
                "m.yaml:10:19: components[0].executables[0].devices[0]: `..` is not allowed in `/dev/../etc`",
            ],
        ),
        (
            "image: ros:jazzy\ncapabilities: [CAP_SYS_NIC]",
            &[
                "m.yaml:10:24: components[0].executables[0].capabilities[0]: there is no capability `CAP_SYS_NIC`; did you mean `SYS_NICE`?",
            ],
        ),
        (
            "image: ros:jazzy\nuser: 1000",
            &[
                "m.yaml:10:15: components[0].executables[0].user: expected a user or user:group, by name or number, for example 1000:1000; found the whole number 1000: put it in quotes, \"1000\"",
            ],
        ),
        (
            "image: ros:jazzy\nenvironment: {1A: x, B: [y]}",
            &[
                "m.yaml:10:23: components[0].executables[0].environment.1A: `1A` is not allowed: expected letters, digits, `_`, `.` and `-`, not starting with a digit",
                "m.yaml:10:33: components[0].executables[0].environment.B: expected text, a number, true or false; found a list",
            ],
        ),
        (
            "image: ros:jazzy\nenvironment: [A=1]",
            &[
                "m.yaml:10:22: components[0].executables[0].environment: expected a mapping (`key: value`); found a list",
            ],
        ),
        (
            "image: ros:jazzy\nmounts: [{source: a, target: b}]",
            &[
                "m.yaml:10:27: components[0].executables[0].mounts[0].source: `a` is not allowed: expected an absolute path, a path that starts with ./ or ../, or a volume's name (letters, digits, `_`, `.`, `-`); no `$`",
                "m.yaml:10:38: components[0].executables[0].mounts[0].target: `b` is not allowed: expected an absolute path in the container, without `$`",
            ],
        ),
        (
            "image: ros:jazzy\nmounts:\n- {source: maps, target: /maps}\n- {source: logs, target: /maps/}",
            &[
                "m.yaml:12:34: components[0].executables[0].mounts[1].target: `/maps` is a mount's target already, in line 11",
            ],
        ),
        (
            "build: {context: /src, dockerfile: ../Dockerfile}",
            &[
                "m.yaml:9:26: components[0].executables[0].build.context: `/src` is not allowed: expected a path relative to the manifest, for example . or ./driver",
                "m.yaml:9:44: components[0].executables[0].build.dockerfile: `..` is not allowed: the Dockerfile lies within the context",
            ],
        ),
        (
            "image: ros:jazzy\n<<: {user: a}",
            &[
                "m.yaml:10:9: components[0].executables[0][\"<<\"]: merge keys (`<<`) are not part of YAML 1.2: write the keys out, or use an alias for a whole value",
            ],
        ),
        (
            "image: ros:jazzy\nuser: !!str root",
            &[
                "m.yaml:10:21: components[0].executables[0].user: the tag `!!str` is not allowed: write text in quotes, anything else plainly",
            ],
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(problems(&executable(keys)), expected, "{keys}");
    }
}
