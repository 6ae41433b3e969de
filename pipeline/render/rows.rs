//! What templates may do with lists of rows: pick some, put others beside them, order them, add up counts.
//!
//! Knows nothing of single tables or pages. A column that a row does not have is an error; an absent value is never
//! taken for zero: adding up an absent count gives an absent sum.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error};

use super::filter::{cell, figure, integer, month, period, refuse};
use super::table::{Absent, Row};

/// Registers the filters.
pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("present", present);
    env.add_filter("between", between);
    env.add_filter("where", |rows: Value, wanted: Kwargs| matching(&rows, &wanted, true));
    env.add_filter("without", |rows: Value, unwanted: Kwargs| matching(&rows, &unwanted, false));
    env.add_filter("find", find);
    env.add_filter("joined", joined);
    env.add_filter("absent_last", absent_last);
    env.add_filter("falling", falling);
    env.add_filter("highest", highest);
    env.add_filter("ended", ended);
    env.add_filter("distinct", distinct);
    env.add_filter("newest", newest);
    env.add_filter("top", top);
    env.add_filter("sum", sum);
    env.add_filter("first", |rows: Value| Ok::<_, Error>(rows.try_iter()?.next().unwrap_or_default()));
    env.add_filter("last", |rows: Value| Ok::<_, Error>(rows.try_iter()?.last().unwrap_or_default()));
    env.add_filter("length", |rows: Value| rows.len().ok_or_else(|| refuse("only a list has a length")));
}

/// The rows that have a value in a column.
fn present(rows: Value, column: &str) -> Result<Value, Error> {
    let mut kept = Vec::new();
    for row in rows.try_iter()? {
        let cell = cell(&row, column)?;
        if cell.downcast_object_ref::<Absent>().is_none() {
            kept.push(row);
        }
    }
    Ok(Value::from(kept))
}

/// The rows whose column lies between two values, both included.
fn between(rows: Value, column: &str, low: Value, high: Value) -> Result<Value, Error> {
    let mut kept = Vec::new();
    for row in rows.try_iter()? {
        let cell = cell(&row, column)?;
        if cell >= low && cell <= high {
            kept.push(row);
        }
    }
    Ok(Value::from(kept))
}

/// The sum of a column of counts. One absent count, or no row at all, makes the sum absent.
fn sum(rows: Value, column: &str) -> Result<Value, Error> {
    let mut total = None;
    for row in rows.try_iter()? {
        let cell = cell(&row, column)?;
        if cell.downcast_object_ref::<Absent>().is_some() {
            return Ok(cell);
        }
        let sum = total.unwrap_or(0_i64).checked_add(integer(&cell)?);
        total = Some(sum.ok_or_else(|| refuse("the sum is too large"))?);
    }
    Ok(total.map_or_else(|| Value::from_object(Absent { reason: None, hidden: false }), Value::from))
}

/// `rows|where(a="x", b=["y", "z"])`: the rows that have these values; `without` those that do not. A list stands for
/// any of its values.
fn matching(rows: &Value, wanted: &Kwargs, keep: bool) -> Result<Value, Error> {
    let mut conditions = Vec::new();
    for column in wanted.args() {
        let value: Value = wanted.get(column)?;
        let any: Vec<Value> = if value.kind() == ValueKind::Seq { value.try_iter()?.collect() } else { vec![value] };
        conditions.push((column, any));
    }
    if conditions.is_empty() {
        return Err(refuse("where and without need a column"));
    }
    let mut kept = Vec::new();
    for row in rows.try_iter()? {
        let mut all = true;
        for (column, any) in &conditions {
            all = all && any.contains(&cell(&row, column)?);
        }
        if all == keep {
            kept.push(row);
        }
    }
    Ok(Value::from(kept))
}

