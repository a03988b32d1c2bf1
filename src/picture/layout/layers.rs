//! Layers of boxes, with layers of labels between them.

use super::ranks::Way;
use super::{Edge, Place};

/// Between the ends of two edges at a box.
const ENDS_APART: f64 = 11.0;
/// How wide a line is that passes a layer.
const LINE: f64 = 2.0;

/// Something in a layer.
pub(super) struct Item {
    pub place: Place,
    /// What it is joined with in the layer above, and in the one below.
    pub above: Vec<usize>,
    pub below: Vec<usize>,
}

impl Item {
    /// Whether it is a line that passes.
    pub(super) fn is_line(&self) -> bool {
        self.place.h == 0.0
    }
}

/// The items of an edge from the top to the bottom.
pub(super) struct Chain {
    pub items: Vec<usize>,
    /// Which of all items is its label.
    pub label: usize,
}

pub(super) struct Layers {
    /// The boxes first.
    pub items: Vec<Item>,
    pub layers: Vec<Vec<usize>>,
    /// As the edges.
    pub chains: Vec<Chain>,
}

/// Boxes are at least as wide as the ends of their edges need.
pub(super) fn with_room_for_ends(sizes: &[(f64, f64)], ways: &[Way]) -> Vec<(f64, f64)> {
    let mut ends = vec![(0, 0); sizes.len()];
    for way in ways {
        ends[way.top].1 += 1;
        ends[way.bottom].0 += 1;
    }
    let sizes = sizes.iter().zip(ends);
    sizes
        .map(|(&(w, h), (upper, lower))| {
            let ends = f64::from(std::cmp::max::<u32>(upper, lower) + 1);
            (w.max(ends * ENDS_APART), h)
        })
        .collect()
}

impl Layers {
    /// Boxes are in the even layers, labels in the odd ones.
    pub(super) fn new(sizes: &[(f64, f64)], edges: &[Edge], ways: &[Way], ranks: &[usize]) -> Self {
        let count = ranks.iter().max().map_or(0, |last| last * 2 + 1);
        let mut layers = Self {
            items: Vec::new(),
            layers: vec![Vec::new(); count],
            chains: Vec::new(),
        };
        for (&size, rank) in sizes.iter().zip(ranks) {
            layers.add(rank * 2, size);
        }
        let gaps = gaps(edges, ways, ranks);
        for ((edge, way), gap) in edges.iter().zip(ways).zip(gaps) {
            let (first, last) = (ranks[way.top] * 2, ranks[way.bottom] * 2);
            let mut items = vec![way.top];
            for layer in first + 1..last {
                items.push(match layer == gap * 2 + 1 {
                    true => layers.add(layer, edge.label),
                    false => layers.add(layer, (LINE, 0.0)),
                });
            }
            let label = items[gap * 2 + 1 - first];
            items.push(way.bottom);
            layers.chains.push(Chain { items, label });
        }
        layers.join();
        layers
    }

    fn add(&mut self, layer: usize, (w, h): (f64, f64)) -> usize {
        let place = Place {
            w,
            h,
            ..Place::default()
        };
        self.items.push(Item {
            place,
            above: Vec::new(),
            below: Vec::new(),
        });
        self.layers[layer].push(self.items.len() - 1);
        self.items.len() - 1
    }

    /// Joins neighbours along the chains.
    fn join(&mut self) {
        for item in &mut self.items {
            item.above.clear();
            item.below.clear();
        }
        for chain in &self.chains {
            for pair in chain.items.windows(2) {
                self.items[pair[0]].below.push(pair[1]);
                self.items[pair[1]].above.push(pair[0]);
            }
        }
    }

    /// Makes several layers of labels of each that is too wide, which take turns from left to right.
    /// Their order stays, so that no line crosses another one that it did not cross before.
    pub(super) fn split_labels(&mut self, widest: f64) {
        // What stands for an item: itself, or one for each of the new layers.
        let mut columns: Vec<Vec<usize>> = (0..self.items.len()).map(|at| vec![at]).collect();
        let mut layers = Vec::new();
        for (nth, layer) in std::mem::take(&mut self.layers).into_iter().enumerate() {
            let rows = match nth % 2 {
                0 => 1,
                _ => self.rows_of(&layer, widest),
            };
            let first = layers.len();
            layers.resize(first + rows, Vec::new());
            let mut turn = 0;
            for item in layer {
                let own = match self.items[item].is_line() {
                    true => 0,
                    false => turn % rows,
                };
                turn += usize::from(!self.items[item].is_line());
                columns[item].clear();
                for row in 0..rows {
                    let is = match row == own {
                        true => item,
                        false => self.line(),
                    };
                    layers[first + row].push(is);
                    columns[item].push(is);
                }
            }
        }
        self.layers = layers;
        for chain in &mut self.chains {
            let items = chain.items.iter().flat_map(|&item| &columns[item]);
            chain.items = items.copied().collect();
        }
        self.join();
    }

    fn line(&mut self) -> usize {
        self.items.push(Item {
            place: Place {
                w: LINE,
                ..Place::default()
            },
            above: Vec::new(),
            below: Vec::new(),
        });
        self.items.len() - 1
    }

    fn rows_of(&self, layer: &[usize], widest: f64) -> usize {
        let labels = { layer.iter() }.filter(|&&item| !self.items[item].is_line());
        let (count, width) = labels.fold((0, 0.0), |(count, width), &item| {
            (count + 1, width + self.items[item].place.w)
        });
        // Besides labels there are lines in it; a row alone is never too few.
        let rows = (width / widest).ceil().max(1.0) as usize;
        rows.min(count).max(1)
    }
}

/// Between which ranks each edge has its label: where there is most room, near its middle. Who has no
/// choice is asked first.
fn gaps(edges: &[Edge], ways: &[Way], ranks: &[usize]) -> Vec<usize> {
    let mut used = vec![0.0_f64; ranks.iter().max().copied().unwrap_or(0)];
    let mut gaps = vec![0; edges.len()];
    let mut turns: Vec<usize> = (0..edges.len()).collect();
    let span = |at: usize| ranks[ways[at].top]..ranks[ways[at].bottom];
    turns.sort_by_key(|&at| span(at).len());
    for at in turns {
        let middle = (span(at).start + span(at).end - 1) as f64 / 2.0;
        let from_middle = |gap: usize| (gap as f64 - middle).abs();
        let best = span(at).min_by(|&a, &b| {
            let by_room = used[a].total_cmp(&used[b]);
            by_room.then(from_middle(a).total_cmp(&from_middle(b)))
        });
        gaps[at] = best.unwrap_or(span(at).start);
        used[gaps[at]] += edges[at].label.0;
    }
    gaps
}
