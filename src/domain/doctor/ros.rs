//! What the variables of this process say about ROS, and what large messages need of the machine.

use super::disks::size;
use super::facts::{Environment, Facts, Looked};
use super::variables::{self, said};
use super::{Finding, Level};

/// Above it, ports of ROS meet those that Linux hands out to anybody.
const LAST_SAFE_DOMAIN: u8 = 101;
/// What images and point clouds need, in bytes; Linux' default is 208 KiB.
const LARGE_BUFFER: u64 = 2 << 20;

pub fn findings(facts: &Facts) -> Vec<Finding> {
    let environment = &facts.environment;
    let mut all = vec![domain(environment), range(environment)];
    all.extend(peers(environment));
    all.extend(server(environment));
    all.push(middleware(facts));
    all.extend(transports(environment));
    all.extend(profiles(environment));
    all.extend(files(facts));
    all.push(buffers(&facts.socket_buffers));
    all
}

fn domain(environment: &Environment) -> Finding {
    let subject = "ROS_DOMAIN_ID";
    match variables::domain(environment) {
        Err(text) => Finding::error(
            subject,
            format!("`{text}` is no domain: no node can be started"),
            "set ROS_DOMAIN_ID to a number from 0 to 101, or remove it",
        ),
        Ok(domain) if domain > LAST_SAFE_DOMAIN => Finding::warning(
            subject,
            format!(
                "the UDP ports of domain {domain} are among those that Linux hands out to any program: a node may fail to start now and then"
            ),
            "set ROS_DOMAIN_ID to a number from 0 to 101",
        ),
        Ok(domain) => Finding::ok(subject, format!("domain {domain}")),
    }
}

fn range(environment: &Environment) -> Finding {
    let subject = "discovery range";
    match variables::range(environment) {
        Some((name, value @ ("1" | "LOCALHOST" | "OFF"))) => Finding::error(
            subject,
            format!(
                "{name}={value}: nobody outside of one container or machine is heard, so the graph stays empty"
            ),
            format!("unset {name}, or set ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET"),
        ),
        Some((_, "SUBNET")) => Finding::ok(subject, "SUBNET"),
        Some((_, "SYSTEM_DEFAULT")) => Finding::ok(
            subject,
            "SYSTEM_DEFAULT: as the DDS implementation is configured",
        ),
        Some((name, value)) => Finding::warning(
            subject,
            format!("{name}={value} is none of SUBNET, LOCALHOST, OFF and SYSTEM_DEFAULT"),
            format!("unset {name}, or set it to SUBNET"),
        ),
        None => Finding::ok(subject, "as far as the subnet, which is the default"),
    }
}

fn peers(environment: &Environment) -> Option<Finding> {
    let value = environment.get("ROS_STATIC_PEERS")?;
    Some(match value.trim() {
        "" => Finding::warning(
            "ROS_STATIC_PEERS",
            "it is set and empty, which is worse than not set",
            "unset ROS_STATIC_PEERS",
        ),
        peers => Finding::ok("ROS_STATIC_PEERS", peers),
    })
}

fn server(environment: &Environment) -> Option<Finding> {
    let server = said(environment, "ROS_DISCOVERY_SERVER")?;
    Some(Finding::warning(
        "ROS_DISCOVERY_SERVER",
        format!(
            "nodes find each other through the server {server} only; containers of shipmate do not know it unless their package says so"
        ),
        "unset ROS_DISCOVERY_SERVER, or set it for all containers; tools see the whole graph with ROS_SUPER_CLIENT=TRUE",
    ))
}

