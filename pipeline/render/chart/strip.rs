//! An own rate with its interval, over the percentiles of a distribution, on one axis.
//!
//! Knows nothing of how the interval or the percentiles were found.

use serde::Serialize;

use super::scale::{Linear, Ticks, spread};
use super::{Frame, Size, Tick, Unit, anchor, at};

/// The reader's own value.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// The value.
    pub(crate) value: f64,
    /// Its interval, when there is one.
    pub(crate) interval: Option<(f64, f64)>,
    /// The label over it.
    pub(crate) label: String,
}

/// One percentile of the distribution.
#[derive(Clone, Debug)]
pub(crate) struct Percentile {
    /// Its name: `P10`.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: f64,
}

/// A drawn strip.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Strip {
    width: String,
    height: String,
    frame: Frame,
    x_ticks: Vec<Tick>,
    own: Option<DrawnOwn>,
    /// From the outermost pair of percentiles to the innermost.
    bands: Vec<Band>,
    percentiles: Vec<DrawnPercentile>,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnOwn {
    x: String,
    low: Option<String>,
    high: Option<String>,
    label: String,
    label_x: String,
    anchor: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Band {
    x: String,
    width: String,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnPercentile {
    x: String,
    label_x: String,
    name: String,
    value: String,
}

/// The narrowest distance between two percentile labels.
const LABEL_ROOM: f64 = 56.0;

impl Strip {
    /// Draws an own value, if there is one, over percentiles in ascending order.
    pub(crate) fn draw(own: Option<Own>, percentiles: &[Percentile], unit: Unit, size: Size) -> Strip {
        let (width, height) = (size.pick(680.0, 330.0), 190.0);
        let (left, right, top, bottom) = (20.0, width - 20.0, 30.0, height - 30.0);
        let highest = percentiles
            .iter()
            .map(|percentile| percentile.value)
            .chain(own.iter().map(|own| own.interval.map_or(own.value, |(_, high)| high)))
            .map(|value| unit.on_axis(value))
            .fold(0.0, f64::max);
        let ticks = Ticks::to(highest, size.pick(8.0, 5.0), 1.0);
        let x = Linear::new((0.0, ticks.max()), (left, right));
        let place = |value: f64| x.at(unit.on_axis(value));
        let places: Vec<f64> = percentiles.iter().map(|percentile| place(percentile.value)).collect();
        let label_places = spread(&places, LABEL_ROOM, left + 6.0, right - 6.0);
        Strip {
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, top, bottom),
            x_ticks: ticks
                .values
                .iter()
                .map(|tick| Tick { at: at(x.at(*tick)), label: unit.tick_label(*tick, ticks.step) })
                .collect(),
            own: own.map(|own| {
                let center = place(own.value);
                let half_width = own.label.chars().count() as f64 * 4.2;
                DrawnOwn {
                    x: at(center),
                    low: own.interval.map(|(low, _)| at(place(low))),
                    high: own.interval.map(|(_, high)| at(place(high))),
                    label_x: at(center),
                    anchor: anchor(center, half_width, 0.0, width),
                    label: own.label,
                }
            }),
            bands: (0..places.len() / 2)
                .map(|index| (places[index], places[places.len() - 1 - index]))
                .map(|(low, high)| Band { x: at(low), width: at((high - low).max(1.0)) })
                .collect(),
            percentiles: percentiles
                .iter()
                .zip(places.iter().zip(label_places))
                .map(|(percentile, (place, label_place))| DrawnPercentile {
                    x: at(*place),
                    label_x: at(label_place),
                    name: percentile.name.clone(),
                    value: unit.value_label(percentile.value),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentiles(values: &[f64]) -> Vec<Percentile> {
        values.iter().map(|value| Percentile { name: "P".into(), value: *value }).collect()
    }

    #[test]
    fn equal_percentiles_keep_their_place_and_their_labels_move() {
        let strip = Strip::draw(None, &percentiles(&[0.0, 0.0, 0.02, 0.05, 0.1]), Unit::Share, Size::Narrow);
        assert_eq!(strip.percentiles[0].x, strip.percentiles[1].x);
        assert_ne!(strip.percentiles[0].label_x, strip.percentiles[1].label_x);
        assert_eq!(strip.bands.len(), 2);
        assert!(strip.own.is_none());
    }

    #[test]
    fn the_axis_holds_the_whole_interval() {
        let own = Own { value: 0.3, interval: Some((0.1, 0.58)), label: "Du".into() };
        let strip = Strip::draw(Some(own), &percentiles(&[0.02]), Unit::Share, Size::Wide);
        assert_eq!(strip.x_ticks.last().unwrap().label, "60\u{a0}%");
        let high: f64 = strip.own.unwrap().high.unwrap().parse().unwrap();
        assert!(high < 660.0);
    }
}
