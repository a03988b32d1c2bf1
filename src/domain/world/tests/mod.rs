//! Random histories of a world beside a simulated engine: requests, steps that end well or not,
//! faults of the engine, the disk and the node, and the user's own hands on the containers.
//!
//! The simulated engine does what a real one does; `tests/docker_engine/simulator.rs` sees to that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by them what went wrong"
)]

mod act;
mod bindings;
mod by_hand;
mod dependencies;
mod ends;
mod groups_and_volumes;
mod hands;
mod invariants;
mod looks;
mod model;
mod rest;
#[path = "../../../../tests/support/simulated_engine/mod.rs"]
mod simulated_engine;
mod stop;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::domain;
use crate::domain::manifest;
use act::history;
use model::{MANIFESTS, Model, UPDATES};

/// How many histories are lived through.
const HISTORIES: u32 = 2_000;

/// Fewer steps prove too little.
const LEAST: usize = 100_000;

/// And fewer updates of either end.
const LEAST_UPDATES: usize = 100;

/// The same at every run.
const SEED: [u8; 32] = *b"the same histories at every run.";

#[test]
fn what_is_asked_for_comes_to_be() {
    let config = Config {
        cases: HISTORIES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = AtomicUsize::new(0);
    let (updated, rolled_back) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let lived = runner.run(&history(), |(by_hand, acts)| {
        let mut model = Model::new(by_hand);
        for act in acts {
            steps.fetch_add(1, Ordering::Relaxed);
            model.act(act);
            model.check_always();
        }
        model.calm_down();
        model.check_at_rest();
        updated.fetch_add(model.updates.0, Ordering::Relaxed);
        rolled_back.fetch_add(model.updates.1, Ordering::Relaxed);
        Ok(())
    });
    let steps = steps.into_inner();
    println!("model_steps={steps}");
    let (updated, rolled_back) = (updated.into_inner(), rolled_back.into_inner());
    println!("model_updates={updated}");
    println!("model_rollbacks={rolled_back}");
    lived.unwrap();
    assert!(steps >= LEAST);
    assert!(updated >= LEAST_UPDATES && rolled_back >= LEAST_UPDATES);
}

#[test]
fn the_manifests_of_these_tests_are_valid() {
    for text in MANIFESTS.into_iter().chain(UPDATES.map(|(_, text)| text)) {
        manifest::parse(text, "").unwrap();
    }
}
