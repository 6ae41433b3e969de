//! Tests of the recomputation itself: worlds of a few rows whose results are worked out by hand in the comments. Here the
//! readers, the netting (B2) and the comparison; classes are in `tests_classes.rs`, the doctors' figures in `tests_doctors.rs`.
//!
//! They must not know the pipeline either.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Doctor, Figures, Limits, compute, csv, xml};

const HEADER: &str = "linje_id;linjetype;gjelder_linje_id;gjelder_utleveringsdato;utleveringsdato;forskrivningsdato;utlevering_nr;\
                      rekvirent_hpr;varenr;antall_pakninger;refusjonshjemmel;reservasjon;virkestoffrekvirering;utsalgspris";

/// A folder of deliveries that is removed when the test ends.
pub(super) struct World(pub(super) PathBuf);

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl World {
    /// With doctor 11, a doctor always; dentist 12; and two packages in group 000101 from 2020 in the snapshot of 2025-12-31.
    pub(super) fn new(name: &str) -> Self {
        let world = Self(std::env::temp_dir().join(format!("speil-oracle-{}-{name}", std::process::id())));
        let _ = std::fs::remove_dir_all(&world.0);
        world.write(
            "lege/lege_2026-01-01.csv",
            "hpr;profesjon;gyldig_fra;gyldig_til\n11;LE;2000-01-01;\n12;TL;2000-01-01;\n",
        );
        world.fest(
            "2025-12-31T03:00:00",
            &[("A", "000001", "", "000101", "2020-01-01"), ("B", "000002", "", "000101", "2020-01-01")],
            &[],
        );
        world
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A month's delivery.
    pub(super) fn month(&self, month: &str, rows: &[&str]) {
        self.write(&format!("utlevering/utlevering_{month}.csv"), &format!("{HEADER}\n{}\n", rows.join("\n")));
    }

    /// A snapshot of packages (Id, Varenr, VarenrUtgaende, group or nothing, GyldigFraDato), with the groups that are limited.
    pub(super) fn fest(&self, hentet: &str, packages: &[(&str, &str, &str, &str, &str)], limited: &[&str]) {
        let mut text =
            format!("<m:FEST xmlns:m='urn:m30'><m:HentetDato>{hentet}</m:HentetDato><m:KatLegemiddelpakning>");
        for (id, varenr, former, group, from) in packages {
            text += "<m:OppfLegemiddelpakning><f:Legemiddelpakning xmlns:f='urn:f'><f:Atc V='C10AA05'/>";
            if !group.is_empty() {
                text += &format!(
                    "<f:PakningByttegruppe><f:RefByttegruppe>ID_{group}</f:RefByttegruppe><f:GyldigFraDato>{from}</f:GyldigFraDato></f:PakningByttegruppe>"
                );
            }
            text += &format!("<f:Id>{id}</f:Id><f:Varenr>{varenr}</f:Varenr><f:Markedsforingsinfo>");
            if !former.is_empty() {
                text += &format!("<f:VarenrUtgaende>{former}</f:VarenrUtgaende>");
            }
            text += "</f:Markedsforingsinfo></f:Legemiddelpakning></m:OppfLegemiddelpakning>";
        }
        text += "</m:KatLegemiddelpakning><m:KatByttegruppe>";
        let groups: BTreeMap<_, _> =
            packages.iter().filter(|pack| !pack.3.is_empty()).map(|pack| (pack.3, limited.contains(&pack.3))).collect();
        for (group, limited) in groups {
            text += &format!(
                "<m:OppfByttegruppe><Byttegruppe><Id>ID_{group}</Id><Kode V=\"{group}\" DN=\"a &gt; b\"/><MerknadTilByttbarhet>{limited}</MerknadTilByttbarhet></Byttegruppe></m:OppfByttegruppe>"
            );
        }
        let name = format!("fest/fest_{}.xml", hentet.replace(':', ""));
        self.write(&name, &format!("\u{feff}<?xml version='1.0'?>{text}</m:KatByttegruppe></m:FEST>"));
    }

    pub(super) fn compute(&self, as_of: &str) -> Figures {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intervaller.csv");
        compute(&self.0, as_of, &[200, 400], &Limits::read(&fixture))
    }
}

/// `id class, id class` of every net line.
pub(super) fn classes(figures: &Figures) -> String {
    let all: Vec<String> = figures.lines.iter().map(|line| format!("{} {}", line.linje_id, line.utfall)).collect();
    all.join(", ")
}

/// `id status, id status` of every correction.
fn statuses(figures: &Figures) -> String {
    let all: Vec<String> =
        figures.correction_lines.iter().map(|line| format!("{} {}", line.linje_id, line.utfall)).collect();
    all.join(", ")
}

#[test]
fn readers_take_quotes_entities_and_either_decimal_sign() {
    assert_eq!(csv::parse_scaled("-12,5", 2), Some(-1250));
    assert_eq!(csv::parse_scaled("0.005", 3), Some(5));
    assert_eq!(csv::parse_scaled("-0,500", 2), Some(-50));
    assert_eq!(csv::parse_scaled("1,001", 2), None);
    assert_eq!(csv::parse_scaled("1,x", 3), None);
    assert_eq!(csv::parse_date("2026-02-29"), None);
    let world = World::new("readers");
    world.write("x.csv", "\u{feff}a;b\r\n\"1;\"\"2\"\"\n3\";\r\n\r\n4;5");
    let mut rows = Vec::new();
    csv::read(&world.0.join("x.csv"), |_, row| rows.push(row.fields.join("|")));
    assert_eq!(rows, ["1;\"2\"\n3|", "4|5"]);
    let root = xml::parse(
        "\u{feff}<?xml version='1.0'?><!-- <x> --><!DOCTYPE a><p:a q:r = 'x&quot;>' ><b/><b>1&amp;<![CDATA[<2>]]>&#x41;</b></p:a>",
    );
    assert_eq!((root.name, root.attribute("r")), ("a", Some("x\">")));
    assert_eq!(root.children.len(), 2);
    assert_eq!(root.all("b").nth(1).and_then(xml::Node::text), Some("1&<2>A"));
}

#[test]
fn highest_version_wins_by_number() {
    let world = World::new("versions");
    for (version, id) in [("", "L1"), ("_v2", "L2"), ("_v10", "L10")] {
        world.month(&format!("2026-01{version}"), &[&format!("{id};U;;;2026-01-10;;1;11;000001;1,000;200;0;0;10,00")]);
    }
    assert_eq!(classes(&world.compute("2026-02-10")), "L10 grunnlag");
}

#[test]
fn cancelled_line_leaves_its_own_month_and_other_paragraphs_take_no_part() {
    let world = World::new("cancelled");
    world.month(
        "2026-01",
        &[
            "L1;U;;;2026-01-10;;1;11;000001;1,000;200;0;0;10,00",
            "L2;U;;;2026-01-10;;1;11;000001;1,000;200;0;0;10,00",
            "L3;U;;;2026-01-10;;1;11;000001;1,000;950;0;0;10,00",
        ],
    );
    // K1 cancels L1 (the L1 of January, not the one of February). K2 has no line to cancel, because L3 is outside. K3 is outside itself.
    world.month(
        "2026-02",
        &[
            "L1;U;;;2026-02-01;;1;11;000001;1,000;200;0;0;10,00",
            "K1;A;L1;2026-01-10;2026-02-03;;1;11;000001;-1,000;200;0;0;-10,00",
            "K2;A;L3;2026-01-10;2026-02-03;;1;11;000001;-1,000;200;0;0;-10,00",
            "K3;A;L2;2026-01-10;2026-02-03;;1;11;000001;-1,000;950;0;0;-10,00",
        ],
    );
    let figures = world.compute("2026-03-10");
    assert_eq!(classes(&figures), "L2 grunnlag, L1 grunnlag");
    assert_eq!(statuses(&figures), "K1 virker, K2 referanse_ukjent");
    let count = |month: &str| figures.classes.get(&(month.to_owned(), "grunnlag".to_owned())).copied();
    assert_eq!((count("2026-01"), count("2026-02")), (Some(1), Some(1)));
    // By the month of what they concern.
    assert_eq!(figures.corrections.keys().map(|(month, _)| month.as_str()).collect::<Vec<_>>(), ["2026-01", "2026-01"]);
}

#[test]
fn returns_take_the_line_out_at_zero_and_are_refused_below() {
    let world = World::new("returns");
    world.month(
        "2026-01",
        &[
            // 2 − 1 = 1: still a line. 2 − 1 − 1 = 0: out. 2 − 2.001 < 0: refused. 2 − 1 − 2 < 0: both refused.
            // A package of L5 for all its kroner is right, one of L6 for an øre more than it holds is not.
            "L1;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L2;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L3;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L4;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L5;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L6;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "R1;R;L1;2026-01-10;2026-01-11;;1;11;000001;-1,000;200;0;0;-9,00",
            "R2;R;L2;2026-01-10;2026-01-11;;1;11;000001;-1,000;200;0;0;-10,00",
            "R3;R;L3;2026-01-10;2026-01-11;;1;11;000001;-2,001;200;0;0;-20,00",
            "R4;R;L4;2026-01-10;2026-01-11;;1;11;000001;-1,000;200;0;0;-10,00",
            "R5;R;L4;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "R7;R;L5;2026-01-10;2026-01-13;;1;11;000001;-1,000;200;0;0;-20,00",
            "R8;R;L6;2026-01-10;2026-01-13;;1;11;000001;-1,000;200;0;0;-20,01",
        ],
    );
    world.month("2026-02", &["R6;R;L2;2026-01-10;2026-02-11;;1;11;000001;-1,000;200;0;0;-10,00"]);
    let figures = world.compute("2026-03-10");
    assert_eq!(classes(&figures), "L1 grunnlag, L3 grunnlag, L4 grunnlag, L5 grunnlag, L6 grunnlag");
    assert_eq!(
        statuses(&figures),
        "R1 virker, R2 virker, R3 avvist_netto_negativ, R4 avvist_netto_negativ, R5 avvist_netto_negativ, R7 virker, \
         R8 avvist_netto_negativ, R6 virker"
    );
}

#[test]
fn second_cancellation_is_the_later_by_date_then_id_and_returns_give_way() {
    let world = World::new("double");
    world.month(
        "2026-01",
        &[
            "L1;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L2;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            // On L1: K1 and K2 on one day, K2 first in the file. On L2: K3 is later than K4. R1 goes with L1's cancellation.
            "K2;A;L1;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "K1;A;L1;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "K3;A;L2;2026-01-10;2026-01-13;;1;11;000001;-2,000;200;0;0;-20,00",
            "K4;A;L2;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "R1;R;L1;2026-01-10;2026-01-11;;1;11;000001;-1,000;200;0;0;-10,00",
        ],
    );
    let figures = world.compute("2026-02-10");
    assert_eq!(classes(&figures), "");
    assert_eq!(
        statuses(&figures),
        "R1 avvist_netto_negativ, K1 virker, K2 avvist_dobbel_annullering, K4 virker, K3 avvist_dobbel_annullering"
    );
}

#[test]
fn corrections_of_corrections_have_no_effect() {
    let world = World::new("chain");
    world.month(
        "2026-01",
        &[
            "L1;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L2;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "K1;A;L1;2026-01-10;2026-01-11;;1;11;000001;-2,000;200;0;0;-20,00",
            "K2;A;K1;2026-01-11;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "K3;R;K1;2026-01-11;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "R1;R;L2;2026-01-10;2026-01-11;;1;11;000001;-1,000;200;0;0;-10,00",
            "R2;R;R1;2026-01-11;2026-01-12;;1;11;000001;-1,000;200;0;0;-10,00",
            "R3;A;R1;2026-01-11;2026-01-12;;1;11;000001;-1,000;200;0;0;-10,00",
        ],
    );
    let figures = world.compute("2026-02-10");
    assert_eq!(classes(&figures), "L2 grunnlag");
    let wrong = "avvist_gjelder_ikke_utlevering";
    assert_eq!(
        statuses(&figures),
        format!("K1 virker, R1 virker, K2 avvist_annullering_av_annullering, K3 {wrong}, R2 {wrong}, R3 {wrong}")
    );
}

#[test]
fn deviating_corrections_have_no_effect_and_do_not_block_the_right_one() {
    let world = World::new("deviating");
    world.month(
        "2026-01",
        &[
            "L1;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            "L2;U;;;2026-01-10;;1;11;000001;2,000;200;0;0;20,00",
            // Packages, price, prescriber, package, day. All of L1, and then the right one.
            "K1;A;L1;2026-01-10;2026-01-11;;1;11;000001;-1,999;200;0;0;-20,00",
            "K2;A;L1;2026-01-10;2026-01-11;;1;11;000001;-2,000;200;0;0;-20,01",
            "K3;A;L1;2026-01-10;2026-01-11;;1;12;000001;-2,000;200;0;0;-20,00",
            "K4;R;L1;2026-01-10;2026-01-11;;1;11;000002;-2,000;200;0;0;-20,00",
            "K5;R;L1;2026-01-09;2026-01-11;;1;11;000001;-2,000;200;0;0;-20,00",
            "K6;A;L1;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            // No such line, no such delivery.
            "K7;A;L9;2026-01-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
            "K8;R;L1;2025-12-10;2026-01-12;;1;11;000001;-2,000;200;0;0;-20,00",
        ],
    );
    let figures = world.compute("2026-02-10");
    assert_eq!(classes(&figures), "L2 grunnlag");
    let wrong: Vec<String> = (1..6).map(|k| format!("K{k} avvist_avvik")).collect();
    assert_eq!(
        statuses(&figures),
        format!("{}, K6 virker, K7 referanse_ukjent, K8 referanse_ukjent", wrong.join(", "))
    );
}

#[test]
fn comparison_names_what_differs_and_lets_the_last_digits_go() {
    let world = World::new("compare");
    let doctor = |hpr, rate| Doctor {
        rekvirent_hpr: hpr,
        reservert: Some(1),
        reservasjonsgrad: rate,
        status: "vist".to_owned(),
        ..Doctor::default()
    };
    let header = "rekvirent_hpr;fra_maaned;til_maaned;forskrivninger;reservert;reservasjonsgrad;nedre;ovre;forventet;standardisert_ratio;sr_nedre;sr_ovre;trakt95_nedre;trakt95_ovre;trakt998_ovre;utleveringer;utleveringer_ikke_lege;utleveringer_andre;reservert_pasient;reservert_apotek;virkestoff;skrevet_siste;reservert_siste;merutgift;uten_referanse;avvikende_pris;vurdering;skiller_seg;status;x";
    let row = |hpr, reserved, rate| format!("{hpr};2025-11;2026-10;;{reserved};{rate};;;;;;;;;;;;;;;;;;;;;;;vist;y\n");
    world.write("d.csv", &format!("{header}\n{}{}{}", row(1, 1, "0.3333333333"), row(2, 2, ""), row(4, 1, "")));
    let months =
        |doctor: Doctor| Doctor { fra_maaned: "2025-11".to_owned(), til_maaned: "2026-10".to_owned(), ..doctor };
    let wanted = [doctor(1, Some(1.0 / 3.0)), doctor(2, Some(0.5)), doctor(3, None)].map(months);
    let found = super::compare::differences(&wanted, &world.0.join("d.csv"));
    assert_eq!(
        found,
        [
            "HPR 2, reservert: recomputed 1, published 2",
            "HPR 2, reservasjonsgrad: recomputed 0.5, published absent",
            "HPR 4 is in the file but was not recomputed (or is there twice)",
            "HPR 3 was recomputed but is not in the file",
        ]
    );
}
