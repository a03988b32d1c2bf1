//! What a DDS participant says when it announces itself: who it is, on which host, and that it leaves.
//!
//! rcl does not hand it on, but it comes as a datagram to a group that anyone can hear (RTPS 2.3,
//! 8.5.3 and 9.6.2). Fast DDS, Cyclone DDS and RTI Connext put the host's name and the process into
//! their properties. Whatever else arrives is not an announcement, and is passed over. What comes out
//! is never larger than what came in, and has its own bounds beside that.

use std::net::{IpAddr, SocketAddr};

use super::rtps::{Order, PID_SENTINEL};
use super::{Participant, ParticipantId, Vendor};

/// How many addresses of a participant are kept; a machine has one for each of its networks.
pub const ADDRESSES: usize = 64;
/// How long a text may be, in characters; the name of a host has no more.
pub const TEXT: usize = 255;

/// The submessage that carries data.
const DATA: u8 = 0x15;
/// Who writes announcements, in every participant.
const ANNOUNCER: [u8; 4] = [0, 1, 0, 0xc2];
/// Flags of a submessage.
const LITTLE_ENDIAN: u8 = 1;
const INLINE_QOS: u8 = 2;
const HAS_DATA: u8 = 4;
const HAS_KEY: u8 = 8;

const PID_PARTICIPANT_LEASE_DURATION: u16 = 0x02;
const PID_VENDOR: u16 = 0x16;
const PID_USER_DATA: u16 = 0x2c;
const PID_DEFAULT_UNICAST_LOCATOR: u16 = 0x31;
const PID_METATRAFFIC_UNICAST_LOCATOR: u16 = 0x32;
const PID_PARTICIPANT_GUID: u16 = 0x50;
const PID_PROPERTY_LIST: u16 = 0x59;
const PID_KEY_HASH: u16 = 0x70;
const PID_STATUS_INFO: u16 = 0x71;

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A participant is there.
    Here(ParticipantId, Participant),
    /// A participant leaves.
    Gone(ParticipantId),
}

/// Reads a datagram; None when it neither announces a participant nor takes leave of one.
pub fn read(datagram: &[u8]) -> Option<Said> {
    let header = datagram.strip_prefix(b"RTPS")?;
    let [_, _, a, b, ..] = *header else {
        return None;
    };
    let sender = ParticipantId(*header.get(4..)?.first_chunk()?);
    let mut rest = header.get(16..)?;
    while let [kind, flags, q, r, after @ ..] = rest {
        let order = Order(flags & LITTLE_ENDIAN != 0);
        let length = usize::from(order.short([*q, *r]));
        // The last one may leave out its length.
        let length = if length == 0 && *kind == DATA {
            after.len()
        } else {
            length
        };
        if *kind == DATA
            && let Some(said) = data(order, *flags, after.get(..length)?)
        {
            return by(sender, Vendor::of([a, b]), said);
        }
        rest = after.get(length..)?;
    }
    None
}

/// What was said, in view of who has sent it. Each participant speaks for itself.
fn by(sender: ParticipantId, vendor: Vendor, said: Said) -> Option<Said> {
    match said {
        Said::Gone(id) => (id == sender).then_some(Said::Gone(id)),
        Said::Here(id, mut participant) => {
            if id != sender {
                let why = "another participant announced it in its place";
                participant.conflict = Some(why.to_owned());
            }
            let told = [id.vendor(), participant.vendor, vendor];
            let known = told.into_iter().find(|told| *told != Vendor::Unknown);
            participant.vendor = known.unwrap_or_default();
            Some(Said::Here(id, participant))
        }
    }
}

fn data(order: Order, flags: u8, body: &[u8]) -> Option<Said> {
    let [_, _, q, r, _, _, _, _, a, b, c, d, ..] = *body else {
        return None;
    };
    if [a, b, c, d] != ANNOUNCER {
        return None;
    }
    // Counted from behind itself.
    let mut payload = body.get(4 + usize::from(order.short([q, r]))..)?;
    let (mut leaves, mut key) = (false, None);
    if flags & INLINE_QOS != 0 {
        loop {
            match order.take_parameter(&mut payload)? {
                (PID_SENTINEL, _) => break,
                (PID_STATUS_INFO, value) => leaves = value.get(3).is_some_and(|bits| bits & 3 != 0),
                (PID_KEY_HASH, value) => key = value.first_chunk().copied().map(ParticipantId),
                _ => {}
            }
        }
    }
    let announced = match flags & (HAS_DATA | HAS_KEY) {
        0 => None,
        _ => parameters(payload),
    };
    if leaves {
        let id = key.or(announced.map(|(id, _)| id))?;
        return Some(Said::Gone(id));
    }
    let (id, participant) = announced.filter(|_| flags & HAS_DATA != 0)?;
    Some(Said::Here(id, participant))
}

