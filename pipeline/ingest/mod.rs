//! Deliveries in: which files are new, are they what the contract says, and, if so, into the lake with them.
//!
//! A bad row goes to quarantine with file, line, column, rule and reason. A delivery with too many of them, or with
//! other columns than agreed, is refused whole: what was in force stays in force and nothing is left behind.
//! In a delivery of several counties the limit holds for each.
//! Rules that see several deliveries (netting, courses) are models, not here. Knows no statistics.

pub mod csv_rows;
pub mod intake;
pub mod json;
pub mod json_stat;
pub mod klass;
pub mod m30;
pub mod parquet_rows;
pub mod population;

#[cfg(feature = "engine")]
mod ahead;
#[cfg(feature = "engine")]
mod arrivals;
#[cfg(feature = "engine")]
mod counties;
#[cfg(feature = "engine")]
mod older;
#[cfg(feature = "engine")]
mod other_content;
#[cfg(feature = "engine")]
mod outlet;
#[cfg(feature = "engine")]
mod overtaken;
#[cfg(feature = "engine")]
mod quantiles;
#[cfg(feature = "engine")]
mod quarantine;
#[cfg(feature = "engine")]
mod reading;
#[cfg(feature = "engine")]
mod receipt;
#[cfg(feature = "engine")]
mod shrink;
#[cfg(feature = "engine")]
mod snapshot;
#[cfg(feature = "engine")]
mod survey;
#[cfg(feature = "engine")]
mod take;
#[cfg(feature = "engine")]
mod versions;
#[cfg(feature = "engine")]
mod zipped;

#[cfg(feature = "engine")]
pub use flow::{Ingest, Refused, Report, Taken, Unchanged, mixed};
#[cfg(feature = "engine")]
pub use quantiles::{STATISTIKK_TABELL, schema as statistikk_schema};
#[cfg(feature = "engine")]
pub use receipt::{MOTTAK, schema as mottak_schema};
#[cfg(feature = "engine")]
pub use survey::{Expected, Survey, survey};

#[cfg(feature = "engine")]
mod flow {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use jiff::civil::Date;

    use super::ahead::Ahead;
    use super::arrivals::{self, Arrival, Verdict};
    use super::intake::Tally;
    use super::overtaken;
    use super::quantiles;
    use super::take::{self, Prepared, Settings};
    use super::versions;
    use crate::config::Config;
    use crate::contract::{Contract, Partition};
    use crate::engine::Engine;
    use crate::erasure::Erasures;
    use crate::fetch::{self, Delivered, Unlisted};
    use crate::lake::{Lake, State};

    /// A commit writes the whole state, so small deliveries share one: after so many rows or deliveries there is another.
    const ROWS_A_COMMIT: u64 = 10_000;
    const DELIVERIES_A_COMMIT: usize = 20;

