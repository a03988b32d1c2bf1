//! What an outage of the engine does to containers. No test may restart the machine's own engine,
//! so this is what was seen on one of its own (Docker 20.10, no live restore): `dockerd` was sent
//! SIGTERM, or SIGKILL, or killed together with all that it had started, and started again.

use shipmate::domain::container::{ContainerFacts, ContainerState, labels};

use super::operation::{Kind, place_name};
use crate::simulated_engine::{Outage, Refusal, SimulatedEngine};
use crate::support::{IMAGE, World};

/// One that obeys, one that ignores its signal, one that is frozen, one that has ended, and one
/// that was only created.
async fn five() -> (SimulatedEngine, Vec<String>) {
    let world = World::new().await;
    let mut engine = SimulatedEngine::new(&world.owner, &[IMAGE]);
    let kinds = [
        Kind::Obeys,
        Kind::Ignores,
        Kind::ObeysOne,
        Kind::EndsBadly,
        Kind::Obeys,
    ];
    let mut ids = Vec::new();
    for (place, kind) in kinds.into_iter().enumerate() {
        let spec = kind.spec(&world, place);
        engine.teach(&spec.command, kind.program());
        let id = engine.create(&spec).unwrap();
        if place < 4 {
            engine.start(&id).unwrap();
        }
        ids.push(id);
    }
    engine.pause_by_hand(&ids[2]).unwrap();
    engine.take_events();
    (engine, ids)
}

/// The exit codes of those that have ended, in the order of their places.
fn codes(engine: &SimulatedEngine) -> Vec<Option<i32>> {
    let code = |facts: &ContainerFacts| match &facts.state {
        ContainerState::Exited(exit) => Some(exit.code),
        _ => None,
    };
    engine.list().unwrap().iter().map(code).collect()
}

#[tokio::test]
async fn an_engine_that_is_away_does_nothing() {
    let (mut engine, ids) = five().await;
    let spec = Kind::Obeys.spec(&World::new().await, 9);
    engine.goes_away(Outage::Killed);
    assert!(!engine.answers());
    assert_eq!(engine.create(&spec), Err(Refusal::Unreachable));
    assert_eq!(engine.start(&ids[4]), Err(Refusal::Unreachable));
    assert_eq!(engine.take_down(&ids[0]), Err(Refusal::Unreachable));
    assert_eq!(engine.inspect(&ids[0]), Err(Refusal::Unreachable));
    assert_eq!(engine.list(), Err(Refusal::Unreachable));
    assert_eq!(engine.kill_by_hand(&ids[0], 9), Err(Refusal::Unreachable));
}

#[tokio::test]
async fn a_restart_in_order_stops_everything_and_tells() {
    let (mut engine, ids) = five().await;
    engine.goes_away(Outage::Restarted);
    let told = engine.take_events();
    let of = |n: usize| {
        let events = told.iter().filter(|event| event.id == ids[n]);
        events.map(|event| event.action).collect::<Vec<_>>()
    };
    assert_eq!(of(0), ["kill", "die", "stop"]);
    assert_eq!(of(1), ["kill", "kill", "die", "stop"]);
    assert_eq!(of(2), ["kill", "unpause", "die", "stop"]);
    engine.returns();
    assert_eq!(codes(&engine), [Some(3), Some(137), Some(0), Some(7), None]);
    assert_eq!(engine.take_events(), []);
}

#[tokio::test]
async fn a_killed_engine_stops_everything_when_it_is_back_and_tells_nothing() {
    let (mut engine, ids) = five().await;
    engine.goes_away(Outage::Killed);
    // It ends meanwhile, and its code is known all the same.
    engine.end(&ids[0], 5).unwrap();
    engine.returns();
    assert_eq!(codes(&engine), [Some(5), Some(137), Some(0), Some(7), None]);
    assert_eq!(engine.take_events(), []);
}

#[tokio::test]
async fn with_live_restore_everything_goes_on() {
    let (mut engine, _) = five().await;
    engine.goes_away(Outage::KilledWithLiveRestore);
    engine.returns();
    assert_eq!(codes(&engine), [None, None, None, Some(7), None]);
}

#[tokio::test]
async fn after_a_loss_of_power_nobody_knows_how_it_ended() {
    let (mut engine, ids) = five().await;
    engine.goes_away(Outage::PowerLost);
    engine.returns();
    assert_eq!(
        codes(&engine),
        [Some(255), Some(255), Some(255), Some(7), None]
    );
    engine.start(&ids[0]).unwrap();
    assert_eq!(codes(&engine)[0], None);
}

#[tokio::test]
async fn what_happens_out_of_reach_is_not_told() {
    let (mut engine, ids) = five().await;
    engine.goes_away(Outage::Unreachable);
    engine.kill_by_hand(&ids[1], 9).unwrap();
    engine.remove_by_hand(&ids[3], false).unwrap();
    engine.returns();
    assert_eq!(codes(&engine), [None, Some(137), None, None]);
    assert_eq!(engine.take_events(), []);
}

#[tokio::test]
async fn a_strangers_containers_are_neither_listed_nor_told_of() {
    let (mut engine, _) = five().await;
    let mut spec = Kind::Obeys.spec(&World::new().await, 9);
    spec.labels
        .insert(labels::OWNER.to_owned(), "other".to_owned());
    let id = engine.create(&spec).unwrap();
    assert_eq!(engine.take_events(), []);
    assert!(engine.inspect(&id).unwrap().is_some());
    assert_eq!((engine.list().unwrap().len(), engine.truth().len()), (5, 6));
    assert!(spec.name.ends_with(&place_name(9)));
}
