//! Events of TOO courses, and which of them hold once replacements and cancellations are applied (C1).
//!
//! It must not know courses, counties or files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

/// Volven 7316.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Original,
    Replaces,
    Cancels,
}

/// The types of events that a rule names; all others are `Other`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Henvist,
    Vurdert,
    IkkeKvalifisert,
    BehovVurdert,
    TeamStart,
    TeamSlutt,
    TannbehandlingStart,
    Avsluttet,
    PauseFra,
    PauseTil,
    NarkoseBehov,
    NarkoseUtfort,
    Time,
    Other,
}

impl Kind {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "henvist" => Self::Henvist,
            "vurdert" => Self::Vurdert,
            "ikke_kvalifisert" => Self::IkkeKvalifisert,
            "behov_vurdert" => Self::BehovVurdert,
            "team_start" => Self::TeamStart,
            "team_slutt" => Self::TeamSlutt,
            "tannbehandling_start" => Self::TannbehandlingStart,
            "avsluttet" => Self::Avsluttet,
            "pause_fra" => Self::PauseFra,
            "pause_til" => Self::PauseTil,
            "narkose_behov" => Self::NarkoseBehov,
            "narkose_utfort" => Self::NarkoseUtfort,
            "time" => Self::Time,
            "kontakt_venteliste" | "overfort" => Self::Other,
            _ => return None,
        })
    }
}

/// One delivered row, with the columns that the recomputation uses.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    pub hendelse_guid: String,
    pub status: Status,
    pub gjelder_guid: Option<String>,
    pub forlop_id: String,
    pub kind: Kind,
    pub hendelse_dato: Date,
    pub registrert_tid: Timestamp,
    pub fylkesnr: String,
    pub enhet_orgnr: String,
    pub pauseaarsak: Option<String>,
    pub fra_fylkesnr: Option<String>,
    pub henvisningskilde: Option<String>,
    pub aldersgruppe: Option<String>,
    /// Codes joined by `+`.
    pub maalgruppe: Option<String>,
    pub behandlingsbehov: Option<String>,
    pub oppmote: Option<String>,
    pub avslutningsaarsak: Option<String>,
    /// `0` or `1`.
    pub ferdig_odontologisk: Option<String>,
    pub ferdig_psykologisk: Option<String>,
    pub finansiering: String,
}

/// The events that hold, and the guids of the corrections without a known target.
///
/// A correction of a correction concerns the same original. Of all corrections of one original the last by
/// (`registrert_tid`, `hendelse_guid`) wins: an M stands in its place, a C leaves nothing.
pub fn in_force(delivered: &BTreeMap<String, Event>) -> (Vec<Event>, Vec<String>) {
    let mut unknown_target = Vec::new();
    // Per original its corrections.
    let mut corrections: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in delivered.values() {
        match original(event, delivered) {
            Some(original) if original == event.hendelse_guid => {
                corrections.entry(original).or_default();
            }
            Some(original) => corrections.entry(original).or_default().push(event),
            None => unknown_target.push(event.hendelse_guid.clone()),
        }
    }
    let mut hold = Vec::new();
    for (original, corrections) in corrections {
        let last = corrections.into_iter().max_by_key(|event| (event.registrert_tid, &event.hendelse_guid));
        let winner = last.unwrap_or(&delivered[original]);
        if winner.status != Status::Cancels {
            hold.push(winner.clone());
        }
    }
    hold.sort_by(|a, b| a.hendelse_guid.cmp(&b.hendelse_guid));
    (hold, unknown_target)
}

/// The guid of the N that an event is, or at last concerns; absent when it was not delivered or corrections name each other.
fn original<'a>(event: &'a Event, delivered: &'a BTreeMap<String, Event>) -> Option<&'a str> {
    let mut at = event;
    for _ in 0..=delivered.len() {
        if at.status == Status::Original {
            return Some(&at.hendelse_guid);
        }
        at = delivered.get(at.gjelder_guid.as_ref()?)?;
    }
    None
}
