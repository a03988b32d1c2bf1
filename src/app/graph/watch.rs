//! Looks at the domains that are needed, and publishes the dependency graph when it has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{OptionFuture, join, pending, select_all};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::markers::Drawing;
use super::measured::measured;
use super::{Domains, Measured, Measurer, RateSettings, Sight};
use crate::app::clock;
use crate::app::snapshot::Observed;
use crate::app::supervisor::Handle;
use crate::domain::dependency_graph::{Builder, DependencyGraph, Options, OwnNode, Rates};
use crate::edge::machine;
use crate::edge::ros::addresses;
use crate::edge::ros::graph::{GraphClient, Keep};
use crate::edge::ros::messages_graph::Encoder;
use crate::edge::ros::node::RosNode;
use crate::edge::ros::{PublisherUntyped, QosProfile, RosError};

/// How the graph is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the ROS graph is looked at, and the topic is there.
    pub on: bool,
    /// How long lies between two publications at least.
    pub min_interval: Duration,
    /// shipmate's own domain, which is always looked at.
    pub domain: u8,
    /// Whether containers are on this machine.
    pub engine_is_local: bool,
    /// What is measured.
    pub rates: RateSettings,
    /// The frame that RViz shows the graph in; empty for none, and where ROS has no messages for that.
    pub markers_frame: String,
}

/// Keeps looking.
pub struct Watcher {
    client: GraphClient,
    settings: Settings,
    sight: Sight,
    keeps: BTreeMap<u8, Keep>,
    domains: watch::Sender<Domains>,
    builder: Builder,
    encoder: Encoder,
    publisher: PublisherUntyped,
    /// Draws for RViz.
    drawing: Drawing,
    published: Option<Arc<DependencyGraph>>,
    /// Tells the graph without rates.
    built: watch::Sender<Arc<DependencyGraph>>,
    measured: Measured,
}

impl Watcher {
    /// Gives what services look through, and unless it is switched off the watcher, and what measures
    /// for it.
    ///
    /// # Errors
    /// When rcl refuses the topic.
    pub fn new(
        node: &mut RosNode,
        handle: &Handle,
        client: GraphClient,
        settings: Settings,
    ) -> Result<(Sight, Option<(Self, Measurer)>), RosError> {
        let (built, graph) = watch::channel(Arc::default());
        let (known, measurer) = measured(client.clone(), settings.rates.clone(), graph);
        let (domains, seen) = watch::channel(Domains::default());
        let nowhere: fn() -> Vec<IpAddr> = Vec::new;
        let sight = Sight {
            deployments: handle.observed(),
            domains: seen,
            own_node: OwnNode {
                name: node.full_name(),
                hostname: machine::hostname(),
                process: std::process::id().to_string(),
            },
            measured: settings.on.then(|| known.clone()),
            addresses: match settings.engine_is_local {
                true => addresses::of_this_machine,
                false => nowhere,
            },
        };
        if !settings.on {
            return Ok((sight, None));
        }
        let latched = QosProfile::default()
            .keep_last(1)
            .reliable()
            .transient_local();
        let watcher = Self {
            client,
            sight: sight.clone(),
            keeps: BTreeMap::new(),
            domains,
            builder: builder(),
            encoder: Encoder::default(),
            publisher: node.publisher_of_encoded(
                "~/dependency_graph",
                "shipmate/msg/DependencyGraph",
                latched.clone(),
            )?,
            drawing: Drawing::new(node, &settings.markers_frame, latched)?,
            published: None,
            built,
            measured: known,
            settings,
        };
        Ok((sight, Some((watcher, measurer))))
    }

    /// Looks until it is told to stop, or the loop has ended.
    pub async fn run(mut self, stop: CancellationToken) {
        let draw = self.drawing.draw.take();
        let both = join(self.watch(), OptionFuture::from(draw));
        stop.run_until_cancelled_owned(both).await;
    }

    async fn watch(mut self) {
        let mut deployments = self.sight.deployments.clone();
        let mut rates = self.measured.shown();
        loop {
            let needed = needed(&deployments.borrow_and_update(), self.settings.domain);
            self.look_at(&needed);
            let mut views: Vec<_> = self.keeps.values().map(Keep::views).collect();
            for view in &mut views {
                view.mark_unchanged();
            }
            // What changes from here on is taken up by the next round.
            let known = Arc::clone(&rates.borrow_and_update());
            self.tell(&known).await;
            let not_before = Instant::now() + self.settings.min_interval;
            let seen = views.iter_mut().map(|view| changed(view).boxed());
            let news = tokio::select! {
                changed = deployments.changed() => changed.is_ok(),
                () = changed(&mut rates) => true,
                _ = select_all(seen) => true,
            };
            if !news {
                return;
            }
            sleep_until(not_before).await;
        }
    }

    /// Looks at these domains and at no others any more.
    fn look_at(&mut self, needed: &BTreeSet<u8>) {
        if self.keeps.keys().eq(needed) {
            return;
        }
        self.keeps.retain(|domain, _| needed.contains(domain));
        for domain in needed {
            let keep = || self.client.keep(*domain);
            self.keeps.entry(*domain).or_insert_with(keep);
        }
        let views = { self.keeps.iter() }.map(|(domain, keep)| (*domain, keep.views()));
        self.domains.send_replace(Arc::new(views.collect()));
    }

    async fn tell(&mut self, rates: &Arc<Rates>) {
        let (sight, rates) = (self.sight.clone(), Arc::clone(rates));
        let mut builder = std::mem::replace(&mut self.builder, builder());
        let built = tokio::task::spawn_blocking(move || {
            let graph = builder.next_graph(sight.now());
            let filled = with_rates(&graph, &rates);
            (builder, graph, filled)
        });
        let Ok((builder, built, graph)) = built.await else {
            tracing::error!("the dependency graph could not be built");
            return;
        };
        self.builder = builder;
        self.built.send_if_modified(|known| {
            let is_new = !Arc::ptr_eq(known, &built);
            *known = built;
            is_new
        });
        let is_known = |known: &Arc<_>| Arc::ptr_eq(known, &graph) || *known == graph;
        if self.published.as_ref().is_some_and(is_known) {
            return;
        }
        match self.publish(&graph) {
            Ok(()) => {
                self.drawing.graphs.send_replace(Arc::clone(&graph));
                self.published = Some(graph);
            }
            Err(error) => {
                tracing::warn!("the dependency graph could not be published: {error}");
            }
        }
    }

    fn publish(&mut self, graph: &DependencyGraph) -> Result<(), RosError> {
        let message = self.encoder.encode(graph, clock::now().wall)?;
        let published = self.publisher.publish_raw(message);
        published.map_err(RosError::NotPublished)
    }
}

fn builder() -> Builder {
    Builder::new(Options {
        ros_details: true,
        ..Options::default()
    })
}

/// The same graph with what is measured; itself when nothing is.
fn with_rates(graph: &Arc<DependencyGraph>, rates: &Rates) -> Arc<DependencyGraph> {
    if rates.deployments.is_empty() {
        return Arc::clone(graph);
    }
    let mut filled = DependencyGraph::clone(graph);
    rates.fill(&mut filled);
    Arc::new(filled)
}

/// One whose sender is gone never changes again.
async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        pending::<()>().await;
    }
}

/// The domains that living deployments use, and shipmate's own.
fn needed(deployments: &Observed, own: u8) -> BTreeSet<u8> {
    let living = { deployments.iter() }.filter(|it| !it.over);
    let containers = living.flat_map(|it| &it.containers);
    let used = containers.map(|container| container.domain_id);
    used.chain([own]).collect()
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
