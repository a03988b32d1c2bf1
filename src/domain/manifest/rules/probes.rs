//! A probe asks exactly one question, and asks for what there can be.
//!
//! What a probe's texts come out as depends on parameters. So they are looked at twice: here with
//! the defaults, where the manifest's author sees what is wrong, and in [`misfits`] with the values
//! of a goal.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, ros_names};
use crate::domain::manifest::templates::{expand, sample};
use crate::domain::manifest::units::Seconds;
use crate::domain::manifest::{Executable, Package, Parameter, Probe, Restart, RosProbe, Scalar};
use crate::domain::yaml::excerpt;

/// A text in which parameters are filled in.
pub struct Text<'a> {
    /// Where it is, below its executable.
    pub path: String,
    /// As it is written.
    pub template: &'a str,
    kind: Kind,
}

/// What a text has to come out as.
#[derive(Clone, Copy)]
enum Kind {
    Program,
    Argument,
    HttpPath,
    RosName,
}

impl Text<'_> {
    /// What is wrong with `value`, which the text comes out as, if anything.
    fn problem(&self, value: &str) -> Option<String> {
        let problem = match self.kind {
            Kind::Program => value
                .is_empty()
                .then(|| "the program's name is empty: expected a program of the image".to_owned()),
            Kind::Argument => None,
            Kind::HttpPath => http_path_problem(value),
            Kind::RosName => ros_names::problem(value),
        }?;
        Some(if value == self.template {
            problem
        } else {
            let (template, value) = (excerpt(self.template), excerpt(value));
            format!("`{template}` becomes `{value}`: {problem}")
        })
    }
}

/// Every text of the probes, the lifecycle nodes and the guards of an executable.
pub fn texts(executable: &Executable) -> Vec<Text<'_>> {
    let mut texts = Vec::new();
    for (name, probe) in probes(executable) {
        for (index, word) in probe.command.iter().flatten().enumerate() {
            texts.push(Text {
                path: format!("{name}.command[{index}]"),
                template: word,
                kind: if index == 0 {
                    Kind::Program
                } else {
                    Kind::Argument
                },
            });
        }
        if let Some(http) = &probe.http {
            texts.push(Text {
                path: format!("{name}.http.path"),
                template: &http.path,
                kind: Kind::HttpPath,
            });
        }
        let names = probe.ros.iter().flat_map(RosProbe::names);
        texts.extend(names.filter_map(|(key, value)| {
            Some(Text {
                path: format!("{name}.ros.{key}"),
                template: value?,
                kind: Kind::RosName,
            })
        }));
    }
    let nodes = executable.lifecycle.iter().enumerate();
    texts.extend(nodes.map(|(index, node)| Text {
        path: format!("lifecycle[{index}]"),
        template: node,
        kind: Kind::RosName,
    }));
    let guards = executable.update_guard.iter().enumerate();
    texts.extend(guards.map(|(index, action)| Text {
        path: format!("update_guard[{index}]"),
        template: action,
        kind: Kind::RosName,
    }));
    texts
}

fn probes(executable: &Executable) -> impl Iterator<Item = (&'static str, &Probe)> {
    let readiness = executable
        .readiness
        .iter()
        .map(|probe| ("readiness", probe));
    let liveness = executable.liveness.iter().map(|probe| ("liveness", probe));
    readiness.chain(liveness)
}

/// Checks the probes and the lifecycle nodes of the executable at `path`.
pub fn check(
    executable: &Executable,
    path: &str,
    known: &BTreeMap<String, Parameter>,
    report: &mut Report,
) {
    for (name, probe) in probes(executable) {
        check_probe(probe, &format!("{path}.{name}"), report);
    }
    if executable.readiness.is_some() {
        check_only_for_liveness(&format!("{path}.readiness"), report);
    }
    if executable.liveness.is_some() && executable.restart == Restart::Never {
        report.add(
            &format!("{path}.liveness"),
            "`liveness` restarts what is not alive any more, and `restart` is never: leave out one of them"
                .to_owned(),
        );
    }
    let nodes = executable.lifecycle.iter().enumerate();
    let nodes = nodes.map(|(index, node)| (format!("{path}.lifecycle[{index}]"), node));
    report.unique(nodes, |node, line| {
        format!(
            "`{}` is a lifecycle node already, in line {line}",
            excerpt(node)
        )
    });
    // What a broken parameter stands for is not known, so what refers to one is left alone.
    let none = BTreeMap::new();
    let known = if report.is_broken("parameters") {
        &none
    } else {
        known
    };
    for text in texts(executable) {
        let problem = sample(text.template, known)
            .ok()
            .and_then(|value| text.problem(&value));
        if let Some(problem) = problem {
            report.add(&format!("{path}.{}", text.path), problem);
        }
    }
}

