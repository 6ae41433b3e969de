//! `speil plan`: what a run would do and why, without doing any of it. Takes no lock and writes nothing below the root, so
//! that it works beside a run; it tells of the state that was committed last.
//!
//! What a delivery holds is not known before it is read: where that decides, the plan says "may".

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use jiff::civil::DateTime;

use super::workshop::Workshop;
use super::{ExitCode, Failure, OrExit, damaged_state, freshness};
use crate::config::Config;
use crate::contract::Contract;
use crate::fetch;
use crate::ingest::{self, Survey};
use crate::lake::{Finished, State, parameters_named};
use crate::model::{Arriving, Audience, Foreseen, Model, Own, SHARED};
use crate::publish::{self, Manifest, Product, Releases};

/// What a run would do.
#[derive(Debug)]
pub struct Plan {
    /// The run's time.
    pub as_of: DateTime,
    /// What is delivered.
    pub deliveries: Survey,
    /// The models that would or may run, in the order of a build.
    pub models: Vec<Planned>,
    /// How many (model, month) are up to date.
    pub up_to_date: usize,
    /// How many (model, month) a run that was stopped has computed.
    pub finished: usize,
    /// Product → what becomes of its pages.
    pub pages: BTreeMap<String, Pages>,
    /// What keeps figures from their readers as things stand: dates that have not come, sources that are too late; and what
    /// this does not foresee.
    pub notes: Vec<String>,
    /// The release that is shown.
    pub shown: Option<String>,
}

/// A model that would or may run.
#[derive(Debug)]
pub struct Planned {
    /// Its product.
    pub product: String,
    /// Its name.
    pub model: String,
    /// The months that run for certain, or `alle`.
    pub certain: Vec<String>,
    /// The months that run only if something that it reads comes out different.
    pub possible: Vec<String>,
    /// Whether readers see it; a work table's new figures may come to nothing.
    pub published: bool,
    /// Why.
    pub why: String,
}

/// What becomes of a product's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// They are made with new figures.
    Figures,
    /// They are made with new figures if something comes out different.
    Perhaps,
    /// The figures stay, the date on them does not.
    Date,
    /// They stay as they are.
    Stay,
    /// They stay, since another product was asked for.
    NotAskedFor,
}

/// Foresees a run of all products, or of one.
pub fn plan(config: &Config, as_of: DateTime, only: Option<&str>) -> Result<Plan, Failure> {
    let contracts = Contract::embedded().or_exit(ExitCode::Configuration)?;
    let workshop = Workshop::beside(config, &contracts, as_of.date()).or_exit(ExitCode::Configuration)?;
    workshop.check_product(only).or_exit(ExitCode::Usage)?;
    publish::check_announced(config, as_of).or_exit(ExitCode::Configuration)?;
    let state = State::load(&config.root.join("state.json")).map_err(|error| damaged_state(config, error))?;
    let delivered = fetch::delivered(config, jiff::Timestamp::now()).or_exit(ExitCode::TryAgain)?;
    let asked = workshop.asked(only);
    let asked = asked.as_ref();
    let deliveries =
        ingest::survey(config, &contracts, &delivered, &state, asked, as_of.date()).or_exit(ExitCode::TryAgain)?;
    let releases = Releases::at(&config.root);
    let shown = releases.current().and_then(|release| Manifest::load(&release).ok().flatten());

    let finished = Finished::load(&config.root).or_exit(ExitCode::TryAgain)?;
    let builder = workshop.builder(config, &contracts, as_of.date(), &finished, asked);
    let forecast = builder.forecast(&state, &arriving(&deliveries));
    let mut models: Vec<Planned> = Vec::new();
    for run in &forecast.runs {
        let before = shown.as_ref().and_then(|shown| shown.products.get(&run.model.product));
        let why = why(run, before, config, as_of);
        if models.last().is_none_or(|last| last.model != run.model.name) {
            models.push(Planned {
                product: run.model.product.clone(),
                model: run.model.name.clone(),
                certain: Vec::new(),
                possible: Vec::new(),
                published: run.model.audience != Audience::Arbeid,
                why,
            });
        }
        if let Some(last) = models.last_mut() {
            if run.certain { &mut last.certain } else { &mut last.possible }.push(run.partition.clone());
        }
    }
    let not_asked_for = workshop.not_asked_for(asked);
    let products = workshop.models.products();
    let falls_due = |product: &&str| publish::falls_due(config, product, as_of, shown.as_ref());
    let is_any_due =
        products.iter().map(falls_due).collect::<anyhow::Result<Vec<_>>>().or_exit(ExitCode::Disclosure)?;
    let is_quiet = models.is_empty() && deliveries.new.is_empty() && !is_any_due.contains(&true);
    let pages = products.into_iter().map(|product| {
        let date = shown.as_ref().and_then(|shown| Some(shown.products.get(product)?.as_of.clone()));
        let of_product = |planned: &&Planned| planned.product == product || planned.product == SHARED;
        let mut own = models.iter().filter(of_product).peekable();
        let what = if not_asked_for.contains(product) {
            Pages::NotAskedFor
        } else if own.peek().is_some() {
            if own.any(|planned| planned.published && !planned.certain.is_empty()) {
                Pages::Figures
            } else {
                Pages::Perhaps
            }
        } else if !is_quiet && date != Some(as_of.date().to_string()) {
            Pages::Date
        } else {
            Pages::Stay
        };
        (product.to_owned(), what)
    });
    let notes = notes(config, &contracts, &workshop, &state, as_of, shown.as_ref()).or_exit(ExitCode::Disclosure)?;
    Ok(Plan {
        as_of,
        pages: pages.collect(),
        notes,
        up_to_date: forecast.up_to_date,
        finished: forecast.finished,
        shown: releases.shown(),
        models,
        deliveries,
    })
}

