//! What ingest would take in, judged by names, periods and hashes: no delivery's rows are read and nothing is written.
//!
//! Whether a new delivery holds shows when it is read; `speil check --delivery` does that.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::arrivals::{self, Verdict};
use super::overtaken;
use super::receipt::MOTTAK;
use super::take::Settings;
use super::{Refused, arrivals::Arrival};
use crate::calendar::Month;
use crate::config::Config;
use crate::contract::Contract;
use crate::erasure::Erasures;
use crate::fetch::Delivered;
use crate::lake::State;

/// A, R: corrections concern lines of at most so many months back (contract `utlevering`, rule on
/// `gjelder_utleveringsdato`).
const LONGEST_BACK: i32 = 12;

/// What the landing folders hold.
#[derive(Debug, Default)]
pub struct Survey {
    /// Deliveries that would be read.
    pub new: Vec<Expected>,
    /// Deliveries that would be refused without being read.
    pub refused: Vec<Refused>,
    /// Files that are in force, or that newer ones have replaced.
    pub unchanged: usize,
}

/// A delivery that would be read.
#[derive(Debug)]
pub struct Expected {
    /// The source.
    pub source: String,
    /// The file's name.
    pub file: String,
    /// What it would fill: a month, `alle`, a snapshot's time.
    pub partition: String,
    /// The file's SHA-256.
    pub sha256: String,
    /// Table and partition of what would change in the lake.
    pub fills: Vec<(String, String)>,
    /// The table that receipts would change in.
    pub receipt: (String, String),
    /// Months (`202601`) that its rows may concern besides their own; empty when they cannot.
    pub may_touch: Vec<i32>,
}

/// Looks at the sources of all products, or of some.
pub fn survey(
    config: &Config,
    contracts: &[Contract],
    delivered: &Delivered,
    state: &State,
    only: Option<&BTreeSet<String>>,
    as_of: Date,
) -> anyhow::Result<Survey> {
    let mut survey = Survey::default();
    let erasures = Erasures::load(&config.root)?;
    for contract in contracts.iter().filter(|contract| only.is_none_or(|only| only.contains(&contract.product))) {
        let Some(files) = delivered.files.get(&contract.source) else { continue };
        let refused_before = survey.refused.len();
        let settings = Settings::of(contract, &config.product(&contract.product));
        let arrivals = arrivals::place_all(files, contract, as_of, state, &mut survey.refused)?;
        let mut files = arrivals.len();
        for candidates in arrivals::by_partition(contract, arrivals) {
            for same_version in &candidates {
                match arrivals::judge(contract, same_version, &settings.hash, state, &erasures) {
                    Verdict::NothingNew => break,
                    Verdict::Refuse(reason) => {
                        files -= same_version.len();
                        let refused = |arrival: &Arrival| Refused {
                            source: contract.source.clone(),
                            file: arrival.name.clone(),
                            sha256: Some(arrival.sha256.clone()),
                            reason: reason.clone(),
                        };
                        survey.refused.extend(same_version.iter().map(refused));
                    }
                    Verdict::Take(different) => {
                        files -= different.len();
                        survey.new.push(expected(contract, different[0]));
                        break;
                    }
                }
            }
        }
        survey.unchanged += files;
        let refused = survey.refused.split_off(refused_before);
        survey.refused.extend(overtaken::without(delivered, state, &[], refused));
    }
    Ok(survey)
}

fn expected(contract: &Contract, arrival: &Arrival) -> Expected {
    let partition = arrivals::partition_of(contract, arrival);
    let month = partition.parse::<Month>().ok();
    let touches = contract.tables.iter().any(|table| table.touches.is_some());
    let back = |month: Month| (1..=LONGEST_BACK).map(move |n| month.plus(-n).number());
    Expected {
        source: contract.source.clone(),
        file: arrival.name.clone(),
        sha256: arrival.sha256.clone(),
        fills: contract.tables.iter().map(|table| (table.name.clone(), partition.clone())).collect(),
        receipt: (MOTTAK.to_owned(), format!("{}-{partition}", contract.source)),
        may_touch: month.filter(|_| touches).into_iter().flat_map(back).collect(),
        partition,
    }
}
