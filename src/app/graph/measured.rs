//! Has the topics of some deployments measured, and tells what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, OptionFuture, pending};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::clock;
use crate::domain::dependency_graph::{
    DependencyGraph, Rates, measured_deployments, measured_topics,
};
use crate::domain::graph::sampling::{Sample, Sampler, Topic, Turn};
use crate::domain::time::Monotonic;
use crate::edge::ros::graph::GraphClient;

/// How long lies between two changes of what is published at least, when nothing but numbers is other.
const BETWEEN_NUMBERS: Duration = Duration::from_secs(5);

/// What is measured, and how much that may cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateSettings {
    /// The names of the deployments that are always measured.
    pub always: BTreeSet<String>,
    /// How many bytes a second may be sent because of it.
    pub budget: f64,
}

/// What is known of rates, for whoever asks.
#[derive(Clone)]
pub struct Measured {
    settings: Arc<RateSettings>,
    /// The ids of deployments that somebody asked to be measured.
    asked: Arc<watch::Sender<BTreeSet<String>>>,
    graph: watch::Receiver<Arc<DependencyGraph>>,
    /// All that is known.
    latest: watch::Receiver<Arc<Rates>>,
    /// What is published: it does not change with each number.
    shown: watch::Receiver<Arc<Rates>>,
}

/// Has measured what is wanted.
pub struct Measurer {
    client: GraphClient,
    settings: Arc<RateSettings>,
    asked: watch::Receiver<BTreeSet<String>>,
    graph: watch::Receiver<Arc<DependencyGraph>>,
    latest: watch::Sender<Arc<Rates>>,
    shown: watch::Sender<Arc<Rates>>,
    told: Option<Monotonic>,
    sampler: Sampler,
}

/// A topic that is listened to now.
struct Listening {
    topic: Topic,
    enough: CancellationToken,
    heard: BoxFuture<'static, Result<Sample, String>>,
}

/// What is known of rates, and what finds it out from the graph that is told by `graph`.
pub fn measured(
    client: GraphClient,
    settings: RateSettings,
    graph: watch::Receiver<Arc<DependencyGraph>>,
) -> (Measured, Measurer) {
    let settings = Arc::new(settings);
    let (asking, asked) = watch::channel(BTreeSet::new());
    let (latest, known) = watch::channel(Arc::default());
    let (showing, shown) = watch::channel(Arc::default());
    let measurer = Measurer {
        client,
        settings: Arc::clone(&settings),
        asked,
        graph: graph.clone(),
        latest,
        shown: showing,
        told: None,
        sampler: Sampler::new(settings.budget),
    };
    let measured = Measured {
        settings,
        asked: Arc::new(asking),
        graph,
        latest: known,
        shown,
    };
    (measured, measurer)
}

impl Measured {
    /// Nothing, and nobody who measures.
    #[cfg(test)]
    pub(super) fn nothing() -> Self {
        Self {
            settings: Arc::default(),
            asked: Arc::new(watch::channel(BTreeSet::new()).0),
            graph: watch::channel(Arc::default()).1,
            latest: watch::channel(Arc::default()).1,
            shown: watch::channel(Arc::default()).1,
        }
    }

    /// What is measured always, and how much it may cost.
    pub fn settings(&self) -> &RateSettings {
        &self.settings
    }

    /// Measures a deployment from now on, or does so no more. Those whose ids are not in `living` are
    /// forgotten.
    pub fn ask(&self, id: &str, measure: bool, living: &BTreeSet<String>) {
        self.asked.send_modify(|asked| {
            asked.retain(|id| living.contains(id));
            if measure {
                asked.insert(id.to_owned());
            } else {
                asked.remove(id);
            }
        });
    }

    /// The topics at which a deployment has an edge, in the graph as it is known.
    pub fn topics(&self, id: &str) -> Vec<Topic> {
        let graph = Arc::clone(&self.graph.borrow());
        let topics = measured_topics(&graph, &[id.to_owned()].into());
        topics.into_keys().collect()
    }

    /// All that is known now.
    pub fn latest(&self) -> Arc<Rates> {
        Arc::clone(&self.latest.borrow())
    }

    /// What is to be published: it changes when what is measured does, and with notable changes of
    /// numbers every few seconds at most.
    pub fn shown(&self) -> watch::Receiver<Arc<Rates>> {
        self.shown.clone()
    }
}

impl Measurer {
    /// Measures until it is told to stop, or nobody looks at the graph any more.
    pub async fn run(mut self, stop: CancellationToken) {
        stop.run_until_cancelled_owned(self.measure()).await;
    }

    async fn measure(&mut self) {
        let mut listening: Option<Listening> = None;
        loop {
            let unwanted = self.look();
            if let Some(it) = listening.as_ref().filter(|_| unwanted) {
                it.enough.cancel();
            }
            let mut next = pending().boxed();
            match self.sampler.next(clock::now().monotonic) {
                Turn::Listen(topic, allotted) => listening = Some(self.listen(topic, allotted)),
                Turn::NotBefore(due) => {
                    next = sleep(due.since(clock::now().monotonic)).boxed();
                }
                Turn::Nothing => {}
            }
            let heard = OptionFuture::from(listening.as_mut().map(|it| &mut it.heard));
            tokio::select! {
                changed = self.graph.changed() => if changed.is_err() { return },
                changed = self.asked.changed() => if changed.is_err() { return },
                () = next => {}
                Some(heard) = heard => {
                    if let Some(it) = listening.take() {
                        self.heard(&it.topic, heard);
                    }
                }
            }
        }
    }

    /// Takes up what is wanted now, and tells what is known of it; whether what is listened to is
    /// wanted no more.
    fn look(&mut self) -> bool {
        let now = clock::now().monotonic;
        let graph = Arc::clone(&self.graph.borrow_and_update());
        let asked = self.asked.borrow_and_update().clone();
        let deployments = measured_deployments(&graph, &asked, &self.settings.always);
        let unwanted = self
            .sampler
            .want(measured_topics(&graph, &deployments), now);
        let rates = Arc::new(Rates {
            deployments,
            topics: self.sampler.rates(),
        });
        self.latest.send_replace(Arc::clone(&rates));
        self.show(rates, now);
        unwanted
    }

    fn show(&mut self, rates: Arc<Rates>, now: Monotonic) {
        let shown = Arc::clone(&self.shown.borrow());
        let only_numbers = rates.deployments == shown.deployments;
        let is_early = self.told.is_some_and(|told| now < told + BETWEEN_NUMBERS);
        if (only_numbers && is_early) || !rates.differ_from(&shown) {
            return;
        }
        if only_numbers {
            self.told = Some(now);
        }
        self.shown.send_replace(rates);
    }

    fn listen(&self, topic: Topic, allotted: u64) -> Listening {
        let enough = CancellationToken::new();
        let (client, of, until) = (self.client.clone(), topic.clone(), enough.clone());
        let heard = async move { client.listen(&of, allotted, &until).await };
        Listening {
            topic,
            enough,
            heard: heard.boxed(),
        }
    }

    fn heard(&mut self, topic: &Topic, heard: Result<Sample, String>) {
        let sample = heard.map_err(|why| {
            tracing::warn!("topic {} is not measured: {why}", topic.name);
        });
        self.sampler.ended(sample.ok(), clock::now().monotonic);
    }
}
