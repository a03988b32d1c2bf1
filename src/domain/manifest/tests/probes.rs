//! Readiness, liveness and lifecycle nodes: what they come out as, and the exact words for what is
//! wrong with them.

use proptest::prelude::*;

use super::{document, executable, generators, problems};
use crate::domain::manifest::parameters::bind;
use crate::domain::manifest::units::Seconds;
use crate::domain::manifest::{Executable, Package, Probe, parse};
use crate::domain::probe::{Check, HttpCheck, RosCheck};

/// A package of one executable with `keys`, and these parameters.
fn with_parameters(parameters: &str, keys: &str) -> String {
    executable(keys).replace(
        "\n\ncomponents",
        &format!("\nparameters: {{{parameters}}}\ncomponents"),
    )
}

fn read(keys: &str) -> Executable {
    document(&executable(&format!("image: i\n{keys}")))
        .package
        .components
        .remove(0)
        .executables
        .remove(0)
}

fn question(probe: &str) -> Check {
    let probe = read(&format!("readiness: {probe}")).readiness.unwrap();
    probe.check(|text| text.replace("${name}", "turtle"))
}

#[test]
fn a_probe_asks_what_is_written() {
    let text = str::to_owned;
    let cases = [
        (
            "{command: [test, -e, \"/tmp/${name}\"]}",
            Check::Command(vec![text("test"), text("-e"), text("/tmp/turtle")]),
        ),
        ("{tcp: 65535}", Check::Tcp(65535)),
        (
            "{http: {port: 80}}",
            Check::Http(HttpCheck {
                port: 80,
                path: text("/"),
                status: None,
            }),
        ),
        (
            "{http: {port: 8080, path: \"/${name}/health?deep=1&x=%20\", status: 204}}",
            Check::Http(HttpCheck {
                port: 8080,
                path: text("/turtle/health?deep=1&x=%20"),
                status: Some(204),
            }),
        ),
        (
            "{ros: {node: \"/${name}/_driver2\"}}",
            Check::Ros(RosCheck::Node(text("/turtle/_driver2"))),
        ),
        (
            "{ros: {topic: /scan}}",
            Check::Ros(RosCheck::Topic {
                name: text("/scan"),
                min_rate: None,
            }),
        ),
        (
            "{ros: {topic: /scan, min_rate: 9}}",
            Check::Ros(RosCheck::Topic {
                name: text("/scan"),
                min_rate: Some(9.0),
            }),
        ),
        (
            "{ros: {service: /Reset_all}}",
            Check::Ros(RosCheck::Service(text("/Reset_all"))),
        ),
        (
            "{ros: {action: /a/b_c}}",
            Check::Ros(RosCheck::Action(text("/a/b_c"))),
        ),
        (
            "{ros: {active: /a}}",
            Check::Ros(RosCheck::Active(text("/a"))),
        ),
    ];
    let declared = "name: {type: string, required: true}";
    for (probe, expected) in cases {
        let keys = format!("image: i\nreadiness: {probe}");
        let package = document(&with_parameters(declared, &keys)).package;
        let probe = package.components[0].executables[0].readiness.clone();
        let check = probe.map(|probe| probe.check(|text| text.replace("${name}", "turtle")));
        assert_eq!(check, Some(expected), "{keys}");
    }
}

#[test]
fn a_probe_that_asks_nothing_never_passes() {
    let mut probe = read("liveness: {tcp: 1}").liveness.unwrap();
    probe.tcp = None;
    assert_eq!(probe.check(str::to_owned), Check::Command(Vec::new()));
    probe.ros = Some(crate::domain::manifest::RosProbe::default());
    assert_eq!(probe.check(str::to_owned), Check::Command(Vec::new()));
    assert_eq!(question("{tcp: 7}"), Check::Tcp(7));
}

#[test]
fn times_and_counts_have_defaults() {
    let plain = read("readiness: {tcp: 1}\nliveness: {tcp: 1}");
    assert_eq!(plain.readiness, plain.liveness);
    let probe = plain.liveness.unwrap();
    assert_eq!((probe.period, probe.timeout), (Seconds(2), Seconds(5)));
    assert_eq!((probe.failures, probe.start_period), (3, Seconds(0)));
    let set = read(
        "liveness: {tcp: 1, period: 1, timeout: 1m, failures: 1, start_period: 1h}\nlifecycle: [/a, /a/b]",
    );
    let probe = set.liveness.unwrap();
    assert_eq!((probe.period, probe.timeout), (Seconds(1), Seconds(60)));
    assert_eq!((probe.failures, probe.start_period), (1, Seconds(3600)));
    assert_eq!(set.lifecycle, ["/a", "/a/b"]);
    assert_eq!(read("").readiness, None);
    assert!(read("").lifecycle.is_empty());
}

