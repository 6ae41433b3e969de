//! Faults in FEST: bad packages, groups and prices in one snapshot, and bad snapshots beside the good ones.

use std::io::{Cursor, Write};

use anyhow::Context;
use jiff::civil::Date;
use zip::write::SimpleFileOptions;

use super::{Expected, Landing, Planted};

const SOURCE: &str = "fest";

/// One bad package: which rule, column, what, and what replaces what in a good one.
type Bad = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// An entry without what the contract lets a package leave out.
const PACKAGE: &str = "<OppfLegemiddelpakning><Id>ID_FEIL</Id><Legemiddelpakning \
xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\"><Atc V=\"A02BC01\" DN=\"Omeprazol\"/>\
<NavnFormStyrke>Feilprøve</NavnFormStyrke><Id>ID_{id}</Id><Varenr>012345</Varenr><Pakningsinfo>\
<Pakningsstr>98</Pakningsstr></Pakningsinfo><Markedsforingsinfo><Markedsforingsdato>2020-01-01</Markedsforingsdato>\
</Markedsforingsinfo></Legemiddelpakning></OppfLegemiddelpakning>\n";

const PACKAGES: [Bad; 9] = [
    ("mangler", "navn_form_styrke", "tomt navn", "Feilprøve", ""),
    ("ikke_siffer", "varenr", "varenummer med fem siffer", "012345", "12345"),
    ("for_lang", "atc", "for lang ATC-kode", "A02BC01", "A02BC01-A02BC01"),
    ("ikke_desimaltall", "pakningsstr", "desimalkomma", ">98<", ">98,5<"),
    ("ikke_dato", "markedsfort_fra", "en dag som ikke finnes", "2020-01-01", "2020-02-30"),
    (
        "ikke_heltall",
        "byttegruppe",
        "viser til en byttegruppe som ikke finnes",
        "<Id>ID_{id}",
        "<PakningByttegruppe><RefByttegruppe>ID_INGEN</RefByttegruppe></PakningByttegruppe><Id>ID_{id}",
    ),
    ("mangler", "pakning_id", "uten Id", "ID_{id}", ""),
    ("noekkel_gjentatt", "snapshot+pakning_id", "samme Id to ganger", "ID_{id}", "ID_FEIL-TO"),
    ("noekkel_gjentatt", "snapshot+pakning_id", "samme Id to ganger", "ID_{id}", "ID_FEIL-TO"),
];

const GROUP: &str = "<OppfByttegruppe><Id>ID_FEIL</Id><Byttegruppe \
xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\"><Id>ID_{id}</Id><Kode V=\"999999\" DN=\"Feilprøve\"/>\
<MerknadTilByttbarhet>false</MerknadTilByttbarhet></Byttegruppe></OppfByttegruppe>\n";

const GROUPS: [Bad; 5] = [
    ("ukjent_kode", "begrenset", "nei i stedet for false", "false", "nei"),
    ("utenfor_grense", "byttegruppe", "kode null", "999999", "0"),
    ("mangler", "navn", "tomt navn", "Feilprøve", ""),
    ("noekkel_gjentatt", "snapshot+byttegruppe", "samme kode to ganger", "", ""),
    ("noekkel_gjentatt", "snapshot+byttegruppe", "samme kode to ganger", "", ""),
];

/// Prices of the first package: their kinds sort before all others, so that they are the table's first rows.
const PRICE: &str = "<PrisVare><Type V=\"9\" DN=\"AA{id}\"/><Pris V=\"10.50\" U=\"NOK\"/>\
<GyldigFraDato>2020-01-01</GyldigFraDato></PrisVare>";

const PRICES: [Bad; 2] = [
    ("ikke_desimaltall", "pris", "desimalkomma", "10.50", "10,50"),
    ("ikke_dato", "gyldig_fra", "trettende måned", "2020-01-01", "2020-13-01"),
];

/// Plants all; the last snapshot gets the bad rows.
pub(super) fn plant(landing: &mut Landing) -> anyhow::Result<()> {
    let middle = landing.last.first_day().with().day(15).build()?;
    let good = landing.path(SOURCE, &format!("fest_{middle}.zip"));
    let xml = unzipped(&good)?;
    lay_files(landing, middle, &xml)?;
    let name = format!("fest_{middle}.zip");
    let planted = plant_rows(landing, &name, &xml);
    landing.write(SOURCE, &name, &zipped(&[("fest251.xml", planted.as_bytes())])?)
}

