//! Makes the schemas that are generated from types fit for reading files.

use serde_json::Value;

/// Takes `null` out of a generated schema: in a file, a key that is not set is left out.
pub fn clean(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let null = Value::from("null");
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| *name != null);
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            flatten_optional(map);
            map.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}

/// Turns `anyOf: [X, null]`, which is how an optional X is generated, into X.
fn flatten_optional(map: &mut serde_json::Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("anyOf") else { return };
    let is_null = |choice: &Value| choice.get("type").is_some_and(|name| name == "null");
    let mut others = choices.iter().filter(|choice| !is_null(choice));
    if let (Some(Value::Object(only)), None) = (others.next(), others.next()) {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}
