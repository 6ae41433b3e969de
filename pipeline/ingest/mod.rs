//! Deliveries in: which files are new, are they what the contract says, and, if so, into the lake with them.
//!
//! A bad row goes to quarantine with file, line, column, rule and reason. A delivery with too many of them, or with
//! other columns than agreed, is refused whole: what was in force stays in force and nothing is left behind.
//! Rules that see several deliveries (netting, courses) are models, not here. Knows no statistics.

pub mod csv_rows;
pub mod intake;
pub mod m30;
pub mod parquet_rows;

#[cfg(feature = "engine")]
mod arrivals;
#[cfg(feature = "engine")]
mod quantiles;
#[cfg(feature = "engine")]
mod quarantine;
#[cfg(feature = "engine")]
mod receipt;
#[cfg(feature = "engine")]
mod take;

#[cfg(feature = "engine")]
pub use flow::{Ingest, Refused, Report, Taken};
#[cfg(feature = "engine")]
pub use quantiles::{STATISTIKK_TABELL, schema as statistikk_schema};
#[cfg(feature = "engine")]
pub use receipt::{MOTTAK, schema as mottak_schema};

#[cfg(feature = "engine")]
mod flow {
    use std::path::Path;

    use super::arrivals::{self, Arrival, Verdict};
    use super::intake::Tally;
    use super::{quantiles, take};
    use crate::config::Config;
    use crate::contract::Contract;
    use crate::engine::Engine;
    use crate::lake::{Lake, State};

    /// What ingest works with.
    pub struct Ingest<'a> {
        /// Where sources are, and the settings that select rows.
        pub config: &'a Config,
        /// The contracts.
        pub contracts: &'a [Contract],
        /// Sorts.
        pub engine: &'a Engine,
        /// Where files go.
        pub lake: &'a Lake,
        /// A folder for files that nobody else sees.
        pub temporary: &'a Path,
    }

    /// What a run of ingest did.
    #[derive(Debug, Default)]
    pub struct Report {
        /// Deliveries that are now in force and were not before.
        pub taken: Vec<Taken>,
        /// Deliveries that were refused.
        pub refused: Vec<Refused>,
    }

    /// A delivery that was taken in.
    #[derive(Debug)]
    pub struct Taken {
        /// The source.
        pub source: String,
        /// The file's name.
        pub file: String,
        /// What it filled: a month, `alle` or a snapshot's time.
        pub partition: String,
        /// What became of its rows.
        pub tally: Tally,
    }

    /// A delivery that was refused, and what to mend.
    #[derive(Debug)]
    pub struct Refused {
        /// The source.
        pub source: String,
        /// The file.
        pub file: String,
        /// Why, and what to do.
        pub reason: String,
    }

    impl Ingest<'_> {
        /// Takes in everything that is new, source by source, into `state`; the caller commits it. `progress` is
        /// told each file that is being read.
        pub fn run(&self, state: &mut State, progress: &dyn Fn(&str)) -> anyhow::Result<Report> {
            let mut report = Report::default();
            quantiles::put(self.lake, state)?;
            for contract in self.contracts {
                if let Some(source) = self.config.sources.get(&contract.source) {
                    let taken_with = take::settings_hash(contract, &self.config.product(&contract.product));
                    let arrivals = arrivals::find(&self.config.base, &source.url, contract, &mut report.refused)?;
                    for candidates in arrivals::by_partition(contract, arrivals) {
                        self.first_acceptable(contract, candidates, &taken_with, state, &mut report, progress)?;
                    }
                }
            }
            Ok(report)
        }

        /// Of the files for one partition, newest first: stops at the one in force or the first that is accepted.
        fn first_acceptable(
            &self,
            contract: &Contract,
            candidates: Vec<Vec<Arrival>>,
            taken_with: &str,
            state: &mut State,
            report: &mut Report,
            progress: &dyn Fn(&str),
        ) -> anyhow::Result<()> {
            for same_version in candidates {
                match arrivals::judge(contract, &same_version, taken_with, state) {
                    Verdict::NothingNew => return Ok(()),
                    Verdict::Refuse(reason) => {
                        for arrival in &same_version {
                            report.refused.push(refused(contract, arrival, &reason));
                        }
                    }
                    Verdict::Take(arrival) => {
                        progress(&arrival.name);
                        match take::delivery(self, contract, arrival, taken_with, state)? {
                            Ok(taken) => {
                                report.taken.extend(taken);
                                return Ok(());
                            }
                            Err(reason) => report.refused.push(refused(contract, arrival, &reason)),
                        }
                    }
                }
            }
            Ok(())
        }
    }

    fn refused(contract: &Contract, arrival: &Arrival, reason: &str) -> Refused {
        Refused { source: contract.source.clone(), file: arrival.name.clone(), reason: reason.to_owned() }
    }
}
