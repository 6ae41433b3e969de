//! A comparison of places or groups: one bar each from zero, in the order given, with a goal drawn across them.
//!
//! Knows nothing of who is compared. A bar whose value is absent is not drawn; a word stands in its place.

use serde::Serialize;

use super::scale::{Linear, Ticks};
use super::{Frame, Size, Tick, Unit, anchor, at};

/// One bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// What it stands for.
    pub(crate) name: String,
    /// Its length, or the words that say why there is none.
    pub(crate) value: Result<f64, String>,
}

/// A value that the bars are held against.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    /// The value, in the bars' unit.
    pub(crate) value: f64,
    /// What stands beside the line.
    pub(crate) label: String,
}

/// Drawn bars.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Bars {
    width: String,
    height: String,
    frame: Frame,
    x_ticks: Vec<Tick>,
    bars: Vec<Drawn>,
    goal: Option<DrawnGoal>,
    axis: Option<String>,
    /// No bar has a value.
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Drawn {
    name: String,
    name_x: String,
    name_y: String,
    name_anchor: &'static str,
    /// The rectangle, when there is a value.
    bar: Option<Rectangle>,
    value: String,
    value_x: String,
    value_y: String,
}

#[derive(Clone, Debug, Serialize)]
struct Rectangle {
    x: String,
    y: String,
    width: String,
    height: String,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnGoal {
    x: String,
    label: String,
    label_y: String,
    anchor: &'static str,
}

/// The height of a bar.
const BAR: f64 = 14.0;
/// The most of a wide drawing that names may take.
const MOST_FOR_NAMES: f64 = 252.0;

impl Bars {
    /// Draws bars from above in the order given. On the narrow drawing each name stands over its bar.
    pub(crate) fn draw(bars: &[Bar], goal: Option<Goal>, axis: Option<String>, unit: Unit, size: Size) -> Bars {
        let row = size.pick(27.0, 44.0);
        let (width, top) = (size.pick(680.0, 330.0), if goal.is_some() { 30.0 } else { 10.0 });
        let bottom = top + row * bars.len() as f64;
        let longest_name = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
        let (left, right) = (size.pick((longest_name as f64 * 7.8 + 16.0).min(MOST_FOR_NAMES), 2.0), width - 46.0);
        let values = || bars.iter().filter_map(|bar| bar.value.as_ref().ok());
        let longest = values().copied().chain(goal.as_ref().map(|goal| goal.value));
        let longest = longest.map(|value| unit.on_axis(value)).fold(0.0, f64::max);
        let ticks = Ticks::to(longest, size.pick(6.0, 5.0), 1.0);
        let x = Linear::new((0.0, ticks.max()), (left, right));
        let drawn = bars.iter().enumerate().map(|(index, bar)| {
            let head = top + row * index as f64;
            let middle = head + size.pick(row / 2.0, row - 6.0 - BAR / 2.0);
            let end = bar.value.as_ref().ok().map(|value| x.at(unit.on_axis(*value)));
            Drawn {
                name: bar.name.clone(),
                name_x: at(size.pick(left - 10.0, left)),
                name_y: at(size.pick(middle + 5.0, head + 17.0)),
                name_anchor: size.pick("end", "start"),
                bar: end.map(|end| Rectangle {
                    x: at(left),
                    y: at(middle - BAR / 2.0),
                    width: at(end - left),
                    height: at(BAR),
                }),
                value: bar.value.as_ref().map_or_else(String::clone, |value| unit.value_label(*value)),
                value_x: at(end.unwrap_or(left) + 6.0),
                value_y: at(middle + 5.0),
            }
        });
        Bars {
            width: at(width),
            height: at(bottom + if axis.is_some() { 42.0 } else { 24.0 }),
            frame: Frame::new(left, right, top, bottom),
            bars: drawn.collect(),
            x_ticks: ticks
                .values
                .iter()
                .map(|tick| Tick { at: at(x.at(*tick)), label: unit.tick_label(*tick, ticks.step) })
                .collect(),
            goal: goal.map(|goal| {
                let place = x.at(unit.on_axis(goal.value));
                let half_width = goal.label.chars().count() as f64 * 4.2;
                DrawnGoal {
                    x: at(place),
                    label_y: at(top - 10.0),
                    anchor: anchor(place, half_width, left, width),
                    label: goal.label,
                }
            }),
            axis,
            empty: values().next().is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars() -> Vec<Bar> {
        let bar = |name: &str, value: Result<f64, &str>| Bar { name: name.into(), value: value.map_err(str::to_owned) };
        vec![bar("Oslo", Ok(280.0)), bar("Akershus", Ok(0.0)), bar("Finnmark", Err("skjult"))]
    }

    #[test]
    fn an_absent_value_is_words_and_not_a_bar_of_no_length() {
        let drawn = Bars::draw(&bars(), None, None, Unit::Weeks, Size::Wide);
        assert_eq!(drawn.bars[0].value, "40");
        assert_eq!((drawn.bars[1].value.as_str(), drawn.bars[1].bar.is_some()), ("0", true));
        assert_eq!((drawn.bars[2].value.as_str(), drawn.bars[2].bar.is_some()), ("skjult", false));
        assert!(!drawn.empty && Bars::draw(&bars()[2..], None, None, Unit::Weeks, Size::Wide).empty);
    }

    #[test]
    fn the_axis_reaches_the_goal_also_when_no_bar_does() {
        let goal = Some(Goal { value: 700.0, label: "Mål".into() });
        let drawn = Bars::draw(&bars(), goal, Some("uker".into()), Unit::Weeks, Size::Narrow);
        let place: f64 = drawn.goal.unwrap().x.parse().unwrap();
        assert_eq!((drawn.x_ticks.last().unwrap().label.as_str(), place), ("100", 284.0));
    }

    #[test]
    fn a_bar_is_as_long_as_the_figure_that_is_printed() {
        let two = |days| vec![Bar { name: "A".into(), value: Ok(days) }, Bar { name: "B".into(), value: Ok(700.0) }];
        let length = |days| {
            Bars::draw(&two(days), None, None, Unit::Weeks, Size::Wide).bars[0].bar.as_ref().unwrap().width.clone()
        };
        assert_eq!(length(67.0), length(73.0));
        assert_ne!(length(73.0), length(74.0));
    }
}
