//! A funnel: each place by how many it counts and its share, between the limits within which chance alone would keep
//! nearly all of them. Points are named where they lie outside.
//!
//! Draws limits that are given; computes none. A place without a share has no point.

use serde::Serialize;

use super::scale::{Linear, Ticks};
use super::{Frame, Size, Tick, Unit, anchor, at};

/// One place, with the limits at its number.
#[derive(Clone, Debug)]
pub(crate) struct AreaPoint {
    /// What it stands for.
    pub(crate) name: String,
    /// How many it counts.
    pub(crate) count: f64,
    /// Its share.
    pub(crate) share: f64,
    /// The inner and the outer limits, low and high.
    pub(crate) inner: (f64, f64),
    /// See `inner`.
    pub(crate) outer: (f64, f64),
}

/// A drawn funnel.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AreaFunnel {
    width: String,
    height: String,
    frame: Frame,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    points: Vec<Drawn>,
    /// Paths of the limits: inner low and high, outer low and high.
    inner: [String; 2],
    outer: [String; 2],
    middle: Option<String>,
    x_axis: String,
    y_axis: String,
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Drawn {
    x: String,
    y: String,
    /// Outside the inner limits.
    outside: bool,
    /// Its name where it lies outside.
    name: Option<Name>,
}

#[derive(Clone, Debug, Serialize)]
struct Name {
    text: String,
    y: String,
    anchor: &'static str,
}

impl AreaFunnel {
    /// Draws points in order of their number. `middle` is the share that the limits lie around.
    pub(crate) fn draw(points: &[AreaPoint], middle: Option<f64>, axes: (String, String), size: Size) -> AreaFunnel {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.count.total_cmp(&b.count).then_with(|| a.name.cmp(&b.name)));
        let (width, height) = size.pick((680.0, 380.0), (330.0, 340.0));
        let (left, right, top, bottom) = (52.0, width - 12.0, 30.0, height - 48.0);
        let most = points.iter().map(|point| point.count).fold(0.0, f64::max);
        let x_ticks = Ticks::to(most, size.pick(6.0, 4.0), 1.0);
        let y_ticks = Ticks::to(100.0, size.pick(5.0, 5.0), 1.0);
        let x = Linear::new((0.0, x_ticks.max()), (left, right));
        let y = Linear::new((0.0, y_ticks.max()), (bottom, top));
        let on_y = |share: f64| y.at(Unit::Share.on_axis(share));
        let path = |limit: &dyn Fn(&AreaPoint) -> f64| {
            let steps = points.iter().enumerate();
            let step = |(index, point): (usize, &AreaPoint)| {
                format!("{}{} {}", if index == 0 { "M" } else { "L" }, at(x.at(point.count)), at(on_y(limit(point))))
            };
            steps.map(step).collect::<Vec<_>>().join(" ")
        };
        let drawn = points.iter().map(|point| {
            let (place, height) = (x.at(point.count), on_y(point.share));
            let outside = point.share < point.inner.0 || point.share > point.inner.1;
            let half_width = point.name.chars().count() as f64 * 4.2;
            let above = point.share > point.inner.1;
            let name = outside.then(|| Name {
                text: point.name.clone(),
                y: at(if above { height - 9.0 } else { height + 19.0 }),
                anchor: anchor(place, half_width, left, right),
            });
            Drawn { x: at(place), y: at(height), outside, name }
        });
        AreaFunnel {
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, top, bottom),
            points: drawn.collect(),
            inner: [path(&|point| point.inner.0), path(&|point| point.inner.1)],
            outer: [path(&|point| point.outer.0), path(&|point| point.outer.1)],
            middle: middle.map(|share| at(on_y(share))),
            x_ticks: ticks(&x_ticks, &x, Unit::Count),
            y_ticks: ticks(&y_ticks, &y, Unit::Share),
            x_axis: axes.0,
            y_axis: axes.1,
            empty: points.is_empty(),
        }
    }
}

fn ticks(ticks: &Ticks, on: &Linear, unit: Unit) -> Vec<Tick> {
    ticks.values.iter().map(|tick| Tick { at: at(on.at(*tick)), label: unit.tick_label(*tick, ticks.step) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, count: f64, share: f64) -> AreaPoint {
        AreaPoint { name: name.into(), count, share, inner: (0.4, 0.6), outer: (0.3, 0.7) }
    }

    #[test]
    fn a_place_outside_the_limits_is_named() {
        let points = [point("Oslo", 100.0, 0.65), point("Agder", 40.0, 0.5), point("Troms", 60.0, 0.35)];
        let drawn = AreaFunnel::draw(&points, Some(0.5), ("n".into(), "andel".into()), Size::Wide);
        let told: Vec<(bool, Option<&str>)> = drawn
            .points
            .iter()
            .map(|point| (point.outside, point.name.as_ref().map(|name| name.text.as_str())))
            .collect();
        assert_eq!(told, [(false, None), (true, Some("Troms")), (true, Some("Oslo"))]);
        // 50 % lies in the middle between 332 and 30.
        assert_eq!(drawn.middle.as_deref(), Some("181"));
        assert!(drawn.inner[0].starts_with('M') && drawn.inner[0].matches('L').count() == 2);
        assert!(AreaFunnel::draw(&[], None, (String::new(), String::new()), Size::Narrow).empty);
    }
}
