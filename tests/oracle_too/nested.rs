//! Which counts hold each other: what the part leaves of the whole is a count, too.
//!
//! It must not know what is public, nor what adds up to what.

use super::cells::LIMITS;
use super::course_attack::SOURCE_GROUPS;
use super::course_tables::{GROUPS, PHASES, SOURCES};
use super::identities::{STEPS, WEEKS};

/// The counts of one area and period that hold each other: whole, part. What the part leaves is a count, too.
pub fn nested() -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut pair = |whole: &str, part: &str| pairs.push((whole.to_owned(), part.to_owned()));
    for steg in STEPS {
        pair(&format!("{steg} naadd"), &format!("{steg} naadd_sent med"));
        pair(&format!("{steg} naadd"), &format!("{steg} naadd_sent uten"));
        pair(&format!("{steg} naadd_sent med"), &format!("{steg} naadd_sent uten"));
        for (at, limit) in LIMITS.iter().enumerate() {
            for pauses in ["med", "uten"] {
                pair(&format!("{steg} venter"), &format!("{steg} venter {limit} {pauses}"));
                for higher in &LIMITS[at + 1..] {
                    pair(&format!("{steg} venter {limit} {pauses}"), &format!("{steg} venter {higher} {pauses}"));
                }
            }
            for higher in &LIMITS[at..] {
                pair(&format!("{steg} venter {limit} med"), &format!("{steg} venter {higher} uten"));
            }
        }
        for (at, weeks) in WEEKS.iter().enumerate() {
            for what in ["naadd", "andre"] {
                pair(&format!("{steg} kohort"), &format!("{steg} kurve {what} {weeks}"));
                for before in &WEEKS[..at] {
                    pair(&format!("{steg} kurve {what} {weeks}"), &format!("{steg} kurve {what} {before}"));
                }
            }
            if steg == "m0_m1" || steg == "m0_m4" {
                pair(&format!("kohort naadd_{}", &steg[3..]), &format!("{steg} kurve naadd {weeks}"));
            }
        }
    }
    for (whole, parts) in [
        ("henviste", &["naadd_m1", "naadd_m2", "naadd_m4", "slutt_ferdigbehandlet", "aapne"][..]),
        ("naadd_m1", &["naadd_m2", "naadd_m4"]),
        ("naadd_m2", &["naadd_m4"]),
        ("naadd_m4", &["slutt_ferdigbehandlet", "tilbakesendt", "somlos"]),
        ("henviste", &["slutt_avbrutt", "slutt_ikke_kvalifisert"]),
        ("aapne", &["aapne_over_12_mnd", "aapne_over_24_mnd"]),
        ("aapne_over_12_mnd", &["aapne_over_24_mnd"]),
        ("slutt_ferdigbehandlet", &["ferdig_begge"]),
    ] {
        parts.iter().for_each(|part| pair(&format!("kohort {whole}"), &format!("kohort {part}")));
    }
    pair("dekning behandlede", "dekning ferdigbehandlet");
    pair("dekning behandlede", "dekning ferdigbehandlet_begge");
    pair("dekning ferdigbehandlet", "dekning ferdigbehandlet_begge");
    for group in GROUPS {
        pair("maalgruppe vurderte", &format!("maalgruppe {group} vurderte_med"));
        pair("dekning ferdigbehandlet", &format!("maalgruppe {group} ferdigbehandlet_med"));
    }
    for phase in PHASES {
        pair(&format!("oppmote {phase} avtalte"), &format!("oppmote {phase} ikke_mott"));
        pair(&format!("narkose {phase} narkose_gjort"), &format!("narkose {phase} narkose_foer_team"));
    }
    pair("narkose alle narkose_gjort", "narkose naadd");
    for source in SOURCES.into_iter().chain(SOURCE_GROUPS.map(|(group, _)| group)) {
        pair("henvisning henviste", &format!("henvisning {source} henviste_fra"));
    }
    for age in ["18_20", "21_24", "25_44", "45_66", "67_og_eldre", "ikke_oppgitt"] {
        pair("alder henviste", &format!("alder {age} henviste_i_alderen"));
    }
    for (at, more) in ["ventende", "kontaktet", "kontakt_siste_52", "kontakt_siste_26"].iter().enumerate() {
        for fewer in ["kontaktet", "kontakt_siste_52", "kontakt_siste_26", "kontakt_siste_12"].iter().skip(at) {
            pair(&format!("oppfolging {more}"), &format!("oppfolging {fewer}"));
        }
    }
    pair("oppfolging ventende", "oppfolging behov_vurdert");
    pairs
}

/// Where all of a whole are of the part, that is known of each of them.
pub fn tells_of_all(part: &str) -> bool {
    part.starts_with("maalgruppe ")
        || part.starts_with("kohort slutt_avbrutt")
        || part.starts_with("kohort slutt_ikke_kval")
}
