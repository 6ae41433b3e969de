//! The tables about courses and lists of which something is public: which columns count what.
//!
//! It must not know how they are read, nor what adds up to what.

/// A table of plain counts: its name without `_offentlig`, the column of its slice, the column of its period, and what its
/// columns count. A column that the counties' table lacks is the sum of others there.
pub struct Table {
    pub name: &'static str,
    pub about: &'static str,
    pub slice: Option<&'static str>,
    pub period: &'static str,
    pub columns: &'static [Column],
}

/// Name in the public table, what it counts, whether it is a stock, whether it is of the slice; and its parts.
pub struct Column(pub &'static str, pub When, pub Of, pub &'static [&'static str]);

#[derive(PartialEq)]
pub enum When {
    /// What happened in the period.
    Flow,
    /// What there is at its end.
    Stock,
}

#[derive(PartialEq)]
pub enum Of {
    All,
    Slice,
}

use Of::{All, Slice};
use When::{Flow, Stock};

pub const TABLES: [Table; 9] = [
    Table {
        name: "too_oppmote",
        about: "oppmote",
        slice: Some("fase"),
        period: "periode",
        columns: &[
            Column("avtalte", Flow, Slice, &[]),
            Column("ikke_mott", Flow, Slice, &[]),
            Column("avbestilt", Flow, Slice, &[]),
        ],
    },
    Table {
        name: "too_narkose",
        about: "narkose",
        slice: Some("fase"),
        period: "periode",
        columns: &[
            Column("narkose_behov", Flow, Slice, &[]),
            Column("narkose_gjort", Flow, Slice, &[]),
            Column("narkose_foer_team", Flow, Slice, &[]),
            Column("narkose_aapne", Stock, Slice, &[]),
            Column("narkose_uten_behov", Flow, Slice, &[]),
            Column("narkose_bortfalt", Flow, Slice, &[]),
        ],
    },
    Table {
        name: "too_henvisning",
        about: "henvisning",
        slice: Some("henvisningskilde"),
        period: "periode",
        columns: &[Column("henviste_fra", Flow, Slice, &[]), Column("henviste", Flow, All, &[])],
    },
    Table {
        name: "too_aldersgruppe",
        about: "alder",
        slice: Some("aldersgruppe"),
        period: "periode",
        columns: &[Column("henviste_i_alderen", Flow, Slice, &[]), Column("henviste", Flow, All, &[])],
    },
    Table {
        name: "too_maalgruppe",
        about: "maalgruppe",
        slice: Some("maalgruppe"),
        period: "periode",
        columns: &[
            Column("vurderte_med", Flow, Slice, &[]),
            Column("vurderte", Flow, All, &[]),
            Column("ferdigbehandlet_med", Flow, Slice, &[]),
            Column("aapne_med", Stock, Slice, &[]),
        ],
    },
    Table {
        name: "too_dekning",
        about: "dekning",
        slice: None,
        period: "periode",
        columns: &[
            Column("henviste", Flow, All, &[]),
            Column("behandlede", Flow, All, &[]),
            Column("ferdigbehandlet", Flow, All, &[]),
            Column("ferdigbehandlet_begge", Flow, All, &[]),
        ],
    },
    Table {
        name: "too_gjennomforing",
        about: "kohort",
        slice: None,
        period: "kohort",
        columns: &[
            Column("henviste", Flow, All, &[]),
            Column("naadd_m1", Flow, All, &[]),
            Column("naadd_m2", Flow, All, &[]),
            Column("naadd_m4", Flow, All, &[]),
            Column("slutt_ferdigbehandlet", Flow, All, &[]),
            Column("slutt_avbrutt", Flow, All, &["slutt_avbrutt_pasient", "slutt_avbrutt_team", "slutt_ikke_kontakt"]),
            Column(
                "slutt_ikke_kvalifisert",
                Flow,
                All,
                &["slutt_ikke_kvalifisert_vurdert", "slutt_ikke_kvalifisert_papir"],
            ),
            Column("slutt_ellers", Flow, All, &["slutt_flyttet", "slutt_dod", "slutt_uten_aarsak"]),
            Column("aapne", Flow, All, &[]),
            Column("slutt_avbrutt_pasient", Flow, All, &[]),
            Column("slutt_avbrutt_team", Flow, All, &[]),
            Column("slutt_ikke_kontakt", Flow, All, &[]),
            Column("slutt_ikke_kvalifisert_vurdert", Flow, All, &[]),
            Column("slutt_ikke_kvalifisert_papir", Flow, All, &[]),
            Column("aapne_over_12_mnd", Flow, All, &[]),
            Column("aapne_over_24_mnd", Flow, All, &[]),
            Column("ferdig_begge", Flow, All, &[]),
            Column("tilbakesendt", Flow, All, &[]),
            Column("somlos", Flow, All, &[]),
        ],
    },
    Table {
        name: "too_venteliste",
        about: "liste",
        slice: Some("steg"),
        period: "periode",
        columns: &[
            Column("inngaaende", Flow, Slice, &[]),
            Column("kommet_til", Flow, Slice, &[]),
            Column("naadd", Flow, Slice, &[]),
            Column("andre_ut", Flow, Slice, &["inngaaende", "kommet_til", "-naadd", "-utgaaende"]),
            Column("utgaaende", Stock, Slice, &[]),
        ],
    },
    Table {
        name: "too_venteliste_oppfolging",
        about: "oppfolging",
        slice: None,
        period: "periode",
        columns: &[
            Column("ventende", Stock, All, &["n"]),
            Column("behov_vurdert", Stock, All, &[]),
            Column("behov_lite", Stock, All, &[]),
            Column("behov_middels", Stock, All, &[]),
            Column("behov_stort", Stock, All, &[]),
            Column("behov_uoppgitt", Stock, All, &[]),
            Column("kontaktet", Stock, All, &[]),
            Column("kontakt_siste_12", Stock, All, &[]),
            Column("kontakt_siste_26", Stock, All, &[]),
            Column("kontakt_siste_52", Stock, All, &[]),
        ],
    },
];
