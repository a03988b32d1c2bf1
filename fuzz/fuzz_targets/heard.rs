//! Whatever datagrams arrive, from whomever and whenever: not too many are known, and nobody who is
//! known gets another host or process without its being flagged.
#![no_main]

use std::net::IpAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use shipmate::domain::graph::announcement::{ADDRESSES, Said, read};
use shipmate::domain::graph::heard::{Heard, KNOWN, OF_ONE_SENDER};
use shipmate::domain::graph::{Participant, ParticipantId};
use shipmate::domain::time::Monotonic;

/// One datagram.
#[derive(Arbitrary, Debug)]
struct Arrival<'a> {
    /// The last number of the sender's address; 0 is the loopback.
    from: u8,
    /// The seconds since the one before.
    wait: u8,
    content: Content<'a>,
}

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    Bytes(&'a [u8]),
    /// So that many are about the same few, which bytes hardly ever are.
    Words {
        who: u8,
        host: u8,
        process: u8,
        addresses: [u8; 2],
    },
    Leave {
        who: u8,
    },
}

fn address(last: u8) -> IpAddr {
    match last {
        0 => IpAddr::from([127, 0, 0, 1]),
        last => IpAddr::from([172, 17, 0, last]),
    }
}

fn said(content: &Content<'_>) -> Option<Said> {
    let id = |who: u8| ParticipantId([who % 4; 12]);
    match *content {
        Content::Bytes(bytes) => read(bytes),
        Content::Leave { who } => Some(Said::Gone(id(who))),
        Content::Words {
            who,
            host,
            process,
            addresses,
        } => {
            let participant = Participant {
                hostname: (host > 0).then(|| host.to_string()),
                process: (process > 0).then(|| process.to_string()),
                addresses: addresses.map(address).to_vec(),
                ..Participant::default()
            };
            Some(Said::Here(id(who), participant))
        }
    }
}

fuzz_target!(|datagrams: Vec<Arrival<'_>>| {
    let mut heard = Heard::default();
    let mut now = Monotonic::default();
    for datagram in &datagrams {
        now = now + Duration::from_secs(datagram.wait.into());
        heard.expire(now);
        let before = heard.participants();
        let Some(said) = said(&datagram.content) else {
            continue;
        };
        heard.note(said, address(datagram.from), now);
        let after = heard.participants();
        assert!(after.len() <= KNOWN.min(256 * OF_ONE_SENDER));
        for (id, known) in &after {
            assert!(known.addresses.len() <= ADDRESSES && known.senders.len() <= ADDRESSES);
            let Some(earlier) = before.get(id) else {
                continue;
            };
            assert!(
                earlier.conflict.is_none() || known.conflict.is_some(),
                "flags stay"
            );
            assert!(moved(&earlier.hostname, &known.hostname).is_none());
            assert!(moved(&earlier.process, &known.process).is_none());
        }
    }
});

/// From what to what, if it was told before and is another one now.
fn moved<'a>(before: &'a Option<String>, after: &'a Option<String>) -> Option<(&'a str, &'a str)> {
    let (before, after) = (before.as_deref()?, after.as_deref()?);
    (before != after).then_some((before, after))
}
