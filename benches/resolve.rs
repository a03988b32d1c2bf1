//! How long it takes to find out what a package needs first, in catalogues of several sizes.
//!
//! Each package but the last few needs five others, and nothing runs yet: all of the catalogue is planned. The plain
//! alternative puts the same packages and dependencies into a graph of petgraph and sorts it: no versions, no
//! deployments, no names, no messages. It is what the least thing costs that gives an order at all. Both are measured
//! in turns, so that a busy machine is busy for both. The last lines are the figures, one a line.

// The same words for the same numbers as in the other benchmark, which needs more of them.
#[allow(dead_code, reason = "written for the other benchmark")]
#[path = "deploy/statistics.rs"]
mod statistics;

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use petgraph::algo::toposort;
use petgraph::graph::DiGraph;
use semver::{Version, VersionReq};

use shipmate::domain::catalogue::{Catalogue, CataloguedPackage};
use shipmate::domain::dependencies::resolve;
use shipmate::domain::manifest::{Dependency, Package};
use shipmate::domain::time::WallTime;

use statistics::{least, median, quantile};

/// How many packages, and how many rounds are counted.
const SIZES: [(usize, usize); 3] = [(10, 2001), (100, 501), (1000, 201)];
/// Rounds that are not counted.
const WARM_UP: usize = 20;
/// How many others a package needs.
const NEEDS: usize = 5;
/// How many packages are in one layer; a package needs those of the next layers.
const LAYER: usize = 5;

/// What one size took, in milliseconds.
struct Row {
    size: usize,
    ours: Vec<f64>,
    plain: Vec<f64>,
}

fn main() -> ExitCode {
    match SIZES
        .iter()
        .map(|(size, rounds)| row(*size, *rounds))
        .collect()
    {
        Ok(rows) => {
            print(rows);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the benchmark ended early: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn row(size: usize, rounds: usize) -> anyhow::Result<Row> {
    let catalogue = catalogue(size)?;
    let requested = package(size, 0..LAYER.min(size))?;
    let mut row = Row {
        size,
        ours: Vec::new(),
        plain: Vec::new(),
    };
    for round in 0..WARM_UP + rounds {
        let began = Instant::now();
        let resolution = resolve(&requested, "requested", &[], &[], &catalogue)?;
        let ours = began.elapsed();
        let began = Instant::now();
        let order = sorted(&requested, &catalogue)?;
        let plain = began.elapsed();
        // The requested package is in the order as well.
        ensure!(resolution.first.len() == size, "not all of it is planned");
        ensure!(order.len() == size + 1, "not all of it is sorted");
        if round >= WARM_UP {
            row.ours.push(ours.as_secs_f64() * 1e3);
            row.plain.push(plain.as_secs_f64() * 1e3);
        }
    }
    Ok(row)
}

fn catalogue(size: usize) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    for index in 0..size {
        // The five in the next layers are not always the same five; from each layer on, all of the next is reached.
        let next = (index / LAYER + 1) * LAYER;
        let needs =
            (0..NEEDS).map(|n| next + n + if n + 1 == NEEDS { index % 3 * LAYER } else { 0 });
        catalogue.insert(CataloguedPackage {
            package: package(index, needs.filter(|need| *need < size))?,
            text: String::new(),
            folder: None,
            registered_at: WallTime(0),
        });
    }
    Ok(catalogue)
}

fn package(index: usize, needs: impl IntoIterator<Item = usize>) -> anyhow::Result<Package> {
    let version = VersionReq::parse("^1.0")?;
    let dependency = || Dependency {
        version: version.clone(),
        deploy: true,
        ..Dependency::default()
    };
    Ok(Package {
        manifest: 1,
        name: name(index),
        version: Version::parse("1.2.0").context("a version")?,
        description: String::new(),
        singleton: shipmate::domain::manifest::Singleton::default(),
        parameters: BTreeMap::new(),
        depends_on: needs
            .into_iter()
            .map(|need| (name(need), dependency()))
            .collect(),
        components: Vec::new(),
    })
}

fn name(index: usize) -> String {
    format!("package-{index}")
}

/// The names in an order, by the plainest means.
fn sorted<'a>(requested: &'a Package, catalogue: &'a Catalogue) -> anyhow::Result<Vec<&'a str>> {
    let mut graph: DiGraph<&str, ()> = DiGraph::new();
    let mut nodes = HashMap::new();
    for package in catalogue
        .all()
        .map(|known| &known.package)
        .chain([requested])
    {
        let mut node = |name: &'a str, graph: &mut DiGraph<&'a str, ()>| {
            *nodes.entry(name).or_insert_with(|| graph.add_node(name))
        };
        let from = node(&package.name, &mut graph);
        for (alias, dependency) in &package.depends_on {
            let to = node(dependency.package(alias), &mut graph);
            graph.add_edge(from, to, ());
        }
    }
    let order = toposort(&graph, None)
        .map_err(|circle| anyhow::anyhow!("{:?} is in a circle", circle.node_id()))?;
    Ok(order
        .into_iter()
        .rev()
        .filter_map(|node| graph.node_weight(node).copied())
        .collect())
}

fn print(rows: Vec<Row>) {
    println!("\nFrom a package's name to the plan of all that it needs first, in milliseconds:");
    println!(
        "\n  {:>9}   {:>26}   {:>26}   {:>8}",
        "packages", "shipmate: median, p99", "petgraph: median, p99", "ratio"
    );
    for row in &rows {
        println!(
            "  {:>9}   {:>16.4} {:>9.4}   {:>16.4} {:>9.4}   {:>8.2}",
            row.size,
            median(&row.ours),
            quantile(&row.ours, 0.99),
            median(&row.plain),
            quantile(&row.plain, 0.99),
            row.ratio()
        );
    }
    println!("\n  petgraph sorts a graph that is given; the least that shipmate took for it:");
    for row in &rows {
        println!("  {:>9}   {:>16.4}", row.size, least(&row.ours));
    }
    println!();
    for row in &rows {
        println!("figure resolve_{} {:.4} ms", row.size, median(&row.ours));
    }
    for row in &rows {
        println!(
            "figure resolve_vs_petgraph_{} {:.2} ratio",
            row.size,
            row.ratio()
        );
    }
}

impl Row {
    /// The median of the rounds' ratios.
    fn ratio(&self) -> f64 {
        let ratios: Vec<f64> = self
            .ours
            .iter()
            .zip(&self.plain)
            .map(|(ours, plain)| ours / plain)
            .collect();
        median(&ratios)
    }
}
