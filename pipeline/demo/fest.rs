//! FEST as it looked on a day: an M30 2.5.1 message with both namespaces, zipped.
//!
//! Snapshots come on the 1st and the 15th. A package is announced some days before it is sold and leaves three months
//! after it is retired; what leaves a group just loses its reference. Must not know doctors or lines.

use std::io::{self, Cursor, Write};

use jiff::civil::Date;
use zip::write::SimpleFileOptions;

use crate::calendar::{Month, days_since_epoch};

use super::medicines::{Brand, Group, Package, World};
use super::prices::{month_at, month_index};
use super::random::{Seed, Subject, index, scale};
use super::text;

const M30: &str = "http://www.kith.no/xmlstds/eresept/m30/2014-12-01";
const FORSKRIVNING: &str = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01";

/// Days before it is sold that a package is announced.
const ANNOUNCED: i32 = 10;
/// Days before its first day that a membership is announced.
const MEMBERSHIP_ANNOUNCED: i32 = 14;
/// Days that a retired package stays.
const LINGERS: i32 = 92;
/// Days that an old package number stays beside the new one.
const RENUMBERING: i32 = 180;

/// So many last months have two snapshots each; of those before, as in an archive, one was kept.
const MONTHS_WITH_BOTH: i32 = 15;

/// The days of all snapshots, from one month before `first` through `last`: the 1st, and in the last months the 15th.
pub(super) fn snapshot_days(first: Month, last: Month) -> Vec<Date> {
    let days = |month: Month| {
        let first = month.first_day();
        let both = last.since(month) < MONTHS_WITH_BOTH;
        [first, first.saturating_add(jiff::Span::new().days(14))].into_iter().take(if both { 2 } else { 1 })
    };
    (-1..=last.since(first)).map(|n| first.plus(n)).flat_map(days).collect()
}

/// The zipped snapshot of a day.
pub(super) fn zipped(world: &World, seed: Seed, day: Date) -> anyhow::Result<Vec<u8>> {
    let message = Message::of(world, seed, day);
    let stored = zip::DateTime::from_date_and_time(
        u16::try_from(day.year())?,
        u8::try_from(day.month())?,
        u8::try_from(day.day())?,
        4,
        0,
        0,
    )?;
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(stored);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("fest251.xml", options)?;
    message.write(|bytes| archive.write_all(bytes))?;
    Ok(archive.finish()?.into_inner())
}

/// One snapshot, and what it lists.
struct Message<'a> {
    world: &'a World,
    seed: Seed,
    day: i32,
    /// The month whose prices hold.
    month: i32,
    brands: Vec<bool>,
    groups: Vec<bool>,
}

