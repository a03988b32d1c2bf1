//! What a package says that it puts on the ROS graph, against what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::edges::{Item, items};
use super::observation::{Declared, DeclaredKind, Observation, ObservedDeployment, ObservedDomain};
use super::placing::Seats;
use super::{EdgeKind, Remark, RemarkKind};

/// What each deployment does, by its id.
type Present<'a> = BTreeMap<&'a str, BTreeSet<Declared>>;

/// What is declared and absent, and what is there and not declared.
pub fn remarks(observation: &Observation, seats: &Seats<'_>) -> Vec<Remark> {
    let declaring = observation.deployments.iter();
    let declaring: Vec<&ObservedDeployment> = declaring
        .filter(|deployment| !deployment.declared.is_empty())
        .collect();
    if declaring.is_empty() {
        return Vec::new();
    }
    let all = present(observation, seats, true);
    let shown = present(observation, seats, false);
    let none = BTreeSet::new();
    let mut remarks = Vec::new();
    for deployment in declaring {
        let id = deployment.id.as_str();
        let declared: BTreeSet<&Declared> = deployment.declared.iter().collect();
        // What is still starting, or broken, says so itself.
        if deployment.status == "Running" {
            let there = all.get(id).unwrap_or(&none);
            let missing = declared.iter().filter(|it| !there.contains(**it));
            remarks.extend(missing.map(|it| absent(deployment, it)));
        }
        let kinds: BTreeSet<DeclaredKind> = declared.iter().map(|it| it.kind).collect();
        let names: BTreeSet<_> = declared.iter().map(|it| (it.kind, &it.name)).collect();
        let there = shown.get(id).unwrap_or(&none).iter();
        let more =
            there.filter(|it| kinds.contains(&it.kind) && !names.contains(&(it.kind, &it.name)));
        remarks.extend(more.map(|it| undeclared(deployment, it)));
    }
    remarks
}

fn present<'a>(observation: &'a Observation, seats: &'a Seats<'_>, hidden: bool) -> Present<'a> {
    let mut present = Present::new();
    for (domain_id, domain) in &observation.domains {
        for item in items(domain, hidden) {
            add(item, *domain_id, domain, seats, &mut present);
        }
    }
    present
}

fn add<'a>(
    item: Item<'_>,
    domain_id: u8,
    domain: &ObservedDomain,
    seats: &'a Seats<'_>,
    present: &mut Present<'a>,
) {
    let (offering, using) = match item.kind {
        EdgeKind::Service => (DeclaredKind::Serves, DeclaredKind::Calls),
        EdgeKind::Action => (DeclaredKind::ActionServer, DeclaredKind::ActionClient),
        _ => (DeclaredKind::Publishes, DeclaredKind::Subscribes),
    };
    for (kind, ends) in [(offering, &item.ends.offering), (using, &item.ends.using)] {
        for end in ends {
            let seat = seats.of(domain_id, domain, end);
            if let Some((seat, container)) = seat.and_then(|seat| Some((seat, seat.container?))) {
                present.entry(&seat.node).or_default().insert(Declared {
                    kind,
                    name: item.name.to_owned(),
                    component: container.component.clone(),
                });
            }
        }
    }
}

fn absent(deployment: &ObservedDeployment, it: &Declared) -> Remark {
    let (does, key) = words(it.kind);
    let Declared {
        name, component, ..
    } = it;
    Remark {
        kind: RemarkKind::Absent,
        nodes: vec![deployment.id.clone()],
        name: name.clone(),
        text: format!(
            "{} runs, but nothing in its component {component} {does} {name}, as its package says",
            deployment.name
        ),
        remedy: format!(
            "look into the logs of {component}, correct the name in its node or its remapping, or take it from `ros.{key}` of the package"
        ),
    }
}

fn undeclared(deployment: &ObservedDeployment, it: &Declared) -> Remark {
    let (does, key) = words(it.kind);
    let Declared {
        name, component, ..
    } = it;
    Remark {
        kind: RemarkKind::Undeclared,
        nodes: vec![deployment.id.clone()],
        name: name.clone(),
        text: format!(
            "{component} of {} {does} {name}, and its package does not say so",
            deployment.name
        ),
        remedy: format!("add {name} to `ros.{key}` of {component}, or remap it to what is there"),
    }
}

fn words(kind: DeclaredKind) -> (&'static str, &'static str) {
    match kind {
        DeclaredKind::Publishes => ("publishes", "publishes"),
        DeclaredKind::Subscribes => ("subscribes to", "subscribes"),
        DeclaredKind::Serves => ("serves the service", "serves"),
        DeclaredKind::Calls => ("calls the service", "calls"),
        DeclaredKind::ActionServer => ("serves the action", "action_servers"),
        DeclaredKind::ActionClient => ("sends goals to the action", "action_clients"),
    }
}
