//! How the values of a package's parameters reach its containers without a `${name}`: as environment
//! variables, and for ROS nodes as a parameter file.

use std::collections::BTreeMap;

use super::{Deployment, ExecutableKey};
use crate::domain::container::FileSpec;
use crate::domain::manifest::values::Values;
use crate::domain::manifest::{Executable, Scalar};

/// Where the file is in a container.
const PATH: &str = "/run/shipmate/parameters.yaml";
/// Nodes that run as another user have to read it, too.
const MODE: u32 = 0o444;
/// What the variables begin with.
const PREFIX: &str = "SHIPMATE_PARAMETER_";

/// One variable for each parameter. Secrets go only where the manifest sends them.
pub fn variables(parameters: &Values) -> impl Iterator<Item = (String, String)> + '_ {
    parameters.open().map(|(name, value)| {
        let name = format!("{PREFIX}{}", name.to_ascii_uppercase());
        (name, value.to_string())
    })
}

/// The files that an executable's container gets.
pub fn files(executable: &Executable, parameters: &BTreeMap<String, Scalar>) -> Vec<FileSpec> {
    if !has_file(executable, parameters) {
        return Vec::new();
    }
    vec![FileSpec {
        path: PATH.to_owned(),
        content: text(parameters),
        mode: MODE,
    }]
}

/// What is said of the file behind `--ros-args`.
pub fn arguments(executable: &Executable, parameters: &BTreeMap<String, Scalar>) -> Vec<String> {
    if !has_file(executable, parameters) {
        return Vec::new();
    }
    vec!["--params-file".to_owned(), PATH.to_owned()]
}

impl Deployment {
    /// Whether files are put into an executable's container.
    pub(super) fn has_files(&self, key: &ExecutableKey) -> bool {
        self.manifest_of(key)
            .is_some_and(|(_, executable)| has_file(executable, &self.order.parameters))
    }
}

/// rcl refuses a file without any parameter.
fn has_file(executable: &Executable, parameters: &BTreeMap<String, Scalar>) -> bool {
    executable.ros && !parameters.is_empty()
}

/// The parameters as rcl reads them, for every node.
fn text(parameters: &BTreeMap<String, Scalar>) -> String {
    let mut text = "/**:\n  ros__parameters:\n".to_owned();
    for (name, value) in parameters {
        text += &format!("    {name}: {}\n", word(value));
    }
    text
}

/// A value such that rcl finds its type in it.
fn word(value: &Scalar) -> String {
    match value {
        Scalar::String(text) => quoted(text),
        // `1e21` has no fraction to show that it is no whole number.
        Scalar::Number(_) => {
            let written = value.to_string();
            match written.split_once('e') {
                Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
                Some(_) | None => written,
            }
        }
        Scalar::Boolean(_) | Scalar::Integer(_) => value.to_string(),
    }
}

/// A text in double quotes, in which YAML takes nothing for anything else.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            // What YAML takes for no character, or for the end of a line.
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                quoted += &format!("\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "parameter_file_tests.rs"]
mod tests;
