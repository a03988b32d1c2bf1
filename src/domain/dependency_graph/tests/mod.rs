//! The dependency graph, case by case and by a property.
#![allow(clippy::unwrap_used, clippy::panic)]

mod conversion;
mod cost;
mod drift;
mod flow;
mod losses;
mod ownership;
mod property;
mod rates;
mod relations;
mod samples;
