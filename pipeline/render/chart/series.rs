//! A monthly series: lines with their names at the end, months without a value as gaps.
//!
//! Knows nothing of month names: the caller says how a month is written.

use serde::Serialize;

use super::scale::{Linear, Ticks, spread};
use super::{Frame, Size, Tick, Unit, at};
use crate::calendar::Month;

/// One line of a series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The stylesheet's class.
    pub(crate) class: String,
    /// The name at the line's end.
    pub(crate) name: String,
    /// The months it covers; `None` is a gap.
    pub(crate) points: Vec<(Month, Option<f64>)>,
}

/// A drawn series.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    width: String,
    height: String,
    frame: Frame,
    y_ticks: Vec<Tick>,
    x_ticks: Vec<MonthTick>,
    lines: Vec<Drawn>,
    /// No line has a value.
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct MonthTick {
    at: String,
    label: String,
    /// Written under the first label and under the first one of a year.
    year: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Drawn {
    class: String,
    path: String,
    /// Lines of no length, which round caps turn into dots.
    dots: String,
    end: Option<End>,
}

#[derive(Clone, Debug, Serialize)]
struct End {
    x: String,
    name_y: String,
    value_y: String,
    name: String,
    value: String,
}

/// Room for a name and a value, one under the other.
const END_LABEL_HEIGHT: f64 = 38.0;

impl Series {
    /// Draws lines over the months that any of them covers.
    pub(crate) fn draw(lines: &[Line], unit: Unit, size: Size, month_label: impl Fn(Month) -> String) -> Series {
        let (width, height) = (size.pick(680.0, 330.0), size.pick(300.0, 260.0));
        let (left, right, top, bottom) = (52.0, width - size.pick(84.0, 66.0), 14.0, height - 44.0);
        let months = lines.iter().flat_map(|line| &line.points).map(|(month, _)| *month);
        let span = months.clone().min().zip(months.max());
        let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
        let highest = values().map(|value| unit.on_axis(value)).fold(0.0, f64::max);
        let ticks = Ticks::to(highest, size.pick(5.0, 4.0), 1.0);
        let y = Linear::new((0.0, ticks.max()), (bottom, top));
        let (first, last) = span.unwrap_or((Month::of(jiff::civil::Date::ZERO), Month::of(jiff::civil::Date::ZERO)));
        let n_steps = last.since(first);
        let x = Linear::new((0.0, f64::from(n_steps)), (left + 8.0, right));
        let place = |(month, value): &(Month, Option<f64>)| {
            value.map(|value| (x.at(f64::from(month.since(first))), y.at(unit.on_axis(value))))
        };
        // With more months than this only lone values get a dot.
        let most_dots = size.pick(24.0, 12.0) as i32;
        let mut drawn: Vec<Drawn> = lines
            .iter()
            .map(|line| {
                let points = with_gaps(&line.points, first, n_steps);
                let places: Vec<Option<(f64, f64)>> = points.iter().map(place).collect();
                Drawn {
                    class: line.class.clone(),
                    path: path(&places),
                    dots: dots(&places, n_steps < most_dots),
                    end: None,
                }
            })
            .collect();
        label_ends(&mut drawn, lines, unit, &y, (right + 10.0, top + 8.0, bottom - 24.0));
        Series {
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, top, bottom),
            y_ticks: ticks
                .values
                .iter()
                .map(|tick| Tick { at: at(y.at(*tick)), label: unit.tick_label(*tick, ticks.step) })
                .collect(),
            x_ticks: span.map(|_| month_ticks(first, n_steps, &x, size, month_label)).unwrap_or_default(),
            lines: drawn,
            empty: values().next().is_none(),
        }
    }
}

/// One entry for every month from `first`: a month that a line does not list is a gap too.
fn with_gaps(points: &[(Month, Option<f64>)], first: Month, n_steps: i32) -> Vec<(Month, Option<f64>)> {
    (0..=n_steps)
        .map(|step| first.plus(step))
        .map(|month| (month, points.iter().find(|(candidate, _)| *candidate == month).and_then(|(_, value)| *value)))
        .collect()
}

/// An SVG path that is lifted over every gap.
fn path(places: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for place in places {
        if let Some((x, y)) = place {
            path.push(if drawing { 'L' } else { 'M' });
            path.push_str(&format!("{} {}", at(*x), at(*y)));
        }
        drawing = place.is_some();
    }
    path
}

