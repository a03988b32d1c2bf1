//! What is done to both engines.

use shipmate::domain::container::ContainerSpec;

use crate::simulated_engine::{Begin, Program, signals};
use crate::support::World;

/// One operation, on the latest container that was created in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create(usize, Kind),
    /// Under the place's name, but as someone else.
    CreateAsAnother(usize),
    CreateWithoutImage(usize),
    Start(usize),
    TakeDown(usize),
    /// The program ends by itself.
    End(usize, i32),
    RunOutOfMemory(usize),
    Stop(usize),
    Kill(usize, i32),
    Pause(usize),
    Unpause(usize),
    /// To one of a few names of its own, or to that of another place.
    Rename(usize, NewName),
    Remove(usize, Force),
    /// Happens in the simulated engine alone.
    Lie(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewName {
    Free(u8),
    Place(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    Yes,
    No,
}

/// What the container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It ends in order when it is asked to.
    Obeys,
    /// It only obeys the signal that it is to be stopped with.
    ObeysOne,
    /// It ignores what it can.
    Ignores,
    /// It ends at once.
    EndsWell,
    EndsBadly,
    /// Its command is not in the image.
    NotInImage,
    /// It obeys, and wants a port of the machine that others want too.
    WantsPort,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Obeys,
        Kind::ObeysOne,
        Kind::Ignores,
        Kind::EndsWell,
        Kind::EndsBadly,
        Kind::NotInImage,
        Kind::WantsPort,
    ];

    /// Seconds that it has to obey: many when it will, few when it will not.
    pub fn grace(self) -> u32 {
        match self {
            Kind::Ignores => 1,
            _ => 20,
        }
    }

    pub fn spec(self, world: &World, place: usize) -> ContainerSpec {
        let name = place_name(place);
        let mut spec = match self {
            Kind::NotInImage => world.spec(&name, &["no-such-node"]),
            kind => world.script(&name, &kind.script()),
        };
        spec.memory = Some(32 << 20);
        spec.stop_grace = self.grace();
        spec
    }

    /// It runs until it is told a code in a file and then sent a signal, both from inside of the
    /// container; another signal lets it use up its memory. The shell says nothing of such ends.
    fn script(self) -> String {
        let traps = match self {
            Kind::Obeys | Kind::WantsPort => "trap 'exit 3' INT TERM",
            Kind::ObeysOne => "trap 'exit 0' INT",
            Kind::Ignores => "trap '' INT TERM",
            Kind::EndsWell => return "echo up; exit 0".to_owned(),
            Kind::EndsBadly | Kind::NotInImage => return "echo up; exit 7".to_owned(),
        };
        format!(
            "exec 2>/dev/null; {traps}; trap 'exit $(cat /code)' USR1; \
             trap 'x=a; while true; do x=$x$x$x$x; done' USR2; \
             echo up; while true; do sleep 1000 & wait $!; done"
        )
    }

    /// What the simulated engine must know of it.
    pub fn program(self) -> Program {
        use signals::{INT, TERM};
        let (begin, answers) = match self {
            Kind::Obeys | Kind::WantsPort => (Begin::Runs, vec![(INT, Some(3)), (TERM, Some(3))]),
            Kind::ObeysOne => (Begin::Runs, vec![(INT, Some(0))]),
            Kind::Ignores => (Begin::Runs, vec![(INT, None), (TERM, None)]),
            Kind::EndsWell => (Begin::Ends(0), vec![]),
            Kind::EndsBadly => (Begin::Ends(7), vec![]),
            Kind::NotInImage => (Begin::NotInImage, vec![]),
        };
        Program {
            begin,
            says: "up".to_owned(),
            signals: answers.into_iter().collect(),
        }
    }
}

pub fn place_name(place: usize) -> String {
    format!("place-{place}")
}

impl Operation {
    /// The place that it is about.
    pub fn place(self) -> usize {
        match self {
            Operation::Create(place, _)
            | Operation::CreateAsAnother(place)
            | Operation::CreateWithoutImage(place)
            | Operation::Start(place)
            | Operation::TakeDown(place)
            | Operation::End(place, _)
            | Operation::RunOutOfMemory(place)
            | Operation::Stop(place)
            | Operation::Kill(place, _)
            | Operation::Pause(place)
            | Operation::Unpause(place)
            | Operation::Rename(place, _)
            | Operation::Remove(place, _)
            | Operation::Lie(place) => place,
        }
    }
}
