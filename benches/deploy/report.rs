//! What is printed at the end: a table for people, then one line a figure for tools.

use crate::idle::Idle;
use crate::kills::Kills;
use crate::rounds::Race;
use crate::statistics::{least, median, quantile};

/// The column of shipmate, and of each that it is compared with.
const ENGINE: usize = 0;
const SHIPMATE: usize = 1;
const COMPOSE: usize = 2;

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    /// The races, by size.
    pub races: Vec<Race>,
    /// The node at rest.
    pub idle: Option<Idle>,
    /// The killed containers.
    pub kills: Option<Kills>,
}

impl Report {
    /// Prints all of it.
    pub fn print(&self) {
        println!("\nFrom the order until every container is started, in seconds:");
        self.races.iter().for_each(table);
        if self.races.iter().all(|race| race.names.len() <= COMPOSE) {
            println!("  There is no Docker Compose here: it is left out.");
        }
        if let Some(idle) = &self.idle {
            println!("\nAt rest, with the demo's three packages running:");
            println!(
                "  {:.2} % of a core, {:.1} MB of memory",
                idle.cpu, idle.rss
            );
        }
        if let Some(kills) = &self.kills {
            kill_table(kills);
        }
        println!();
        self.figures();
    }

    fn figures(&self) {
        for race in &self.races {
            for (name, other) in [("engine", ENGINE), ("compose", COMPOSE)] {
                if let Some(ratios) = race.ratios(other) {
                    println!(
                        "figure deploy_vs_{name}_{} {:.3} ratio",
                        race.size,
                        median(&ratios)
                    );
                }
            }
        }
        if let Some(idle) = &self.idle {
            println!("figure idle_cpu {:.2} percent", idle.cpu);
            println!("figure idle_rss {:.1} MB", idle.rss);
        }
        if let Some(kills) = &self.kills {
            println!("figure kill_to_event_median {:.1} ms", median(&kills.heard));
            println!(
                "figure kill_to_event_p99 {:.1} ms",
                quantile(&kills.heard, 0.99)
            );
        }
    }
}

impl Race {
    fn column(&self, column: usize) -> Option<Vec<f64>> {
        self.rounds
            .iter()
            .map(|round| round.get(column).copied())
            .collect()
    }

    /// shipmate's time over another's, in each round.
    fn ratios(&self, other: usize) -> Option<Vec<f64>> {
        let (ours, theirs) = (self.column(SHIPMATE)?, self.column(other)?);
        Some(
            ours.iter()
                .zip(&theirs)
                .map(|(ours, theirs)| ours / theirs)
                .collect(),
        )
    }
}

fn table(race: &Race) {
    println!(
        "\n  {} container(s), {} rounds{:12}median     min     max   shipmate takes, median (min)",
        race.size,
        race.rounds.len(),
        ""
    );
    for (column, name) in race.names.iter().enumerate() {
        let Some(times) = race.column(column) else {
            continue;
        };
        let ratio = match race.ratios(column) {
            Some(ratios) if column != SHIPMATE => {
                format!(
                    "{:.2} times as long ({:.2})",
                    median(&ratios),
                    least(&ratios)
                )
            }
            _ => String::new(),
        };
        let (middle, min, max) = (median(&times), least(&times), quantile(&times, 1.0));
        println!("    {name:30} {middle:7.3} {min:7.3} {max:7.3}   {ratio}");
    }
}

fn kill_table(kills: &Kills) {
    println!(
        "\nFrom the call that kills a container until its end is known, in milliseconds ({} kills):",
        kills.heard.len()
    );
    for (name, values) in [
        ("by the engine's event stream", &kills.engine),
        ("by the end of the call itself", &kills.returned),
        ("on ~/events", &kills.heard),
    ] {
        println!(
            "    {name:30} median {:6.1}   p99 {:6.1}",
            median(values),
            quantile(values, 0.99)
        );
    }
}
