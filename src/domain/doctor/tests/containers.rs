use super::samples::*;
use crate::domain::doctor::facts::*;
use crate::domain::doctor::variables::is_about_ros;
use crate::domain::doctor::{Level, findings};

const UDP: (&str, &str) = ("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4");
const LOCAL: (&str, &str) = ("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST");
const ROS: (&str, &str) = ("ROS_DISTRO", "jazzy");

fn container(network: &str, ipc: &str, all: &[(&str, &str)]) -> RunningContainer {
    let driver = if network == "host" { "host" } else { "bridge" };
    RunningContainer {
        name: "stray".to_owned(),
        environment: variables(all),
        network_mode: network.to_owned(),
        networks: [(network.to_owned(), driver.to_owned())].into(),
        ipc_mode: ipc.to_owned(),
        ..RunningContainer::default()
    }
}

fn beside(containers: &[RunningContainer]) -> Facts {
    with_engine(|engine| {
        engine.containers = Ok(RunningContainers {
            containers: containers.to_vec(),
            left_out: 0,
        });
    })
}

/// The table of what was measured.
#[test]
fn who_is_not_heard_and_why() {
    for (network, ipc, environment, reason) in [
        ("host", "private", vec![ROS], Some("/dev/shm of its own")),
        ("host", "shareable", vec![ROS], Some("/dev/shm of its own")),
        ("host", "private", vec![ROS, UDP], None),
        ("host", "host", vec![ROS], None),
        ("host", "host", vec![ROS, LOCAL], None),
        ("bridge", "private", vec![ROS], None),
        (
            "bridge",
            "private",
            vec![ROS, LOCAL],
            Some("nobody hears them"),
        ),
        (
            "bridge",
            "host",
            vec![("ROS_LOCALHOST_ONLY", "1")],
            Some("nobody hears them"),
        ),
        ("none", "private", vec![ROS], Some("no network")),
        (
            "bridge",
            "private",
            vec![("ROS_DOMAIN_ID", "7")],
            Some("ROS domain 7"),
        ),
        (
            "bridge",
            "private",
            vec![("ROS_DOMAIN_ID", "x")],
            Some("no domain"),
        ),
        ("bridge", "private", vec![("ROS_DOMAIN_ID", "0")], None),
        (
            "bridge",
            "private",
            vec![("ROS_STATIC_PEERS", "")],
            Some("empty"),
        ),
        // Cyclone DDS uses no such memory, and ROS 1 is no matter of ours.
        (
            "host",
            "private",
            vec![("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")],
            None,
        ),
        ("host", "private", vec![("ROS_VERSION", "1")], None),
        ("host", "private", vec![], None),
    ] {
        let facts = beside(&[container(network, ipc, &environment)]);
        let case = format!("{network} {ipc} {environment:?}");
        match reason {
            None => assert_eq!(troubles(&facts), [], "{case}"),
            Some(reason) => {
                let found = only_trouble(&facts);
                assert_eq!(found.level, Level::Warning, "{case}");
                assert_eq!(found.subject, "container stray");
                assert!(found.text.contains(reason), "{case}: {found:?}");
            }
        }
    }
}

#[test]
fn with_localhost_the_transports_are_passed_over() {
    let facts = beside(&[container("host", "private", &[ROS, UDP, LOCAL])]);
    let found: Vec<_> = { troubles(&facts).into_iter() }.map(|it| it.text).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("LOCALHOST") && found[1].contains("/dev/shm"));
}

#[test]
fn overlays_carry_no_multicast_unless_something_else_helps() {
    let mut one = container("swarmed", "private", &[ROS]);
    one.networks = [("swarmed".to_owned(), "overlay".to_owned())].into();
    assert!(
        only_trouble(&beside(&[one.clone()]))
            .text
            .contains("overlay network swarmed")
    );

    let mut helped = one.clone();
    helped
        .environment
        .extend(variables(&[("ROS_STATIC_PEERS", "10.0.0.2")]));
    assert_eq!(troubles(&beside(&[helped])), []);

    one.networks
        .insert("bridge".to_owned(), "bridge".to_owned());
    assert_eq!(troubles(&beside(&[one])), []);
}

#[test]
fn shipmates_own_are_compared_as_well() {
    let mut own = container("bridge", "private", &[("ROS_DOMAIN_ID", "7"), UDP]);
    own.is_shipmates = true;
    let mut facts = beside(&[own]);
    assert!(only_trouble(&facts).remedy.contains("ros.domain_id: 0"));
    facts
        .environment
        .extend(variables(&[("ROS_DOMAIN_ID", "7")]));
    assert_eq!(troubles(&facts), []);
}

#[test]
fn users_who_share_memory_are_told_apart() {
    let of = |user: &str, name: &str| RunningContainer {
        user: user.to_owned(),
        name: name.to_owned(),
        ..container("host", "host", &[ROS])
    };
    let mixed = only_trouble(&beside(&[of("", "a"), of("1000:1000", "b")]));
    assert!(mixed.text.contains("a (0), b (1000)"), "{mixed:?}");
    for users in [["", "root"], ["0", ""], ["1000", "1000:7"]] {
        let facts = beside(&[of(users[0], "a"), of(users[1], "b")]);
        assert_eq!(troubles(&facts), [], "{users:?}");
    }
}

#[test]
fn how_many_were_looked_at_is_said() {
    let some = [
        container("bridge", "private", &[ROS]),
        container("bridge", "private", &[]),
    ];
    let all = findings(&beside(&some));
    let found = all
        .iter()
        .find(|it| it.subject == "running containers")
        .unwrap();
    assert!(
        found.text.starts_with("2 containers, 1 with ROS"),
        "{found:?}"
    );

    let more = with_engine(|engine| {
        engine.containers = Ok(RunningContainers {
            containers: vec![],
            left_out: 20,
        });
    });
    assert!(only_trouble(&more).text.contains("20 beyond"));
}

#[test]
fn only_variables_of_ros_are_looked_at() {
    for (name, wanted) in [
        ("ROS_DOMAIN_ID", true),
        ("FASTDDS_BUILTIN_TRANSPORTS", true),
        ("FASTRTPS_DEFAULT_PROFILES_FILE", true),
        ("CYCLONEDDS_URI", true),
        ("RMW_IMPLEMENTATION", true),
        ("PASSWORD", false),
        ("PATH", false),
        ("MY_ROS_TOKEN", false),
    ] {
        assert_eq!(is_about_ros(name), wanted, "{name}");
    }
}
