#![allow(clippy::panic, reason = "a test may")]

use super::*;

fn address() -> Address {
    Address::of("unix:///run/docker.sock").unwrap_or_else(|error| unreachable!("{error}"))
}

fn image(error: fn(String) -> EngineError) -> EngineError {
    error("robot:5000/driver:1".to_owned())
}

/// What engines said when they could not pull.
#[test]
fn refusals_of_images() {
    let missing = |image| EngineError::ImageNotFound { image };
    for text in [
        "manifest for robot:5000/driver:1 not found: manifest unknown: manifest unknown",
        "pull access denied for driver, repository does not exist or may require 'docker login': \
         denied: requested access to the resource is denied",
        "repository robot:5000/driver not found: name unknown: repository name not known to registry",
        "failed to resolve reference \"robot:5000/driver:1\": robot:5000/driver:1: not found",
        "No such image: driver:1",
    ] {
        assert_eq!(pulled(text), image(missing), "{text}");
    }
}

/// What engines said when a registry wanted other credentials.
#[test]
fn refusals_of_credentials() {
    for text in [
        "Get \"http://robot:5000/v2/driver/manifests/1\": no basic auth credentials",
        "Head \"https://ghcr.io/v2/a/b/manifests/1\": unauthorized",
        "unauthorized: authentication required",
        "error parsing HTTP 403 response body: denied: requested access to the resource is denied",
        "toomanyrequests: You have reached your pull rate limit.",
        "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
    ] {
        let error = pulled(text);
        assert!(
            matches!(error, EngineError::RegistryDenied { .. }),
            "{text}"
        );
    }
}

/// What engines said when they could not talk to a registry.
#[test]
fn registries_out_of_reach() {
    for text in [
        "Get \"https://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
        "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on \
         10.0.0.1:53: no such host",
        "Get \"https://robot:5000/v2/\": http: server gave HTTP response to HTTPS client",
        "Get \"https://robot:5000/v2/\": x509: certificate signed by unknown authority",
        "Get \"https://robot:5000/v2/\": net/http: TLS handshake timeout",
        "Get \"https://robot:5000/v2/\": net/http: request canceled while waiting for connection \
         (Client.Timeout exceeded while awaiting headers)",
        "Get \"https://robot:5000/v2/\": EOF",
        "received unexpected HTTP status: 503 Service Unavailable",
    ] {
        let error = pulled(text);
        assert!(
            matches!(error, EngineError::RegistryUnreachable { .. }),
            "{text}"
        );
    }
}

fn pulled(text: &str) -> EngineError {
    let asked = Asked {
        what: "pull the image",
        image: Some("robot:5000/driver:1"),
    };
    of_text(text, asked)
}

fn started(text: &str) -> EngineError {
    let asked = Asked {
        what: "start the container",
        image: Some("driver:1"),
    };
    of_text(text, asked)
}

#[test]
fn ports_in_use_are_named() {
    let endpoint = "driver failed programming external connectivity on endpoint cranky_cori \
                    (5b6fc2e246797b30dacb1cc38fe038c5709b5163f0c8b3c92146cb0119381a22): ";
    for (text, port) in [
        (
            "Bind for 0.0.0.0:38080 failed: port is already allocated",
            38080,
        ),
        ("Bind for :::38080 failed: port is already allocated", 38080),
        (
            "Error starting userland proxy: listen tcp4 0.0.0.0:38081: bind: address already in use",
            38081,
        ),
        (
            "failed to bind host port for 0.0.0.0:80:172.17.0.2:8080/tcp: address already in use",
            80,
        ),
        (
            "failed to bind host port 0.0.0.0:80/tcp: address already in use",
            80,
        ),
        (
            "Ports are not available: exposing port TCP 0.0.0.0:53 -> 127.0.0.1:0: listen",
            53,
        ),
    ] {
        match started(&format!("{endpoint}{text}")) {
            EngineError::PortInUse { port: named, .. } => assert_eq!(named, port, "{text}"),
            error => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn commands_that_cannot_be_run_are_named() {
    for text in [
        "failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
         container process: exec: \"nope\": executable file not found in $PATH: unknown",
        "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \
         \"nope\": permission denied: unknown",
    ] {
        match started(text) {
            EngineError::CommandNotFound { command, .. } => assert_eq!(command, "nope"),
            error => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn paths_devices_and_disks_are_named() {
    let gpu = "could not select device driver \"\" with capabilities: [[gpu]]";
    for (text, expected) in [
        (
            "invalid mount config for type \"bind\": bind source path does not exist: /data/a b",
            EngineError::PathNotFound {
                path: "/data/a b".to_owned(),
            },
        ),
        (
            "error gathering device information while adding custom device \"/dev/video7\": no such \
             file or directory",
            EngineError::DeviceNotFound {
                device: "/dev/video7".to_owned(),
            },
        ),
        (
            gpu,
            EngineError::DeviceNotFound {
                device: "gpu".to_owned(),
            },
        ),
        (
            "write /var/lib/docker/x: no space left on device",
            EngineError::DiskFull {
                cause: "write /var/lib/docker/x: no space left on device".to_owned(),
            },
        ),
        (
            "Minimum memory limit allowed is 6MB",
            EngineError::Refused {
                what: "start the container".to_owned(),
                cause: "Minimum memory limit allowed is 6MB".to_owned(),
            },
        ),
    ] {
        assert_eq!(started(text), expected, "{text}");
    }
}

#[test]
fn a_full_disk_is_known_in_a_pull_too() {
    let text = "failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: \
                no space left on device";
    assert!(matches!(pulled(text), EngineError::DiskFull { .. }));
}

#[test]
fn a_registry_is_not_suspected_when_a_container_fails() {
    let error = started("dial tcp: connection refused");
    assert!(matches!(error, EngineError::Refused { .. }));
}

#[test]
fn errors_of_the_socket_are_told_apart() {
    use std::io::{Error, ErrorKind};
    let asked = Asked::default();
    let of = |kind| explain(&address(), &Failure::from(Error::from(kind)), asked);
    assert!(matches!(
        of(ErrorKind::PermissionDenied),
        EngineError::NotPermitted { .. }
    ));
    assert!(matches!(
        of(ErrorKind::NotFound),
        EngineError::Unreachable { .. }
    ));
    assert!(matches!(
        of(ErrorKind::ConnectionRefused),
        EngineError::Unreachable { .. }
    ));
}