fn check_probe(probe: &Probe, path: &str, report: &mut Report) {
    let questions = [
        ("command", probe.command.is_some()),
        ("tcp", probe.tcp.is_some()),
        ("http", probe.http.is_some()),
        ("ros", probe.ros.is_some()),
    ];
    check_one_of(&questions, "a probe asks one question", path, report);
    if probe.command.as_ref().is_some_and(Vec::is_empty) {
        report.add(
            &format!("{path}.command"),
            "the list is empty: expected a program, then its arguments".to_owned(),
        );
    }
    if let Some(ros) = &probe.ros {
        check_ros(ros, &format!("{path}.ros"), report);
    }
    for (key, time) in [("period", probe.period), ("timeout", probe.timeout)] {
        if time < Seconds(1) {
            report.add(
                &format!("{path}.{key}"),
                format!("{time} is too short: at least 1s"),
            );
        }
    }
}

fn check_ros(ros: &RosProbe, path: &str, report: &mut Report) {
    let names = ros.names().map(|(key, value)| (key, value.is_some()));
    check_one_of(&names, "a probe asks for one thing", path, report);
    if ros.min_rate.is_some() && ros.topic.is_none() && !report.is_broken(&format!("{path}.topic"))
    {
        report.add(
            &format!("{path}.min_rate"),
            "only a topic has a rate: name a `topic`, or leave out `min_rate`".to_owned(),
        );
    }
}

/// Exactly one of `keys` has to be set. One that is set to something wrong counts.
fn check_one_of(keys: &[(&'static str, bool)], why: &str, path: &str, report: &mut Report) {
    let below = |key: &str| format!("{path}.{key}");
    let mut set: Vec<&str> = keys
        .iter()
        .filter(|(key, is_set)| *is_set || report.is_broken(&below(key)))
        .map(|(key, _)| *key)
        .collect();
    set.sort_by_key(|key| {
        let place = report.place(&below(key));
        (place.line, place.column)
    });
    let all: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    let all = all.join(", ");
    match set.as_slice() {
        [] => report.add(path, format!("{why}, and here is none: set one of {all}")),
        [_] => {}
        [first, others @ ..] => {
            for other in others {
                report.add(
                    &below(other),
                    format!("{why}, and `{first}` is set already: leave out all but one of {all}"),
                );
            }
        }
    }
}

/// Readiness is asked for until it is there, so there is no count after which it is given up. A
/// default looks like what is written, so the text is looked at.
fn check_only_for_liveness(path: &str, report: &mut Report) {
    for key in ["failures", "start_period"] {
        let path = format!("{path}.{key}");
        if report.places.contains_key(&path) {
            report.add(
                &path,
                format!(
                    "`{key}` is for `liveness` only: what is not ready is asked again until it is, and not restarted; leave it out"
                ),
            );
        }
    }
}

fn http_path_problem(path: &str) -> Option<String> {
    let shown = excerpt(path);
    if !path.starts_with('/') {
        return Some(format!(
            "`{shown}` does not begin with a slash: expected a path such as /health"
        ));
    }
    let other = path.chars().find(|c| !c.is_ascii_graphic() || *c == '#')?;
    let mut bytes = [0; 4];
    let encoded: String = other
        .encode_utf8(&mut bytes)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    Some(format!(
        "`{shown}` holds `{}`: expected visible ASCII characters without `#`; write it as {encoded}",
        other.escape_debug()
    ))
}

/// What the values of a goal make of probes and lifecycle nodes that cannot be, as sentences.
pub fn misfits(package: &Package, values: &BTreeMap<String, Scalar>) -> Vec<String> {
    let mut problems = Vec::new();
    for component in &package.components {
        for executable in &component.executables {
            let place = format!("{}/{}", component.name, executable.name);
            let mut nodes = BTreeSet::new();
            for text in texts(executable) {
                // A package whose references lead nowhere does not get through `parse`.
                let Ok(value) = expand(text.template, values) else {
                    continue;
                };
                let twice = text.path.starts_with("lifecycle") && !nodes.insert(value.clone());
                let problem = text.problem(&value).or_else(|| {
                    twice.then(|| {
                        let (template, value) = (excerpt(text.template), excerpt(&value));
                        format!("`{template}` becomes `{value}`, which is a lifecycle node already")
                    })
                });
                if let Some(problem) = problem {
                    problems.push(format!("{place}: {}: {problem}", text.path));
                }
            }
        }
    }
    problems
}
