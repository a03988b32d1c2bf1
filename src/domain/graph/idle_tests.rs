//! When an action of a container is idle.

use std::sync::Arc;

use super::super::goal_status::GoalStatus;
use super::super::samples::{at, endpoint, publishing};
use super::super::{GraphView, Participant};
use super::*;
use crate::domain::probe::Whereabouts;

const TOPIC: &str = "/move/_action/status";

fn goal(status: GoalStatus) -> Goal {
    Goal {
        id: [1; 16],
        status,
    }
}

fn server(number: u8, first_seen: u64) -> super::super::Endpoint {
    super::super::Endpoint {
        durability: Durability::TransientLocal,
        ..endpoint(number, "/arm", first_seen)
    }
}

/// For a container that was started at 10 s and has the host name c1.
fn asked(statuses: &mut Statuses, view: &GraphView, now: u64) -> Verdict {
    let container = Whereabouts {
        hostname: "c1".to_owned(),
        since: at(10),
        ..Whereabouts::default()
    };
    let own = Own {
        view,
        at: &container,
        now: at(now),
    };
    statuses.verdict("/move", own)
}

fn heard(view: &mut GraphView, number: u8, host: &str) {
    let participant = Participant {
        hostname: Some(host.to_owned()),
        ..Participant::default()
    };
    let id = endpoint(number, "", 0).gid.participant();
    Arc::make_mut(&mut view.participants).insert(id, participant);
}

#[test]
fn without_a_server_nothing_is_under_way() {
    let mut statuses = Statuses::new(at(20));
    let view = GraphView {
        begun: at(19),
        ..GraphView::default()
    };
    let early = asked(&mut statuses, &view, 20);
    assert_eq!(early, Verdict::NotBefore(at(24)), "it may not be seen yet");
    assert_eq!(asked(&mut statuses, &view, 24), Verdict::Idle);
}

#[test]
fn what_a_server_says_counts_until_it_says_another_thing() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![server(1, 12)]);
    heard(&mut view, 1, "c1");
    let gid = endpoint(1, "", 0).gid;
    let [accepted, executing, canceling, done] = [
        GoalStatus::Accepted,
        GoalStatus::Executing,
        GoalStatus::Canceling,
        GoalStatus::Succeeded,
    ]
    .map(goal);
    statuses.note(gid, &[accepted, executing, canceling, done], at(0));
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Busy(3));
    statuses.note(gid, &[done], at(0));
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Idle);
}

#[test]
fn who_never_had_a_goal_says_nothing() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![server(1, 12)]);
    heard(&mut view, 1, "c1");
    assert_eq!(
        asked(&mut statuses, &view, 21),
        Verdict::NotBefore(at(25)),
        "what it said may be on its way"
    );
    assert_eq!(asked(&mut statuses, &view, 25), Verdict::Idle);
}

#[test]
fn goals_of_others_do_not_count() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![server(1, 12)]);
    statuses.note(
        endpoint(1, "", 0).gid,
        &[goal(GoalStatus::Executing)],
        at(0),
    );
    let early = asked(&mut statuses, &view, 14);
    assert_eq!(early, Verdict::NotBefore(at(16)), "whose it is, is unknown");
    heard(&mut view, 1, "c2");
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Idle);
    heard(&mut view, 1, "c1");
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Busy(1));
}

#[test]
fn who_has_gone_has_nothing_under_way() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![server(1, 12)]);
    heard(&mut view, 1, "c1");
    statuses.note(
        endpoint(1, "", 0).gid,
        &[goal(GoalStatus::Executing)],
        at(0),
    );
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Busy(1));
    assert_eq!(
        asked(&mut statuses, &GraphView::default(), 20),
        Verdict::Idle
    );
}

#[test]
fn what_a_server_says_before_it_is_seen_counts() {
    let mut statuses = Statuses::new(at(20));
    let nothing = GraphView {
        begun: at(10),
        ..GraphView::default()
    };
    statuses.note(
        endpoint(1, "", 0).gid,
        &[goal(GoalStatus::Executing)],
        at(20),
    );
    let early = asked(&mut statuses, &nothing, 20);
    assert_eq!(early, Verdict::NotBefore(at(25)), "whose it is, is unknown");
    let mut view = publishing(TOPIC, vec![server(1, 21)]);
    heard(&mut view, 1, "c1");
    assert_eq!(asked(&mut statuses, &view, 21), Verdict::Busy(1));
    assert_eq!(asked(&mut statuses, &view, 30), Verdict::Busy(1));
    assert_eq!(asked(&mut statuses, &nothing, 31), Verdict::Idle, "gone");
}

#[test]
fn who_is_never_seen_is_not_waited_for_long() {
    let mut statuses = Statuses::new(at(20));
    let nothing = GraphView::default();
    statuses.note(
        endpoint(1, "", 0).gid,
        &[goal(GoalStatus::Executing)],
        at(20),
    );
    assert_eq!(asked(&mut statuses, &nothing, 25), Verdict::Idle);
}

#[test]
fn a_publisher_without_a_name_counts_with_a_server_of_ours() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![server(1, 12)]);
    statuses.note(Gid([0; 16]), &[goal(GoalStatus::Executing)], at(0));
    heard(&mut view, 1, "c1");
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Busy(1));
    heard(&mut view, 1, "c2");
    assert_eq!(asked(&mut statuses, &view, 20), Verdict::Idle);
}

#[test]
fn a_server_that_keeps_nothing_cannot_be_known() {
    let mut statuses = Statuses::new(at(20));
    let mut view = publishing(TOPIC, vec![endpoint(1, "/arm", 12)]);
    heard(&mut view, 1, "c1");
    assert_eq!(asked(&mut statuses, &view, 30), Verdict::Untold);
    statuses.note(endpoint(1, "", 0).gid, &[], at(0));
    assert_eq!(asked(&mut statuses, &view, 30), Verdict::Idle);
}
