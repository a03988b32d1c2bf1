//! Sizes, durations and shares as a person writes them in a manifest: `512M`, `15s`, `1.5`.
//!
//! Each unit has one reader, its `FromStr`, whoever asks, and prints what it reads back unchanged.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// What is wrong with a unit's text; Display is a sentence that says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(String);

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

/// A number of bytes, 0 to 2^63 - 1. Written as bytes (`1048576`) or with a unit: `64M`, `1.5G`,
/// `512k`, `1Gi`. As with Docker, each unit is 1024 times the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

const SIZE_ALLOWED: &str = "a size such as 64M, 1.5G or 1048576 (bytes)";
const SIZE_UNITS: [char; 5] = ['k', 'm', 'g', 't', 'p'];

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not {SIZE_ALLOWED}"));
        let digits = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = size_factor(unit.trim_start()).ok_or_else(wrong)?;
        if number.starts_with('.') || number.ends_with('.') {
            return Err(wrong());
        }
        let bytes = if number.contains('.') {
            let number: f64 = number.parse().map_err(|_| wrong())?;
            (number * factor as f64).round() as u64
        } else {
            let number: u64 = number.parse().map_err(|_| wrong())?;
            number.checked_mul(factor).ok_or_else(wrong)?
        };
        if bytes > i64::MAX as u64 {
            return Err(UnitError(format!("`{text}` is too large: at most 8191P")));
        }
        Ok(Self(bytes))
    }
}

/// How many bytes `unit` stands for: nothing and `b` for one, else a letter, then `i` and `b` at will.
fn size_factor(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let Some(letter) = unit.chars().next() else {
        return Some(1);
    };
    let power = SIZE_UNITS.iter().position(|&known| known == letter)?;
    matches!(&unit[1..], "" | "i").then(|| 1024_u64.pow(power as u32 + 1))
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut count, mut unit) = (self.0, "");
        for next in ["k", "M", "G", "T", "P"] {
            if count == 0 || count % 1024 != 0 {
                break;
            }
            (count, unit) = (count / 1024, next);
        }
        write!(f, "{count}{unit}")
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": r"^[0-9]+(\.[0-9]+)? ?([bB]|[kKmMgGtTpP][iI]?[bB]?)?$",
            "format": "byte-size",
            "minimum": 0,
            "maximum": i64::MAX,
            "x-allowed": SIZE_ALLOWED,
        })
    }
}

/// A whole number of seconds, at most one hour. Written as seconds (`15`) or with units: `15s`,
/// `2m`, `1m30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seconds(pub u32);

/// The longest [`Seconds`]: one hour.
const SECONDS_MAX: u32 = 3600;
const SECONDS_ALLOWED: &str = "a time of at most 1h such as 15s, 1m30s or 90 (seconds)";

impl FromStr for Seconds {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not {SECONDS_ALLOWED}"));
        let mut rest = text;
        let mut total: u64 = 0;
        for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
            if let Some((number, after)) = rest.split_once(unit) {
                total += digits(number).ok_or_else(wrong)? * factor;
                rest = after;
            }
        }
        if rest.len() == text.len() {
            (total, rest) = (digits(text).ok_or_else(wrong)?, "");
        }
        match u32::try_from(total) {
            Ok(total) if rest.is_empty() && total <= SECONDS_MAX => Ok(Self(total)),
            _ => Err(wrong()),
        }
    }
}

/// A number of at most nine digits, which no factor here can make overflow.
fn digits(text: &str) -> Option<u64> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, seconds) => write!(f, "{seconds}s"),
            (minutes, 0) => write!(f, "{minutes}m"),
            (minutes, seconds) => write!(f, "{minutes}m{seconds}s"),
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": r"^([0-9]{1,9}|[0-9]{1,9}h([0-9]{1,9}m)?([0-9]{1,9}s)?|[0-9]{1,9}m([0-9]{1,9}s)?|[0-9]{1,9}s)$",
            "format": "seconds",
            "minimum": 0,
            "maximum": SECONDS_MAX,
            "x-allowed": SECONDS_ALLOWED,
        })
    }
}

/// A number of processor cores: above 0, at most 1024, fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Cpus(pub f64);

impl<'de> Deserialize<'de> for Cpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cores = f64::deserialize(deserializer)?;
        if cores > 0.0 && cores <= 1024.0 {
            return Ok(Self(cores));
        }
        Err(de::Error::custom(format!(
            "{cores} is not a number of cores above 0 and at most 1024"
        )))
    }
}

impl JsonSchema for Cpus {
    fn schema_name() -> Cow<'static, str> {
        "Cpus".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1024 })
    }
}

/// Reads a unit from text or from a whole number.
struct UnitVisitor<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = UnitError>> Visitor<'_> for UnitVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

macro_rules! serde_as_text {
    ($($unit:ty),+) => {$(
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(UnitVisitor(std::marker::PhantomData))
            }
        }
    )+};
}

serde_as_text!(ByteSize, Seconds);

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
