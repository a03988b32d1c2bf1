use std::collections::BTreeSet;

use super::samples::*;
use crate::domain::doctor::facts::*;
use crate::domain::doctor::{Level, findings};

#[test]
fn variables_that_keep_the_graph_empty() {
    use Level::{Error, Warning};
    for (name, value, level, subject) in [
        ("ROS_DOMAIN_ID", "102", Warning, "ROS_DOMAIN_ID"),
        ("ROS_DOMAIN_ID", "232", Warning, "ROS_DOMAIN_ID"),
        ("ROS_DOMAIN_ID", "233", Error, "ROS_DOMAIN_ID"),
        ("ROS_DOMAIN_ID", "-1", Error, "ROS_DOMAIN_ID"),
        ("ROS_DOMAIN_ID", "seven", Error, "ROS_DOMAIN_ID"),
        (
            "ROS_AUTOMATIC_DISCOVERY_RANGE",
            "LOCALHOST",
            Error,
            "discovery range",
        ),
        (
            "ROS_AUTOMATIC_DISCOVERY_RANGE",
            "OFF",
            Error,
            "discovery range",
        ),
        (
            "ROS_AUTOMATIC_DISCOVERY_RANGE",
            "subnet",
            Warning,
            "discovery range",
        ),
        ("ROS_LOCALHOST_ONLY", "1", Error, "discovery range"),
        ("ROS_STATIC_PEERS", "", Warning, "ROS_STATIC_PEERS"),
        (
            "ROS_DISCOVERY_SERVER",
            "10.0.0.1:11811",
            Warning,
            "ROS_DISCOVERY_SERVER",
        ),
        (
            "RMW_IMPLEMENTATION",
            "rmw_cyclonedds_cpp",
            Error,
            "RMW_IMPLEMENTATION",
        ),
        (
            "FASTDDS_BUILTIN_TRANSPORTS",
            "LARGE_DATA",
            Warning,
            "FASTDDS_BUILTIN_TRANSPORTS",
        ),
        (
            "FASTDDS_BUILTIN_TRANSPORTS",
            "",
            Warning,
            "FASTDDS_BUILTIN_TRANSPORTS",
        ),
        (
            "FASTDDS_BUILTIN_TRANSPORTS",
            "SHM",
            Error,
            "FASTDDS_BUILTIN_TRANSPORTS",
        ),
    ] {
        let found = only_trouble(&with_variables(&[(name, value)]));
        let case = format!("{name}={value}: {found:?}");
        assert_eq!(
            (found.level, found.subject.as_str()),
            (level, subject),
            "{case}"
        );
    }
}

#[test]
fn variables_that_do_no_harm() {
    for (name, value) in [
        ("ROS_DOMAIN_ID", "0"),
        ("ROS_DOMAIN_ID", "101"),
        ("ROS_DOMAIN_ID", ""),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET"),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "SYSTEM_DEFAULT"),
        ("ROS_LOCALHOST_ONLY", "0"),
        ("ROS_STATIC_PEERS", "10.0.0.1"),
        ("ROS_DISCOVERY_SERVER", ""),
        ("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp"),
        ("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4"),
    ] {
        let facts = with_variables(&[(name, value)]);
        assert_eq!(troubles(&facts), [], "{name}={value}");
    }
}

#[test]
fn the_old_range_counts_before_the_new_one_only_when_it_is_on() {
    let range = ("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET");
    let on = with_variables(&[range, ("ROS_LOCALHOST_ONLY", "1")]);
    assert!(only_trouble(&on).text.contains("ROS_LOCALHOST_ONLY=1"));
    let off = with_variables(&[range, ("ROS_LOCALHOST_ONLY", "0")]);
    assert_eq!(troubles(&off), []);
}

#[test]
fn a_ros_that_has_no_choice_is_told_of() {
    let mut facts = with_variables(&[("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")]);
    facts.middleware.as_mut().unwrap().fixed = Some("rmw_fastrtps_cpp".to_owned());
    let found = only_trouble(&facts);
    assert_eq!(found.level, Level::Warning);
    assert!(found.text.contains("uses rmw_fastrtps_cpp"), "{found:?}");
}

#[test]
fn without_a_ros_nothing_is_said_to_be_missing() {
    let mut facts = with_variables(&[("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")]);
    facts.middleware = Ok(Middleware::default());
    assert_eq!(troubles(&facts), []);
}

#[test]
fn files_that_variables_name_have_to_be_there() {
    for (name, value, path, levels) in [
        (
            "FASTDDS_DEFAULT_PROFILES_FILE",
            "/a.xml",
            "/a.xml",
            // That there are profiles is told as well.
            vec![Level::Warning, Level::Warning],
        ),
        (
            "CYCLONEDDS_URI",
            "file:///b.xml",
            "/b.xml",
            vec![Level::Error],
        ),
        (
            "CYCLONEDDS_URI",
            "<x/>,/c.xml",
            "/c.xml",
            vec![Level::Error],
        ),
    ] {
        let mut facts = with_variables(&[(name, value)]);
        for (is_there, expected) in [(false, levels.len()), (true, levels.len() - 1)] {
            facts.files = [(path.to_owned(), Ok(is_there))].into();
            let found: Vec<_> = { troubles(&facts).into_iter() }
                .map(|it| it.level)
                .collect();
            assert_eq!(found, levels[..expected], "{name}={value} {is_there}");
        }
    }
    let inline = with_variables(&[("CYCLONEDDS_URI", "<CycloneDDS/>")]);
    assert_eq!(troubles(&inline), []);
}

#[test]
fn profiles_may_say_what_transports_say_otherwise() {
    let mut facts = with_variables(&[
        ("FASTDDS_BUILTIN_TRANSPORTS", ""),
        ("FASTRTPS_DEFAULT_PROFILES_FILE", "/a.xml"),
    ]);
    facts.files = [("/a.xml".to_owned(), Ok(true))].into();
    let found = only_trouble(&facts);
    assert_eq!(found.subject, "FASTRTPS_DEFAULT_PROFILES_FILE");
}

#[test]
fn large_messages_need_large_buffers() {
    for (buffers, is_well) in [
        ((2 << 20, 2 << 20), true),
        ((212_992, 8 << 20), false),
        ((8 << 20, 212_992), false),
    ] {
        let mut facts = well();
        facts.socket_buffers = Ok(buffers);
        assert_eq!(troubles(&facts).is_empty(), is_well, "{buffers:?}");
    }
}

#[test]
fn shared_memory_that_is_small_or_of_several_users() {
    let mut facts = well();
    let small = Space {
        total: 64 << 20,
        free: 1 << 20,
    };
    facts.shared_memory.as_mut().unwrap().space = small;
    assert_eq!(told(&facts), [(Level::Warning, "/dev/shm".to_owned())]);

    for (owners, transports, is_well) in [
        (vec![], "", true),
        (vec![1000], "", true),
        (vec![0], "", false),
        // Who does not use it does not mind.
        (vec![0], "UDPv4", true),
        (vec![0, 1001], "UDPv4", false),
    ] {
        let mut facts = with_variables(&[("FASTDDS_BUILTIN_TRANSPORTS", transports)]);
        facts.shared_memory.as_mut().unwrap().owners = BTreeSet::from_iter(owners.clone());
        let all = findings(&facts);
        let found = all.iter().any(|it| it.subject == "users of shared memory");
        assert_eq!(!found, is_well, "{owners:?} {transports}");
    }
}
