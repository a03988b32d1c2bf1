//! What on a machine keeps containers and the ROS graph from working: from facts to findings.
//!
//! Whatever could not be looked at is a finding as well, never silence. What is told of Fast DDS
//! between containers was measured.

mod containers;
mod disks;
mod engine;
pub mod facts;
mod firewall;
pub mod network;
mod ros;
mod shared_memory;
pub mod variables;

use facts::Facts;
pub use firewall::Verdict;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing to do.
    #[default]
    Ok,
    /// Something does not work, or not for everybody; or it could not be looked at.
    Warning,
    /// Containers or the ROS graph do not work.
    Error,
}

impl Level {
    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Level::Ok => "OK",
            Level::Warning => "Warning",
            Level::Error => "Error",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub text: String,
    /// What to do about it; empty when there is nothing to do.
    pub remedy: String,
}

impl Finding {
    fn ok(subject: impl Into<String>, text: impl Into<String>) -> Finding {
        Finding::new(Level::Ok, subject, text, "")
    }

    fn warning(
        subject: impl Into<String>,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::new(Level::Warning, subject, text, remedy)
    }

    fn error(
        subject: impl Into<String>,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::new(Level::Error, subject, text, remedy)
    }

    /// It could not be looked at, for this cause.
    fn unseen(subject: impl Into<String>, cause: &str) -> Finding {
        Finding::warning(
            subject,
            format!("it could not be looked at: {cause}"),
            "look at it by hand, or run `shipmate doctor` once more",
        )
    }

    fn new(
        level: Level,
        subject: impl Into<String>,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            level,
            subject: subject.into(),
            text: text.into(),
            remedy: remedy.into(),
        }
    }
}

/// All that there is to say of these facts, in the order in which it is to be put right.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut all = engine::findings(facts);
    all.extend(disks::findings(&facts.disks));
    all.extend(network::findings(facts));
    all.extend(ros::findings(facts));
    all.extend(shared_memory::findings(facts));
    all.extend(containers::findings(facts));
    all
}

/// Whether nothing is an error.
pub fn is_well(findings: &[Finding]) -> bool {
    count(findings, Level::Error) == 0
}

/// All of it in a sentence.
pub fn summary(findings: &[Finding]) -> String {
    let (errors, warnings) = (
        count(findings, Level::Error),
        count(findings, Level::Warning),
    );
    let first = findings.iter().find(|it| it.level == Level::Error);
    match (errors, warnings, first) {
        (0, 0, _) => format!("all {} things that were looked at are well", findings.len()),
        (0, warnings, _) => format!("no errors, {}", counted(warnings, "warning")),
        (errors, warnings, first) => {
            let first = first.map_or(String::new(), |it| {
                format!("; first {}: {}", it.subject, it.text)
            });
            format!(
                "{}, {}{first}",
                counted(errors, "error"),
                counted(warnings, "warning")
            )
        }
    }
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|it| it.level == level).count()
}

/// A number and what is counted, as it is said.
fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests;
