//! Calls of the services of lifecycle nodes.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use r2r::WrappedServiceTypeSupport;
use r2r::lifecycle_msgs::msg::Transition;
use r2r::lifecycle_msgs::srv::{ChangeState, GetState};
use tokio::sync::oneshot;

use super::rcl::{Client, Node, RclError, Waitable};
use crate::domain::time::Monotonic;

/// How long an answer may take.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long clients are kept after their last call.
const KEPT: Duration = Duration::from_secs(30);
/// While a request waits for its server to be connected, how often is looked: the middleware tells
/// of a connection only after the change of the graph.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where an answer goes; in words, why there is none.
type Reply<T> = oneshot::Sender<Result<T, String>>;

/// A call of a lifecycle node.
pub enum Call {
    /// Which state it has: number and name.
    GetState(Reply<(u8, String)>),
    /// Whether it did what it was told, by the number of a transition.
    ChangeState(u8, Reply<bool>),
}

/// All calls of a domain.
pub struct Calls {
    node: Rc<Node>,
    peers: HashMap<String, Peer>,
}

/// A lifecycle node that is called.
struct Peer {
    get_state: Service<GetState::Service, (u8, String)>,
    change_state: Service<ChangeState::Service, bool>,
    used: Monotonic,
}

impl Calls {
    /// Through this node; of nobody yet.
    pub fn new(node: Rc<Node>) -> Self {
        Self {
            node,
            peers: HashMap::new(),
        }
    }

    /// Calls a node. What it answers comes by `step`.
    pub fn call(&mut self, name: String, call: Call, now: Monotonic) {
        match self.peer(name, now) {
            Ok(peer) => match call {
                Call::GetState(reply) => {
                    let request = GetState::Request::default();
                    peer.get_state.ask(request, reply, now);
                }
                Call::ChangeState(id, reply) => {
                    let transition = Transition {
                        id,
                        ..Transition::default()
                    };
                    let request = ChangeState::Request { transition };
                    peer.change_state.ask(request, reply, now);
                }
            },
            Err(error) => call.fail(error.to_string()),
        }
    }

    fn peer(&mut self, name: String, now: Monotonic) -> Result<&mut Peer, RclError> {
        let peer = match self.peers.remove(&name) {
            Some(peer) => Peer { used: now, ..peer },
            None => Peer {
                get_state: Service::new(
                    &self.node,
                    &format!("{name}/get_state"),
                    |response: GetState::Response| {
                        (response.current_state.id, response.current_state.label)
                    },
                )?,
                change_state: Service::new(
                    &self.node,
                    &format!("{name}/change_state"),
                    |response: ChangeState::Response| response.success,
                )?,
                used: now,
            },
        };
        Ok(self.peers.entry(name).or_insert(peer))
    }

    /// Sends what can be sent, hands on answers, and lets go of what takes too long.
    pub fn step(&mut self, now: Monotonic) {
        for peer in self.peers.values_mut() {
            peer.get_state.step(now);
            peer.change_state.step(now);
        }
        self.peers.retain(|_, peer| now.since(peer.used) < KEPT);
    }

    /// When `step` has to be done next, even if nothing arrives.
    pub fn due(&self, now: Monotonic) -> Option<Monotonic> {
        self.peers
            .values()
            .flat_map(|peer| {
                let calls = [peer.get_state.due(now), peer.change_state.due(now)];
                calls.into_iter().flatten().chain([peer.used + KEPT])
            })
            .min()
    }

    /// For the wait set.
    pub fn waitables(&self) -> impl Iterator<Item = Waitable<'_>> {
        self.peers.values().flat_map(|peer| {
            [
                peer.get_state.client.waitable(),
                peer.change_state.client.waitable(),
            ]
        })
    }
}

impl Call {
    fn fail(self, why: String) {
        // Whoever asked may have gone.
        match self {
            Self::GetState(reply) => drop(reply.send(Err(why))),
            Self::ChangeState(_, reply) => drop(reply.send(Err(why))),
        }
    }
}

/// A service with the requests that wait for an answer.
struct Service<S: WrappedServiceTypeSupport, T> {
    client: Client<S>,
    read: fn(S::Response) -> T,
    waiting: Vec<Waiting<S::Request, T>>,
}

struct Waiting<Q, T> {
    request: Q,
    /// Its number, when it was sent.
    number: Option<i64>,
    until: Monotonic,
    reply: Reply<T>,
}

impl<S: WrappedServiceTypeSupport, T> Service<S, T> {
    fn new(node: &Rc<Node>, name: &str, read: fn(S::Response) -> T) -> Result<Self, RclError> {
        Ok(Self {
            client: Client::new(node, name)?,
            read,
            waiting: Vec::new(),
        })
    }

    fn ask(&mut self, request: S::Request, reply: Reply<T>, now: Monotonic) {
        self.waiting.push(Waiting {
            request,
            number: None,
            until: now + ANSWER_WITHIN,
            reply,
        });
    }

    fn step(&mut self, now: Monotonic) {
        if let Err(error) = self.send().and_then(|()| self.take()) {
            for waiting in self.waiting.drain(..) {
                let _ = waiting.reply.send(Err(error.to_string()));
            }
        }
        let late = |waiting: &mut Waiting<_, _>| waiting.until <= now || waiting.reply.is_closed();
        for waiting in self.waiting.extract_if(.., late) {
            let seconds = ANSWER_WITHIN.as_secs();
            let why = match waiting.number {
                Some(_) => format!("there was no answer within {seconds} s"),
                None => format!("no connection came about within {seconds} s"),
            };
            let _ = waiting.reply.send(Err(why));
        }
    }

    fn send(&mut self) -> Result<(), RclError> {
        let unsent = |waiting: &&mut Waiting<_, _>| waiting.number.is_none();
        if !self.waiting.iter_mut().any(|w| unsent(&w)) || !self.client.has_server()? {
            return Ok(());
        }
        for waiting in self.waiting.iter_mut().filter(unsent) {
            waiting.number = Some(self.client.send(&waiting.request)?);
        }
        Ok(())
    }

    fn take(&mut self) -> Result<(), RclError> {
        while let Some((number, response)) = self.client.take()? {
            let place = self.waiting.iter().position(|w| w.number == Some(number));
            // One that came too late is for nobody.
            if let Some(place) = place {
                let waiting = self.waiting.swap_remove(place);
                let _ = waiting.reply.send(Ok((self.read)(response)));
            }
        }
        Ok(())
    }

    fn due(&self, now: Monotonic) -> Option<Monotonic> {
        let unsent = self.waiting.iter().any(|w| w.number.is_none());
        let look_again = unsent.then(|| now + LOOK_AGAIN);
        self.waiting.iter().map(|w| w.until).chain(look_again).min()
    }
}
