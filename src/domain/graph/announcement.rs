//! What a DDS participant says when it announces itself: who it is, and on which host.
//!
//! rcl does not hand it on, but it comes as a datagram to a group that anyone can hear (RTPS 2.3,
//! 8.5.3 and 9.6.2). Fast DDS puts the host's name into its properties. Whatever else arrives is not
//! an announcement, and is passed over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Participant, ParticipantId};

/// The submessage that carries data.
const DATA: u8 = 0x15;
/// Who writes announcements, in every participant.
const ANNOUNCER: [u8; 4] = [0, 1, 0, 0xc2];
/// Flags of a submessage.
const LITTLE_ENDIAN: u8 = 1;
const INLINE_QOS: u8 = 2;
const HAS_DATA: u8 = 4;

const PID_SENTINEL: u16 = 1;
const PID_DEFAULT_UNICAST_LOCATOR: u16 = 0x31;
const PID_METATRAFFIC_UNICAST_LOCATOR: u16 = 0x32;
const PID_PARTICIPANT_GUID: u16 = 0x50;
const PID_PROPERTY_LIST: u16 = 0x59;

/// Fast DDS' name for its host; the value has a number behind a colon.
const HOST: &str = "fastdds.physical_data.host";

/// Reads a datagram; None when it announces no participant.
pub fn read(datagram: &[u8]) -> Option<(ParticipantId, Participant)> {
    let mut rest = datagram.strip_prefix(b"RTPS")?.get(16..)?;
    while let [kind, flags, a, b, after @ ..] = rest {
        let order = Order(flags & LITTLE_ENDIAN != 0);
        let length = usize::from(order.short([*a, *b]));
        // The last one may leave out its length.
        let length = if length == 0 && *kind == DATA {
            after.len()
        } else {
            length
        };
        if *kind == DATA
            && let Some(found) = data(order, *flags, after.get(..length)?)
        {
            return Some(found);
        }
        rest = after.get(length..)?;
    }
    None
}

/// The byte order: whether little-endian.
#[derive(Clone, Copy)]
struct Order(bool);

impl Order {
    fn short(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self(true) => u16::from_le_bytes(bytes),
            Self(false) => u16::from_be_bytes(bytes),
        }
    }

    fn long(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self(true) => u32::from_le_bytes(bytes),
            Self(false) => u32::from_be_bytes(bytes),
        }
    }

    fn take_long(self, bytes: &mut &[u8]) -> Option<u32> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(self.long(*first))
    }

    /// A text with its length before it and a NUL behind it, filled up to a multiple of four.
    fn take_text<'a>(self, bytes: &mut &'a [u8]) -> Option<&'a str> {
        let length = usize::try_from(self.take_long(bytes)?).ok()?;
        let text = bytes.get(..length)?.strip_suffix(&[0])?;
        *bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        std::str::from_utf8(text).ok()
    }
}

fn data(order: Order, flags: u8, body: &[u8]) -> Option<(ParticipantId, Participant)> {
    let [_, _, q, r, _, _, _, _, a, b, c, d, ..] = *body else {
        return None;
    };
    if [a, b, c, d] != ANNOUNCER || flags & HAS_DATA == 0 || flags & INLINE_QOS != 0 {
        return None;
    }
    // Counted from behind itself.
    let payload = body.get(4 + usize::from(order.short([q, r]))..)?;
    let [_, encapsulation, _, _, parameters @ ..] = payload else {
        return None;
    };
    match encapsulation {
        2 => parameters_of(Order(false), parameters),
        3 => parameters_of(Order(true), parameters),
        _ => None,
    }
}

fn parameters_of(order: Order, mut rest: &[u8]) -> Option<(ParticipantId, Participant)> {
    let mut id = None;
    let mut participant = Participant::default();
    while let [a, b, c, d, after @ ..] = rest {
        let kind = order.short([*a, *b]);
        if kind == PID_SENTINEL {
            break;
        }
        let length = usize::from(order.short([*c, *d]));
        let value = after.get(..length)?;
        rest = after.get(length..)?;
        match kind {
            PID_PARTICIPANT_GUID => id = value.first_chunk().copied().map(ParticipantId),
            PID_DEFAULT_UNICAST_LOCATOR | PID_METATRAFFIC_UNICAST_LOCATOR => {
                let address = address(order, value);
                let new = address.filter(|address| !participant.addresses.contains(address));
                participant.addresses.extend(new);
            }
            PID_PROPERTY_LIST => participant.hostname = hostname(order, value),
            _ => {}
        }
    }
    id.map(|id| (id, participant))
}

