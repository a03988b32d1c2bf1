//! Whether a firewall lets ROS discovery through, by the rules that `iptables -S` prints.
//!
//! What a rule's match means is not always known here; such a rule may accept or not, and never is
//! what something is blamed on while another rule lets it through.

use std::collections::HashMap;
use std::net::Ipv4Addr;

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The chain that it meets first.
    pub chain: &'static str,
    /// The interface on which it comes.
    pub from: Option<&'a str>,
    /// The interface on which it goes.
    pub to: Option<&'a str>,
    /// Who sends it.
    pub source: Ipv4Addr,
    /// To whom.
    pub destination: Ipv4Addr,
    /// The port to which it goes.
    pub port: u16,
}

/// What becomes of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gets through.
    Passes,
    /// This rule or policy drops it.
    Dropped(String),
    /// This one drops it, unless one before it lets it through that is not understood here.
    MaybeDropped(String),
}

/// The rules of a machine.
#[derive(Debug, Default)]
pub struct Rules {
    chains: HashMap<String, Vec<Rule>>,
    policies: HashMap<String, String>,
}

#[derive(Debug)]
struct Rule {
    conditions: Vec<Condition>,
    target: String,
    text: String,
}

#[derive(Debug)]
struct Condition {
    negated: bool,
    option: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    Maybe,
}

/// How a chain ends.
enum End {
    Accepted,
    Dropped(String),
    Returned,
}

/// So many rules are looked at for one datagram. The kernel lets no chain lead to itself; what is
/// printed may be anything.
const MOST_STEPS: usize = 100_000;

/// What is known on the way through the chains.
struct Walk {
    steps_left: usize,
    perhaps_accepted: bool,
}

impl Rules {
    /// Reads what `iptables -S` prints; what is no rule is passed over.
    pub fn read(text: &str) -> Rules {
        let mut rules = Rules::default();
        for line in text.lines() {
            let words = shlex::split(line).unwrap_or_default();
            match words.as_slice() {
                [flag, chain, policy] if flag == "-P" => {
                    rules.policies.insert(chain.clone(), policy.clone());
                }
                [flag, chain, rest @ ..] if flag == "-A" => {
                    let chain = rules.chains.entry(chain.clone()).or_default();
                    chain.push(Rule::read(rest, line));
                }
                _ => {}
            }
        }
        rules
    }

    /// What becomes of a datagram.
    pub fn verdict(&self, datagram: &Datagram<'_>) -> Verdict {
        let mut walk = Walk {
            steps_left: MOST_STEPS,
            perhaps_accepted: false,
        };
        match self.walk(&mut vec![datagram.chain], datagram, &mut walk) {
            End::Dropped(rule) if walk.perhaps_accepted => Verdict::MaybeDropped(rule),
            End::Dropped(rule) => Verdict::Dropped(rule),
            End::Accepted | End::Returned => Verdict::Passes,
        }
    }

    /// Goes through the last chain of the path.
    fn walk<'a>(
        &'a self,
        path: &mut Vec<&'a str>,
        datagram: &Datagram<'_>,
        walk: &mut Walk,
    ) -> End {
        let Some(chain) = path.last().copied() else {
            return End::Returned;
        };
        for rule in self.chains.get(chain).into_iter().flatten() {
            let Some(left) = walk.steps_left.checked_sub(1) else {
                break;
            };
            walk.steps_left = left;
            let fits = rule.fits(datagram);
            if fits == Match::No {
                continue;
            }
            let end = match rule.target.as_str() {
                "ACCEPT" => End::Accepted,
                "DROP" | "REJECT" => End::Dropped(rule.text.clone()),
                "RETURN" if fits == Match::Yes => break,
                target if path.contains(&target) => End::Returned,
                target => {
                    path.push(target);
                    let end = self.walk(path, datagram, walk);
                    path.pop();
                    end
                }
            };
            match (end, fits) {
                (End::Returned, _) => {}
                (end, Match::Yes) => return end,
                (End::Accepted, _) => walk.perhaps_accepted = true,
                (End::Dropped(_), _) => {}
            }
        }
        match self.policies.get(chain).map(String::as_str) {
            Some("DROP") => End::Dropped(format!("-P {chain} DROP")),
            Some(_) => End::Accepted,
            None => End::Returned,
        }
    }
}

