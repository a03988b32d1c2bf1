//! Messages written by the rules of CDR, and what is read of them.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// A message as a middleware writes it.
fn written(goals: &[([u8; 16], i32, u32, u8)], little_endian: bool) -> Vec<u8> {
    let long = |number: u32| match little_endian {
        true => number.to_le_bytes(),
        false => number.to_be_bytes(),
    };
    let mut body = long(u32::try_from(goals.len()).unwrap()).to_vec();
    for (id, seconds, nanoseconds, status) in goals {
        body.extend(id);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(long(seconds.cast_unsigned()));
        body.extend(long(*nanoseconds));
        body.push(*status);
    }
    let mut message = vec![0, u8::from(little_endian), 0, 0];
    message.extend(body);
    message
}

#[test]
fn every_status_has_its_number() {
    let goals: Vec<_> = (0..=7).map(|status| ([status; 16], 1, 2, status)).collect();
    let read = read(&written(&goals, true)).unwrap();
    let under_way = |goal: &Goal| goal.status.is_under_way();
    let expected = [false, true, true, true, false, false, false, false];
    assert_eq!(read.iter().map(under_way).collect::<Vec<_>>(), expected);
    assert_eq!(read[2].status, GoalStatus::Executing);
    assert_eq!(read[7].status, GoalStatus::Unknown);
}

#[test]
fn a_number_alone_takes_no_memory() {
    assert_eq!(read(&[0, 1, 0, 0, 255, 255, 255, 255]), None);
    assert_eq!(read(&[0, 1, 0, 0, 0, 0, 0, 0]), Some(vec![]));
    assert_eq!(read(&[0, 3, 0, 0, 0, 0, 0, 0]), None, "of another kind");
    assert_eq!(read(&[]), None);
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        goals in prop::collection::vec(any::<([u8; 16], i32, u32, u8)>(), 0..20),
        little_endian: bool,
        padding in 0..4_usize,
    ) {
        let mut message = written(&goals, little_endian);
        message.resize(message.len() + padding, 0);
        let expected: Vec<_> = goals
            .iter()
            .map(|(id, _, _, status)| Goal { id: *id, status: GoalStatus::of(*status) })
            .collect();
        prop_assert_eq!(read(&message), Some(expected));
    }

    #[test]
    fn what_is_cut_off_is_no_message(
        goals in prop::collection::vec(any::<([u8; 16], i32, u32, u8)>(), 1..5),
        little_endian: bool,
        cut: prop::sample::Index,
    ) {
        let mut message = written(&goals, little_endian);
        message.truncate(cut.index(message.len()));
        prop_assert_eq!(read(&message), None);
    }

    #[test]
    fn whatever_arrives_does_no_harm(message in prop::collection::vec(any::<u8>(), 0..400)) {
        let goals = read(&message).unwrap_or_default();
        prop_assert!(goals.len() * 25 <= message.len(), "not more than what arrived");
    }
}
