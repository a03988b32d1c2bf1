//! The engine's texts become errors with a name.
//!
//! The engine answers most failures with status 500 and a sentence written for a person; the
//! sentence is all there is to tell a port in use from a full disk. So texts are compared here,
//! and nowhere else: in tables of substrings, each row as short as identifies the cause, because
//! the words around it change between versions. The table of real messages in the tests holds
//! what Docker 20.10 to 28 say.

use super::address::Address;
use super::{EngineError, Failure};

/// What the engine was asked for, as far as an error can speak of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    /// Completes "Docker refused to …".
    pub what: &'a str,
    /// The image that it was about; a registry is suspected only when this is set.
    pub image: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    DiskFull,
    ImageMissing,
    RegistryDenied,
    RegistryDown,
    PortInUse,
    PathMissing,
    DeviceMissing,
    GpuMissing,
    CommandMissing,
    NetworksExhausted,
}

use Cause::*;

/// Causes that can meet any request.
const ANYWHERE: &[(&str, Cause)] = &[
    ("no space left on device", DiskFull),
    ("disk quota exceeded", DiskFull),
];

/// Causes of a refused image. The first row that fits wins: a registry that hides what one may
/// not see says "denied" and "does not exist" in one breath, and then the name is the likelier
/// mistake.
const IMAGE: &[(&str, Cause)] = &[
    ("repository does not exist", ImageMissing),
    ("no such image", ImageMissing),
    ("manifest unknown", ImageMissing),
    ("name unknown", ImageMissing),
    ("manifest for ", ImageMissing),
    (": not found", ImageMissing),
    ("no basic auth credentials", RegistryDenied),
    ("unauthorized", RegistryDenied),
    ("authentication required", RegistryDenied),
    ("denied", RegistryDenied),
    ("401 ", RegistryDenied),
    ("403 ", RegistryDenied),
    ("toomanyrequests", RegistryDenied),
    ("dial tcp", RegistryDown),
    ("no such host", RegistryDown),
    ("connection refused", RegistryDown),
    ("connection reset", RegistryDown),
    ("network is unreachable", RegistryDown),
    ("no route to host", RegistryDown),
    ("i/o timeout", RegistryDown),
    ("tls handshake timeout", RegistryDown),
    ("request canceled", RegistryDown),
    ("context deadline exceeded", RegistryDown),
    ("server gave http response to https client", RegistryDown),
    ("x509:", RegistryDown),
    ("tls:", RegistryDown),
    ("eof", RegistryDown),
    ("502 ", RegistryDown),
    ("503 ", RegistryDown),
    ("received unexpected http status", RegistryDown),
];

/// Causes of a container that cannot be created or started.
const CONTAINER: &[(&str, Cause)] = &[
    ("no such image", ImageMissing),
    ("port is already allocated", PortInUse),
    ("address already in use", PortInUse),
    ("ports are not available", PortInUse),
    ("bind source path does not exist", PathMissing),
    ("could not select device driver", GpuMissing),
    ("nvidia-container-cli", GpuMissing),
    ("error gathering device information", DeviceMissing),
    ("exec: \"", CommandMissing),
    ("non-overlapping ipv4 address pool", NetworksExhausted),
    ("predefined address pools", NetworksExhausted),
];

/// Says what a failure means.
pub(super) fn explain(address: &Address, failure: &Failure, asked: Asked<'_>) -> EngineError {
    match failure {
        Failure::DockerResponseServerError { message, .. }
        | Failure::DockerStreamError { error: message } => of_text(message, asked),
        Failure::IOError { err } => address.io(err),
        Failure::SocketNotFoundError(_) => address.unreachable("there is no such socket"),
        failure => of_transport(address, failure, asked),
    }
}

/// The status of the engine's answer, if it answered.
pub(super) fn status(failure: &Failure) -> Option<u16> {
    match failure {
        Failure::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Says what a text of the engine means.
pub(super) fn of_text(text: &str, asked: Asked<'_>) -> EngineError {
    let image_only = asked.what.starts_with("pull");
    let tables: &[&[(&str, Cause)]] = match image_only {
        true => &[ANYWHERE, IMAGE],
        false => &[ANYWHERE, CONTAINER],
    };
    let lower = text.to_lowercase();
    let cause = tables
        .iter()
        .flat_map(|table| table.iter())
        .find(|(part, _)| lower.contains(part))
        .map(|(_, cause)| *cause);
    named(cause, text, asked)
}

fn named(cause: Option<Cause>, text: &str, asked: Asked<'_>) -> EngineError {
    let image = asked.image.unwrap_or_default().to_owned();
    let cause_text = one_line(text);
    match cause {
        Some(DiskFull) => EngineError::DiskFull { cause: cause_text },
        Some(ImageMissing) => EngineError::ImageNotFound { image },
        Some(RegistryDenied) => EngineError::RegistryDenied {
            image,
            cause: cause_text,
        },
        Some(RegistryDown) => EngineError::RegistryUnreachable {
            image,
            cause: cause_text,
        },
        Some(PortInUse) => EngineError::PortInUse {
            port: port_in(text),
            cause: cause_text,
        },
        Some(PathMissing) => EngineError::PathNotFound {
            path: after(text, "does not exist: "),
        },
        Some(DeviceMissing) => EngineError::DeviceNotFound {
            device: quoted(text),
        },
        Some(GpuMissing) => EngineError::DeviceNotFound {
            device: "gpu".to_owned(),
        },
        Some(CommandMissing) => EngineError::CommandNotFound {
            command: quoted(text),
            cause: cause_text,
        },
        Some(NetworksExhausted) => EngineError::NetworksExhausted { cause: cause_text },
        None => EngineError::Refused {
            what: asked.what.to_owned(),
            cause: cause_text,
        },
    }
}

/// An answer that could not be had or read. The io error, which has the reason, lies at the end of
/// a chain of causes.
fn of_transport(address: &Address, failure: &Failure, asked: Asked<'_>) -> EngineError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(failure);
    let mut last = failure.to_string();
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return address.io(io);
        }
        last = error.to_string();
        source = error.source();
    }
    match failure {
        Failure::JsonDataError { .. } | Failure::JsonSerdeError { .. } => EngineError::Refused {
            what: asked.what.to_owned(),
            cause: format!("its answer cannot be read ({last})"),
        },
        _ => address.unreachable(one_line(&last)),
    }
}

/// The port in `... 0.0.0.0:8080: bind: address already in use` and the like: the first number that
/// follows an address and a colon.
fn port_in(text: &str) -> u16 {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '/');
    words
        .find_map(|word| word.split(':').skip(1).find_map(|part| part.parse().ok()))
        .unwrap_or(0)
}

fn after(text: &str, mark: &str) -> String {
    text.split_once(mark)
        .map_or(text, |(_, rest)| rest)
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What stands in the text's first pair of quotation marks.
fn quoted(text: &str) -> String {
    text.split('"').nth(1).unwrap_or_default().to_owned()
}

/// Advice for the user of the engine's own command line is cut off, and so are line ends.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
