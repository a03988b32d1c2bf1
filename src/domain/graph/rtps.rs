//! The parts that DDS' messages are made of (RTPS 2.3, chapter 9).
//!
//! All of it is read in place: nothing is reserved for what a message only claims to have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Span;

/// The end of a list of parameters.
pub const PID_SENTINEL: u16 = 1;

/// The byte order: whether little-endian.
#[derive(Clone, Copy, Debug)]
pub struct Order(pub bool);

impl Order {
    /// Two bytes as a number.
    pub fn short(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self(true) => u16::from_le_bytes(bytes),
            Self(false) => u16::from_be_bytes(bytes),
        }
    }

    /// Takes a number of four bytes.
    pub fn take_long(self, bytes: &mut &[u8]) -> Option<u32> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(match self {
            Self(true) => u32::from_le_bytes(*first),
            Self(false) => u32::from_be_bytes(*first),
        })
    }

    /// Takes a text with its length before it and a NUL behind it, filled up to a multiple of four.
    pub fn take_text<'a>(self, bytes: &mut &'a [u8]) -> Option<&'a str> {
        let length = usize::try_from(self.take_long(bytes)?).ok()?;
        let text = bytes.get(..length)?.strip_suffix(&[0])?;
        *bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        std::str::from_utf8(text).ok()
    }

    /// Takes a parameter: its kind and its value. None at the end of the message or where it makes no
    /// sense; what is behind a sentinel is no parameter.
    pub fn take_parameter<'a>(self, bytes: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
        let [a, b, c, d, after @ ..] = *bytes else {
            return None;
        };
        let kind = self.short([*a, *b]);
        // A sentinel's length has no meaning.
        let length = match kind {
            PID_SENTINEL => 0,
            _ => usize::from(self.short([*c, *d])),
        };
        let value = after.get(..length)?;
        *bytes = after.get(length..)?;
        Some((kind, value))
    }

    /// Where somebody is to be reached by UDP or TCP.
    pub fn address(self, mut locator: &[u8]) -> Option<IpAddr> {
        let kind = self.take_long(&mut locator)?;
        let _port = self.take_long(&mut locator)?;
        let address: [u8; 16] = *locator.first_chunk()?;
        let [.., a, b, c, d] = address;
        match kind {
            1 | 4 => Some(Ipv4Addr::new(a, b, c, d).into()),
            2 | 8 => Some(Ipv6Addr::from(address).into()),
            _ => None,
        }
    }

    /// Seconds, and a fraction of a second in 32 bits.
    pub fn span(self, mut bytes: &[u8]) -> Span {
        let (Some(seconds), Some(fraction)) =
            (self.take_long(&mut bytes), self.take_long(&mut bytes))
        else {
            return Span::Unknown;
        };
        if seconds >= 0x7fff_ffff {
            return Span::Infinite;
        }
        let nanoseconds = (u64::from(fraction) * 1_000_000_000) >> 32;
        let whole = Duration::from_secs(seconds.into());
        Span::Of(whole + Duration::from_nanos(nanoseconds))
    }
}
