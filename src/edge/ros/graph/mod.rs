//! Looks at the ROS graph: what is there, since when, how often messages arrive and how large they are,
//! and whether an action is idle; and brings lifecycle nodes up.
//!
//! r2r's node sees one domain only and must never wait for us. So each domain that somebody asks about
//! has an observer (`observer.rs`): a thread with an rcl context and a node of its own, which sleeps
//! until the graph changes, reads it once, and publishes it as a value that never changes. What a
//! container's own is, `domain/graph/rules.rs` decides on such values; on whose host each participant
//! is, `announcements.rs` hears. `rcl/` makes the part of rcl that r2r does not wrap safe to use.

mod announcements;
mod calls;
mod follow;
mod goals;
mod keep;
mod life;
mod lifecycle;
mod listening;
mod observer;
mod rates;
mod rcl;
mod read;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::graph::GraphView;
use crate::domain::graph::rules::Own;
use crate::domain::probe::{Answer, RosCheck, Whereabouts};
use crate::domain::time::Monotonic;
use announcements::Announcements;
pub use keep::Keep;
use life::Life;
use listening::Measure;
use observer::{Command, Seat};

/// How long lies between two looks at a graph at least, unless it is said otherwise.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How many questions may wait for the thread of a domain.
const WAITING_COMMANDS: usize = 64;
/// How long the thread of a domain may take to begin.
const BEGIN_WITHIN: Duration = Duration::from_secs(5);
/// How long an observer may take for an answer; its own deadlines are shorter.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long after a lifecycle node its services may be seen.
const SERVICES_WITHIN: Duration = Duration::from_secs(5);
/// How long it takes until what is on the graph has been heard of, at most.
const DISCOVERY: Duration = Duration::from_secs(2);

/// Tells the time.
pub type Clock = fn() -> Monotonic;

/// Answers questions about the ROS graph of any domain.
#[derive(Clone)]
pub struct GraphClient(Arc<Shared>);

struct Shared {
    domains: Mutex<HashMap<u8, Domain>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    clock: Clock,
    pause: Duration,
}

/// A domain that somebody has asked about.
struct Domain {
    /// Lives on when the observer ends, for those who wait for changes.
    ticks: watch::Sender<u64>,
    /// As well; None while nobody looks.
    views: watch::Sender<Option<Arc<GraphView>>>,
    /// How many want it to be looked at always.
    keepers: usize,
    observer: Option<Link>,
}

impl Default for Domain {
    fn default() -> Self {
        Self {
            ticks: watch::Sender::new(0),
            views: watch::Sender::new(None),
            keepers: 0,
            observer: None,
        }
    }
}

/// The way to the observer of a domain.
#[derive(Clone)]
struct Link {
    life: Arc<Life>,
    commands: mpsc::Sender<Command>,
    /// None before the first look.
    views: watch::Receiver<Option<Arc<GraphView>>>,
}

impl Link {
    /// Hands a command to the observer, which answers it.
    async fn ask<T>(&self, command: Command, answer: oneshot::Receiver<T>) -> Result<T, Gone> {
        self.ask_within(command, answer, ANSWER_WITHIN).await
    }

    async fn ask_within<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<T>,
        within: Duration,
    ) -> Result<T, Gone> {
        let asked = async {
            self.commands.send(command).await.map_err(|_| Gone)?;
            self.life.waker().wake();
            answer.await.map_err(|_| Gone)
        };
        let answered = tokio::time::timeout(within, asked).await;
        answered.map_err(|_| Gone)?
    }

    /// The latest look at the graph; the first one is waited for.
    async fn view(&mut self) -> Result<Arc<GraphView>, Gone> {
        self.view_in_which(|_| true, BEGIN_WITHIN).await
    }

    /// The latest look at the graph in which something holds; it is waited for until then.
    async fn view_in_which(
        &mut self,
        holds: impl Fn(&GraphView) -> bool,
        within: Duration,
    ) -> Result<Arc<GraphView>, Gone> {
        let Self { life, views, .. } = self;
        let looked = async {
            tokio::select! {
                view = views.wait_for(|view| view.as_ref().is_some_and(|view| holds(view))) => {
                    view.map_err(|_| Gone)?.clone().ok_or(Gone)
                }
                () = life.ended() => Err(Gone),
            }
        };
        let view = tokio::time::timeout(within, looked).await;
        view.map_err(|_| Gone)?
    }
}