fn plant_rows(landing: &mut Landing, name: &str, xml: &str) -> String {
    let packages = xml.matches("</Legemiddelpakning>").count();
    let groups = xml.matches("</Byttegruppe>").count();
    let mut added = [String::new(), String::new(), String::new()];
    for (at, (entry, faults, before)) in
        [(PACKAGE, &PACKAGES[..], packages), (GROUP, &GROUPS[..], groups), (PRICE, &PRICES[..], 0)]
            .into_iter()
            .enumerate()
    {
        for (number, (rule, column, what, from, to)) in (1..).zip(faults) {
            let changed = if from.is_empty() { entry.to_owned() } else { entry.replace(from, to) };
            added[at] += &changed.replace("{id}", &format!("FEIL-{number}"));
            landing.planted.push(Planted {
                source: SOURCE,
                file: name.to_owned(),
                line: Some(before + number),
                column,
                rule,
                what,
                expected: Expected::Quarantine,
            });
        }
    }
    let [packages, groups, prices] = added;
    xml.replacen("</KatLegemiddelpakning>", &(packages + "</KatLegemiddelpakning>"), 1)
        .replacen("</KatByttegruppe>", &(groups + "</KatByttegruppe>"), 1)
        .replacen("</Pakningsinfo>", &format!("</Pakningsinfo>{prices}"), 1)
}

fn lay_files(landing: &mut Landing, good: Date, xml: &str) -> anyhow::Result<()> {
    let refused = |rule, what| (rule, what, Expected::Refused);
    let day = good.tomorrow()?;
    // A snapshot of its own time, so that only what is wrong with it stands against it.
    let other = xml.replacen(&format!("<HentetDato>{good}"), &format!("<HentetDato>{day}"), 1);
    let zip = zipped(&[("fest251.xml", other.as_bytes())])?;
    let half = zip.get(..zip.len() / 2).unwrap_or_default();
    landing.lay(SOURCE, "fest_avkortet.zip", half, refused("avkortet_zip", "halve zip-filen"))?;
    let bytes = zipped(&[("les-meg.txt", b"FEST")])?;
    landing.lay(SOURCE, "fest_uten_xml.zip", &bytes, refused("zip_uten_xml", "zip-filen har ingen XML"))?;
    let bytes = zipped(&[("a.xml", other.as_bytes()), ("b.xml", other.as_bytes())])?;
    landing.lay(SOURCE, "fest_to_xml.zip", &bytes, refused("zip_uten_xml", "zip-filen har to XML-filer"))?;
    let cut = other.split_inclusive("</KatLegemiddelMerkevare>\n").next().unwrap_or_default();
    landing.lay(SOURCE, "fest_avkortet.xml", cut.as_bytes(), refused("avkortet_xml", "XML-en slutter midt i"))?;
    landing.lay(SOURCE, "fest_tom.xml", b"", refused("tom_xml", "ingenting"))?;
    let bytes = other.replace("resept/m30/", "resept/m1/");
    landing.lay(SOURCE, "fest_m1.xml", bytes.as_bytes(), refused("ikke_m30", "en annen melding enn M30"))?;
    let (head, rest) = other.split_once("<KatLegemiddelpakning>").context("no packages")?;
    let tail = rest.split_once("</KatLegemiddelpakning>").map_or("", |(_, tail)| tail);
    let bytes = format!("{head}{tail}");
    landing.lay(SOURCE, "fest_uten_pakninger.xml", bytes.as_bytes(), refused("uten_pakninger", "ingen pakninger"))?;
    let bytes = other.replacen(&format!("<HentetDato>{day}"), "<HentetDato>2026-13-45", 1);
    landing.lay(SOURCE, "fest_umulig_dato.xml", bytes.as_bytes(), refused("umulig_dato", "hentet 45. i 13. måned"))?;
    let bytes = other.replace("HentetDato>", "Hentet>");
    landing.lay(SOURCE, "fest_uten_dato.xml", bytes.as_bytes(), refused("uten_hentet_dato", "uten HentetDato"))?;

    // Other snapshots of a time that a good one has.
    let first = landing.first.first_day();
    let of_first = unzipped(&landing.path(SOURCE, &format!("fest_{first}.zip")))?;
    for (ending, name) in [("xml", "Ukjent A"), ("zip", "Ukjent B")] {
        let bytes = of_first.replacen("<NavnFormStyrke>", &format!("<NavnFormStyrke>{name} "), usize::MAX);
        let bytes = if ending == "zip" { zipped(&[("fest251.xml", bytes.as_bytes())])? } else { bytes.into_bytes() };
        let about = refused("samme_hentet_dato", "et annet innhold for samme HentetDato");
        landing.lay(SOURCE, &format!("fest_{first}_v2.{ending}"), &bytes, about)?;
    }
    let about = ("samme_fil_to_ganger", "samme øyeblikksbilde uten zip", Expected::Nothing);
    let second = landing.first.plus(1).first_day();
    let same = unzipped(&landing.path(SOURCE, &format!("fest_{second}.zip")))?;
    landing.lay(SOURCE, &format!("fest_{second}.xml"), same.as_bytes(), about)
}

fn unzipped(path: &std::path::Path) -> anyhow::Result<String> {
    let mut archive = zip::ZipArchive::new(crate::disk::open(path)?)?;
    Ok(std::io::read_to_string(archive.by_name("fest251.xml")?)?)
}

/// A zip that knows no clock.
fn zipped(files: &[(&str, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_level(Some(1)).last_modified_time(zip::DateTime::default());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
