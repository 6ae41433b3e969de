//! What templates may do with values: write them for a reader.
//!
//! Knows nothing of single tables or pages. Every filter turns an absent value into words that say why.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use super::number;
use super::period::Period;
use super::rows;
use super::table::Absent;
use super::texts::Texts;
use crate::calendar::Month;

/// An error in a template, or in what a template did with a value.
pub(super) fn refuse(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

/// Registers filters, those for rows too, tests and the `andel` function.
pub(super) fn register(env: &mut Environment<'static>, texts: &Arc<Texts>) {
    let with = |write: fn(&Texts, &Value) -> Result<String, Error>| {
        let texts = texts.clone();
        move |value: Value, options: Kwargs| {
            let short = options.get::<Option<bool>>("short")?.unwrap_or_default();
            options.assert_all_used()?;
            match value.downcast_object_ref::<Absent>().filter(|_| short) {
                Some(absent) => short_absence(&texts, absent),
                None => written(&texts, &value, write),
            }
        }
    };
    env.add_filter("antall", with(|_, value| Ok(number::grouped(integer(value)?))));
    env.add_filter(
        "prosent",
        with(|_, value| number::share_tenths(float(value)?).map(number::percent).ok_or_else(not_finite)),
    );
    env.add_filter("forholdstall", with(|_, value| number::decimal(float(value)?, 2).ok_or_else(not_finite)));
    env.add_filter("desimal", with(|_, value| number::decimal(float(value)?, 1).ok_or_else(not_finite)));
    let limit_texts = texts.clone();
    env.add_filter("desimal_under", move |value: Value, limit: String| {
        written(&limit_texts, &value, |_, value| number::decimal(float(value)?, 1).ok_or_else(not_finite)).and_then(
            |decimal| if is_rounded_up(&value, &limit) { just_below(&limit_texts, &limit) } else { Ok(decimal) },
        )
    });
    env.add_filter("sannsynlighet", with(|texts, value| probability(texts, float(value)?)));
    env.add_filter(
        "prosentpoeng",
        with(|_, value| number::share_tenths(float(value)?).map(number::points).ok_or_else(not_finite)),
    );
    env.add_filter("hele_prosent", with(|_, value| Ok(number::whole_percent(integer(value)?))));
    env.add_filter("hele_kroner", with(|_, value| number::whole_kroner(float(value)?).ok_or_else(not_finite)));
    env.add_filter("kroner", with(|_, value| Ok(number::kroner(integer(value)?))));
    env.add_filter("maaned", with(|texts, value| month_with_year(texts, month(value)?)));
    env.add_filter("dato", with(day));
    env.add_filter("tidspunkt", with(moment));
    env.add_filter("varighet", with(duration));
    env.add_filter("uker", with(weeks));
    env.add_filter("periode", with(|texts, value| period_in_words(texts, period(value)?)));
    let rate_texts = texts.clone();
    env.add_function("andel", move |numerator: Value, denominator: Value, share: Option<Value>| {
        rate(&rate_texts, &numerator, &denominator, share.as_ref())
    });
    rows::register(env);
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

/// Whether a number is below a limit that it is rounded to.
fn is_rounded_up(value: &Value, limit: &str) -> bool {
    let known = float(value).ok().zip(limit.parse::<f64>().ok());
    known.is_some_and(|(number, limit)| number < limit && number::decimal(number, 1) == number::decimal(limit, 1))
}

/// A probability with four decimals. None is 0, so a smaller one is said to be smaller.
fn probability(texts: &Texts, number: f64) -> Result<String, Error> {
    let decimal = |number| number::decimal(number, 4).ok_or_else(not_finite);
    match (decimal(number)?, decimal(0.0)?, decimal(0.000_1)?) {
        (written, none, least) if written == none => {
            texts.get("verdi.under", &[("grense", &least)]).map_err(|error| refuse(error.to_string()))
        }
        (written, ..) => Ok(written),
    }
}

fn just_below(texts: &Texts, limit: &str) -> Result<String, Error> {
    texts.get("verdi.litt_under", &[("grense", limit)]).map_err(|error| refuse(error.to_string()))
}

/// That there is no value, in as few words as a chart or a wide table has room for.
pub(super) fn short_absence(texts: &Texts, absent: &Absent) -> Result<String, Error> {
    let key = if absent.hidden { "verdi.skjult" } else { "verdi.mangler" };
    texts.get(key, &[]).map_err(|error| refuse(error.to_string()))
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

/// A period, from `2026-08`, `2026-T2` or `2026`, or a month as a number.
pub(super) fn period(value: &Value) -> Result<Period, Error> {
    match value.as_str() {
        Some(text) => text.parse().map_err(|_| refuse("not a period")),
        None => month(value).map(Period::Month),
    }
}

/// `august 2026`, `2. tertial 2026`, `2026`.
fn period_in_words(texts: &Texts, period: Period) -> Result<String, Error> {
    let year = period.year().to_string();
    match period {
        Period::Month(month) => month_with_year(texts, month),
        Period::Tertial { number, .. } => texts
            .get("periode.tertial", &[("nr", &number.to_string()), ("aar", &year)])
            .map_err(|error| refuse(error.to_string())),
        Period::Year(_) => Ok(year),
    }
}

/// `aug.`, `T2`, `2026`: for axes, where the year stands beside.
pub(super) fn short_period(texts: &Texts, period: Period) -> Result<String, Error> {
    match period {
        Period::Month(month) => month_name(texts, "kort", month.first_day()),
        Period::Tertial { number, .. } => {
            let short = texts.get("periode.tertial_kort", &[("nr", &number.to_string())]);
            short.map_err(|error| refuse(error.to_string()))
        }
        Period::Year(year) => Ok(year.to_string()),
    }
}

/// Days as `12 uker`.
fn weeks(texts: &Texts, value: &Value) -> Result<String, Error> {
    let weeks = number::weeks(float(value)?).ok_or_else(not_finite)?;
    let key = if weeks == 1 { "verdi.uker.one" } else { "verdi.uker.other" };
    texts.get(key, &[("n", &number::grouped(weeks))]).map_err(|error| refuse(error.to_string()))
}

/// `oktober 2026`.
fn month_with_year(texts: &Texts, month: Month) -> Result<String, Error> {
    let first = month.first_day();
    let name = month_name(texts, "navn", first)?;
    texts
        .get("maaned.med_aar", &[("maaned", &name), ("aar", &first.year().to_string())])
        .map_err(|error| refuse(error.to_string()))
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

/// `10. november 2026 kl. 03.14`.
fn moment(texts: &Texts, value: &Value) -> Result<String, Error> {
    let moment: DateTime = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| refuse("not a time"))?;
    let date = day(texts, &Value::from(moment.date().to_string()))?;
    let time = format!("{:02}.{:02}", moment.hour(), moment.minute());
    texts.get("tidspunkt", &[("dato", &date), ("tid", &time)]).map_err(|error| refuse(error.to_string()))
}

/// Seconds as `0,4 s`, `59 s`, `2 min 5 s` or `1 t 20 min`.
fn duration(texts: &Texts, value: &Value) -> Result<String, Error> {
    let seconds = float(value)?;
    let whole = number::whole(seconds).filter(|whole| *whole >= 0).ok_or_else(not_finite)?;
    let text = |key: &str, slots: [(&str, i64); 2]| {
        let slots = slots.map(|(name, n)| (name, number::grouped(n)));
        texts.get(key, &slots.each_ref().map(|(name, n)| (*name, n.as_str())))
    };
    let text = match whole {
        0..10 => {
            let seconds = number::decimal(seconds, 1).ok_or_else(not_finite)?;
            texts.get("verdi.varighet.sekunder", &[("s", &seconds)])
        }
        10..60 => texts.get("verdi.varighet.sekunder", &[("s", &whole.to_string())]),
        60..3600 => text("verdi.varighet.minutter", [("m", whole / 60), ("s", whole % 60)]),
        _ => text("verdi.varighet.timer", [("t", whole / 3600), ("m", whole % 3600 / 60)]),
    };
    text.map_err(|error| refuse(error.to_string()))
}

pub(super) fn integer(value: &Value) -> Result<i64, Error> {
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
tidspunkt = "{dato} kl. {tid}"
verdi.varighet.sekunder = "{s} s"
verdi.varighet.minutter = "{m} min {s} s"
verdi.varighet.timer = "{t} t {m} min"
verdi.uker.one = "{n} uke"
verdi.uker.other = "{n} uker"
periode.tertial = "{nr}. tertial {aar}"
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
            ("7|uker", "1 uke"),
            ("74.5|uker", "11 uker"),
            ("'2026-T2'|periode", "2. tertial 2026"),
            ("'2025'|periode", "2025"),
            ("'2026-10'|periode", "oktober 2026"),
            ("'2026-10-01T03:04:59'|tidspunkt", "1. oktober 2026 kl. 03.04"),
            ("0.42|varighet", "0,4 s"),
            ("59.4|varighet", "59 s"),
            ("59.6|varighet", "1 min 0 s"),
            ("4830|varighet", "1 t 20 min"),
        ] {
            assert_eq!(show(expression).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn an_absent_value_says_so_and_why() {
        for (expression, expected) in [
            ("absent|antall", "ikke tilgjengelig (for få)"),
            ("hidden|prosent", "skjult"),
            ("absent|antall(short=true)", "ikke tilgjengelig"),
            ("7|antall(short=true)", "7"),
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
        for expression in [
            "0.5|antall",
            "'x'|prosent",
            "202613|maaned",
            "'2026'|dato",
            "rows|sum('m')",
            "true|antall",
            "'x'|varighet",
        ] {
            assert!(show(expression).is_err(), "{expression}");
        }
    }
}