/// `rows|find(a="x")`: the one row that has these values. Where there is none, a row in which every value is absent;
/// where there are several, an error.
fn find(rows: Value, wanted: Kwargs) -> Result<Value, Error> {
    let found = matching(&rows, &wanted, true)?;
    match found.len() {
        Some(1) => found.get_item_by_index(0),
        Some(0) => Ok(Value::from_object(Row::of(names(&rows)?.into_iter().map(|name| (name, None))))),
        _ => Err(refuse("several rows have these values")),
    }
}

/// `rows|joined(others, "nr", "omraade")`: each row with the columns of the other whose `omraade` is its `nr`. A column
/// that both have is the first one's; where there is no other, its columns are absent.
fn joined(rows: Value, others: Value, own: &str, theirs: &str) -> Result<Value, Error> {
    let other_names = names(&others)?;
    let mut keyed = Vec::new();
    for other in others.try_iter()? {
        keyed.push((cell(&other, theirs)?, other));
    }
    let mut merged = Vec::new();
    for row in rows.try_iter()? {
        let key = cell(&row, own)?;
        let mut matches = keyed.iter().filter(|(candidate, _)| *candidate == key).map(|(_, other)| other);
        let other = matches.next();
        if matches.next().is_some() {
            return Err(refuse("several rows could be joined to one"));
        }
        let own_names = keys(&row)?;
        let mut columns = Vec::new();
        for name in &own_names {
            columns.push((name.clone(), Some(cell(&row, name)?)));
        }
        for name in other_names.iter().filter(|name| !own_names.contains(name)) {
            columns.push((name.clone(), other.map(|other| cell(other, name)).transpose()?));
        }
        merged.push(Value::from_object(Row::of(columns)));
    }
    Ok(Value::from(merged))
}

/// The rows with those last that have no value in a column; otherwise in the order given.
fn absent_last(rows: Value, column: &str) -> Result<Value, Error> {
    let (mut there, mut absent) = (Vec::new(), Vec::new());
    for row in rows.try_iter()? {
        let is_there = cell(&row, column)?.downcast_object_ref::<Absent>().is_none();
        if is_there { &mut there } else { &mut absent }.push(row);
    }
    there.append(&mut absent);
    Ok(Value::from(there))
}

/// The rows with the greatest number in a column first, those without one last; equals in the order given (D3).
fn falling(rows: Value, column: &str) -> Result<Value, Error> {
    let mut all = Vec::new();
    for row in absent_last(rows, column)?.try_iter()? {
        let number = figure(&cell(&row, column)?)?;
        all.push((number, row));
    }
    let number = |figure: &Option<f64>| figure.unwrap_or(f64::NEG_INFINITY);
    all.sort_by(|(a, _), (b, _)| number(b).total_cmp(&number(a)));
    Ok(all.into_iter().map(|(_, row)| row).collect())
}

/// The first `n` rows.
fn top(rows: Value, n: usize) -> Result<Value, Error> {
    Ok(Value::from(rows.try_iter()?.take(n).collect::<Vec<Value>>()))
}

/// The greatest value of a column; absent when no row has one.
fn highest(rows: Value, column: &str) -> Result<Value, Error> {
    let mut highest = None;
    for row in present(rows, column)?.try_iter()? {
        highest = highest.max(Some(cell(&row, column)?));
    }
    Ok(highest.unwrap_or_else(|| Value::from_object(Absent { reason: None, hidden: false })))
}

/// The rows whose period, in a column, ends by a month; none when the month is absent.
fn ended(rows: Value, column: &str, by: Value) -> Result<Value, Error> {
    let mut kept = Vec::new();
    if by.downcast_object_ref::<Absent>().is_none() {
        let by = month(&by)?;
        for row in rows.try_iter()? {
            if period(&cell(&row, column)?)?.last_month() <= by {
                kept.push(row);
            }
        }
    }
    Ok(Value::from(kept))
}

