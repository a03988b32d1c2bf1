//! Parameters: from what a deploy goal gives to what a container is told.

use std::collections::BTreeMap;

use super::rules;
pub use super::templates::expand;
use super::types::{Package, Parameter, ParameterKind, Scalar};
use super::values::Values;
use crate::domain::yaml::{self, Kind, closest, excerpt};

/// Binds the values that a goal gives to the parameters of `package`; the rest get their defaults.
///
/// Values are YAML words (`3`, `0.5`, `true`, `turtle`, `"3"`). For a parameter of type string the
/// text is taken as it is, without the quotes around it.
///
/// # Errors
/// A sentence for each parameter that is unknown, given twice, missing or of the wrong type; else for
/// each probe and lifecycle node that cannot be with these values.
pub fn bind(package: &Package, given: &[(String, String)]) -> Result<Values, Vec<String>> {
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    let mut named = std::collections::BTreeSet::new();
    for (name, text) in given {
        if !named.insert(name) {
            problems.push(format!("parameter `{}` is given twice", excerpt(name)));
            continue;
        }
        match package.parameters.get(name) {
            None => problems.push(unknown(name, package)),
            Some(parameter) => match read(parameter.kind, text) {
                Some(value) => drop(values.insert(name.clone(), value)),
                // Not even a wrong value of a secret is shown.
                None if parameter.secret => {
                    problems.push(wrong(name, parameter.kind, "a secret"));
                }
                None => problems.push(wrong(name, parameter.kind, text)),
            },
        }
    }
    for (name, parameter) in package
        .parameters
        .iter()
        .filter(|(name, _)| !named.contains(name))
    {
        match default_of(parameter) {
            Some(value) => drop(values.insert(name.clone(), value)),
            None => problems.push(format!(
                "parameter `{name}` ({}) is required and not given",
                parameter.kind.name()
            )),
        }
    }
    if problems.is_empty() {
        problems = rules::misfits(package, &values);
    }
    if problems.is_empty() {
        Ok(Values::new(values, package))
    } else {
        Err(problems)
    }
}

fn unknown(name: &str, package: &Package) -> String {
    let known = || package.parameters.keys().map(String::as_str);
    let advice = match closest(name, known()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if package.parameters.is_empty() => format!("{} takes none", package.label()),
        None => format!(
            "{} takes {}",
            package.label(),
            known().collect::<Vec<_>>().join(", ")
        ),
    };
    format!("unknown parameter `{}`; {advice}", excerpt(name))
}

fn wrong(name: &str, kind: ParameterKind, text: &str) -> String {
    format!(
        "parameter `{name}`: expected {}; got `{}`",
        kind.expected(),
        excerpt(text)
    )
}

fn read(kind: ParameterKind, text: &str) -> Option<Scalar> {
    let word = yaml::Scalar::plain(text);
    match (kind, word.kind) {
        (ParameterKind::String, _) => {
            Some(Scalar::String(yaml::unquote(text).unwrap_or(word.text)))
        }
        (ParameterKind::Integer, Kind::Integer(value)) => Some(Scalar::Integer(value)),
        (ParameterKind::Number, Kind::Integer(value)) => Some(Scalar::Number(value as f64)),
        (ParameterKind::Number, Kind::Number(value)) => Some(Scalar::Number(value)),
        (ParameterKind::Boolean, Kind::Boolean(value)) => Some(Scalar::Boolean(value)),
        _ => None,
    }
}

/// The default as a value of the parameter's kind: `3` is a good default for a number.
pub(super) fn default_of(parameter: &Parameter) -> Option<Scalar> {
    match (parameter.kind, parameter.default.clone()?) {
        (ParameterKind::Number, Scalar::Integer(value)) => Some(Scalar::Number(value as f64)),
        (_, value) => Some(value),
    }
}

impl ParameterKind {
    /// The word for it in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    /// What has to be given, in words.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
        }
    }

    /// Whether `value` can be the default of a parameter of this kind.
    pub(super) fn takes(self, value: &Scalar) -> bool {
        matches!(
            (self, value),
            (Self::String, Scalar::String(_))
                | (Self::Integer, Scalar::Integer(_))
                | (Self::Number, Scalar::Integer(_) | Scalar::Number(_))
                | (Self::Boolean, Scalar::Boolean(_))
        )
    }
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;
