//! The order of each layer.

use super::layers::Item;

const SWEEPS: usize = 16;

/// Sorts each layer by where its neighbours are, down and up in turn, and keeps the order with the
/// fewest crossings.
pub(super) fn order(items: &[Item], layers: &mut [Vec<usize>]) {
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
