//! What a user does to containers, past shipmate: on the engine's own machine, so also while
//! shipmate cannot reach it.

use super::domain::container::ContainerState;
use super::program::{number, signals::KILL};
use super::{Refusal, SimulatedEngine};

impl SimulatedEngine {
    /// `docker stop`: the container's own signal, then a death that cannot be refused.
    pub fn stop_by_hand(&mut self, id: &str) -> Result<(), Refusal> {
        let container = self.find(id)?;
        if !container.runs() {
            return Ok(());
        }
        let asks = number(container.spec.stop_signal);
        self.kill_by_hand(id, asks)?;
        if self.find(id)?.runs() {
            self.kill_by_hand(id, KILL)?;
        }
        self.tell(id, "stop");
        Ok(())
    }

    /// `docker kill`. The engine lets a frozen one go on when the signal is the one that asks it to
    /// stop.
    pub fn kill_by_hand(&mut self, id: &str, signal: i32) -> Result<(), Refusal> {
        let container = self.find(id)?;
        if !container.runs() {
            return Err(Refusal::Conflict);
        }
        let asks = number(container.spec.stop_signal);
        let frozen = container.state == ContainerState::Paused;
        self.tell_kill(id, signal);
        self.signal(id, signal);
        match frozen && signal == asks && signal != KILL {
            true => self.unpause_by_hand(id),
            false => Ok(()),
        }
    }

    /// `docker pause`.
    pub fn pause_by_hand(&mut self, id: &str) -> Result<(), Refusal> {
        let container = self.find(id)?;
        if container.state != ContainerState::Running {
            return Err(Refusal::Conflict);
        }
        container.state = ContainerState::Paused;
        self.tell(id, "pause");
        Ok(())
    }

    /// `docker unpause`.
    pub fn unpause_by_hand(&mut self, id: &str) -> Result<(), Refusal> {
        let container = self.find(id)?;
        if container.state != ContainerState::Paused {
            return Err(Refusal::Conflict);
        }
        container.state = ContainerState::Running;
        self.tell(id, "unpause");
        self.signal_waiting(id);
        Ok(())
    }

    /// `docker rename`.
    pub fn rename_by_hand(&mut self, id: &str, name: &str) -> Result<(), Refusal> {
        let own = self.find(id)?.name == name;
        match self.holder_of(name) {
            _ if own => Err(Refusal::Conflict),
            Some(holder) => Err(Refusal::NameTaken(holder)),
            None => {
                self.find(id)?.name = name.to_owned();
                self.tell(id, "rename");
                Ok(())
            }
        }
    }

    /// `docker rm`, with `-f` when it is forced.
    pub fn remove_by_hand(&mut self, id: &str, forced: bool) -> Result<(), Refusal> {
        if self.find(id)?.runs() {
            if !forced {
                return Err(Refusal::Conflict);
            }
            self.kill_by_hand(id, KILL)?;
        }
        self.tell(id, "destroy");
        self.containers.remove(id);
        Ok(())
    }
}
