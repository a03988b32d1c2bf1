//! The error codes of the seed text, and the codes of its family DEP_E3xx, one a cause.

use serde::{Deserialize, Serialize};

/// What went wrong with a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The device's engine does not answer.
    #[serde(rename = "DEP_E151")]
    DeviceUnreachable,
    /// An executable on the device ended too early or failed.
    #[serde(rename = "DEP_E152")]
    ExecutableFailed,
    /// A cloud component's image could not be had.
    #[serde(rename = "DEP_E153")]
    CloudImage,
    /// An executable on the cloud ended too early.
    #[serde(rename = "DEP_E154")]
    CloudExecutableExited,
    /// An executable on the cloud failed.
    #[serde(rename = "DEP_E155")]
    CloudExecutableFailed,
    /// A deployment that this one depends on is in the status Error.
    #[serde(rename = "DEP_E156")]
    DependencyFailed,
    /// An image is not found.
    #[serde(rename = "DEP_E161")]
    ImageNotFound,
    /// Something about the cloud that no other code names.
    #[serde(rename = "DEP_E200")]
    CloudInternal,
    /// Something that no other code names.
    #[serde(rename = "DEP_E300")]
    Internal,
    /// The container's name is taken by a container that is not shipmate's.
    #[serde(rename = "DEP_E301")]
    NameTaken,
    /// A port of the device is in use.
    #[serde(rename = "DEP_E302")]
    PortInUse,
    /// The device's disk is full.
    #[serde(rename = "DEP_E303")]
    DiskFull,
    /// The registry does not answer.
    #[serde(rename = "DEP_E304")]
    RegistryUnreachable,
    /// The registry refuses the credentials, or wants some.
    #[serde(rename = "DEP_E305")]
    RegistryDenied,
    /// A pull got no more bytes.
    #[serde(rename = "DEP_E306")]
    PullStalled,
    /// An image could not be built.
    #[serde(rename = "DEP_E307")]
    BuildFailed,
    /// A path or a device file that a container needs is not on the device.
    #[serde(rename = "DEP_E308")]
    PathNotFound,
    /// The engine did not finish in time.
    #[serde(rename = "DEP_E309")]
    TooSlow,
    /// A container could not be removed.
    #[serde(rename = "DEP_E310")]
    RemovalFailed,
    /// The engine refused to do what it was asked.
    #[serde(rename = "DEP_E311")]
    EngineRefused,
    /// A path leads to where the policy does not allow.
    #[serde(rename = "DEP_E312")]
    NotAllowed,
    /// An executable was not ready in time.
    #[serde(rename = "DEP_E313")]
    NotReady,
    /// Somebody stopped or removed an executable's container, and the policy leaves it so.
    #[serde(rename = "DEP_E314")]
    StoppedByHand,
}

