//! The resolver's answers are the reference's.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Running;
use super::generators::{Question, question};
use super::reference::{Answer, Server, answers};
use crate::domain::dependencies::{Choice, PlannedBinding, Resolution, Target, resolve};
use crate::domain::world::refusal::Refusal;

/// Asks, and hands on what comes out, since that borrows the question.
fn ask<T>(question: &Question, then: impl FnOnce(Result<Resolution<'_>, Refusal>) -> T) -> T {
    let candidates: Vec<_> = question
        .deployments
        .iter()
        .map(Running::candidate)
        .collect();
    let choices: Vec<_> = question
        .choices
        .iter()
        .map(|(alias, deployment)| Choice { alias, deployment })
        .collect();
    then(resolve(
        &question.requested,
        &question.name,
        &choices,
        &candidates,
        &question.catalogue,
    ))
}

fn as_answer(resolution: &Resolution<'_>) -> Answer {
    let planned = resolution.first.iter().map(|planned| {
        let version = planned.package.package.version.clone();
        (
            planned.name.clone(),
            (Some(version), servers(&planned.bindings)),
        )
    });
    std::iter::once((String::new(), (None, servers(&resolution.bindings))))
        .chain(planned)
        .collect()
}

fn servers(bindings: &[PlannedBinding]) -> BTreeMap<String, Server> {
    let server = |target: &Target| match target {
        Target::Deployment(id) => Server::Deployment(id.clone()),
        Target::Planned(name) => Server::Planned(name.clone()),
    };
    bindings
        .iter()
        .map(|binding| (binding.alias.clone(), server(&binding.target)))
        .collect()
}

/// Whether each planned one comes once, and after all that it waits for.
fn is_in_order(resolution: &Resolution<'_>) -> bool {
    let mut done = BTreeSet::new();
    resolution.first.iter().all(|planned| {
        let ready = planned
            .bindings
            .iter()
            .all(|binding| match &binding.target {
                Target::Planned(name) => done.contains(name),
                Target::Deployment(_) => true,
            });
        ready && done.insert(planned.name.clone())
    })
}

fn check(question: &Question) -> Result<(), TestCaseError> {
    let answers = answers(question);
    let result = ask(question, |result| {
        result
            .map(|resolution| (as_answer(&resolution), is_in_order(&resolution)))
            .map_err(|refusal| refusal.message)
    });
    match result {
        Ok((answer, in_order)) => {
            prop_assert!(in_order);
            prop_assert!(
                answers.contains(&answer),
                "{answer:?} is not in {answers:?}"
            );
            prop_assert!(answers.len() == 1 || !question.has_layers());
        }
        Err(message) => {
            prop_assert!(message.contains(&question.requested.label()), "{message}");
            // Versions that depend on themselves may suit each other in a way that is not found.
            let found = answers.is_empty() || message.contains("depends on itself");
            prop_assert!(found, "{message}: but {answers:?}");
            prop_assert!(answers.is_empty() || !question.has_layers(), "{message}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// It is refused exactly when there is no answer, and there is never more than one.
    #[test]
    fn in_layers_there_is_one_answer_or_a_refusal(question in question(true)) {
        prop_assert!(question.has_layers());
        check(&question)?;
    }

    /// With circles of all kinds, what comes out is an answer, too.
    #[test]
    fn with_circles_what_comes_out_is_an_answer(question in question(false)) {
        check(&question)?;
    }
}

/// What is random is worth something: there are answers with and without plans, and refusals.
#[test]
fn questions_are_of_all_kinds() {
    for layers in [true, false] {
        let mut runner = TestRunner::deterministic();
        let (mut plain, mut planned, mut deep, mut refused) = (0, 0, 0, 0);
        for _ in 0..1000 {
            let question = question(layers).new_tree(&mut runner).unwrap().current();
            ask(&question, |result| match result.map(|r| r.first.len()) {
                Ok(0) => plain += 1,
                Ok(1) => planned += 1,
                Ok(_) => deep += 1,
                Err(_) => refused += 1,
            });
        }
        let all = [plain, planned, deep, refused];
        assert!(all.iter().all(|count| *count >= 40), "{layers}: {all:?}");
    }
}
