//! A ratio of observed to expected over the expected number, between limits, before a background of percentiles.
//!
//! Knows nothing of how limits and percentiles were found. The background shows bands of many, never one of them.

use serde::Serialize;

use super::scale::{Linear, Ticks};
use super::{Frame, Size, Tick, anchor, at};
use crate::render::number;

/// What holds from one expected number on.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// The expected number at which the limits hold and the band begins.
    pub(crate) from: f64,
    /// Where the band ends; the last one has no end.
    pub(crate) to: Option<f64>,
    /// Lower and upper limit, the narrow pair and the wide one.
    pub(crate) limits: [(f64, f64); 2],
    /// The middle half of the ratios in the band, when there are enough.
    pub(crate) half: Option<(f64, f64)>,
    /// The middle eight of ten, when there are enough.
    pub(crate) most: Option<(f64, f64)>,
}

/// The reader's own point.
#[derive(Clone, Debug)]
pub(crate) struct OwnPoint {
    /// Expected number.
    pub(crate) expected: f64,
    /// Observed over expected.
    pub(crate) ratio: f64,
    /// The label beside it.
    pub(crate) label: String,
}

/// A drawn funnel.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Funnel {
    width: String,
    height: String,
    frame: Frame,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    /// The height of the ratio 1.
    one: String,
    most: Vec<Box>,
    half: Vec<Box>,
    narrow: String,
    wide: String,
    own: Option<Mark>,
    /// A drawing that is there is not empty.
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Box {
    x: String,
    y: String,
    width: String,
    height: String,
}

#[derive(Clone, Debug, Serialize)]
struct Mark {
    x: String,
    y: String,
    label_x: String,
    label_y: String,
    anchor: &'static str,
    label: String,
}

/// Labels of the expected numbers, where there is room.
const X_LABELS: [f64; 8] = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 480.0, 1920.0];