/// Dates, delays and mixed paragraphs as the state in force has them; a delivery of tonight may change the last two.
fn notes(
    config: &Config,
    contracts: &[Contract],
    workshop: &Workshop,
    state: &State,
    as_of: DateTime,
    shown: Option<&Manifest>,
) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for product in workshop.models.products() {
        let waits = publish::waits(config, product, as_of, shown)?;
        notes.extend(waits.into_iter().map(|wait| format!("{product}: {wait}")));
    }
    if let Err(error) = workshop.lake.check_all(state) {
        notes.push(format!("the run would stop with 30: {error:#}"));
    }
    let late = freshness::too_late(&freshness::of(config, contracts, state, as_of));
    for (product, error) in ingest::mixed(config, contracts, state).into_iter().chain(late) {
        notes.push(format!("{product} would stop with 30 unless a delivery mends it: {error:#}"));
    }
    let remote: Vec<&str> =
        config.sources.iter().filter(|(_, source)| !source.remotes.is_empty()).map(|(name, _)| name.as_str()).collect();
    if !remote.is_empty() {
        notes.push(format!("Servers are not asked ({}): a run may find more there.", remote.join(", ")));
    }
    Ok(notes)
}

fn arriving(deliveries: &Survey) -> Vec<Arriving> {
    let arriving = deliveries.new.iter().flat_map(|new| {
        let one = |(table, partition): &(String, String), certain| Arriving {
            table: table.clone(),
            partition: partition.clone(),
            content: format!("{} of {}", new.sha256, new.file),
            may_touch: if certain { new.may_touch.clone() } else { Vec::new() },
            certain,
        };
        new.fills.iter().map(move |place| one(place, true)).chain([one(&new.receipt, false)])
    });
    arriving.collect()
}

/// Why a model would run, compared with what is shown where its own file, thresholds or date changed.
fn why(run: &Foreseen<'_>, before: Option<&Product>, config: &Config, as_of: DateTime) -> String {
    let mut causes = match (run.own, before) {
        (Some(Own::NeverRun), _) => vec!["there is no result yet".to_owned()],
        (Some(Own::Other), Some(before)) => changes(run.model, before, config, as_of),
        (Some(Own::Other), None) => vec!["made with other SQL, thresholds, date or inputs".to_owned()],
        (None, _) => Vec::new(),
    };
    let mut inputs: Vec<String> = Vec::new();
    for (table, partition) in &run.inputs {
        let named = if partition == "alle" { table.clone() } else { format!("{table} {partition}") };
        inputs.push(named);
    }
    const MOST: usize = 3;
    if inputs.len() > MOST {
        inputs.splice(MOST.., [format!("{} more", run.inputs.len() - MOST)]);
    }
    if !inputs.is_empty() {
        let verb = if run.certain { "reads" } else { "may read other" };
        causes.push(format!("{verb} {}", inputs.join(", ")));
    }
    causes.join("; ")
}