fn parameters(payload: &[u8]) -> Option<(ParticipantId, Participant)> {
    let (encapsulation, mut rest) = payload.split_first_chunk::<4>()?;
    let order = match encapsulation[1] {
        2 => Order(false),
        3 => Order(true),
        _ => return None,
    };
    let mut id = None;
    let mut participant = Participant::default();
    // Some leave out the sentinel at the end; a parameter that is cut off makes it no announcement.
    while !rest.is_empty() {
        match order.take_parameter(&mut rest)? {
            (PID_SENTINEL, _) => break,
            (PID_PARTICIPANT_GUID, value) => id = value.first_chunk().copied().map(ParticipantId),
            (PID_DEFAULT_UNICAST_LOCATOR | PID_METATRAFFIC_UNICAST_LOCATOR, value) => {
                participant.reach(order.address(value));
            }
            (PID_PARTICIPANT_LEASE_DURATION, value) => participant.lease = order.span(value),
            (PID_VENDOR, &[a, b, ..]) => participant.vendor = Vendor::of([a, b]),
            (PID_USER_DATA, value) => participant.enclave = enclave(order, value),
            (PID_PROPERTY_LIST, value) => participant.properties(order, value),
            _ => {}
        }
    }
    id.map(|id| (id, participant))
}

impl Participant {
    fn reach(&mut self, address: Option<IpAddr>) {
        let is_new = |address: &IpAddr| !self.addresses.contains(address);
        if let Some(address) = address.filter(is_new)
            && self.addresses.len() < ADDRESSES
        {
            self.addresses.push(address);
        }
    }

    /// The list may be cut off: what came before that counts.
    fn properties(&mut self, order: Order, mut list: &[u8]) {
        let number = order.take_long(&mut list).unwrap_or_default();
        for _ in 0..number {
            let name = order.take_text(&mut list);
            let (Some(name), Some(value)) = (name, order.take_text(&mut list)) else {
                return;
            };
            match name {
                // Behind the host's name, Fast DDS writes a number of its own.
                "fastdds.physical_data.host" => {
                    let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
                    self.hostname = clean(host);
                }
                "__Hostname" | "dds.sys_info.hostname" => self.hostname = clean(value),
                "fastdds.physical_data.process" | "__Pid" | "dds.sys_info.process_id" => {
                    self.process = clean(value);
                }
                "__ProcessName" | "dds.sys_info.executable_filepath" => {
                    self.program = clean(value);
                }
                "__NetworkAddresses" => value
                    .split(',')
                    .take(ADDRESSES)
                    .for_each(|word| self.reach(address(word))),
                _ => {}
            }
        }
    }
}

/// An address in words, such as `udp/192.168.0.7:7410@2`; only the address itself has to be there.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim();
    let word = word.rsplit_once('/').map_or(word, |(_, after)| after);
    let word = word.split_once('@').map_or(word, |(before, _)| before);
    let with_port = || word.parse().map(|address: SocketAddr| address.ip());
    word.parse().or_else(|_| with_port()).ok()
}

/// From what ROS writes there: `enclave=/name;`.
fn enclave(order: Order, mut data: &[u8]) -> Option<String> {
    let length = usize::try_from(order.take_long(&mut data)?).ok()?;
    let text = std::str::from_utf8(data.get(..length)?).ok()?;
    let mut settings = text
        .split(';')
        .filter_map(|setting| setting.split_once('='));
    let (_, enclave) = settings.find(|(name, _)| *name == "enclave")?;
    clean(enclave)
}

/// A text that may be shown; None when nothing is left of it.
fn clean(text: &str) -> Option<String> {
    let shown = text.chars().filter(|c| !c.is_control());
    let text: String = shown.take(TEXT).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
#[path = "announcement_tests.rs"]
mod tests;