impl Funnel {
    /// Draws bands in ascending order; nothing without at least two of them.
    pub(crate) fn draw(bands: &[Band], own: Option<OwnPoint>, size: Size) -> Option<Funnel> {
        let (first, _) = bands.first().zip(bands.last()).filter(|(first, last)| first.from < last.from)?;
        let (width, height) = (size.pick(680.0, 330.0), size.pick(330.0, 300.0));
        let (left, right, top, bottom) = (46.0, width - 12.0, 30.0, height - 52.0);
        // The axis ends where doctors end, at an edge with limits, so that the reader's point stands between these; beyond the last
        // edge there are none.
        let filled = bands.iter().rev().find(|band| band.half.is_some()).map(|band| band.to.unwrap_or(band.from));
        let needed = own.iter().map(|own| own.expected).chain(filled).fold(first.from * 4.0, f64::max);
        let x_end = bands.iter().map(|band| band.from).find(|edge| *edge >= needed).unwrap_or(needed);
        let highest = bands
            .iter()
            .flat_map(|band| [Some(band.limits[0].1), band.most.map(|(_, high)| high)])
            .flatten()
            .chain(own.iter().map(|own| own.ratio))
            .fold(1.0, f64::max);
        let ticks = Ticks::to(highest, 5.0, 0.5);
        let x = Linear::new((first.from.ln(), x_end.ln()), (left, right));
        let y = Linear::new((0.0, ticks.max()), (bottom, top));
        let place = |expected: f64| x.at(expected.clamp(first.from, x_end).ln());
        let boxed = |part: fn(&Band) -> Option<(f64, f64)>| {
            let inside = bands.iter().filter(|band| band.from < x_end);
            inside
                .filter_map(|band| {
                    let (low, high) = part(band)?;
                    let (start, end) = (place(band.from) + 1.0, place(band.to.unwrap_or(x_end)) - 1.0);
                    let (head, foot) = (y.at(high), y.at(low));
                    let size = (at((end - start).max(1.0)), at((foot - head).max(1.0)));
                    Some(Box { x: at(start), y: at(head), width: size.0, height: size.1 })
                })
                .collect()
        };
        let limit = |which: usize| {
            let line = |value: fn(&(f64, f64)) -> f64| {
                let mut path = String::new();
                for band in bands.iter().filter(|band| band.from <= x_end) {
                    let value = value(&band.limits[which]);
                    if value <= ticks.max() {
                        let verb = if path.is_empty() { 'M' } else { 'L' };
                        path += &format!("{verb}{} {}", at(place(band.from)), at(y.at(value)));
                    }
                }
                path
            };
            line(|limits| limits.0) + &line(|limits| limits.1)
        };
        Some(Funnel {
            empty: false,
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, top, bottom),
            x_ticks: X_LABELS
                .into_iter()
                .filter(|expected| (first.from..=x_end).contains(expected))
                .map(|expected| Tick { at: at(place(expected)), label: number::grouped(expected.round() as i64) })
                .collect(),
            y_ticks: ticks
                .values
                .iter()
                .map(|tick| {
                    let label = number::decimal(*tick, u32::from(ticks.step < 1.0)).unwrap_or_default();
                    Tick { at: at(y.at(*tick)), label }
                })
                .collect(),
            one: at(y.at(1.0)),
            most: boxed(|band| band.most),
            half: boxed(|band| band.half),
            narrow: limit(0),
            wide: limit(1),
            own: own.map(|own| {
                let (center, middle) = (place(own.expected), y.at(own.ratio));
                let half_width = own.label.chars().count() as f64 * 4.2;
                // The label stands over the point, or under it where there is no room.
                let label_y = if middle - 14.0 < top { middle + 24.0 } else { middle - 13.0 };
                Mark {
                    x: at(center),
                    y: at(middle),
                    label_x: at(center),
                    label_y: at(label_y),
                    anchor: anchor(center, half_width, left, right),
                    label: own.label,
                }
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands() -> Vec<Band> {
        let band = |from: f64, to, upper: f64, half| Band {
            from,
            to,
            limits: [(0.5, upper), (0.2, upper * 2.0)],
            half,
            most: None,
        };
        vec![
            band(5.0, Some(10.0), 2.0, Some((0.4, 1.5))),
            band(10.0, Some(20.0), 1.7, Some((0.5, 1.4))),
            band(20.0, Some(40.0), 1.5, None),
            band(40.0, None, 1.4, None),
        ]
    }

    #[test]
    fn the_own_point_is_inside_and_bands_without_enough_doctors_are_not_drawn() {
        let own = OwnPoint { expected: 25.0, ratio: 2.6, label: "Du".into() };
        let drawn = Funnel::draw(&bands(), Some(own), Size::Wide).unwrap();
        assert_eq!((drawn.half.len(), drawn.most.len()), (2, 0));
        let mark = drawn.own.unwrap();
        let (x, y): (f64, f64) = (mark.x.parse().unwrap(), mark.y.parse().unwrap());
        assert!((46.0..668.0).contains(&x) && (30.0..278.0).contains(&y), "{x} {y}");
        // 40 is the end of the axis: the point stands between limits that are drawn on both sides of it.
        assert_eq!(drawn.narrow.matches(['M', 'L']).count(), 8);
        assert_eq!(drawn.x_ticks.last().unwrap().label, "40");
        let ends = drawn.narrow.split(['M', 'L']).filter_map(|vertex| vertex.split(' ').next()?.parse().ok());
        assert!(x < ends.fold(0.0, f64::max), "{x} {}", drawn.narrow);
    }

    #[test]
    fn a_point_beyond_the_last_edge_is_drawn_where_it_is() {
        let own = OwnPoint { expected: 50.0, ratio: 1.0, label: "Du".into() };
        let drawn = Funnel::draw(&bands(), Some(own), Size::Wide).unwrap();
        assert_eq!(drawn.own.unwrap().x, drawn.frame.right);
        assert_eq!(drawn.narrow.matches(['M', 'L']).count(), 8);
        let mut open = bands();
        open[2].half = Some((0.9, 1.1));
        open[3].half = Some((0.9, 1.1));
        let own = OwnPoint { expected: 12.0, ratio: 1.0, label: "Du".into() };
        assert_eq!(Funnel::draw(&open, Some(own), Size::Wide).unwrap().half.len(), 3);
    }

    #[test]
    fn limits_above_the_axis_are_left_out_and_one_band_is_no_funnel() {
        let drawn = Funnel::draw(&bands(), None, Size::Narrow).unwrap();
        assert_eq!(drawn.y_ticks.last().unwrap().label, "2,0");
        // Of the wide pair the lower limits are inside and the upper ones (4.0 to 2.8) are not.
        assert_eq!(drawn.wide.matches('M').count(), 1);
        assert!(Funnel::draw(&bands()[..1], None, Size::Wide).is_none());
    }
}
