use std::collections::BTreeMap;
use std::time::Duration;

use super::by_hand::HAND_IS_SURE;
use super::*;

fn see(state: &mut ExecutableState, sequence: Sequence, container: ContainerState) {
    let facts = ContainerFacts {
        id: "c1".to_owned(),
        name: "t-arm-main-arm".to_owned(),
        labels: BTreeMap::new(),
        state: container,
        ports: Vec::new(),
        ..ContainerFacts::default()
    };
    state.observe(&facts, sequence, rules(0, &RestartLimits::default()));
}

fn rules(seconds: u64, limits: &RestartLimits) -> Rules<'_> {
    Rules {
        policy: Restart::Always,
        limits,
        seed: 0,
        wanted: true,
        by_hand: ChangesByHand::Restore,
        grace: Duration::ZERO,
        unseen: false,
        now: Monotonic(Duration::from_secs(seconds)),
    }
}

fn exit_at(moment: &str) -> ContainerState {
    ContainerState::Exited(Exit {
        code: 3,
        ended_at: moment.to_owned(),
        ..Exit::default()
    })
}

#[test]
fn what_a_killed_node_has_started_counts_as_started() {
    for container in [ContainerState::Running, exit_at("noon")] {
        let mut state = ExecutableState::default();
        see(&mut state, 1, container);
        assert!(state.started);
    }
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Created);
    assert!(!state.started);
}

#[test]
fn a_start_that_is_seen_before_its_end_is_no_restart() {
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Created);
    state.begin(Operation::Start, 1, Monotonic(Duration::ZERO));
    see(&mut state, 2, ContainerState::Running);
    state.was_started(Monotonic(Duration::ZERO));
    assert!(state.started);
    assert_eq!(state.restarts, 0);
}

#[test]
fn old_news_do_not_undo_newer_ones() {
    let mut state = ExecutableState::default();
    see(&mut state, 5, ContainerState::Running);
    see(&mut state, 3, ContainerState::Created);
    state.vanish(4, rules(0, &RestartLimits::default()));
    assert!(state.is_running());
    state.removed(6);
    see(&mut state, 5, ContainerState::Running);
    assert!(state.is_absent());
}

#[test]
fn two_ends_that_look_alike_are_two() {
    let mut state = ExecutableState::default();
    see(&mut state, 1, exit_at("noon"));
    see(&mut state, 2, exit_at("noon"));
    assert_eq!(state.failures_in_a_row, 1);
    see(&mut state, 3, exit_at("a second later"));
    assert_eq!(state.failures_in_a_row, 2);
}

#[test]
fn a_signal_by_hand_explains_the_end_and_is_no_failure() {
    let limits = RestartLimits::default();
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Running);
    state.signalled(15, Monotonic(Duration::ZERO));
    see(&mut state, 2, exit_at("noon"));
    assert_eq!(state.failures_in_a_row, 0);
    assert!(state.restart_reason().contains("by hand (SIGTERM)"));
    assert!(state.not_before.is_some() && state.first_failure.is_none());

    let leave = Rules {
        by_hand: ChangesByHand::Leave,
        ..rules(100, &limits)
    };
    let facts = |container| ContainerFacts {
        id: "c1".to_owned(),
        state: container,
        ..ContainerFacts::default()
    };
    state.observe(&facts(ContainerState::Running), 3, leave);
    state.signalled(9, leave.now);
    state.observe(&facts(exit_at("later")), 4, leave);
    assert_eq!(state.left(), Some("was stopped by hand (SIGKILL)"));
    assert!(!state.promote_hand(leave.now), "it may be the engine's end");
    assert!(state.left.is_none());
    assert!(state.promote_hand(leave.now + HAND_IS_SURE));
    assert!(state.left.is_some());
    state.observe(&facts(ContainerState::Running), 5, leave);
    assert_eq!(state.left(), None, "somebody started it again");
}

#[test]
fn an_engine_that_is_shut_down_is_no_hand() {
    let limits = RestartLimits::default();
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Running);
    state.signalled(15, Monotonic(Duration::ZERO));
    state.engine_lost();
    let unseen = Rules {
        unseen: true,
        by_hand: ChangesByHand::Leave,
        ..rules(1, &limits)
    };
    let facts = ContainerFacts {
        id: "c1".to_owned(),
        state: exit_at("noon"),
        ..ContainerFacts::default()
    };
    state.observe(&facts, 2, unseen);
    assert_eq!((state.left(), state.failures_in_a_row), (None, 0));
    assert!(
        state
            .restart_reason()
            .contains("while Docker could not be asked")
    );
}

#[test]
fn an_old_signal_explains_nothing() {
    let limits = RestartLimits::default();
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Running);
    state.signalled(2, Monotonic(Duration::ZERO));
    let facts = ContainerFacts {
        id: "c1".to_owned(),
        state: exit_at("noon"),
        ..ContainerFacts::default()
    };
    state.observe(&facts, 2, rules(11, &limits));
    assert_eq!(state.failures_in_a_row, 1);
}

#[test]
fn an_end_that_was_told_before_the_node_restarted_is_not_counted_again() {
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Running);
    see(&mut state, 2, exit_at("noon"));
    let text = serde_json::to_string(&state).unwrap_or_default();
    let mut after: ExecutableState = serde_json::from_str(&text).unwrap_or_default();
    see(&mut after, 1, exit_at("noon"));
    assert_eq!(after.failures_in_a_row, 0);
    assert!(after.last_exit.is_some());
}

#[test]
fn one_that_is_not_alive_is_stopped_and_counts_as_failed() {
    let mut state = ExecutableState::default();
    see(&mut state, 1, ContainerState::Running);
    state.ailing = Some("nothing listens on port 80".to_owned());
    state.begin(Operation::Stop, 1, Monotonic(Duration::ZERO));
    state.signalled(2, Monotonic(Duration::ZERO));
    state.was_stopped(Monotonic(Duration::ZERO));
    state.signalled(2, Monotonic(Duration::ZERO));
    see(&mut state, 2, exit_at("noon"));
    assert_eq!(state.failures_in_a_row, 1);
    assert!(
        state
            .restart_reason()
            .contains("not alive: nothing listens")
    );
}