fn changes(model: &Model, before: &Product, config: &Config, as_of: DateTime) -> Vec<String> {
    let mut changes = Vec::new();
    if before.models.get(&model.name).is_some_and(|hash| *hash != model.hash()) {
        changes.push("its file changed".to_owned());
    }
    let named = parameters_named(&model.sql);
    if named.contains("as_of") && before.as_of != as_of.date().to_string() {
        changes.push(format!("date {} → {}", before.as_of, as_of.date()));
    }
    for (name, now) in config.product(&model.product).thresholds {
        if let Some(then) = before.thresholds.get(&name).filter(|then| named.contains(&name) && **then != now) {
            changes.push(format!("{name} {then} → {now}"));
        }
    }
    if changes.is_empty() {
        changes.push("its inputs changed since it was last run".to_owned());
    }
    changes
}

/// Months that follow each other as a range: `2025-11 – 2026-02, 2026-05`.
fn ranges(months: &[String]) -> String {
    let follows = |one: &String, next: &String| {
        let month = |text: &String| text.parse::<crate::calendar::Month>().ok();
        month(one).is_some_and(|one| month(next) == Some(one.plus(1)))
    };
    let parts = months.chunk_by(follows).map(|part| match part {
        [first, .., last] => format!("{first} – {last}"),
        part => part.concat(),
    });
    parts.collect::<Vec<_>>().join(", ")
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Survey { new, refused, unchanged } = &self.deliveries;
        writeln!(f, "As of {}. Nothing is changed by this.", self.as_of.strftime("%Y-%m-%d %H:%M"))?;
        writeln!(f, "Deliveries: {} new, {} would be refused, {unchanged} as before.", new.len(), refused.len())?;
        const MOST: usize = 12;
        for new in new.iter().take(MOST) {
            writeln!(f, "  new: {} ({} {})", new.file, new.source, new.partition)?;
        }
        if new.len() > MOST {
            let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
            new.iter().skip(MOST).for_each(|new| *sources.entry(&new.source).or_default() += 1);
            let more: Vec<String> = sources.iter().map(|(source, n)| format!("{n} of {source}")).collect();
            writeln!(f, "  and {} more: {}", new.len() - MOST, more.join(", "))?;
        }
        for refused in refused {
            writeln!(f, "  refused: {} ({}): {}", refused.file, refused.source, refused.reason)?;
        }
        let count =
            |of: fn(&Planned) -> &Vec<String>| self.models.iter().map(|planned| of(planned).len()).sum::<usize>();
        let (certain, possible) = (count(|planned| &planned.certain), count(|planned| &planned.possible));
        write!(f, "Models and months: {certain} run, {possible} may run, {} are up to date", self.up_to_date)?;
        match self.finished {
            0 => writeln!(f, ".")?,
            n => writeln!(f, ", {n} were computed by a run that was stopped.")?,
        }
        for planned in &self.models {
            write!(f, "  {}:", planned.model)?;
            if !planned.certain.is_empty() {
                write!(f, " {}", ranges(&planned.certain))?;
            }
            if !planned.possible.is_empty() {
                write!(f, "{} may: {}", if planned.certain.is_empty() { "" } else { ";" }, ranges(&planned.possible))?;
            }
            writeln!(f, " ({})", planned.why)?;
        }
        if !new.is_empty() {
            writeln!(f, "  What a new delivery holds, and whether it is taken in, shows when it is read.")?;
        }
        writeln!(f, "Pages (texts and templates are not compared):")?;
        for (product, what) in &self.pages {
            let what = match what {
                Pages::Figures => "new figures",
                Pages::Perhaps => "new figures, if something comes out different",
                Pages::Date => "the same figures with a new date",
                Pages::Stay => "stay as they are",
                Pages::NotAskedFor => "stay as they are, since another product was asked for",
            };
            writeln!(f, "  {product}: {what}")?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        write!(f, "Shown is {}.", self.shown.as_deref().unwrap_or("nothing yet"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_in_a_row_are_a_range() {
        let months = |texts: &[&str]| ranges(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(months(&["2025-11", "2025-12", "2026-01", "2026-05"]), "2025-11 – 2026-01, 2026-05");
        assert_eq!(months(&["alle"]), "alle");
        assert_eq!(months(&["2026-05"]), "2026-05");
    }
}
