use proptest::prelude::*;

use super::*;

fn publisher() -> impl Strategy<Value = Publisher> {
    let logarithm = |low: f64, high: f64| (low.ln()..high.ln()).prop_map(f64::exp);
    let size = logarithm(1.0, 20e6).prop_map(|bytes| bytes as usize);
    (logarithm(0.02, 3000.0), 0.0..1.0, size).prop_map(|(rate, phase, bytes)| Publisher {
        phase,
        ..Publisher::new(A, rate, bytes)
    })
}

/// Those of one topic; each is known by another number.
fn publishers() -> impl Strategy<Value = Vec<Publisher>> {
    prop::collection::vec(publisher(), 0..4).prop_map(|mut all| {
        for (number, publisher) in (1..).zip(&mut all) {
            publisher.gid = Gid([number; 16]);
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_budget_is_kept_and_everything_gets_its_turn(
        topics in prop::collection::vec(publishers(), 1..8),
        budget in 1e3..1e7_f64,
    ) {
        let until = 600.0;
        let (_, turns) = run(&topics, budget, until);
        let dearest = turns.iter().map(|it| it.cost).max().unwrap() as f64;
        // Between any two beginnings no more is spent than the budget for that time and one turn.
        for (first, begun) in turns.iter().enumerate() {
            let mut spent = 0.0;
            for turn in &turns[first..] {
                spent += turn.cost as f64;
                let paid = budget * (turn.from - begun.from);
                prop_assert!(spent <= paid * 1.000_001 + dearest + 1.0, "{spent} for {paid}");
            }
        }
        // What one turn costs is bounded, too.
        for turn in &turns {
            let largest = topics[turn.topic].iter().map(|it| it.bytes).max().unwrap_or(0) as f64;
            let largest = largest * 33.0 / 32.0 + 128.0;
            prop_assert!(turn.cost as f64 <= (budget * 0.25 + largest).max(3.0 * largest) + 1.0);
        }
        // One at a time, with a pause between them.
        for pair in turns.windows(2) {
            prop_assert!(pair[1].from >= pair[0].to + 0.999);
        }
        // Nobody has a second turn before all others had their first, nor a third before their second.
        let mut had = vec![0_usize; topics.len()];
        for turn in &turns {
            had[turn.topic] += 1;
            let most = had.iter().max().unwrap();
            let least = had.iter().min().unwrap();
            prop_assert!(most - least <= 1);
        }
    }

    #[test]
    fn no_message_does_harm(
        messages in prop::collection::vec((any::<[u8; 16]>(), any::<usize>(), any::<Option<u64>>(), 0.0..5.0), 0..50),
    ) {
        let mut window = Window::new(at(1.0), 1000, 1);
        for (gid, bytes, number, moment) in messages {
            window.note(Gid(gid), bytes, number, at(moment));
            window.is_over(at(moment));
        }
        let mut sampler = Sampler::new(1e6);
        sampler.want([(topic(0), [A].into())].into(), at(0.0));
        sampler.next(at(0.0));
        sampler.ended(Some(window.close(at(4.0))), at(4.0));
        for rate in sampler.rates().values() {
            let of = rate.of([A], true).unwrap_or_default();
            prop_assert!(of.messages.is_finite() && of.bytes.is_finite());
        }
    }
}