    /// What ingest works with.
    pub struct Ingest<'a> {
        /// The settings that select rows.
        pub config: &'a Config,
        /// What there is to take in.
        pub delivered: &'a Delivered,
        /// The contracts.
        pub contracts: &'a [Contract],
        /// Sorts.
        pub engine: &'a Engine,
        /// Where files go.
        pub lake: &'a Lake,
        /// A folder for files that nobody else sees.
        pub temporary: &'a Path,
        /// Courses whose rows are not taken in again.
        pub erasures: &'a Erasures,
        /// The products whose sources are looked at; absent = all.
        pub only: Option<&'a BTreeSet<String>>,
        /// The run's date: nothing that is dated later is taken in where the newest date wins.
        pub as_of: Date,
    }

    /// What a run of ingest did.
    #[derive(Debug, Default)]
    pub struct Report {
        /// Deliveries that are now in force and were not before.
        pub taken: Vec<Taken>,
        /// Deliveries that were refused.
        pub refused: Vec<Refused>,
        /// Deliveries that hold nothing new: they are in force, or a newer version is.
        pub unchanged: Vec<Unchanged>,
    }

    /// A delivery that holds nothing new.
    #[derive(Debug)]
    pub struct Unchanged {
        /// The source.
        pub source: String,
        /// The file's name.
        pub file: String,
        /// SHA-256 of the file.
        pub sha256: String,
    }

    /// A delivery that was taken in.
    #[derive(Debug)]
    pub struct Taken {
        /// The source.
        pub source: String,
        /// The file's name.
        pub file: String,
        /// The version its name gives.
        pub version: u32,
        /// SHA-256 of the file.
        pub sha256: String,
        /// What it filled: a month, `alle` or a snapshot's time.
        pub partition: String,
        /// What became of its rows.
        pub tally: Tally,
        /// Counties whose part of it was refused: which, why, and what to do.
        pub refused: Vec<String>,
        /// How long it took to read, check and write it.
        pub took: Duration,
    }

    /// A delivery that was refused, and what to mend.
    #[derive(Debug)]
    pub struct Refused {
        /// The source.
        pub source: String,
        /// The file.
        pub file: String,
        /// SHA-256 of the file; absent when its name or its beginning was enough to refuse it.
        pub sha256: Option<String>,
        /// Why, and what to do.
        pub reason: String,
    }

    impl Ingest<'_> {
        /// Takes in everything that is new, source by source, into `state`. `progress` is told each file when it begins to
        /// be read; `commit` is called after each delivery, or a few when they are small, and at the end. What stands in
        /// the state then is what a night with fewer deliveries would have left.
        pub fn run(
            &self,
            state: &mut State,
            progress: &(dyn Fn(&str) + Sync),
            commit: &dyn Fn(&State) -> anyhow::Result<()>,
        ) -> anyhow::Result<Report> {
            let mut report = Report::default();
            let mut committed = 0;
            quantiles::put(self.lake, state)?;
            let asked_for = |contract: &&Contract| self.only.is_none_or(|only| only.contains(&contract.product));
            for contract in self.contracts.iter().filter(asked_for) {
                if let Some(files) = self.delivered.files.get(&contract.source) {
                    let (taken, refused) = (report.taken.len(), report.refused.len());
                    let unchanged = report.unchanged.len();
                    report.refused.extend(self.delivered.unlisted_of(&contract.source).map(unlisted));
                    let settings = Settings::of(contract, &self.config.product(&contract.product));
                    let arrivals = arrivals::place_all(files, contract, self.as_of, state, &mut report.refused)?;
                    let partitions = arrivals::by_partition(contract, arrivals);
                    std::thread::scope(|scope| {
                        let mut ahead =
                            Ahead::start(scope, self, contract, &partitions, &settings.hash, state, progress);
                        for candidates in &partitions {
                            let aside = versions::set_aside(contract, candidates, &settings.hash, state);
                            self.first_acceptable(&mut ahead, candidates, &settings, state, &mut report)?;
                            versions::put_back_unless_replaced(contract, aside, state);
                            let since = &report.taken[committed..];
                            let rows: u64 = since.iter().map(|taken| taken.tally.received).sum();
                            if rows >= ROWS_A_COMMIT || since.len() >= DELIVERIES_A_COMMIT {
                                commit(state)?;
                                committed = report.taken.len();
                            }
                        }
                        anyhow::Ok(())
                    })?;
                    let refused = report.refused.split_off(refused);
                    let still = overtaken::without(self.delivered, state, &report.taken[taken..], refused);
                    report.refused.extend(still);
                    let old = report.unchanged[unchanged..].iter().map(|one| (&one.file, &one.sha256));
                    let new = report.taken[taken..].iter().map(|one| (&one.file, &one.sha256));
                    self.keep(contract, files, state, new.chain(old))?;
                }
            }
            commit(state)?;
            Ok(report)
        }

        /// Keeps the files in force among these, given as name and SHA-256, below the root.
        fn keep<'f>(
            &self,
            contract: &Contract,
            files: &[PathBuf],
            state: &State,
            known: impl Iterator<Item = (&'f String, &'f String)>,
        ) -> anyhow::Result<()> {
            let in_force = state.deliveries.get(&contract.source);
            for (name, sha256) in known {
                if in_force.is_some_and(|all| all.values().any(|delivery| delivery.sha256 == *sha256)) {
                    let path = files.iter().find(|path| path.file_name().is_some_and(|of| of == name.as_str()));
                    path.map_or(Ok(()), |path| fetch::keep(self.config, &contract.source, path, sha256))?;
                }
            }
            Ok(())
        }

        /// Of the files for one partition, newest first: stops at the one in force or the first that is accepted.
        fn first_acceptable<'a: 'c, 'c>(
            &self,
            ahead: &mut Ahead<'a, 'c>,
            candidates: &[Vec<Arrival>],
            settings: &Settings,
            state: &mut State,
            report: &mut Report,
        ) -> anyhow::Result<()> {
            let contract = ahead.contract;
            for (at, same_version) in candidates.iter().enumerate() {
                match arrivals::judge(contract, same_version, &settings.hash, state, self.erasures) {
                    Verdict::NothingNew => {
                        report.unchanged.extend(same_version.iter().map(|arrival| unchanged(contract, arrival)));
                        return Ok(());
                    }
                    Verdict::Refuse(reason) => {
                        for arrival in same_version {
                            report.refused.push(refused(contract, arrival, &reason));
                        }
                    }
                    Verdict::Take(different) => {
                        let mut unasked = Report::default();
                        if versions::come_before(contract, different[0], state) {
                            // Nothing is in force: end where a night for each version would have ended.
                            let earlier = &candidates[at + 1..];
                            self.first_acceptable(ahead, earlier, settings, state, &mut unasked)?;
                        }
                        let mut prepared = Vec::new();
                        for &arrival in &different {
                            let made = match ahead.read(arrival)? {
                                Ok(read) => take::prepare(self, contract, arrival, settings, state, read)?,
                                Err(reason) => Err(reason),
                            };
                            match made {
                                Ok(delivery) => prepared.push((arrival, delivery)),
                                Err(reason) => report.refused.push(refused(contract, arrival, &reason)),
                            }
                        }
                        if self.put_version(contract, prepared, settings, state, report)? {
                            versions::note_earlier(contract, different[0], &candidates[at + 1..], state);
                            return Ok(());
                        }
                        report.taken.extend(unasked.taken);
                    }
                }
            }
            Ok(())
        }

        /// Puts the files of one version in force when they hold the same; says whether one of that version is.
        fn put_version(
            &self,
            contract: &Contract,
            mut prepared: Vec<(&Arrival, Prepared)>,
            settings: &Settings,
            state: &mut State,
            report: &mut Report,
        ) -> anyhow::Result<bool> {
            let Some((first, delivery)) = prepared.first() else { return Ok(false) };
            let known = state
                .delivery(&contract.source, &delivery.partition)
                .filter(|known| contract.partition == Partition::Snapshot && known.version == first.version)
                .filter(|known| known.taken_with == settings.hash);
            if let Some(known) = known.map(|known| known.file.clone()) {
                for (arrival, delivery) in &prepared {
                    if delivery.is_in_force(state) {
                        take::remember_copy(contract, arrival, state);
                    } else {
                        let what = format!("{known}, as it was taken in, holds another snapshot");
                        report.refused.push(refused(contract, arrival, &another_snapshot(&what, arrival.version)));
                    }
                }
                return Ok(true);
            }
            let contents: BTreeSet<Vec<&str>> = prepared.iter().map(|(_, delivery)| delivery.contents()).collect();
            if contents.len() > 1 {
                let names = arrivals::names(prepared.iter().map(|(arrival, _)| *arrival));
                let what = format!("{names} hold different snapshots");
                for (arrival, _) in &prepared {
                    report.refused.push(refused(contract, arrival, &another_snapshot(&what, arrival.version)));
                }
                return Ok(false);
            }
            let copies = prepared.iter().skip(1).map(|(arrival, _)| arrival.sha256.clone()).collect();
            let (arrival, delivery) = prepared.swap_remove(0);
            let taken = take::put(self, contract, arrival, copies, settings, delivery, state)?;
            report.refused.extend(taken.refused.iter().map(|reason| refused(contract, arrival, reason)));
            report.taken.push(taken);
            Ok(true)
        }
    }

    fn another_snapshot(what: &str, version: u32) -> String {
        format!(
            "{what} of the same HentetDato and version; remove the wrong file, or name the right one _v{}",
            version + 1
        )
    }

    /// Products whose deliveries in force are stored under other paragraphs than the configuration names now, and
    /// could not be taken in again: months would not be comparable.
    pub fn mixed(config: &Config, contracts: &[Contract], state: &State) -> BTreeMap<String, anyhow::Error> {
        let mut mixed = BTreeMap::new();
        for contract in contracts {
            let wanted = Settings::of(contract, &config.product(&contract.product)).paragraphs;
            let deliveries = state.deliveries.get(&contract.source).into_iter().flatten();
            let others: Vec<String> = deliveries
                .filter(|(_, delivery)| delivery.paragraphs != wanted)
                .map(|(partition, delivery)| format!("{partition} ({})", delivery.file))
                .collect();
            if !others.is_empty() {
                let error = anyhow::anyhow!(
                    "{} of {} is stored under other paragraphs than `hjemler` of [product.{}] names now; put these \
                     files back where [source.{}] looks and run again, or set `hjemler` back",
                    others.join(", "),
                    contract.source,
                    contract.product,
                    contract.source
                );
                mixed.insert(contract.product.clone(), error);
            }
        }
        mixed
    }

    fn unlisted(place: &Unlisted) -> Refused {
        let (source, file) = (place.source.clone(), place.url.clone());
        Refused { source, file, sha256: None, reason: place.reason.clone() }
    }

    fn refused(contract: &Contract, arrival: &Arrival, reason: &str) -> Refused {
        let (source, file) = (contract.source.clone(), arrival.name.clone());
        Refused { source, file, sha256: Some(arrival.sha256.clone()), reason: reason.to_owned() }
    }

    fn unchanged(contract: &Contract, arrival: &Arrival) -> Unchanged {
        let (source, file) = (contract.source.clone(), arrival.name.clone());
        Unchanged { source, file, sha256: arrival.sha256.clone() }
    }
}
