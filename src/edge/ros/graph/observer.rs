//! The thread that looks at one domain.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::Clock;
use super::calls::{Call, Calls};
use super::follow::Follow;
use super::goals::{Goals, WaitIdle};
use super::life::Life;
use super::listening::{Listening, Measure};
use super::rates::{Listen, Windows};
use super::rcl::{Context, Guard, Node, RclError, WaitSet};
use crate::domain::graph::{GraphView, Participants};
use crate::domain::time::Monotonic;

/// How long it takes until a look that failed is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What an observer is asked to do.
pub enum Command {
    /// To measure a rate.
    Measure(Measure),
    /// To listen to a topic for a moment.
    Listen(Listen),
    /// To tell when an action is idle.
    WaitIdle(WaitIdle),
    /// To call a lifecycle node.
    Call(String, Call),
}

/// What a thread is given.
pub struct Seat {
    /// The domain to look at.
    pub domain: u8,
    /// Tells the time.
    pub clock: Clock,
    /// How long lies between two looks at least. One change of the graph gives dozens of events; when a
    /// look takes long, more time lies between them, so that looking takes no more than a tenth of it.
    pub pause: Duration,
    /// How long to look.
    pub life: Arc<Life>,
    /// What to do beside looking.
    pub commands: mpsc::Receiver<Command>,
    /// Who is where.
    pub participants: watch::Receiver<Arc<Participants>>,
    /// Gets every new view.
    pub views: watch::Sender<Option<Arc<GraphView>>>,
    /// Counts them.
    pub ticks: watch::Sender<u64>,
}

/// Looks until nobody asks any more.
pub fn observe(seat: Seat) {
    let (domain, life) = (seat.domain, Arc::clone(&seat.life));
    let _end = End(life);
    tracing::debug!("looking at the ROS graph of domain {domain}");
    let seen = Observer::new(seat).and_then(|mut observer| observer.run());
    match seen {
        Ok(()) => tracing::debug!("nobody asks about the ROS graph of domain {domain} any more"),
        Err(error) => tracing::warn!("the ROS graph of domain {domain} cannot be seen: {error}"),
    }
}

/// Says that it is over, even after a panic: then another observer is started for the next question.
struct End(Arc<Life>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.is_over();
    }
}

/// Its parts end in this order: what is made from a node or a context before these.
struct Observer {
    seat: Seat,
    view: Arc<GraphView>,
    participants: Arc<Participants>,
    /// When the graph has to be read, if it has to.
    read_at: Option<Monotonic>,
    read_not_before: Monotonic,
    follow: Follow,
    listening: Listening,
    windows: Windows,
    goals: Goals,
    calls: Calls,
    wait: WaitSet,
    guard: Guard,
    node: Rc<Node>,
}

impl Observer {
    fn new(seat: Seat) -> Result<Self, RclError> {
        let context = Context::new(seat.domain)?;
        // Names that begin with an underscore are hidden by ROS' tools.
        let node = Node::new(&context, &format!("_shipmate_graph_{}", std::process::id()))?;
        let guard = Guard::new(&context, seat.life.waker())?;
        let now = (seat.clock)();
        let view = GraphView {
            begun: now,
            ..GraphView::default()
        };
        Ok(Self {
            view: Arc::new(view),
            participants: Arc::default(),
            read_at: Some(now),
            read_not_before: now,
            follow: Follow::new(&node, seat.life.waker(), seat.clock),
            listening: Listening::new(Rc::clone(&node)),
            windows: Windows::new(Rc::clone(&node)),
            goals: Goals::new(Rc::clone(&node)),
            calls: Calls::new(Rc::clone(&node)),
            wait: WaitSet::new(&context)?,
            guard,
            node,
            seat,
        })
    }

    fn run(&mut self) -> Result<(), RclError> {
        loop {
            let now = (self.seat.clock)();
            if self.follow.hear() || self.follow.due().is_some_and(|due| due <= now) {
                self.read_at.get_or_insert(self.read_not_before);
            }
            if self.read_at.is_some_and(|due| due <= now) {
                self.look(now);
            }
            self.hear_of_participants(now);
            self.take_commands(now);
            self.listening.step(&self.view, now);
            self.windows.step(now);
            self.goals.step(&self.view, now);
            self.calls.step(now);
            if self.goals.are_waited_for() {
                self.seat.life.ask(now);
            }
            let Some(end) = self.seat.life.ends_at(now) else {
                return Ok(());
            };
            if self.wait_until(end)? {
                self.read_at.get_or_insert(self.read_not_before);
            }
        }
    }

    /// What a participant says of itself is part of the graph; nothing has to be read anew for it.
    fn hear_of_participants(&mut self, now: Monotonic) {
        let heard = &mut self.seat.participants;
        if !heard.has_changed().unwrap_or(false) {
            return;
        }
        self.participants = Arc::clone(&heard.borrow_and_update());
        self.follow.announced(&self.participants, now);
        // A look that is due takes them along.
        if self.read_at.is_none() {
            let participants = Arc::clone(&self.participants);
            let view = GraphView::clone(&self.view);
            self.tell(GraphView {
                participants,
                ..view
            });
        }
    }

    /// Waits for the graph, a command, a message or an answer; whether the graph has changed.
    fn wait_until(&mut self, end: Monotonic) -> Result<bool, RclError> {
        let now = (self.seat.clock)();
        let due = [
            self.read_at.or(self.follow.due()),
            self.listening.due(),
            self.windows.due(),
            self.goals.due(),
            self.calls.due(now),
        ];
        let due = due.into_iter().flatten().fold(end, Monotonic::min);
        let others: Vec<_> = self
            .listening
            .waitables()
            .chain(self.windows.waitables())
            .chain(self.goals.waitables())
            .chain(self.calls.waitables())
            .collect();
        self.wait
            .wait(&self.node, &self.guard, &others, due.since(now))
    }

    fn take_commands(&mut self, now: Monotonic) {
        while let Ok(command) = self.seat.commands.try_recv() {
            match command {
                Command::Measure(measure) => self.listening.measure(measure, now),
                Command::Listen(listen) => self.windows.open(listen, now),
                Command::WaitIdle(wait) => self.goals.wait(wait, now),
                Command::Call(node, call) => self.calls.call(node, call, now),
            }
        }
    }

    /// Looks at what has changed of the graph, and tells of it when it has changed.
    fn look(&mut self, now: Monotonic) {
        self.read_at = None;
        let seen = self.follow.look(&self.view, &self.participants, now);
        let done = (self.seat.clock)();
        let took = done.since(now);
        tracing::trace!("read domain {} in {took:?}", self.seat.domain);
        // How often everything is read is the concern of who follows; what comes after it must not wait.
        let pause = match seen {
            Ok((_, true)) => Duration::ZERO,
            _ => took,
        };
        self.read_not_before = done + pause.max(self.seat.pause);
        match seen {
            Ok((Some(view), _)) => self.tell(view),
            Ok((None, _)) => {}
            Err(error) => {
                tracing::warn!("the ROS graph of domain {}: {error}", self.seat.domain);
                self.read_at = Some(done + AFTER_FAILURE);
            }
        }
    }

    fn tell(&mut self, view: GraphView) {
        let first = self.seat.views.borrow().is_none();
        if !first && view == *self.view {
            return;
        }
        self.view = Arc::new(view);
        self.seat.views.send_replace(Some(Arc::clone(&self.view)));
        self.seat.ticks.send_modify(|tick| *tick += 1);
    }
}
