//! Texts in which values are filled in: `${parameter}`, and `${alias.what}` for what a deployment
//! offers on which this one depends.

use std::collections::BTreeMap;

use super::types::{Dependency, Parameter, ParameterKind, Scalar};
use crate::domain::yaml::{closest, excerpt};

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stays.
    Text(&'a str),
    /// A parameter's value.
    Parameter(&'a str),
    /// Something that a deployment offers.
    Offered(Reference<'a>),
}

/// A reference to something that a deployment offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What the package calls the deployment.
    pub alias: &'a str,
    /// What is meant of it.
    pub what: Offered<'a>,
}

/// Something that a deployment offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered<'a> {
    /// A variable that a component exposes.
    Variable(&'a str),
    /// A part of where an endpoint is reached.
    Endpoint(&'a str, Part),
    /// The namespace of its nodes.
    RosNamespace,
    /// The ROS domain of its nodes.
    RosDomain,
    /// The deployment's name.
    Deployment,
}

/// A part of where an endpoint is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The host.
    Host,
    /// The port.
    Port,
    /// All of it.
    Url,
}

impl<'a> Offered<'a> {
    fn read(text: &'a str) -> Option<Self> {
        match text {
            "deployment" => return Some(Self::Deployment),
            "ros.namespace" => return Some(Self::RosNamespace),
            "ros.domain_id" => return Some(Self::RosDomain),
            _ => {}
        }
        let part = |part| match part {
            "host" => Some(Part::Host),
            "port" => Some(Part::Port),
            "url" => Some(Part::Url),
            _ => None,
        };
        let of_endpoint = text
            .split_once('.')
            .and_then(|(name, last)| Some((name, part(last)?)));
        if let Some((name, part)) = of_endpoint.filter(|(name, _)| is_label(name)) {
            return Some(Self::Endpoint(name, part));
        }
        let variable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let named = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (named && text.chars().all(variable)).then_some(Self::Variable(text))
    }
}

/// The parts of a template.
///
/// # Errors
/// A sentence about a reference that is none.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let (before, after) = (&rest[..dollar], &rest[dollar + 1..]);
        pieces.push(Piece::Text(before));
        if let Some(reference) = after.strip_prefix('{') {
            let text = reference.split('}').next();
            let text = text.filter(|text| reference.len() > text.len());
            let (length, piece) = text
                .and_then(|text| Some((text.len(), reference_of(text)?)))
                .ok_or_else(|| no_reference(reference))?;
            pieces.push(piece);
            rest = &reference[length + 1..];
        } else {
            pieces.push(Piece::Text("$"));
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn reference_of(text: &str) -> Option<Piece<'_>> {
    match text.split_once('.') {
        None => is_name(text).then_some(Piece::Parameter(text)),
        Some((alias, what)) => {
            let what = Offered::read(what)?;
            is_label(alias).then_some(Piece::Offered(Reference { alias, what }))
        }
    }
}

/// What a template refers to of other deployments; nothing when it is no template.
pub fn offered(template: &str) -> Vec<Reference<'_>> {
    let pieces = pieces(template).unwrap_or_default().into_iter();
    pieces
        .filter_map(|piece| match piece {
            Piece::Offered(reference) => Some(reference),
            Piece::Text(_) | Piece::Parameter(_) => None,
        })
        .collect()
}

/// What there is to refer to.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The package's parameters.
    pub parameters: &'a BTreeMap<String, Parameter>,
    /// What it depends on; none where only parameters may stand.
    pub dependencies: Option<&'a BTreeMap<String, Dependency>>,
    /// Whether a secret may stand here: not in what is shown.
    pub secrets: bool,
}

impl Known<'_> {
    /// Finds references in `template` to what there is not.
    ///
    /// # Errors
    /// The first such reference, as a sentence.
    pub fn check(&self, template: &str) -> Result<(), String> {
        for piece in pieces(template)? {
            match piece {
                Piece::Text(_) => {}
                Piece::Parameter(name) => match self.parameters.get(name) {
                    None => {
                        let known = self.parameters.keys().map(String::as_str);
                        return Err(unknown_parameter(name, known));
                    }
                    Some(parameter) if parameter.secret && !self.secrets => {
                        return Err(format!(
                            "the parameter `{name}` is secret, and what is written here is shown: \
                             use it in `environment`, `command`, `entrypoint`, `ros.args` or \
                             `exposes` only"
                        ));
                    }
                    Some(_) => {}
                },
                Piece::Offered(reference) => self.check_alias(reference.alias)?,
            }
        }
        Ok(())
    }

    fn check_alias(&self, alias: &str) -> Result<(), String> {
        let Some(dependencies) = self.dependencies else {
            return Err(only_parameters(alias));
        };
        if dependencies.contains_key(alias) {
            return Ok(());
        }
        let known = || dependencies.keys().map(String::as_str);
        let advice = match closest(alias, known()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if dependencies.is_empty() => "the package depends on nothing.".to_owned(),
            None => format!(
                "expected one of {}.",
                known().collect::<Vec<_>>().join(", ")
            ),
        };
        let alias = excerpt(alias);
        Err(format!(
            "there is no alias `{alias}` in `depends_on`; {advice} Write `$${{{alias}.` if a shell \
             shall read it"
        ))
    }
}

/// What `template` comes out as when a goal sets no more than it must. For what it must set stands
/// something of the right type; a text at the very beginning may be a whole path or name of ROS.
///
/// # Errors
/// A sentence about a reference to a parameter that does not exist, or that is no reference.
pub fn sample(template: &str, known: &BTreeMap<String, Parameter>) -> Result<String, String> {
    let mut text = String::new();
    for piece in pieces(template)? {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Parameter(name) => {
                let names = known.keys().map(String::as_str);
                let parameter = known
                    .get(name)
                    .ok_or_else(|| unknown_parameter(name, names))?;
                let value =
                    super::parameters::default_of(parameter).filter(|v| parameter.kind.takes(v));
                let value = value.map(|value| value.to_string());
                text += &value.unwrap_or_else(|| match parameter.kind {
                    ParameterKind::String if text.is_empty() => "/x".to_owned(),
                    ParameterKind::String => "x".to_owned(),
                    ParameterKind::Integer => "1".to_owned(),
                    ParameterKind::Number => "1.0".to_owned(),
                    ParameterKind::Boolean => "true".to_owned(),
                });
            }
            Piece::Offered(reference) => return Err(only_parameters(reference.alias)),
        }
    }
    Ok(text)
}

/// Puts the values of parameters into a text: `${name}` becomes the value, `$$` a single `$`. A `$`
/// before anything else stays, so that shell commands can use `$HOME` and `$(...)`.
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
                value.ok_or_else(|| unknown_parameter(name, values.keys().map(String::as_str)))
            }
            Piece::Offered(reference) => Err(only_parameters(reference.alias)),
        })
        .collect()
}

fn only_parameters(alias: &str) -> String {
    let alias = excerpt(alias);
    format!("`${{{alias}.` refers to a dependency, and only parameters can be used here")
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether something may be the name of a dependency or an endpoint.
fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !text.is_empty() && text.len() <= 40 && text.chars().all(allowed)
}

fn no_reference(text: &str) -> String {
    let text = excerpt(text.split_inclusive('}').next().unwrap_or_default());
    format!("`${{{text}` does not name a parameter; write `$${{{text}` if a shell shall read it")
}

fn unknown_parameter<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
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

#[cfg(test)]
#[path = "templates_tests.rs"]
mod tests;
