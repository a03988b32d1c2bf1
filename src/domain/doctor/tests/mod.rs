#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod containers;
mod engine;
mod firewall;
mod network;
mod properties;
mod ros;
mod samples;
