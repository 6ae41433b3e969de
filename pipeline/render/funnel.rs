//! `funnel_chart(rows, …)`: a funnel's rows, as a template has them, become its drawing.
//!
//! Knows the columns of the funnel's table, and nothing of coordinates.

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

use super::chart::{self, Band, Funnel, OwnPoint, Size};
use super::filter::{cell, figure, refuse};

/// Registers the function.
pub(super) fn register(env: &mut Environment<'static>) {
    env.add_function("funnel_chart", |rows: Value, options: Kwargs| {
        let bands = rows.try_iter()?.map(|row| band(&row)).collect::<Result<Vec<Band>, Error>>()?;
        let expected = figure(&options.get::<Value>("expected")?)?;
        let ratio = figure(&options.get::<Value>("ratio")?)?;
        let label: String = options.get("label")?;
        let size = Size::named(options.get("size")?).ok_or_else(|| refuse("a chart's size is wide or narrow"))?;
        options.assert_all_used()?;
        let own = expected.zip(ratio).map(|(expected, ratio)| OwnPoint { expected, ratio, label });
        let drawn = Funnel::draw(&bands, own, size);
        Ok::<_, Error>(drawn.map_or_else(|| Value::from_pairs([("empty", true)]), chart::to_value))
    });
}

/// One row: where the band begins and ends, its limits and percentiles.
fn band(row: &Value) -> Result<Band, Error> {
    let read = |column: &str| figure(&cell(row, column)?);
    let there = |column: &str| read(column)?.ok_or_else(|| refuse(format!("a funnel without {column}")));
    Ok(Band {
        from: there("forventet_fra")?,
        to: read("forventet_til")?,
        limits: [
            (there("trakt95_nedre")?, there("trakt95_ovre")?),
            (there("trakt998_nedre")?, there("trakt998_ovre")?),
        ],
        half: read("p25")?.zip(read("p75")?),
        most: read("p10")?.zip(read("p90")?),
    })
}
