//! What is read of announcements: of real ones (tests/corpus/announcements), and of what chance or malice
//! makes of them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::super::Span;
use super::*;

const MACHINE: &[u8] = include_bytes!("../../../tests/corpus/announcements/fastdds_machine.bin");
const MACHINE_LEAVES: &[u8] =
    include_bytes!("../../../tests/corpus/announcements/fastdds_machine_leaves.bin");
const CONTAINER: &[u8] =
    include_bytes!("../../../tests/corpus/announcements/fastdds_container.bin");
const CONTAINER_LEAVES: &[u8] =
    include_bytes!("../../../tests/corpus/announcements/fastdds_container_leaves.bin");
const CYCLONE: &[u8] = include_bytes!("../../../tests/corpus/announcements/cyclonedds.bin");
const CYCLONE_LEAVES: &[u8] =
    include_bytes!("../../../tests/corpus/announcements/cyclonedds_leaves.bin");
const ALL: [&[u8]; 6] = [
    MACHINE,
    MACHINE_LEAVES,
    CONTAINER,
    CONTAINER_LEAVES,
    CYCLONE,
    CYCLONE_LEAVES,
];

/// Where the pieces of a datagram lie, in all of these.
const ID: usize = 8;
const SUBMESSAGE: usize = 32;
const WRITER: usize = 44;

fn id(datagram: &[u8]) -> ParticipantId {
    ParticipantId(*datagram[ID..].first_chunk().unwrap())
}

