//! Whatever the facts are: nothing is passed over in silence, and every trouble says what to do.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::samples::*;
use crate::domain::doctor::facts::*;
use crate::domain::doctor::variables::files;
use crate::domain::doctor::{Level, findings, is_well, summary};

const CAUSE: &str = "it was too dark";

/// Every look that can fail, and how.
type Failing = fn(&mut Facts);
const LOOKS: [Failing; 12] = [
    |it| it.engine = Err(EngineTrouble::Other(CAUSE.to_owned())),
    |it| it.disks[0].space = Err(CAUSE.to_owned()),
    |it| it.interfaces = Err(CAUSE.to_owned()),
    |it| it.multicast_route = Err(CAUSE.to_owned()),
    |it| it.firewall.iptables = Some(Err(CAUSE.to_owned())),
    |it| it.middleware = Err(CAUSE.to_owned()),
    |it| it.socket_buffers = Err(CAUSE.to_owned()),
    |it| it.shared_memory = Err(CAUSE.to_owned()),
    |it| of_engine(it, |engine| engine.networks = Err(CAUSE.to_owned())),
    |it| of_engine(it, |engine| engine.nameless_images = Err(CAUSE.to_owned())),
    |it| of_engine(it, |engine| engine.bridge = Err(CAUSE.to_owned())),
    |it| of_engine(it, |engine| engine.containers = Err(CAUSE.to_owned())),
];

fn of_engine(facts: &mut Facts, change: impl FnOnce(&mut EngineFacts)) {
    if let Ok(engine) = &mut facts.engine {
        change(engine);
    }
}

#[test]
fn a_look_that_failed_is_a_finding_with_its_cause() {
    for (number, fail) in LOOKS.into_iter().enumerate() {
        let mut facts = well();
        facts.user = 0;
        fail(&mut facts);
        let found = only_trouble(&facts);
        assert!(found.text.contains(CAUSE), "{number}: {found:?}");
    }
}

fn values() -> impl Strategy<Value = Environment> {
    let names = [
        "ROS_DOMAIN_ID",
        "ROS_AUTOMATIC_DISCOVERY_RANGE",
        "ROS_LOCALHOST_ONLY",
        "ROS_STATIC_PEERS",
        "ROS_DISCOVERY_SERVER",
        "RMW_IMPLEMENTATION",
        "FASTDDS_BUILTIN_TRANSPORTS",
        "FASTDDS_DEFAULT_PROFILES_FILE",
        "CYCLONEDDS_URI",
    ];
    let value = prop_oneof![
        Just(String::new()),
        "(0|1|7|102|300|LOCALHOST|OFF|SUBNET|UDPv4|SHM|LARGE_DATA|rmw_fastrtps_cpp|rmw_x|/x.xml|file:///y)",
        "\\PC{0,20}",
    ];
    proptest::collection::btree_map(proptest::sample::select(names.to_vec()), value, 0..9)
        .prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
}

fn container() -> impl Strategy<Value = RunningContainer> {
    (
        values(),
        "(host|bridge|none|net)",
        "(host|private|)",
        "(bridge|overlay|host)",
        "(|0|1000:1)",
        any::<bool>(),
    )
        .prop_map(
            |(environment, network, ipc, driver, user, is_shipmates)| RunningContainer {
                name: "one".to_owned(),
                is_shipmates,
                user,
                environment,
                networks: BTreeMap::from([(network.clone(), driver)]),
                network_mode: network,
                ipc_mode: ipc,
            },
        )
}

fn anything() -> impl Strategy<Value = Facts> {
    let failing = proptest::sample::subsequence(LOOKS.to_vec(), 0..4);
    (
        failing,
        values(),
        proptest::collection::vec(container(), 0..4),
        proptest::collection::vec(any::<(bool, bool, bool, bool, bool)>(), 2),
        (any::<usize>(), any::<u64>(), any::<u64>(), 0..2_u32),
    )
        .prop_map(
            |(failing, environment, containers, bits, (networks, free, buffer, user))| {
                let mut facts = well();
                facts.files = files(&environment)
                    .into_iter()
                    .map(|it| (it, Ok(user == 0)))
                    .collect();
                facts.environment = environment;
                facts.user = user;
                facts.socket_buffers = Ok((buffer, buffer / 2));
                facts.disks[0].space = Ok(Space { total: free, free });
                for (interface, bits) in facts.interfaces.iter_mut().flatten().zip(bits) {
                    interface.is_up = bits.0;
                    interface.has_carrier = bits.1;
                    interface.can_multicast = bits.2;
                    interface.discovery_joined = bits.3;
                    interface.multicast_heard = Some(Ok(bits.4));
                }
                of_engine(&mut facts, |engine| {
                    engine.networks = Ok(networks);
                    engine.containers = Ok(RunningContainers {
                        containers,
                        left_out: networks % 3,
                    });
                });
                failing.into_iter().for_each(|fail| fail(&mut facts));
                facts
            },
        )
}

proptest! {
    #[test]
    fn every_trouble_says_what_it_is_and_what_to_do(facts in anything()) {
        let all = findings(&facts);
        for it in &all {
            prop_assert!(!it.subject.is_empty() && !it.text.is_empty(), "{:?}", it);
            prop_assert_eq!(it.level == Level::Ok, it.remedy.is_empty(), "{:?}", it);
        }
        let errors = all.iter().any(|it| it.level == Level::Error);
        prop_assert_eq!(is_well(&all), !errors);
        prop_assert_eq!(summary(&all).contains("first"), errors);
    }

    #[test]
    fn the_great_subjects_are_never_passed_over(facts in anything()) {
        let all = findings(&facts);
        for subject in ["Docker engine", "disk of", "route for multicast", "ROS_DOMAIN_ID", "discovery range", "RMW_IMPLEMENTATION", "socket buffers", "/dev/shm"] {
            prop_assert!(all.iter().any(|it| it.subject.starts_with(subject)), "{subject}");
        }
    }

    #[test]
    fn another_container_never_hides_a_trouble(facts in anything(), more in container()) {
        let before = troubles(&facts);
        let mut facts = facts;
        of_engine(&mut facts, |engine| {
            if let Ok(running) = &mut engine.containers {
                running.containers.push(more);
            }
        });
        // What is said of users who share memory names all of them, and changes.
        let after: Vec<_> = findings(&facts).into_iter().map(|it| it.subject).collect();
        for it in before {
            prop_assert!(after.contains(&it.subject), "{:?}", it);
        }
    }
}
