//! When a product's figures change for their readers (D4): the public on announced dates at 08:00 in Oslo, doctors on a
//! day of each month. A tree whose date has not come keeps the files of the release before.
//!
//! Knows dates and what a release says that it shows; nothing of tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, Shown};
use super::public::History;
use super::release::Releases;
use crate::config::{Config, NOTICE};
use crate::disk;

/// The hour of the day at which figures change, civil time in Oslo.
const HOUR: i8 = 8;

/// The trees whose figures change on dates of their own.
pub(super) const PUBLIC: &str = "offentlig";
pub(super) const DOCTORS: &str = "lege";

/// What becomes of one product's part of a tree tonight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It shows tonight's figures, from now on those of this date; absent where every run changes them.
    Now(Option<Date>),
    /// It keeps the files of the release before.
    Kept(Shown),
    /// It has never shown a figure; the first come on this date.
    Coming(Date),
}

impl Turn {
    /// What the manifest says of it: absent where every run changes it, and before its first date.
    pub(super) fn shown(&self, as_of: Date) -> Option<Shown> {
        match self {
            Turn::Now(date) => date.map(|date| Shown { as_of: as_of.to_string(), date: Some(date.to_string()) }),
            Turn::Kept(shown) => Some(shown.clone()),
            Turn::Coming(_) => None,
        }
    }
}

/// The public's turn: `dates` are the product's, `before` the release that is shown, `last` the figures that were public
/// last. The release may have none of the product, or be an earlier one that was rolled back to: a date whose figures
/// have been public is no news, whatever is shown now.
pub(super) fn public(
    dates: Option<&[Date]>,
    as_of: DateTime,
    product: &str,
    before: Option<&Manifest>,
    last: Option<&Shown>,
) -> Turn {
    let Some(dates) = dates else { return Turn::Now(None) };
    let is_news = |date: &Date| last.is_none_or(|last| is_after(*date, last));
    let passed = dates.iter().copied().rfind(|date| has_come(*date, as_of)).filter(is_news);
    let next = dates.iter().copied().find(|date| !has_come(*date, as_of));
    match (shown(product, PUBLIC, before), passed, next) {
        (Some(shown), Some(passed), _) if is_after(passed, &shown) => Turn::Now(Some(passed)),
        (Some(shown), _, _) => Turn::Kept(shown),
        (None, Some(passed), _) => Turn::Now(Some(passed)),
        (None, None, Some(next)) => Turn::Coming(next),
        // The last date's figures have been public, and no release has them any more.
        (None, None, None) => Turn::Now(last.and_then(|last| last.date.as_ref()?.parse().ok())),
    }
}

/// Doctors' turn: the last day of that number that has come.
pub(super) fn doctors(day: Option<i8>, as_of: DateTime, product: &str, before: Option<&Manifest>) -> Turn {
    let Some(day) = day else { return Turn::Now(None) };
    let this_month = as_of.date().first_of_month().saturating_add(i32::from(day - 1).days());
    let last = match has_come(this_month, as_of) {
        true => this_month,
        false => this_month.saturating_sub(1.month()),
    };
    match shown(product, DOCTORS, before) {
        Some(shown) if !is_after(last, &shown) => Turn::Kept(shown),
        _ => Turn::Now(Some(last)),
    }
}

/// What of a product's figures would wait for another night's date, in words; nothing where every run changes them.
pub fn waits(
    config: &Config,
    product: &str,
    as_of: DateTime,
    before: Option<&Manifest>,
) -> anyhow::Result<Vec<String>> {
    let dates = config.product(product).dates;
    let history = History::load(&config.root)?;
    let last = history.last(product).map(|switch| &switch.figures);
    let next = dates.public.iter().flatten().find(|date| !has_come(**date, as_of));
    let until = next.map_or("; no further date is announced".to_owned(), |date| format!(" until {date} 08:00"));
    let mut waits = Vec::new();
    match public(dates.public.as_deref(), as_of, product, before, last) {
        Turn::Now(_) => {}
        Turn::Kept(shown) => waits.push(format!("public figures stay those of {}{until}", shown.as_of)),
        Turn::Coming(date) => waits.push(format!("the first public figures come on {date} 08:00")),
    }
    if let (Some(day), Turn::Kept(shown)) = (dates.doctors, doctors(dates.doctors, as_of, product, before)) {
        waits.push(format!("doctors' figures stay those of {} until the next {day}th 08:00", shown.as_of));
    }
    Ok(waits)
}

