//! The node `shipmate`: puts the parts together, runs until a signal, and ends in order.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use shipmate::app::clock;
use shipmate::app::face;
use shipmate::app::face::diagnostics::Diagnostics;
use shipmate::app::graph::{self, Costs, Watcher};
use shipmate::app::logs::Logs;
use shipmate::app::real_paths::RealPolicy;
use shipmate::app::settings::{self, Settings};
use shipmate::app::supervisor::Supervisor;
use shipmate::doctor::{self, Doctor};
use shipmate::domain::catalogue::Catalogue;
use shipmate::domain::deployment::containers::Identity;
use shipmate::domain::world::{World, WorldSettings};
use shipmate::edge::docker::Engine;
use shipmate::edge::ros::ask_graph::ask;
use shipmate::edge::ros::graph::GraphClient;
use shipmate::edge::ros::logging::{RosLayer, attach_log};
use shipmate::edge::ros::node::{RosNode, SpinLatency};
use shipmate::edge::ros::parameters::{ParameterServices, Parameters};
use shipmate::edge::store::Store;
use shipmate::{command, import, picture};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How long tasks may take to end.
const LAST_WORDS: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if let Some(code) = subcommand() {
        return code;
    }
    // rcl decides by `--log-level` what is shown.
    let layer = RosLayer.with_filter(
        tracing_subscriber::filter::Targets::new()
            .with_target("shipmate", LevelFilter::DEBUG)
            .with_default(LevelFilter::WARN),
    );
    tracing_subscriber::registry().with(layer).init();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what a subcommand does, which makes no node of its own.
fn subcommand() -> Option<ExitCode> {
    let arguments = || std::env::args_os().skip(1);
    import::command::run(arguments())
        .or_else(|| {
            picture::command::run(arguments(), |question| {
                ask(&question.node, question.shown, question.within)
            })
        })
        .or_else(|| doctor::command::run(arguments()))
        .or_else(|| command::program(arguments()))
}

fn start() -> anyhow::Result<()> {
    let mut node = RosNode::create("shipmate")?;
    attach_log(&mut node)?;
    let parameters = Parameters::declare(&mut node, settings::declared())
        .map_err(|wrong| anyhow::anyhow!(wrong.join("; ")))?;
    let settings = settings::read(&parameters, &node.full_name())?;
    let store = Store::open(
        &settings.state_folder,
        &uuid::Uuid::new_v4().simple().to_string(),
    )?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the threads could not be started")?;
    let result = run(&runtime, node, parameters, settings, store);
    runtime.shutdown_timeout(LAST_WORDS);
    result
}

fn run(
    runtime: &Runtime,
    mut node: RosNode,
    parameters: Parameters,
    settings: Settings,
    store: Store,
) -> anyhow::Result<()> {
    let _guard = runtime.enter();
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let engine = Engine::connect(
        &settings.docker_host,
        store.owner(),
        settings.deadlines.clone(),
    )?;
    let world = world(&settings, &store)?;
    let graph_settings = graph::Settings {
        on: settings.graph,
        min_interval: settings.graph_min_interval,
        domain: own_domain(),
        engine_is_local: engine.is_local(),
        rates: settings.rates.clone(),
        markers_frame: settings.graph_markers_frame.clone(),
    };
    tracing::info!(
        "{} deployments are known from {}; containers are on {}",
        world.deployments().len(),
        settings.state_folder.display(),
        engine.address()
    );
    let policy = RealPolicy::new(settings.policy.clone(), engine.is_local());
    let address = engine.address();
    let client = GraphClient::new(tasks.clone(), stop.clone(), || clock::now().monotonic);
    let graph = Arc::new(client.clone());
    let logs_engine = engine.clone();
    let doctor = Doctor::new(engine.clone(), settings.state_folder.clone());
    let (supervisor, handle, events) = Supervisor::new(world, store, engine, policy, graph, &stop);
    let services = ParameterServices::new(&mut node, parameters)?;
    tasks.spawn(services.run(stop.clone()));
    let (sight, watcher) = Watcher::new(&mut node, &handle, client, graph_settings)?;
    if let Some((watcher, measurer)) = watcher {
        tasks.spawn(watcher.run(stop.clone()));
        tasks.spawn(measurer.run(stop.clone()));
    }
    let rates = face::rates::Service::new(&mut node, &handle, sight.measured().cloned())?;
    tasks.spawn(rates.run(stop.clone()));
    let costs = Costs::new(sight.clone(), handle.snapshots());
    let means = face::Means {
        handle: handle.clone(),
        logs: Logs::new(logs_engine, &handle),
        costs: costs.clone(),
    };
    face::serve(
        &mut node,
        &means,
        events,
        settings.snapshot_period,
        &tasks,
        &stop,
    )?;
    let graph = face::graph::Services::new(&mut node, sight, costs, tasks.clone())?;
    tasks.spawn(graph.run(stop.clone()));
    let doctor = face::doctor::Service::new(&mut node, doctor)?;
    tasks.spawn(doctor.run(stop.clone()));
    let latency = SpinLatency::default();
    let diagnostics = Diagnostics::new(&mut node, handle, address, latency.clone())?;
    tasks.spawn(diagnostics.run(stop.clone()));
    let supervising = runtime.spawn(supervisor.run());
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate()]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .context("signals cannot be heard")?;
    let spinning = node.spin(stop.clone(), latency)?;
    tracing::info!("ready");
    runtime.block_on(async {
        let heard = signals.iter_mut().map(|s| Box::pin(s.recv()));
        futures::future::select_all(heard).await;
        tracing::info!("stopping; deployments keep running");
        stop.cancel();
        tasks.close();
        let all = async { futures::join!(tasks.wait(), supervising) };
        if tokio::time::timeout(LAST_WORDS * 3, all).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
    });
    spinning
        .join()
        .map_err(|_| anyhow::anyhow!("the thread for ROS panicked"))
}

/// The ROS domain of the node. rcl has refused one that is no number by now; without one it is 0.
fn own_domain() -> u8 {
    let domain_id = std::env::var("ROS_DOMAIN_ID").unwrap_or_default();
    domain_id.parse().unwrap_or_default()
}

fn world(settings: &Settings, store: &Store) -> anyhow::Result<World> {
    let identity = Identity {
        prefix: settings.container_prefix.clone(),
        owner: store.owner().to_owned(),
        domain_id: own_domain(),
    };
    let mut catalogue = Catalogue::default();
    store
        .packages()?
        .into_iter()
        .for_each(|package| catalogue.insert(package));
    let world_settings = WorldSettings {
        identity,
        policy: settings.policy.clone(),
        restarts: settings.restarts,
        history: settings.history,
        ready_timeout: settings.ready_timeout,
        guard_timeout: settings.guard_timeout,
        engine_timeout: settings.engine_timeout,
    };
    let world = World::new(world_settings, catalogue, store.deployments()?);
    Ok(match store.incomplete() {
        Some(_) => world.recovering().with_secrets(store.secrets()),
        None => world,
    })
}
