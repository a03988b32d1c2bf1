//! Brings lifecycle nodes up.

use std::time::Duration;

use tokio::sync::oneshot;

use super::calls::Call;
use super::observer::Command;
use super::{Gone, Link};

/// How often a node that is in between two states is asked whether it has come to the next.
const BETWEEN_STATES: Duration = Duration::from_millis(200);
/// How long it may stay there.
const TRANSITION_WITHIN: Duration = Duration::from_secs(5);

/// A transition that a node can be told to do.
#[derive(Clone, Copy)]
enum Transition {
    Configure,
    Activate,
}

impl Transition {
    /// Its number in lifecycle_msgs/msg/Transition.
    fn id(self) -> u8 {
        match self {
            Self::Configure => 1,
            Self::Activate => 3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Activate => "activate",
        }
    }
}

/// What to do with a node in a state.
enum Next {
    Nothing,
    Tell(Transition),
    Wait,
    GiveUp,
}

/// By the state's number in lifecycle_msgs/msg/State.
fn next(state: u8) -> Next {
    match state {
        1 => Next::Tell(Transition::Configure),
        2 => Next::Tell(Transition::Activate),
        3 => Next::Nothing,
        // All that are in between two states.
        10..=15 => Next::Wait,
        _ => Next::GiveUp,
    }
}

/// Whether the node is active; in words, what it is instead.
pub async fn is_active(link: &Link, node: &str) -> Result<Result<(), String>, Gone> {
    Ok(match state(link, node).await? {
        Ok((number, _)) if matches!(next(number), Next::Nothing) => Ok(()),
        Ok((_, label)) => Err(format!("lifecycle node {node} is {label}")),
        Err(why) => Err(why),
    })
}

/// Tells the node to configure and to activate, as far as needed.
pub async fn activate(link: &Link, node: &str) -> Result<Result<(), String>, Gone> {
    // Configuring and activating are two steps; a node that needs more falls back again and again.
    for _ in 0..3 {
        let (number, label) = match settled(link, node).await? {
            Ok(state) => state,
            Err(why) => return Ok(Err(why)),
        };
        let told = match next(number) {
            Next::Nothing => return Ok(Ok(())),
            Next::Tell(transition) => tell(link, node, transition).await?,
            Next::Wait | Next::GiveUp => Err(format!("lifecycle node {node} is {label}")),
        };
        if let Err(why) = told {
            return Ok(Err(why));
        }
    }
    Ok(Err(format!(
        "lifecycle node {node} did what it was told, but does not stay active"
    )))
}

/// The state when the node is not in between two states, or when that takes too long.
async fn settled(link: &Link, node: &str) -> Result<Result<(u8, String), String>, Gone> {
    let until = tokio::time::Instant::now() + TRANSITION_WITHIN;
    let mut again = tokio::time::interval(BETWEEN_STATES);
    loop {
        again.tick().await;
        let found = state(link, node).await?;
        let between = matches!(&found, Ok((number, _)) if matches!(next(*number), Next::Wait));
        if !between || tokio::time::Instant::now() >= until {
            return Ok(found);
        }
    }
}

async fn state(link: &Link, node: &str) -> Result<Result<(u8, String), String>, Gone> {
    let (reply, answer) = oneshot::channel();
    let command = Command::Call(node.to_owned(), Call::GetState(reply));
    let answer = link.ask(command, answer).await?;
    Ok(answer.map_err(|why| format!("lifecycle node {node} was asked for its state, but {why}")))
}

async fn tell(link: &Link, node: &str, transition: Transition) -> Result<Result<(), String>, Gone> {
    let (reply, answer) = oneshot::channel();
    let call = Call::ChangeState(transition.id(), reply);
    let command = Command::Call(node.to_owned(), call);
    let name = transition.name();
    Ok(match link.ask(command, answer).await? {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("lifecycle node {node} failed to {name}")),
        Err(why) => Err(format!(
            "lifecycle node {node} was told to {name}, but {why}"
        )),
    })
}
