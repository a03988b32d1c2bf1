//! Parameters: from what a deploy goal gives to what a container is told.

use std::collections::BTreeMap;

use super::rules;
use super::types::{Package, Parameter, ParameterKind, Scalar};
use crate::domain::yaml::{self, Kind, closest, excerpt};

/// Binds the values that a goal gives to the parameters of `package`; the rest get their defaults.
///
/// Values are YAML words (`3`, `0.5`, `true`, `turtle`, `"3"`). For a parameter of type string the
/// text is taken as it is, without the quotes around it.
///
/// # Errors
/// A sentence for each parameter that is unknown, given twice, missing or of the wrong type; else for
/// each probe and lifecycle node that cannot be with these values.
pub fn bind(
    package: &Package,
    given: &[(String, String)],
) -> Result<BTreeMap<String, Scalar>, Vec<String>> {
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
        Ok(values)
    } else {
        Err(problems)
    }
}

/// Puts values into a text: `${name}` becomes the value, `$$` a single `$`. A `$` before anything
/// else stays, so that shell commands can use `$HOME` and `$(...)`.
///
/// # Errors
/// A sentence about a reference to a parameter that does not exist, or that is no reference.
pub fn expand(template: &str, values: &BTreeMap<String, Scalar>) -> Result<String, String> {
    pieces(template)?
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => Ok(text.to_owned()),
            Piece::Parameter(name) => {
                let value = values.get(name).map(Scalar::to_string);
                value.ok_or_else(|| unknown_reference(name, values.keys().map(String::as_str)))
            }
        })
        .collect()
}

/// Finds references in `template` to parameters that are not among `known`.
///
/// # Errors
/// The first such reference, as a sentence.
pub(super) fn check_references(
    template: &str,
    known: &BTreeMap<String, Parameter>,
) -> Result<(), String> {
    for piece in pieces(template)? {
        if let Piece::Parameter(name) = piece
            && !known.contains_key(name)
        {
            return Err(unknown_reference(name, known.keys().map(String::as_str)));
        }
    }
    Ok(())
}

/// What `template` comes out as when a goal sets no more than it must. For what it must set stands
/// something of the right type; a text at the very beginning may be a whole path or name of ROS.
///
/// # Errors
/// As [`expand`].
pub(super) fn sample(
    template: &str,
    known: &BTreeMap<String, Parameter>,
) -> Result<String, String> {
    let mut text = String::new();
    for piece in pieces(template)? {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Parameter(name) => {
                let names = known.keys().map(String::as_str);
                let parameter = known
                    .get(name)
                    .ok_or_else(|| unknown_reference(name, names))?;
                let value = default_of(parameter).filter(|value| parameter.kind.takes(value));
                let value = value.map(|value| value.to_string());
                text += &value.unwrap_or_else(|| match parameter.kind {
                    ParameterKind::String if text.is_empty() => "/x".to_owned(),
                    ParameterKind::String => "x".to_owned(),
                    ParameterKind::Integer => "1".to_owned(),
                    ParameterKind::Number => "1.0".to_owned(),
                    ParameterKind::Boolean => "true".to_owned(),
                });
            }
        }
    }
    Ok(text)
}

/// A part of a template.
enum Piece<'a> {
    Text(&'a str),
    Parameter(&'a str),
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let (before, after) = (&rest[..dollar], &rest[dollar + 1..]);
        pieces.push(Piece::Text(before));
        if let Some(reference) = after.strip_prefix('{') {
            let name = reference
                .split('}')
                .next()
                .filter(|name| reference.len() > name.len() && is_name(name));
            let name = name.ok_or_else(|| no_reference(reference))?;
            pieces.push(Piece::Parameter(name));
            rest = &reference[name.len() + 1..];
        } else {
            pieces.push(Piece::Text("$"));
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn no_reference(text: &str) -> String {
    let text = excerpt(text.split_inclusive('}').next().unwrap_or_default());
    format!("`${{{text}` does not name a parameter; write `$${{{text}` if a shell shall read it")
}

fn unknown_reference<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let name = excerpt(name);
    let advice = match closest(&name, known.clone()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.clone().next().is_none() => "the package declares none.".to_owned(),
        None => format!("expected one of {}.", known.collect::<Vec<_>>().join(", ")),
    };
    format!(
        "there is no parameter `{name}`; {advice} Write `$${{{name}}}` if a shell shall read it"
    )
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
fn default_of(parameter: &Parameter) -> Option<Scalar> {
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
