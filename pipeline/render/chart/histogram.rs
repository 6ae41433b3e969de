//! A distribution as columns, with the reader's own place marked.
//!
//! Knows nothing of who is counted. Every bin is one column of the same width, so that a height is a count
//! also where bins were merged; the edges under the columns say what each covers, and a merged one has its name under it.

use serde::Serialize;

use super::scale::{Linear, Ticks};
use super::{Frame, Size, Tick, Unit, anchor, at};
use crate::render::number;

/// One bin, in percentage points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bin {
    /// The lower edge, included.
    pub(crate) from: i64,
    /// The upper edge, not included; `None` for the open top bin.
    pub(crate) to: Option<i64>,
    /// How many; `None` when it is not shown.
    pub(crate) count: Option<i64>,
}

/// A drawn histogram.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Histogram {
    width: String,
    height: String,
    frame: Frame,
    y_ticks: Vec<Tick>,
    x_ticks: Vec<Tick>,
    columns: Vec<Column>,
    mark: Option<Mark>,
    any_hidden: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Column {
    x: String,
    y: String,
    width: String,
    height: String,
    /// The column that holds the mark.
    own: bool,
    hidden: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Mark {
    x: String,
    y: String,
    anchor: &'static str,
    label: String,
}

/// The space before the open column, in columns.
const OPEN_GAP: f64 = 0.5;
/// The height of a column whose count is not shown.
const STUB: f64 = 10.0;
const LABEL_ROOM: f64 = 50.0;
/// The space that the name of a column takes.
const NAME_ROOM: f64 = 64.0;

impl Histogram {
    /// Draws bins in ascending order; `mark` is a share between 0 and 1 and its label.
    pub(crate) fn draw(bins: &[Bin], mark: Option<(f64, String)>, size: Size) -> Histogram {
        let (width, height) = (size.pick(680.0, 330.0), size.pick(300.0, 250.0));
        let (left, right, top, bottom) = (58.0, width - 12.0, 40.0, height - 34.0);
        let open = bins.last().is_some_and(|bin| bin.to.is_none());
        let n_columns = bins.len() as f64 + if open { OPEN_GAP } else { 0.0 };
        let x = Linear::new((0.0, n_columns.max(1.0)), (left, right));
        let highest = bins.iter().filter_map(|bin| bin.count).max().unwrap_or(0) as f64;
        let ticks = Ticks::to(highest, 4.0, 1.0);
        let y = Linear::new((0.0, ticks.max()), (bottom, top));
        let start = |index: usize, bin: &Bin| index as f64 + if bin.to.is_none() { OPEN_GAP } else { 0.0 };
        let own = mark.as_ref().and_then(|(share, _)| place(bins, share * 100.0));
        let columns = bins
            .iter()
            .enumerate()
            .map(|(index, bin)| {
                let (from, to) = (x.at(start(index, bin)) + 1.0, x.at(start(index, bin) + 1.0) - 1.0);
                let head = bin.count.map_or(bottom - STUB, |count| y.at(count as f64));
                Column {
                    x: at(from),
                    y: at(head),
                    width: at(to - from),
                    height: at(bottom - head),
                    own: own.is_some_and(|(column, _)| column == index),
                    hidden: bin.count.is_none(),
                }
            })
            .collect();
        let mark = mark.zip(own).and_then(|((_, label), (index, within))| {
            let x = x.at(start(index, bins.get(index)?) + within);
            let half_width = label.chars().count() as f64 * 4.2;
            Some(Mark { x: at(x), y: at(top - 6.0), anchor: anchor(x, half_width, left, right), label })
        });
        Histogram {
            width: at(width),
            height: at(height),
            frame: Frame::new(left, right, top, bottom),
            y_ticks: ticks
                .values
                .iter()
                .map(|tick| Tick { at: at(y.at(*tick)), label: Unit::Count.tick_label(*tick, ticks.step) })
                .collect(),
            x_ticks: edge_ticks(bins, open, own.map(|(column, _)| column), &x),
            columns,
            mark,
            any_hidden: bins.iter().any(|bin| bin.count.is_none()),
        }
    }
}

/// The bin that holds a value, and how far into its column the value lies.
fn place(bins: &[Bin], points: f64) -> Option<(usize, f64)> {
    let inside = |bin: &Bin| bin.from as f64 <= points && bin.to.is_none_or(|to| points < to as f64);
    // 100 % is the upper edge of a last bin that is not open.
    let index = bins
        .iter()
        .position(inside)
        .or_else(|| bins.last().filter(|bin| bin.to.is_some_and(|to| points == to as f64)).map(|_| bins.len() - 1))?;
    let bin = bins.get(index)?;
    let within = bin.to.map_or(0.5, |to| (points - bin.from as f64) / (to - bin.from).max(1) as f64);
    Some((index, within))
}

/// What columns say that hold more than one percentage point, and of the edges between the others as many as there is room for.
fn edge_ticks(bins: &[Bin], open: bool, own: Option<usize>, x: &Linear) -> Vec<Tick> {
    let n_closed = bins.len() - usize::from(open);
    let column = x.at(1.0) - x.at(0.0);
    let stride = [1, 2, 5, 10, 20, 50].into_iter().find(|stride| *stride as f64 * column >= LABEL_ROOM).unwrap_or(100);
    let name = |index: usize| -> Option<(f64, String)> {
        let bin = bins.get(index)?;
        match bin.to {
            None => Some((x.at(index as f64 + OPEN_GAP + 0.5), format!("≥\u{a0}{}", number::whole_percent(bin.from)))),
            Some(to) if to > bin.from + 1 => {
                Some((x.at(index as f64 + 0.5), format!("{}–{}", bin.from, number::whole_percent(to))))
            }
            Some(_) => None,
        }
    };
    // The reader's own column first, then from the right, where columns are widest.
    let mut named: Vec<(f64, String)> = Vec::new();
    for (place, label) in own.into_iter().chain((0..bins.len()).rev()).filter_map(name) {
        if named.iter().all(|(taken, _)| (place - taken).abs() >= NAME_ROOM) {
            named.push((place, label));
        }
    }
    named.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let closed = bins[..n_closed].iter();
    let edges = closed.clone().map(|bin| bin.from).chain(closed.clone().next_back().and_then(|bin| bin.to));
    let mut ticks: Vec<Tick> = edges
        .enumerate()
        .step_by(stride)
        .map(|(index, edge)| (x.at(index as f64), edge))
        .filter(|(place, _)| named.iter().all(|(at, _)| (place - at).abs() >= LABEL_ROOM))
        .map(|(place, edge)| Tick { at: at(place), label: number::whole_percent(edge) })
        .collect();
    ticks.extend(named.into_iter().map(|(place, label)| Tick { at: at(place), label }));
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins() -> Vec<Bin> {
        let closed = |from: i64, to: i64, count| Bin { from, to: Some(to), count };
        vec![
            closed(0, 1, Some(40)),
            closed(1, 2, Some(20)),
            closed(2, 4, None),
            Bin { from: 4, to: None, count: Some(10) },
        ]
    }

    #[test]
    fn a_value_falls_in_the_bin_that_includes_its_lower_edge() {
        assert_eq!(place(&bins(), 0.0), Some((0, 0.0)));
        assert_eq!(place(&bins(), 1.0), Some((1, 0.0)));
        assert_eq!(place(&bins(), 3.0), Some((2, 0.5)));
        assert_eq!(place(&bins(), 99.0), Some((3, 0.5)));
        assert_eq!(place(&bins()[..2], 2.0), Some((1, 1.0)));
        assert_eq!(place(&[], 2.0), None);
    }

    #[test]
    fn a_hidden_count_is_a_stub_and_not_a_zero() {
        let drawn = Histogram::draw(&bins(), None, Size::Wide);
        assert!(drawn.any_hidden && drawn.columns[2].hidden);
        assert_eq!(drawn.columns[2].height, "10");
        assert!(drawn.mark.is_none() && drawn.columns.iter().all(|column| !column.own));
    }

    #[test]
    fn a_column_of_several_points_says_which() {
        let mut bins: Vec<Bin> = (0..10).map(|from| Bin { from, to: Some(from + 1), count: Some(9) }).collect();
        bins.push(Bin { from: 10, to: Some(19), count: Some(9) });
        bins.push(Bin { from: 19, to: None, count: Some(9) });
        for size in [Size::Wide, Size::Narrow] {
            let drawn = Histogram::draw(&bins, Some((0.135, "Du".into())), size);
            let number = |text: &str| text.parse::<f64>().unwrap();
            // Under the middle of its own column, in which the mark stands, also where there is no room for more.
            let tick = drawn.x_ticks.iter().find(|tick| tick.label == "10–19\u{a0}%").unwrap();
            let column = &drawn.columns[10];
            let (left, right) = (number(&column.x), number(&column.x) + number(&column.width));
            assert!((number(&tick.at) - (left + right) / 2.0).abs() < 0.2);
            assert!(column.own && (left..right).contains(&number(&drawn.mark.unwrap().x)));
            // And nothing is written over anything else.
            let places: Vec<f64> = drawn.x_ticks.iter().map(|tick| number(&tick.at)).collect();
            assert!(
                places.len() > 2 && places.windows(2).all(|pair| pair[1] - pair[0] >= LABEL_ROOM - 0.1),
                "{places:?}"
            );
        }
        let drawn = Histogram::draw(&bins, None, Size::Wide);
        assert_eq!(drawn.x_ticks.last().unwrap().label, "≥\u{a0}19\u{a0}%");
    }

    #[test]
    fn the_own_column_is_marked_and_the_open_one_named() {
        let drawn = Histogram::draw(&bins(), Some((0.34, "Du".into())), Size::Narrow);
        assert!(drawn.columns[3].own && drawn.mark.is_some());
        assert_eq!(drawn.x_ticks.last().unwrap().label, "≥\u{a0}4\u{a0}%");
        assert!(Histogram::draw(&[], None, Size::Narrow).columns.is_empty());
    }
}
