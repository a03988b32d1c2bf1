use std::net::Ipv4Addr;

use crate::domain::doctor::Verdict;
use crate::domain::doctor::firewall::{Datagram, Rules, strict_tables};

fn announcement() -> Datagram<'static> {
    Datagram {
        chain: "INPUT",
        from: Some("docker0"),
        to: None,
        source: Ipv4Addr::new(172, 17, 0, 2),
        destination: Ipv4Addr::new(239, 255, 0, 1),
        port: 7400,
    }
}

fn verdict(rules: &str) -> Verdict {
    Rules::read(rules).verdict(&announcement())
}

fn dropped(rule: &str) -> Verdict {
    Verdict::Dropped(rule.to_owned())
}

/// Each rule before a policy that drops: it accepts, or does not fit.
#[test]
fn a_rule_fits_or_not() {
    for (conditions, fits) in [
        ("", true),
        ("-i docker0", true),
        ("-i docker+", true),
        ("-i eth0", false),
        ("! -i eth0", true),
        ("! -i docker0", false),
        ("-o docker0", false),
        ("-s 172.17.0.0/16", true),
        ("-s 172.16.0.0/12", true),
        ("-s 172.18.0.0/16", false),
        ("! -s 172.18.0.0/16", true),
        ("-s 0.0.0.0/0", true),
        ("-s 172.17.0.2/32", true),
        ("-d 224.0.0.0/4", true),
        ("-d 224.0.0.251/32", false),
        ("-p udp", true),
        ("-p udp -m udp --dport 7400", true),
        ("-p udp -m udp --dport 7400:7500", true),
        ("-p udp -m udp --dport 5353", false),
        ("-p udp -m multiport --dports 53,7400,9000", true),
        ("-p udp -m multiport --dports 53,7000:7399", false),
        ("-p tcp -m tcp --dport 7400", false),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", false),
        ("-m state --state NEW,ESTABLISHED", true),
        ("-m addrtype --dst-type MULTICAST", true),
        ("-m addrtype --dst-type LOCAL", false),
        ("-m comment --comment \"-j DROP all\" -p udp", true),
    ] {
        let rules = format!("-P INPUT DROP\n-A INPUT {conditions} -j ACCEPT");
        let expected = match fits {
            true => Verdict::Passes,
            false => dropped("-P INPUT DROP"),
        };
        assert_eq!(verdict(&rules), expected, "{conditions}");
    }
}

#[test]
fn the_first_rule_that_fits_counts() {
    let accept_first = "-P INPUT ACCEPT\n-A INPUT -p udp -j ACCEPT\n-A INPUT -j DROP";
    assert_eq!(verdict(accept_first), Verdict::Passes);
    let drop_first = "-P INPUT ACCEPT\n-A INPUT -j DROP\n-A INPUT -p udp -j ACCEPT";
    assert_eq!(verdict(drop_first), dropped("-A INPUT -j DROP"));
}

#[test]
fn chains_are_followed_and_left() {
    let rules = "-P INPUT DROP
-N ours
-N deeper
-A INPUT -j LOG --log-prefix \"-A INPUT -j ACCEPT\"
-A INPUT -j ours
-A INPUT -j ACCEPT
-A ours -p tcp -j DROP
-A ours -j deeper
-A ours -j DROP
-A deeper -d 224.0.0.0/4 -j RETURN
-A deeper -j ACCEPT";
    assert_eq!(verdict(rules), dropped("-A ours -j DROP"));
    let left = rules.replace("-A ours -j DROP", "-A ours -j RETURN\n-A ours -j DROP");
    assert_eq!(verdict(&left), Verdict::Passes);
}

#[test]
fn what_is_not_understood_is_not_blamed() {
    let blocklist = "-P INPUT ACCEPT\n-A INPUT -m set --match-set bad src -j DROP";
    assert_eq!(verdict(blocklist), Verdict::Passes);
    let allowlist = "-P INPUT DROP\n-A INPUT -m set --match-set good src -j ACCEPT";
    let perhaps = Verdict::MaybeDropped("-P INPUT DROP".to_owned());
    assert_eq!(verdict(allowlist), perhaps);
    let named = "-P INPUT DROP\n-A INPUT -p udp --dport ros -j ACCEPT";
    assert_eq!(verdict(named), perhaps);
}

#[test]
fn chains_that_lead_to_themselves_end() {
    let rules = "-P INPUT DROP\n-A INPUT -j a\n-A a -j b\n-A b -j a";
    assert_eq!(verdict(rules), dropped("-P INPUT DROP"));
}

#[test]
fn no_rules_drop_nothing() {
    for rules in [
        "",
        "-A",
        "-P INPUT",
        "\"",
        "iptables v1.8",
        "-A INPUT",
        "-A INPUT -j",
    ] {
        assert_eq!(verdict(rules), Verdict::Passes, "{rules}");
    }
}

#[test]
fn tables_of_nftables_that_drop_are_found() {
    let ruleset = "table ip filter {
  chain INPUT {
    type filter hook input priority filter; policy drop;
  }
}
table inet ours {
  chain in {
    type filter hook input priority 0; policy drop;
  }
  chain out {
    type filter hook output priority 0; policy drop;
  }
}
table inet open {
  chain in { type filter hook input priority 0; policy accept; }
}";
    assert_eq!(strict_tables(ruleset), ["inet ours"]);
}

proptest::proptest! {
    #[test]
    fn whatever_is_printed_can_be_read(text in ".{0,200}") {
        verdict(&text);
        strict_tables(&text);
    }

    #[test]
    fn what_drops_nothing_lets_through(
        rules in proptest::collection::vec("-A (INPUT|ours|b) (-i docker0 |-p udp |! -s 10.0.0.0/8 |-m set --x y ){0,3}-j (ACCEPT|ours|b|RETURN|LOG)", 0..12),
    ) {
        let accepting = format!("-P INPUT ACCEPT\n{}", rules.join("\n"));
        proptest::prop_assert_eq!(verdict(&accepting), Verdict::Passes);
    }

    #[test]
    fn what_accepts_nothing_drops(
        rules in proptest::collection::vec("-A (INPUT|ours|b) (-i docker0 |-p udp |! -s 10.0.0.0/8 |-m set --x y ){0,3}-j (DROP|REJECT|ours|b|RETURN|LOG)", 0..12),
    ) {
        let dropping = format!("-P INPUT DROP\n{}", rules.join("\n"));
        proptest::prop_assert!(matches!(verdict(&dropping), Verdict::Dropped(_)));
    }
}
