//! What containers write and engines say may hold a secret; it is taken out before anything is kept.

use std::borrow::Cow;

use super::news::{Outcome, StepError};
use crate::domain::container::{ContainerFacts, ContainerState};
use crate::domain::masks::Masks;
use crate::domain::probe::Answer;

/// What an engine says of a container.
pub fn facts<'a>(facts: &'a ContainerFacts, masks: &Masks) -> Cow<'a, ContainerFacts> {
    let mut facts = Cow::Borrowed(facts);
    if !masks.is_empty()
        && matches!(facts.state, ContainerState::Exited(_))
        && let ContainerState::Exited(exit) = &mut facts.to_mut().state
    {
        exit.message = masks.mask(&exit.message);
        exit.last_output = masks.mask(&exit.last_output);
    }
    facts
}

/// What a look at a container came to.
pub fn answer(answer: Answer, masks: &Masks) -> Answer {
    match answer {
        Answer::No(missing) => Answer::No(masks.mask(&missing)),
        Answer::Yes | Answer::NotAsked => answer,
    }
}

/// How a step ended.
pub fn outcome(outcome: Outcome, masks: &Masks) -> Outcome {
    match outcome {
        Outcome::Error(StepError::Failed(mut failure)) => {
            failure.reason = masks.mask(&failure.reason);
            Outcome::Error(StepError::Failed(failure))
        }
        other => other,
    }
}
