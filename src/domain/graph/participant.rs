//! Who takes part in a DDS domain.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Span;

/// What DDS knows a participant by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub [u8; 12]);

impl ParticipantId {
    /// Whose DDS it is: that is in the first two bytes, but for some old ones.
    pub fn vendor(self) -> Vendor {
        let Self([a, b, ..]) = self;
        Vendor::of([a, b])
    }
}

/// Whose DDS a participant uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// eProsima Fast DDS.
    FastDds,
    /// Eclipse Cyclone DDS.
    CycloneDds,
    /// RTI Connext DDS.
    RtiConnext,
    /// Another one, by the number that the OMG has given it.
    Other([u8; 2]),
    /// It is not told.
    #[default]
    Unknown,
}

impl Vendor {
    /// By the number that the OMG has given it; all of them begin with 1.
    pub fn of(number: [u8; 2]) -> Self {
        match number {
            [1, 0x01] => Self::RtiConnext,
            [1, 0x0f] => Self::FastDds,
            [1, 0x10] => Self::CycloneDds,
            [1, _] => Self::Other(number),
            _ => Self::Unknown,
        }
    }
}

impl std::fmt::Display for Vendor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FastDds => f.write_str("Fast DDS"),
            Self::CycloneDds => f.write_str("Cyclone DDS"),
            Self::RtiConnext => f.write_str("RTI Connext DDS"),
            Self::Other([a, b]) => write!(f, "a DDS with the vendor id {a:02x}.{b:02x}"),
            Self::Unknown => f.write_str("an unknown DDS"),
        }
    }
}

/// What a participant says of itself when it announces itself. Nobody can tell whether it is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participant {
    /// The name of its host, as the process sees it.
    pub hostname: Option<String>,
    /// The number of its process, as the process sees it: in a container, often 1.
    pub process: Option<String>,
    /// The name of its program.
    pub program: Option<String>,
    /// Its ROS enclave; `/` unless somebody has set one.
    pub enclave: Option<String>,
    /// Whose DDS it uses.
    pub vendor: Vendor,
    /// Where it is to be reached.
    pub addresses: Vec<IpAddr>,
    /// After how long a silence it counts as gone.
    pub lease: Span,
    /// Where its announcements came from: what others can see of where it is. The loopback is not
    /// among them, since that is every process of this machine.
    pub senders: BTreeSet<IpAddr>,
    /// What it said that contradicts what else is known of it, in words.
    pub conflict: Option<String>,
}

/// Participants that were heard announcing themselves.
pub type Participants = BTreeMap<ParticipantId, Participant>;
