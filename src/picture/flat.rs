//! The picture laid flat on the ground, in metres: x to the right, y to the top of the picture.

use super::look::{Colour, Dash};
use super::sheet::{BOX_LINE, LABEL_LINE, Marks, Sheet};
use crate::domain::dependency_graph::DependencyGraph;

/// How many metres a point of the picture is: a box is about as large as a robot.
const METRES: f64 = 0.01;
/// How long an arrow's head is.
const HEAD: f64 = 12.0 * METRES;
/// The parts of a line that changes its column.
const PARTS: usize = 8;

/// A place on the ground.
pub type Point = (f64, f64);

/// Everything that is to be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flat {
    /// The boxes.
    pub boxes: Vec<FlatBox>,
    /// What is written, in the boxes and on the arrows.
    pub texts: Vec<FlatText>,
    /// The arrows.
    pub arrows: Vec<FlatArrow>,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatBox {
    /// Its middle.
    pub middle: Point,
    /// Its width and height.
    pub size: Point,
    /// What it is filled with.
    pub fill: Colour,
    /// Its border.
    pub border: Colour,
}

/// Some lines of text.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatText {
    /// Their middle.
    pub middle: Point,
    /// How high a line is.
    pub line: f64,
    /// What is written.
    pub text: String,
    /// In which colour.
    pub colour: Colour,
}

/// An arrow from one box to another.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatArrow {
    /// Each stroke of its line, from where to where; the head comes after the last.
    pub strokes: Vec<(Point, Point)>,
    /// Where its head begins and ends.
    pub head: (Point, Point),
    /// Its colour.
    pub colour: Colour,
}

/// The graph as [`svg`](super::svg) draws it, flat, with its middle at zero.
pub fn flat(graph: &DependencyGraph) -> Flat {
    let sheet = Sheet::new(graph, &Marks::default());
    let layout = &sheet.layout;
    let at = |(x, y): Point| {
        let (x, y) = (x - layout.width / 2.0, layout.height / 2.0 - y);
        (x * METRES, y * METRES)
    };
    let mut flat = Flat::default();
    for (boxed, place) in sheet.boxes.iter().zip(&layout.boxes) {
        let middle = at((place.x, place.y));
        flat.boxes.push(FlatBox {
            middle,
            size: (place.w * METRES, place.h * METRES),
            fill: boxed.look.fill,
            border: boxed.look.border,
        });
        flat.texts.push(FlatText {
            middle,
            line: BOX_LINE * METRES,
            text: boxed.text.join("\n"),
            colour: boxed.look.ink,
        });
    }
    for ((arrow, path), place) in { sheet.arrows.iter() }
        .zip(&layout.paths)
        .zip(&layout.labels)
    {
        flat.texts.push(FlatText {
            middle: at((place.x, place.y)),
            line: LABEL_LINE * METRES,
            text: arrow.text.join("\n"),
            // RViz' ground is dark, unlike paper.
            colour: arrow.colour,
        });
        let mut points: Vec<Point> = smooth(path).into_iter().map(at).collect();
        if let Some(head) = take_head(&mut points) {
            flat.arrows.push(FlatArrow {
                strokes: strokes(&points, arrow.dash),
                head,
                colour: arrow.colour,
            });
        }
    }
    flat
}

/// The path with its bends as short straight parts, as SVG draws them.
fn smooth(path: &[Point]) -> Vec<Point> {
    let mut points: Vec<Point> = path.iter().copied().take(1).collect();
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let parts = if x0 == x1 { 1 } else { PARTS };
        points.extend((1..=parts).map(|nth| {
            let t = nth as f64 / parts as f64;
            // The curve whose handles are half-way up or down.
            let (ease, rest) = (t * t * (3.0 - 2.0 * t), 1.0 - t);
            let half = 1.5 * (rest * rest * t + rest * t * t) + t * t * t;
            (x0 + (x1 - x0) * ease, y0 + (y1 - y0) * half)
        }));
    }
    points.dedup();
    points
}

/// Cuts the end off for the head, which is straight.
fn take_head(points: &mut Vec<Point>) -> Option<(Point, Point)> {
    let tip = points.pop()?;
    let mut before = points.pop()?;
    let length = distance(before, tip);
    if length > HEAD {
        let from = between(tip, before, HEAD / length);
        points.push(before);
        before = from;
    }
    points.push(before);
    Some((before, tip))
}

/// The line in pieces as its dash wants it.
fn strokes(points: &[Point], dash: Dash) -> Vec<(Point, Point)> {
    let lengths = dash.lengths();
    let mut strokes = Vec::new();
    let (mut nth, mut used) = (0, 0.0);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let left = distance(from, to);
            let wanted = match lengths.is_empty() {
                true => f64::INFINITY,
                false => f64::from(lengths[nth % lengths.len()]) * METRES - used,
            };
            let is_drawn = nth % 2 == 0;
            if wanted >= left {
                if is_drawn && left > 0.0 {
                    strokes.push((from, to));
                }
                used += left;
                break;
            }
            let end = between(from, to, wanted / left);
            if is_drawn {
                strokes.push((from, end));
            }
            (from, nth, used) = (end, nth + 1, 0.0);
        }
    }
    strokes
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn between(a: Point, b: Point, part: f64) -> Point {
    (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
}

#[cfg(test)]
#[path = "flat_tests.rs"]
mod tests;
