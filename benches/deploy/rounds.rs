//! Rounds: in each, every contestant has its turn, in an order that changes from round to round.

use std::time::Duration;

use crate::contestants::Contestant;

/// How long the engine is left alone between two turns.
const REST: Duration = Duration::from_millis(300);

/// What was measured with one number of containers.
pub struct Race {
    /// How many containers.
    pub size: usize,
    /// The contestants' names.
    pub names: Vec<String>,
    /// The seconds of each round, in the order of the names.
    pub rounds: Vec<Vec<f64>>,
}

/// Runs so many rounds with so many containers.
pub async fn run(
    contestants: &mut [Contestant],
    size: usize,
    count: usize,
) -> anyhow::Result<Race> {
    let mut rounds = Vec::new();
    for round in 0..count {
        let mut times = vec![0.0; contestants.len()];
        for turn in order(contestants.len(), round) {
            if let (Some(contestant), Some(time)) = (contestants.get(turn), times.get_mut(turn)) {
                *time = contestant.up(size).await?.as_secs_f64();
                contestant.down().await?;
                tokio::time::sleep(REST).await;
            }
        }
        eprintln!(
            "{size} containers, round {} of {count}: {times:.3?} s",
            round + 1
        );
        rounds.push(times);
    }
    let names = contestants.iter().map(Contestant::name).collect();
    Ok(Race {
        size,
        names,
        rounds,
    })
}

/// Forwards and backwards, each time one further: with three, six rounds are all orders that there are.
fn order(count: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.rotate_left((round / 2) % count.max(1));
    if !round.is_multiple_of(2) {
        order.reverse();
    }
    order
}
