//! The geometry of charts: figures in, coordinates and labels out, as strings that templates print.
//!
//! Knows nothing of tables, colours or SVG elements: `site/templates/charts/` draws, the stylesheet colours.
//! A value that is absent has no coordinate; no chart puts it at zero.

mod area_funnel;
mod bars;
mod funnel;
mod histogram;
mod scale;
mod series;
mod strip;
mod tiles;

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::number;

pub(super) use area_funnel::{AreaFunnel, AreaPoint};
pub(super) use bars::{Bar, Bars, Goal};
pub(super) use funnel::{Band, Funnel, OwnPoint};
pub(super) use histogram::{Bin, Histogram};
pub(super) use series::{Line, Series};
pub(super) use strip::{Own, Percentile, Strip};
pub(super) use tiles::{Tile, Tiles};

/// Which of the two drawings of a chart: the stylesheet shows the one that fits the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// For a text column on a wide screen and on paper.
    Wide,
    /// For a telephone, 320 px and up.
    Narrow,
}

impl Size {
    /// The size that a template names.
    pub(super) fn named(name: &str) -> Option<Size> {
        match name {
            "wide" => Some(Size::Wide),
            "narrow" => Some(Size::Narrow),
            _ => None,
        }
    }

    fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Size::Wide => wide,
            Size::Narrow => narrow,
        }
    }
}

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A share between 0 and 1, written in percent.
    Share,
    /// A whole number of something.
    Count,
    /// How many of something to so many of something else, written with a decimal.
    Rate,
    /// Days, drawn and written in whole weeks: a drawing shows no more than its label.
    Weeks,
}

impl Unit {
    /// The unit that a template names.
    pub(super) fn named(name: &str) -> Option<Unit> {
        match name {
            "andel" => Some(Unit::Share),
            "antall" => Some(Unit::Count),
            "rate" => Some(Unit::Rate),
            "uker" => Some(Unit::Weeks),
            _ => None,
        }
    }

    /// The value on the axis: percentage points for a share, whole weeks for days.
    fn on_axis(self, value: f64) -> f64 {
        match self {
            Unit::Share => value * 100.0,
            Unit::Count | Unit::Rate => value,
            Unit::Weeks => number::weeks(value).map_or(f64::NAN, |weeks| weeks as f64),
        }
    }

    /// A tick's label, given the distance between ticks.
    fn tick_label(self, tick: f64, step: f64) -> String {
        match self {
            Unit::Share if step < 1.0 => number::percent((tick * 10.0).round() as i64),
            Unit::Share => number::whole_percent(tick.round() as i64),
            Unit::Rate if step < 1.0 => number::decimal(tick, 1).unwrap_or_default(),
            Unit::Count | Unit::Rate | Unit::Weeks => number::grouped(tick.round() as i64),
        }
    }

    /// A value's label.
    fn value_label(self, value: f64) -> String {
        match self {
            Unit::Share => number::percent((value * 1000.0).round() as i64),
            Unit::Rate => number::decimal(value, 1).unwrap_or_default(),
            Unit::Count | Unit::Weeks => number::grouped(self.on_axis(value).round() as i64),
        }
    }

    /// The nearest that ticks stand to each other.
    fn finest(self) -> f64 {
        if self == Unit::Rate { 0.1 } else { 1.0 }
    }
}

/// A chart as a template sees it.
pub(super) fn to_value(chart: impl Serialize) -> Value {
    Value::from(Serde(chart))
}

/// The rectangle in which marks are drawn, inside the drawing.
#[derive(Clone, Debug, Serialize)]
struct Frame {
    left: String,
    right: String,
    top: String,
    bottom: String,
}

impl Frame {
    fn new(left: f64, right: f64, top: f64, bottom: f64) -> Frame {
        Frame { left: at(left), right: at(right), top: at(top), bottom: at(bottom) }
    }
}

/// A labelled place on an axis.
#[derive(Clone, Debug, Serialize)]
struct Tick {
    at: String,
    label: String,
}

/// A coordinate, to a tenth of a unit of the drawing.
fn at(coordinate: f64) -> String {
    let tenths = (coordinate * 10.0).round() as i64;
    let (sign, whole, rest) = (if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// `text-anchor` for a label over `x` that must stay between the edges.
fn anchor(x: f64, half_width: f64, low: f64, high: f64) -> &'static str {
    if x - half_width < low {
        "start"
    } else if x + half_width > high {
        "end"
    } else {
        "middle"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_never_minus_zero() {
        assert_eq!(at(12.0), "12");
        assert_eq!(at(12.345), "12.3");
        assert_eq!(at(-0.04), "0");
        assert_eq!(at(-0.5), "-0.5");
    }

    #[test]
    fn tick_labels_have_a_decimal_only_when_the_step_needs_it() {
        assert_eq!(Unit::Share.tick_label(5.0, 5.0), "5\u{a0}%");
        assert_eq!(Unit::Share.tick_label(0.5, 0.5), "0,5\u{a0}%");
        assert_eq!(Unit::Count.tick_label(1500.0, 500.0), "1\u{202f}500");
        assert_eq!((Unit::Weeks.on_axis(74.0), Unit::Weeks.value_label(74.0).as_str()), (11.0, "11"));
    }

    #[test]
    fn labels_at_the_edge_turn_inwards() {
        assert_eq!(anchor(50.0, 20.0, 0.0, 100.0), "middle");
        assert_eq!(anchor(10.0, 20.0, 0.0, 100.0), "start");
        assert_eq!(anchor(90.0, 20.0, 0.0, 100.0), "end");
    }
}
