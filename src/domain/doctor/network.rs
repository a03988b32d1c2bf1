//! The machine's network: where its nodes and its containers meet.

use std::net::Ipv4Addr;

use super::facts::{Facts, Interface};
use super::firewall::{Datagram, Rules, Verdict, strict_tables};
use super::{Finding, variables};

/// Where participants announce themselves, by the DDS standard.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 0, 1);
const FIREWALL: &str = "firewall";
const INTERFACES: &str = "interfaces of the machine";

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let interfaces = match &facts.interfaces {
        Ok(interfaces) => interfaces.as_slice(),
        Err(cause) => return vec![Finding::unseen(INTERFACES, cause), route(facts)],
    };
    let bridge = bridge_name(facts);
    let mut all: Vec<Finding> = bridge_finding(facts, interfaces).into_iter().collect();
    all.extend(
        interfaces
            .iter()
            .filter_map(|it| multicast(it, bridge == Some(it.name.as_str()))),
    );
    if !interfaces.iter().any(|it| it.is_up && it.can_multicast) {
        all.push(Finding::warning(
            INTERFACES,
            "none of them can do multicast, by which DDS finds others",
            "switch one on with `sudo ip link set INTERFACE up multicast on`",
        ));
    }
    all.push(route(facts));
    let bridge = interfaces.iter().find(|it| bridge == Some(&it.name));
    all.extend(firewall(facts, bridge));
    all
}

fn bridge_name(facts: &Facts) -> Option<&str> {
    let engine = facts.engine.as_ref().ok().filter(|it| it.is_local)?;
    engine.bridge.as_ref().ok()?.as_deref()
}

/// The bridge of an engine on this machine.
fn bridge_finding(facts: &Facts, interfaces: &[Interface]) -> Option<Finding> {
    let engine = facts.engine.as_ref().ok().filter(|it| it.is_local)?;
    let name = match &engine.bridge {
        Ok(Some(name)) => name,
        Ok(None) => {
            return Some(Finding::warning(
                "Docker's bridge",
                "there is none: containers that ask for no network cannot be started",
                "remove \"bridge\": \"none\" from /etc/docker/daemon.json, or use `network: host`",
            ));
        }
        Err(cause) => return Some(Finding::unseen("Docker's bridge", cause)),
    };
    let subject = format!("bridge {name}");
    let Some(bridge) = interfaces.iter().find(|it| it.name == *name) else {
        return Some(Finding::error(
            subject,
            "this machine has no such interface with an IPv4 address: nodes on the machine hear no container",
            "restart Docker with `sudo systemctl restart docker`, which makes it anew",
        ));
    };
    Some(match bridge {
        Interface { is_up: false, .. } => Finding::error(
            subject,
            "it is switched off: nodes on the machine hear no container",
            format!("switch it on with `sudo ip link set {name} up`"),
        ),
        Interface {
            can_multicast: false,
            ..
        } => Finding::error(
            subject,
            "it does no multicast, by which DDS finds others",
            format!("allow it with `sudo ip link set {name} multicast on`"),
        ),
        Interface {
            has_carrier: false,
            discovery_joined: false,
            ..
        } => Finding::warning(
            subject,
            "no container is attached, so it has no carrier, and nobody listens there to announcements: nodes of the machine that are started now with Fast DDS do not hear containers that come later",
            "start shipmate, which listens there for all of them, before the first container",
        ),
        Interface {
            has_carrier: false, ..
        } => Finding::ok(
            subject,
            "no container is attached, and announcements are listened to",
        ),
        _ => Finding::ok(
            subject,
            format!("it is up at {} and has a carrier", bridge.address),
        ),
    })
}

/// Whether a datagram to all came back.
fn multicast(interface: &Interface, is_bridge: bool) -> Option<Finding> {
    let subject = format!("multicast on {}", interface.name);
    let heard = interface.multicast_heard.as_ref()?;
    let text = format!(
        "what is sent to {GROUP} from {} is not heard",
        interface.address
    );
    let remedy = format!(
        "see whether a firewall drops it (`sudo iptables -S`), and `ip link show {}` for MULTICAST",
        interface.name
    );
    Some(match heard {
        Ok(true) => Finding::ok(subject, "a datagram to all was heard"),
        Ok(false) if is_bridge => Finding::error(subject, text, remedy),
        Ok(false) => Finding::warning(subject, text, remedy),
        Err(cause) => Finding::unseen(subject, cause),
    })
}

