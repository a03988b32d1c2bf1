//! An engine that is away, and what its containers look like when it is back. Measured on Docker
//! 20.10 without live restore.

use super::SimulatedEngine;

/// Why an engine is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// It lives, but shipmate cannot talk to it.
    Unreachable,
    /// It is restarted in order. Before it ends it stops every container that runs, each with its
    /// own signal, and tells of it.
    Restarted,
    /// It was killed. The programs live on, and keep the codes that they end with; the new engine
    /// stops those that are left before it answers.
    Killed,
    /// As [`Killed`](Self::Killed), but the new engine keeps containers (`live-restore`).
    KilledWithLiveRestore,
    /// The machine lost its power, and everything with it.
    PowerLost,
}

/// What the engine writes down of a container whose end nobody has seen.
const UNKNOWN_END: i32 = 255;

impl SimulatedEngine {
    /// The engine does not answer from now on. Its last news can still be taken.
    pub fn goes_away(&mut self, outage: Outage) {
        if outage == Outage::Restarted {
            self.stop_all();
        }
        self.away = Some(outage);
        if outage == Outage::PowerLost {
            for id in self.running_ids() {
                self.die(&id, UNKNOWN_END, false);
            }
        }
    }

    /// The engine answers again. It tells nothing of what happened meanwhile.
    pub fn returns(&mut self) {
        let told = self.take_events();
        if self.away.take() == Some(Outage::Killed) {
            self.stop_all();
        }
        self.events = told;
    }

    fn stop_all(&mut self) {
        for id in self.running_ids() {
            // Those that run can be stopped.
            self.stop_by_hand(&id).ok();
        }
    }

    fn running_ids(&self) -> Vec<String> {
        let running = self.containers.iter().filter(|(_, c)| c.runs());
        running.map(|(id, _)| id.clone()).collect()
    }
}