impl ErrorCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 23] = [
        Self::DeviceUnreachable,
        Self::ExecutableFailed,
        Self::CloudImage,
        Self::CloudExecutableExited,
        Self::CloudExecutableFailed,
        Self::DependencyFailed,
        Self::ImageNotFound,
        Self::CloudInternal,
        Self::Internal,
        Self::NameTaken,
        Self::PortInUse,
        Self::DiskFull,
        Self::RegistryUnreachable,
        Self::RegistryDenied,
        Self::PullStalled,
        Self::BuildFailed,
        Self::PathNotFound,
        Self::TooSlow,
        Self::RemovalFailed,
        Self::EngineRefused,
        Self::NotAllowed,
        Self::NotReady,
        Self::StoppedByHand,
    ];

    /// Whether this version ever shows it. The cloud's codes have their place, and come with
    /// their causes.
    pub fn raised(self) -> bool {
        !matches!(
            self,
            Self::CloudImage
                | Self::CloudExecutableExited
                | Self::CloudExecutableFailed
                | Self::CloudInternal
        )
    }

    /// The code with this text.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The code as a user sees it.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// What it means.
    pub fn description(self) -> &'static str {
        self.row().1
    }

    /// What to do about it.
    pub fn recommended_action(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DeviceUnreachable => (
                "DEP_E151",
                "device is either offline or not reachable",
                "check that the device is on and that its Docker engine runs",
            ),
            Self::ExecutableFailed => (
                "DEP_E152",
                "executables of the component deployed on the device either exited too early or failed",
                "troubleshoot the failed component by analysing its logs",
            ),
            Self::CloudImage => (
                "DEP_E153",
                "unable to either pull the docker image or build the source code for the component deployed on cloud",
                "verify that the docker image provided while adding the package still exists at the specified registry endpoint",
            ),
            Self::CloudExecutableExited => (
                "DEP_E154",
                "executables of the component deployed on cloud exited too early",
                "troubleshoot the failed component by analysing deployment logs",
            ),
            Self::CloudExecutableFailed => (
                "DEP_E155",
                "executables of the component deployed on cloud failed",
                "troubleshoot the failed component by analysing deployment logs",
            ),
            Self::DependencyFailed => (
                "DEP_E156",
                "dependent deployment is in error state",
                "troubleshoot the dependent deployment that is in error state",
            ),
            Self::ImageNotFound => (
                "DEP_E161",
                "docker image is not found for executables of components deployed on device",
                "verify that the path of the docker image is valid",
            ),
            Self::CloudInternal => (
                "DEP_E200",
                "internal error in the components deployed on cloud",
                "report it together with shipmate's log",
            ),
            Self::Internal => (
                "DEP_E300",
                "internal error on the device",
                "report it together with shipmate's log",
            ),
            Self::NameTaken => (
                "DEP_E301",
                "the container's name is taken by a container that shipmate did not make",
                "rename or remove that container, or deploy under another name",
            ),
            Self::PortInUse => (
                "DEP_E302",
                "a port of the device is in use",
                "stop what uses the port, or choose another host_port",
            ),
            Self::DiskFull => (
                "DEP_E303",
                "the device's disk is full",
                "free some space, for example with `docker system prune`",
            ),
            Self::RegistryUnreachable => (
                "DEP_E304",
                "the image's registry does not answer",
                "check the device's network and the registry's address",
            ),
            Self::RegistryDenied => (
                "DEP_E305",
                "the image's registry refused access",
                "log in with `docker login` as the user that runs shipmate",
            ),
            Self::PullStalled => (
                "DEP_E306",
                "the image's registry stopped sending",
                "check the device's network, then deploy again; layers that arrived are kept",
            ),
            Self::BuildFailed => (
                "DEP_E307",
                "the image could not be built",
                "mend what the last lines of the build say",
            ),
            Self::PathNotFound => (
                "DEP_E308",
                "a path or a device file that the executable needs is not on the device",
                "connect the device, or correct the path in the manifest",
            ),
            Self::TooSlow => (
                "DEP_E309",
                "the device's Docker engine did not finish in time",
                "check the load of the device and the engine's log",
            ),
            Self::RemovalFailed => (
                "DEP_E310",
                "a container could not be removed",
                "see the reason; shipmate tries again by itself",
            ),
            Self::EngineRefused => (
                "DEP_E311",
                "the device's Docker engine refused what it was asked",
                "see the reason; correct the manifest",
            ),
            Self::NotAllowed => (
                "DEP_E312",
                "the policy does not allow what the executable needs of the device",
                "see the reason; the policy's file can allow it",
            ),
            Self::NotReady => (
                "DEP_E313",
                "an executable runs and was not ready in time",
                "see the reason for what is missing; look at its logs, or allow more time with the parameter ready_timeout",
            ),
            Self::StoppedByHand => (
                "DEP_E314",
                "a container was stopped or removed by hand, and the policy leaves it so",
                "start the container with `docker start`, or deprovision and deploy again",
            ),
        }
    }
}

/// One thing that went wrong, with its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind of thing.
    pub code: ErrorCode,
    /// What happened, in a sentence that a person can act on.
    pub reason: String,
}

impl Failure {
    /// A failure with its reason.
    pub fn new(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_written_as_they_are_shown() {
        let shown: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(shown.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            let written = serde_json::to_value(code).ok();
            assert_eq!(written, Some(serde_json::Value::from(code.as_str())));
        }
    }

    #[test]
    fn the_table_for_users_says_what_the_code_says() {
        let text = include_str!("../../../docs/error-codes.md");
        for code in ErrorCode::ALL {
            let raised = if code.raised() { "yes" } else { "not yet" };
            let row = format!(
                "| {} | {} | {} | {raised} |",
                code.as_str(),
                code.description(),
                code.recommended_action()
            );
            assert!(
                text.contains(&row),
                "docs/error-codes.md lacks the row\n{row}"
            );
        }
        let rows = text.lines().filter(|line| line.starts_with("| DEP_E"));
        assert_eq!(rows.count(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_code_is_found_by_its_text() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::of(code.as_str()), Some(code));
        }
        assert_eq!(ErrorCode::of("DEP_E999"), None);
    }
}
