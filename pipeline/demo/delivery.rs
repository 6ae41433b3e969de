//! A month's delivery of dispensed lines as CSV: numbering, order and form.
//!
//! Doctors are spread over chunks, each sorted by day, so that the file comes in no doctor's order, as real ones do;
//! chunks are made in parallel and written in their order. Must not know why a line says what it says.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use rayon::prelude::*;

use crate::calendar::{Month, days_since_epoch};
use crate::disk;

use super::prescriptions::{Line, Practice, REPEAT_REACH};
use super::random::{Subject, count, index};
use super::reversals::{self, Kind, Row};
use super::text::{self, Dates};

const HEADER: &[u8] = b"linje_id;linjetype;gjelder_linje_id;gjelder_utleveringsdato;utleveringsdato;forskrivningsdato;\
utlevering_nr;rekvirent_hpr;varenr;antall_pakninger;refusjonshjemmel;reservasjon;virkestoffrekvirering;utsalgspris;\
pasient_aldersgruppe\n";

/// Prescribers in one chunk.
const CHUNK: u32 = 192;
/// Chunks made before they are written.
const BATCH: u32 = 16;
/// Line numbers run below this; ids are a permutation of them.
const NUMBERS: u64 = 100_000_000;

/// The numbers of all lines in a window of months.
pub(super) struct Deliveries<'a> {
    practice: &'a Practice<'a>,
    dates: Dates,
    /// From `REACH` months before the first delivery: each prescriber's first line number, and the total at the end.
    starts: Vec<(Month, Vec<u32>)>,
}

impl<'a> Deliveries<'a> {
    /// The month from which prescriptions must be known for deliveries that begin with `first`.
    pub(super) fn history(first: Month) -> Month {
        first.plus(-reversals::REACH - REPEAT_REACH)
    }

