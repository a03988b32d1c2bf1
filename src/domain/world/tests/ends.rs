//! Steps are carried out on the engine, and the node hears of it; so it does of everything else
//! that happens to its containers.

use std::collections::BTreeSet;

use super::model::Model;
use super::simulated_engine::Refusal;
use crate::domain::container::ContainerFacts;
use crate::domain::deployment::error_code::{ErrorCode, Failure};
use crate::domain::deployment::executable::Sequence;
use crate::domain::deployment::ports::PickedPorts;
use crate::domain::deployment::probing::LookKey;
use crate::domain::deployment::steps::{Step, StepKey};
use crate::domain::deployment::update::Images;
use crate::domain::manifest::Protocol;
use crate::domain::probe;
use crate::domain::world::{Outcome, StepError, WorldStep};

/// How a step came to an end.
#[derive(Clone, Debug)]
pub enum Answer {
    Checked(String, Result<PickedPorts, Failure>),
    Prepared(String, u32, Result<(Images, PickedPorts), StepError>),
    Guarded(String, u32, Result<(), String>),
    OrphanRemoved(String, bool),
    Finished(StepKey, Outcome),
    Looked(LookKey, probe::Answer),
}

/// What the engine told, with the number that it got when it was asked.
#[derive(Clone, Debug)]
pub enum News {
    Seen(Sequence, Box<ContainerFacts>),
    Gone(Sequence, String),
    Signalled(String, i32),
    /// Everything that it has.
    Synced(Sequence, Vec<ContainerFacts>),
}

impl Model {
    /// A step is begun. To give up fetching is done at once; the fetch itself then ends.
    pub fn begin(&mut self, step: WorldStep) {
        self.check_new_step(&step);
        match step {
            WorldStep::Deployment(Step::CancelFetch { key }) => {
                let is_fetch = |step: &WorldStep| matches!(step, WorldStep::Deployment(Step::Fetch { key: of, .. }) if *of == key);
                if let Some(n) = self.steps.iter().position(is_fetch) {
                    self.steps.remove(n);
                    let canceled = Outcome::Error(StepError::Canceled);
                    self.answers.push(Answer::Finished(key, canceled));
                }
            }
            WorldStep::Deployment(Step::CancelPrepare { deployment }) => {
                let is_it = |step: &WorldStep| matches!(step, WorldStep::Deployment(Step::Prepare { deployment: of, .. }) if *of == deployment);
                self.steps.retain(|step| !is_it(step));
            }
            // It concerns no container.
            WorldStep::TidyNetworks { .. } => {}
            step => {
                self.steps.push(step);
            }
        }
    }

    pub fn carry_out(&mut self, n: usize, ok: bool) {
        if self.steps.is_empty() {
            return;
        }
        let chance = n / 97;
        let step = self.steps.remove(n % self.steps.len());
        if let Some(key) = key_of(&step).filter(|_| !ok) {
            self.hands.clean.remove(key);
        }
        let answer = match step {
            WorldStep::Deployment(Step::Look { key, .. }) => {
                Answer::Looked(key, self.look(chance, ok))
            }
            WorldStep::RemoveOrphan { container } => {
                let removed = ok && self.engine.take_down(&container).is_ok();
                Answer::OrphanRemoved(container, removed)
            }
            WorldStep::TidyNetworks { .. } => unreachable!("it is not begun"),
            WorldStep::Deployment(Step::Check {
                deployment,
                pick,
                avoid,
                ..
            }) => {
                let result = match ok && self.engine.answers() {
                    true => Ok(self.pick(pick, &avoid)),
                    false => Err(Failure::new(ErrorCode::PortInUse, "no")),
                };
                Answer::Checked(deployment, result)
            }
            WorldStep::Deployment(Step::Prepare {
                deployment,
                revision,
                pick,
                avoid,
                ..
            }) => {
                let ready = match (ok, self.engine.answers()) {
                    (true, true) => Ok((Images::new(), self.pick(pick, &avoid))),
                    (true, false) => Err(step_error(&Refusal::Unreachable)),
                    (false, _) => Err(step_error(&Refusal::NoSuchImage)),
                };
                Answer::Prepared(deployment, revision, ready)
            }
            WorldStep::Deployment(Step::Guard {
                deployment,
                revision,
                ..
            }) => {
                let idle = ok.then_some(()).ok_or("a goal is executing".to_owned());
                Answer::Guarded(deployment, revision, idle)
            }
            WorldStep::Deployment(step) => self.carry_out_own(step, ok),
        };
        self.answers.push(answer);
        self.listen();
    }

