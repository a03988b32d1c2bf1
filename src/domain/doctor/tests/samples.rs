//! A machine on which all is well, to be spoilt.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::domain::doctor::facts::*;
use crate::domain::doctor::{Finding, Level, findings};

pub const PLENTY: Space = Space {
    total: 100 << 30,
    free: 50 << 30,
};

pub fn well() -> Facts {
    Facts {
        engine: Ok(engine()),
        disks: vec![Disk {
            holds: "shipmate's state".to_owned(),
            path: "/state".to_owned(),
            space: Ok(PLENTY),
        }],
        interfaces: Ok(vec![
            interface("docker0", [172, 17, 0, 1]),
            interface("eth0", [10, 0, 0, 7]),
        ]),
        multicast_route: Ok(true),
        firewall: Firewall::default(),
        environment: variables(&[("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")]),
        files: BTreeMap::new(),
        middleware: Ok(Middleware {
            installed: BTreeSet::from(["rmw_fastrtps_cpp".to_owned()]),
            fixed: None,
        }),
        socket_buffers: Ok((8 << 20, 8 << 20)),
        shared_memory: Ok(SharedMemory {
            space: PLENTY,
            owners: BTreeSet::new(),
        }),
        user: 1000,
    }
}

pub fn engine() -> EngineFacts {
    EngineFacts {
        address: "unix:///var/run/docker.sock".to_owned(),
        is_local: true,
        about: EngineAbout {
            version: "20.10.24".to_owned(),
            api_version: "1.41".to_owned(),
            root_dir: "/var/lib/docker".to_owned(),
            cgroup_version: "2".to_owned(),
            cgroup_driver: "systemd".to_owned(),
            ..EngineAbout::default()
        },
        networks: Ok(1),
        nameless_images: Ok(0),
        bridge: Ok(Some("docker0".to_owned())),
        containers: Ok(RunningContainers::default()),
    }
}

pub fn interface(name: &str, address: [u8; 4]) -> Interface {
    Interface {
        name: name.to_owned(),
        address: Ipv4Addr::from(address),
        is_up: true,
        has_carrier: true,
        can_multicast: true,
        discovery_joined: true,
        multicast_heard: Some(Ok(true)),
    }
}

pub fn variables(all: &[(&str, &str)]) -> Environment {
    { all.iter() }
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The well machine with its engine changed.
pub fn with_engine(change: impl FnOnce(&mut EngineFacts)) -> Facts {
    let mut engine = engine();
    change(&mut engine);
    Facts {
        engine: Ok(engine),
        ..well()
    }
}

/// The well machine with these variables beside its own.
pub fn with_variables(all: &[(&str, &str)]) -> Facts {
    let mut facts = well();
    facts.environment.extend(variables(all));
    facts
}

/// What is not well.
pub fn troubles(facts: &Facts) -> Vec<Finding> {
    let found = findings(facts).into_iter();
    found.filter(|it| it.level != Level::Ok).collect()
}

/// The only trouble there is.
#[track_caller]
pub fn only_trouble(facts: &Facts) -> Finding {
    let troubles = troubles(facts);
    match troubles.as_slice() {
        [only] => only.clone(),
        _ => panic!("one trouble was expected: {troubles:#?}"),
    }
}

/// The levels and what they are about, of what is not well.
pub fn told(facts: &Facts) -> Vec<(Level, String)> {
    let troubles = troubles(facts).into_iter();
    troubles.map(|it| (it.level, it.subject)).collect()
}
