//! Listens to a topic for a moment, to find out how often messages come and how large they are.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::observer::Command;
use super::rcl::{MessageType, Node, Subscription, Waitable, Wanted};
use super::{Gone, GraphClient};
use crate::domain::graph::Gid;
use crate::domain::graph::sampling::{Sample, Topic, Window};
use crate::domain::time::Monotonic;
use crate::edge::ros::addresses;

/// How many messages are taken before it is looked whether that was enough: all that can have arrived,
/// since they were paid for.
const AT_ONCE: usize = 64;
/// How long an answer may take; a window is shorter.
const WITHIN: Duration = Duration::from_secs(20);

/// The question what comes on a topic.
pub struct Listen {
    topic: Topic,
    /// About how many bytes may be sent because of it.
    allotted: u64,
    /// Ends it before its time.
    enough: CancellationToken,
    reply: oneshot::Sender<Result<Sample, String>>,
}

impl GraphClient {
    /// Listens to a topic for some seconds at most, until about so many bytes were sent because of it,
    /// or until `enough` is cancelled. Afterwards nothing of it is left.
    ///
    /// # Errors
    /// In words, when it cannot be listened to.
    pub async fn listen(
        &self,
        topic: &Topic,
        allotted: u64,
        enough: &CancellationToken,
    ) -> Result<Sample, String> {
        let unseen = |Gone| format!("the ROS graph of domain {} cannot be seen", topic.domain);
        let link = self.link(topic.domain).map_err(unseen)?;
        let (reply, answer) = oneshot::channel();
        let listen = Listen {
            topic: topic.clone(),
            allotted,
            enough: enough.clone(),
            reply,
        };
        let wake = async {
            enough.cancelled().await;
            link.life.waker().wake();
            std::future::pending().await
        };
        tokio::select! {
            asked = link.ask_within(Command::Listen(listen), answer, WITHIN) => {
                asked.map_err(unseen)?
            }
            () = wake => Err("it was not listened for long enough".to_owned()),
        }
    }

    /// Whether messages of a type can be subscribed. It may read a library from the disk.
    ///
    /// # Errors
    /// In words, when they cannot.
    pub fn knows_type(type_name: &str) -> Result<(), String> {
        let loaded = MessageType::load(type_name);
        loaded.map(drop).map_err(|error| error.to_string())
    }
}

/// The topics of a domain that are listened to now.
pub struct Windows {
    node: Rc<Node>,
    /// At how many addresses of this machine publishers may take it to be.
    addresses: usize,
    open: Vec<Open>,
}

struct Open {
    subscription: Subscription,
    window: Window,
    listen: Listen,
}

impl Windows {
    /// Through this node; none yet.
    pub fn new(node: Rc<Node>) -> Self {
        Self {
            node,
            addresses: ipv4_addresses(),
            open: Vec::new(),
        }
    }

    /// Begins to listen. What came of it is told by `step`.
    pub fn open(&mut self, listen: Listen, now: Monotonic) {
        // One that is gone is written to nevertheless: publishers go by what was announced.
        self.addresses = self.addresses.max(ipv4_addresses());
        match self.subscribe(&listen.topic) {
            Ok(subscription) => self.open.push(Open {
                subscription,
                window: Window::new(now, listen.allotted, self.addresses),
                listen,
            }),
            Err(why) => drop(listen.reply.send(Err(why))),
        }
    }

    fn subscribe(&self, topic: &Topic) -> Result<Subscription, String> {
        let of = MessageType::load(&topic.type_name).map_err(|error| error.to_string())?;
        Subscription::new(&self.node, &topic.name, &of, Wanted::New)
            .map_err(|error| error.to_string())
    }

    /// Takes what has arrived, and ends what has been listened to for long enough.
    pub fn step(&mut self, now: Monotonic) {
        for open in &mut self.open {
            open.take(now);
        }
        let over = |open: &mut Open| {
            let listen = &open.listen;
            let unwanted = listen.enough.is_cancelled() || listen.reply.is_closed();
            unwanted || open.window.is_over(now)
        };
        for open in self.open.extract_if(.., over) {
            // First the end, then the word of it.
            drop(open.subscription);
            let _ = open.listen.reply.send(Ok(open.window.close(now)));
        }
    }

    /// When `step` has to be done next, even if nothing arrives.
    pub fn due(&self) -> Option<Monotonic> {
        self.open.iter().map(|open| open.window.closes_at()).min()
    }

    /// For the wait set.
    pub fn waitables(&self) -> impl Iterator<Item = Waitable<'_>> {
        let subscriptions = self.open.iter().map(|open| &open.subscription);
        subscriptions.map(Waitable::Subscription)
    }
}

/// How many addresses the middleware announces, one to a network interface at least.
fn ipv4_addresses() -> usize {
    let all = addresses::of_this_machine();
    let announced = |address: &&std::net::IpAddr| address.is_ipv4() && !address.is_loopback();
    all.iter().filter(announced).count()
}

impl Open {
    fn take(&mut self, now: Monotonic) {
        for _ in 0..AT_ONCE {
            match self.subscription.take() {
                Ok(Some(message)) => {
                    let (from, bytes) = (Gid(message.from), message.bytes.len());
                    self.window.note(from, bytes, message.number, now);
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!("topic {}: {error}", self.listen.topic.name);
                    return;
                }
            }
        }
    }
}