/// Whether a product's public or doctors' figures would change tonight because their day has come.
pub fn falls_due(config: &Config, product: &str, as_of: DateTime, before: Option<&Manifest>) -> anyhow::Result<bool> {
    let dates = config.product(product).dates;
    let history = History::load(&config.root)?;
    let last = history.last(product).map(|switch| &switch.figures);
    let public = public(dates.public.as_deref(), as_of, product, before, last);
    let doctors = doctors(dates.doctors, as_of, product, before);
    Ok([public, doctors].iter().any(|turn| matches!(turn, Turn::Now(Some(_)))))
}

fn has_come(date: Date, as_of: DateTime) -> bool {
    date.at(HOUR, 0, 0, 0) <= as_of
}

/// Whether a date lies after the one whose figures are shown. Figures that were shown before the product had dates are
/// those of their run.
fn is_after(date: Date, shown: &Shown) -> bool {
    date.to_string() > *shown.date.as_ref().unwrap_or(&shown.as_of)
}

/// What a product's part of a tree shows in a release; `None` when it has no file with figures there.
fn shown(product: &str, tree: &str, before: Option<&Manifest>) -> Option<Shown> {
    let before = before?;
    let part = before.products.get(product)?;
    let is_figures = |path: &str| path.split('/').next() == Some(tree) && path.ends_with(".csv");
    let mut files = before.files.iter().filter(|(path, _)| is_figures(path));
    files.any(|(_, file)| file.product.as_deref() == Some(product)).then(|| {
        let own = || Shown { as_of: part.as_of.clone(), date: None };
        part.shown.get(tree).cloned().unwrap_or_else(own)
    })
}

/// Product → date → the day on which a run first saw it in the configuration.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Calendar(BTreeMap<String, BTreeMap<String, String>>);

/// Keeps in `offentliggjort/kalender.json` when each date of publication was first seen, and refuses what
/// [`check_announced`] does. For runs that publish: what another step has seen, nobody was told of.
pub fn announce(config: &Config, as_of: DateTime) -> anyhow::Result<()> {
    let place = place(config);
    let (calendar, changed) = announced(config, as_of, read(&place)?)?;
    if changed {
        let text = serde_json::to_string_pretty(&calendar).context("writing the calendar")? + "\n";
        disk::commit(&place, text.as_bytes())?;
    }
    Ok(())
}

/// Refuses a date of publication that is seen too late (`utgivelse_varsel_maaneder`), and dates that are taken away
/// without a word. The dates of a product's first configuration are taken as announced before. Writes nothing.
pub fn check_announced(config: &Config, as_of: DateTime) -> anyhow::Result<()> {
    announced(config, as_of, read(&place(config))?).map(drop)
}

fn place(config: &Config) -> PathBuf {
    config.root.join(super::public::FOLDER).join("kalender.json")
}

/// The calendar with the dates of the configuration, and whether it had not all of them.
fn announced(config: &Config, as_of: DateTime, mut calendar: Calendar) -> anyhow::Result<(Calendar, bool)> {
    let place = place(config);
    let history = History::load(&config.root)?;
    let today = seen_on(config, as_of);
    given_up(config, &calendar)?;
    let mut changed = false;
    for (name, product) in &config.products {
        let Some(dates) = &product.dates.public else { continue };
        let notice = product.thresholds.get(NOTICE).copied().unwrap_or(0);
        let is_first = !calendar.0.contains_key(name);
        ensure!(
            !(is_first && history.last(name).is_some_and(|switch| switch.figures.date.is_some())),
            "figures of {name} have been published on a date, but {} does not know it; restore it from backup",
            place.display()
        );
        let seen = calendar.0.entry(name.clone()).or_default();
        for date in dates {
            if seen.contains_key(&date.to_string()) {
                continue;
            }
            let earliest = today.saturating_add(jiff::Span::new().try_months(notice).context(NOTICE)?);
            ensure!(
                is_first || *date >= earliest,
                "[product.{name}] `utgivelse`: {date} was first seen on {today}, and a date is announced at least {notice} \
                 months before (`{NOTICE}`); take it out, or write {earliest} or a later one"
            );
            changed |= seen.insert(date.to_string(), today.to_string()).is_none();
        }
    }
    Ok((calendar, changed))
}

/// The day on which a date counts as seen: the run's, but not one before the release that is shown was made. Else a run
/// as of a day long past would announce tomorrow's figures in good time.
fn seen_on(config: &Config, as_of: DateTime) -> Date {
    let shown = Releases::at(&config.root).current().and_then(|release| Manifest::load(&release).ok().flatten());
    let made = shown.and_then(|manifest| manifest.as_of.parse().ok());
    made.map_or(as_of.date(), |made: Date| made.max(as_of.date()))
}

