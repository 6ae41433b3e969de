//! What templates may do with values: write them for a reader, pick rows, add up counts.
//!
//! Knows nothing of single tables or pages. Every filter turns an absent value into words that say why,
//! and adding up an absent count gives an absent sum.

use std::sync::Arc;

use jiff::civil::Date;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use super::number;
use super::table::Absent;
use super::texts::Texts;
use crate::calendar::Month;

/// An error in a template, or in what a template did with a value.
pub(super) fn refuse(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

/// Registers filters, tests and the `andel` function.
pub(super) fn register(env: &mut Environment<'static>, texts: &Arc<Texts>) {
    let with = |write: fn(&Texts, &Value) -> Result<String, Error>| {
        let texts = texts.clone();
        move |value: Value| written(&texts, &value, write)
    };
    env.add_filter("antall", with(|_, value| Ok(number::grouped(integer(value)?))));
    env.add_filter(
        "prosent",
        with(|_, value| number::share_tenths(float(value)?).map(number::percent).ok_or_else(not_finite)),
    );
    env.add_filter("forholdstall", with(|_, value| number::decimal(float(value)?, 2).ok_or_else(not_finite)));
    env.add_filter("desimal", with(|_, value| number::decimal(float(value)?, 1).ok_or_else(not_finite)));
    env.add_filter("hele_prosent", with(|_, value| Ok(number::whole_percent(integer(value)?))));
    env.add_filter("kroner", with(|_, value| Ok(number::kroner(integer(value)?))));
    env.add_filter("maaned", with(|texts, value| month_with_year(texts, month(value)?)));
    env.add_filter("dato", with(day));
    let rate_texts = texts.clone();
    env.add_function("andel", move |numerator: Value, denominator: Value, share: Option<Value>| {
        rate(&rate_texts, &numerator, &denominator, share.as_ref())
    });
    env.add_filter("present", present);
    env.add_filter("between", between);
    env.add_filter("sum", sum);
    env.add_filter("first", |rows: Value| Ok::<_, Error>(rows.try_iter()?.next().unwrap_or_default()));
    env.add_filter("last", |rows: Value| Ok::<_, Error>(rows.try_iter()?.last().unwrap_or_default()));
    env.add_filter("length", |rows: Value| rows.len().ok_or_else(|| refuse("only a list has a length")));
    env.add_test("absent", |value: &Value| value.downcast_object_ref::<Absent>().is_some());
    env.add_test("startingwith", |text: &str, start: &str| text.starts_with(start));
}

/// A value in words; an absent one says that it is absent, and why.
fn written(texts: &Texts, value: &Value, write: fn(&Texts, &Value) -> Result<String, Error>) -> Result<String, Error> {
    match value.downcast_object_ref::<Absent>() {
        Some(absent) => absence(texts, absent),
        None => write(texts, value),
    }
}

fn absence(texts: &Texts, absent: &Absent) -> Result<String, Error> {
    let text = match (&absent.reason, absent.hidden) {
        (_, true) => texts.get("verdi.skjult", &[]),
        (Some(reason), false) => texts.get("verdi.mangler_fordi", &[("grunn", reason)]),
        (None, false) => texts.get("verdi.mangler", &[]),
    };
    text.map_err(|error| refuse(error.to_string()))
}

/// `andel(reservert, forskrivninger)`: a rate from counts. The third argument is the share to write without counts.
fn rate(texts: &Texts, numerator: &Value, denominator: &Value, share: Option<&Value>) -> Result<String, Error> {
    let absent = [numerator, denominator].into_iter().find_map(|value| value.downcast_object_ref::<Absent>());
    match (absent, share) {
        (None, _) => match number::rate_tenths(integer(numerator)?, integer(denominator)?) {
            Some(tenths) => Ok(number::percent(tenths)),
            None => texts.get("verdi.uten_nevner", &[]).map_err(|error| refuse(error.to_string())),
        },
        (Some(_), Some(share)) => written(texts, share, |_, share| {
            number::share_tenths(float(share)?).map(number::percent).ok_or_else(not_finite)
        }),
        (Some(absent), None) => absence(texts, absent),
    }
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

/// A cell of a row; a column that the row does not have is an error.
pub(super) fn cell(row: &Value, column: &str) -> Result<Value, Error> {
    let cell = row.get_attr(column)?;
    if cell.is_undefined() { Err(refuse(format!("there is no column '{column}'"))) } else { Ok(cell) }
}

/// A cell as a number, `None` when it is absent.
pub(super) fn figure(cell: &Value) -> Result<Option<f64>, Error> {
    if cell.downcast_object_ref::<Absent>().is_some() { Ok(None) } else { float(cell).map(Some) }
}

/// A cell as a count, `None` when it is absent.
pub(super) fn count(cell: &Value) -> Result<Option<i64>, Error> {
    if cell.downcast_object_ref::<Absent>().is_some() { Ok(None) } else { integer(cell).map(Some) }
}

/// A month, from `2026-10` or 202610.
pub(super) fn month(value: &Value) -> Result<Month, Error> {
    let month = match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64().and_then(|number| i32::try_from(number).ok()).and_then(Month::from_number),
    };
    month.ok_or_else(|| refuse("not a month"))
}

/// `oktober 2026`.
fn month_with_year(texts: &Texts, month: Month) -> Result<String, Error> {
    let first = month.first_day();
    let name = month_name(texts, "navn", first)?;
    texts
        .get("maaned.med_aar", &[("maaned", &name), ("aar", &first.year().to_string())])
        .map_err(|error| refuse(error.to_string()))
}

/// `okt.`, for axes.
pub(super) fn short_month(texts: &Texts, month: Month) -> Result<String, Error> {
    month_name(texts, "kort", month.first_day())
}

fn month_name(texts: &Texts, form: &str, date: Date) -> Result<String, Error> {
    texts.get(&format!("maaned.{form}_{:02}", date.month()), &[]).map_err(|error| refuse(error.to_string()))
}

/// `10. november 2026`.
fn day(texts: &Texts, value: &Value) -> Result<String, Error> {
    let date: Date = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| refuse("not a date"))?;
    let month = month_name(texts, "navn", date)?;
    texts
        .get("dato", &[("dag", &date.day().to_string()), ("maaned", &month), ("aar", &date.year().to_string())])
        .map_err(|error| refuse(error.to_string()))
}

