//! Charts that compare places, as templates call them: a map of tiles, and a funnel.
//!
//! Knows no place: names, where they lie and limits are given.

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

use super::chart::{self, AreaFunnel, AreaPoint, Tile, Tiles};
use super::environment::{bar, size, string, unit};
use super::filter::{cell, count, figure, refuse};
use super::texts::Texts;
use std::sync::Arc;

/// What a place is called in more than one language stands between these.
const BETWEEN_LANGUAGES: &str = " - ";

pub(super) fn register(env: &mut Environment<'static>, texts: &Arc<Texts>) {
    let words = texts.clone();
    // `tile_chart(rows, {"key": …, "name": …, "value": …}, tiles=[{"key": …, "column": …, "row": …}, …])`.
    env.add_function("tile_chart", move |rows: Value, columns: Value, options: Kwargs| {
        let places: Vec<Value> = options.get("tiles")?;
        let (size, unit) = (size(&options)?, unit(&options)?);
        options.assert_all_used()?;
        let key = string(&columns, "key")?;
        let mut tiles = Vec::new();
        for row in rows.try_iter()? {
            let own = string(&row, &key)?;
            for place in &places {
                if string(place, "key")? == own {
                    tiles.push(tile(&words, &row, &columns, place)?);
                }
            }
        }
        Ok::<_, Error>(chart::to_value(Tiles::draw(&tiles, unit, size)))
    });
    // `area_funnel_chart(rows, {"name": …, "count": …, "share": …, "low": …, "high": …, "lowest": …, "highest": …}, unit=…)`;
    // `top` is where the axis of shares or rates ends.
    env.add_function("area_funnel_chart", |rows: Value, columns: Value, options: Kwargs| {
        let middle = figure(&options.get::<Value>("middle")?)?;
        let axes = (options.get("x_axis")?, options.get("y_axis")?);
        let (size, unit) = (size(&options)?, unit(&options)?);
        let top: Option<f64> = options.get("top")?;
        options.assert_all_used()?;
        let points =
            rows.try_iter()?.map(|row| point(&row, &columns)).collect::<Result<Vec<Option<AreaPoint>>, Error>>()?;
        let points: Vec<AreaPoint> = points.into_iter().flatten().collect();
        Ok::<_, Error>(chart::to_value(AreaFunnel::draw(&points, middle, axes, (unit, top), size)))
    });
}

fn tile(texts: &Texts, row: &Value, columns: &Value, place: &Value) -> Result<Tile, Error> {
    let place = |part: &str| {
        let number = count(&cell(place, part)?)?.and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| refuse(format!("a tile's '{part}' is no number from 0")))
    };
    let drawn = bar(texts, row, columns)?;
    Ok(Tile { name: short(&drawn.name), column: place("column")?, row: place("row")?, value: drawn.value })
}

/// A place's row; none when its share or a limit is absent.
fn point(row: &Value, columns: &Value) -> Result<Option<AreaPoint>, Error> {
    let of = |part: &str| figure(&cell(row, &string(columns, part)?)?);
    let name = short(&string(row, &string(columns, "name")?)?);
    let (count, share) = (of("count")?, of("share")?);
    let (inner, outer) = (of("low")?.zip(of("high")?), of("lowest")?.zip(of("highest")?));
    let all = count.zip(share).zip(inner.zip(outer));
    Ok(all.map(|((count, share), (inner, outer))| AreaPoint { name, count, share, inner, outer }))
}

/// The first of a place's names.
fn short(name: &str) -> String {
    name.split(BETWEEN_LANGUAGES).next().unwrap_or(name).to_owned()
}