/// Where an executable of [`executable`] with an image begins its other keys.
const E: &str = "components[0].executables[0]";

fn told(text: &str) -> Vec<String> {
    let short = |problem: String| problem.replace(&format!("{E}."), "");
    problems(text).into_iter().map(short).collect()
}

#[test]
fn a_probe_is_told_what_is_wrong_with_it() {
    let cases = [
        (
            "readiness: {}",
            &[
                "m.yaml:10:20: readiness: a probe asks one question, and here is none: set one of command, tcp, http, ros",
            ][..],
        ),
        (
            "liveness: {period: 5s}",
            &[
                "m.yaml:10:19: liveness: a probe asks one question, and here is none: set one of command, tcp, http, ros",
            ],
        ),
        (
            "liveness: {tcp: 80, command: [x], http: {port: 1}}",
            &[
                "m.yaml:10:38: liveness.command: a probe asks one question, and `tcp` is set already: leave out all but one of command, tcp, http, ros",
                "m.yaml:10:49: liveness.http: a probe asks one question, and `tcp` is set already: leave out all but one of command, tcp, http, ros",
            ],
        ),
        (
            "readiness: {comand: [x]}",
            &[
                "m.yaml:10:20: readiness: a probe asks one question, and here is none: set one of command, tcp, http, ros",
                "m.yaml:10:21: readiness.comand: unknown key; did you mean `command`?",
            ],
        ),
        (
            "readiness: {tcp: 0}",
            &["m.yaml:10:26: readiness.tcp: 0 is too small: at least 1"],
        ),
        (
            "readiness: {tcp: 65536}",
            &["m.yaml:10:26: readiness.tcp: 65536 is too large: at most 65535"],
        ),
        (
            "readiness: {tcp: }",
            &["m.yaml:10:21: readiness.tcp: expected a whole number; found nothing"],
        ),
        (
            "readiness: 80",
            &[
                "m.yaml:10:20: readiness: expected a mapping (`key: value`); found the whole number 80",
            ],
        ),
        (
            "readiness: {command: []}",
            &[
                "m.yaml:10:30: readiness.command: the list is empty: expected a program, then its arguments",
            ],
        ),
        (
            "readiness: {command: [\"\", a]}",
            &[
                "m.yaml:10:31: readiness.command[0]: the program's name is empty: expected a program of the image",
            ],
        ),
        (
            "readiness: {command: test}",
            &[
                "m.yaml:10:30: readiness.command: expected a list (`- entry`); found the text `test`",
            ],
        ),
        (
            "readiness: {tcp: 1, failures: 3, start_period: 0s}",
            &[
                "m.yaml:10:39: readiness.failures: `failures` is for `liveness` only: what is not ready is asked again until it is, and not restarted; leave it out",
                "m.yaml:10:56: readiness.start_period: `start_period` is for `liveness` only: what is not ready is asked again until it is, and not restarted; leave it out",
            ],
        ),
        (
            "liveness: {tcp: 1, failures: 0}",
            &["m.yaml:10:38: liveness.failures: 0 is too small: at least 1"],
        ),
        (
            "liveness: {tcp: 1, period: 0, timeout: 0s}",
            &[
                "m.yaml:10:36: liveness.period: 0s is too short: at least 1s",
                "m.yaml:10:48: liveness.timeout: 0s is too short: at least 1s",
            ],
        ),
        (
            "liveness: {tcp: 1, period: 0.5}",
            &[
                "m.yaml:10:36: liveness.period: expected a time of at most 1h such as 15s, 1m30s or 90 (seconds); found the number 0.5",
            ],
        ),
        (
            "restart: never\nliveness: {tcp: 1}",
            &[
                "m.yaml:11:19: liveness: `liveness` restarts what is not alive any more, and `restart` is never: leave out one of them",
            ],
        ),
        (
            "readiness: {http: {path: /}}",
            &["m.yaml:10:27: readiness.http: the key `port` is missing: the port in the container"],
        ),
        (
            "readiness: {http: {port: 80, path: health}}",
            &[
                "m.yaml:10:44: readiness.http.path: `health` does not begin with a slash: expected a path such as /health",
            ],
        ),
        (
            "readiness: {http: {port: 80, path: \"\"}}",
            &[
                "m.yaml:10:44: readiness.http.path: `` does not begin with a slash: expected a path such as /health",
            ],
        ),
        (
            "readiness: {http: {port: 80, path: /a b}}",
            &[
                "m.yaml:10:44: readiness.http.path: `/a b` holds ` `: expected visible ASCII characters without `#`; write it as %20",
            ],
        ),
        (
            "readiness: {http: {port: 80, path: /a#b}}",
            &[
                "m.yaml:10:44: readiness.http.path: `/a#b` holds `#`: expected visible ASCII characters without `#`; write it as %23",
            ],
        ),
        (
            "readiness: {http: {port: 80, path: /ä}}",
            &[
                "m.yaml:10:44: readiness.http.path: `/ä` holds `ä`: expected visible ASCII characters without `#`; write it as %C3%A4",
            ],
        ),
        (
            "readiness: {http: {port: 80, path: \"/a\\tb\"}}",
            &[
                "m.yaml:10:44: readiness.http.path: `/a\\tb` holds `\\t`: expected visible ASCII characters without `#`; write it as %09",
            ],
        ),
        (
            "readiness: {http: {port: 80, status: 99}}",
            &["m.yaml:10:46: readiness.http.status: 99 is too small: at least 100"],
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(
            told(&executable(&format!("image: i\n{keys}"))),
            expected,
            "{keys}"
        );
    }
}

#[test]
fn a_ros_probe_is_told_what_is_wrong_with_it() {
    let cases = [
        (
            "{}",
            &[
                "m.yaml:10:26: readiness.ros: a probe asks for one thing, and here is none: set one of node, topic, service, action, active",
            ][..],
        ),
        (
            "{topic: /a, node: /b}",
            &[
                "m.yaml:10:44: readiness.ros.node: a probe asks for one thing, and `topic` is set already: leave out all but one of node, topic, service, action, active",
            ],
        ),
        (
            "{node: 5}",
            &[
                "m.yaml:10:33: readiness.ros.node: expected text; found the whole number 5: put it in quotes, \"5\"",
            ],
        ),
        (
            "{node: /a, min_rate: 1}",
            &[
                "m.yaml:10:47: readiness.ros.min_rate: only a topic has a rate: name a `topic`, or leave out `min_rate`",
            ],
        ),
        (
            "{topic: /a, min_rate: 0}",
            &["m.yaml:10:48: readiness.ros.min_rate: 0 is too small: more than 0"],
        ),
        (
            "{topic: /a, min_rate: -1.5}",
            &["m.yaml:10:48: readiness.ros.min_rate: -1.5 is too small: more than 0"],
        ),
        (
            "{topic: /a, min_rate: .inf}",
            &["m.yaml:10:48: readiness.ros.min_rate: expected a number; found the text `.inf`"],
        ),
        (
            "{topic: /a, min_rate: 1e999}",
            &["m.yaml:10:48: readiness.ros.min_rate: expected a number; found the text `1e999`"],
        ),
        (
            "{topic: /a, min_rate: 1e6}",
            &["m.yaml:10:48: readiness.ros.min_rate: 1e6 is too large: at most 100000"],
        ),
        (
            "{topic: scan}",
            &[
                "m.yaml:10:34: readiness.ros.topic: `scan` is not absolute: expected a name such as /turtle/pose, with its namespace",
            ],
        ),
        (
            "{active: ~/a}",
            &[
                "m.yaml:10:35: readiness.ros.active: `~/a` is not absolute: expected a name such as /turtle/pose, with its namespace",
            ],
        ),
        (
            "{node: \"\"}",
            &[
                "m.yaml:10:33: readiness.ros.node: `` is not absolute: expected a name such as /turtle/pose, with its namespace",
            ],
        ),
        (
            "{node: /}",
            &[
                "m.yaml:10:33: readiness.ros.node: `/` names nothing: expected a name such as /turtle/pose",
            ],
        ),
        (
            "{service: /a/}",
            &[
                "m.yaml:10:36: readiness.ros.service: `/a/` ends with a slash: take the slash away, or write the name that is missing",
            ],
        ),
        (
            "{action: /a//b}",
            &["m.yaml:10:35: readiness.ros.action: `/a//b` has two slashes in a row: write one"],
        ),
        (
            "{topic: /a/b-c}",
            &[
                "m.yaml:10:34: readiness.ros.topic: `/a/b-c` holds `-`: expected letters, digits, `_` and single slashes only",
            ],
        ),
        (
            "{topic: \"/$HOME\"}",
            &[
                "m.yaml:10:34: readiness.ros.topic: `/$HOME` holds `$`: expected letters, digits, `_` and single slashes only",
            ],
        ),
        (
            "{topic: /a/3d}",
            &[
                "m.yaml:10:34: readiness.ros.topic: `3d` in `/a/3d` begins with a digit: expected a letter or `_`",
            ],
        ),
        (
            "{topic: /a__b}",
            &[
                "m.yaml:10:34: readiness.ros.topic: `/a__b` has two `_` in a row, which ROS keeps for itself: write one",
            ],
        ),
    ];
    for (probe, expected) in cases {
        let keys = format!("image: i\nreadiness: {{ros: {probe}}}");
        assert_eq!(told(&executable(&keys)), expected, "{probe}");
    }
    let name = |length: usize| format!("image: i\nlifecycle: [/{}]", "a".repeat(length - 1));
    assert!(parse(&executable(&name(247)), "").is_ok());
    assert_eq!(
        told(&executable(&name(248))),
        ["m.yaml:10:21: lifecycle[0]: 248 characters are too long for a name of ROS: at most 247"]
    );
}

#[test]
fn lifecycle_nodes_are_told_what_is_wrong_with_them() {
    let keys = "image: i\nlifecycle:\n- /a\n- b\n- /c\n- /a\n- 5";
    assert_eq!(
        told(&executable(keys)),
        [
            "m.yaml:12:11: lifecycle[1]: `b` is not absolute: expected a name such as /turtle/pose, with its namespace",
            "m.yaml:14:11: lifecycle[3]: `/a` is a lifecycle node already, in line 11",
            "m.yaml:15:11: lifecycle[4]: expected text; found the whole number 5: put it in quotes, \"5\"",
        ]
    );
}

#[test]
fn references_are_filled_in_before_a_name_is_judged() {
    let declared = "id: {type: integer, required: true}, ns: {type: string, required: true}, \
                    empty: {type: string, default: \"\"}, many: {type: string, default: a b}, rate: {type: number, default: 2}";
    let told = |keys: &str| told(&with_parameters(declared, &format!("image: i\n{keys}")));
    let good = "readiness: {ros: {topic: \"/${ns}/robot${id}${empty}/scan\"}}\n\
                liveness: {http: {port: 80, path: \"/${ns}?x=${rate}\"}}\nlifecycle: [\"${ns}/a\", \"${ns}\", \"${empty}/a\"]";
    document(&with_parameters(declared, &format!("image: i\n{good}")));
    let cases = [
        (
            "lifecycle: [\"/${nss}/a\"]",
            "m.yaml:10:21: lifecycle[0]: there is no parameter `nss`; did you mean `ns`? Write `$${nss}` if a shell shall read it",
        ),
        (
            "readiness: {command: [test, \"${a:-b}\"]}",
            "m.yaml:10:37: readiness.command[1]: `${a:-b}` does not name a parameter; write `$${a:-b}` if a shell shall read it",
        ),
        (
            "readiness: {http: {port: 1, path: \"/${idd}\"}}",
            "m.yaml:10:43: readiness.http.path: there is no parameter `idd`; did you mean `id`? Write `$${idd}` if a shell shall read it",
        ),
        (
            "liveness: {ros: {node: \"/${Id}\"}}",
            "m.yaml:10:32: liveness.ros.node: there is no parameter `Id`; did you mean `id`? Write `$${Id}` if a shell shall read it",
        ),
        (
            "liveness: {ros: {node: \"/${id}\"}}",
            "m.yaml:10:32: liveness.ros.node: `/${id}` becomes `/1`: `1` in `/1` begins with a digit: expected a letter or `_`",
        ),
        (
            "liveness: {ros: {node: \"/${empty}/a\"}}",
            "m.yaml:10:32: liveness.ros.node: `/${empty}/a` becomes `//a`: `//a` has two slashes in a row: write one",
        ),
        (
            "liveness: {ros: {node: \"/a${rate}\"}}",
            "m.yaml:10:32: liveness.ros.node: `/a${rate}` becomes `/a2.0`: `/a2.0` holds `.`: expected letters, digits, `_` and single slashes only",
        ),
        (
            "liveness: {command: [\"${empty}\"]}",
            "m.yaml:10:30: liveness.command[0]: `${empty}` becomes ``: the program's name is empty: expected a program of the image",
        ),
        (
            "liveness: {http: {port: 1, path: \"/${many}\"}}",
            "m.yaml:10:42: liveness.http.path: `/${many}` becomes `/a b`: `/a b` holds ` `: expected visible ASCII characters without `#`; write it as %20",
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(told(keys), [expected], "{keys}");
    }
}

/// Nothing is said of a name that depends on a parameter that is itself wrong.
#[test]
fn a_broken_parameter_is_the_only_problem() {
    let text = with_parameters("ns: 5", "image: i\nlifecycle: [\"/${ns}//a\"]");
    assert_eq!(
        told(&text),
        ["m.yaml:4:18: parameters.ns: expected a mapping (`key: value`); found the whole number 5"]
    );
}

#[test]
fn what_a_goal_gives_is_judged_too() {
    let declared = "ns: {type: string, default: robot}, other: {type: string, default: b}, id: {type: integer, default: 1}";
    let keys = "image: i\nreadiness: {ros: {topic: \"/${ns}/scan${id}\"}}\nliveness: {http: {port: 80, path: \"/${ns}\"}}\nlifecycle: [\"/x/${ns}\", \"/x/${other}\"]";
    let package: Package = document(&with_parameters(declared, keys)).package;
    let bound = |given: &[(&str, &str)]| {
        let given: Vec<_> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        bind(&package, &given)
    };
    assert!(bound(&[("ns", "r2/front"), ("id", "7")]).is_ok());
    assert_eq!(
        bound(&[("ns", "a b")]).unwrap_err(),
        [
            "c/e: readiness.ros.topic: `/${ns}/scan${id}` becomes `/a b/scan1`: `/a b/scan1` holds ` `: expected letters, digits, `_` and single slashes only",
            "c/e: liveness.http.path: `/${ns}` becomes `/a b`: `/a b` holds ` `: expected visible ASCII characters without `#`; write it as %20",
            "c/e: lifecycle[0]: `/x/${ns}` becomes `/x/a b`: `/x/a b` holds ` `: expected letters, digits, `_` and single slashes only",
        ]
    );
    assert_eq!(
        bound(&[("id", "-1")]).unwrap_err(),
        [
            "c/e: readiness.ros.topic: `/${ns}/scan${id}` becomes `/robot/scan-1`: `/robot/scan-1` holds `-`: expected letters, digits, `_` and single slashes only"
        ]
    );
    assert_eq!(
        bound(&[("ns", "b")]).unwrap_err(),
        ["c/e: lifecycle[1]: `/x/${other}` becomes `/x/b`, which is a lifecycle node already"]
    );
    // A line end in a path would be a second line of the request.
    assert!(bound(&[("ns", "\"a\\r\\nHost: b\"")]).is_err());
}

#[test]
fn the_examples_of_the_reference_are_good() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manifest.md");
    let page = std::fs::read_to_string(path).unwrap();
    let section = page
        .split("\n## ")
        .find(|part| part.starts_with("Readiness"));
    let examples: Vec<&str> = section
        .unwrap()
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let declared = "robot: {type: string, default: r2}";
        document(&with_parameters(declared, &format!("image: i\n{example}")));
    }
}

