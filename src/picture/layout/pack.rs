//! What hangs together is laid out by itself; here it is put side by side.

use super::{Edge, Layout, Place, SCREEN};

/// Between two groups.
const APART: f64 = 40.0;
/// More than this are not tried in every corner.
const MANY: usize = 60;

/// Boxes that hang together by edges.
pub(super) struct Group {
    /// In the order of their numbers.
    pub boxes: Vec<usize>,
    pub edges: Vec<usize>,
}

impl Group {
    /// The number that a box has in the group.
    pub(super) fn within(&self, at: usize) -> usize {
        self.boxes.partition_point(|&it| it < at)
    }
}

/// All groups, in the order of their first boxes.
pub(super) fn groups(count: usize, edges: &[Edge]) -> Vec<Group> {
    // Each box's group by its first box, which is itself at first.
    let mut first: Vec<usize> = (0..count).collect();
    for edge in edges {
        let (a, b) = (root(&first, edge.source), root(&first, edge.target));
        first[a.max(b)] = a.min(b);
    }
    let mut at = vec![None; count];
    let mut groups: Vec<Group> = Vec::new();
    for it in 0..count {
        let place = &mut at[root(&first, it)];
        let nth = *place.get_or_insert(groups.len());
        if nth == groups.len() {
            groups.push(Group {
                boxes: Vec::new(),
                edges: Vec::new(),
            });
        }
        groups[nth].boxes.push(it);
    }
    for (nth, edge) in edges.iter().enumerate() {
        if let Some(group) = at[root(&first, edge.source)] {
            groups[group].edges.push(nth);
        }
    }
    groups
}

fn root(first: &[usize], mut at: usize) -> usize {
    while first[at] != at {
        at = first[at];
    }
    at
}

/// The largest first, each where all of it stays largest on a screen; of very many, in rows no wider than
/// `widest`.
pub(super) fn side_by_side(
    boxes: usize,
    edges: usize,
    groups: &[Group],
    parts: Vec<Layout>,
    widest: f64,
) -> Layout {
    let mut all = Layout {
        boxes: vec![Place::default(); boxes],
        labels: vec![Place::default(); edges],
        paths: vec![Vec::new(); edges],
        ..Layout::default()
    };
    let mut turns: Vec<(&Group, Layout)> = groups.iter().zip(parts).collect();
    turns.sort_by(|a, b| (b.1.height * b.1.width).total_cmp(&(a.1.height * a.1.width)));
    let mut put_already: Vec<Area> = Vec::new();
    let mut row = (0.0, 0.0);
    let is_many = turns.len() > MANY;
    for (group, part) in turns {
        let (x, y) = match is_many {
            true => in_a_row(&mut row, &all, &part, widest),
            false => corner(&put_already, &all, &part),
        };
        put(&mut all, group, &part, (x, y));
        let area = Area {
            x,
            y,
            right: x + part.width,
            bottom: y + part.height,
        };
        all.width = all.width.max(area.right);
        all.height = all.height.max(area.bottom);
        put_already.push(area);
    }
    all
}

struct Area {
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

/// The place beside or below something that makes all of it larger on a screen than others do.
fn corner(put_already: &[Area], all: &Layout, part: &Layout) -> (f64, f64) {
    let rights = put_already.iter().map(|it| it.right + APART);
    let bottoms: Vec<f64> = { put_already.iter().map(|it| it.bottom + APART) }
        .chain([0.0])
        .collect();
    let corners = { rights.chain([0.0]) }.flat_map(|x| bottoms.iter().map(move |&y| (x, y)));
    let is_free = |&(x, y): &(f64, f64)| {
        let (right, bottom) = (x + part.width + APART, y + part.height + APART);
        let apart = |it: &Area| {
            right <= it.x || it.right + APART <= x || bottom <= it.y || it.bottom + APART <= y
        };
        put_already.iter().all(apart)
    };
    let size = |(x, y): (f64, f64)| {
        let (right, bottom) = (x + part.width, y + part.height);
        (right.max(all.width) / SCREEN).max(bottom.max(all.height))
    };
    let best = { corners.filter(is_free) }.min_by(|&a, &b| {
        let by_place = a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0));
        size(a).total_cmp(&size(b)).then(by_place)
    });
    // Below everything there is always room.
    best.unwrap_or((0.0, all.height + APART))
}

fn in_a_row(row: &mut (f64, f64), all: &Layout, part: &Layout, widest: f64) -> (f64, f64) {
    if row.0 > 0.0 && row.0 + part.width > widest {
        *row = (0.0, all.height + APART);
    }
    let place = *row;
    row.0 += part.width + APART;
    place
}

fn put(all: &mut Layout, group: &Group, part: &Layout, (x, y): (f64, f64)) {
    let moved = |mut place: Place| {
        place.x += x;
        place.y += y;
        place
    };
    for (&at, &place) in group.boxes.iter().zip(&part.boxes) {
        all.boxes[at] = moved(place);
    }
    for ((&at, &place), path) in group.edges.iter().zip(&part.labels).zip(&part.paths) {
        all.labels[at] = moved(place);
        all.paths[at] = path.iter().map(|&(px, py)| (px + x, py + y)).collect();
    }
}
