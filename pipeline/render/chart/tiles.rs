//! A map of tiles: places of equal size where they lie on a map, with a figure in each.
//!
//! Knows no place: where each tile lies is given. A tile without a value says why in words; no colour stands for a value,
//! so that nothing is lost without it.

use serde::Serialize;

use super::{Size, Unit, at};

/// One tile.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// What it stands for.
    pub(crate) name: String,
    /// Where it lies, counted from the left and from above.
    pub(crate) column: u32,
    /// See `column`.
    pub(crate) row: u32,
    /// Its figure, or the words that say why there is none.
    pub(crate) value: Result<f64, String>,
}

/// A drawn map.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tiles {
    width: String,
    height: String,
    tiles: Vec<Drawn>,
    /// No tile has a value.
    empty: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Drawn {
    x: String,
    y: String,
    width: String,
    height: String,
    /// The middle of the tile.
    middle: String,
    /// One or two lines of its name.
    name: Vec<Text>,
    /// Its figure, or in one or two lines why there is none.
    value: Vec<Text>,
    shown: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Text {
    text: String,
    y: String,
}

const GAP: f64 = 6.0;
/// From one line of text to the next.
const LINE: f64 = 15.0;

impl Tiles {
    /// Draws tiles. The narrow drawing breaks names of two words or more over two lines.
    pub(crate) fn draw(tiles: &[Tile], unit: Unit, size: Size) -> Tiles {
        let across = f64::from(tiles.iter().map(|tile| tile.column).max().unwrap_or(0) + 1);
        let down = f64::from(tiles.iter().map(|tile| tile.row).max().unwrap_or(0) + 1);
        let width = size.pick(520.0, 330.0);
        let (wide, high) = ((width - GAP * (across - 1.0)) / across, size.pick(52.0, 72.0));
        let drawn = tiles.iter().map(|tile| {
            let (x, y) = (f64::from(tile.column) * (wide + GAP), f64::from(tile.row) * (high + GAP));
            let lines = match size {
                Size::Wide => vec![tile.name.clone()],
                Size::Narrow => two_lines(&tile.name),
            };
            let first = y + size.pick(20.0, if lines.len() == 1 { 24.0 } else { 17.0 });
            let name = lines.into_iter().scan(first, |place, text| {
                let y = at(*place);
                *place += LINE;
                Some(Text { text, y })
            });
            let value = match (&tile.value, size) {
                (Ok(value), _) => vec![unit.value_label(*value)],
                (Err(why), Size::Wide) => vec![why.clone()],
                (Err(why), Size::Narrow) => two_lines(why),
            };
            let last = y + high - size.pick(11.0, 10.0);
            let from_the_last = (0..value.len()).rev().map(|lines| lines as f64 * LINE);
            let value = value.into_iter().zip(from_the_last).map(|(text, above)| Text { text, y: at(last - above) });
            Drawn {
                x: at(x),
                y: at(y),
                width: at(wide),
                height: at(high),
                middle: at(x + wide / 2.0),
                name: name.collect(),
                value: value.collect(),
                shown: tile.value.is_ok(),
            }
        });
        Tiles {
            width: at(width),
            height: at(down * high + (down - 1.0) * GAP),
            tiles: drawn.collect(),
            empty: tiles.iter().all(|tile| tile.value.is_err()),
        }
    }
}

fn two_lines(name: &str) -> Vec<String> {
    match name.rsplit_once(' ') {
        Some((first, last)) => vec![first.to_owned(), last.to_owned()],
        None => vec![name.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles() -> Vec<Tile> {
        let tile = |name: &str, column, row, value: Result<f64, &str>| Tile {
            name: name.into(),
            column,
            row,
            value: value.map_err(str::to_owned),
        };
        vec![
            tile("Møre og Romsdal", 0, 1, Ok(280.0)),
            tile("Finnmark", 2, 0, Err("skjult")),
            tile("Oslo", 1, 1, Ok(0.0)),
        ]
    }

    #[test]
    fn a_tile_lies_where_it_is_put_and_says_why_it_has_no_figure() {
        let drawn = Tiles::draw(&tiles(), Unit::Weeks, Size::Wide);
        let value = |at: usize| (drawn.tiles[at].value[0].text.as_str(), drawn.tiles[at].shown);
        assert_eq!([value(0), value(1), value(2)], [("40", true), ("skjult", false), ("0", true)]);
        assert_eq!((drawn.tiles[1].x.as_str(), drawn.tiles[1].y.as_str()), ("350.7", "0"));
        assert_eq!((drawn.tiles[0].x.as_str(), drawn.tiles[0].y.as_str()), ("0", "58"));
        assert_eq!((drawn.height.as_str(), drawn.empty), ("110", false));
        assert!(Tiles::draw(&tiles()[1..2], Unit::Weeks, Size::Wide).empty);
    }

    #[test]
    fn long_names_take_two_lines_on_a_narrow_screen() {
        let drawn = Tiles::draw(&tiles(), Unit::Weeks, Size::Narrow);
        let lines: Vec<&str> = drawn.tiles[0].name.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["Møre og", "Romsdal"]);
        assert_eq!((drawn.tiles[1].name.len(), drawn.tiles[1].value.len()), (1, 1));
        let mut hidden = tiles();
        hidden[0].value = Err("ikke tilgjengelig".into());
        assert_eq!(Tiles::draw(&hidden, Unit::Weeks, Size::Narrow).tiles[0].value.len(), 2);
    }
}