/// DDS names the interface itself, so this keeps nothing from working.
fn route(facts: &Facts) -> Finding {
    let subject = "route for multicast";
    match &facts.multicast_route {
        Ok(true) => Finding::ok(subject, "there is one"),
        Ok(false) => Finding::ok(
            subject,
            "there is none: DDS needs none, but `ros2 multicast` does",
        ),
        Err(cause) => Finding::unseen(subject, cause),
    }
}

fn firewall(facts: &Facts, bridge: Option<&Interface>) -> Vec<Finding> {
    let mut all = Vec::new();
    match &facts.firewall.iptables {
        Some(Ok(text)) => all.extend(dropped(facts, &Rules::read(text), bridge)),
        Some(Err(cause)) => all.push(unread(facts, cause)),
        None => {}
    }
    match &facts.firewall.nft {
        Some(Ok(text)) => all.extend({ strict_tables(text) }.into_iter().map(|table| {
            Finding::warning(
                format!("{FIREWALL} (nftables)"),
                format!("the table {table} drops what comes in and is not allowed there"),
                "allow UDP ports 7400 and above from Docker's bridges and to 239.255.0.1 there",
            )
        })),
        Some(Err(cause)) if all.is_empty() => all.push(unread(facts, cause)),
        Some(Err(_)) | None => {}
    }
    if all.is_empty() {
        let none = facts.firewall.iptables.is_none() && facts.firewall.nft.is_none();
        all.push(Finding::ok(
            FIREWALL,
            match none {
                true => "neither iptables nor nft is installed",
                false => "nothing is known to be dropped",
            },
        ));
    }
    all
}

/// That only root may read the rules is no trouble of the machine.
fn unread(facts: &Facts, cause: &str) -> Finding {
    match facts.user {
        0 => Finding::unseen(FIREWALL, cause),
        _ => Finding::ok(
            FIREWALL,
            "it could not be looked at: only root may read its rules; `sudo iptables -S` shows them",
        ),
    }
}

/// What is not let through between the machine and its containers.
fn dropped(facts: &Facts, rules: &Rules, bridge: Option<&Interface>) -> Vec<Finding> {
    let Some(bridge) = bridge else {
        return Vec::new();
    };
    let domain = u16::from(variables::domain(&facts.environment).unwrap_or(variables::DOMAIN));
    // By the DDS standard: 7400 and 250 for each domain; 10 and more beyond it for each participant.
    let announced = domain.saturating_mul(250).saturating_add(7400);
    let container = Ipv4Addr::from(u32::from(bridge.address).saturating_add(1));
    let name = Some(bridge.name.as_str());
    let datagram = |chain, from, to, source, destination, port| Datagram {
        chain,
        from,
        to,
        source,
        destination,
        port,
    };
    let (machine, data) = (bridge.address, announced.saturating_add(10));
    let ways = [
        (
            "announcements of containers to the machine",
            datagram("INPUT", name, None, container, GROUP, announced),
        ),
        (
            "data of containers to the machine",
            datagram("INPUT", name, None, container, machine, data),
        ),
        (
            "announcements of the machine to containers",
            datagram("OUTPUT", None, name, machine, GROUP, announced),
        ),
        (
            "data of the machine to containers",
            datagram("OUTPUT", None, name, machine, container, data),
        ),
        (
            "data between containers",
            datagram("FORWARD", name, name, container, container, data),
        ),
    ];
    let found = ways.iter().filter_map(|(what, datagram)| {
        let subject = format!("{FIREWALL}: {what}");
        let remedy = format!(
            "allow it before that rule, for example with `sudo iptables -I {} {} {} -p udp -j ACCEPT`",
            datagram.chain,
            if datagram.from.is_some() { "-i" } else { "-o" },
            bridge.name
        );
        match rules.verdict(datagram) {
            Verdict::Passes => None,
            Verdict::Dropped(rule) => Some(Finding::error(
                subject,
                format!("UDP port {} is dropped by `{rule}`", datagram.port),
                remedy,
            )),
            Verdict::MaybeDropped(rule) => Some(Finding::warning(
                subject,
                format!("UDP port {} may be dropped by `{rule}`", datagram.port),
                remedy,
            )),
        }
    });
    found.collect()
}
