//! A layered layout. Boxes and labels are items of layers; an edge passes a layer only in a column of
//! its own, and changes its column only between layers, so it can never run through a box or a label.

use std::collections::BTreeMap;

/// What is placed: boxes, and edges with labels.
pub(super) struct Edge {
    pub source: usize,
    pub target: usize,
    /// The width and height of its label.
    pub label: (f64, f64),
}

/// Where an item is: its middle, and its size.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// The result, with the upper left corner at zero.
pub(super) struct Layout {
    pub boxes: Vec<Place>,
    pub labels: Vec<Place>,
    /// Points from the source to the target; every second stretch is vertical.
    pub paths: Vec<Vec<(f64, f64)>>,
    pub width: f64,
    pub height: f64,
}

/// Between two items of a layer.
const APART: f64 = 22.0;
/// Between two layers.
const GAP: f64 = 34.0;
const SWEEPS: usize = 12;
/// Boxes without edges stand in rows of so many.
const IN_A_ROW: usize = 6;

struct Item {
    place: Place,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Places everything. Edges from a box to itself must not be among `edges`.
pub(super) fn layout(sizes: &[(f64, f64)], edges: &[Edge]) -> Layout {
    let down = downward(sizes.len(), edges);
    let ranks = ranks(sizes.len(), edges, &down);
    let mut items: Vec<Item> = Vec::new();
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for (at, &(w, h)) in sizes.iter().enumerate() {
        let ports = edges
            .iter()
            .filter(|e| e.source == at || e.target == at)
            .count();
        add(
            &mut items,
            &mut layers,
            ranks[at] * 2,
            (w.max(ports as f64 * 12.0), h),
        );
    }
    let mut chains = Vec::new();
    for (edge, &down) in edges.iter().zip(&down) {
        let (top, bottom) = if down {
            (edge.source, edge.target)
        } else {
            (edge.target, edge.source)
        };
        let (first, last) = (ranks[top] * 2, ranks[bottom] * 2);
        // The label stands in an odd layer near the middle; the others are for labels and lines alone.
        let middle = (first + last) / 2 / 2 * 2 + 1;
        let middle = middle.min(last - 1);
        let mut chain = vec![top];
        for layer in first + 1..last {
            let size = if layer == middle {
                edge.label
            } else {
                (4.0, 0.0)
            };
            chain.push(add(&mut items, &mut layers, layer, size));
        }
        chain.push(bottom);
        for pair in chain.windows(2) {
            items[pair[0]].below.push(pair[1]);
            items[pair[1]].above.push(pair[0]);
        }
        chains.push((chain, middle - first));
    }
    order(&items, &mut layers);
    columns(&mut items, &layers);
    rows(&mut items, &layers);
    finish(sizes, edges, &down, items, &layers, &chains)
}

fn add(
    items: &mut Vec<Item>,
    layers: &mut Vec<Vec<usize>>,
    layer: usize,
    (w, h): (f64, f64),
) -> usize {
    while layers.len() <= layer {
        layers.push(Vec::new());
    }
    let place = Place {
        w,
        h,
        ..Place::default()
    };
    items.push(Item {
        place,
        above: Vec::new(),
        below: Vec::new(),
    });
    layers[layer].push(items.len() - 1);
    items.len() - 1
}

/// Which edges go down; the others would close a circle and go up. Earlier edges have their way.
fn downward(count: usize, edges: &[Edge]) -> Vec<bool> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    edges
        .iter()
        .map(|edge| {
            let down = !reaches(&next, edge.target, edge.source);
            let (from, to) = if down {
                (edge.source, edge.target)
            } else {
                (edge.target, edge.source)
            };
            if !next[from].contains(&to) {
                next[from].push(to);
            }
            down
        })
        .collect()
}

fn reaches(next: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; next.len()];
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            left.extend(&next[at]);
        }
    }
    false
}

