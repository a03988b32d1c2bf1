//! What goes to the disk, and who is answered when it is there.

use super::Supervisor;
use crate::app::saver::{Write, Written};
use crate::domain::world::refusal::Refusal;
use crate::edge::store::Record;

impl Supervisor {
    pub(super) fn write(&self, write: Write) {
        let inputs = self.inputs_sender.clone();
        self.writes.spawn_blocking(move || {
            // The loop may have ended; the disk has what was written all the same.
            inputs.blocking_send(write()).ok();
        });
    }

    pub(super) fn written(&mut self, written: Written) {
        match written {
            Written::Deployments { records, error } => {
                self.saver.written(&records, error.is_none());
                for (id, record) in records {
                    if error.is_none() && record.has_ports() {
                        self.world.ports_saved(&id);
                    }
                    self.deployment_written(&id, &record, error.as_deref());
                }
            }
            Written::Packages {
                packages,
                reply,
                error,
            } => {
                if error.is_none() {
                    packages
                        .iter()
                        .cloned()
                        .for_each(|p| self.world.catalogue.insert(p));
                }
                drop(reply.send(error.map_or(Ok(packages), |e| Err(Refusal::new(e)))));
            }
            Written::Unregistered {
                packages,
                reply,
                error,
            } => {
                if error.is_none() {
                    packages
                        .iter()
                        .for_each(|(name, v)| self.world.catalogue.remove(name, v));
                }
                let labels = packages
                    .iter()
                    .map(|(name, v)| format!("{name} {v}"))
                    .collect();
                drop(reply.send(error.map_or(Ok(labels), |e| Err(Refusal::new(e)))));
            }
        }
    }

    /// A deployment is on the disk, or could not be put there. What is new is refused then; what
    /// is to be stopped is stopped all the same, since a full disk must not keep a robot running.
    fn deployment_written(&mut self, id: &str, record: &Record, error: Option<&str>) {
        let deployment = self.world.deployment(id);
        let is_new = deployment.is_some_and(|d| !d.saved);
        let is_update = deployment.is_some_and(|d| !d.change_saved && d.next_order().is_some());
        let is_latest =
            deployment.is_none_or(|d| d.wanted == record.wanted() && d.change <= record.change());
        let replies = self.waiting.remove(id).unwrap_or_default();
        match error {
            None => self.world.saved(id, record.wanted(), record.change()),
            Some(why) => {
                tracing::error!("what is known of deployment {id} is not on the disk: {why}");
                self.world.discard(id);
            }
        }
        if error.is_none() && !is_latest {
            // Whoever waits asked for a stop or an update while this was being written; the next write has it.
            self.waiting.insert(id.to_owned(), replies);
            return;
        }
        for reply in replies {
            let answer = match error {
                Some(why) if is_new => Err(Refusal::new(format!(
                    "nothing was deployed, because it could not be written down: {why}"
                ))),
                Some(why) if is_update => Err(Refusal::new(format!(
                    "nothing was changed, because it could not be written down: {why}"
                ))),
                _ => Ok(id.to_owned()),
            };
            self.answers.push((reply, answer));
        }
    }

    /// Whoever waits for a write that is not needed, because nothing changed, is answered now.
    pub(super) fn answer_unchanged(&mut self) {
        let ids: Vec<_> = self.waiting.keys().cloned().collect();
        for id in ids {
            if self.world.deployment(&id).is_none_or(|d| d.saved) && self.saver.is_on_disk(&id) {
                for reply in self.waiting.remove(&id).unwrap_or_default() {
                    self.answers.push((reply, Ok(id.clone())));
                }
            }
        }
    }
}
