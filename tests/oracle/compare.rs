//! Compares recomputed figures with those that were published as CSV, and says in words where they differ.
//!
//! It must not know how either side came about.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Doctor, csv};

/// One line per difference between `wanted` and the CSV at `path` (`;`, decimal point, full precision, empty = absent;
/// columns named like `Doctor`'s fields, others are left alone). Counts and text must be equal, ratios agree to 1e-9 relative.
pub fn differences(wanted: &[Doctor], path: &Path) -> Vec<String> {
    let mut wanted: BTreeMap<i64, &Doctor> = wanted.iter().map(|doctor| (doctor.rekvirent_hpr, doctor)).collect();
    let mut found = Vec::new();
    let mut previous = None;
    csv::read(path, |header, row| {
        let hpr = row.whole(header.required("rekvirent_hpr")).expect("rekvirent_hpr");
        if previous.is_some_and(|previous| hpr <= previous) {
            found.push(format!("HPR {hpr} does not come after the row before it"));
        }
        previous = Some(hpr);
        match wanted.remove(&hpr) {
            Some(doctor) => {
                found.extend(row_differences(doctor, |name| row.text(header.required(name)).map(str::to_owned)))
            }
            None => found.push(format!("HPR {hpr} is in the file but was not recomputed (or is there twice)")),
        }
    });
    found.extend(wanted.keys().map(|hpr| format!("HPR {hpr} was recomputed but is not in the file")));
    found
}

fn row_differences(doctor: &Doctor, get: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |name: &str, wanted: Option<String>, equal: &dyn Fn(&str) -> bool| {
        let published = get(name);
        let same = match (&wanted, &published) {
            (Some(_), Some(text)) => equal(text),
            (None, None) => true,
            _ => false,
        };
        if !same {
            let show = |text: &Option<String>| text.clone().unwrap_or_else(|| "absent".to_owned());
            let hpr = doctor.rekvirent_hpr;
            found.push(format!("HPR {hpr}, {name}: recomputed {}, published {}", show(&wanted), show(&published)));
        }
    };
    for (name, wanted) in
        [("fra_maaned", &doctor.fra_maaned), ("til_maaned", &doctor.til_maaned), ("status", &doctor.status)]
    {
        check(name, Some(wanted.clone()), &|text| text == wanted);
    }
    check("vurdering", doctor.vurdering.map(str::to_owned), &|text| doctor.vurdering == Some(text));
    for (name, wanted) in [
        ("forskrivninger", doctor.forskrivninger),
        ("reservert", doctor.reservert),
        ("utleveringer", doctor.utleveringer),
        ("utleveringer_ikke_lege", doctor.utleveringer_ikke_lege),
        ("utleveringer_andre", doctor.utleveringer_andre),
        ("reservert_pasient", doctor.reservert_pasient),
        ("reservert_apotek", doctor.reservert_apotek),
        ("virkestoff", doctor.virkestoff),
        ("skrevet_siste", doctor.skrevet_siste),
        ("reservert_siste", doctor.reservert_siste),
        ("uten_referanse", doctor.uten_referanse),
        ("avvikende_pris", doctor.avvikende_pris),
        ("skiller_seg", doctor.skiller_seg),
    ] {
        check(name, wanted.map(|count| count.to_string()), &|text| text.parse().ok() == wanted);
    }
    // Kroner from whole øre, one division.
    check("merutgift", doctor.merutgift.map(|ore| (ore as f64 / 100.0).to_string()), &|text| {
        text.parse().ok() == doctor.merutgift.map(|ore| ore as f64 / 100.0)
    });
    for (name, wanted) in [
        ("reservasjonsgrad", doctor.reservasjonsgrad),
        ("nedre", doctor.nedre),
        ("ovre", doctor.ovre),
        ("forventet", doctor.forventet),
        ("standardisert_ratio", doctor.standardisert_ratio),
        ("sr_nedre", doctor.sr_nedre),
        ("sr_ovre", doctor.sr_ovre),
        ("trakt95_nedre", doctor.trakt95_nedre),
        ("trakt95_ovre", doctor.trakt95_ovre),
        ("trakt998_ovre", doctor.trakt998_ovre),
    ] {
        check(name, wanted.map(|ratio| ratio.to_string()), &|text| match (text.parse(), wanted) {
            (Ok(published), Some(wanted)) => close(published, wanted),
            _ => false,
        });
    }
    found
}

/// Equal to 1e-9 of the larger one; so 0 agrees with 0 only.
pub fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}
