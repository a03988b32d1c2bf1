//! The edges as lines, and everything with its upper left corner at zero.

use std::collections::BTreeMap;

use super::layers::Layers;
use super::ranks::Way;
use super::{Layout, Place};

/// The top and the bottom of the layer that an item is in.
type Span = (f64, f64);

pub(super) fn finish(boxes: usize, ways: &[Way], mut all: Layers) -> Layout {
    let left = { all.items.iter() }
        .map(|it| it.place.x - it.place.w / 2.0)
        .fold(f64::INFINITY, f64::min);
    for item in &mut all.items {
        item.place.x -= if left.is_finite() { left } else { 0.0 };
    }
    let spans = spans(&all);
    let ends = ends(&all);
    let mut paths = Vec::new();
    for (nth, (chain, way)) in all.chains.iter().zip(ways).enumerate() {
        let place = |item: usize| all.items[item].place;
        let (top, bottom) = (place(way.top), place(way.bottom));
        let end = |lower, middle| ends.get(&(nth, lower)).copied().unwrap_or(middle);
        let (start, end) = (end(true, top.x), end(false, bottom.x));
        let mut path = vec![(start, top.y + top.h / 2.0), (start, spans[way.top].1)];
        for &item in &chain.items[1..chain.items.len() - 1] {
            path.push((place(item).x, spans[item].0));
            path.push((place(item).x, spans[item].1));
        }
        path.push((end, spans[way.bottom].0));
        path.push((end, bottom.y - bottom.h / 2.0));
        if !way.is_down {
            path.reverse();
        }
        paths.push(path);
    }
    let places = || all.items.iter().map(|it| it.place);
    Layout {
        boxes: places().take(boxes).collect(),
        labels: { all.chains.iter() }
            .map(|chain| all.items[chain.label].place)
            .collect(),
        paths,
        width: places()
            .map(|it: Place| it.x + it.w / 2.0)
            .fold(0.0, f64::max),
        height: places()
            .map(|it: Place| it.y + it.h / 2.0)
            .fold(0.0, f64::max),
    }
}

fn spans(all: &Layers) -> Vec<Span> {
    let mut spans = vec![(0.0, 0.0); all.items.len()];
    for layer in &all.layers {
        let places = || layer.iter().map(|&item| all.items[item].place);
        let top = places().map(|it| it.y - it.h / 2.0);
        let bottom = places().map(|it| it.y + it.h / 2.0);
        let span = (
            top.fold(f64::INFINITY, f64::min),
            bottom.fold(0.0, f64::max),
        );
        for &item in layer {
            spans[item] = span;
        }
    }
    spans
}

/// Where on a box's lower or upper side each edge begins, in the order of where they lead.
fn ends(all: &Layers) -> BTreeMap<(usize, bool), f64> {
    let mut sides: BTreeMap<(usize, bool), Vec<(f64, usize)>> = BTreeMap::new();
    for (nth, chain) in all.chains.iter().enumerate() {
        let items = &chain.items;
        let last = items.len() - 1;
        for (end, lower, next) in [
            (items[0], true, items[1]),
            (items[last], false, items[last - 1]),
        ] {
            let side = sides.entry((end, lower)).or_default();
            side.push((all.items[next].place.x, nth));
        }
    }
    let mut ends = BTreeMap::new();
    for ((item, lower), mut side) in sides {
        side.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let place = all.items[item].place;
        let step = place.w / (side.len() + 1) as f64;
        for (at, (_, nth)) in side.into_iter().enumerate() {
            ends.insert(
                (nth, lower),
                place.x - place.w / 2.0 + step * (at + 1) as f64,
            );
        }
    }
    ends
}
