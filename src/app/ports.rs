//! The ports of the machine that a deployment needs: whether the fixed ones are free, and which
//! free ones it gets.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::manifest::Protocol;

/// How many free ports are looked at for one.
const TRIES: usize = 256;

/// Something that holds a port.
enum Held {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// Whether a port of this machine is free. Found out by taking it, which is what the engine will
/// do a moment later.
///
/// # Errors
/// When another program has it.
pub fn free(port: u16, protocol: Protocol) -> Result<(), Failure> {
    match hold(port, protocol).err() {
        Some(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Failure::new(
            ErrorCode::PortInUse,
            format!(
                "port {port} of this machine is in use by another program; stop it, or choose \
                 another host_port"
            ),
        )),
        // What this process may not bind, the engine may.
        Some(_) | None => Ok(()),
    }
}

/// A free port for each of these, none of which is in `avoid`.
///
/// # Errors
/// When the machine has none left.
pub fn pick(
    wanted: Vec<(String, Protocol)>,
    avoid: &BTreeSet<u16>,
) -> Result<PickedPorts, Failure> {
    // All are held until the last is found, so that none is found twice.
    let mut held = Vec::new();
    let mut picked = PickedPorts::new();
    for (place, protocol) in wanted {
        let taken: BTreeSet<u16> = picked.values().chain(avoid).copied().collect();
        let port = any(protocol, &taken, &mut held)
            .map_err(|why| no_port(&place, &why.to_string()))?
            .ok_or_else(|| no_port(&place, "all that were found belong to deployments"))?;
        picked.insert(place, port);
    }
    Ok(picked)
}

fn any(
    protocol: Protocol,
    taken: &BTreeSet<u16>,
    held: &mut Vec<Held>,
) -> std::io::Result<Option<u16>> {
    for _ in 0..TRIES {
        let found = hold(0, protocol)?;
        let port = match &found {
            Held::Tcp(socket) => socket.local_addr()?.port(),
            Held::Udp(socket) => socket.local_addr()?.port(),
        };
        held.push(found);
        if !taken.contains(&port) {
            return Ok(Some(port));
        }
    }
    Ok(None)
}

fn hold(port: u16, protocol: Protocol) -> std::io::Result<Held> {
    let address = (Ipv4Addr::UNSPECIFIED, port);
    match protocol {
        Protocol::Tcp => TcpListener::bind(address).map(Held::Tcp),
        Protocol::Udp => UdpSocket::bind(address).map(Held::Udp),
    }
}

fn no_port(place: &str, why: &str) -> Failure {
    Failure::new(
        ErrorCode::PortInUse,
        format!(
            "no free port of this machine was found for endpoint {place} ({why}); set host_port, or free some"
        ),
    )
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by them what went wrong"
)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let failure = free(port, Protocol::Tcp).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PortInUse);
        assert!(failure.reason.contains(&port.to_string()), "{failure:?}");
        free(port, Protocol::Udp).unwrap();
    }

    #[test]
    fn picked_ports_are_free_and_different() {
        let wanted = |n: u32| {
            (
                format!("c/{n}"),
                [Protocol::Tcp, Protocol::Udp][n as usize % 2],
            )
        };
        let picked = pick((0..40).map(wanted).collect(), &BTreeSet::new()).unwrap();
        let ports: BTreeSet<u16> = picked.values().copied().collect();
        assert_eq!((picked.len(), ports.len()), (40, 40));
    }

    #[test]
    fn a_port_that_has_to_be_avoided_is_not_picked() {
        let avoid: BTreeSet<u16> = (1..=u16::MAX).collect();
        let wanted = vec![("c/e".to_owned(), Protocol::Udp)];
        let failure = pick(wanted, &avoid).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PortInUse);
        assert!(failure.reason.contains("c/e"), "{failure:?}");
    }
}
