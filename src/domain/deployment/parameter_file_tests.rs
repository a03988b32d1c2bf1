#![allow(clippy::unwrap_used, reason = "a test says by it what went wrong")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{text, variables};
use crate::domain::manifest::Scalar;

fn parameters(values: &[(&str, Scalar)]) -> BTreeMap<String, Scalar> {
    let entry = |(name, value): &(&str, Scalar)| ((*name).to_owned(), value.clone());
    values.iter().map(entry).collect()
}

#[test]
fn a_value_keeps_its_type() {
    let string = |text: &str| Scalar::String(text.to_owned());
    let values = parameters(&[
        ("a", string("3")),
        ("b", string("true")),
        ("c", string("a \"b\" \\ c\n\u{85}")),
        ("d", Scalar::Integer(-3)),
        ("e", Scalar::Number(3.0)),
        ("f", Scalar::Number(1e21)),
        ("g", Scalar::Boolean(true)),
        ("h", string("")),
    ]);
    let expected = r#"/**:
  ros__parameters:
    a: "3"
    b: "true"
    c: "a \"b\" \\ c\n\u0085"
    d: -3
    e: 3.0
    f: 1.0e21
    g: true
    h: ""
"#;
    assert_eq!(text(&values), expected);
}

#[test]
fn a_variable_is_in_capital_letters() {
    let values = parameters(&[("max_range", Scalar::Number(3.0))]);
    let expected = ("SHIPMATE_PARAMETER_MAX_RANGE".to_owned(), "3.0".to_owned());
    assert_eq!(variables(&values.into()).collect::<Vec<_>>(), [expected]);
}

proptest! {
    #[test]
    fn any_yaml_reader_finds_the_same_text(value in any::<String>()) {
        let values = parameters(&[("x", Scalar::String(value.clone()))]);
        let read: serde_json::Value = serde_saphyr::from_str(&text(&values)).unwrap();
        prop_assert_eq!(&read["/**"]["ros__parameters"]["x"], &value);
    }

    #[test]
    fn any_yaml_reader_finds_the_same_number(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let values = parameters(&[("x", Scalar::Number(value))]);
        let text = text(&values);
        prop_assert!(text.contains('.'));
        let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        prop_assert_eq!(read["/**"]["ros__parameters"]["x"].as_f64(), Some(value));
    }
}
