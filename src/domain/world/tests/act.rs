//! What can happen.

use proptest::prelude::*;

use super::model::{MANIFESTS, NAMES};
use super::simulated_engine::Outage;
use crate::domain::policy::ChangesByHand;

/// Something that happens. Numbers choose among what is there.
#[derive(Clone, Debug)]
pub enum Act {
    Deploy {
        manifest: usize,
        name: usize,
    },
    Update {
        name: usize,
        back: bool,
    },
    Deprovision(usize),
    Cancel(usize),
    /// What is being written comes to the disk, or the disk is full.
    Write(bool),
    /// A step is carried out, or fails for a reason that lies outside of the model. The number
    /// also says what a look finds.
    CarryOut(usize, bool),
    /// The node hears how a step that was carried out came to an end.
    HearEnd(usize),
    /// The node hears one of the news that are on the way, not always the oldest.
    HearNews(usize),
    /// All steps are carried out and everything is heard.
    Catch,
    Program(usize, ProgramAct),
    Hand(usize, HandAct),
    EngineGoes(Outage),
    EngineReturns,
    /// Every now and then the node reads all containers anew.
    ReadAnew,
    /// What was being written is on the disk, or not.
    NodeRestarts(bool),
    NodeRestartsWithoutItsState,
    TimePasses(u64),
    ClockJumps(i64),
}

/// What a program does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramAct {
    Ends(i32),
    RunsOutOfMemory,
}

/// What a user does to a container of shipmate's, or with one of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandAct {
    Stop,
    Kill(i32),
    Pause,
    Unpause,
    Start,
    Rename(u8),
    RenameBack,
    Remove,
    /// A container that bears the labels of one of shipmate's, under a name of the user's.
    CopyLabels,
    /// A container of the user's, under a name that shipmate will want.
    TakeName,
}

/// A whole history, and the policy under which it is lived.
pub fn history() -> impl Strategy<Value = (ChangesByHand, Vec<Act>)> {
    let policies = vec![ChangesByHand::Restore, ChangesByHand::Leave];
    let acts = (beginning(), prop::collection::vec(act(), 1..120))
        .prop_map(|(beginning, acts)| [beginning, acts].concat());
    (prop::sample::select(policies), acts)
}

/// Most of what can happen to a deployment happens once it runs, so many histories begin with one
/// that comes to run undisturbed.
fn beginning() -> impl Strategy<Value = Vec<Act>> {
    let comes_to_run = |(manifest, name)| {
        let mut acts = vec![Act::Deploy { manifest, name }, Act::Write(true)];
        acts.extend(std::iter::repeat_n(Act::Catch, 7));
        acts
    };
    let comes_to_change = move |(manifest, name, rounds): (usize, usize, usize)| {
        let mut acts = comes_to_run((manifest, name));
        acts.push(Act::Update { name, back: false });
        let goes_on = [Act::Write(true), Act::Catch].into_iter().cycle();
        acts.extend(goes_on.take(rounds));
        acts
    };
    let updated = prop::sample::select(vec![0, 2]);
    prop_oneof![
        Just(Vec::new()),
        (0..MANIFESTS.len(), 0..NAMES.len()).prop_map(comes_to_run),
        (updated, 0..NAMES.len(), 0..12_usize).prop_map(comes_to_change),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let n = any::<usize>;
    prop_oneof![
        3 => (0..MANIFESTS.len(), 0..NAMES.len())
            .prop_map(|(manifest, name)| Act::Deploy { manifest, name }),
        3 => (0..NAMES.len(), prop::bool::weighted(0.3))
            .prop_map(|(name, back)| Act::Update { name, back }),
        2 => (0..NAMES.len()).prop_map(Act::Deprovision),
        1 => n().prop_map(Act::Cancel),
        4 => prop::bool::weighted(0.95).prop_map(Act::Write),
        10 => (n(), prop::bool::weighted(0.95)).prop_map(|(n, ok)| Act::CarryOut(n, ok)),
        8 => n().prop_map(Act::HearEnd),
        6 => n().prop_map(Act::HearNews),
        6 => Just(Act::Catch),
        3 => (n(), program_act()).prop_map(|(n, act)| Act::Program(n, act)),
        4 => (n(), hand_act()).prop_map(|(n, act)| Act::Hand(n, act)),
        1 => outage().prop_map(Act::EngineGoes),
        2 => Just(Act::EngineReturns),
        1 => Just(Act::ReadAnew),
        1 => any::<bool>().prop_map(Act::NodeRestarts),
        4 => (1..90_u64).prop_map(Act::TimePasses),
        1 => (90..400_u64).prop_map(Act::TimePasses),
        1 => (-100_000..100_000_i64).prop_map(Act::ClockJumps),
    ]
    .prop_flat_map(|act| {
        // A disk is lost more seldom than anything else.
        prop_oneof![
            300 => Just(act),
            1 => Just(Act::NodeRestartsWithoutItsState),
        ]
    })
}

fn program_act() -> impl Strategy<Value = ProgramAct> {
    prop_oneof![
        4 => (0..3_i32).prop_map(ProgramAct::Ends),
        1 => Just(ProgramAct::RunsOutOfMemory),
    ]
}

fn hand_act() -> impl Strategy<Value = HandAct> {
    use super::simulated_engine::signals::{INT, KILL, TERM};
    prop_oneof![
        Just(HandAct::Stop),
        prop::sample::select(vec![INT, TERM, KILL]).prop_map(HandAct::Kill),
        Just(HandAct::Pause),
        Just(HandAct::Unpause),
        Just(HandAct::Start),
        (0..3_u8).prop_map(HandAct::Rename),
        Just(HandAct::RenameBack),
        Just(HandAct::Remove),
        Just(HandAct::CopyLabels),
        Just(HandAct::TakeName),
    ]
}

fn outage() -> impl Strategy<Value = Outage> {
    prop::sample::select(vec![
        Outage::Unreachable,
        Outage::Restarted,
        Outage::Killed,
        Outage::KilledWithLiveRestore,
        Outage::PowerLost,
    ])
}
