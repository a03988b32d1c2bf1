//! Who depends on whom, against looking at everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::domain::dependencies::Dependents;

#[test]
fn dependents_leave_before_what_they_depend_on() {
    let all = Dependents::new([
        ("cc", "nav"),
        ("nav", "sim"),
        ("arm", "sim"),
        ("sim", "clock"),
    ]);
    assert_eq!(all.direct("sim"), ["arm", "nav"]);
    assert_eq!(all.transitive("sim"), ["arm", "cc", "nav"]);
    let order = all.take_down("sim");
    assert_eq!(order.len(), 4);
    assert_eq!(order.last(), Some(&"sim"));
    assert!(before(&order, "cc", "nav"));
    assert_eq!(all.take_down("nobody"), ["nobody"]);
    assert!(all.direct("nobody").is_empty() && all.transitive("nobody").is_empty());
}

fn before(order: &[&str], first: &str, second: &str) -> bool {
    let place = |id| order.iter().position(|other| *other == id);
    place(first).is_some() && place(first) < place(second)
}

/// Which of the nodes can be reached, by trying all ways of every length.
fn reach(edges: &[(usize, usize)], count: usize) -> Vec<Vec<bool>> {
    let mut reach = vec![vec![false; count]; count];
    for (from, to) in edges {
        reach[*from][*to] = true;
    }
    for via in 0..count {
        for from in 0..count {
            for to in 0..count {
                reach[from][to] |= reach[from][via] && reach[via][to];
            }
        }
    }
    reach
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Circles too, and bindings that are there twice.
    #[test]
    fn who_depends_is_who_has_a_way(
        edges in prop::collection::vec((0..7_usize, 0..7_usize), 0..12),
        id in 0..7_usize,
    ) {
        let all = Dependents::new(edges.iter().map(|(from, to)| (NAMES[*from], NAMES[*to])));
        let reach = reach(&edges, NAMES.len());
        let expected: Vec<&str> = (0..7)
            .filter(|other| *other != id && reach[*other][id])
            .map(|other| NAMES[other])
            .collect();
        prop_assert_eq!(all.transitive(NAMES[id]), expected.clone());
        let direct: BTreeSet<&str> = edges
            .iter()
            .filter(|(from, to)| *to == id && *from != id)
            .map(|(from, _)| NAMES[*from])
            .collect();
        prop_assert_eq!(all.direct(NAMES[id]), direct.into_iter().collect::<Vec<_>>());

        let order = all.take_down(NAMES[id]);
        prop_assert_eq!(order.last(), Some(&NAMES[id]));
        let mut sorted = order.clone();
        sorted.sort_unstable();
        let mut everyone = expected;
        everyone.push(NAMES[id]);
        everyone.sort_unstable();
        prop_assert_eq!(sorted, everyone.clone());
        for (from, to) in &edges {
            let both = everyone.contains(&NAMES[*from]) && everyone.contains(&NAMES[*to]);
            // In a circle somebody has to be the first.
            if both && *from != id && !reach[*to][*from] {
                prop_assert!(before(&order, NAMES[*from], NAMES[*to]), "{:?}", order);
            }
        }
    }
}

/// A chain as long as nobody has one: nothing goes deeper into the stack for it.
#[test]
fn a_long_chain_is_no_danger() {
    let ids: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
    let all = Dependents::new(ids.windows(2).map(|w| (w[1].as_str(), w[0].as_str())));
    let order = all.take_down("0");
    assert!(order.iter().rev().eq(&ids));
}
