//! The graph as SVG.

use std::fmt::{self, Write};

use super::layout::Place;
use super::look::{self, Colour, Dash, FAINT, INK, Mark, PAPER, REMARK};
use super::sheet::{Arrow, BOX_LINE, Boxed, LABEL_LINE, LETTER, Marks, NAMES, Sheet};
use super::sheet::{arrow_tip, short, wide};
use crate::domain::dependency_graph::{DependencyGraph, EdgeKind};

const REMARKS: usize = 12;
const LONGEST_REMARK: usize = 140;
const REMARK_LINE: f64 = 18.0;
const MARGIN: f64 = 24.0;
const LEGEND: f64 = 44.0;

/// The picture.
pub fn svg(graph: &DependencyGraph) -> String {
    draw(graph, &Marks::default())
}

pub(super) fn draw(graph: &DependencyGraph, marks: &Marks) -> String {
    let mut out = String::new();
    // Nothing can go wrong while a String is written to.
    let _ = write_picture(&mut out, graph, marks);
    out
}

fn write_picture(out: &mut String, graph: &DependencyGraph, marks: &Marks) -> fmt::Result {
    let sheet = Sheet::new(graph, marks);
    let layout = &sheet.layout;
    let entries = entries(marks.is_diff);
    let remarks = remarks(graph);
    let inner = { [layout.width, legend_width(&entries), wide(&remarks)].into_iter() };
    let width = inner.fold(0.0, f64::max) + 2.0 * MARGIN;
    let lower = LEGEND + MARGIN + layout.height;
    let height = lower + MARGIN + remarks.len() as f64 * REMARK_LINE + MARGIN / 2.0;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Dependency graph</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{PAPER}\"/>"
    )?;
    legend(out, &entries)?;
    let (x, y) = ((width - layout.width) / 2.0, LEGEND + MARGIN / 2.0);
    writeln!(out, "<g transform=\"translate({x:.1} {y:.1})\">")?;
    if graph.nodes.is_empty() {
        let anchor = "x=\"0\" y=\"12\" text-anchor=\"middle\"";
        writeln!(
            out,
            "<text {anchor} fill=\"{FAINT}\">There are no deployments.</text>"
        )?;
    }
    for (arrow, path) in sheet.arrows.iter().zip(&layout.paths) {
        line(out, arrow, path)?;
    }
    for (arrow, place) in sheet.arrows.iter().zip(&layout.labels) {
        label(out, arrow, *place)?;
    }
    for (boxed, place) in sheet.boxes.iter().zip(&layout.boxes) {
        node(out, boxed, *place)?;
    }
    out.push_str("</g>\n");
    for (nth, remark) in remarks.iter().enumerate() {
        let y = lower + MARGIN + nth as f64 * REMARK_LINE;
        let remark = escaped(remark);
        writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"{y:.1}\" fill=\"{REMARK}\">{remark}</text>"
        )?;
    }
    out.push_str("</svg>\n");
    Ok(())
}

fn line(out: &mut String, arrow: &Arrow<'_>, path: &[(f64, f64)]) -> fmt::Result {
    let Some(&(x, y)) = path.first() else {
        return Ok(());
    };
    let tip = escaped(&arrow_tip(arrow));
    write!(
        out,
        "<g class=\"edge\"><title>{tip}</title><path d=\"M{x:.1} {y:.1}"
    )?;
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if (x0 - x1).abs() < 0.05 {
            write!(out, " L{x1:.1} {y1:.1}")?;
        } else {
            let half = (y0 + y1) / 2.0;
            write!(out, " C{x0:.1} {half:.1} {x1:.1} {half:.1} {x1:.1} {y1:.1}")?;
        }
    }
    let c = arrow.colour;
    let thick = match arrow.bundle.edges.len() > NAMES {
        true => 2.4,
        false => 1.6,
    };
    let dash = dashes(arrow.dash);
    write!(
        out,
        "\" fill=\"none\" stroke=\"{c}\" stroke-width=\"{thick}\"{dash}/>"
    )?;
    head(out, path, c)?;
    out.push_str("</g>\n");
    Ok(())
}

fn dashes(dash: Dash) -> String {
    let lengths: Vec<String> = dash.lengths().iter().map(u8::to_string).collect();
    match lengths.is_empty() {
        true => String::new(),
        false => format!(" stroke-dasharray=\"{}\"", lengths.join(" ")),
    }
}

/// The arrow's head, along the last stretch, which is vertical.
fn head(out: &mut String, path: &[(f64, f64)], colour: Colour) -> fmt::Result {
    let Some(&(x, y)) = path.last() else {
        return Ok(());
    };
    let Some(&(_, before)) = path.iter().rev().find(|point| point.1 != y) else {
        return Ok(());
    };
    let back = if y > before { y - 8.0 } else { y + 8.0 };
    let (left, right) = (x - 4.5, x + 4.5);
    write!(
        out,
        "<path d=\"M{x:.1} {y:.1} L{left:.1} {back:.1} L{right:.1} {back:.1} Z\" fill=\"{colour}\"/>"
    )
}

