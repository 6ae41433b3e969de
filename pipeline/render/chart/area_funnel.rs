//! A funnel: each place by how many it counts and its share or rate, between the limits within which chance alone would keep
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
    /// Its share, or its rate.
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
    x: String,
    y: String,
    anchor: &'static str,
}

/// What a point or a name covers: left, right, top, bottom.
#[derive(Clone, Copy, Debug)]
struct Covered(f64, f64, f64, f64);

impl Covered {
    fn by_point(x: f64, y: f64) -> Covered {
        Covered(x - RADIUS, x + RADIUS, y - RADIUS, y + RADIUS)
    }

    fn by_text(x: f64, y: f64, anchor: &str, half_width: f64) -> Covered {
        let left = match anchor {
            "start" => x,
            "end" => x - 2.0 * half_width,
            _ => x - half_width,
        };
        Covered(left, left + 2.0 * half_width, y - 12.0, y + 3.0)
    }

    fn meets(&self, other: &Covered) -> bool {
        self.0 < other.1 && other.0 < self.1 && self.2 < other.3 && other.2 < self.3
    }
}

/// Of a point, and half a letter's width.
const RADIUS: f64 = 5.0;
const HALF_LETTER: f64 = 4.2;

impl AreaFunnel {
    /// Draws points in order of their number. `middle` is what the limits lie around; the axis of shares or rates ends at `top`,
    /// without one at the highest that is drawn.
    pub(crate) fn draw(
        points: &[AreaPoint],
        middle: Option<f64>,
        axes: (String, String),
        (unit, top): (Unit, Option<f64>),
        size: Size,
    ) -> AreaFunnel {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.count.total_cmp(&b.count).then_with(|| a.name.cmp(&b.name)));
        let (width, height) = size.pick((680.0, 380.0), (330.0, 340.0));
        let most = points.iter().map(|point| point.count).fold(0.0, f64::max);
        let x_ticks = Ticks::to(most, size.pick(6.0, 4.0), 1.0);
        // Half of the last label stands beyond the axis.
        let last = Unit::Count.tick_label(x_ticks.max(), x_ticks.step).chars().count() as f64 * HALF_LETTER;
        let (left, right, ceiling, bottom) = (52.0, width - last.max(12.0), 30.0, height - 48.0);
        let highest = points.iter().map(|point| point.share.max(point.outer.1)).fold(0.0, f64::max);
        let y_ticks = Ticks::to(unit.on_axis(top.unwrap_or(highest)), 5.0, unit.finest());
        let x = Linear::new((0.0, x_ticks.max()), (left, right));
        let y = Linear::new((0.0, y_ticks.max()), (bottom, ceiling));
        let on_y = |share: f64| y.at(unit.on_axis(share));
        let path = |limit: &dyn Fn(&AreaPoint) -> f64| {
            let steps = points.iter().enumerate();
            let step = |(index, point): (usize, &AreaPoint)| {
                format!("{}{} {}", if index == 0 { "M" } else { "L" }, at(x.at(point.count)), at(on_y(limit(point))))
            };
            steps.map(step).collect::<Vec<_>>().join(" ")
        };
        let places: Vec<(f64, f64)> = points.iter().map(|point| (x.at(point.count), on_y(point.share))).collect();
        let mut covered: Vec<Covered> = places.iter().map(|(x, y)| Covered::by_point(*x, *y)).collect();
        let mut drawn = Vec::new();
        for (point, (x, y)) in points.iter().zip(&places) {
            let outside = point.share < point.inner.0 || point.share > point.inner.1;
            let name = outside.then(|| {
                let half_width = point.name.chars().count() as f64 * HALF_LETTER;
                let side = anchor(*x, half_width, left, right);
                // Away from the limits; beside the point, lines further, or on the other side where that is taken.
                let above = |lines: f64| (*x, y - 9.0 - 15.0 * lines, side);
                let below = |lines: f64| (*x, y + 19.0 + 15.0 * lines, side);
                let beside = [(x + 9.0, y + 5.0, "start"), (x - 9.0, y + 5.0, "end")];
                let (out, back) = if point.share > point.inner.1 {
                    ([0.0, 1.0, 2.0].map(above), [0.0, 1.0, 2.0].map(below))
                } else {
                    ([0.0, 1.0, 2.0].map(below), [0.0, 1.0, 2.0].map(above))
                };
                let spots = [out[0], beside[0], beside[1], out[1], out[2], back[0], back[1], back[2]];
                let room = |(x, y, side): (f64, f64, &str)| Covered::by_text(x, y, side, half_width);
                let is_free = |spot: (f64, f64, &str), others: &[Covered]| {
                    let text = room(spot);
                    text.0 >= left
                        && text.1 <= right
                        && text.3 <= bottom
                        && others.iter().all(|other| !text.meets(other))
                };
                // A name on a point is better than a name on a name.
                let names = &covered[places.len()..];
                let spot = spots.into_iter().find(|spot| is_free(*spot, &covered));
                let spot = spot.or_else(|| spots.into_iter().find(|spot| is_free(*spot, names))).unwrap_or(out[0]);
                covered.push(room(spot));
                Name { text: point.name.clone(), x: at(spot.0), y: at(spot.1), anchor: spot.2 }
            });
            drawn.push(Drawn { x: at(*x), y: at(*y), outside, name });
        }
        AreaFunnel {
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, ceiling, bottom),
            points: drawn,
            inner: [path(&|point| point.inner.0), path(&|point| point.inner.1)],
            outer: [path(&|point| point.outer.0), path(&|point| point.outer.1)],
            middle: middle.map(|share| at(on_y(share))),
            x_ticks: ticks(&x_ticks, &x, Unit::Count),
            y_ticks: ticks(&y_ticks, &y, unit),
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
        let axes = || ("n".into(), "andel".into());
        let drawn = AreaFunnel::draw(&points, Some(0.5), axes(), (Unit::Share, Some(1.0)), Size::Wide);
        let told: Vec<(bool, Option<&str>)> = drawn
            .points
            .iter()
            .map(|point| (point.outside, point.name.as_ref().map(|name| name.text.as_str())))
            .collect();
        assert_eq!(told, [(false, None), (true, Some("Troms")), (true, Some("Oslo"))]);
        // 50 % lies in the middle between 332 and 30.
        assert_eq!(drawn.middle.as_deref(), Some("181"));
        assert!(drawn.inner[0].starts_with('M') && drawn.inner[0].matches('L').count() == 2);
        assert!(AreaFunnel::draw(&[], None, axes(), (Unit::Share, None), Size::Narrow).empty);
    }

    #[test]
    fn names_of_places_that_lie_close_do_not_cover_each_other() {
        let low = |name: &str, count: f64| point(name, count, 0.2);
        let points = [low("Nordland", 100.0), low("Buskerud", 102.0), low("Agder", 104.0)];
        let axes = ("n".into(), "andel".into());
        for size in [Size::Wide, Size::Narrow] {
            let drawn = AreaFunnel::draw(&points, None, axes.clone(), (Unit::Share, Some(1.0)), size);
            let rooms: Vec<Covered> = drawn
                .points
                .iter()
                .map(|point| {
                    let name = point.name.as_ref().unwrap();
                    let half_width = name.text.chars().count() as f64 * HALF_LETTER;
                    Covered::by_text(name.x.parse().unwrap(), name.y.parse().unwrap(), name.anchor, half_width)
                })
                .collect();
            for (at, room) in rooms.iter().enumerate() {
                assert!(rooms[at + 1..].iter().all(|other| !room.meets(other)), "{rooms:?}");
            }
        }
    }

    #[test]
    fn an_axis_without_an_end_of_its_own_ends_above_all_that_is_drawn() {
        let labels = |points: &[AreaPoint], unit| -> Vec<String> {
            let drawn = AreaFunnel::draw(points, None, ("n".into(), "y".into()), (unit, None), Size::Wide);
            drawn.y_ticks.into_iter().map(|tick| tick.label).collect()
        };
        let few = AreaPoint { inner: (0.04, 0.06), outer: (0.03, 0.07), ..point("Oslo", 100.0, 0.05) };
        assert_eq!(labels(std::slice::from_ref(&few), Unit::Share).last().unwrap(), "8\u{a0}%");
        let far = AreaPoint { share: 0.31, ..few };
        assert_eq!(labels(&[far], Unit::Share).last().unwrap(), "40\u{a0}%");
        let rate = AreaPoint { inner: (1.2, 1.9), outer: (1.0, 2.3), ..point("Oslo", 500_000.0, 1.4) };
        assert_eq!(labels(&[rate], Unit::Rate), ["0,0", "0,5", "1,0", "1,5", "2,0", "2,5"]);
    }
}
