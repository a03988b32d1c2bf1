//! The Docker edge against a real engine. Needs Debian's busybox-static and docker-registry.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by them what went wrong"
)]

#[path = "support/simulated_engine/mod.rs"]
mod simulated_engine;
#[path = "support/docker/mod.rs"]
mod support;

use shipmate::domain;

#[path = "docker_engine/build.rs"]
mod build;
#[path = "docker_engine/build_unchanged.rs"]
mod build_unchanged;
#[path = "docker_engine/doctor.rs"]
mod doctor;
#[path = "docker_engine/events.rs"]
mod events;
#[path = "docker_engine/exec.rs"]
mod exec;
#[path = "docker_engine/files.rs"]
mod files;
#[path = "docker_engine/life.rs"]
mod life;
#[path = "docker_engine/logs.rs"]
mod logs;
#[path = "docker_engine/networks.rs"]
mod networks;
#[path = "docker_engine/probes.rs"]
mod probes;
#[path = "docker_engine/pull.rs"]
mod pull;
#[path = "docker_engine/reach.rs"]
mod reach;
#[path = "docker_engine/refusals.rs"]
mod refusals;
#[path = "docker_engine/settings.rs"]
mod settings;
#[path = "docker_engine/simulator/mod.rs"]
mod simulator;