/// The different values of a column, in the order in which they first stand.
fn distinct(rows: Value, column: &str) -> Result<Value, Error> {
    let mut values = Vec::new();
    for row in rows.try_iter()? {
        let value = cell(&row, column)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(Value::from(values))
}

/// The last `n` of a list, the last one first.
fn newest(rows: Value, n: usize) -> Result<Value, Error> {
    let all: Vec<Value> = rows.try_iter()?.collect();
    Ok(Value::from(all.into_iter().rev().take(n).collect::<Vec<Value>>()))
}

/// The columns of the first row; none where there is no row.
fn names(rows: &Value) -> Result<Vec<String>, Error> {
    rows.try_iter()?.next().map_or_else(|| Ok(Vec::new()), |row| keys(&row))
}

fn keys(row: &Value) -> Result<Vec<String>, Error> {
    Ok(row.try_iter()?.filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use minijinja::context;

    use super::*;
    use crate::render::filter;
    use crate::render::texts::Texts;

    const TEXTS: &str = r#"
periode.tertial = "{nr}. tertial {aar}"
verdi.mangler = "ikke tilgjengelig"
verdi.skjult = "skjult"
"#;

    fn show(expression: &str) -> Result<String, Error> {
        let mut env = Environment::empty();
        filter::register(&mut env, &Arc::new(Texts::parse(TEXTS).unwrap()));
        let absent = || Value::from_object(Absent { reason: None, hidden: true });
        let place = |nr: &str, period: &str| Value::from_pairs([("nr", nr), ("periode", period)]);
        let figure = |place: &str, n: Value| Value::from_pairs([("omraade", Value::from(place)), ("n", n)]);
        env.render_str(
            &format!("{{{{ {expression} }}}}"),
            context! {
                absent => absent(),
                none => Vec::<Value>::new(),
                places => vec![place("03", "2026-T1"), place("11", "2026-T2"), place("56", "2025")],
                figures => vec![figure("11", Value::from(7)), figure("03", absent()), figure("x", Value::from(1))],
            },
        )
    }

    #[test]
    fn rows_are_picked_put_beside_others_and_ordered() {
        for (expression, expected) in [
            ("(places|where(nr=['03', '56'])|last).nr", "56"),
            ("places|without(nr=['03', '56'])|length", "1"),
            ("(places|find(nr='11')).periode|periode", "2. tertial 2026"),
            ("(places|find(nr='99')).periode|periode", "ikke tilgjengelig"),
            ("(places|joined(figures, 'nr', 'omraade')|first).n|antall", "skjult"),
            ("(places|joined(figures, 'nr', 'omraade')|last).n|antall", "ikke tilgjengelig"),
            ("(places|joined(figures, 'nr', 'omraade')|absent_last('n')|first).nr", "11"),
            ("(places|joined(figures, 'nr', 'omraade')|absent_last('n')|last).nr", "56"),
            ("(places|joined(figures, 'nr', 'omraade')|falling('n')|first).nr", "11"),
            ("(places|joined(figures, 'nr', 'omraade')|falling('n')|last).nr", "56"),
            ("places|where(nr=['03', '11'])|highest('periode')|periode", "2. tertial 2026"),
            ("none|highest('periode')|periode", "ikke tilgjengelig"),
            ("(figures|falling('n')|first).omraade", "11"),
            ("(figures|falling('n')|last).omraade", "03"),
            ("(figures|falling('n')|top(2)|last).omraade", "x"),
            ("places|ended('periode', '2026-07')|length", "2"),
            ("places|ended('periode', absent)|length", "0"),
            ("figures|distinct('omraade')|newest(2)|last", "03"),
        ] {
            assert_eq!(show(expression).unwrap(), expected, "{expression}");
        }
        for expression in [
            "figures|find(n=[1, 7])|length",
            "places|where(fylke='03')",
            "places|where()",
            "figures|ended('n', '2026-01')",
            "figures|falling('omraade')",
        ] {
            assert!(show(expression).is_err(), "{expression}");
        }
    }
}
