//! What each county has to treat with: teams and positions, and the grant, a delivery of each per year.
//!
//! Must not know courses.

use num_traits::ToPrimitive;

use crate::calendar::days_since_epoch;
use crate::demo::random::count;
use crate::demo::text;

use super::county::{COUNTIES, codes_on};
use super::{Chance, Draw};

/// The grant in million kroner, 2021 to 2024; some more each year after.
const GRANT: [u32; 4] = [100, 170, 176, 184];

/// A county's means in a year, added up over the counties that share a code.
#[derive(Default)]
struct Means {
    teams: u32,
    /// Full-time positions in hundredths.
    psychologists: i64,
    dental: i64,
    anaesthesia_days: u32,
    kroner: u64,
}

fn means(chance: Chance, year: i16) -> Vec<(&'static str, Means)> {
    let day = days_since_epoch(jiff::civil::date(year, 1, 1));
    let since = u32::try_from(year - 2021).unwrap_or(0);
    let last = GRANT[GRANT.len() - 1];
    let million = GRANT.get(usize::try_from(since).unwrap_or(0)).copied().unwrap_or(last + 6 * since.saturating_sub(3));
    let population: u32 = COUNTIES.iter().map(|county| county.thousands).sum();
    let of_code = |(code, _): (&'static str, &str)| {
        let mut sum = Means::default();
        for (nth, county) in COUNTIES.iter().enumerate().filter(|(_, county)| county.code_on(day) == code) {
            let dice = &mut chance.dice(Draw::Means, &[u64::from(since), u64::from(count(nth))]);
            let per_team = |dice: &mut crate::demo::random::Dice| i64::from(70 + dice.below(60));
            sum.teams += county.teams;
            sum.psychologists += i64::from(county.teams) * per_team(dice) / 5 * 5;
            sum.dental += i64::from(county.teams) * (per_team(dice) + 60) / 5 * 5;
            sum.anaesthesia_days += county.teams * (4 + dice.below(14));
            let share = f64::from(county.thousands) / f64::from(population) * (0.8 + 0.4 * dice.unit());
            sum.kroner += (f64::from(million) * 1000.0 * share).to_u64().unwrap_or(0) * 1000;
        }
        (code, sum)
    };
    codes_on(day).into_iter().map(of_code).collect()
}

/// `too_kapasitet` of a year.
pub(super) fn capacity(chance: Chance, year: i16) -> Vec<u8> {
    let mut out = b"aar;fylkesnr;antall_team;arsverk_psykolog;arsverk_tannhelse;narkose_dager\n".to_vec();
    for (code, means) in means(chance, year) {
        out.extend_from_slice(format!("{year};{code};{};", means.teams).as_bytes());
        text::hundredths(&mut out, means.psychologists, b',');
        out.push(b';');
        text::hundredths(&mut out, means.dental, b',');
        out.extend_from_slice(format!(";{}\n", means.anaesthesia_days).as_bytes());
    }
    out
}

/// `too_tilskudd` of a year.
pub(super) fn grant(chance: Chance, year: i16) -> Vec<u8> {
    let mut out = b"aar;fylkesnr;tildelt_kr\n".to_vec();
    for (code, means) in means(chance, year) {
        out.extend_from_slice(format!("{year};{code};{}\n", means.kroner).as_bytes());
    }
    out
}