/// Begins a group with a rectangle and what is said of it when it is pointed at.
fn group(out: &mut String, class: &str, tip: &str, place: Place, style: &str) -> fmt::Result {
    let (x, y) = (place.x - place.w / 2.0, place.y - place.h / 2.0);
    let (w, h, tip) = (place.w, place.h, escaped(tip));
    write!(
        out,
        "<g class=\"{class}\"><title>{tip}</title>\
         <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" {style}/>"
    )
}

fn text(out: &mut String, (x, y): (f64, f64), style: &str, c: Colour, words: &str) -> fmt::Result {
    let words = escaped(words);
    write!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" {style} fill=\"{c}\">{words}</text>"
    )
}

fn label(out: &mut String, arrow: &Arrow<'_>, place: Place) -> fmt::Result {
    let style = format!("rx=\"3\" fill=\"{PAPER}\"");
    group(out, "label", &arrow_tip(arrow), place, &style)?;
    for (nth, name) in arrow.text.iter().enumerate() {
        let y = place.y - place.h / 2.0 + 13.0 + nth as f64 * LABEL_LINE;
        let c = arrow.colour.for_text();
        text(out, (place.x, y), "font-size=\"11\"", c, name)?;
    }
    out.push_str("</g>\n");
    Ok(())
}

fn node(out: &mut String, boxed: &Boxed, place: Place) -> fmt::Result {
    let look = &boxed.look;
    let round = if look.is_round { "rx=\"10\" " } else { "" };
    let style = format!(
        "{round}fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{}",
        look.fill,
        look.border,
        look.thick,
        dashes(look.dash)
    );
    group(out, "node", &boxed.tip.join("\n"), place, &style)?;
    for (nth, words) in boxed.text.iter().enumerate() {
        let y = place.y - place.h / 2.0 + 21.0 + nth as f64 * BOX_LINE;
        let (style, c) = match nth {
            0 => ("font-weight=\"bold\"", look.ink),
            2 => ("font-size=\"11\"", look.state),
            _ => ("font-size=\"11\"", look.ink),
        };
        text(out, (place.x, y), style, c, words)?;
    }
    out.push_str("</g>\n");
    Ok(())
}

type Entry = (Colour, Dash, &'static str);

fn entries(is_diff: bool) -> Vec<Entry> {
    let kind = |kind, words| (look::colour(kind), Dash::Whole, words);
    let mark = |mark: Mark, words| (Mark::colour(Some(mark)), mark.dash(), words);
    match is_diff {
        true => vec![
            mark(Mark::Added, "added"),
            mark(Mark::Removed, "removed"),
            mark(Mark::Changed, "changed"),
            (Mark::colour(None), Dash::Whole, "as before"),
        ],
        false => vec![
            kind(EdgeKind::Dependency, "depends on"),
            kind(EdgeKind::Topic, "topic"),
            kind(EdgeKind::Service, "service"),
            kind(EdgeKind::Action, "action"),
            (FAINT, Dash::LongAndShort, "data can flow in part"),
            (FAINT, Dash::Strokes, "no data can flow"),
        ],
    }
}

/// How far the next entry of the legend is.
fn step(words: &str) -> f64 {
    54.0 + words.len() as f64 * LETTER
}

fn legend_width(entries: &[Entry]) -> f64 {
    entries.iter().map(|(_, _, words)| step(words)).sum()
}

fn legend(out: &mut String, entries: &[Entry]) -> fmt::Result {
    let mut x = MARGIN;
    for (c, dash, words) in entries {
        let (dash, beside) = (dashes(*dash), x + 34.0);
        writeln!(
            out,
            "<path d=\"M{x:.0} 22 h28\" stroke=\"{c}\" stroke-width=\"2.4\"{dash}/>\
             <text x=\"{beside:.0}\" y=\"26\" fill=\"{INK}\">{words}</text>"
        )?;
        x += step(words);
    }
    Ok(())
}

fn remarks(graph: &DependencyGraph) -> Vec<String> {
    let mut found: Vec<String> = { graph.remarks.iter().take(REMARKS) }
        .map(|it| {
            let words = format!("{} {}", it.text, it.remedy);
            format!("• {}", short(&words, LONGEST_REMARK))
        })
        .collect();
    if graph.remarks.len() > REMARKS {
        found.push(format!("+{} more remarks", graph.remarks.len() - REMARKS));
    }
    found
}

/// Text in XML. Letters that XML does not know at all are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
