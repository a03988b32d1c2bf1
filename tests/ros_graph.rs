//! The observer of the ROS graph against real ROS nodes. Needs what scripts/env.sh brings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by them what went wrong"
)]

#[path = "ros_graph/support.rs"]
mod support;

#[path = "ros_graph/containers.rs"]
mod containers;
#[path = "ros_graph/endpoints.rs"]
mod endpoints;
#[path = "ros_graph/follow.rs"]
mod follow;
#[path = "ros_graph/idle.rs"]
mod idle;
#[path = "ros_graph/keep.rs"]
mod keep;
#[path = "ros_graph/lifecycle.rs"]
mod lifecycle;
#[path = "ros_graph/measure.rs"]
mod measure;
#[path = "ros_graph/observer.rs"]
mod observer;
#[path = "ros_graph/presence.rs"]
mod presence;
#[path = "ros_graph/rate.rs"]
mod rate;
