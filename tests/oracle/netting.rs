//! What each annullering and each retur does to the line it concerns (B2).
//!
//! It must not know FEST, doctors or classes.

use std::collections::BTreeMap;

use super::csv::Month;
use super::deliveries::{Kind, Line};

/// The outcome, index by index with the lines.
pub struct Netting {
    /// For an A or R what became of it; absent for a U.
    pub status: Vec<Option<&'static str>>,
    /// True for a U that is still a line.
    pub counts: Vec<bool>,
    /// Packages (thousandths) and øre of each line after its returns.
    pub net: Vec<(i64, i64)>,
}

pub fn settle(lines: &[Line]) -> Netting {
    let place: BTreeMap<(Month, &str), usize> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| ((Month::of(line.utleveringsdato), line.linje_id.as_str()), at))
        .collect();
    let mut status = vec![None; lines.len()];
    let mut whole: Vec<(i64, i64)> = lines.iter().map(|line| (line.antall_pakninger, line.utsalgspris)).collect();
    let mut counts: Vec<bool> = lines.iter().map(|line| line.kind == Kind::Utlevering).collect();
    // Per line that is corrected, its corrections without a fault of their own.
    let mut cancels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut returns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();

    for (at, line) in lines.iter().enumerate() {
        let Some((id, date)) = &line.gjelder else {
            continue;
        };
        let Some(&x) = place.get(&(Month::of(*date), id.as_str())) else {
            status[at] = Some("referanse_ukjent");
            continue;
        };
        match fault(line, &lines[x]) {
            Some(fault) => status[at] = Some(fault),
            None if line.kind == Kind::Annullering => cancels.entry(x).or_default().push(at),
            None => returns.entry(x).or_default().push(at),
        }
    }

    for (x, mut all) in cancels {
        all.sort_by_key(|at| (lines[*at].utleveringsdato, &lines[*at].linje_id));
        for at in &all {
            status[*at] = Some("avvist_dobbel_annullering");
        }
        status[all[0]] = Some("virker");
        counts[x] = false;
        for at in returns.remove(&x).unwrap_or_default() {
            status[at] = Some("avvist_netto_negativ");
        }
    }

    for (x, all) in returns {
        // Neither packages nor kroner may be given back that the line does not hold.
        let net = |of: fn(&Line) -> i64| of(&lines[x]) + all.iter().map(|at| of(&lines[*at])).sum::<i64>();
        let (packages, kroner) = (net(|line| line.antall_pakninger), net(|line| line.utsalgspris));
        let too_much = packages < 0 || kroner < 0;
        for at in all {
            status[at] = Some(if too_much { "avvist_netto_negativ" } else { "virker" });
        }
        counts[x] = too_much || packages != 0;
        if !too_much {
            whole[x] = (packages, kroner);
        }
    }
    Netting { status, counts, net: whole }
}

/// What is wrong with a correction of `x`, seen without any other correction.
fn fault(correction: &Line, x: &Line) -> Option<&'static str> {
    let cancels = correction.kind == Kind::Annullering;
    if cancels && x.kind == Kind::Annullering {
        return Some("avvist_annullering_av_annullering");
    }
    if x.kind != Kind::Utlevering {
        return Some("avvist_gjelder_ikke_utlevering");
    }
    let same = correction.gjelder.as_ref().is_some_and(|(_, date)| *date == x.utleveringsdato)
        && correction.rekvirent_hpr == x.rekvirent_hpr
        && correction.varenr == x.varenr;
    let exact = correction.antall_pakninger == -x.antall_pakninger && correction.utsalgspris == -x.utsalgspris;
    (!same || (cancels && !exact)).then_some("avvist_avvik")
}
