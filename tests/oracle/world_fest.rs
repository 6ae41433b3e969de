//! The FEST snapshots of the tiny world: 14 byttegrupper whose packages enter, leave, move, change number and are limited.
//!
//! It must not know the dispensed lines, nor how anything is computed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use jiff::civil::Date;

/// A package as one snapshot shows it.
struct Pack {
    id: String,
    varenr: String,
    varenr_utgaende: Option<&'static str>,
    atc: String,
    /// Group number and `GyldigFraDato`.
    link: Option<(u32, &'static str)>,
}

/// ATC code per group; 4, 5 and 13 share one: together they are large enough, but 13 has left it when the window ends.
const ATC: [&str; 14] = [
    "C10AA05", "N06AB04", "A02BC02", "C09AA02", "C09AA02", "C07AB02", "N03AX09", "R06AE07", "M01AE01", "N02BE01",
    "A10BA02", "G04CA02", "C09AA02", "H02AB06",
];

/// How many packages each group has when nothing happens.
const SIZES: [u32; 14] = [4, 3, 3, 2, 3, 3, 2, 2, 2, 3, 2, 3, 2, 2];

/// The number of package `p` of group `g`, as text with leading zeros.
pub fn varenr(g: u32, p: u32) -> String {
    format!("{:06}", g * 1000 + p * 7 + 38)
}

/// How many packages group `g` ever has.
pub fn size(g: u32) -> u32 {
    SIZES[g as usize - 1]
}

/// Packages outside the plain numbering. Ungrouped; two with one number; a number that another package had; nobody's.
pub const SPECIAL: [&str; 7] = ["070001", "070002", "071000", "072000", "009938", "999001", "000007"];

/// Writes every snapshot: each 14 days from 2025-08-15, none for 70 days after 2026-01-16, two on 2025-12-19.
pub fn write(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let first = Date::constant(2025, 8, 15);
    for (number, date) in (0..33).map(|k| (k, first + jiff::Span::new().days(14 * k))) {
        let day = date.to_string();
        if ("2026-01-17".."2026-03-27").contains(&day.as_str()) {
            continue;
        }
        let hentet = match day.as_str() {
            // On the clock of Oslo the first is the next day and in UTC the second is the day before; what counts is as written.
            "2026-05-08" => format!("{day}T23:30:00Z"),
            "2026-06-05" => format!("{day}T00:30:00+02:00"),
            "2026-03-27" | "2026-09-11" => format!("{day}T04:10:00.123"),
            _ => format!("{day}T03:00:00"),
        };
        let text = snapshot(&day, &hentet, number % 2 == 1, number % 5 == 0);
        if matches!(day.as_str(), "2026-04-10" | "2026-08-14") {
            write_zip(&folder.join(format!("fest_{day}.zip")), &text);
        } else {
            std::fs::write(folder.join(format!("fest_{day}.xml")), text).unwrap();
        }
        if day == "2025-12-19" {
            // An extraordinary one in the evening: it, not the one of the morning, holds from this day.
            let text = snapshot("2025-12-19 evening", "2025-12-19T20:15:00", false, false);
            std::fs::write(folder.join("fest_2025-12-19_2.xml"), text).unwrap();
        }
    }
}

fn write_zip(path: &Path, text: &str) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    zip.start_file("fest251.xml", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap();
}

/// What is in FEST on a day. Days are compared as text.
fn packages(day: &str) -> Vec<Pack> {
    let mut packs = Vec::new();
    for g in 1..=14 {
        for p in 0..size(g) {
            let mut pack = Pack {
                id: format!("ID_{g:02X}{p:02X}0000-0000-4000-8000-00000000{:04X}", (g * 37 + p * 101) % 65536),
                varenr: varenr(g, p),
                varenr_utgaende: None,
                atc: ATC[g as usize - 1].to_owned(),
                link: Some((g, "2020-01-01")),
            };
            let mut there = true;
            match (g, p) {
                // Leaves on the first snapshot without the link, though the package is still sold.
                (1, 3) if day >= "2026-06-19" => pack.link = None,
                // New: known from the snapshot before it (as the next one), a member from the 15th by the next snapshot's word.
                (2, 2) => (there, pack.link) = (day >= "2026-05-22", Some((2, "2026-05-15"))),
                // The other ATC code of the group, higher than the one that decides.
                (5, 1) => pack.atc = "C09AA05".to_owned(),
                // A link with a date to come; in the long gap it takes effect on the day.
                (6, 0) => pack.link = (day >= "2026-01-16").then_some((6, "2026-02-01")),
                (6, 1) if day >= "2026-08-28" => pack.link = None,
                // The only alternative arrives: it counts from the 25th by the next snapshot's word.
                (8, 1) => (there, pack.link) = (day >= "2026-07-03", Some((8, "2026-06-25"))),
                // A new number; the old one stands beside it for some months.
                (9, 0) if day >= "2026-04-24" => {
                    pack.varenr = "009938".to_owned();
                    pack.varenr_utgaende = (day < "2026-07-31").then_some("009038");
                }
                // Out for two snapshots, in again with a new date.
                (10, 2) if day >= "2026-04-24" => pack.link = Some((10, "2026-04-15")),
                (10, 2) if day >= "2026-03-27" => pack.link = None,
                // Moves to the next group; until the move S says the old one, whatever the new date is.
                (11, 1) if day >= "2026-05-22" => pack.link = Some((12, "2026-05-15")),
                // The whole group is closed, so at the window's end it has no ATC code.
                (13, _) if day >= "2026-09-11" => pack.link = None,
                // A whole new group, limited: in S it is not there yet and so not limited.
                (14, _) => pack.link = (day >= "2026-09-25").then_some((14, "2026-09-18")),
                // Gone for one day between two snapshots of one date.
                (12, 2) if day == "2025-12-19" => pack.link = None,
                _ => {}
            }
            if there {
                packs.push(pack);
            }
        }
    }
    let special = |id: &str, varenr: &str, utgaende, link| Pack {
        id: format!("ID_{id}000000-0000-4000-8000-0000000000FF"),
        varenr: varenr.to_owned(),
        varenr_utgaende: utgaende,
        atc: "V03AB23".to_owned(),
        link,
    };
    packs.push(special("F2", "070001", None, None));
    packs.push(special("F1", "070002", None, None));
    // The lowest Id has the number, and no link.
    packs.push(special("E2", "071000", None, Some((12, "2020-01-01"))));
    packs.push(special("E1", "071000", None, None));
    // The number of the one goes before the former number of the other, which has the lower Id.
    packs.push(special("D1", "072001", Some("072000"), Some((12, "2020-01-01"))));
    packs.push(special("D2", "072000", None, Some((4, "2020-01-01"))));
    packs
}

/// One document. Ids of groups hold in one document only; `groups_last` turns the order of the catalogues.
fn snapshot(day: &str, hentet: &str, groups_last: bool, with_mark: bool) -> String {
    let packs = packages(day);
    let salt = hentet.bytes().fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 65_521);
    let reference = |g: u32| format!("ID_BG{salt:05}-{:02}", (g * 5 + salt) % 97);
    let mut groups = String::from("<KatByttegruppe>\n");
    for g in 1..=14 {
        let open = match g {
            13 => day < "2026-09-11",
            14 => day >= "2026-09-25",
            _ => true,
        };
        if open {
            let limited = g == 14 || (g == 7 && day >= "2026-04-24");
            writeln!(
                groups,
                "<OppfByttegruppe><Id>ID_O{salt}-{g}</Id><Tidspunkt>2020-01-01T00:00:00</Tidspunkt><Status V=\"A\" DN=\"Aktiv oppføring\"/>\
                 <Byttegruppe xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\"><Id>{}</Id>\
                 <Kode V=\"{:06}\" S=\"2.16.578.1.12.4.1.1.7450\" DN=\"Gruppe {g} &lt; &amp; &gt;\"/>\
                 <MerknadTilByttbarhet>{limited}</MerknadTilByttbarhet><GyldigFraDato>2020-01-01</GyldigFraDato></Byttegruppe></OppfByttegruppe>",
                reference(g),
                100 + g
            )
            .unwrap();
        }
    }
    groups.push_str("</KatByttegruppe>\n");
    let mut packages = String::from("<KatLegemiddelpakning>\n");
    for (at, pack) in packs.iter().enumerate() {
        packages.push_str(&entry(at, pack, &reference));
    }
    packages.push_str("</KatLegemiddelpakning>\n");
    let (one, two) = if groups_last { (packages, groups) } else { (groups, packages) };
    let mark = if with_mark { "\u{feff}" } else { "" };
    format!(
        "{mark}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- {day} -->\n<FEST xmlns=\"http://www.kith.no/xmlstds/eresept/m30/2014-12-01\">\n\
         <HentetDato>{hentet}</HentetDato>\n{one}{two}</FEST>\n"
    )
}

