//! Which colours and lines things have, in every picture.

use std::fmt;

use crate::domain::dependency_graph::{EdgeKind, Flow, GraphNode, NodeKind};
use crate::domain::deployment::phase::Phase;

/// Red, green and blue; shown as SVG and others write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// For what is written in it: thin letters need more contrast than lines.
    pub(super) fn for_text(self) -> Self {
        let darker = |part: u8| (u16::from(part) * 3 / 4) as u8;
        Self(darker(self.0), darker(self.1), darker(self.2))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

const RED: Colour = Colour(0xd0, 0x31, 0x2d);
const GREEN: Colour = Colour(0x2e, 0x8b, 0x3d);
const PINK: Colour = Colour(0xd6, 0x52, 0x9c);
const YELLOW: Colour = Colour(0xc9, 0x97, 0x00);
const WHITE: Colour = Colour(0xff, 0xff, 0xff);
/// What most is written in.
pub(super) const INK: Colour = Colour(0x1b, 0x24, 0x30);
/// What matters less.
pub(super) const FAINT: Colour = Colour(0x5b, 0x66, 0x75);
/// What is as it was, and what does not run.
const GREY: Colour = Colour(0x9a, 0xa3, 0xaf);
/// What is behind everything.
pub(super) const PAPER: Colour = Colour(0xfa, 0xfb, 0xfc);
/// What remarks are written in.
pub(super) const REMARK: Colour = Colour(0x6b, 0x4a, 0x00);

/// The colour of a kind, as in the legend.
pub(super) fn colour(kind: EdgeKind) -> Colour {
    match kind {
        EdgeKind::Dependency => RED,
        EdgeKind::Topic => GREEN,
        EdgeKind::Service => PINK,
        EdgeKind::Action => YELLOW,
    }
}

/// How a line or a border is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    Whole,
    /// Long and short strokes in turn.
    LongAndShort,
    /// Strokes with gaps between them.
    Strokes,
    /// Points.
    Points,
}

impl Dash {
    /// Of what flows as well as this.
    pub(super) fn of(flow: Flow) -> Self {
        match flow {
            Flow::No => Self::Strokes,
            Flow::Partly => Self::LongAndShort,
            Flow::Yes | Flow::Unknown => Self::Whole,
        }
    }

    /// The lengths of what is drawn and what is not, in turn; nothing for a whole line.
    pub(super) fn lengths(self) -> &'static [u8] {
        match self {
            Self::Whole => &[],
            Self::LongAndShort => &[14, 4, 3, 4],
            Self::Strokes => &[6, 4],
            Self::Points => &[4, 3],
        }
    }
}

/// What became of something between two graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Added,
    Removed,
    Changed,
}

impl Mark {
    pub(super) fn dash(self) -> Dash {
        match self {
            Mark::Removed => Dash::Strokes,
            Mark::Added | Mark::Changed => Dash::Whole,
        }
    }

    pub(super) fn colour(mark: Option<Self>) -> Colour {
        match mark {
            Some(Mark::Added) => GREEN,
            Some(Mark::Removed) => RED,
            Some(Mark::Changed) => Colour(0xc9, 0x7a, 0x00),
            None => GREY,
        }
    }
}

/// How a box looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BoxLook {
    pub fill: Colour,
    pub border: Colour,
    pub ink: Colour,
    /// What phase and status are written in.
    pub state: Colour,
    pub dash: Dash,
    pub thick: f64,
    pub is_round: bool,
}

impl BoxLook {
    fn plain(fill: Colour, border: Colour) -> Self {
        Self {
            fill,
            border,
            ink: INK,
            state: border.for_text(),
            dash: Dash::Whole,
            thick: 1.8,
            is_round: false,
        }
    }

    /// Of a box in a picture of what is.
    pub(super) fn of(node: &GraphNode) -> Self {
        let NodeKind::Deployment { phase, status, .. } = &node.kind else {
            return Self {
                dash: Dash::Points,
                is_round: true,
                state: INK,
                ..Self::plain(Colour(0xf6, 0xf2, 0xe8), Colour(0x8a, 0x7a, 0x50))
            };
        };
        if phase == Phase::FailedToStart.name() {
            // Dark, so that it is found among many, also by who does not tell red from green.
            return Self {
                ink: WHITE,
                state: WHITE,
                thick: 3.0,
                ..Self::plain(Colour(0x8f, 0x1d, 0x1a), Colour(0x4a, 0x0b, 0x09))
            };
        }
        if status.is_empty() || phase == Phase::Stopped.name() {
            return Self {
                ink: FAINT,
                state: FAINT,
                ..Self::plain(Colour(0xec, 0xee, 0xf1), GREY)
            };
        }
        match status.as_str() {
            "Running" => Self::plain(Colour(0xe9, 0xf6, 0xec), GREEN),
            "Error" => Self::plain(Colour(0xfd, 0xec, 0xeb), RED),
            "Pending" => Self::plain(Colour(0xff, 0xf6, 0xdf), YELLOW),
            _ => Self::plain(WHITE, Colour(0x44, 0x59, 0x7a)),
        }
    }

    /// Of a box in a picture of what changed.
    pub(super) fn marked(node: &GraphNode, mark: Option<Mark>) -> Self {
        let colour = Mark::colour(mark);
        Self {
            fill: WHITE,
            border: colour,
            state: colour.for_text(),
            ink: INK,
            dash: mark.map_or(Dash::Whole, Mark::dash),
            thick: 1.8,
            ..Self::of(node)
        }
    }
}
