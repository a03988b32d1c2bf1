//! What holds for every package and every text.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::generators::package;
use crate::domain::manifest::{Problem, SCHEMA, parse};
use crate::domain::yaml;

/// `(line, column)` of the last character of each line is the farthest that a problem may point.
fn is_within(text: &str, problem: &Problem) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    let line = lines.get(problem.line as usize - 1);
    line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&(problem.column as usize)))
}

proptest! {
    #[test]
    fn a_package_survives_json(package in package()) {
        let text = serde_json::to_string_pretty(&package).unwrap();
        let documents = parse(&text, "").map_err(|problems| TestCaseError::fail(format!("{problems:#?}")))?;
        prop_assert_eq!(&documents[0].package, &package);
        prop_assert_eq!(&documents[0].text, &text);
    }

    #[test]
    fn a_package_survives_yaml(package in package()) {
        let text = serde_saphyr::to_string(&package).unwrap();
        let documents = parse(&text, "").map_err(|problems| TestCaseError::fail(format!("{problems:#?}\n{text}")))?;
        prop_assert_eq!(&documents[0].package, &package, "{}", text);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "(\\PC|\\n| |manifest|name|[-:{}\\[\\]&*!|>'\"#?,%@`~.]){0,40}") {
        if let Err(problems) = parse(&text, "") {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(is_within(&text, &problem), "{:?}", problem);
            }
        }
    }

    /// Good manifests with one character more, less or changed.
    #[test]
    fn every_problem_lies_within_the_text(package in package(), at in any::<prop::sample::Index>(), with in "\\PC?", cut in any::<bool>()) {
        let text: Vec<char> = serde_saphyr::to_string(&package).unwrap().chars().collect();
        let at = at.index(text.len());
        let after = text[at..].iter().skip(usize::from(cut));
        let text: String = text[..at].iter().copied().chain(with.chars()).chain(after.copied()).collect();
        for problem in parse(&text, "").err().unwrap_or_default() {
            prop_assert!(is_within(&text, &problem), "{:?}", problem);
            prop_assert!(!problem.message.is_empty());
        }
    }

    /// Our checker and a full validator of JSON Schema refuse the same documents, so that an
    /// editor and shipmate agree.
    #[test]
    fn our_checker_agrees_with_json_schema(package in package(), at in any::<prop::sample::Index>(), with in prop::sample::select(odd_values())) {
        let mut value = serde_json::to_value(&package).unwrap();
        let mut paths = Vec::new();
        pointers(&value, String::new(), &mut paths);
        *value.pointer_mut(&paths[at.index(paths.len())]).unwrap() = with;
        let documents = yaml::read(&value.to_string(), "").unwrap();
        let root = documents.first().and_then(|document| document.root.clone());
        let ours = root.is_some_and(|root| yaml::check(&root, &SCHEMA, "").problems.is_empty());
        prop_assert_eq!(ours, VALIDATOR.is_valid(&value), "{}", value);
    }
}

static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&SCHEMA.value).unwrap());

fn odd_values() -> Vec<serde_json::Value> {
    use serde_json::json;
    vec![
        json!(null),
        json!(0),
        json!(-1),
        json!(70000),
        json!(1.5),
        json!("x"),
        json!(""),
        json!("A b"),
        json!("64M"),
        json!("/x"),
        json!(true),
        json!([]),
        json!({}),
        json!([1]),
        json!({ "x": [] }),
        json!(["a"]),
    ]
}

fn pointers(value: &serde_json::Value, path: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, value)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(value, format!("{path}/{key}"), found);
            });
        }
        serde_json::Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| pointers(value, format!("{path}/{index}"), found));
        }
        _ => {}
    }
    found.push(path);
}
