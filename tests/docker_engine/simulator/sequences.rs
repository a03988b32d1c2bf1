//! Which sequences are played: some that were thought of, and more that were not.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::operation::Operation::*;
use super::operation::{Force, Kind, NewName, Operation};
use crate::simulated_engine::signals::{KILL, TERM};

/// How many are generated.
const GENERATED: usize = 44;

/// The same at every run.
const SEED: [u8; 32] = *b"the same sequences at every run.";

/// How many places for containers a sequence has.
const PLACES: usize = 2;

/// All sequences.
pub fn all() -> Vec<Vec<Operation>> {
    let mut all = thought_of();
    all.extend(generated());
    all
}

fn thought_of() -> Vec<Vec<Operation>> {
    let free = NewName::Free;
    vec![
        // A whole life, then a second one under the same name.
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            TakeDown(0),
            TakeDown(0),
            Create(0, Kind::Obeys),
            Start(0),
        ],
        // Everything twice.
        vec![
            Create(0, Kind::Obeys),
            Create(0, Kind::Obeys),
            Start(0),
            Start(0),
            Stop(0),
            Stop(0),
            Start(0),
            TakeDown(0),
        ],
        // Ends of its own, and starts after them.
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            End(0, 0),
            Start(0),
            End(0, 5),
            Start(0),
            Kill(0, TERM),
        ],
        vec![
            Create(0, Kind::EndsBadly),
            Start(0),
            Start(0),
            Stop(0),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::EndsWell),
            Start(0),
            Create(0, Kind::EndsWell),
            Start(0),
        ],
        vec![Create(0, Kind::NotInImage), Start(0), Start(0), TakeDown(0)],
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            RunOutOfMemory(0),
            Start(0),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::Ignores),
            Start(0),
            RunOutOfMemory(0),
            Remove(0, Force::No),
        ],
        // Programs and signals.
        vec![
            Create(0, Kind::Ignores),
            Start(0),
            Kill(0, TERM),
            Stop(0),
            Start(0),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::ObeysOne),
            Start(0),
            Kill(0, TERM),
            Start(0),
            Stop(0),
            Start(0),
            Kill(0, KILL),
        ],
        vec![
            Create(0, Kind::Ignores),
            Start(0),
            Kill(0, KILL),
            Kill(0, TERM),
            Start(0),
            End(0, 9),
        ],
        // Frozen.
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            Pause(0),
            Pause(0),
            Start(0),
            Unpause(0),
            Unpause(0),
            End(0, 1),
        ],
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            Pause(0),
            Kill(0, TERM),
            Unpause(0),
            Start(0),
        ],
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            Pause(0),
            Stop(0),
            Start(0),
            Pause(0),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::Ignores),
            Start(0),
            Pause(0),
            Stop(0),
            Start(0),
            Pause(0),
            Kill(0, KILL),
        ],
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            Pause(0),
            Remove(0, Force::No),
            Remove(0, Force::Yes),
            Unpause(0),
        ],
        // Names.
        vec![
            Create(0, Kind::Obeys),
            Rename(0, free(1)),
            Create(0, Kind::Obeys),
            Start(0),
            Rename(0, free(1)),
            Rename(0, NewName::Place(0)),
        ],
        vec![
            Create(0, Kind::Obeys),
            Start(0),
            Rename(0, NewName::Place(1)),
            Create(1, Kind::Obeys),
            Start(1),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::Obeys),
            CreateAsAnother(0),
            Start(0),
            CreateAsAnother(0),
            Create(0, Kind::Obeys),
            Stop(0),
            CreateAsAnother(0),
        ],
        // What is not there.
        vec![
            Start(0),
            TakeDown(0),
            Stop(0),
            Kill(0, TERM),
            Pause(0),
            Unpause(0),
            Rename(0, free(1)),
            Remove(0, Force::Yes),
            CreateWithoutImage(0),
        ],
        vec![
            Create(0, Kind::Obeys),
            CreateWithoutImage(0),
            Remove(0, Force::No),
            Start(0),
            Stop(0),
            Kill(0, KILL),
            TakeDown(0),
        ],
        // What cannot be done to one that was only created.
        vec![
            Create(0, Kind::Obeys),
            Stop(0),
            Kill(0, KILL),
            Pause(0),
            Unpause(0),
            Remove(0, Force::No),
        ],
        // One port for two.
        vec![
            Create(0, Kind::WantsPort),
            Create(1, Kind::WantsPort),
            Start(0),
            Start(1),
            Stop(0),
            Start(1),
            Start(0),
        ],
        vec![
            Create(0, Kind::WantsPort),
            Start(0),
            End(0, 4),
            Create(1, Kind::WantsPort),
            Start(1),
            Start(0),
            Stop(1),
            Start(0),
            TakeDown(0),
        ],
        vec![
            Create(0, Kind::WantsPort),
            Create(1, Kind::WantsPort),
            Start(0),
            Pause(0),
            Start(1),
            Create(1, Kind::WantsPort),
            TakeDown(0),
            Start(1),
        ],
    ]
}

fn generated() -> Vec<Vec<Operation>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut one = || {
        let sequence = sequence().new_tree(&mut runner);
        sequence.expect("nothing is filtered").current()
    };
    (0..GENERATED).map(|_| one()).collect()
}

/// Begins with one that runs, as most of what happens happens to these.
fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    let rest = prop::collection::vec(operation(), 2..=10);
    (kind(), rest).prop_map(|(kind, rest)| {
        let mut all = vec![Create(0, kind), Start(0)];
        all.extend(rest);
        all
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let place = || prop_oneof![3 => Just(0_usize), 1 => 1..PLACES];
    let name = prop_oneof![
        2 => (0..3_u8).prop_map(NewName::Free),
        1 => (0..PLACES).prop_map(NewName::Place),
    ];
    let force = prop_oneof![Just(Force::Yes), Just(Force::No)];
    prop_oneof![
        4 => (place(), kind()).prop_map(|(place, kind)| Create(place, kind)),
        1 => place().prop_map(CreateAsAnother),
        1 => place().prop_map(CreateWithoutImage),
        6 => place().prop_map(Start),
        3 => place().prop_map(TakeDown),
        4 => (place(), 0..4_i32).prop_map(|(place, code)| End(place, code)),
        1 => place().prop_map(RunOutOfMemory),
        2 => place().prop_map(Stop),
        2 => (place(), prop::sample::select(vec![TERM, KILL])).prop_map(|(p, signal)| Kill(p, signal)),
        3 => place().prop_map(Pause),
        2 => place().prop_map(Unpause),
        2 => (place(), name).prop_map(|(place, name)| Rename(place, name)),
        2 => (place(), force).prop_map(|(place, force)| Remove(place, force)),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}
