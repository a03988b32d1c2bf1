//! Are the containers the same? A contestant that asked for less would win for it.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use bollard::query_parameters::ListContainersOptions;
use serde_json::Value;

use crate::contestants::Contestant;
use crate::place::PREFIX;
use crate::support::docker;

type Options = BTreeMap<String, String>;

/// Brings one container of each contestant up and compares what the engine says of them with shipmate's.
pub async fn check(contestants: &mut [Contestant]) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for contestant in contestants {
        contestant.up(1).await?;
        all.push((
            contestant.name(),
            matches!(contestant, Contestant::Shipmate(_)),
            options().await?,
        ));
        contestant.down().await?;
    }
    let ours = all
        .iter()
        .find(|(_, ours, _)| *ours)
        .context("shipmate does not take part")?;
    for (name, _, theirs) in &all {
        let different = differences(&ours.2, theirs);
        if !different.is_empty() {
            bail!(
                "the containers of {name} differ from shipmate's:\n{}",
                different.join("\n")
            );
        }
    }
    Ok(())
}

fn differences(ours: &Options, theirs: &Options) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let none = String::new();
    keys.into_iter()
        .map(|key| {
            (
                key,
                ours.get(key).unwrap_or(&none),
                theirs.get(key).unwrap_or(&none),
            )
        })
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|(key, ours, theirs)| format!("  {key}: {ours:?} in shipmate's, {theirs:?} there"))
        .collect()
}

/// What the one container that runs was made with.
async fn options() -> anyhow::Result<Options> {
    let filters = [("name".to_owned(), vec![format!("^/{PREFIX}-")])].into();
    let asked = ListContainersOptions {
        filters: Some(filters),
        ..Default::default()
    };
    let found = docker().list_containers(Some(asked)).await?;
    let id = found
        .first()
        .and_then(|container| container.id.clone())
        .context("nothing runs")?;
    let found = docker().inspect_container(&id, None).await?;
    let mut options = Options::new();
    flatten(
        "HostConfig",
        &serde_json::to_value(&found.host_config)?,
        &mut options,
    );
    let mut config = serde_json::to_value(&found.config)?;
    if let Some(config) = config.as_object_mut() {
        // What the engine made up, what must differ, and what Compose notes down without it meaning anything.
        for name in ["Hostname", "Labels", "AttachStdout", "AttachStderr"] {
            config.remove(name);
        }
    }
    flatten("Config", &config, &mut options);
    Ok(options)
}

/// Each value with its path; what is empty or zero is as good as not there.
fn flatten(path: &str, value: &Value, into: &mut Options) {
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| flatten(&format!("{path}.{name}"), value, into)),
        Value::Array(items) => {
            let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
            texts.sort();
            if !texts.is_empty() {
                into.insert(path.to_owned(), texts.join(" "));
            }
        }
        Value::Bool(true) => drop(into.insert(path.to_owned(), "true".to_owned())),
        Value::Number(number) if number.as_f64() == Some(0.0) => {}
        Value::Number(number) => drop(into.insert(path.to_owned(), number.to_string())),
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
    }
}