fn here(datagram: &[u8]) -> Participant {
    match read(datagram) {
        Some(Said::Here(said, participant)) if said == id(datagram) => participant,
        other => panic!("{other:?}"),
    }
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn fast_dds_on_the_machine_is_read() {
    let expected = Participant {
        hostname: text("vm"),
        process: text("10283"),
        program: None,
        enclave: text("/"),
        vendor: Vendor::FastDds,
        addresses: addresses(&["192.0.2.2", "172.17.0.1", "172.21.0.1", "172.22.0.1"]),
        lease: Span::Of(Duration::from_secs(20)),
        senders: BTreeSet::new(),
        conflict: None,
    };
    assert_eq!(here(MACHINE), expected);
}

#[test]
fn fast_dds_in_a_container_is_read() {
    let expected = Participant {
        hostname: text("robot-arm"),
        process: text("1"),
        program: None,
        enclave: text("/"),
        vendor: Vendor::FastDds,
        addresses: addresses(&["172.17.0.6"]),
        lease: Span::Of(Duration::from_secs(20)),
        senders: BTreeSet::new(),
        conflict: None,
    };
    assert_eq!(here(CONTAINER), expected);
}

#[test]
fn cyclone_dds_is_read() {
    let expected = Participant {
        hostname: text("vm"),
        process: text("3936"),
        program: text("ddsperf"),
        enclave: None,
        vendor: Vendor::CycloneDds,
        addresses: addresses(&["192.0.2.2"]),
        lease: Span::Of(Duration::from_secs(10)),
        senders: BTreeSet::new(),
        conflict: None,
    };
    assert_eq!(here(CYCLONE), expected);
}

#[test]
fn leave_is_taken() {
    let leaves = [
        (MACHINE, MACHINE_LEAVES),
        (CONTAINER, CONTAINER_LEAVES),
        (CYCLONE, CYCLONE_LEAVES),
    ];
    for (comes, goes) in leaves {
        assert_eq!(read(goes), Some(Said::Gone(id(comes))));
    }
}

#[test]
fn nobody_takes_leave_for_another() {
    for leaves in [MACHINE_LEAVES, CYCLONE_LEAVES] {
        let mut forged = leaves.to_vec();
        forged[ID + 11] ^= 1;
        assert_eq!(read(&forged), None);
    }
}

#[test]
fn who_announces_another_contradicts_himself() {
    for announced in [MACHINE, CONTAINER, CYCLONE] {
        let mut forged = announced.to_vec();
        forged[ID + 11] ^= 1;
        let Some(Said::Here(said, participant)) = read(&forged) else {
            panic!("it is an announcement");
        };
        assert_eq!(said, id(announced));
        assert!(participant.conflict.is_some());
    }
}

#[test]
fn other_data_is_no_announcement() {
    let mut other = MACHINE.to_vec();
    other[WRITER + 2] = 3;
    assert_eq!(read(&other), None);
    assert_eq!(read(b"RTPS"), None);
    assert_eq!(read(b""), None);
}

#[test]
fn what_comes_before_is_passed_over() {
    // A submessage of another kind with four bytes, and an announcement that leaves out its length.
    let mut datagram = MACHINE[..SUBMESSAGE].to_vec();
    datagram.extend([0x80, 1, 4, 0, 0, 0, 0, 0]);
    datagram.extend(&MACHINE[SUBMESSAGE..SUBMESSAGE + 4 + 0x220]);
    assert_eq!(here(&datagram), here(MACHINE));
    let place = SUBMESSAGE + 8 + 2;
    datagram[place..place + 2].fill(0);
    assert_eq!(here(&datagram), here(MACHINE));
}

#[test]
fn addresses_are_read_from_words() {
    let said = |text: &str| address(text).map(|address| address.to_string());
    assert_eq!(said("udp/192.168.0.7:7410@2"), text("192.168.0.7"));
    assert_eq!(said(" 10.0.0.1"), text("10.0.0.1"));
    assert_eq!(said("udp/[fe80::1]:7410@1"), text("fe80::1"));
    assert_eq!(said("shm/1"), None);
    assert_eq!(said(""), None);
}

#[test]
fn texts_have_a_bound_and_no_control_characters() {
    assert_eq!(clean("a\u{1b}[31m\nb"), text("a[31mb"));
    assert_eq!(clean(&"x".repeat(70_000)).unwrap().len(), TEXT);
    assert_eq!(clean("\n"), None);
}

/// What is said in all, in bytes.
fn size(said: &Said) -> usize {
    let Said::Here(_, it) = said else {
        return 12;
    };
    let texts = [&it.hostname, &it.process, &it.program, &it.enclave];
    let texts = texts.into_iter().flatten().map(String::len);
    // As a locator of 24 bytes, or as a word of at least two letters and a comma.
    12 + texts.sum::<usize>() + 3 * it.addresses.len()
}

fn bounded(datagram: &[u8]) -> Result<(), TestCaseError> {
    let Some(said) = read(datagram) else {
        return Ok(());
    };
    prop_assert!(size(&said) <= datagram.len(), "{said:?}");
    if let Said::Here(_, it) = said {
        prop_assert!(it.addresses.len() <= ADDRESSES);
        for text in [it.hostname, it.process, it.program, it.enclave] {
            prop_assert!(text.is_none_or(|text| text.chars().count() <= TEXT));
        }
    }
    Ok(())
}

/// Changes of an announcement: bytes, pieces that come twice, and an end that is missing.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(ALL.to_vec());
    let bytes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12);
    let piece = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let pieces = prop::collection::vec((piece, 0..64_usize), 0..3);
    let cut = prop::option::of(any::<prop::sample::Index>());
    (start, bytes, pieces, cut).prop_map(|(start, bytes, pieces, cut)| {
        let mut datagram = start.to_vec();
        for ((from, to), length) in pieces {
            let from = from.index(datagram.len());
            let end = (from + length).min(datagram.len());
            let piece = datagram[from..end].to_vec();
            let to = to.index(datagram.len());
            datagram.splice(to..to, piece);
        }
        for (place, byte) in bytes {
            let place = place.index(datagram.len());
            datagram[place] = byte;
        }
        if let Some(cut) = cut {
            datagram.truncate(cut.index(datagram.len() + 1));
        }
        datagram
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_changed_announcement_does_no_harm(datagram in mutated()) {
        bounded(&datagram)?;
    }

    #[test]
    fn whatever_arrives_does_no_harm(tail in prop::collection::vec(any::<u8>(), 0..600)) {
        bounded(&tail)?;
        // Beyond the header, which chance hardly ever makes.
        bounded(&[&MACHINE[..SUBMESSAGE + 24], &tail].concat())?;
        bounded(&[&MACHINE[..SUBMESSAGE + 2], &[0, 0], &MACHINE[SUBMESSAGE + 4..56], &tail].concat())?;
    }
}

/// The same for so many more as there is time for: `cargo test --release --lib -- --ignored announcements`.
#[test]
#[ignore = "takes a minute"]
fn many_changed_announcements_do_no_harm() {
    let config = ProptestConfig::with_cases(2_000_000);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&mutated(), |datagram| bounded(&datagram))
        .unwrap();
}