/// The longest way from the top, then each as near to what is below it as can be. What has no edges is
/// in rows below all others.
fn ranks(count: usize, edges: &[Edge], down: &[bool]) -> Vec<usize> {
    let pairs: Vec<(usize, usize)> = edges
        .iter()
        .zip(down)
        .map(|(e, &down)| {
            if down {
                (e.source, e.target)
            } else {
                (e.target, e.source)
            }
        })
        .collect();
    let mut ranks = vec![0; count];
    // As many rounds as the longest way is long, and no circle is left.
    let mut moved = true;
    while moved {
        moved = false;
        for &(from, to) in &pairs {
            if ranks[to] < ranks[from] + 1 {
                ranks[to] = ranks[from] + 1;
                moved = true;
            }
        }
    }
    let mut by_rank: Vec<usize> = (0..count).collect();
    by_rank.sort_by_key(|&at| std::cmp::Reverse(ranks[at]));
    for at in by_rank {
        let below = pairs.iter().filter(|p| p.0 == at).map(|p| ranks[p.1]).min();
        let is_top = !pairs.iter().any(|p| p.1 == at);
        if let (Some(below), true) = (below, is_top) {
            ranks[at] = below - 1;
        }
    }
    let used: Vec<bool> = (0..count)
        .map(|at| pairs.iter().any(|p| p.0 == at || p.1 == at))
        .collect();
    let first = (0..count)
        .filter(|&at| used[at])
        .map(|at| ranks[at] + 1)
        .max()
        .unwrap_or(0);
    for (nth, at) in (0..count).filter(|&at| !used[at]).enumerate() {
        ranks[at] = first + nth / IN_A_ROW;
    }
    ranks
}