/// All points, or only those that no line reaches.
fn dots(places: &[Option<(f64, f64)>], all: bool) -> String {
    let there = |index: Option<usize>| index.and_then(|index| places.get(index)).is_some_and(Option::is_some);
    places
        .iter()
        .enumerate()
        .filter(|(index, _)| all || !(there(index.checked_sub(1)) || there(Some(index + 1))))
        .filter_map(|(_, place)| *place)
        .map(|(x, y)| format!("M{} {}h0", at(x), at(y)))
        .collect()
}

/// Puts name and last value beside each line's end, moved apart where they would overlap.
fn label_ends(drawn: &mut [Drawn], lines: &[Line], unit: Unit, y: &Linear, (x, low, high): (f64, f64, f64)) {
    let mut ends: Vec<(usize, f64)> = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((index, line.points.iter().rev().find_map(|(_, value)| *value)?)))
        .collect();
    // Higher values stand higher, so they come first from the top; equal ones keep the lines' order.
    ends.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let wanted: Vec<f64> = ends.iter().map(|(_, value)| y.at(unit.on_axis(*value))).collect();
    for ((index, value), place) in ends.iter().zip(spread(&wanted, END_LABEL_HEIGHT, low, high)) {
        if let (Some(drawn), Some(line)) = (drawn.get_mut(*index), lines.get(*index)) {
            drawn.end = Some(End {
                x: at(x),
                name_y: at(place),
                value_y: at(place + 17.0),
                name: line.name.clone(),
                value: unit.value_label(*value),
            });
        }
    }
}

fn month_ticks(first: Month, n_steps: i32, x: &Linear, size: Size, label: impl Fn(Month) -> String) -> Vec<MonthTick> {
    let most = size.pick(8.0, 4.0) as i32;
    let step = [1, 2, 3, 6, 12].into_iter().find(|step| n_steps / step < most).unwrap_or(24);
    let mut ticks: Vec<MonthTick> = Vec::new();
    let mut year = String::new();
    for index in (0..=n_steps).step_by(usize::try_from(step).unwrap_or(1)) {
        let month = first.plus(index);
        let this = month.first_day().year().to_string();
        let new = this != year;
        ticks.push(MonthTick { at: at(x.at(f64::from(index))), label: label(month), year: new.then(|| this.clone()) });
        year = this;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_gap_lifts_the_pen_and_a_lone_value_gets_a_dot() {
        let places = [Some((0.0, 10.0)), Some((10.0, 20.0)), None, Some((30.0, 5.0)), None];
        assert_eq!(path(&places), "M0 10L10 20M30 5");
        assert_eq!(dots(&places, false), "M30 5h0");
        assert_eq!(dots(&places, true), "M0 10h0M10 20h0M30 5h0");
    }

    #[test]
    fn a_month_that_is_not_listed_is_a_gap_and_not_zero() {
        let line = Line {
            class: "own".into(),
            name: "Du".into(),
            points: vec![(month("2026-01"), Some(0.02)), (month("2026-03"), Some(0.04)), (month("2026-04"), None)],
        };
        let series = Series::draw(&[line], Unit::Share, Size::Wide, |month| month.to_string());
        assert_eq!(series.lines[0].path.matches('M').count(), 2);
        assert_eq!(series.lines[0].dots.matches('M').count(), 2);
        assert_eq!(series.lines[0].end.as_ref().unwrap().value, "4,0\u{a0}%");
        assert_eq!(series.x_ticks.len(), 4);
        assert!(!series.empty);
    }

    #[test]
    fn years_are_written_once() {
        let points = (0..12).map(|n| (month("2025-11").plus(n), Some(0.01))).collect();
        let line = Line { class: "own".into(), name: "Du".into(), points };
        let series = Series::draw(&[line], Unit::Share, Size::Wide, |month| month.to_string());
        let years: Vec<Option<String>> = series.x_ticks.iter().map(|tick| tick.year.clone()).collect();
        assert_eq!(years, [Some("2025".into()), Some("2026".into()), None, None, None, None]);
    }

    #[test]
    fn nothing_to_draw_is_said_and_not_drawn() {
        let none = Series::draw(&[], Unit::Share, Size::Narrow, |month| month.to_string());
        assert!(none.empty && none.x_ticks.is_empty());
        let line = Line { class: "own".into(), name: "Du".into(), points: vec![(month("2026-01"), None)] };
        assert!(Series::draw(&[line], Unit::Share, Size::Wide, |month| month.to_string()).empty);
    }
}