impl Rule {
    fn read(words: &[String], line: &str) -> Rule {
        let mut rule = Rule {
            conditions: Vec::new(),
            target: String::new(),
            text: line.trim().to_owned(),
        };
        let mut negated = false;
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                "!" => negated = true,
                "-j" | "-g" => {
                    // What follows belongs to the target.
                    rule.target = words.next().cloned().unwrap_or_default();
                    break;
                }
                "--comment" => {
                    words.next();
                }
                option => {
                    let mut values = Vec::new();
                    while let Some(value) = words.next_if(|w| !w.starts_with('-') && *w != "!") {
                        values.push(value.clone());
                    }
                    rule.conditions.push(Condition {
                        negated: std::mem::take(&mut negated),
                        option: option.to_owned(),
                        values,
                    });
                }
            }
        }
        rule
    }

    fn fits(&self, datagram: &Datagram<'_>) -> Match {
        let all = self.conditions.iter().map(|it| it.fits(datagram));
        all.fold(Match::Yes, |so_far, next| match (so_far, next) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Maybe, _) | (_, Match::Maybe) => Match::Maybe,
            (Match::Yes, Match::Yes) => Match::Yes,
        })
    }
}

impl Condition {
    fn fits(&self, datagram: &Datagram<'_>) -> Match {
        let value = self.values.first().map_or("", String::as_str);
        let fits = match self.option.as_str() {
            // It only names what the options after it are about.
            "-m" => return Match::Yes,
            "-i" => yes_or_no(datagram.from.is_some_and(|it| is_called(it, value))),
            "-o" => yes_or_no(datagram.to.is_some_and(|it| is_called(it, value))),
            "-s" => is_in(datagram.source, value),
            "-d" => is_in(datagram.destination, value),
            "-p" => yes_or_no(matches!(value, "udp" | "17" | "all" | "0")),
            "--dport" | "--dports" => ports(datagram.port, value),
            // The first datagram is what counts: without it there is no second one.
            "--ctstate" | "--state" => yes_or_no(value.split(',').any(|it| it == "NEW")),
            "--dst-type" => match value {
                "MULTICAST" => yes_or_no(datagram.destination.is_multicast()),
                "LOCAL" | "UNICAST" => yes_or_no(!datagram.destination.is_multicast()),
                "BROADCAST" => Match::No,
                _ => Match::Maybe,
            },
            _ => Match::Maybe,
        };
        match (fits, self.negated) {
            (Match::Yes, true) => Match::No,
            (Match::No, true) => Match::Yes,
            (fits, _) => fits,
        }
    }
}

fn yes_or_no(yes: bool) -> Match {
    match yes {
        true => Match::Yes,
        false => Match::No,
    }
}

/// A name that ends with `+` stands for all that begin so.
fn is_called(name: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('+') {
        Some(beginning) => name.starts_with(beginning),
        None => name == wanted,
    }
}

fn is_in(address: Ipv4Addr, network: &str) -> Match {
    let (base, length) = network.split_once('/').unwrap_or((network, "32"));
    match (base.parse::<Ipv4Addr>(), length.parse::<u32>()) {
        (Ok(base), Ok(length @ 0..=32)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            yes_or_no(u32::from(base) & mask == u32::from(address) & mask)
        }
        _ => Match::Maybe,
    }
}

fn ports(port: u16, list: &str) -> Match {
    let mut understood = true;
    let fits = list.split(',').any(|part| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&port),
            _ => {
                understood = false;
                false
            }
        }
    });
    match (fits, understood) {
        (false, false) => Match::Maybe,
        (fits, _) => yes_or_no(fits),
    }
}

/// Chains of nftables that drop what they do not know on its way in, by what `nft list ruleset`
/// prints; without the table that `iptables` shows as well.
pub fn strict_tables(ruleset: &str) -> Vec<String> {
    let mut table = String::new();
    let mut strict = Vec::new();
    for line in ruleset.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("table ") {
            table = name.trim_end_matches('{').trim().to_owned();
        }
        let is_strict = line.contains("hook input") && line.contains("policy drop");
        if is_strict && table != "ip filter" {
            strict.push(table.clone());
        }
    }
    strict
}