/// Sorts each layer by where its neighbours are, down and up in turn, and keeps the order with the
/// fewest crossings.
fn order(items: &[Item], layers: &mut [Vec<usize>]) {
    let mut best = layers.to_vec();
    let mut fewest = crossings(items, layers);
    for sweep in 0..SWEEPS {
        let mut at: Vec<f64> = vec![0.0; items.len()];
        let down = sweep % 2 == 0;
        let turns: Vec<usize> = if down {
            (0..layers.len()).collect()
        } else {
            (0..layers.len()).rev().collect()
        };
        for layer in turns {
            let mut keyed: Vec<(f64, usize)> = layers[layer]
                .iter()
                .enumerate()
                .map(|(nth, &item)| {
                    let near = if down {
                        &items[item].above
                    } else {
                        &items[item].below
                    };
                    let sum: f64 = near.iter().map(|&n| at[n]).sum();
                    let here = (nth as f64 + 0.5) / layers[layer].len() as f64;
                    (
                        if near.is_empty() {
                            here
                        } else {
                            sum / near.len() as f64
                        },
                        item,
                    )
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            let count = keyed.len() as f64;
            layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            for (nth, &item) in layers[layer].iter().enumerate() {
                at[item] = (nth as f64 + 0.5) / count;
            }
        }
        let now = crossings(items, layers);
        if now < fewest {
            fewest = now;
            best = layers.to_vec();
        }
    }
    layers.clone_from_slice(&best);
}

fn crossings(items: &[Item], layers: &[Vec<usize>]) -> u64 {
    let mut position = vec![0; items.len()];
    for layer in layers {
        for (nth, &item) in layer.iter().enumerate() {
            position[item] = nth;
        }
    }
    let mut sum = 0;
    for (upper, lower) in layers.iter().zip(layers.iter().skip(1)) {
        // A Fenwick tree of the ends so far: an edge crosses those that end further right.
        let mut tree = vec![0_u64; lower.len() + 1];
        let mut before = 0;
        for &item in upper {
            let ends: Vec<usize> = items[item].below.iter().map(|&b| position[b] + 1).collect();
            for &end in &ends {
                let (mut at, mut left) = (end, 0);
                while at > 0 {
                    left += tree[at];
                    at &= at - 1;
                }
                sum += before - left;
            }
            for end in ends {
                let mut at = end;
                while at < tree.len() {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
                before += 1;
            }
        }
    }
    sum
}

/// Moves each item to the middle of its neighbours as far as the order and the room allow.
fn columns(items: &mut [Item], layers: &[Vec<usize>]) {
    for layer in layers {
        settle(items, layer, |_, _| 0.0);
    }
    for sweep in 0..SWEEPS * 2 {
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
            offset += (items[layer[nth - 1]].place.w + items[item].place.w) / 2.0 + APART;
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

fn rows(items: &mut [Item], layers: &[Vec<usize>]) {
    let mut y = 0.0;
    for layer in layers {
        let tallest = layer.iter().map(|&i| items[i].place.h).fold(0.0, f64::max);
        for &item in layer {
            items[item].place.y = y + tallest / 2.0;
        }
        // Flat layers are for lines that pass; they need no room of their own.
        y += tallest
            + if layer.is_empty() || tallest == 0.0 {
                6.0
            } else {
                GAP
            };
    }
}

fn finish(
    sizes: &[(f64, f64)],
    edges: &[Edge],
    down: &[bool],
    mut items: Vec<Item>,
    layers: &[Vec<usize>],
    chains: &[(Vec<usize>, usize)],
) -> Layout {
    let left = items
        .iter()
        .map(|i| i.place.x - i.place.w / 2.0)
        .fold(f64::INFINITY, f64::min);
    for item in &mut items {
        item.place.x -= if left.is_finite() { left } else { 0.0 };
    }
    let mut spans = vec![(0.0, 0.0); items.len()];
    for layer in layers {
        let top = layer
            .iter()
            .map(|&i| items[i].place.y - items[i].place.h / 2.0)
            .fold(f64::INFINITY, f64::min);
        let bottom = layer
            .iter()
            .map(|&i| items[i].place.y + items[i].place.h / 2.0)
            .fold(0.0, f64::max);
        layer.iter().for_each(|&i| spans[i] = (top, bottom));
    }
    // The places on a box's side where its edges begin, in the order of where they lead.
    let mut sides: BTreeMap<(usize, bool), Vec<(f64, usize)>> = BTreeMap::new();
    for (nth, (chain, _)) in chains.iter().enumerate() {
        let last = chain.len() - 1;
        sides
            .entry((chain[0], true))
            .or_default()
            .push((items[chain[1]].place.x, nth));
        sides
            .entry((chain[last], false))
            .or_default()
            .push((items[chain[last - 1]].place.x, nth));
    }
    let mut ports = BTreeMap::new();
    for ((item, lower), mut side) in sides {
        side.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let place = items[item].place;
        let step = place.w / (side.len() + 1) as f64;
        for (at, (_, nth)) in side.into_iter().enumerate() {
            ports.insert(
                (nth, lower),
                place.x - place.w / 2.0 + step * (at + 1) as f64,
            );
        }
    }
    let mut paths = Vec::new();
    let mut labels = Vec::new();
    for (nth, (chain, middle)) in chains.iter().enumerate() {
        let last = chain.len() - 1;
        let (top, bottom) = (items[chain[0]].place, items[chain[last]].place);
        let start = ports.get(&(nth, true)).copied().unwrap_or(top.x);
        let end = ports.get(&(nth, false)).copied().unwrap_or(bottom.x);
        let mut path = vec![(start, top.y + top.h / 2.0), (start, spans[chain[0]].1)];
        for &item in &chain[1..last] {
            path.push((items[item].place.x, spans[item].0));
            path.push((items[item].place.x, spans[item].1));
        }
        path.push((end, spans[chain[last]].0));
        path.push((end, bottom.y - bottom.h / 2.0));
        if !down[nth] {
            path.reverse();
        }
        paths.push(path);
        labels.push(items[chain[*middle]].place);
    }
    debug_assert_eq!(labels.len(), edges.len());
    let width = items
        .iter()
        .map(|i| i.place.x + i.place.w / 2.0)
        .fold(0.0, f64::max);
    let height = items
        .iter()
        .map(|i| i.place.y + i.place.h / 2.0)
        .fold(0.0, f64::max);
    let boxes = items[..sizes.len()].iter().map(|i| i.place).collect();
    Layout {
        boxes,
        labels,
        paths,
        width,
        height,
    }
}