fn integer(value: &Value) -> Result<i64, Error> {
    value.as_i64().filter(|_| value.is_integer()).ok_or_else(|| refuse("not a whole number"))
}

fn float(value: &Value) -> Result<f64, Error> {
    if value.kind() != ValueKind::Number {
        return Err(refuse("not a number"));
    }
    f64::try_from(value.clone())
}

fn not_finite() -> Error {
    refuse("not a finite number")
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    const TEXTS: &str = r#"
dato = "{dag}. {maaned} {aar}"
maaned.med_aar = "{maaned} {aar}"
maaned.navn_10 = "oktober"
verdi.mangler = "ikke tilgjengelig"
verdi.mangler_fordi = "ikke tilgjengelig ({grunn})"
verdi.skjult = "skjult"
verdi.uten_nevner = "ingen å regne av"
"#;

    fn show(expression: &str) -> Result<String, Error> {
        let mut env = Environment::empty();
        register(&mut env, &Arc::new(Texts::parse(TEXTS).unwrap()));
        let absent = |hidden| Value::from_object(Absent { reason: Some("for få".into()), hidden });
        let row = |n: Value| Value::from_pairs([("n", n)]);
        env.render_str(
            &format!("{{{{ {expression} }}}}"),
            context! {
                absent => absent(false),
                hidden => absent(true),
                rows => vec![row(Value::from(2)), row(Value::from(40))],
                gaps => vec![row(Value::from(2)), row(absent(false))],
                none => Vec::<Value>::new(),
            },
        )
    }

    #[test]
    fn values_are_written_for_a_norwegian_reader() {
        for (expression, expected) in [
            ("1234|antall", "1\u{202f}234"),
            ("0.0425|prosent", "4,3\u{a0}%"),
            ("1.005|forholdstall", "1,00"),
            ("12.35|desimal", "12,4"),
            ("'2026-10'|maaned", "oktober 2026"),
            ("202610|maaned", "oktober 2026"),
            ("'2026-10-01'|dato", "1. oktober 2026"),
            ("andel(5, 119)", "4,2\u{a0}%"),
            ("rows|sum('n')|antall", "42"),
        ] {
            assert_eq!(show(expression).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn an_absent_value_says_so_and_why() {
        for (expression, expected) in [
            ("absent|antall", "ikke tilgjengelig (for få)"),
            ("hidden|prosent", "skjult"),
            ("andel(absent, 10)", "ikke tilgjengelig (for få)"),
            ("andel(absent, 10, 0.5)", "50,0\u{a0}%"),
            ("andel(absent, absent, hidden)", "skjult"),
            ("andel(0, 0)", "ingen å regne av"),
            ("gaps|sum('n')|antall", "ikke tilgjengelig (for få)"),
            ("none|sum('n')|antall", "ikke tilgjengelig"),
            ("gaps|present('n')|length", "1"),
        ] {
            assert_eq!(show(expression).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_an_error() {
        for expression in ["0.5|antall", "'x'|prosent", "202613|maaned", "'2026'|dato", "rows|sum('m')", "true|antall"]
        {
            assert!(show(expression).is_err(), "{expression}");
        }
    }
}
