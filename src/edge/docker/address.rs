//! Where an engine is.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use bollard::Docker;

use super::{EngineError, Failure};

const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";
const SCHEMES: [&str; 5] = ["unix://", "tcp://", "http://", "https://", "ssh://"];

/// bollard's own time limit must never be the first to strike: a stop with a long grace and a pull
/// from a slow registry answer late, and [`Deadlines`](super::Deadlines) watches both.
const NO_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// An engine's address, with its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(String);

impl Address {
    /// Reads what a user wrote; empty means `DOCKER_HOST`, then the usual socket.
    pub(super) fn of(host: &str) -> Result<Address, EngineError> {
        match host.trim() {
            "" => match std::env::var("DOCKER_HOST") {
                Ok(host) if !host.trim().is_empty() => Address::parse(host.trim()),
                _ => Address::parse(DEFAULT_SOCKET),
            },
            host => Address::parse(host),
        }
    }

    fn parse(host: &str) -> Result<Address, EngineError> {
        if host.starts_with('/') {
            return Ok(Address(format!("unix://{host}")));
        }
        match SCHEMES.iter().find_map(|scheme| host.strip_prefix(scheme)) {
            Some(rest) if !rest.is_empty() => Ok(Address(host.to_owned())),
            _ => Err(EngineError::Refused {
                what: format!("connect to the engine `{host}`"),
                cause: format!("an address starts with {}", SCHEMES.join(", ")),
            }),
        }
    }

    /// A client for this address; it opens no connection yet.
    pub(super) fn client(&self) -> Result<Docker, EngineError> {
        self.check_socket()?;
        Docker::connect_with_host(&self.0)
            .map(|docker| docker.with_timeout(NO_LIMIT))
            .map_err(|failure| self.unusable(&failure))
    }

    /// Tells a socket that is missing from one in a folder that may not be entered; bollard takes
    /// both for missing.
    fn check_socket(&self) -> Result<(), EngineError> {
        let Some(path) = self.0.strip_prefix("unix://") else {
            return Ok(());
        };
        match std::fs::metadata(path) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.io(&error)),
        }
    }

    fn unusable(&self, failure: &Failure) -> EngineError {
        EngineError::Refused {
            what: format!("connect to the engine {self}"),
            cause: failure.to_string(),
        }
    }

    /// What an error of a socket means for a person.
    pub(super) fn io(&self, error: &std::io::Error) -> EngineError {
        let cause = match error.kind() {
            ErrorKind::PermissionDenied => {
                return EngineError::NotPermitted {
                    address: self.to_string(),
                };
            }
            ErrorKind::NotFound => "there is no such socket".to_owned(),
            ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            _ => error.to_string(),
        };
        self.unreachable(cause)
    }

    /// The engine does not answer, for this cause.
    pub(super) fn unreachable(&self, cause: impl Into<String>) -> EngineError {
        EngineError::Unreachable {
            address: self.to_string(),
            cause: cause.into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_socket_and_a_scheme_is_kept() {
        for (host, address) in [
            ("/run/docker.sock", "unix:///run/docker.sock"),
            ("unix:///run/docker.sock", "unix:///run/docker.sock"),
            (" tcp://10.0.0.2:2375 ", "tcp://10.0.0.2:2375"),
            ("ssh://robot", "ssh://robot"),
        ] {
            assert_eq!(Address::of(host), Ok(Address(address.to_owned())), "{host}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for host in ["docker", "ftp://robot", "unix://", "10.0.0.2:2375"] {
            assert!(
                matches!(Address::of(host), Err(EngineError::Refused { .. })),
                "{host}"
            );
        }
    }
}