    /// The lowest ports are picked, so that two checks beside each other pick the same.
    fn pick(&self, wanted: Vec<(String, Protocol)>, avoid: &BTreeSet<u16>) -> PickedPorts {
        let truth = self.engine.truth();
        let used = |port: &u16| truth.iter().flat_map(|c| &c.ports).any(|p| p.host == *port);
        let free = (40_000..).filter(|port| !avoid.contains(port) && !used(port));
        let places = wanted.into_iter().map(|(place, _)| place);
        places.zip(free).collect()
    }

    fn carry_out_own(&mut self, step: Step, ok: bool) -> Answer {
        let engine = &mut self.engine;
        let (key, done) = match step {
            Step::Fetch { key, .. } => {
                let fetched = match engine.answers() {
                    true => Ok(Outcome::Fetched),
                    false => Err(Refusal::Unreachable),
                };
                (key, fetched)
            }
            // Something else than the engine failed, so it was not asked.
            Step::Create { key, .. }
            | Step::Start { key, .. }
            | Step::Stop { key, .. }
            | Step::Resume { key, .. }
            | Step::Rename { key, .. }
            | Step::TakeDown { key, .. }
                if !ok =>
            {
                (key, Err(Refusal::Conflict))
            }
            Step::Create { key, spec, .. } => (key, engine.create(&spec).map(Outcome::Created)),
            Step::Start { key, container, .. } => {
                (key, engine.start(&container).map(|()| Outcome::Started))
            }
            Step::Stop { key, container, .. } => {
                (key, engine.halt(&container).map(|()| Outcome::Stopped))
            }
            Step::Resume { key, container } => {
                (key, engine.resume(&container).map(|()| Outcome::Resumed))
            }
            Step::Rename {
                key,
                container,
                name,
            } => {
                let done = engine.rename(&container, &name);
                (key, done.map(|()| Outcome::Renamed(name)))
            }
            Step::TakeDown { key, container, .. } => {
                let done = engine.take_down(&container);
                (key, done.map(|()| Outcome::TakenDown))
            }
            Step::Check { .. }
            | Step::CancelFetch { .. }
            | Step::Look { .. }
            | Step::Prepare { .. }
            | Step::Guard { .. }
            | Step::CancelPrepare { .. }
            // Nothing of these manifests refers to anything that may be missing.
            | Step::Refuse { .. } => {
                unreachable!("handled by the callers")
            }
        };
        let outcome = match done {
            Ok(Outcome::Fetched) if !ok => {
                let failure = Failure::new(ErrorCode::ImageNotFound, "no");
                Outcome::Error(StepError::Failed(failure))
            }
            Ok(outcome) => outcome,
            Err(refusal) => Outcome::Error(step_error(&refusal)),
        };
        Answer::Finished(key, outcome)
    }

    pub fn hear_end(&mut self, n: usize) {
        if self.answers.is_empty() {
            return;
        }
        let answer = self.answers.remove(n % self.answers.len());
        let now = self.now();
        match answer {
            Answer::Checked(id, result) => self.world.checked(&id, result),
            Answer::Prepared(id, revision, result) => self.world.prepared(&id, revision, result),
            Answer::Guarded(id, revision, result) => self.world.guarded(&id, revision, result),
            Answer::OrphanRemoved(container, removed) => {
                self.world
                    .orphan_removed(&container, removed, now.monotonic);
            }
            Answer::Finished(key, outcome) => {
                let sequence = self.next();
                self.world.finished(sequence, &key, outcome, now);
            }
            Answer::Looked(key, answer) => self.hear_look(&key, answer),
        }
    }

