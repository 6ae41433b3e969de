//! Bytes of numbers and dates, written into a buffer that the caller reuses.
//!
//! Writes integers by hand because a month has tens of millions of fields. Must not know any file's columns.

use jiff::civil::Date;

use crate::calendar::{date_from_days, days_since_epoch};

/// A whole number.
pub(super) fn whole(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut left = value;
    loop {
        start -= 1;
        digits[start] = digit(left);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// The last `N` digits of a number, with leading zeros.
pub(super) fn padded<const N: usize>(out: &mut Vec<u8>, value: u64) {
    let mut digits = [b'0'; N];
    let mut left = value;
    for place in digits.iter_mut().rev() {
        *place = digit(left);
        left /= 10;
    }
    out.extend_from_slice(&digits);
}

/// Hundredths with two decimals, as kroner are written: `-12,50` for −1250 and `b','`.
pub(super) fn hundredths(out: &mut Vec<u8>, value: i64, point: u8) {
    sign(out, value);
    whole(out, value.unsigned_abs() / 100);
    out.push(point);
    padded::<2>(out, value.unsigned_abs());
}

/// Thousandths with as few decimals as the value needs: `1`, `0,5`, `0,333`.
pub(super) fn thousandths(out: &mut Vec<u8>, value: i64, point: u8) {
    sign(out, value);
    whole(out, value.unsigned_abs() / 1000);
    let part = value.unsigned_abs() % 1000;
    if part > 0 {
        out.push(point);
        padded::<3>(out, part);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn sign(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or(0)
}

/// A date as `2026-01-31`.
pub(super) fn date(out: &mut Vec<u8>, days: i32) {
    let date = date_from_days(days).unwrap_or(Date::MAX);
    padded::<4>(out, u64::try_from(date.year()).unwrap_or(0));
    out.push(b'-');
    padded::<2>(out, u64::try_from(date.month()).unwrap_or(0));
    out.push(b'-');
    padded::<2>(out, u64::try_from(date.day()).unwrap_or(0));
}

/// The written form of every day of a range, so that a date costs a copy.
pub(super) struct Dates {
    first: i32,
    text: Vec<u8>,
}

impl Dates {
    const WIDTH: usize = 10;

    /// All days from `first` to `last`.
    pub(super) fn new(first: Date, last: Date) -> Dates {
        let (first, last) = (days_since_epoch(first), days_since_epoch(last));
        let mut text = Vec::new();
        for day in first..=last {
            date(&mut text, day);
        }
        Dates { first, text }
    }

    /// Writes one day; a day outside the range is written the slow way.
    pub(super) fn write(&self, out: &mut Vec<u8>, day: i32) {
        let found = usize::try_from(i64::from(day) - i64::from(self.first))
            .ok()
            .and_then(|at| self.text.get(at * Self::WIDTH..(at + 1) * Self::WIDTH));
        match found {
            Some(text) => out.extend_from_slice(text),
            None => date(out, day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_contract_reads_them() {
        assert_eq!(text(|out| whole(out, 0)), "0");
        assert_eq!(text(|out| padded::<6>(out, 38_448)), "038448");
        assert_eq!(text(|out| hundredths(out, -5, b',')), "-0,05");
        assert_eq!(text(|out| hundredths(out, 123_450, b'.')), "1234.50");
        assert_eq!(text(|out| thousandths(out, 1000, b',')), "1");
        assert_eq!(text(|out| thousandths(out, -500, b',')), "-0,5");
        assert_eq!(text(|out| thousandths(out, 1333, b',')), "1,333");
    }

    #[test]
    fn dates_outside_the_table_are_written_too() {
        let dates = Dates::new(jiff::civil::date(2026, 1, 30), jiff::civil::date(2026, 2, 2));
        for day in [jiff::civil::date(2026, 2, 1), jiff::civil::date(2025, 12, 31)] {
            assert_eq!(text(|out| dates.write(out, days_since_epoch(day))), day.to_string());
        }
    }
}
