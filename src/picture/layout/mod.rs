//! A layered layout. Boxes and labels are items of layers; an edge passes a layer only in a column of
//! its own, and changes its column only between layers, so it can never run through a box or a label.
//!
//! `ranks.rs` says which box is above which, `layers.rs` makes layers of that, `order.rs` brings each
//! layer into the order with few crossings, `columns.rs` gives everything its place, and `paths.rs`
//! draws the edges. All of it is done for several widths, separately for what hangs together; `pack.rs`
//! puts that side by side, and the result that is largest on a screen is taken.

mod columns;
mod layers;
mod order;
mod pack;
mod paths;
mod ranks;

/// What is placed: boxes, and edges with labels.
#[derive(Clone, Copy, Debug)]
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
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub boxes: Vec<Place>,
    pub labels: Vec<Place>,
    /// Points from the source to the target; every second stretch is vertical.
    pub paths: Vec<Vec<(f64, f64)>>,
    pub width: f64,
    pub height: f64,
}

/// The shape of most screens.
const SCREEN: f64 = 16.0 / 10.0;
/// How wide a layer may be, as parts of a square as large as all boxes and labels; without bounds last.
const WIDTHS: [f64; 8] = [0.7, 0.9, 1.15, 1.5, 2.0, 2.6, 3.4, f64::INFINITY];
/// More edges than this are laid out in one width, which takes long enough.
const MANY: usize = 400;
const ONE_WIDTH: [f64; 1] = [2.0];

/// Places everything. Edges from a box to itself must not be among `edges`.
pub(super) fn layout(sizes: &[(f64, f64)], edges: &[Edge]) -> Layout {
    let labels = edges.iter().map(|edge| edge.label);
    let area: f64 = sizes
        .iter()
        .copied()
        .chain(labels)
        .map(|(w, h)| w * h)
        .sum();
    let side = area.sqrt();
    let widths: &[f64] = match edges.len() > MANY {
        true => &ONE_WIDTH,
        false => &WIDTHS,
    };
    let groups = pack::groups(sizes.len(), edges);
    let tried = widths
        .iter()
        .map(|part| within(sizes, edges, &groups, side * part));
    tried
        .max_by(|a, b| scale(a).total_cmp(&scale(b)))
        .unwrap_or_default()
}

/// How large it is on a screen of height 1.
fn scale(layout: &Layout) -> f64 {
    (SCREEN / layout.width.max(1.0)).min(1.0 / layout.height.max(1.0))
}

/// No layer is wider than `widest`, as far as that can be.
fn within(sizes: &[(f64, f64)], edges: &[Edge], groups: &[pack::Group], widest: f64) -> Layout {
    let parts = groups.iter().map(|group| {
        let sizes: Vec<(f64, f64)> = group.boxes.iter().map(|&at| sizes[at]).collect();
        let edges: Vec<Edge> = { group.edges.iter() }
            .map(|&at| Edge {
                source: group.within(edges[at].source),
                target: group.within(edges[at].target),
                ..edges[at]
            })
            .collect();
        connected(&sizes, &edges, widest)
    });
    let parts: Vec<Layout> = parts.collect();
    pack::side_by_side(sizes.len(), edges.len(), groups, parts, widest)
}

/// The layout of what hangs together.
fn connected(sizes: &[(f64, f64)], edges: &[Edge], widest: f64) -> Layout {
    let ways = ranks::ways(sizes.len(), edges);
    let sizes = layers::with_room_for_ends(sizes, &ways);
    let ranks = ranks::ranks(&sizes, &ways, widest);
    let mut layers = layers::Layers::new(&sizes, edges, &ways, &ranks);
    order::order(&layers.items, &mut layers.layers);
    layers.split_labels(widest);
    columns::columns(&mut layers.items, &layers.layers);
    columns::straighten(&mut layers);
    columns::rows(&mut layers.items, &layers.layers);
    paths::finish(sizes.len(), &ways, layers)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
