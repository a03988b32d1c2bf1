//! The simulated engine beside the real one: both are given the same sequences of operations, and
//! must agree after each of them. What the model-based test of the domain finds out on the
//! simulated one holds for the real one only because of this.

mod operation;
mod outage;
mod play;
mod real;
mod sequences;

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};

use operation::Operation;

/// How many sequences are played at once: most of their time they wait.
const BESIDE: usize = 8;

/// Fewer prove too little.
const LEAST: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_the_real_engine_does() {
    let begin = Instant::now();
    let sequences = sequences::all();
    let count = sequences.len();
    let played: Vec<Result<usize, String>> = stream::iter(sequences)
        .map(|sequence| play::both(sequence, play::PATIENCE))
        .buffer_unordered(BESIDE)
        .collect()
        .await;
    let operations: usize = played.iter().flatten().sum();
    println!("simulator_sequences={count} simulator_operations={operations}");
    println!("simulator_seconds={:.1}", begin.elapsed().as_secs_f64());
    let differences: Vec<String> = played.into_iter().filter_map(Result::err).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert!(count >= LEAST && operations >= 4 * LEAST);
}

/// The comparison itself can fail.
#[tokio::test]
async fn a_simulator_that_is_wrong_is_found_out() {
    let sequence = vec![
        Operation::Create(0, operation::Kind::Obeys),
        Operation::Start(0),
        Operation::Lie(0),
        Operation::Stop(0),
    ];
    let difference = play::both(sequence, Duration::from_secs(2))
        .await
        .unwrap_err();
    assert!(difference.contains("after Lie(0)"), "{difference}");
}
