//! The plain engine API, as a user of bollard would write it: every container in a task of its own, all at once.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptions;
use tokio::task::JoinSet;

use crate::containers::{COMMAND, LOG, STOP_GRACE, environment, labels, names};
use crate::place::PREFIX;
use crate::support::IMAGE;

/// Creates and starts so many containers; says how long that took.
pub async fn up(docker: &Docker, count: usize) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut all = JoinSet::new();
    for name in names(count) {
        all.spawn(create_and_start(docker.clone(), name));
    }
    while let Some(done) = all.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}

async fn create_and_start(docker: Docker, name: String) -> Result<(), bollard::errors::Error> {
    let options = CreateContainerOptions {
        name: Some(format!("{PREFIX}-plain-main-{name}")),
        ..Default::default()
    };
    let created = docker.create_container(Some(options), body(&name)).await?;
    docker.start_container(&created.id, None).await
}

fn body(name: &str) -> ContainerCreateBody {
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(COMMAND.map(str::to_owned).to_vec()),
        env: Some(
            environment()
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        labels: Some(labels(name).into_iter().map(owned).collect()),
        stop_signal: Some("SIGINT".to_owned()),
        stop_timeout: Some(STOP_GRACE),
        host_config: Some(HostConfig {
            init: Some(true),
            network_mode: Some("bridge".to_owned()),
            ipc_mode: Some("private".to_owned()),
            restart_policy: Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::NO),
                maximum_retry_count: None,
            }),
            log_config: Some(HostConfigLogConfig {
                typ: Some(LOG.0.to_owned()),
                config: Some(
                    LOG.1
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .into(),
                ),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}
