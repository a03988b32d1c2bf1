//! What a node costs while nothing happens: the demo's three packages run, and nobody asks for anything.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::node::Node;
use crate::ros::Client;

/// The demo's packages.
const PACKAGES: [&str; 3] = ["simulator", "command_center", "turtle"];
/// How long the packages may take to find each other, and the node to calm down.
const SETTLE: Duration = Duration::from_secs(5);
/// How long is looked.
const LOOK: Duration = Duration::from_secs(20);
/// The kernel counts time in hundredths of a second for everyone, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// What it costs.
pub struct Idle {
    /// Percent of one core.
    pub cpu: f64,
    /// Megabytes of memory that are its own or shared with others.
    pub rss: f64,
}

/// Deploys the demo's packages, looks at the node for a while, and takes them down again.
pub async fn measure(node: &Node, client: &Client) -> anyhow::Result<Idle> {
    for package in PACKAGES {
        let file = format!(
            "{}/examples/{package}/shipmate.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let manifest = std::fs::read_to_string(&file).with_context(|| file.clone())?;
        client.deploy(&manifest, package).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let (began, before) = (Instant::now(), ticks(node)?);
    tokio::time::sleep(LOOK).await;
    let seconds = (ticks(node)? - before) / TICKS_PER_SECOND;
    let idle = Idle {
        cpu: 100.0 * seconds / began.elapsed().as_secs_f64(),
        rss: resident(node)?,
    };
    for package in PACKAGES {
        client.deprovision(package).await?;
    }
    Ok(idle)
}

/// The processor time that the node has taken, its own and the kernel's for it.
fn ticks(node: &Node) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", node.pid()))?;
    // The fields after the name, which may hold anything: the state is the first, utime and stime 12th and 13th.
    let (_, fields) = text
        .rsplit_once(')')
        .context("/proc/PID/stat has no name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |field: usize| -> anyhow::Result<f64> {
        Ok(fields.get(field).context("too few fields")?.parse()?)
    };
    Ok(number(11)? + number(12)?)
}

fn resident(node: &Node) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", node.pid()))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0 / 1e6)
}
