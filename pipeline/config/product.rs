//! `[product.NAME]`: what a product counts, and the thresholds that definitions leave to configuration.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::dates::Dates;
use crate::closed;

/// A product's settings.
#[derive(Clone, Debug)]
pub struct Product {
    /// The reimbursement paragraphs (code list 7427) whose lines are taken in.
    pub paragraphs: Vec<i64>,
    /// Every threshold of the product by its name in SQL, defaults included.
    pub thresholds: BTreeMap<String, i64>,
    /// When its figures change for their readers.
    pub dates: Dates,
    /// `av = true`: it is ended on purpose, and goes out of the next release.
    pub ended: bool,
    /// What allows it, as it is printed with its figures; a product that needs one is off without it.
    pub legal_basis: Option<String>,
    /// Whom readers of single figures turn to, as it is printed; absent = the directorate, without an address.
    pub contact: Option<String>,
    /// The key that events for KPR are encrypted to, as written; absent = none are handed over.
    pub kpr_key: Option<String>,
}

/// The thresholds of `domain/definitions.md`, with the names that SQL and `[product.NAME.terskler]` use.
const THRESHOLDS: &[(&str, i64)] = &[
    ("fest_dager", 45),               // B3: how old a FEST snapshot may be, days
    ("merutgift_linjer", 20),         // B4: unreserved lines behind a reference from what was paid
    ("merutgift_avvik_ganger", 10),   // B4: a price above so many times the reference is marked as unusual
    ("stratum_linjer", 500),          // B5: lines a stratum needs
    ("stratum_leger", 20),            // B5: doctors a stratum needs
    ("stratum_storste_prosent", 50),  // B5: the largest share of one doctor, per cent
    ("trakt_forskrivninger", 100),    // B7: prescriptions a funnel doctor needs
    ("trakt_forventet", 5),           // B7: expected reserved prescriptions a funnel doctor needs
    ("persentil_kvartil", 20),        // B10: members that P25, P50 and P75 need
    ("persentil_desil", 50),          // B10: members that P10 and P90 need
    ("kontroll_persentil", 90),       // B9: the percentile of merutgift that a listed doctor reaches
    ("kontroll_q_promille", 50),      // B9: the greatest q of a listed doctor, per thousand
    ("utvalg_linjer", 20),            // B9: lines drawn of each listed doctor
    ("utvalg_fro", 2015),             // B9: the seed of the draw
    ("spredning_leger", 50),          // B11: doctors that a spread needs
    ("spredning_forventet", 1),       // B11: expected reserved prescriptions of each of them
    ("soyle_leger", 5),               // B10: members in a bin on a doctor's page
    ("kolleger_leger", 20),           // B10: other doctors that a group's rate needs
    ("kolleger_storste_prosent", 50), // B10: the largest share of one doctor in it, per cent
    ("siste_maaneder", 3),            // the doctor's page: prescribed in so many last months
    ("rullerende_maaneder", 36),      // the doctor's page: how many months the series of 12-month rates goes back
    ("minste_antall", 5),             // D1: counts below it (but zero) are hidden
    ("minste_n_median", 10),          // D1: waits behind a public median
    ("minste_n_p80", 25),             // D1: waits behind a public P80
    ("minste_n_p90", 50),             // D1: waits behind a public P90
    ("minste_n_gjennomsnitt", 20),    // D1: waits behind a public mean
    ("too_forelopig_dager", 90),      // C2: days after a period in which its figures are preliminary
    ("offentlig_leger", 10),          // D7: doctors behind a public cell
    ("offentlig_linjer", 30),         // D7: lines behind a public cell
    ("dominans_prosent", 10),         // D7: what is left without the two largest, per cent of the largest
    ("histogram_leger", 10),          // D7: doctors in a public histogram bin
    ("kurve_i_fare", 10),             // C9: still at risk at a public point of a curve
    (NOTICE, 3),                      // D4: months between a date's announcement and the date
    // How far a shown figure may move from one release to the next (pipeline/check/change.rs), per thousand; for shares
    // in tenths of a percentage point. No statement reads these.
    ("endring_uforklart_promille", 1), // any figure of a period that is over, when nothing explains it
    ("endring_landet_promille", 30),   // the national rate, whatever explains it
    ("endring_maaned_promille", 50),   // the national rate of a month, whatever explains it
];

/// How many months ahead a date of publication must be announced (D4).
pub const NOTICE: &str = "utgivelse_varsel_maaneder";

/// Volven 7427: § 2, § 3, § 3a, § 3b and § 4, the paragraphs of blue prescriptions for medicines.
const BLUE_PRESCRIPTION: &[i64] = &[200, 300, 301, 302, 400];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenProduct {
    hjemler: Option<Vec<i64>>,
    terskler: BTreeMap<String, i64>,
    utgivelse: Option<Vec<String>>,
    lege_dag: Option<i8>,
    av: bool,
    rettsgrunnlag: Option<String>,
    henvendelse: Option<String>,
    kpr_nokkel: Option<String>,
}

impl Default for Product {
    fn default() -> Self {
        Product {
            paragraphs: BLUE_PRESCRIPTION.to_vec(),
            thresholds: THRESHOLDS.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            dates: Dates::default(),
            ended: false,
            legal_basis: None,
            contact: None,
            kpr_key: None,
        }
    }
}

impl WrittenProduct {
    pub(super) fn check(self) -> anyhow::Result<Product> {
        let dates = Dates::check(self.utgivelse.as_deref(), self.lege_dag)?;
        let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let says_something = |text: &str| text.chars().any(char::is_alphanumeric) && !text.contains('\n');
        let is_line = |text: &Option<String>| text.as_deref().is_none_or(says_something);
        let (legal_basis, contact) = (trimmed(self.rettsgrunnlag), trimmed(self.henvendelse));
        ensure!(
            is_line(&legal_basis),
            "`rettsgrunnlag` is one line that says what allows the product; take the key out to leave the product off"
        );
        ensure!(
            is_line(&contact),
            "`henvendelse` is one line that says whom a doctor turns to, such as \"Helsedirektoratet på post@example.no\""
        );
        let mut product =
            Product { dates, ended: self.av, legal_basis, contact, kpr_key: self.kpr_nokkel, ..Product::default() };
        if let Some(paragraphs) = self.hjemler {
            ensure!(!paragraphs.is_empty(), "`hjemler` is empty: no line would be taken in");
            product.paragraphs = paragraphs;
        }
        for (name, value) in self.terskler {
            let nearest = closed::nearest(&name, THRESHOLDS.iter().map(|(name, _)| *name));
            let threshold = product.thresholds.get_mut(&name).with_context(|| {
                format!("unknown threshold `{name}`; the nearest known one is `{}`", nearest.unwrap_or(""))
            })?;
            ensure!(value >= 0, "threshold `{name}` is negative");
            *threshold = value;
        }
        Ok(product)
    }
}
