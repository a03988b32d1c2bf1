#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{bind, expand};
use crate::domain::manifest::values::Values;
use crate::domain::manifest::{Package, Scalar, parse};

fn package() -> Package {
    let text = "
manifest: 1
name: p
version: 1.0.0
parameters:
  id: {type: string, required: true}
  speed: {type: number, default: 3}
  count: {type: integer, default: 1}
  loud: {type: boolean, default: false}
components: [{name: c, executables: [{name: e, image: i}]}]
";
    parse(text, "").unwrap().remove(0).package
}

fn bound(given: &[(&str, &str)]) -> Result<Values, Vec<String>> {
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    bind(&package(), &given)
}

#[test]
fn what_is_not_given_has_its_default() {
    let values = bound(&[("id", "a")]).unwrap();
    assert_eq!(values["speed"], Scalar::Number(3.0));
    assert_eq!(values["speed"].to_string(), "3.0");
    assert_eq!(values["count"], Scalar::Integer(1));
    assert_eq!(values["loud"], Scalar::Boolean(false));
}

#[test]
fn values_are_yaml_words_and_text_is_text() {
    let texts = [
        ("3", "3"),
        ("true", "true"),
        ("\"3\"", "3"),
        ("'it''s'", "it's"),
        ("\"a\\tb\"", "a\tb"),
        ("'", "'"),
        ("\"a\" b", "\"a\" b"),
        ("a: b", "a: b"),
        ("", ""),
    ];
    for (given, expected) in texts {
        assert_eq!(
            bound(&[("id", given)]).unwrap()["id"],
            Scalar::String(expected.to_owned()),
            "{given}"
        );
    }
    let values = bound(&[
        ("id", "a"),
        ("speed", "0.5"),
        ("count", "-7"),
        ("loud", "true"),
    ])
    .unwrap();
    assert_eq!(values["speed"], Scalar::Number(0.5));
    assert_eq!(values["count"], Scalar::Integer(-7));
    assert_eq!(values["loud"], Scalar::Boolean(true));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let given = [
        ("sped", "1"),
        ("count", "1.5"),
        ("loud", "yes"),
        ("speed", "fast"),
        ("speed", "1"),
        ("zzz", "1"),
    ];
    assert_eq!(
        bound(&given).unwrap_err(),
        [
            "unknown parameter `sped`; did you mean `speed`?",
            "parameter `count`: expected a whole number; got `1.5`",
            "parameter `loud`: expected true or false; got `yes`",
            "parameter `speed`: expected a number; got `fast`",
            "parameter `speed` is given twice",
            "unknown parameter `zzz`; p 1.0.0 takes count, id, loud, speed",
            "parameter `id` (string) is required and not given",
        ]
    );
}

#[test]
fn references_are_filled_in() {
    let values = bound(&[("id", "${speed}"), ("speed", "2")]).unwrap();
    let cases = [
        ("", ""),
        ("speed:=${speed}", "speed:=2.0"),
        ("${id}${count}", "${speed}1"),
        ("$HOME $(pwd) $", "$HOME $(pwd) $"),
        ("$${id} $$$${count}", "${id} $${count}"),
        ("$$$${id}", "$${id}"),
        ("$$${id}", "$${speed}"),
        ("é${count}é", "é1é"),
    ];
    for (template, expected) in cases {
        assert_eq!(
            expand(template, &values),
            Ok(expected.to_owned()),
            "{template}"
        );
    }
    for template in ["${nope}", "${", "${}", "${id", "${ id }", "${id:-x}"] {
        assert!(expand(template, &values).is_err(), "{template}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_binding_or_filling_in_panic(name in "\\PC{0,8}", value in "\\PC*") {
        let _ = bind(&package(), &[(name, value.clone())]);
        let _ = expand(&value, &BTreeMap::new());
    }

    #[test]
    fn text_without_dollars_stays(text in "[^$]*") {
        prop_assert_eq!(expand(&text, &BTreeMap::new()), Ok(text));
    }

    #[test]
    fn doubled_dollars_come_out_single(text in "\\PC*") {
        prop_assert_eq!(expand(&text.replace('$', "$$"), &BTreeMap::new()), Ok(text));
    }
}
