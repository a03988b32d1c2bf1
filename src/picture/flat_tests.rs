#![allow(clippy::unwrap_used)]

use super::*;
use crate::picture::samples::{many, three};

fn length(strokes: &[(Point, Point)]) -> f64 {
    strokes.iter().map(|&(from, to)| distance(from, to)).sum()
}

#[test]
fn everything_of_the_picture_is_there() {
    for graph in [three(), many(40, 70)] {
        let flat = flat(&graph);
        assert_eq!(flat.boxes.len(), graph.nodes.len());
        assert_eq!(flat.texts.len(), flat.boxes.len() + flat.arrows.len());
        for (node, text) in graph.nodes.iter().zip(&flat.texts) {
            assert!(text.text.starts_with(&node.name) && text.text.contains("Succeeded"));
        }
        let names: Vec<&str> = flat.texts.iter().map(|it| it.text.as_str()).collect();
        assert!(names.concat().contains("/robot_") || names.concat().contains("/sim/pose"));
    }
}

#[test]
fn boxes_do_not_overlap_and_every_arrow_ends_at_one() {
    let flat = flat(&many(40, 70));
    for (nth, a) in flat.boxes.iter().enumerate() {
        for b in &flat.boxes[nth + 1..] {
            let (x, y) = (a.middle.0 - b.middle.0, a.middle.1 - b.middle.1);
            let apart = |distance: f64, a: f64, b: f64| distance.abs() >= (a + b) / 2.0;
            assert!(apart(x, a.size.0, b.size.0) || apart(y, a.size.1, b.size.1));
        }
    }
    for arrow in &flat.arrows {
        let (from, tip) = arrow.head;
        assert!(distance(from, tip) > 0.0 && distance(from, tip) < HEAD + 1e-9);
        let touches = |it: &FlatBox| {
            let (x, y) = (tip.0 - it.middle.0, tip.1 - it.middle.1);
            x.abs() <= it.size.0 / 2.0 + 1e-9 && (y.abs() - it.size.1 / 2.0).abs() < 1e-9
        };
        assert!(flat.boxes.iter().any(touches), "{tip:?}");
    }
}

#[test]
fn dashes_leave_gaps_of_their_lengths() {
    let line = [(0.0, 0.0), (0.0, 0.13), (0.0, 1.0), (2.0, 1.0)];
    let whole = strokes(&line, Dash::Whole);
    assert_eq!(whole.len(), 3);
    assert!((length(&whole) - 3.0).abs() < 1e-9);
    for (dash, share) in [(Dash::Strokes, 0.6), (Dash::LongAndShort, 17.0 / 25.0)] {
        let drawn = length(&strokes(&line, dash));
        assert!((drawn / 3.0 - share).abs() < 0.03, "{dash:?} {drawn}");
    }
}
