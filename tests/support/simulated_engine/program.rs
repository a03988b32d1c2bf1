//! What runs inside of a container, as far as an engine notices: how it begins, what it does about
//! signals, and how it ends.

use std::collections::BTreeMap;

use super::domain::container::{ContainerState, Exit};
use super::domain::manifest::StopSignal;
use super::{Container, Refusal, SimulatedEngine};

/// The numbers of signals.
pub mod signals {
    pub const HUP: i32 = 1;
    pub const INT: i32 = 2;
    pub const QUIT: i32 = 3;
    pub const KILL: i32 = 9;
    pub const USR1: i32 = 10;
    pub const USR2: i32 = 12;
    pub const TERM: i32 = 15;
}

use signals::{HUP, INT, KILL, QUIT, TERM, USR1, USR2};

/// A program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// What it does at its start.
    pub begin: Begin,
    /// What it writes to its output then.
    pub says: String,
    /// What it does about signals, by number: it ends with this code, or does nothing. Others do
    /// what they do to a program that does not speak of them.
    pub signals: BTreeMap<i32, Option<i32>>,
}

/// What a program does at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// It runs.
    #[default]
    Runs,
    /// It ends at once, with this code.
    Ends(i32),
    /// It cannot, because it is not in the image.
    NotInImage,
}

pub(super) fn number(signal: StopSignal) -> i32 {
    match signal {
        StopSignal::Int => INT,
        StopSignal::Term => TERM,
        StopSignal::Quit => QUIT,
        StopSignal::Hup => HUP,
        StopSignal::Usr1 => USR1,
        StopSignal::Usr2 => USR2,
        StopSignal::Kill => KILL,
    }
}

impl Program {
    /// The code that it ends with on a signal, if it ends.
    fn end_on(&self, signal: i32) -> Option<i32> {
        let fatal = [HUP, INT, QUIT, USR1, USR2, TERM].contains(&signal);
        match self.signals.get(&signal) {
            _ if signal == KILL => Some(128 + KILL),
            Some(answer) => *answer,
            None => fatal.then_some(128 + signal),
        }
    }
}

impl SimulatedEngine {
    /// A program ends by itself.
    pub fn end(&mut self, id: &str, code: i32) -> Result<(), Refusal> {
        self.running(id)?;
        self.die(id, code, false);
        Ok(())
    }

    /// A program uses more memory than it may. Now and then the engine does not notice the cause:
    /// `noticed` says whether it does.
    pub fn run_out_of_memory(&mut self, id: &str, noticed: bool) -> Result<(), Refusal> {
        self.running(id)?;
        if noticed {
            self.tell(id, "oom");
        }
        self.die(id, 128 + KILL, noticed);
        Ok(())
    }

    /// Programs live on when the engine does not, so this is asked whether or not it answers.
    fn running(&self, id: &str) -> Result<(), Refusal> {
        match self.containers.get(id).map(|container| &container.state) {
            Some(ContainerState::Running) => Ok(()),
            Some(_) => Err(Refusal::Conflict),
            None => Err(Refusal::NoSuchContainer),
        }
    }

    pub(super) fn begin(&mut self, id: &str) {
        let Some(container) = self.containers.get_mut(id) else {
            return;
        };
        let program = container.program.clone();
        if program.begin == Begin::NotInImage {
            let command = container.command();
            container.output.push(format!(
                "[FATAL tini (7)] exec {command} failed: No such file or directory"
            ));
        } else if !program.says.is_empty() {
            container.output.push(program.says);
        }
        match program.begin {
            Begin::Runs => {}
            Begin::Ends(code) => self.die(id, code, false),
            Begin::NotInImage => self.die(id, 127, false),
        }
    }

    /// Gives a signal to the program; to a frozen one it comes when it goes on, unless it is the
    /// one that nobody can wait with.
    pub(super) fn signal(&mut self, id: &str, signal: i32) {
        let Some(container) = self.containers.get_mut(id) else {
            return;
        };
        match container.state {
            ContainerState::Paused if signal != KILL => {
                container.waiting.insert(signal);
            }
            ContainerState::Running | ContainerState::Paused => {
                if let Some(code) = container.program.end_on(signal) {
                    self.die(id, code, false);
                }
            }
            _ => {}
        }
    }

    /// Gives a program that goes on the signals that came while it was frozen.
    pub(super) fn signal_waiting(&mut self, id: &str) {
        let waiting = self.containers.get_mut(id).map(|c| &mut c.waiting);
        for signal in waiting.map(std::mem::take).unwrap_or_default() {
            self.signal(id, signal);
        }
    }

    pub(super) fn die(&mut self, id: &str, code: i32, out_of_memory: bool) {
        let ended_at = self.moment();
        if let Some(container) = self.containers.get_mut(id) {
            container.state = ContainerState::Exited(Exit {
                code,
                out_of_memory,
                ended_at,
                ..Exit::default()
            });
            container.ports.clear();
            container.waiting.clear();
            self.tell_end(id, code);
        }
    }
}

impl Container {
    fn command(&self) -> &str {
        let words = self.spec.entrypoint.iter().flatten();
        let first = words.chain(&self.spec.command).next();
        first.map_or("", String::as_str)
    }

    /// What the init process said of a command that it cannot run, in words for a person.
    pub(super) fn init_failure(&self) -> Option<String> {
        let said = |line: &String| line.starts_with("[FATAL tini");
        self.output.iter().any(said).then(|| {
            let command = self.command();
            format!(
                "the command {command} cannot be run (it is not in the image): correct the \
                 command, or the image"
            )
        })
    }
}