/// The question of a probe and what its keys say, one beside the other.
fn says(probe: &Probe) -> [bool; 4] {
    [
        probe.command.is_some(),
        probe.tcp.is_some(),
        probe.http.is_some(),
        probe.ros.is_some(),
    ]
}

proptest! {
    #[test]
    fn a_good_probe_asks_its_only_question(probe in generators::probe(true)) {
        let asked = match probe.check(str::to_owned) {
            Check::Command(words) => [!words.is_empty(), false, false, false],
            Check::Tcp(port) => [false, port > 0, false, false],
            Check::Http(http) => [false, false, http.path.starts_with('/'), false],
            Check::Ros(_) => [false, false, false, true],
        };
        prop_assert_eq!(says(&probe), asked);
    }

    /// A second question in a good probe is always refused.
    #[test]
    fn two_questions_are_refused(probe in generators::probe(true)) {
        let mut probe = probe;
        if probe.tcp.is_some() {
            probe.command = Some(vec!["true".to_owned()]);
        } else {
            probe.tcp = Some(1);
        }
        let keys = format!("image: i\nliveness: {}", serde_json::to_string(&probe).unwrap());
        let told = told(&executable(&keys));
        prop_assert!(told.len() == 1 && told[0].contains("a probe asks one question"), "{:?}", told);
    }

    /// Names are judged as ROS judges them: by parts.
    #[test]
    fn a_name_is_good_when_all_its_parts_are(parts in prop::collection::vec("[a-z0-9_]{0,3}", 1..4)) {
        let good = parts.iter().all(|part| {
            !part.is_empty() && !part.contains("__") && !part.starts_with(|c: char| c.is_ascii_digit())
        });
        let keys = format!("image: i\nlifecycle: [\"/{}\"]", parts.join("/"));
        prop_assert_eq!(parse(&executable(&keys), "").is_ok(), good, "{}", keys);
    }
}