/// The observer has ended, hangs, or could not begin; its thread has said why.
#[derive(Debug)]
struct Gone;

impl GraphClient {
    /// Nothing is started before the first question about a domain. All threads end with `stop`, and
    /// `tasks` holds one task for each that joins it.
    pub fn new(tasks: TaskTracker, stop: CancellationToken, clock: Clock) -> Self {
        Self::with_pause(tasks, stop, clock, BETWEEN_LOOKS)
    }

    /// The same, with so much time between two looks at a graph at least.
    pub fn with_pause(
        tasks: TaskTracker,
        stop: CancellationToken,
        clock: Clock,
        pause: Duration,
    ) -> Self {
        Self(Arc::new(Shared {
            domains: Mutex::default(),
            tasks,
            stop,
            clock,
            pause,
        }))
    }

    /// Whether it holds now. Nothing is waited for, but that a rate takes a time to be measured.
    /// During the first two seconds in a domain, what is there may not have been heard of yet; a
    /// «no» says so then.
    pub async fn check(&self, check: &RosCheck, at: &Whereabouts) -> Answer {
        match self.ask(check, at).await {
            Ok(answer) => answer,
            Err(Gone) => Answer::NotAsked,
        }
    }

    async fn ask(&self, check: &RosCheck, at: &Whereabouts) -> Result<Answer, Gone> {
        let mut link = self.link(at.domain)?;
        let view = link.view().await?;
        let own = self.own(&view, at);
        let found = match check {
            RosCheck::Node(name) => own.node(name),
            RosCheck::Service(name) => own.servers(name).map(|_| ()),
            RosCheck::Action(name) => own.action_servers(name).map(|_| ()),
            RosCheck::Active(name) => match own.lifecycle(name) {
                Ok(()) => lifecycle::is_active(&link, name).await?,
                Err(why) => Err(why),
            },
            RosCheck::Topic { name, min_rate } => match (own.publishers(name), min_rate) {
                (Ok(publishers), Some(min_rate)) => {
                    let type_name = publishers.first().map(|p| p.type_name.to_string());
                    let type_name = type_name.unwrap_or_default();
                    rate(&link, name, type_name, *min_rate, at).await?
                }
                (Ok(_), None) => Ok(()),
                (Err(why), _) => Err(why),
            },
        };
        Ok(match found {
            Ok(()) => Answer::Yes,
            Err(why) => Answer::No(self.unless_too_early(&view, why)),
        })
    }

    /// Configures and activates a lifecycle node until it is active.
    ///
    /// # Errors
    /// In words, when the node is not there, does not answer, or does not do as it is told. It may be
    /// asked again: it goes on from the state that the node has then.
    pub async fn activate(&self, node: &str, at: &Whereabouts) -> Result<(), String> {
        let gone = |Gone| format!("node {node} could not be asked: the ROS graph cannot be seen");
        let mut link = self.link(at.domain).map_err(gone)?;
        let view = link.view().await.map_err(gone)?;
        // A node is often seen a moment before its services, and before it is known whose it is.
        let known = |view: &GraphView| {
            !view.nodes.contains_key(node) || self.own(view, at).lifecycle(node).is_ok()
        };
        let known = link.view_in_which(known, SERVICES_WITHIN).await;
        let view = known.unwrap_or(view);
        let found = self.own(&view, at).lifecycle(node);
        found.map_err(|why| self.unless_too_early(&view, why))?;
        lifecycle::activate(&link, node).await.map_err(gone)?
    }

    /// Ticks at every change of the graph of a domain, while somebody asks about it.
    pub fn changes(&self, domain: u8) -> watch::Receiver<u64> {
        let mut domains = self.0.lock();
        domains.entry(domain).or_default().ticks.subscribe()
    }

    /// The graph of a domain as it is now.
    pub async fn view(&self, domain: u8) -> Option<Arc<GraphView>> {
        self.link(domain).ok()?.view().await.ok()
    }

