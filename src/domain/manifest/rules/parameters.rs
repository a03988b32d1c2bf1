//! Parameters have a default or are required, and only those that exist are referred to.

use std::collections::BTreeMap;

use super::{Report, probes};
use crate::domain::manifest::parameters::check_references;
use crate::domain::manifest::{Executable, Package, Parameter, Scalar};
use crate::domain::yaml::below;

pub fn check(package: &Package, report: &mut Report) {
    for (name, parameter) in &package.parameters {
        check_default(parameter, &below("parameters", name), report);
    }
    if report.is_broken("parameters") {
        return;
    }
    for (index, component) in package.components.iter().enumerate() {
        let path = format!("components[{index}]");
        check_words(
            &component.ros.args,
            &format!("{path}.ros.args"),
            &package.parameters,
            report,
        );
        let exposes = format!("{path}.exposes");
        check_variables(&component.exposes, &exposes, &package.parameters, report);
        for (index, executable) in component.executables.iter().enumerate() {
            check_executable(
                executable,
                &format!("{path}.executables[{index}]"),
                &package.parameters,
                report,
            );
        }
    }
}

fn check_default(parameter: &Parameter, path: &str, report: &mut Report) {
    let default_path = format!("{path}.default");
    match &parameter.default {
        Some(_) if parameter.required => {
            report.add(
                &default_path,
                "a required parameter has no default: leave out `required` or `default`".to_owned(),
            );
        }
        Some(default)
            if !parameter.kind.takes(default) && !report.is_broken(&format!("{path}.type")) =>
        {
            let expected = parameter.kind.expected();
            let quotes = if expected == "text" {
                ": put it in quotes"
            } else {
                ""
            };
            report.add(
                &default_path,
                format!(
                    "expected {expected}, as `type` is {}; found {}{quotes}",
                    parameter.kind.name(),
                    found(default)
                ),
            );
        }
        None if !parameter.required
            && !report.is_broken(&default_path)
            && !report.is_broken(&format!("{path}.required")) =>
        {
            report.add(
                path,
                "neither `default` nor `required: true` is set: one of them is needed".to_owned(),
            );
        }
        _ => {}
    }
}

fn found(value: &Scalar) -> String {
    match value {
        Scalar::String(text) => format!("the text `{}`", crate::domain::yaml::excerpt(text)),
        other => format!("`{other}`"),
    }
}

fn check_executable(
    executable: &Executable,
    path: &str,
    known: &BTreeMap<String, Parameter>,
    report: &mut Report,
) {
    check_words(
        &executable.command,
        &format!("{path}.command"),
        known,
        report,
    );
    check_words(
        executable.entrypoint.as_deref().unwrap_or_default(),
        &format!("{path}.entrypoint"),
        known,
        report,
    );
    for text in probes::texts(executable) {
        check_text(
            text.template,
            &format!("{path}.{}", text.path),
            known,
            report,
        );
    }
    let environment = format!("{path}.environment");
    check_variables(&executable.environment, &environment, known, report);
}

fn check_variables(
    variables: &BTreeMap<String, Scalar>,
    path: &str,
    known: &BTreeMap<String, Parameter>,
    report: &mut Report,
) {
    for (name, value) in variables {
        if let Scalar::String(text) = value {
            check_text(text, &below(path, name), known, report);
        }
    }
}

fn check_words(
    words: &[String],
    path: &str,
    known: &BTreeMap<String, Parameter>,
    report: &mut Report,
) {
    for (index, word) in words.iter().enumerate() {
        check_text(word, &format!("{path}[{index}]"), known, report);
    }
}

fn check_text(text: &str, path: &str, known: &BTreeMap<String, Parameter>, report: &mut Report) {
    if let Err(message) = check_references(text, known) {
        report.add(path, message);
    }
}
