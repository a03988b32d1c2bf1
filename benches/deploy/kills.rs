//! How long until `~/events` says that a container was killed.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use bollard::models::EventMessage;
use bollard::query_parameters::{EventsOptions, KillContainerOptions};
use futures::{Stream, StreamExt};
use shipmate::edge::ros::msg::{Deployment, DeploymentEvent};

use crate::containers::{manifest, names};
use crate::node::Node;
use crate::place::PREFIX;
use crate::ros::{Client, Events};
use crate::support::docker;

/// So that a killed container runs again soon, however often it was killed.
pub const SETTINGS: [(&str, &str); 3] = [
    ("restart_first_wait", "0.05"),
    ("restart_longest_wait", "0.05"),
    ("restart_most_failures", "1000000"),
];
const KILLS: usize = 40;
const EXECUTABLES: usize = 3;
const DEPLOYMENT: &str = "victims";
/// How long a container runs before it is killed again.
const PAUSE: Duration = Duration::from_millis(150);

/// How long the engine may take to say that a container died.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// What was measured, in milliseconds from the call that kills.
#[derive(Default)]
pub struct Kills {
    /// Until the event was heard.
    pub heard: Vec<f64>,
    /// Until the engine's own event stream said that the container died.
    pub engine: Vec<f64>,
    /// Until the call that kills returned: the engine holds it, and every other question about the
    /// container, until it has tidied up after it.
    pub returned: Vec<f64>,
}

/// Kills containers one after the other and listens.
pub async fn measure(node: &Node, client: &Client) -> anyhow::Result<Kills> {
    let mut events = Events::of(node)?;
    client.deploy(&manifest(EXECUTABLES), DEPLOYMENT).await?;
    let mut kills = Kills::default();
    for executable in names(EXECUTABLES).cycle().take(KILLS) {
        tokio::time::sleep(PAUSE).await;
        kill(&executable, &mut events, &mut kills).await?;
        events.next(&executable, runs).await?;
    }
    client.deprovision(DEPLOYMENT).await?;
    Ok(kills)
}

async fn kill(executable: &str, events: &mut Events, kills: &mut Kills) -> anyhow::Result<()> {
    let container = format!("{PREFIX}-{DEPLOYMENT}-main-{executable}");
    let mut deaths = deaths(&container);
    let died = tokio::spawn(async move { deaths.next().await.map(|_| Instant::now()) });
    // The engine listens to itself a moment after it has been asked to tell.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let began = Instant::now();
    docker()
        .kill_container(&container, None::<KillContainerOptions>)
        .await?;
    let returned = Instant::now();
    let heard = events.next(executable, |event| !runs(event)).await?;
    let died = tokio::time::timeout(TOLD_WITHIN, died)
        .await
        .context("the engine says nothing")??;
    let died = died.context("the engine's event stream ended")?;
    let since = |when: Instant| when.saturating_duration_since(began).as_secs_f64() * 1e3;
    kills.heard.push(since(heard));
    kills.engine.push(since(died));
    kills.returned.push(since(returned));
    Ok(())
}

fn runs(event: &DeploymentEvent) -> bool {
    event.status == Deployment::STATUS_RUNNING as u8
}

fn deaths(
    container: &str,
) -> impl Stream<Item = Result<EventMessage, bollard::errors::Error>> + Unpin + Send + use<> {
    let filters = [("container", container), ("event", "die")];
    let options = EventsOptions {
        filters: Some(HashMap::from(
            filters.map(|(key, value)| (key.to_owned(), vec![value.to_owned()])),
        )),
        ..Default::default()
    };
    Box::pin(docker().events(Some(options)))
}