impl Message<'_> {
    fn of(world: &World, seed: Seed, day: Date) -> Message<'_> {
        let mut message = Message {
            world,
            seed,
            day: days_since_epoch(day),
            month: month_index(Month::of(day)),
            brands: vec![false; world.brands.len()],
            groups: vec![false; world.groups.len()],
        };
        for package in &world.packages {
            if message.lists(package) {
                message.brands[index(package.brand)] = true;
                if let Some((group, _)) = message.membership(package) {
                    message.groups[index(group)] = true;
                }
            }
        }
        message
    }

    fn lists(&self, package: &Package) -> bool {
        package.marketed - ANNOUNCED <= self.day && self.day < package.retired.saturating_add(LINGERS)
    }

    /// The group that the snapshot names for a package, and since when.
    fn membership(&self, package: &Package) -> Option<(u32, i32)> {
        let (group, from, to) = package.group?;
        (from <= self.day + MEMBERSHIP_ANNOUNCED && self.day < to).then_some((group, from))
    }

    fn write(&self, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut out = Vec::with_capacity(1 << 16);
        out.extend_from_slice("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".as_bytes());
        put(&mut out, &["<FEST xmlns=\"", M30, "\"><HentetDato>"]);
        text::date(&mut out, self.day);
        let minute = scale(self.seed.hash(Subject::Snapshot, &[u64::from(self.day.unsigned_abs())]), 60);
        put(&mut out, &["T04:"]);
        text::padded::<2>(&mut out, u64::from(minute));
        put(&mut out, &[":00</HentetDato>\n<KatLegemiddelMerkevare>\n"]);
        for (brand, _) in self.world.brands.iter().zip(&self.brands).filter(|(_, listed)| **listed) {
            self.brand(&mut out, brand);
            flush(&mut out, &mut sink)?;
        }
        put(&mut out, &["</KatLegemiddelMerkevare>\n<KatLegemiddelpakning>\n"]);
        for package in self.world.packages.iter().filter(|package| self.lists(package)) {
            self.package(&mut out, package);
            flush(&mut out, &mut sink)?;
        }
        put(&mut out, &["</KatLegemiddelpakning>\n<KatByttegruppe>\n"]);
        for (group, _) in self.world.groups.iter().zip(&self.groups).filter(|(_, listed)| **listed) {
            self.group(&mut out, group);
        }
        put(&mut out, &["</KatByttegruppe>\n</FEST>\n"]);
        sink(&out)
    }

    /// The envelope of an entry: its own id changes on every edit of what it holds.
    fn entry(&self, out: &mut Vec<u8>, name: &str, id: u128, edited: i32) {
        let keys = [u64::try_from(id >> 64).unwrap_or(0), u64::from(edited.unsigned_abs())];
        let high = self.seed.hash(Subject::Identifier, &keys);
        put(out, &["<Oppf", name, "><Id>"]);
        guid(out, u128::from(high) << 64 | (id & u128::from(u64::MAX)));
        put(out, &["</Id><Tidspunkt>"]);
        text::date(out, edited);
        put(out, &["T00:00:00</Tidspunkt><Status V=\"A\"/><", name, " xmlns=\"", FORSKRIVNING, "\">"]);
    }

    fn brand(&self, out: &mut Vec<u8>, brand: &Brand) {
        self.entry(out, "LegemiddelMerkevare", brand.id, days_since_epoch(jiff::civil::date(2016, 1, 1)));
        self.atc(out, brand);
        put(out, &["<NavnFormStyrke>", &brand.full_name, "</NavnFormStyrke>"]);
        put(out, &["<Id>"]);
        guid(out, brand.id);
        put(out, &["</Id><Varenavn>", &brand.name, "</Varenavn></LegemiddelMerkevare></OppfLegemiddelMerkevare>\n"]);
    }

    fn atc(&self, out: &mut Vec<u8>, brand: &Brand) {
        let substance = &self.world.substances[index(brand.substance)];
        put(out, &["<Atc V=\"", &substance.atc, "\" DN=\"", &substance.name, "\"/>"]);
    }

    fn package(&self, out: &mut Vec<u8>, package: &Package) {
        let brand = &self.world.brands[index(package.brand)];
        let renumbered = package.renumbered.filter(|(day, _)| *day <= self.day);
        let repriced = days_since_epoch(month_at(package.price.since(self.month)).first_day());
        let edited = renumbered.map_or(repriced, |(day, _)| day.max(repriced));
        self.entry(out, "Legemiddelpakning", package.id, edited);
        self.atc(out, brand);
        put(out, &["<NavnFormStyrke>", &brand.full_name, "</NavnFormStyrke>"]);
        put(out, &["<Reseptgruppe V=\"C\" DN=\"Reseptgruppe C\"/><Preparattype V=\"7\" DN=\"Legemiddel\"/>"]);
        if let Some((group, from)) = self.membership(package) {
            put(out, &["<PakningByttegruppe><RefByttegruppe>"]);
            guid(out, self.world.groups[index(group)].id);
            put(out, &["</RefByttegruppe>"]);
            date(out, "GyldigFraDato", from);
            put(out, &["</PakningByttegruppe>"]);
        }
        put(out, &["<Id>"]);
        guid(out, package.id);
        put(out, &["</Id><Varenr>"]);
        let number = match package.renumbered {
            Some((day, before)) if self.day < day => before,
            _ => package.number,
        };
        text::padded::<6>(out, u64::from(number));
        put(out, &["</Varenr><Pakningsinfo><RefLegemiddelMerkevare>"]);
        guid(out, brand.id);
        put(out, &["</RefLegemiddelMerkevare><Pakningsstr>"]);
        text::whole(out, u64::from(package.size));
        let (code, unit) = package.unit.code();
        put(out, &["</Pakningsstr><EnhetPakning V=\"", code, "\" DN=\"", unit, "\"/>"]);
        if let Some(doses) = package.doses {
            let dose = self.world.substances[index(brand.substance)].dose;
            put(out, &["<DDD V=\""]);
            text::whole(out, u64::from(dose));
            put(out, &["\" U=\"mg\"/><Statistikkfaktor>"]);
            text::thousandths(out, i64::from(doses), b'.');
            put(out, &["</Statistikkfaktor>"]);
        }
        put(out, &["</Pakningsinfo>"]);
        self.prices(out, package);
        put(out, &["<Markedsforingsinfo>"]);
        if let Some((_, before)) = renumbered.filter(|(day, _)| self.day < day + RENUMBERING) {
            put(out, &["<VarenrUtgaende>"]);
            text::padded::<6>(out, u64::from(before));
            put(out, &["</VarenrUtgaende>"]);
        }
        date(out, "Markedsforingsdato", package.marketed);
        if package.retired <= self.day + LINGERS {
            let name = if package.number.is_multiple_of(3) { "MidlUtgattDato" } else { "AvregDato" };
            date(out, name, package.retired);
        }
        put(out, &["</Markedsforingsinfo></Legemiddelpakning></OppfLegemiddelpakning>\n"]);
    }

    /// The prices that hold, and those of the next month when the snapshot is close to it.
    fn prices(&self, out: &mut Vec<u8>, package: &Package) {
        let price = &package.price;
        let next = days_since_epoch(month_at(self.month + 1).first_day());
        let near = next - self.day < 21;
        let changes = near && price.retail(self.month) != price.retail(self.month + 1);
        let kinds = [
            ("3", "AIP", price.purchase(self.month), price.purchase(self.month + 1)),
            ("4", "AUP", price.retail(self.month), price.retail(self.month + 1)),
        ];
        for (code, name, now, then) in kinds {
            let since = days_since_epoch(month_at(price.since(self.month)).first_day());
            amount(out, code, name, now, since, changes.then_some(next - 1));
            if changes {
                amount(out, code, name, then, next, None);
            }
        }
        if self.membership(package).is_none_or(|(_, from)| from > self.day) {
            return;
        }
        let step = |month| self.world.step_price(package, month);
        let (now, then) = (step(self.month), step(self.month + 1).filter(|_| near));
        let changes = then.is_some_and(|_| then != now);
        if let Some((ore, since)) = now {
            let since = days_since_epoch(month_at(since).first_day());
            amount(out, "5", "Trinnpris", ore, since, changes.then_some(next - 1));
        }
        if let Some((ore, _)) = then.filter(|_| changes) {
            amount(out, "5", "Trinnpris", ore, next, None);
        }
    }

    fn group(&self, out: &mut Vec<u8>, group: &Group) {
        self.entry(out, "Byttegruppe", group.id, group.begins);
        put(out, &["<Id>"]);
        guid(out, group.id);
        put(out, &["</Id><Kode V=\""]);
        text::padded::<6>(out, u64::from(group.code));
        put(out, &["\" S=\"2.16.578.1.12.4.1.1.7450\" DN=\"", &group.name, "\"/><MerknadTilByttbarhet>"]);
        put(out, &[if group.limited { "true" } else { "false" }, "</MerknadTilByttbarhet>"]);
        date(out, "GyldigFraDato", group.begins);
        put(out, &["</Byttegruppe></OppfByttegruppe>\n"]);
    }
}

fn amount(out: &mut Vec<u8>, code: &str, name: &str, ore: i64, from: i32, to: Option<i32>) {
    put(out, &["<PrisVare><Type V=\"", code, "\" DN=\"", name, "\"/><Pris V=\""]);
    text::hundredths(out, ore, b'.');
    put(out, &["\" U=\"NOK\"/>"]);
    date(out, "GyldigFraDato", from);
    if let Some(to) = to {
        date(out, "GyldigTilDato", to);
    }
    put(out, &["</PrisVare>"]);
}

fn date(out: &mut Vec<u8>, name: &str, day: i32) {
    put(out, &["<", name, ">"]);
    text::date(out, day);
    put(out, &["</", name, ">"]);
}

fn guid(out: &mut Vec<u8>, id: u128) {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    put(out, &["ID_"]);
    for place in 0..32_u32 {
        if matches!(place, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(HEX[usize::try_from((id >> (124 - 4 * place)) & 15).unwrap_or(0)]);
    }
}

fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Hands the buffer on when it is well filled.
fn flush(out: &mut Vec<u8>, sink: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    if out.len() > 1 << 15 {
        sink(out)?;
        out.clear();
    }
    Ok(())
}
