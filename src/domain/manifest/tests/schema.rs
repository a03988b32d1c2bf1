//! The schema is current, and says only what our checker understands.

use serde_json::Value;

use crate::domain::{manifest, policy};

/// Set SHIPMATE_UPDATE_SCHEMA=1 to write the file anew.
#[test]
fn the_schema_in_docs_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manifest.schema.json");
    let current = serde_json::to_string_pretty(&manifest::schema()).unwrap() + "\n";
    if std::env::var_os("SHIPMATE_UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == current,
        "docs/manifest.schema.json is not current: run this test with SHIPMATE_UPDATE_SCHEMA=1"
    );
}

#[test]
fn the_checker_knows_every_keyword_of_the_schemas() {
    for schema in [manifest::schema(), policy::schema()] {
        assert_known(&schema);
        schema["$defs"]
            .as_object()
            .into_iter()
            .flatten()
            .for_each(|(_, schema)| assert_known(schema));
        jsonschema::meta::validate(&schema).expect("a valid schema");
    }
}

fn assert_known(schema: &Value) {
    let annotations = [
        "$schema",
        "$defs",
        "title",
        "description",
        "default",
        "examples",
        "x-allowed",
        "x-missing",
        "x-text",
        "x-empty",
    ];
    let checked = [
        "$ref",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
        "oneOf",
        "const",
        "maxLength",
        "minItems",
        "maxItems",
        "maxProperties",
        "minimum",
        "maximum",
        "exclusiveMinimum",
    ];
    let formats = [
        "semver",
        "semver-range",
        "byte-size",
        "seconds",
        "uint8",
        "uint16",
        "uint32",
    ];
    let Value::Object(map) = schema else { return };
    for (key, value) in map {
        match key.as_str() {
            "format" => assert!(formats.contains(&value.as_str().unwrap()), "{value}"),
            "properties" => value
                .as_object()
                .into_iter()
                .flatten()
                .for_each(|(_, schema)| assert_known(schema)),
            "oneOf" => value
                .as_array()
                .unwrap()
                .iter()
                .for_each(|choice| assert!(choice["const"].is_string(), "{choice}")),
            "items" | "additionalProperties" | "propertyNames" => assert_known(value),
            "pattern" => assert!(
                regex::Regex::new(value.as_str().unwrap()).is_ok(),
                "{value}"
            ),
            key => assert!(
                annotations.contains(&key) || checked.contains(&key),
                "{key}"
            ),
        }
    }
    if map.contains_key("$ref") {
        let beside = map
            .keys()
            .filter(|key| !["$ref", "description", "default"].contains(&key.as_str()));
        assert_eq!(
            beside.count(),
            0,
            "keywords beside $ref are not looked at: {schema}"
        );
    }
}

#[test]
fn the_reference_knows_every_key_and_its_example_is_good() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manifest.md");
    let page = std::fs::read_to_string(path).unwrap();
    let example = page
        .split("```yaml\n")
        .nth(2)
        .and_then(|rest| rest.split("```").next());
    super::document(example.unwrap());
    for schema in [manifest::schema(), policy::schema()] {
        let definitions = schema["$defs"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, part)| part);
        for part in definitions.chain([&schema]) {
            for key in part["properties"]
                .as_object()
                .into_iter()
                .flat_map(|keys| keys.keys())
            {
                let named =
                    page.contains(&format!("`{key}`")) || page.contains(&format!(".{key}`"));
                assert!(named, "docs/manifest.md does not tell of `{key}`");
            }
        }
    }
}