    /// Every event of the engine's begins a look at its container, as `app::engine_watch` does.
    pub fn listen(&mut self) {
        for event in self.engine.take_events() {
            let id = event.id;
            if let Some(signal) = event.signal {
                self.news.push(News::Signalled(id, signal));
                continue;
            }
            let news = match event.action {
                "destroy" => News::Gone(self.next(), id),
                "start" | "die" | "oom" | "pause" | "unpause" | "rename" => {
                    let sequence = self.next();
                    match self.engine.inspect(&id) {
                        Ok(Some(facts)) => News::Seen(sequence, Box::new(facts)),
                        Ok(None) => News::Gone(sequence, id),
                        // The watch itself notices that the engine does not answer.
                        Err(_) => continue,
                    }
                }
                _ => continue,
            };
            self.news.push(news);
        }
    }

    pub fn hear_news(&mut self, n: usize) {
        if self.news.is_empty() {
            return;
        }
        // Looks run beside each other, so that the second may end before the first. A signal is told
        // without a look, and so before everything that came after it.
        let n = n % self.news.len().min(3);
        let signal = |news: &News| matches!(news, News::Signalled(..));
        let n = self.news[..n].iter().position(signal).unwrap_or(n);
        let now = self.now();
        match self.news.remove(n) {
            News::Seen(sequence, facts) => self.world.observe(sequence, &facts, now),
            News::Gone(sequence, id) => self.world.gone(sequence, &id, now),
            News::Signalled(id, signal) => self.world.signalled(&id, signal, now),
            News::Synced(sequence, containers) => self.world.resync(sequence, containers, now),
        }
    }

    /// The watch notices that the engine does not answer; what it had told before is heard before.
    pub fn hear_loss(&mut self) {
        let now = self.now();
        for news in std::mem::take(&mut self.news) {
            match news {
                News::Signalled(id, signal) => self.world.signalled(&id, signal, now),
                News::Synced(sequence, containers) => self.world.resync(sequence, containers, now),
                News::Seen(..) | News::Gone(..) => self.news.push(news),
            }
        }
        self.world.engine_lost("it is gone".to_owned(), now);
        self.lost_since.get_or_insert(now.monotonic);
    }

    /// Everything that is on the way arrives.
    pub fn catch_up(&mut self) {
        while !self.steps.is_empty() {
            self.carry_out(0, true);
        }
        while !self.news.is_empty() {
            self.hear_news(0);
        }
        while !self.answers.is_empty() {
            self.hear_end(0);
        }
    }
}

/// The executable that a step keeps from having another one. A look keeps it from nothing.
pub fn key_of(step: &WorldStep) -> Option<&StepKey> {
    match step {
        WorldStep::Deployment(
            Step::Fetch { key, .. }
            | Step::CancelFetch { key }
            | Step::Create { key, .. }
            | Step::Refuse { key, .. }
            | Step::Start { key, .. }
            | Step::Stop { key, .. }
            | Step::Resume { key, .. }
            | Step::Rename { key, .. }
            | Step::TakeDown { key, .. },
        ) => Some(key),
        WorldStep::Deployment(
            Step::Check { .. }
            | Step::Look { .. }
            | Step::Prepare { .. }
            | Step::Guard { .. }
            | Step::CancelPrepare { .. },
        )
        | WorldStep::RemoveOrphan { .. }
        | WorldStep::TidyNetworks { .. } => None,
    }
}

fn step_error(refusal: &Refusal) -> StepError {
    let code = match refusal {
        Refusal::Unreachable => return StepError::Unreachable("it is gone".to_owned()),
        Refusal::NoSuchImage => ErrorCode::ImageNotFound,
        Refusal::NameTaken(_) => ErrorCode::NameTaken,
        Refusal::PortInUse(_) => ErrorCode::PortInUse,
        Refusal::NoSuchContainer | Refusal::Conflict => ErrorCode::EngineRefused,
    };
    StepError::Failed(Failure::new(code, format!("{refusal:?}")))
}
