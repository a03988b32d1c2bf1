//! `shipmate doctor` and `~/doctor`: gathers the facts, each with a deadline, and has the domain say
//! what they mean.

pub mod command;
mod gather;
mod show;

use std::path::PathBuf;

use crate::domain::doctor::{Finding, findings};
use crate::edge::docker::Engine;

/// Looks at this machine.
#[derive(Clone)]
pub struct Doctor {
    engine: Engine,
    state_folder: PathBuf,
}

impl Doctor {
    /// One that asks this engine, and looks at the disk of shipmate's state.
    pub fn new(engine: Engine, state_folder: PathBuf) -> Doctor {
        Doctor {
            engine,
            state_folder,
        }
    }

    /// Looks at everything; it changes nothing, and takes some ten seconds at most.
    pub async fn examine(&self) -> Vec<Finding> {
        findings(&gather::facts(&self.engine, &self.state_folder).await)
    }
}
