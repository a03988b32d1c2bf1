//! Who is known, and since when something contradicts itself.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::samples::at;
use super::*;

const ONE: ParticipantId = ParticipantId([1; 12]);
const TWO: ParticipantId = ParticipantId([2; 12]);

fn ip(last: u8) -> IpAddr {
    IpAddr::from([172, 17, 0, last])
}

/// On this host, at the address with this number.
fn on(hostname: &str, address: u8) -> Participant {
    Participant {
        hostname: Some(hostname.to_owned()),
        addresses: vec![ip(address)],
        lease: Span::Of(Duration::from_secs(20)),
        ..Participant::default()
    }
}

fn conflict(heard: &Heard, id: ParticipantId) -> String {
    let known = heard.participants()[&id].conflict.clone();
    known.unwrap_or_default()
}

#[test]
fn only_what_is_new_is_told() {
    let mut heard = Heard::default();
    let mut note = |said, from, now| heard.note(said, ip(from), at(now));
    assert!(note(Said::Here(ONE, on("a", 1)), 1, 0));
    assert!(!note(Said::Here(ONE, on("a", 1)), 1, 3), "the same again");
    assert!(note(Said::Here(TWO, on("b", 2)), 2, 3));
    let mut more = on("a", 1);
    more.addresses.push(ip(9));
    assert!(note(Said::Here(ONE, more), 9, 6), "another address");
    assert!(note(Said::Gone(ONE), 1, 7));
    assert!(!note(Said::Gone(ONE), 1, 8));
    assert_eq!(heard.participants().len(), 1);
    assert_eq!(conflict(&heard, TWO), "");
}

#[test]
fn silence_is_the_end() {
    let mut heard = Heard::default();
    heard.note(Said::Here(ONE, on("a", 1)), ip(1), at(0));
    heard.note(Said::Here(TWO, on("a", 1)), ip(1), at(5));
    heard.note(Said::Here(ONE, on("a", 1)), ip(1), at(10));
    assert_eq!(heard.expires_next(), Some(at(35)));
    assert!(!heard.expire(at(34)));
    assert!(heard.expire(at(35)));
    assert_eq!(heard.participants().keys().collect::<Vec<_>>(), [&ONE]);
    assert!(heard.expire(at(40)));
    assert_eq!(heard.expires_next(), None);
}

#[test]
fn leases_are_believed_within_bounds() {
    let lease = |lease| {
        let said = Participant {
            lease,
            ..Participant::default()
        };
        kept(&said).as_secs()
    };
    assert_eq!(lease(Span::Of(Duration::ZERO)), 15);
    assert_eq!(lease(Span::Of(Duration::from_secs(60))), 70);
    assert_eq!(lease(Span::Of(Duration::MAX)), 310);
    assert_eq!(lease(Span::Infinite), 310);
    assert_eq!(lease(Span::Unknown), 110);
}

#[test]
fn who_was_heard_first_stays() {
    let mut heard = Heard::default();
    heard.note(Said::Here(ONE, on("a", 1)), ip(1), at(0));
    assert!(heard.note(Said::Here(ONE, on("b", 2)), ip(2), at(3)));
    let said = "it was announced as being on host a and as being on host b";
    assert_eq!(conflict(&heard, ONE), said);
    assert_eq!(heard.participants()[&ONE].hostname.as_deref(), Some("a"));
    assert_eq!(heard.expires_next(), Some(at(30)), "the other keeps nobody");
    assert!(!heard.note(Said::Here(ONE, on("b", 2)), ip(2), at(4)));
    // What the first says on is no news, and takes nothing back.
    assert!(!heard.note(Said::Here(ONE, on("a", 1)), ip(1), at(5)));
    assert_eq!(conflict(&heard, ONE), said);
    // When the first is gone, there is nothing to contradict.
    assert!(heard.expire(at(40)));
    assert!(heard.note(Said::Here(ONE, on("b", 2)), ip(2), at(41)));
    assert_eq!(conflict(&heard, ONE), "");
    assert_eq!(heard.participants()[&ONE].hostname.as_deref(), Some("b"));
}

#[test]
fn processes_and_places_can_contradict_each_other() {
    let mut heard = Heard::default();
    let with = |process: &str, address| Participant {
        process: Some(process.to_owned()),
        ..on("a", address)
    };
    heard.note(Said::Here(ONE, with("1", 1)), ip(1), at(0));
    heard.note(Said::Here(ONE, with("2", 1)), ip(1), at(0));
    let said = "it was announced as process 1 and as process 2";
    assert_eq!(conflict(&heard, ONE), said);
    heard.note(Said::Here(TWO, on("a", 1)), ip(1), at(0));
    heard.note(Said::Here(TWO, on("a", 2)), ip(2), at(0));
    let said = "it was announced as being at 172.17.0.1 and as being at 172.17.0.2";
    assert_eq!(conflict(&heard, TWO), said);
}

