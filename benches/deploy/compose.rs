//! `docker compose up -d`, as a user would type it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::containers::{COMMAND, LOG, STOP_GRACE, environment, labels, names};
use crate::place::{PREFIX, Place};
use crate::support::IMAGE;

/// A Compose, and the files that it is given.
pub struct Compose {
    command: Vec<String>,
    folder: PathBuf,
    /// How it names its version.
    pub version: String,
}

impl Compose {
    /// The Compose that the script found, if any.
    pub fn found(place: &Place) -> anyhow::Result<Option<Self>> {
        let command: Vec<String> = std::env::var("SHIPMATE_BENCH_COMPOSE")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let Some((program, arguments)) = command.split_first() else {
            return Ok(None);
        };
        let asked = Command::new(program)
            .args(arguments)
            .args(["version", "--short"])
            .output();
        let version = asked
            .with_context(|| format!("{program} cannot be run"))?
            .stdout;
        Ok(Some(Self {
            version: String::from_utf8_lossy(&version).trim().to_owned(),
            folder: place.folder().to_owned(),
            command,
        }))
    }

    /// `up -d` of so many services; says how long that took, from the command's start to its end.
    pub async fn up(&self, count: usize) -> anyhow::Result<Duration> {
        let file = self.folder.join(format!("compose-{count}.yaml"));
        std::fs::write(&file, project(count))?;
        let began = Instant::now();
        self.run(count, &["up", "-d"]).await?;
        Ok(began.elapsed())
    }

    async fn run(&self, count: usize, arguments: &[&str]) -> anyhow::Result<()> {
        let (program, first) = self.command.split_first().context("no command")?;
        let log = std::fs::File::create(self.folder.join("compose.log"))?;
        let mut ended = signal(SignalKind::child())?;
        let mut child = Running(
            Command::new(program)
                .args(first)
                .args(["-p", PREFIX, "-f", &format!("compose-{count}.yaml")])
                .args(arguments)
                .current_dir(&self.folder)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .spawn()?,
        );
        let status = child.ended(&mut ended).await?;
        ensure!(
            status.success(),
            "{program} failed: {}",
            std::fs::read_to_string(self.folder.join("compose.log")).unwrap_or_default()
        );
        Ok(())
    }
}

/// A process that ends at the latest when this is dropped.
struct Running(Child);

impl Running {
    async fn ended(
        &mut self,
        signals: &mut tokio::signal::unix::Signal,
    ) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            signals.recv().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn project(count: usize) -> String {
    let services: BTreeMap<String, Value> = names(count)
        .map(|name| (name.clone(), service(&name)))
        .collect();
    json!({ "services": services }).to_string()
}

fn service(name: &str) -> Value {
    let map = |pairs: Vec<(&str, String)>| -> BTreeMap<String, String> {
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    };
    let (driver, options) = LOG;
    json!({
        "image": IMAGE,
        "command": COMMAND,
        "environment": map(environment()),
        "labels": map(labels(name)),
        "init": true,
        "ipc": "private",
        "network_mode": "bridge",
        "restart": "no",
        "stop_signal": "SIGINT",
        "stop_grace_period": format!("{STOP_GRACE}s"),
        "logging": { "driver": driver, "options": BTreeMap::from(options) },
    })
}
