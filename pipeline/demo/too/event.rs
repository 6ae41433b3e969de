//! One event of a course and its row in `too_hendelse`.
//!
//! Knows the columns and their codes, not how a course runs.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::calendar::date_from_days;
use crate::demo::text;

use super::county::COUNTIES;

/// What happened, with what only that type of event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `henvist`: by whom, and the age group.
    Referred { source: &'static str, age: &'static str },
    /// `vurdert`: the set of target groups, empty when none was given.
    Assessed { groups: &'static str },
    /// `ikke_kvalifisert`
    NotQualified,
    /// `behov_vurdert`: how much treatment is needed.
    NeedAssessed(&'static str),
    /// `kontakt_venteliste`
    Contacted,
    /// `team_start`
    TeamStart,
    /// `team_slutt`
    TeamEnd,
    /// `tannbehandling_start`
    DentalStart,
    /// `avsluttet`: the cause, and the odontological and the psychological test.
    Ended { cause: &'static str, tests: Option<(bool, bool)> },
    /// `overfort`: from which county, as a position in [`COUNTIES`].
    Transferred { from: usize },
    /// `pause_fra`: the reason.
    PauseFrom(&'static str),
    /// `pause_til`
    PauseTo,
    /// `narkose_behov`
    AnaesthesiaNeeded,
    /// `narkose_utfort`
    AnaesthesiaDone,
    /// `time`: whether the person came.
    Visit(&'static str),
}

impl What {
    /// The code of the type.
    pub(super) fn code(self) -> &'static str {
        match self {
            What::Referred { .. } => "henvist",
            What::Assessed { .. } => "vurdert",
            What::NotQualified => "ikke_kvalifisert",
            What::NeedAssessed(_) => "behov_vurdert",
            What::Contacted => "kontakt_venteliste",
            What::TeamStart => "team_start",
            What::TeamEnd => "team_slutt",
            What::DentalStart => "tannbehandling_start",
            What::Ended { .. } => "avsluttet",
            What::Transferred { .. } => "overfort",
            What::PauseFrom(_) => "pause_fra",
            What::PauseTo => "pause_til",
            What::AnaesthesiaNeeded => "narkose_behov",
            What::AnaesthesiaDone => "narkose_utfort",
            What::Visit(_) => "time",
        }
    }
}

/// When a row was registered: day, and second of that day in Oslo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Registered {
    pub(super) day: i32,
    pub(super) second: u32,
}

/// An event of a course, with where and by whom it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) what: What,
    pub(super) day: i32,
    /// A position in [`COUNTIES`].
    pub(super) county: usize,
    pub(super) orgnr: u64,
    /// Paid by the grant, not by a right.
    pub(super) grant: bool,
    pub(super) registered: Registered,
}

impl Event {
    /// The county's code on the day of the event.
    pub(super) fn code(&self) -> &'static str {
        COUNTIES[self.county].code_on(self.day)
    }
}

/// `N`, `M` or `C` (Volven 7316).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    New,
    Replaces,
    Cancels,
}

/// A row of the delivery.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) guid: u128,
    pub(super) status: Status,
    /// The row that is replaced or cancelled.
    pub(super) concerns: Option<u128>,
    pub(super) course: u64,
    pub(super) event: Event,
}

const HEADER: &[u8] =
    b"hendelse_guid;status;gjelder_guid;forlop_id;hendelse_type;hendelse_dato;registrert_tid;fylkesnr;\
fra_fylkesnr;enhet_orgnr;henvisningskilde;aldersgruppe;maalgruppe;behandlingsbehov;oppmote;pauseaarsak;\
avslutningsaarsak;ferdig_odontologisk;ferdig_psykologisk;finansiering\n";

/// Rows as a delivery, in the order given.
pub(super) fn csv(rows: &[Row], oslo: &TimeZone) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(HEADER.len() + rows.len() * 150);
    out.extend_from_slice(HEADER);
    for row in rows {
        write(&mut out, row, oslo)?;
    }
    Ok(out)
}

fn write(out: &mut Vec<u8>, row: &Row, oslo: &TimeZone) -> anyhow::Result<()> {
    let event = &row.event;
    guid(out, row.guid);
    out.extend_from_slice(match row.status {
        Status::New => b";N;",
        Status::Replaces => b";M;",
        Status::Cancels => b";C;",
    });
    if let Some(concerns) = row.concerns {
        guid(out, concerns);
    }
    out.extend_from_slice(format!(";{:016x};{};", row.course, event.what.code()).as_bytes());
    text::date(out, event.day);
    out.extend_from_slice(format!(";{};{};", time(event.registered, oslo)?, event.code()).as_bytes());
    if let What::Transferred { from } = event.what {
        out.extend_from_slice(COUNTIES[from].code_on(event.day).as_bytes());
    }
    out.push(b';');
    text::whole(out, event.orgnr);
    // henvisningskilde to ferdig_psykologisk
    let mut only = [""; 9];
    match event.what {
        What::Referred { source, age } => [only[0], only[1]] = [source, age],
        What::Assessed { groups } => only[2] = groups,
        What::NeedAssessed(need) => only[3] = need,
        What::Visit(came) => only[4] = came,
        What::PauseFrom(reason) => only[5] = reason,
        What::Ended { cause, tests } => {
            only[6] = cause;
            if let Some((odontological, psychological)) = tests {
                [only[7], only[8]] = [odontological, psychological].map(|passed| if passed { "1" } else { "0" });
            }
        }
        _ => {}
    }
    for field in only {
        out.push(b';');
        out.extend_from_slice(field.as_bytes());
    }
    out.extend_from_slice(if event.grant { b";tilskudd\n" } else { b";rettighet\n" });
    Ok(())
}

/// A time in Oslo with its offset: `2026-03-04T10:15:00+01:00`.
pub(super) fn time(at: Registered, oslo: &TimeZone) -> anyhow::Result<String> {
    let date = date_from_days(at.day).unwrap_or(Date::MAX);
    let [hour, minute, second] = [at.second / 3600, at.second / 60 % 60, at.second % 60];
    let clock = jiff::civil::time(i8::try_from(hour)?, i8::try_from(minute)?, i8::try_from(second)?, 0);
    Ok(oslo.to_zoned(date.to_datetime(clock))?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// A version 4 uuid of these bits.
fn guid(out: &mut Vec<u8>, bits: u128) {
    let [low, middle, high] = [bits >> 80 & 0xffff, bits >> 64 & 0xfff, bits >> 48 & 0x3fff];
    let [first, last] = [bits >> 96, bits & 0xffff_ffff_ffff];
    out.extend_from_slice(format!("{first:08x}-{low:04x}-4{middle:03x}-{:04x}-{last:012x}", high | 0x8000).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_the_offset_of_their_day_in_oslo() {
        let oslo = TimeZone::get("Europe/Oslo").unwrap();
        let at = |date| Registered { day: crate::calendar::days_since_epoch(date), second: 10 * 3600 + 15 * 60 };
        let winter = time(at(jiff::civil::date(2026, 3, 4)), &oslo).unwrap();
        assert_eq!(winter, "2026-03-04T10:15:00+01:00");
        let summer = time(at(jiff::civil::date(2026, 7, 1)), &oslo).unwrap();
        assert_eq!(summer, "2026-07-01T10:15:00+02:00");
    }

    #[test]
    fn guids_have_the_form_of_version_4() {
        let mut out = Vec::new();
        guid(&mut out, u128::MAX);
        assert_eq!(String::from_utf8(out).unwrap(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