    fn own<'a>(&self, view: &'a GraphView, at: &'a Whereabouts) -> Own<'a> {
        let now = (self.0.clock)();
        Own { view, at, now }
    }

    /// Says since when is looked, as long as that is too short for an answer to be trusted.
    fn unless_too_early(&self, view: &GraphView, why: String) -> String {
        let since = (self.0.clock)().since(view.begun);
        if since < DISCOVERY {
            format!("{why} (looking since {:.1} s)", since.as_secs_f64())
        } else {
            why
        }
    }

    /// The way to the observer of a domain, which is started if there is none.
    fn link(&self, domain: u8) -> Result<Link, Gone> {
        if self.0.stop.is_cancelled() {
            return Err(Gone);
        }
        let mut domains = self.0.lock();
        let known = domains.entry(domain).or_default();
        self.0.link(domain, known)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u8, Domain>> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The observer that lives, or a new one.
    fn link(self: &Arc<Self>, domain: u8, known: &mut Domain) -> Result<Link, Gone> {
        let now = (self.clock)();
        if let Some(link) = known.observer.as_ref().filter(|link| link.life.ask(now)) {
            return Ok(link.clone());
        }
        let link = self.start(domain, known)?;
        known.observer = Some(link.clone());
        Ok(link)
    }

    /// Starts the thread of a domain, and a task that joins it.
    fn start(self: &Arc<Self>, domain: u8, known: &Domain) -> Result<Link, Gone> {
        let life = Arc::new(Life::new((self.clock)(), known.keepers));
        let (sender, commands) = mpsc::channel(WAITING_COMMANDS);
        // What an earlier one has seen is not so any more.
        known.views.send_replace(None);
        let (views, receiver) = (known.views.clone(), known.views.subscribe());
        let (heard, participants) = watch::channel(Arc::default());
        let announcements = Announcements {
            domain,
            clock: self.clock,
            heard,
            waker: life.waker().clone(),
            stop: self.stop.child_token(),
        };
        let seat = Seat {
            domain,
            clock: self.clock,
            pause: self.pause,
            life: Arc::clone(&life),
            commands,
            participants,
            views,
            ticks: known.ticks.clone(),
        };
        // Dropped by the thread when all else of it has ended, even by a panic.
        let (ended, end) = oneshot::channel::<()>();
        let started = std::thread::Builder::new()
            .name(format!("ros-graph-{domain}"))
            .spawn(move || {
                let _ended = ended;
                observer::observe(seat);
            });
        let thread = started.map_err(|error| {
            tracing::warn!("the thread for the ROS graph could not be started: {error}");
            Gone
        })?;
        let stop_hearing = announcements.stop.clone();
        self.tasks.spawn(announcements.hear());
        let joining = join(thread, end, Arc::clone(&life), self.stop.clone());
        let shared = Arc::clone(self);
        let ended = Arc::clone(&life);
        self.tasks.spawn(async move {
            joining.await;
            stop_hearing.cancel();
            shared.has_ended(domain, &ended).await;
        });
        Ok(Link {
            life,
            commands: sender,
            views: receiver,
        })
    }
}

/// Ends a thread with `stop`, and joins it when it has ended.
async fn join(
    thread: std::thread::JoinHandle<()>,
    mut end: oneshot::Receiver<()>,
    life: Arc<Life>,
    stop: CancellationToken,
) {
    tokio::select! {
        _ = &mut end => {}
        () = stop.cancelled() => {
            life.stop();
            let _ = end.await;
        }
    }
    // It is at its very end: this does not block.
    if thread.join().is_err() {
        tracing::error!("a thread for the ROS graph panicked");
    }
}

/// Whether messages arrive often enough.
async fn rate(
    link: &Link,
    topic: &str,
    type_name: String,
    min_rate: f64,
    at: &Whereabouts,
) -> Result<Result<(), String>, Gone> {
    let (reply, answer) = oneshot::channel();
    let measure = Measure {
        topic: topic.to_owned(),
        type_name,
        min_rate,
        at: at.clone(),
        reply,
    };
    link.ask(Command::Measure(measure), answer).await
}
