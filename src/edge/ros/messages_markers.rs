//! From the picture laid flat to markers for RViz.

use r2r::builtin_interfaces::msg::Time;
use r2r::geometry_msgs::msg;
use r2r::std_msgs::msg::{ColorRGBA, Header};
use r2r::visualization_msgs::msg::Marker;
pub use r2r::visualization_msgs::msg::MarkerArray;

use super::messages::text;
use crate::picture::{Colour, Flat, FlatArrow, FlatBox, FlatText, Point};

/// How thick lines, boxes and the heads of arrows are, in metres.
const LINE: f64 = 0.016;
const BORDER: f64 = 0.02;
const BOX: f64 = 0.02;
const HEAD: f64 = 0.09;
/// The part of a line's height that a capital letter takes.
const CAPITAL: f64 = 0.62;
/// What is above what: arrows, boxes, text.
const BOXES_AT: f64 = 0.02;
const TEXTS_AT: f64 = 0.06;

/// Everything in this frame, after an order to forget whatever was drawn before.
pub fn markers(flat: &Flat, frame: &str) -> MarkerArray {
    let forget = Marker {
        header: header(frame),
        action: Marker::DELETEALL as i32,
        ..Marker::default()
    };
    let make = |namespace: &str, nth: usize, kind: i32| Marker {
        header: header(frame),
        ns: namespace.to_owned(),
        id: i32::try_from(nth).unwrap_or(i32::MAX),
        type_: kind,
        action: Marker::ADD as i32,
        pose: at((0.0, 0.0), 0.0),
        ..Marker::default()
    };
    let mut markers = vec![forget];
    for (nth, it) in flat.arrows.iter().enumerate() {
        markers.push(line(it, make("lines", nth, Marker::LINE_LIST as i32)));
        markers.push(head(it, make("arrows", nth, Marker::ARROW as i32)));
    }
    for (nth, it) in flat.boxes.iter().enumerate() {
        markers.push(filled(it, make("boxes", nth, Marker::CUBE as i32)));
        markers.push(border(it, make("borders", nth, Marker::LINE_STRIP as i32)));
    }
    for (nth, it) in flat.texts.iter().enumerate() {
        markers.push(written(
            it,
            make("texts", nth, Marker::TEXT_VIEW_FACING as i32),
        ));
    }
    MarkerArray { markers }
}

fn line(arrow: &FlatArrow, marker: Marker) -> Marker {
    let ends = { arrow.strokes.iter() }.flat_map(|&(from, to)| [point(from, 0.0), point(to, 0.0)]);
    Marker {
        points: ends.collect(),
        scale: scale(LINE, 0.0, 0.0),
        color: colour(arrow.colour),
        ..marker
    }
}

fn head(arrow: &FlatArrow, marker: Marker) -> Marker {
    let (from, tip) = arrow.head;
    let length = (from.0 - tip.0).hypot(from.1 - tip.1);
    Marker {
        points: vec![point(from, 0.0), point(tip, 0.0)],
        // The diameters of shaft and head, and the head's length: all of it is head.
        scale: scale(LINE, HEAD, length),
        color: colour(arrow.colour),
        ..marker
    }
}

fn filled(it: &FlatBox, marker: Marker) -> Marker {
    Marker {
        pose: at(it.middle, BOXES_AT),
        scale: scale(it.size.0, it.size.1, BOX),
        color: colour(it.fill),
        ..marker
    }
}

fn border(it: &FlatBox, marker: Marker) -> Marker {
    let (w, h) = (it.size.0 / 2.0, it.size.1 / 2.0);
    let corners = [(-w, -h), (w, -h), (w, h), (-w, h), (-w, -h)];
    let corners = corners.map(|(x, y)| point((it.middle.0 + x, it.middle.1 + y), BOXES_AT + BOX));
    Marker {
        points: corners.to_vec(),
        scale: scale(BORDER, 0.0, 0.0),
        color: colour(it.border),
        ..marker
    }
}

fn written(it: &FlatText, marker: Marker) -> Marker {
    Marker {
        pose: at(it.middle, TEXTS_AT),
        scale: scale(0.0, 0.0, it.line * CAPITAL),
        color: colour(it.colour),
        text: text(&it.text),
        ..marker
    }
}

/// Without a time: RViz then draws at once, and does not wait for a transform of that time.
fn header(frame: &str) -> Header {
    Header {
        stamp: Time::default(),
        frame_id: frame.to_owned(),
    }
}

fn at(place: Point, height: f64) -> msg::Pose {
    msg::Pose {
        position: point(place, height),
        orientation: msg::Quaternion {
            w: 1.0,
            ..msg::Quaternion::default()
        },
    }
}

fn point((x, y): Point, z: f64) -> msg::Point {
    msg::Point { x, y, z }
}

fn scale(x: f64, y: f64, z: f64) -> msg::Vector3 {
    msg::Vector3 { x, y, z }
}

fn colour(Colour(r, g, b): Colour) -> ColorRGBA {
    let part = |it: u8| f32::from(it) / 255.0;
    ColorRGBA {
        r: part(r),
        g: part(g),
        b: part(b),
        a: 1.0,
    }
}
