#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn graphs() -> impl Strategy<Value = (Vec<(f64, f64)>, Vec<Edge>)> {
    (1_usize..30).prop_flat_map(|count| {
        let sizes = prop::collection::vec((40.0..300.0, 20.0..120.0), count);
        let edge = (0..count, 0..count, (10.0..300.0, 15.0..70.0));
        let edges = prop::collection::vec(edge, 0..50);
        (sizes, edges).prop_map(|(sizes, edges)| {
            let edges = { edges.into_iter() }
                .filter(|(source, target, _)| source != target)
                .map(|(source, target, label)| Edge {
                    source,
                    target,
                    label,
                });
            (sizes, edges.collect())
        })
    })
}

fn overlap(a: &Place, b: &Place) -> bool {
    let apart = |distance: f64, a: f64, b: f64| distance.abs() >= (a + b) / 2.0 - 1e-6;
    !apart(a.x - b.x, a.w, b.w) && !apart(a.y - b.y, a.h, b.h)
}

/// Whether a point is well inside of a place.
fn holds(place: &Place, (x, y): (f64, f64)) -> bool {
    (x - place.x).abs() < place.w / 2.0 - 0.1 && (y - place.y).abs() < place.h / 2.0 - 0.1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_is_in_the_way_of_anything((sizes, edges) in graphs()) {
        let layout = layout(&sizes, &edges);
        let places: Vec<Place> = layout.boxes.iter().chain(&layout.labels).copied().collect();
        for (nth, a) in places.iter().enumerate() {
            prop_assert!(a.x - a.w / 2.0 > -0.1 && a.x + a.w / 2.0 < layout.width + 0.1);
            prop_assert!(a.y - a.h / 2.0 > -0.1 && a.y + a.h / 2.0 < layout.height + 0.1);
            for b in &places[nth + 1..] {
                prop_assert!(!overlap(a, b), "{a:?} {b:?}");
            }
        }
        for ((edge, path), label) in edges.iter().zip(&layout.paths).zip(&layout.labels) {
            for (end, at) in [(path.first(), edge.source), (path.last(), edge.target)] {
                let (place, end) = (layout.boxes[at], *end.unwrap());
                prop_assert!((end.0 - place.x).abs() < place.w / 2.0);
                prop_assert!(((end.1 - place.y).abs() - place.h / 2.0).abs() < 0.1);
            }
            let mut is_under_label = false;
            for pair in path.windows(2) {
                for step in 0..=10 {
                    let part = f64::from(step) / 10.0;
                    let x = pair[0].0 + (pair[1].0 - pair[0].0) * part;
                    let y = pair[0].1 + (pair[1].1 - pair[0].1) * part;
                    is_under_label |= holds(label, (x, y));
                    let others = layout.labels.iter().filter(|it| !std::ptr::eq(*it, label));
                    for place in layout.boxes.iter().chain(others) {
                        prop_assert!(!holds(place, (x, y)), "{place:?} {x} {y}");
                    }
                }
            }
            prop_assert!(is_under_label);
        }
    }

    #[test]
    fn sizes_are_kept((sizes, edges) in graphs()) {
        let layout = layout(&sizes, &edges);
        for (&(w, h), place) in sizes.iter().zip(&layout.boxes) {
            prop_assert!(place.w >= w && place.h == h);
        }
        for (edge, place) in edges.iter().zip(&layout.labels) {
            prop_assert_eq!(edge.label, (place.w, place.h));
        }
    }
}

#[test]
fn boxes_without_edges_fill_a_screen() {
    let layout = layout(&[(150.0, 70.0); 40], &[]);
    let shape = layout.width / layout.height;
    assert!((1.0..2.5).contains(&shape), "{shape}");
}

#[test]
fn many_below_one_fill_a_screen() {
    let edges: Vec<Edge> = (1..40)
        .map(|target| Edge {
            source: 0,
            target,
            label: (180.0, 19.0),
        })
        .collect();
    let layout = layout(&[(150.0, 70.0); 40], &edges);
    let shape = layout.width / layout.height;
    assert!((0.9..2.8).contains(&shape), "{shape}");
}
