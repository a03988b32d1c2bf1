//! Looks at containers that run: asks them, or the ROS graph, what the manifest wants to know.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::domain::deployment::probing::LookAt;
use crate::domain::probe::{Answer, Check, RosCheck, Whereabouts};
use crate::edge::docker::{Engine, EngineError};
use crate::edge::network_probe;

/// How many looks go on at once; the others wait for their turn.
const AT_ONCE: usize = 32;
/// How much of what a program wrote is quoted.
const QUOTED: usize = 200;

/// The ROS graph, as far as looks need it.
pub trait RosGraph: Send + Sync {
    /// Whether something is on the graph now, and there because of a container.
    fn check<'a>(&'a self, check: &'a RosCheck, at: &'a Whereabouts) -> BoxFuture<'a, Answer>;

    /// Configures and activates a lifecycle node.
    ///
    /// # Errors
    /// In words, what kept it from being active.
    fn activate<'a>(
        &'a self,
        node: &'a str,
        at: &'a Whereabouts,
    ) -> BoxFuture<'a, Result<(), String>>;

    /// Waits until an action that a container serves has no goal executing, but not longer than
    /// `patience`.
    ///
    /// # Errors
    /// In words, what is executing still.
    fn wait_idle<'a>(
        &'a self,
        action: &'a str,
        at: &'a Whereabouts,
        patience: Duration,
    ) -> BoxFuture<'a, Result<(), String>>;

    /// Counts the changes of the graph of a domain.
    fn changes(&self, domain: u8) -> watch::Receiver<u64>;
}

/// The ROS graph has hung when it takes so much longer than it was given.
const GRAPH_HANGS: Duration = Duration::from_secs(10);

/// Looks at containers.
#[derive(Clone)]
pub struct Looker {
    engine: Engine,
    graph: Arc<dyn RosGraph>,
    turns: Arc<Semaphore>,
}

impl Looker {
    /// Looks at the containers of `engine` and the nodes of `graph`.
    pub fn new(engine: Engine, graph: Arc<dyn RosGraph>) -> Self {
        Self {
            engine,
            graph,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Looks once. It takes at most `limit`; what is not on the ROS graph yet is waited for as
    /// long as `patience`.
    pub async fn look(
        &self,
        at: LookAt,
        whereabouts: Whereabouts,
        limit: Duration,
        patience: Duration,
    ) -> Answer {
        if let LookAt::Check(Check::Ros(check)) = &at {
            return self.wait_for(check, &whereabouts, limit, patience).await;
        }
        let Ok(_turn) = self.turns.acquire().await else {
            return Answer::NotAsked;
        };
        let looked = async {
            match &at {
                LookAt::Activate(nodes) => self.activate(nodes, &whereabouts).await,
                LookAt::Check(Check::Command(command)) => {
                    self.run(command, &whereabouts, limit).await
                }
                LookAt::Check(Check::Tcp(port)) => match address_of(&whereabouts) {
                    Some(address) => answer(network_probe::tcp(address, *port).await),
                    None => no_address(),
                },
                LookAt::Check(Check::Http(check)) => match address_of(&whereabouts) {
                    Some(address) => answer(network_probe::http(address, check).await),
                    None => no_address(),
                },
                LookAt::Check(Check::Ros(check)) => self.graph.check(check, &whereabouts).await,
            }
        };
        timeout(limit, looked).await.unwrap_or_else(|_| {
            Answer::No(format!("there was no answer within {} s", limit.as_secs()))
        })
    }

    /// Waits until none of these actions has a goal executing, each with where its server is heard.
    ///
    /// # Errors
    /// In words, what is executing still after `patience`.
    pub async fn wait_idle(
        &self,
        actions: &[(String, Whereabouts)],
        patience: Duration,
    ) -> Result<(), String> {
        for (action, at) in actions {
            // The graph keeps to its patience; this is for one that hangs.
            let limit = patience + GRAPH_HANGS;
            let idle = timeout(limit, self.graph.wait_idle(action, at, patience)).await;
            idle.unwrap_or_else(|_| Err(format!("action {action} could not be asked")))?;
        }
        Ok(())
    }

    /// Asks the graph again at each of its changes.
    async fn wait_for(
        &self,
        check: &RosCheck,
        at: &Whereabouts,
        limit: Duration,
        patience: Duration,
    ) -> Answer {
        let until = Instant::now() + patience;
        let mut changes = self.graph.changes(at.domain);
        loop {
            changes.borrow_and_update();
            let checked = timeout(limit.max(patience), self.graph.check(check, at)).await;
            let answer = checked.unwrap_or_else(|_| {
                Answer::No(format!("there was no answer within {} s", limit.as_secs()))
            });
            if answer == Answer::Yes {
                return answer;
            }
            // Without an observer there are no changes, and the time is waited out.
            match timeout_at(until, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    tokio::time::sleep_until(until).await;
                    return answer;
                }
                Err(_) => return answer,
            }
        }
    }

    async fn activate(&self, nodes: &[String], at: &Whereabouts) -> Answer {
        for node in nodes {
            if let Err(why) = self.graph.activate(node, at).await {
                return Answer::No(why);
            }
        }
        Answer::Yes
    }

    async fn run(&self, command: &[String], at: &Whereabouts, limit: Duration) -> Answer {
        let shown = command.join(" ");
        match self.engine.exec(&at.container, command, limit).await {
            Ok(end) if end.code == 0 => Answer::Yes,
            Ok(end) => {
                let last = end.output.lines().last().unwrap_or_default();
                let quoted: String = last.chars().take(QUOTED).collect();
                let said = match quoted.is_empty() {
                    true => String::new(),
                    false => format!(": {quoted}"),
                };
                Answer::No(format!("`{shown}` ended with {}{said}", end.code))
            }
            Err(EngineError::Unreachable { .. } | EngineError::NotPermitted { .. }) => {
                Answer::NotAsked
            }
            Err(EngineError::Deadline { .. }) => Answer::No(format!(
                "`{shown}` did not end within {} s",
                limit.as_secs()
            )),
            Err(error) => Answer::No(format!("`{shown}` could not be run: {error}")),
        }
    }
}

/// Where a container's ports are reached from this machine.
fn address_of(at: &Whereabouts) -> Option<IpAddr> {
    match at.host_network {
        true => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        false => at.addresses.first().copied(),
    }
}

fn no_address() -> Answer {
    Answer::No("the container has no address on a network of this machine".to_owned())
}

fn answer(result: Result<(), String>) -> Answer {
    match result {
        Ok(()) => Answer::Yes,
        Err(missing) => Answer::No(missing),
    }
}