fn entry(at: usize, pack: &Pack, reference: &dyn Fn(u32) -> String) -> String {
    let link = pack.link.map_or_else(String::new, |(g, from)| {
        format!("<PakningByttegruppe><RefByttegruppe>{}</RefByttegruppe><GyldigFraDato>{from}</GyldigFraDato></PakningByttegruppe>", reference(g))
    });
    let former =
        pack.varenr_utgaende.map_or_else(String::new, |varenr| format!("<VarenrUtgaende>{varenr}</VarenrUtgaende>"));
    let (prices, size, marketing) = goods(at, pack);
    format!(
        "<OppfLegemiddelpakning><Id>ID_OP{at}</Id><Tidspunkt>2025-01-01T00:00:00</Tidspunkt><Status V=\"A\" DN=\"Aktiv oppføring\"/>\
         <Legemiddelpakning xmlns=\"http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01\">\
         <Atc V=\"{atc}\" S=\"2.16.578.1.12.4.1.1.7180\" DN=\"{atc}\"/><NavnFormStyrke>Prøve {at} tab 10 mg</NavnFormStyrke>\
         <Reseptgruppe V=\"C\" S=\"2.16.578.1.12.4.1.1.7421\" DN=\"C\"/><Preparattype V=\"7\" S=\"2.16.578.1.12.4.1.1.7424\" DN=\"Legemiddel\"/>\
         {link}<Id>{id}</Id><Varenr>{varenr}</Varenr>\
         <Pakningsinfo><RefLegemiddelMerkevare>ID_M{at}</RefLegemiddelMerkevare>{size}</Pakningsinfo>{prices}\
         <Markedsforingsinfo>{former}{marketing}</Markedsforingsinfo>\
         </Legemiddelpakning></OppfLegemiddelpakning>\n",
        atc = pack.atc,
        id = pack.id,
        varenr = pack.varenr,
    )
}

