//! Whether two participants reach each other, by where they run. What is told here was measured with
//! Fast DDS in Docker's containers.

use super::observation::{Ipc, ObservedContainer};
use super::placing::Seat;
use super::{Flow, Problem};

/// Whether they reach each other, and what there is to say about it.
pub struct Reach {
    /// Yes, No or Unknown.
    pub flow: Flow,
    /// Why not; or what to be careful with.
    pub problem: Option<Problem>,
}

const REACHED: Reach = Reach {
    flow: Flow::Yes,
    problem: None,
};
const UNKNOWN: Reach = Reach {
    flow: Flow::Unknown,
    problem: None,
};

/// Whether two participants reach each other.
pub fn reach(one: &Seat<'_>, other: &Seat<'_>) -> Reach {
    let by_place = match (one.container, other.container) {
        (Some(one_in), Some(other_in)) if one_in.container_id == other_in.container_id => REACHED,
        (Some(one_in), Some(other_in)) => between(one_in, one, other_in, other),
        (Some(inside), None) => outside(inside, one, other),
        (None, Some(inside)) => outside(inside, other, one),
        (None, None) if one.said.is_some() && other.said.is_some() => REACHED,
        (None, None) => UNKNOWN,
    };
    if by_place.problem.is_none() && by_place.flow == Flow::Yes {
        return Reach {
            problem: mixed(one, other),
            ..by_place
        };
    }
    by_place
}

/// To somebody of whom only the announcement is known.
fn outside(inside: &ObservedContainer, seat: &Seat<'_>, other: &Seat<'_>) -> Reach {
    let announced = other.said.is_some_and(|said| said.hostname.is_some());
    // It may be on this machine, with memory that the two do not share.
    let by_memory = inside.host_network && shares_memory(inside, seat);
    if announced && !by_memory && !is_local(inside) {
        REACHED
    } else {
        UNKNOWN
    }
}

fn between(
    one: &ObservedContainer,
    one_seat: &Seat<'_>,
    other: &ObservedContainer,
    other_seat: &Seat<'_>,
) -> Reach {
    let both = format!("{} and {}", called(one), called(other));
    let on_host = one.host_network && other.host_network;
    if let Some(local) = [one, other].into_iter().find(|it| is_local(it))
        && !(on_host && one.ipc == Ipc::Host && other.ipc == Ipc::Host)
    {
        let range = local.discovery_range.as_deref().unwrap_or_default();
        return no(
            format!(
                "{} looks no further than itself: ROS_AUTOMATIC_DISCOVERY_RANGE is {range}",
                called(local)
            ),
            format!("set ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET for {both}"),
        );
    }
    let known = !one.networks.is_empty() && !other.networks.is_empty();
    let shared = one
        .networks
        .iter()
        .any(|name| other.networks.contains(name));
    if !one.host_network && !other.host_network && known && !shared {
        return no(
            format!("{both} are on no common network"),
            format!("put {both} on one network"),
        );
    }
    if !on_host || !shares_memory(one, one_seat) || !shares_memory(other, other_seat) {
        return REACHED;
    }
    if one.ipc != Ipc::Host || other.ipc != Ipc::Host {
        return no(
            format!(
                "{both} are on the host's network, where Fast DDS sends through shared memory, and each has a memory of its own"
            ),
            format!("set FASTDDS_BUILTIN_TRANSPORTS=UDPv4 for both, or `ipc: host` for {both}"),
        );
    }
    match (&one.user, &other.user) {
        (Some(a), Some(b)) if a != b => no(
            format!(
                "{both} share memory, but run as the users {a} and {b}, and Fast DDS cannot open what the other one has made"
            ),
            "let both run as one `user`, or set FASTDDS_BUILTIN_TRANSPORTS=UDPv4 for both"
                .to_owned(),
        ),
        _ => REACHED,
    }
}

/// Implementations that find each other need not understand all that the other one sends.
fn mixed(one: &Seat<'_>, other: &Seat<'_>) -> Option<Problem> {
    let (a, b) = (one.middleware, other.middleware);
    (a != b && !a.is_empty() && !b.is_empty()).then(|| {
        let (a, b) = (a.min(b), a.max(b));
        Problem {
            text: format!("one end is {a} and the other {b}: services, actions and large messages may not get through"),
            remedy: "set the same `ros.rmw` for both components".to_owned(),
        }
    })
}

/// Whether its participants offer Fast DDS' shared memory to others of the same host.
fn shares_memory(container: &ObservedContainer, seat: &Seat<'_>) -> bool {
    let rmw = container.rmw.as_deref().unwrap_or_default();
    let fast = match seat.middleware {
        "" => rmw.is_empty() || rmw.starts_with("rmw_fastrtps"),
        name => name == "Fast DDS",
    };
    let transports = container.builtin_transports.as_deref().unwrap_or_default();
    // With the range LOCALHOST the variable is passed over.
    let udp_only = transports.starts_with("UDP") && !is_local(container);
    fast && !udp_only
}

fn is_local(container: &ObservedContainer) -> bool {
    matches!(
        container.discovery_range.as_deref(),
        Some("LOCALHOST" | "OFF")
    )
}

fn called(container: &ObservedContainer) -> String {
    format!("{}/{}", container.component, container.executable)
}

fn no(text: String, remedy: String) -> Reach {
    Reach {
        flow: Flow::No,
        problem: Some(Problem { text, remedy }),
    }
}