fn middleware(facts: &Facts) -> Finding {
    let subject = "RMW_IMPLEMENTATION";
    let wanted = said(&facts.environment, "RMW_IMPLEMENTATION");
    let known = match &facts.middleware {
        Ok(known) => known,
        Err(cause) => return Finding::unseen(subject, cause),
    };
    let installed = { known.installed.iter() }
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match (wanted, &known.fixed) {
        (Some(wanted), Some(fixed)) if wanted != fixed => Finding::warning(
            subject,
            format!("{wanted} is asked for, but this ROS uses {fixed} whatever is asked for"),
            format!("set RMW_IMPLEMENTATION={fixed} for all, so that all speak the same"),
        ),
        // Without any there is no ROS here to judge by.
        (Some(wanted), _) if !installed.is_empty() && !known.installed.contains(wanted) => {
            Finding::error(
                subject,
                format!(
                    "{wanted} is not installed, so no node can be started; there is {installed}"
                ),
                "install it, for example `sudo apt install ros-$ROS_DISTRO-rmw-cyclonedds-cpp`, or unset RMW_IMPLEMENTATION",
            )
        }
        (Some(wanted), _) => Finding::ok(subject, wanted),
        (None, _) if installed.is_empty() => {
            Finding::ok(subject, "not set; no ROS is sourced here")
        }
        (None, _) => Finding::ok(subject, format!("not set; installed: {installed}")),
    }
}

/// Nodes of this machine beside containers on its network.
fn transports(environment: &Environment) -> Option<Finding> {
    const NAME: &str = "FASTDDS_BUILTIN_TRANSPORTS";
    if !variables::is_fast_dds(environment) {
        return None;
    }
    let remedy = format!("export {NAME}=UDPv4");
    Some(match said(environment, NAME) {
        _ if variables::profiles(environment).is_some() => return None,
        Some(value) if value.starts_with("UDP") => Finding::ok(NAME, value),
        Some("SHM") => Finding::error(
            NAME,
            "SHM: nothing but shared memory is used, which no container has in common with the machine",
            remedy,
        ),
        value => Finding::warning(
            NAME,
            format!(
                "{}: nodes that are started here use shared memory, so containers on the network `host` are not heard by them",
                value.unwrap_or("not set")
            ),
            remedy,
        ),
    })
}

fn profiles(environment: &Environment) -> Option<Finding> {
    let (name, path) = variables::profiles(environment)?;
    Some(Finding::warning(
        name,
        format!(
            "{path} configures Fast DDS; it may change transports and discovery, and containers do not have it"
        ),
        format!("unset {name}, or make sure that it allows UDP and multicast"),
    ))
}

fn files(facts: &Facts) -> Vec<Finding> {
    let is_cyclones = |path: &str| {
        let uri = said(&facts.environment, "CYCLONEDDS_URI");
        uri.is_some_and(|uri| uri.contains(path))
    };
    let mut all = Vec::new();
    for path in variables::files(&facts.environment) {
        let (name, level) = match is_cyclones(&path) {
            true => ("CYCLONEDDS_URI", Level::Error),
            false => ("profiles of Fast DDS", Level::Warning),
        };
        match facts.files.get(&path) {
            Some(Ok(true)) => {}
            Some(Ok(false)) => all.push(Finding::new(
                level,
                name,
                format!("the file {path} is not there"),
                "correct the variable, or unset it",
            )),
            Some(Err(cause)) => all.push(Finding::unseen(name, cause)),
            None => all.push(Finding::unseen(name, &format!("{path} was not looked for"))),
        }
    }
    if all.is_empty() && said(&facts.environment, "CYCLONEDDS_URI").is_some() {
        all.push(Finding::ok(
            "CYCLONEDDS_URI",
            "set; containers do not have it unless their package says so",
        ));
    }
    all
}

fn buffers(buffers: &Looked<(u64, u64)>) -> Finding {
    let subject = "socket buffers";
    let (receive, send) = match buffers {
        Ok(buffers) => *buffers,
        Err(cause) => return Finding::unseen(subject, cause),
    };
    let text = format!(
        "at most {} to receive, {} to send",
        size(receive),
        size(send)
    );
    if receive.min(send) >= LARGE_BUFFER {
        return Finding::ok(subject, text);
    }
    Finding::warning(
        subject,
        format!("{text}: large messages, such as images and point clouds, lose parts over UDP"),
        "sudo sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608, and keep it in /etc/sysctl.d/",
    )
}