/// Prices, sizes and marketing dates of a package, so that each rule of B4 is met in some group.
fn goods(at: usize, pack: &Pack) -> (String, String, String) {
    let group = pack.link.map_or(0, |(g, _)| g);
    let p = pack.varenr.parse::<usize>().unwrap_or_default() % 1000 / 7;
    let price = |code: u32, name: &str, kroner: usize, from: &str, to: &str| {
        let to = if to.is_empty() { String::new() } else { format!("<GyldigTilDato>{to}</GyldigTilDato>") };
        format!(
            "<PrisVare><Type V=\"{code}\" S=\"2.16.578.1.12.4.1.1.7453\" DN=\"{name}\"/><Pris V=\"{kroner}.50\" U=\"NOK\"/><GyldigFraDato>{from}</GyldigFraDato>{to}</PrisVare>"
        )
    };
    let all_along = |code, name, kroner| price(code, name, kroner, "2025-01-01", "");
    let mut prices = all_along(3, "AIP", 40 + at % 9 * 13);
    // Groups 3 and 8 have no price to compare with; 8 has too few lines for a reference from what was paid.
    if !matches!(group, 3 | 8) {
        prices += &all_along(4, "AUP", 90 + at % 9 * 17);
    }
    match group {
        // No trinnpris: the lowest AUP.
        0 | 2 | 3 | 8 | 10 => {}
        // A trinnpris that changes in the middle of months, with a gap.
        6 => {
            prices += &price(5, "Trinnpris", 70, "2025-01-01", "2026-02-10");
            prices += &price(5, "Trinnpris", 55, "2026-02-18", "");
            prices += &price(5, "Trinnpris", 58, "2026-02-18", "2026-12-31");
        }
        _ if at.is_multiple_of(2) => prices += &all_along(5, "Trinnpris", 60 + at % 5),
        _ => {}
    }
    let units = 28 + at % 3 * 35;
    // Groups 4 and 5 hold packages that are counted in different units; some of 5 have no DDD either.
    let unit = if matches!(group, 4 | 5) && p % 2 == 1 { "02" } else { "01" };
    let doses = if group == 5 && p % 2 == 1 {
        String::new()
    } else {
        format!("<Statistikkfaktor>{units}.5</Statistikkfaktor>")
    };
    let size = format!(
        "<Pakningsstr>{units}</Pakningsstr><EnhetPakning V=\"{unit}\" S=\"2.16.578.1.12.4.1.1.7452\" DN=\"stk\"/>\
         <Multippel>1</Multippel><Antall>1</Antall><Mengde>{units}</Mengde><DDD V=\"10\" U=\"mg\"/>{doses}"
    );
    // In group 2 one is not sold before March and one no more after June; in 10 one says nothing.
    let marketing = match (group, p % 3) {
        (2, 0) => "<Markedsforingsdato>2026-03-10</Markedsforingsdato>".to_owned(),
        (2, 1) => "<Markedsforingsdato>2015-01-01</Markedsforingsdato><AvregDato>2026-06-20</AvregDato>".to_owned(),
        (10, 1) => String::new(),
        _ => "<Markedsforingsdato>2015-01-01</Markedsforingsdato>".to_owned(),
    };
    (prices, size, marketing)
}