    /// Numbers the lines of the months from `first` through `last`.
    pub(super) fn new(practice: &'a Practice<'a>, first: Month, last: Month) -> Deliveries<'a> {
        let months: Vec<Month> = (-reversals::REACH..=last.since(first)).map(|n| first.plus(n)).collect();
        let starts =
            months.into_par_iter().map(|month| (month, starts(practice, |who| practice.lines(who, month)))).collect();
        // Forskrivningsdato reaches furthest back: the repeats and the months before the first dispensing.
        let earliest = Self::history(first).plus(-12);
        Deliveries { practice, dates: Dates::new(earliest.first_day(), last.last_day()), starts }
    }

    fn starts(&self, month: Month) -> Option<&[u32]> {
        let first = self.starts.first()?.0;
        let at = usize::try_from(month.since(first)).ok()?;
        self.starts.get(at).map(|(_, starts)| starts.as_slice())
    }

    /// Writes the delivery of a month to a folder; `progress` hears how many prescribers are done.
    ///
    /// The file gets its name when it is whole, so that nothing picks up a part of it.
    pub(super) fn write(&self, folder: &Path, month: Month, progress: &dyn Fn(u64)) -> anyhow::Result<()> {
        let name = format!("utlevering_{month}.csv");
        let path = folder.join(format!(".halv-{name}"));
        let context = || format!("writing {}", path.display());
        let mut file = disk::create(&path)?;
        file.write_all(HEADER).with_context(context)?;
        let prescribers = count(self.practice.prescribers.len());
        let lines = self.starts(month).and_then(<[u32]>::last).copied().unwrap_or(0);
        // Rows that take back are numbered after all lines.
        let reversed = starts(self.practice, |who| self.reversed(who, month));
        let chunks = prescribers.div_ceil(CHUNK);
        for batch in (0..chunks).step_by(index(BATCH)) {
            let batch: Vec<u32> = (batch..chunks.min(batch + BATCH)).collect();
            let written: Vec<Vec<u8>> = batch
                .par_iter()
                .map_init(Vec::new, |days, chunk| {
                    for who in (*chunk..prescribers).step_by(index(chunks)) {
                        self.write_prescriber(who, month, lines + reversed[index(who)], days);
                    }
                    let bytes = days.concat();
                    days.iter_mut().for_each(Vec::clear);
                    bytes
                })
                .collect();
            for bytes in written {
                file.write_all(&bytes).with_context(context)?;
            }
            progress(u64::from(batch.last().map_or(0, |last| last + 1)) * u64::from(prescribers) / u64::from(chunks));
        }
        disk::rename(&path, &folder.join(name))
    }

    /// Rows of a month that take back lines of a prescriber.
    fn reversed(&self, who: u32, now: Month) -> u32 {
        let mut rows = 0;
        for lag in 0..=reversals::REACH {
            reversals::for_each(self.practice, who, now.plus(-lag), now, |reversal, _| rows += reversal.rows());
        }
        rows
    }

    /// Writes a prescriber's rows to the buffers of their days.
    fn write_prescriber(&self, who: u32, month: Month, first_reversal: u32, days: &mut Vec<Vec<u8>>) {
        let first_day = days_since_epoch(month.first_day());
        let mut number = self.starts(month).map_or(0, |starts| starts[index(who)]);
        self.practice.for_each(who, month, |line| {
            let out = day_buffer(days, line.day - first_day);
            self.id(out, month, number);
            out.extend_from_slice(b";U;;;");
            self.fields(out, &line);
            number += 1;
        });
        let mut number = first_reversal;
        for lag in 0..=reversals::REACH {
            let concerned = month.plus(-lag);
            let Some(starts) = self.starts(concerned) else { continue };
            reversals::for_each(self.practice, who, concerned, month, |reversal, dice| {
                let Some(line) = self.practice.line(who, concerned, reversal.position) else { return };
                reversal.write(&line, month, dice, |row: &Row| {
                    let out = day_buffer(days, row.line.day - first_day);
                    self.id(out, month, number);
                    out.extend_from_slice(if row.kind == Kind::Cancellation { b";A;" } else { b";R;" });
                    match row.of_row_before {
                        true => self.id(out, month, number - 1),
                        false => self.id(out, concerned, starts[index(who)] + reversal.position),
                    }
                    out.push(b';');
                    self.dates.write(out, row.concerns_day);
                    out.push(b';');
                    self.fields(out, &row.line);
                    number += 1;
                });
            });
        }
    }

    /// The id of a line: its month and a number that tells nothing of the prescriber.
    fn id(&self, out: &mut Vec<u8>, month: Month, number: u32) {
        let month = u64::from(month.number().unsigned_abs());
        let shift = self.practice.seed.hash(Subject::LineId, &[month]) % NUMBERS;
        text::padded::<6>(out, month);
        // The factor is coprime with the range, so different lines get different numbers.
        text::padded::<8>(out, (u64::from(number) * 38_196_601 + shift) % NUMBERS);
    }

    fn fields(&self, out: &mut Vec<u8>, line: &Line) {
        self.dates.write(out, line.day);
        out.push(b';');
        if let Some(day) = line.prescribed {
            self.dates.write(out, day);
        }
        out.push(b';');
        text::whole(out, u64::from(line.nth));
        out.push(b';');
        text::whole(out, u64::from(line.hpr));
        out.push(b';');
        text::padded::<6>(out, u64::from(line.varenr));
        out.push(b';');
        text::thousandths(out, line.packages, b',');
        out.push(b';');
        text::whole(out, u64::from(line.hjemmel));
        out.push(b';');
        text::whole(out, u64::from(line.reservation));
        out.extend_from_slice(if line.by_substance { b";1;" } else { b";0;" });
        text::hundredths(out, line.price, b',');
        out.push(b';');
        out.extend_from_slice(line.age.as_bytes());
        out.push(b'\n');
    }
}

/// Running sums over prescribers: where each one's numbers begin, and the total.
fn starts(practice: &Practice, rows: impl Fn(u32) -> u32 + Sync + Send) -> Vec<u32> {
    let counts: Vec<u32> = (0..count(practice.prescribers.len())).into_par_iter().map(rows).collect();
    let mut sum = 0;
    let mut starts = vec![0];
    starts.extend(counts.into_iter().map(|rows| {
        sum += rows;
        sum
    }));
    starts
}

fn day_buffer(days: &mut Vec<Vec<u8>>, day: i32) -> &mut Vec<u8> {
    let day = usize::try_from(day).unwrap_or(0);
    if days.len() <= day {
        days.resize_with(day + 1, Vec::new);
    }
    &mut days[day]
}
