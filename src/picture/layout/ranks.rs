//! Which box is above which.

use super::Edge;

/// Between two boxes of a rank.
const APART: f64 = 22.0;

/// An edge from what is above to what is below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub top: usize,
    pub bottom: usize,
    /// Whether the edge points down.
    pub is_down: bool,
}

/// Which way each edge goes: down, unless that would close a circle. Earlier edges have their way.
pub(super) fn ways(count: usize, edges: &[Edge]) -> Vec<Way> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut ways = Vec::new();
    for edge in edges {
        let is_down = !reaches(&next, edge.target, edge.source);
        let (top, bottom) = match is_down {
            true => (edge.source, edge.target),
            false => (edge.target, edge.source),
        };
        if !next[top].contains(&bottom) {
            next[top].push(bottom);
        }
        ways.push(Way {
            top,
            bottom,
            is_down,
        });
    }
    ways
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

/// The rank of each box: below all that is above it, where there is room; then as near to what it has
/// most edges with as can be.
pub(super) fn ranks(sizes: &[(f64, f64)], ways: &[Way], widest: f64) -> Vec<usize> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
    let mut below = above.clone();
    for way in ways {
        above[way.bottom].push(way.top);
        below[way.top].push(way.bottom);
    }
    let turns = turns(sizes.len(), ways);
    let mut ranks = vec![0; sizes.len()];
    let mut room = Room {
        used: Vec::new(),
        widest,
    };
    for &at in &turns {
        let lowest = above[at].iter().map(|&it| ranks[it] + 1).max().unwrap_or(0);
        let fits = (lowest..).find(|&rank| room.has(rank, sizes[at].0));
        ranks[at] = fits.unwrap_or(lowest);
        room.take(ranks[at], sizes[at].0);
    }
    for &at in turns.iter().rev() {
        let Some(next) = below[at].iter().map(|&it| ranks[it]).min() else {
            continue;
        };
        if below[at].len() > above[at].len() {
            let better = (ranks[at] + 1..next).rev();
            if let Some(rank) = { better }.find(|&rank| room.has(rank, sizes[at].0)) {
                room.give_back(ranks[at], sizes[at].0);
                room.take(rank, sizes[at].0);
                ranks[at] = rank;
            }
        }
    }
    without_gaps(&mut ranks);
    ranks
}

/// The boxes in the order of the longest way to each from the top.
fn turns(count: usize, ways: &[Way]) -> Vec<usize> {
    let mut depth = vec![0; count];
    // As many rounds as the longest way is long, and no circle is left.
    let mut moved = true;
    while moved {
        moved = false;
        for way in ways {
            if depth[way.bottom] < depth[way.top] + 1 {
                depth[way.bottom] = depth[way.top] + 1;
                moved = true;
            }
        }
    }
    let mut turns: Vec<usize> = (0..count).collect();
    turns.sort_by_key(|&at| depth[at]);
    turns
}

/// Ranks that everything has left are left out.
fn without_gaps(ranks: &mut [usize]) {
    let mut used: Vec<usize> = ranks.to_vec();
    used.sort_unstable();
    used.dedup();
    for rank in ranks {
        *rank = used.partition_point(|it| it < rank);
    }
}

/// What is taken of each rank's width.
struct Room {
    used: Vec<f64>,
    widest: f64,
}

impl Room {
    /// What is wider than a rank has one of its own.
    fn has(&self, rank: usize, width: f64) -> bool {
        match self.used.get(rank) {
            Some(&used) if used > 0.0 => used + APART + width <= self.widest,
            _ => true,
        }
    }

    fn take(&mut self, rank: usize, width: f64) {
        if self.used.len() <= rank {
            self.used.resize(rank + 1, 0.0);
        }
        self.used[rank] += width + APART;
    }

    fn give_back(&mut self, rank: usize, width: f64) {
        self.used[rank] -= width + APART;
    }
}
