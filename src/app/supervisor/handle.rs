//! How the rest of the node talks to the loop.

use tokio::sync::{mpsc, watch};

use crate::app::build_logs::BuildLogs;
use crate::app::request::{Input, Request};
use crate::app::snapshot::{Observed, Snapshot};
use crate::domain::events::ChangeEvent;

/// How the rest of the node talks to the loop.
#[derive(Clone)]
pub struct Handle {
    pub(super) inputs: mpsc::Sender<Input>,
    pub(super) snapshots: watch::Receiver<Snapshot>,
    pub(super) observed: watch::Receiver<Observed>,
    pub(super) events: mpsc::Sender<ChangeEvent>,
    pub(super) builds: BuildLogs,
}

impl Handle {
    /// How many inputs wait for the loop, and how many may.
    pub fn waiting_inputs(&self) -> (usize, usize) {
        waiting(&self.inputs)
    }

    /// How many events wait to be published, and how many may.
    pub fn waiting_events(&self) -> (usize, usize) {
        waiting(&self.events)
    }

    /// Asks for something, unless too much is waiting.
    ///
    /// # Errors
    /// Gives the request back when the loop has too much to do, or has ended.
    pub fn request(&self, request: Request) -> Result<(), Box<Request>> {
        self.inputs
            .try_send(Input::Request(request))
            .map_err(|error| {
                match error.into_inner() {
                    Input::Request(request) => Box::new(request),
                    // What was put in is what comes back.
                    _ => Box::new(Request::Cancel(String::new())),
                }
            })
    }

    /// What is shown, now and in future.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// What the dependency graph is to know of the deployments, now and in future.
    pub fn observed(&self) -> watch::Receiver<Observed> {
        self.observed.clone()
    }

    /// What builds said.
    pub fn builds(&self) -> BuildLogs {
        self.builds.clone()
    }
}

fn waiting<T>(sender: &mpsc::Sender<T>) -> (usize, usize) {
    let most = sender.max_capacity();
    (most - sender.capacity(), most)
}
