//! A series over months, tertials or years: lines with their names at the end, periods without a value as gaps.
//!
//! Knows nothing of the periods' names: the caller says how one is written.

use serde::Serialize;

use super::scale::{Linear, Ticks, spread};
use super::{Frame, Goal, Size, Tick, Unit, at};
use crate::render::period::Period;

/// One line of a series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The stylesheet's class.
    pub(crate) class: String,
    /// The name at the line's end.
    pub(crate) name: String,
    /// The periods it covers, all of one kind; `None` is a gap.
    pub(crate) points: Vec<(Period, Option<f64>)>,
}

/// A drawn series.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    width: String,
    height: String,
    frame: Frame,
    y_ticks: Vec<Tick>,
    x_ticks: Vec<PeriodTick>,
    lines: Vec<Drawn>,
    goal: Option<DrawnGoal>,
    axis: Option<String>,
    /// No line has a value.
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct PeriodTick {
    at: String,
    label: String,
    /// Written under the first label and under the first one of a year.
    year: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnGoal {
    y: String,
    label: String,
    label_x: String,
    label_y: String,
    anchor: &'static str,
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
const GOAL_LABEL_HEIGHT: f64 = 18.0;

impl Series {
    /// Draws lines over the periods that any of them covers; `axis` says above the axis what it counts.
    pub(crate) fn draw(
        lines: &[Line],
        (goal, axis): (Option<Goal>, Option<String>),
        unit: Unit,
        size: Size,
        period_label: impl Fn(Period) -> String,
    ) -> Series {
        let (width, height) = (size.pick(680.0, 330.0), size.pick(300.0, 260.0));
        let top = if axis.is_some() { 32.0 } else { 14.0 };
        let (left, right, bottom) = (52.0, width - size.pick(84.0, 66.0), height - 44.0);
        let periods = lines.iter().flat_map(|line| &line.points).map(|(period, _)| *period);
        let span = periods.clone().min().zip(periods.max());
        let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
        let highest = values().chain(goal.as_ref().map(|goal| goal.value));
        let highest = highest.map(|value| unit.on_axis(value)).fold(0.0, f64::max);
        let ticks = Ticks::to(highest, size.pick(5.0, 4.0), 1.0);
        let y = Linear::new((0.0, ticks.max()), (bottom, top));
        let (first, last) = span.unwrap_or((Period::Year(0), Period::Year(0)));
        let n_steps = last.since(first);
        let x = Linear::new((0.0, f64::from(n_steps)), (left + 8.0, right));
        let place = |(period, value): &(Period, Option<f64>)| {
            value.map(|value| (x.at(f64::from(period.since(first))), y.at(unit.on_axis(value))))
        };
        // With more periods than this only lone values get a dot.
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
            x_ticks: span.map(|_| period_ticks(first, n_steps, &x, size, period_label)).unwrap_or_default(),
            lines: drawn,
            goal: goal.map(|goal| draw_goal(goal, lines, |value| y.at(unit.on_axis(value)), (left, right, bottom))),
            axis,
            empty: values().next().is_none(),
        }
    }
}

/// A goal's line and its label: at the end where the lines are farther from it, and on their other side.
fn draw_goal(goal: Goal, lines: &[Line], y: impl Fn(f64) -> f64, (left, right, bottom): (f64, f64, f64)) -> DrawnGoal {
    let place = y(goal.value);
    let from_goal = |values: Vec<f64>| {
        let distances = values.into_iter().map(|value| place - y(value));
        distances.min_by(|one, other| one.abs().total_cmp(&other.abs())).unwrap_or(0.0)
    };
    let values = |line: &Line| line.points.iter().filter_map(|(_, value)| *value).collect::<Vec<f64>>();
    let start = from_goal(lines.iter().filter_map(|line| values(line).first().copied()).collect());
    let end = from_goal(lines.iter().filter_map(|line| values(line).last().copied()).collect());
    let at_start = start.abs() > end.abs();
    let under = if at_start { start } else { end } > 0.0 && place + GOAL_LABEL_HEIGHT < bottom;
    DrawnGoal {
        y: at(place),
        label: goal.label,
        label_x: at(if at_start { left + 2.0 } else { right }),
        label_y: at(if under { place + GOAL_LABEL_HEIGHT - 2.0 } else { place - 6.0 }),
        anchor: if at_start { "start" } else { "end" },
    }
}

/// One entry for every period from `first`: one that a line does not list is a gap too.
fn with_gaps(points: &[(Period, Option<f64>)], first: Period, n_steps: i32) -> Vec<(Period, Option<f64>)> {
    (0..=n_steps)
        .map(|step| first.plus(step))
        .map(|period| (period, points.iter().find(|(candidate, _)| *candidate == period).and_then(|(_, value)| *value)))
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

fn period_ticks(
    first: Period,
    n_steps: i32,
    x: &Linear,
    size: Size,
    label: impl Fn(Period) -> String,
) -> Vec<PeriodTick> {
    let most = size.pick(8, 4);
    let strides = first.strides();
    let step = strides.iter().find(|step| n_steps / *step < most).or(strides.last()).copied().unwrap_or(1);
    let mut ticks: Vec<PeriodTick> = Vec::new();
    let mut year = None;
    for index in (0..=n_steps).step_by(usize::try_from(step).unwrap_or(1)) {
        let period = first.plus(index);
        let new = year != Some(period.year()) && !matches!(period, Period::Year(_));
        ticks.push(PeriodTick {
            at: at(x.at(f64::from(index))),
            label: label(period),
            year: new.then(|| period.year().to_string()),
        });
        year = Some(period.year());
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Period {
        text.parse().unwrap()
    }

    fn draw(lines: &[Line], unit: Unit, size: Size) -> Series {
        Series::draw(lines, (None, None), unit, size, |period| period.last_month().to_string())
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
        let series = draw(&[line], Unit::Share, Size::Wide);
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
        let series = draw(&[line], Unit::Share, Size::Wide);
        let years: Vec<Option<String>> = series.x_ticks.iter().map(|tick| tick.year.clone()).collect();
        assert_eq!(years, [Some("2025".into()), Some("2026".into()), None, None, None, None]);
    }

    #[test]
    fn nothing_to_draw_is_said_and_not_drawn() {
        let none = draw(&[], Unit::Share, Size::Narrow);
        assert!(none.empty && none.x_ticks.is_empty());
        let line = Line { class: "own".into(), name: "Du".into(), points: vec![(month("2026-01"), None)] };
        assert!(draw(&[line], Unit::Share, Size::Wide).empty);
    }

    #[test]
    fn tertials_stand_side_by_side_and_the_axis_reaches_the_goal() {
        let points = (0..9).map(|n| (month("2024-T1").plus(n), Some(21.0))).collect();
        let line = Line { class: "own".into(), name: "Fylket".into(), points };
        let goal = Some(Goal { value: 56.0, label: "Mål".into() });
        let label = |period: Period| format!("{period:?}");
        let series = Series::draw(&[line], (goal, Some("uker".into())), Unit::Weeks, Size::Wide, label);
        assert_eq!(series.lines[0].path.matches('M').count(), 1);
        assert_eq!(series.lines[0].end.as_ref().unwrap().value, "3");
        let years: Vec<Option<&str>> = series.x_ticks.iter().map(|tick| tick.year.as_deref()).collect();
        assert_eq!(years, [Some("2024"), Some("2025"), Some("2026")]);
        assert_eq!((series.y_ticks.last().unwrap().label.as_str(), series.goal.unwrap().y.as_str()), ("8", "32"));
    }
}
