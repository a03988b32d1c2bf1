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
    /// An image is not found.
    #[serde(rename = "DEP_E161")]
    ImageNotFound,
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
}

impl ErrorCode {
    /// Every code that this version can raise.
    pub const ALL: [Self; 16] = [
        Self::DeviceUnreachable,
        Self::ExecutableFailed,
        Self::ImageNotFound,
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
    ];

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
            Self::ImageNotFound => (
                "DEP_E161",
                "docker image is not found for executables of components deployed on device",
                "verify that the path of the docker image is valid",
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
    fn the_readme_lists_what_a_user_can_meet() {
        let text = include_str!("../../../README.md");
        for code in ErrorCode::ALL
            .iter()
            .filter(|code| **code != ErrorCode::Internal)
        {
            let short = code.as_str().trim_start_matches("DEP_");
            assert!(text.contains(short), "{short}");
        }
    }
}
