//! Why a request was not carried out.

use crate::domain::deployment::DeploymentId;
use crate::domain::manifest::Problem;

/// A request that changed nothing, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What is wrong and what to do, in a sentence.
    pub message: String,
    /// Each thing that is wrong with the manifest, when that is why.
    pub problems: Vec<Problem>,
    /// The deployment that may not be stopped because others depend on it, when that is why.
    pub needed: Option<DeploymentId>,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            problems: Vec::new(),
            needed: None,
        }
    }

    /// A refusal because of a manifest.
    pub fn manifest(problems: Vec<Problem>) -> Self {
        let message = match problems.as_slice() {
            [only] => format!("the manifest is not valid: {only}"),
            [first, ..] => format!(
                "the manifest is not valid; {} things are wrong with it, the first: {first}",
                problems.len()
            ),
            [] => "the manifest is not valid".to_owned(),
        };
        Self {
            problems,
            ..Self::new(message)
        }
    }
}