#[test]
fn who_speaks_from_elsewhere_is_not_believed() {
    let mut heard = Heard::default();
    assert!(heard.note(Said::Here(ONE, on("a", 1)), ip(2), at(0)));
    let said = "it was announced from 172.17.0.2, which is not one of its addresses (172.17.0.1)";
    assert_eq!(conflict(&heard, ONE), said);
    heard.note(Said::Here(TWO, on("a", 1)), ip(1), at(0));
    assert!(heard.note(Said::Here(TWO, on("a", 1)), ip(2), at(1)));
    assert_eq!(conflict(&heard, TWO), said);
}

#[test]
fn the_machine_may_speak_over_its_loopback() {
    let mut heard = Heard::default();
    let loopback = IpAddr::from([127, 0, 0, 1]);
    heard.note(Said::Here(ONE, on("a", 1)), loopback, at(0));
    assert_eq!(conflict(&heard, ONE), "");
    assert!(heard.note(Said::Gone(ONE), loopback, at(1)));
}

#[test]
fn leave_is_taken_from_where_one_is() {
    let mut heard = Heard::default();
    heard.note(Said::Here(ONE, on("a", 1)), ip(1), at(0));
    assert!(heard.note(Said::Gone(ONE), ip(2), at(1)));
    assert!(
        conflict(&heard, ONE).contains("172.17.0.2"),
        "it is still there"
    );
    assert!(!heard.note(Said::Gone(ONE), ip(2), at(2)));
    assert!(heard.note(Said::Gone(ONE), ip(1), at(3)));
    assert!(heard.participants().is_empty());
}

#[test]
fn not_more_than_so_many_are_known() {
    let mut heard = Heard::default();
    let id = |number: usize| {
        let mut id = [0; 12];
        id[..8].copy_from_slice(&number.to_le_bytes());
        ParticipantId(id)
    };
    let voice = |number: usize| 1 + u8::try_from(number / OF_ONE_SENDER).unwrap();
    let mut note = |number, from, now| {
        let said = on("a", from);
        heard.note(Said::Here(id(number), said), ip(from), at(now))
    };
    for number in 0..KNOWN {
        assert!(note(number, voice(number), 0));
    }
    assert!(!note(KNOWN, 99, 1));
    assert!(note(KNOWN, 99, 31));
    assert_eq!(heard.participants().len(), 1);
}

#[test]
fn one_voice_does_not_keep_others_from_being_known() {
    let mut heard = Heard::default();
    let id = |number: usize| {
        let mut id = [0; 12];
        id[..8].copy_from_slice(&number.to_le_bytes());
        ParticipantId(id)
    };
    for number in 0..2 * OF_ONE_SENDER {
        heard.note(Said::Here(id(number), on("a", 1)), ip(1), at(0));
    }
    assert_eq!(heard.participants().len(), OF_ONE_SENDER);
    assert!(heard.note(Said::Here(TWO, on("b", 2)), ip(2), at(0)));
}

#[test]
fn where_announcements_come_from_is_kept() {
    let mut heard = Heard::default();
    let mut both = on("a", 1);
    both.addresses.push(ip(2));
    let loopback = IpAddr::from([127, 0, 0, 1]);
    assert!(heard.note(Said::Here(ONE, both.clone()), loopback, at(0)));
    assert!(heard.participants()[&ONE].senders.is_empty());
    assert!(heard.note(Said::Here(ONE, both.clone()), ip(1), at(0)));
    assert!(heard.note(Said::Here(ONE, both.clone()), ip(2), at(0)));
    assert!(!heard.note(Said::Here(ONE, both), ip(1), at(0)));
    let known = &heard.participants()[&ONE];
    assert_eq!(known.senders, [ip(1), ip(2)].into());
    assert_eq!(known.conflict, None);
}

/// Something that somebody says: who, where from, whether it leaves, what host and address it names.
fn saying() -> impl Strategy<Value = (u8, u8, bool, u8, u8, u64)> {
    (0..3_u8, 1..4_u8, any::<bool>(), 0..3_u8, 1..4_u8, 0..20_u64)
}

proptest! {
    /// Without having left or been silent, nobody gets another host.
    #[test]
    fn nobody_is_moved_by_words(sayings in prop::collection::vec(saying(), 1..60)) {
        let mut heard = Heard::default();
        let mut now = 0;
        for (who, from, leaves, host, address, wait) in sayings {
            now += wait;
            heard.expire(at(now));
            let before = heard.participants();
            let id = ParticipantId([who; 12]);
            let is_new = match leaves {
                true => heard.note(Said::Gone(id), ip(from), at(now)),
                false => {
                    let said = on(&host.to_string(), address);
                    heard.note(Said::Here(id, said), ip(from), at(now))
                }
            };
            let after = heard.participants();
            prop_assert_eq!(is_new, before != after, "news is what changes something");
            for (id, known) in &after {
                if let Some(earlier) = before.get(id) {
                    prop_assert_eq!(&known.hostname, &earlier.hostname);
                    prop_assert!(earlier.conflict.is_none() || known.conflict.is_some());
                }
            }
            prop_assert!(heard.expires_next().is_none_or(|next| next > at(now)));
        }
    }
}
