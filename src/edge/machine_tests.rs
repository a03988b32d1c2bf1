#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

const IGMP: &str = "\
Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
1\tlo        :     1      V3
\t\t\t\t010000E0     1 0:00000000\t\t0
4\teth0      :     1      V3
\t\t\t\t010000E0     1 0:00000000\t\t0
142\tbr-0123456789ab:     2      V3
\t\t\t\t0100FFEF     1 0:00000000\t\t0
\t\t\t\t010000E0     1 0:00000000\t\t0
";

#[cfg(target_endian = "little")]
#[test]
fn who_has_joined_a_group_is_read_from_the_kernel() {
    let joined = joined_on(IGMP, GROUP);
    assert_eq!(joined, BTreeSet::from(["br-0123456789ab".to_owned()]));
    let all = joined_on(IGMP, Ipv4Addr::new(224, 0, 0, 1));
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(joined_on("", GROUP).is_empty());
}

#[cfg(target_endian = "little")]
#[test]
fn a_route_for_multicast_is_a_default_route_or_one_of_its_own() {
    let head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n";
    for (route, leads) in [
        ("eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0", true),
        ("eth0 000000E0 00000000 0001 0 0 0 000000F0 0 0 0", true),
        ("eth0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0", false),
        ("", false),
    ] {
        assert_eq!(routes(&format!("{head}{route}"), GROUP), leads, "{route}");
    }
}

#[test]
fn a_folder_that_is_not_there_yet_lies_on_its_parents_disk() {
    let folder = tempfile::tempdir().unwrap();
    let there = space(folder.path()).unwrap();
    let to_be = space(&folder.path().join("a/b")).unwrap();
    assert!(there.free > 0 && there.free <= there.total);
    assert_eq!(there.total, to_be.total);
}

#[test]
fn libraries_tell_which_implementations_there_are() {
    let prefix = tempfile::tempdir().unwrap();
    let lib = prefix.path().join("lib");
    std::fs::create_dir(&lib).unwrap();
    for file in [
        "librmw_fastrtps_cpp.so",
        "librmw_fastrtps_shared_cpp.so",
        "librmw_dds_common.so",
        "librmw_dds_common__rosidl_generator_c.so",
        "librmw_cyclonedds_cpp.so",
        "librcl.so",
        "librmw.so",
    ] {
        std::fs::write(lib.join(file), "").unwrap();
    }
    let prefixes = format!("/nowhere:{}", prefix.path().display());
    let known = middleware(&prefixes, "");
    let names: Vec<&str> = known.installed.iter().map(String::as_str).collect();
    assert_eq!(names, ["rmw_cyclonedds_cpp", "rmw_fastrtps_cpp"]);
    assert_eq!(known.fixed, None);

    let link = lib.join("librmw_implementation.so");
    std::os::unix::fs::symlink("librmw_fastrtps_cpp.so", link).unwrap();
    let known = middleware("", &lib.display().to_string());
    assert_eq!(known.fixed.as_deref(), Some("rmw_fastrtps_cpp"));
    assert_eq!(middleware("", ""), Middleware::default());
}

#[test]
fn this_machine_can_be_looked_at() {
    assert!(socket_buffers().unwrap().0 > 0);
    assert!(shared_memory().unwrap().space.total > 0);
    multicast_route().unwrap();
    for interface in interfaces().unwrap() {
        assert_ne!(interface.name, "lo");
    }
    assert_eq!(is_there("/proc/self"), Ok(true));
    assert_eq!(is_there("/nowhere"), Ok(false));
}

#[test]
fn multicast_is_not_heard_at_an_address_of_nobody() {
    // TEST-NET-3 is nobody's by RFC 5737.
    assert!(multicast_heard(Ipv4Addr::new(203, 0, 113, 1)).is_err());
}

#[tokio::test]
async fn what_a_program_prints_is_read_and_its_failure_told() {
    assert_eq!(printed("no-such-program", &[]).await, None);
    let echoed = run(Path::new("/bin/sh"), &["-c", "echo rules"]).await;
    assert_eq!(echoed.as_deref(), Ok("rules\n"));
    let failed = run(Path::new("/bin/sh"), &["-c", "echo only root >&2; exit 4"]).await;
    let failed = failed.unwrap_err();
    assert!(
        failed.contains("only root") && failed.contains('4'),
        "{failed}"
    );
}
