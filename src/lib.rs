//! shipmate deploys containers onto a robot, keeps them as they were asked to be, and says on the
//! ROS graph how they are. ARCHITECTURE.md tells the way of a request through this code.

pub mod app;
pub mod command;
pub mod crash_point;
pub mod doctor;
pub mod domain;
pub mod edge;
pub mod import;
pub mod picture;
