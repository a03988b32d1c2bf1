//! How fast shipmate is, beside what a user would pick instead, and what it costs while nothing happens.
//!
//! `scripts/bench.sh` runs this: it picks a ROS domain, a folder that goes with the run, and a Docker Compose.
//! Each contestant starts the same containers; `contestants` says what is measured, `rounds` in which order. The
//! last lines are the figures, one a line.

mod compose;
mod containers;
mod contestants;
mod idle;
mod kills;
mod node;
mod place;
mod plain;
mod report;
mod ros;
mod rounds;
mod same;
mod statistics;
mod support;

use std::process::ExitCode;

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use contestants::Contestant;
use node::Node;
use place::Place;
use report::Report;
use ros::Client;

/// How many containers at once, and in how many rounds; few containers are quick and vary much.
const SIZES: [(usize, usize); 3] = [(1, 21), (10, 5), (30, 5)];
/// How many containers start in the round that is not counted.
const WARM_UP: usize = 10;

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            report.print();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the benchmark ended early: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<Report> {
    tokio::runtime::Runtime::new()?.block_on(async {
        tokio::select! {
            report = measure() => report,
            interrupted = interrupted() => interrupted,
        }
    })
}

/// Everything that is begun in here is undone when this ends or is dropped.
async fn measure() -> anyhow::Result<Report> {
    let place = Place::take().await?;
    support::image::ensure().await;
    let mut report = Report::default();
    race(&place, &mut report).await?;
    let node = Node::start(&place, "resident", &kills::SETTINGS)?;
    let client = Client::of(&node, &place).await?;
    report.idle = Some(idle::measure(&node, &client).await?);
    report.kills = Some(kills::measure(&node, &client).await?);
    Ok(report)
}

async fn race(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let node = Node::start(place, "racer", &[])?;
    let mut contestants = vec![
        Contestant::engine()?,
        Contestant::shipmate(&node, place).await?,
    ];
    contestants.extend(Contestant::compose(place)?);
    rounds::run(&mut contestants, WARM_UP, 1).await?;
    same::check(&mut contestants).await?;
    for (size, count) in SIZES {
        report
            .races
            .push(rounds::run(&mut contestants, size, count).await?);
    }
    Ok(())
}

async fn interrupted() -> anyhow::Result<Report> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    bail!("interrupted; what was started is taken down")
}
