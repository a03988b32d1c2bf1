//! Parameters have a default or are required, and only those that exist are referred to.

use std::collections::BTreeMap;

use super::{Report, declared, probes};
use crate::domain::manifest::templates::Known;
use crate::domain::manifest::{Component, Executable, Package, Parameter, Scalar};
use crate::domain::yaml::below;

pub fn check(package: &Package, report: &mut Report) {
    for (name, parameter) in &package.parameters {
        check_default(parameter, &below("parameters", name), report);
    }
    if report.is_broken("parameters") {
        return;
    }
    let known = Known {
        parameters: &package.parameters,
        dependencies: (!report.is_broken("depends_on")).then_some(&package.depends_on),
        secrets: true,
    };
    for (index, component) in package.components.iter().enumerate() {
        check_component(component, &format!("components[{index}]"), known, report);
    }
}

fn check_component(component: &Component, path: &str, known: Known<'_>, report: &mut Report) {
    check_words(
        &component.ros.args,
        &format!("{path}.ros.args"),
        known,
        report,
    );
    check_variables(
        &component.exposes,
        &format!("{path}.exposes"),
        known,
        report,
    );
    let shown = Known {
        dependencies: None,
        secrets: false,
        ..known
    };
    if let Some(namespace) = &component.ros.namespace {
        check_text(namespace, &format!("{path}.ros.namespace"), shown, report);
    }
    for (from, to) in &component.ros.remappings {
        let path = below(&format!("{path}.ros.remappings"), from);
        check_text(to, &path, shown, report);
    }
    declared::check(component, path, shown, report);
    for (index, executable) in component.executables.iter().enumerate() {
        let path = format!("{path}.executables[{index}]");
        check_executable(executable, &path, known, shown, report);
    }
}

fn check_default(parameter: &Parameter, path: &str, report: &mut Report) {
    let default_path = format!("{path}.default");
    match &parameter.default {
        Some(_) if parameter.secret => {
            report.add(
                &default_path,
                "a secret has no default, because a manifest is shown: leave it out, and set `required: true`"
                    .to_owned(),
            );
        }
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
            let message = match parameter.secret {
                true => "a secret has no default: set `required: true`",
                false => "neither `default` nor `required: true` is set: one of them is needed",
            };
            report.add(path, message.to_owned());
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
    known: Known<'_>,
    shown: Known<'_>,
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
            shown,
            report,
        );
    }
    let environment = format!("{path}.environment");
    check_variables(&executable.environment, &environment, known, report);
}

fn check_variables(
    variables: &BTreeMap<String, Scalar>,
    path: &str,
    known: Known<'_>,
    report: &mut Report,
) {
    for (name, value) in variables {
        if let Scalar::String(text) = value {
            check_text(text, &below(path, name), known, report);
        }
    }
}

fn check_words(words: &[String], path: &str, known: Known<'_>, report: &mut Report) {
    for (index, word) in words.iter().enumerate() {
        check_text(word, &format!("{path}[{index}]"), known, report);
    }
}

fn check_text(text: &str, path: &str, known: Known<'_>, report: &mut Report) {
    if let Err(message) = known.check(text) {
        report.add(path, message);
    }
}