/// Where somebody is to be reached by UDP or TCP.
fn address(order: Order, mut locator: &[u8]) -> Option<IpAddr> {
    let kind = order.take_long(&mut locator)?;
    let _port = order.take_long(&mut locator)?;
    let address: [u8; 16] = *locator.first_chunk()?;
    let [.., a, b, c, d] = address;
    match kind {
        1 | 4 => Some(Ipv4Addr::new(a, b, c, d).into()),
        2 | 8 => Some(Ipv6Addr::from(address).into()),
        _ => None,
    }
}

fn hostname(order: Order, mut properties: &[u8]) -> Option<String> {
    let number = order.take_long(&mut properties)?;
    for _ in 0..number {
        let name = order.take_text(&mut properties)?;
        let value = order.take_text(&mut properties)?;
        if name == HOST {
            let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
            return Some(host.to_owned());
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = (u32::try_from(text.len()).unwrap() + 1)
            .to_le_bytes()
            .to_vec();
        bytes.extend(text.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn parameter(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_le_bytes();
        [&kind.to_le_bytes(), &length, value].concat()
    }

    fn locator(kind: u32, address: [u8; 4]) -> Vec<u8> {
        let port = 7410_u32.to_le_bytes();
        [&kind.to_le_bytes()[..], &port, &[0; 12], &address].concat()
    }

    /// An announcement as Fast DDS sends it, with a time stamp before it.
    fn announcement(writer: [u8; 4]) -> Vec<u8> {
        let properties = [
            2_u32.to_le_bytes().to_vec(),
            text("PARTICIPANT_TYPE"),
            text("SIMPLE"),
            text(HOST),
            text("a1b2:c3:42"),
        ];
        let parameters = [
            parameter(PID_PARTICIPANT_GUID, &[7; 16]),
            parameter(
                PID_METATRAFFIC_UNICAST_LOCATOR,
                &locator(1, [172, 17, 0, 2]),
            ),
            parameter(PID_DEFAULT_UNICAST_LOCATOR, &locator(1, [172, 17, 0, 2])),
            parameter(PID_DEFAULT_UNICAST_LOCATOR, &locator(16, [1, 1, 1, 1])),
            parameter(PID_PROPERTY_LIST, &properties.concat()),
            parameter(PID_SENTINEL, &[]),
        ];
        let body = [
            &[0, 0, 16, 0][..],
            &[0; 4],
            &writer,
            &[0; 8],
            &[0, 3, 0, 0],
            &parameters.concat(),
        ]
        .concat();
        let length = u16::try_from(body.len()).unwrap().to_le_bytes();
        [
            &b"RTPS"[..],
            &[2, 3, 1, 15],
            &[9; 12],
            &[0x09, LITTLE_ENDIAN, 8, 0],
            &[0; 8],
            &[DATA, LITTLE_ENDIAN | HAS_DATA],
            &length,
            &body,
        ]
        .concat()
    }

    #[test]
    fn an_announcement_is_read() {
        let (id, participant) = read(&announcement(ANNOUNCER)).unwrap();
        assert_eq!(id, ParticipantId([7; 12]));
        assert_eq!(participant.hostname.as_deref(), Some("a1b2:c3"));
        assert_eq!(
            participant.addresses,
            [IpAddr::from([172, 17, 0, 2])],
            "each once, and shared memory has none"
        );
    }

    #[test]
    fn other_data_is_no_announcement() {
        assert_eq!(read(&announcement([0, 0, 3, 0xc2])), None);
        assert_eq!(read(b"RTPS"), None);
        assert_eq!(read(b""), None);
    }

    proptest! {
        #[test]
        fn whatever_arrives_does_no_harm(
            mut datagram in Just(announcement(ANNOUNCER)),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
        ) {
            for (place, byte) in changes {
                let place = place.index(datagram.len());
                datagram[place] = byte;
            }
            datagram.truncate(cut.index(datagram.len() + 1));
            read(&datagram);
        }
    }
}
