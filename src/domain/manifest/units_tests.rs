#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{ByteSize, Cpus, Seconds};

#[test]
fn sizes_are_read_like_dockers() {
    let cases = [
        ("0", 0),
        ("1048576", 1 << 20),
        ("64M", 64 << 20),
        ("64 mb", 64 << 20),
        ("512k", 512 << 10),
        ("1Gi", 1 << 30),
        ("1GiB", 1 << 30),
        ("1.5G", 3 << 29),
        ("7b", 7),
    ];
    for (text, bytes) in cases {
        assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
    }
}

#[test]
fn what_is_no_size_is_refused() {
    for text in [
        "",
        "M",
        "64X",
        "-1",
        "1.2.3M",
        "1e9",
        "64Mx",
        "99999999P",
        "9000P",
        "٣M",
    ] {
        assert!(text.parse::<ByteSize>().is_err(), "{text}");
    }
}

#[test]
fn times_are_read_with_and_without_units() {
    let cases = [
        ("15", 15),
        ("15s", 15),
        ("2m", 120),
        ("1m30s", 90),
        ("1h", 3600),
        ("0s", 0),
    ];
    for (text, seconds) in cases {
        assert_eq!(text.parse(), Ok(Seconds(seconds)), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "s",
        "1h1s",
        "61m",
        "30s1m",
        "1.5s",
        "-1s",
        "1m 30s",
        "9999999999s",
        "1d",
    ] {
        assert!(text.parse::<Seconds>().is_err(), "{text}");
    }
}

#[test]
fn shares_have_bounds() {
    for text in ["0", "-1", "1025"] {
        assert!(serde_json::from_str::<Cpus>(text).is_err(), "{text}");
    }
    assert_eq!(serde_json::from_str::<Cpus>("2").ok(), Some(Cpus(2.0)));
}

proptest! {
    #[test]
    fn a_size_survives_printing(bytes in 0..=i64::MAX as u64, shift in 0_u32..60) {
        let size = ByteSize(bytes >> shift << (shift % 45) & i64::MAX as u64);
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }

    #[test]
    fn a_time_survives_printing(seconds in 0_u32..=3600) {
        prop_assert_eq!(Seconds(seconds).to_string().parse(), Ok(Seconds(seconds)));
    }

    #[test]
    fn no_text_makes_a_unit_panic(text in "\\PC*") {
        let _ = text.parse::<ByteSize>();
        let _ = text.parse::<Seconds>();
    }

    /// The schema's pattern refuses no text that the reader takes.
    #[test]
    fn the_readers_take_only_what_the_schema_allows(text in "[0-9.]{0,5} ?[bkmgtpihsBKMGTPI0-9]{0,5}") {
        let matches = |schema: schemars::Schema, text: &str| {
            let pattern = schema.get("pattern").and_then(|p| p.as_str()).map(str::to_owned);
            regex::Regex::new(&pattern.unwrap()).unwrap().is_match(text)
        };
        if text.parse::<ByteSize>().is_ok() {
            prop_assert!(matches(schemars::schema_for!(ByteSize), &text), "{}", text);
        }
        if text.parse::<Seconds>().is_ok() {
            prop_assert!(matches(schemars::schema_for!(Seconds), &text), "{}", text);
        }
    }
}
