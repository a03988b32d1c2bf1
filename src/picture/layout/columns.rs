//! The place of each item in its layer, and of each layer.

use super::layers::{Item, Layers};

/// Between two items of a layer, when one of them is a line, and when both are.
const APART: f64 = 22.0;
const LINE_APART: f64 = 12.0;
const LINES_APART: f64 = 9.0;
/// Between two layers; more where lines go far aside, one for so many that they go.
const GAP: f64 = 26.0;
const WIDEST_GAP: f64 = 80.0;
const SLOPE: f64 = 9.0;
const SWEEPS: usize = 24;
/// How often lines are straightened: one that has moved makes room for others.
const ROUNDS: usize = 4;

/// Moves each item to the middle of its neighbours as far as the order and the room allow.
pub(super) fn columns(items: &mut [Item], layers: &[Vec<usize>]) {
    for layer in layers {
        settle(items, layer, |_, _| 0.0);
    }
    for sweep in 0..SWEEPS {
        let turns: Vec<&Vec<usize>> = if sweep % 2 == 0 {
            layers.iter().collect()
        } else {
            layers.iter().rev().collect()
        };
        for layer in turns {
            settle(items, layer, |items, item| {
                let item = &items[item];
                let near = item.above.iter().chain(&item.below);
                let (sum, count) =
                    near.fold((0.0, 0.0), |(s, c), &n| (s + items[n].place.x, c + 1.0));
                if count > 0.0 { sum / count } else { 0.0 }
            });
        }
    }
}

/// Places one layer: the nearest places to those wanted that keep the order and the distances
/// (isotonic regression by pooling neighbours that are in each other's way).
fn settle(items: &mut [Item], layer: &[usize], wanted: impl Fn(&[Item], usize) -> f64) {
    let mut offset = 0.0;
    let mut offsets = Vec::new();
    let mut pools: Vec<(f64, f64)> = Vec::new();
    for (nth, &item) in layer.iter().enumerate() {
        if nth > 0 {
            offset += distance(&items[layer[nth - 1]], &items[item]);
        }
        offsets.push(offset);
        let mut pool = (wanted(items, item) - offset, 1.0);
        while let Some(&(value, weight)) = pools.last() {
            if value <= pool.0 {
                break;
            }
            pools.pop();
            pool = (
                (value * weight + pool.0 * pool.1) / (weight + pool.1),
                weight + pool.1,
            );
        }
        pools.push(pool);
    }
    let values = pools
        .into_iter()
        .flat_map(|(value, weight)| std::iter::repeat_n(value, weight as usize));
    for ((&item, offset), value) in layer.iter().zip(offsets).zip(values) {
        items[item].place.x = value + offset;
    }
}

/// Gives each stretch of an edge that can be straight one column: a line that goes far is followed more
/// easily when it bends seldom.
pub(super) fn straighten(all: &mut Layers) {
    let mut beside = vec![(None, None); all.items.len()];
    for layer in &all.layers {
        for pair in layer.windows(2) {
            beside[pair[0]].1 = Some(pair[1]);
            beside[pair[1]].0 = Some(pair[0]);
        }
    }
    for _ in 0..ROUNDS {
        for chain in &all.chains {
            let inner = &chain.items[1..chain.items.len() - 1];
            let mut first = 0;
            while first < inner.len() {
                let mut room = (f64::NEG_INFINITY, f64::INFINITY);
                let mut next = first;
                while let Some(&item) = inner.get(next) {
                    let own = room_of(&all.items, item, beside[item]);
                    let both = (own.0.max(room.0), own.1.min(room.1));
                    if both.0 > both.1 && next > first {
                        break;
                    }
                    (room, next) = (both, next + 1);
                }
                align(&mut all.items, &inner[first..next], room);
                first = next;
            }
        }
    }
}

/// How far to the left and to the right an item may be.
fn room_of(
    items: &[Item],
    item: usize,
    (left, right): (Option<usize>, Option<usize>),
) -> (f64, f64) {
    let left = left.map(|it| items[it].place.x + distance(&items[it], &items[item]));
    let right = right.map(|it| items[it].place.x - distance(&items[item], &items[it]));
    (
        left.unwrap_or(f64::NEG_INFINITY),
        right.unwrap_or(f64::INFINITY),
    )
}

/// Puts a stretch of an edge into one column: where half of it is already, as far as there is room.
fn align(items: &mut [Item], stretch: &[usize], (left, right): (f64, f64)) {
    let mut columns: Vec<f64> = stretch.iter().map(|&item| items[item].place.x).collect();
    columns.sort_by(f64::total_cmp);
    // An item alone stays within its room, but for rounding.
    let column = columns[columns.len() / 2].max(left).min(right);
    for &item in stretch {
        items[item].place.x = column;
    }
}

fn distance(left: &Item, right: &Item) -> f64 {
    let apart = match (left.is_line(), right.is_line()) {
        (true, true) => LINES_APART,
        (false, false) => APART,
        _ => LINE_APART,
    };
    (left.place.w + right.place.w) / 2.0 + apart
}

/// Places the layers below each other.
pub(super) fn rows(items: &mut [Item], layers: &[Vec<usize>]) {
    let mut y = 0.0;
    for layer in layers {
        let tallest = layer.iter().map(|&i| items[i].place.h).fold(0.0, f64::max);
        for &item in layer {
            items[item].place.y = y + tallest / 2.0;
        }
        let aside = { layer.iter() }
            .flat_map(|&upper| items[upper].below.iter().map(move |&lower| (upper, lower)))
            .map(|(upper, lower)| (items[upper].place.x - items[lower].place.x).abs())
            .fold(0.0, f64::max);
        y += tallest + (aside / SLOPE).clamp(GAP, WIDEST_GAP);
    }
}