/// A product that had dates and has no `utgivelse` any more would change its public figures tonight, perhaps because a
/// line was lost: it must say that it has given them up.
fn given_up(config: &Config, calendar: &Calendar) -> anyhow::Result<()> {
    for (name, seen) in &calendar.0 {
        let dates = config.product(name).dates;
        let last = seen.keys().next_back().map_or("", String::as_str);
        ensure!(
            dates.public.is_some() || dates.given_up || config.product(name).ended,
            "[product.{name}]: `utgivelse` is gone, though dates were announced, the last of them {last}; without it public \
             figures change tonight. Put the dates back, or write `utgivelse = []` if they are to change on every run"
        );
    }
    Ok(())
}

fn read(place: &Path) -> anyhow::Result<Calendar> {
    if !place.exists() {
        return Ok(Calendar::default());
    }
    serde_json::from_str(&disk::read_text(place)?)
        .with_context(|| format!("{} is no calendar; restore it from backup", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::{File, Product};

    fn at(text: &str) -> DateTime {
        crate::calendar::as_of(text).unwrap()
    }

    fn dates() -> Vec<Date> {
        ["2026-12-01", "2027-02-02"].map(|text| text.parse().unwrap()).into()
    }

    /// A release whose public figures are those of this run and date.
    fn release(as_of: &str, date: Option<&str>) -> Manifest {
        let shown = date.map(|date| Shown { as_of: as_of.to_owned(), date: Some(date.to_owned()) });
        let shown: BTreeMap<String, Shown> =
            shown.into_iter().flat_map(|it| [(PUBLIC.to_owned(), it.clone()), (DOCTORS.to_owned(), it)]).collect();
        let product = Product { as_of: as_of.to_owned(), shown, ..Product::default() };
        let file = File { product: Some("p".to_owned()), sha256: String::new(), bytes: 0, table: None, rows: None };
        let files = ["offentlig/data/t.csv", "lege/1/t.csv"].map(|path| (path.to_owned(), file.clone()));
        Manifest {
            format: 1,
            release: String::new(),
            as_of: as_of.to_owned(),
            synthetic: false,
            settings: BTreeMap::new(),
            products: [("p".to_owned(), product)].into(),
            files: files.into(),
            erased: None,
        }
    }

    fn turn(as_of: &str, before: Option<&Manifest>) -> Turn {
        public(Some(&dates()), at(as_of), "p", before, None)
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn public_figures_change_at_eight_on_announced_dates() {
        assert_eq!(turn("2026-12-01T07:59", None), Turn::Coming(date("2026-12-01")));
        assert_eq!(turn("2026-12-01T08:00", None), Turn::Now(Some(date("2026-12-01"))));
        let first = release("2026-12-01", Some("2026-12-01"));
        assert!(matches!(turn("2026-12-01", Some(&first)), Turn::Kept(_)));
        assert!(matches!(turn("2027-02-02T07:59", Some(&first)), Turn::Kept(_)));
        // No run on the day itself: the next one shows what the date promised.
        assert_eq!(turn("2027-02-05", Some(&first)), Turn::Now(Some(date("2027-02-02"))));
        let second = release("2027-02-05", Some("2027-02-02"));
        assert!(matches!(turn("2027-08-01", Some(&second)), Turn::Kept(_)));
        // A clock that was set back changes nothing.
        assert!(matches!(turn("2026-11-01", Some(&second)), Turn::Kept(_)));
    }

    #[test]
    fn a_product_without_dates_changes_on_every_run_and_with_its_first_dates_keeps_what_it_showed() {
        assert_eq!(public(None, at("2026-12-01"), "p", None, None), Turn::Now(None));
        let before = release("2026-11-10", None);
        assert_eq!(turn("2026-11-20", Some(&before)), Turn::Kept(Shown { as_of: "2026-11-10".to_owned(), date: None }));
        assert_eq!(turn("2026-12-01", Some(&before)), Turn::Now(Some(date("2026-12-01"))));
    }

    #[test]
    fn figures_that_have_been_public_on_a_date_are_no_news_whatever_is_shown() {
        let last = Shown { as_of: "2026-12-01".to_owned(), date: Some("2026-12-01".to_owned()) };
        let turn = |as_of: &str, before: Option<&Manifest>| public(Some(&dates()), at(as_of), "p", before, Some(&last));
        // The release that is shown has nothing of the product: the next figures come on their date.
        assert_eq!(turn("2026-12-05", None), Turn::Coming(date("2027-02-02")));
        assert_eq!(turn("2027-02-02", None), Turn::Now(Some(date("2027-02-02"))));
        // Rolled back to one from before the date: what it shows stays until the next.
        let earlier = release("2026-11-10", None);
        assert!(matches!(turn("2026-12-05", Some(&earlier)), Turn::Kept(_)));
        assert_eq!(turn("2027-02-03", Some(&earlier)), Turn::Now(Some(date("2027-02-02"))));
    }

    #[test]
    fn doctors_pages_change_on_their_day_of_the_month() {
        let turn = |as_of: &str, before: Option<&Manifest>| doctors(Some(12), at(as_of), "p", before);
        assert_eq!(turn("2026-12-03", None), Turn::Now(Some(date("2026-11-12"))));
        let before = release("2026-12-03", Some("2026-11-12"));
        assert!(matches!(turn("2026-12-12T07:00", Some(&before)), Turn::Kept(_)));
        assert_eq!(turn("2026-12-12T08:00", Some(&before)), Turn::Now(Some(date("2026-12-12"))));
    }

    #[test]
    fn a_date_that_is_seen_too_late_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let announce = |dates: &str, as_of: &str| {
            let file = root.path().join("speil.toml");
            disk::write(&file, format!("root = \".\"\n[product.too]\nutgivelse = [{dates}]\n").as_bytes()).unwrap();
            let config = Config::load(&file).unwrap();
            let checked = check_announced(&config, at(as_of)).map_err(|error| error.to_string());
            let announced = announce(&config, at(as_of)).map_err(|error| error.to_string());
            assert_eq!(checked, announced);
            announced
        };
        // The first configuration's may be near.
        assert_eq!(announce("\"2026-12-01\"", "2026-11-20"), Ok(()));
        let error = announce("\"2026-12-01\", \"2027-02-02\"", "2026-11-21").unwrap_err();
        assert!(error.contains("2027-02-02 was first seen on 2026-11-21") && error.contains("2027-02-21"), "{error}");
        assert_eq!(announce("\"2026-12-01\", \"2027-02-21\"", "2026-11-21"), Ok(()));
        // Known by then.
        assert_eq!(announce("\"2027-02-21\"", "2027-02-20"), Ok(()));
        assert_eq!(announce("\"2026-12-01\", \"2027-02-21\"", "2027-02-20"), Ok(()));
        // A date that has passed cannot be announced.
        assert!(announce("\"2027-01-05\", \"2027-02-21\"", "2027-02-20").is_err());
    }

    #[test]
    fn a_date_is_seen_no_earlier_than_the_release_that_is_shown_was_made() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("speil.toml");
        let config = |dates: &str| {
            disk::write(&file, format!("root = \".\"\n[product.too]\nutgivelse = [{dates}]\n").as_bytes()).unwrap();
            Config::load(&file).unwrap()
        };
        announce(&config("\"2026-12-01\""), at("2026-11-20")).unwrap();
        let shown = release("2026-11-20", None);
        disk::write(&root.path().join("releases/r/manifest.json"), shown.to_json().unwrap().as_bytes()).unwrap();
        std::os::unix::fs::symlink("r", root.path().join("releases/current")).unwrap();
        let with_tomorrow = config("\"2026-11-21\", \"2026-12-01\"");
        let error = announce(&with_tomorrow, at("2026-08-01")).unwrap_err().to_string();
        assert!(error.contains("2026-11-21 was first seen on 2026-11-20"), "{error}");
    }

    #[test]
    fn dates_are_not_lost_without_a_word() {
        let root = tempfile::tempdir().unwrap();
        let announce = |keys: &str| {
            let file = root.path().join("speil.toml");
            disk::write(&file, format!("root = \".\"\n[product.too]\n{keys}\n").as_bytes()).unwrap();
            announce(&Config::load(&file).unwrap(), at("2026-11-20")).map_err(|error| error.to_string())
        };
        assert_eq!(announce(""), Ok(()));
        assert_eq!(announce("utgivelse = [\"2026-12-01\", \"2027-02-02\"]"), Ok(()));
        let error = announce("").unwrap_err();
        assert!(error.contains("the last of them 2027-02-02") && error.contains("write `utgivelse = []`"), "{error}");
        assert_eq!(announce("utgivelse = []"), Ok(()));
        // They are no first dates when they come back.
        assert!(announce("utgivelse = [\"2027-01-05\"]").is_err());
    }
}
