use super::samples::*;
use crate::domain::doctor::facts::*;
use crate::domain::doctor::{Level, findings};

/// The well machine with Docker's bridge changed.
fn with_bridge(change: impl FnOnce(&mut Interface)) -> Facts {
    let mut facts = well();
    change(&mut facts.interfaces.as_mut().unwrap()[0]);
    facts
}

#[test]
fn the_bridge_has_to_be_there_and_to_work() {
    let gone = {
        let mut facts = well();
        facts.interfaces.as_mut().unwrap().remove(0);
        facts
    };
    let table = [
        (gone, Level::Error, "no such interface"),
        (
            with_bridge(|it| it.is_up = false),
            Level::Error,
            "switched off",
        ),
        (
            with_bridge(|it| it.can_multicast = false),
            Level::Error,
            "no multicast",
        ),
        (
            with_bridge(|it| {
                it.has_carrier = false;
                it.discovery_joined = false;
            }),
            Level::Warning,
            "nobody listens",
        ),
        (
            with_engine(|engine| engine.bridge = Ok(None)),
            Level::Warning,
            "there is none",
        ),
    ];
    for (facts, level, text) in table {
        let found = only_trouble(&facts);
        assert_eq!(found.level, level, "{found:?}");
        assert!(found.text.contains(text), "{found:?}");
    }
}

#[test]
fn a_bridge_without_carrier_is_well_while_somebody_listens_there() {
    assert_eq!(troubles(&with_bridge(|it| it.has_carrier = false)), []);
    assert_eq!(troubles(&with_bridge(|it| it.discovery_joined = false)), []);
}

#[test]
fn the_bridge_of_an_engine_elsewhere_is_not_looked_for() {
    let mut facts = with_engine(|engine| engine.is_local = false);
    facts.interfaces.as_mut().unwrap().remove(0);
    let told = told(&facts);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("this machine's network"));
}

#[test]
fn multicast_has_to_come_back() {
    for (heard, level) in [
        (Some(Ok(true)), None),
        (None, None),
        (Some(Ok(false)), Some(Level::Error)),
        (Some(Err("no".to_owned())), Some(Level::Warning)),
    ] {
        let facts = with_bridge(|it| it.multicast_heard = heard.clone());
        let expected: Vec<_> = { level.into_iter() }
            .map(|level| (level, "multicast on docker0".to_owned()))
            .collect();
        assert_eq!(told(&facts), expected, "{heard:?}");
    }
    let mut facts = well();
    facts.interfaces.as_mut().unwrap()[1].multicast_heard = Some(Ok(false));
    let expected = [(Level::Warning, "multicast on eth0".to_owned())];
    assert_eq!(
        told(&facts),
        expected,
        "others than the bridge may do without"
    );
}

#[test]
fn a_machine_without_multicast_is_told_so() {
    let mut facts = with_engine(|engine| engine.is_local = false);
    for it in facts.interfaces.as_mut().unwrap() {
        it.can_multicast = false;
        it.multicast_heard = None;
    }
    let told = told(&facts);
    assert!(told.contains(&(Level::Warning, "interfaces of the machine".to_owned())));
}

#[test]
fn no_route_for_multicast_keeps_nothing_from_working() {
    let mut facts = well();
    facts.multicast_route = Ok(false);
    assert_eq!(troubles(&facts), []);
    let all = findings(&facts);
    let route = all.iter().find(|it| it.subject == "route for multicast");
    assert!(route.unwrap().text.contains("ros2 multicast"));
}

#[test]
fn a_firewall_that_drops_is_an_error_that_names_the_rule() {
    for (rules, subject, text) in [
        (
            "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT",
            "firewall: announcements of containers to the machine",
            "`-P INPUT DROP`",
        ),
        (
            "-P INPUT ACCEPT\n-A INPUT -d 224.0.0.0/4 -j DROP",
            "firewall: announcements of containers to the machine",
            "`-A INPUT -d 224.0.0.0/4 -j DROP`",
        ),
        (
            "-P OUTPUT ACCEPT\n-A OUTPUT -o docker0 -p udp -j REJECT --reject-with icmp-port-unreachable",
            "firewall: announcements of the machine to containers",
            "port 7400",
        ),
        (
            "-P FORWARD ACCEPT\n-A FORWARD -i docker0 -o docker0 -j DROP",
            "firewall: data between containers",
            "port 7410",
        ),
    ] {
        let mut facts = well();
        facts.firewall.iptables = Some(Ok(rules.to_owned()));
        let found = troubles(&facts);
        let found = found.iter().find(|it| it.subject == subject);
        let found = found.unwrap_or_else(|| panic!("{rules}"));
        assert_eq!(found.level, Level::Error);
        assert!(found.text.contains(text), "{found:?}");
        assert!(found.remedy.starts_with("allow it"));
    }
}

#[test]
fn the_ports_are_those_of_the_domain() {
    let rules = "-P INPUT DROP\n-A INPUT -i docker0 -p udp --dport 7400:7649 -j ACCEPT";
    let mut facts = well();
    facts.firewall.iptables = Some(Ok(rules.to_owned()));
    assert_eq!(troubles(&facts), []);
    facts
        .environment
        .extend(variables(&[("ROS_DOMAIN_ID", "1")]));
    assert_eq!(told(&facts).len(), 2, "{:?}", told(&facts));
}

#[test]
fn rules_that_only_root_may_read_are_no_trouble_but_told() {
    let mut facts = well();
    facts.firewall.iptables = Some(Err("permission denied".to_owned()));
    assert_eq!(troubles(&facts), []);
    let all = findings(&facts);
    let firewall = all.iter().find(|it| it.subject == "firewall").unwrap();
    assert!(firewall.text.contains("only root may read"));
    facts.user = 0;
    assert_eq!(told(&facts), [(Level::Warning, "firewall".to_owned())]);
}
