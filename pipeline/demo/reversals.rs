//! Cancellations (A) and returns (R): which lines of a month are taken back, when, how much, and the few that are wrong.
//!
//! A line is taken back once, up to six months later. Must not know how lines come about or how they are written.

use crate::calendar::{Month, days_since_epoch};

use super::prescriptions::{Line, Practice};
use super::random::{Dice, Subject};

/// The longest a line is taken back after its month.
pub(super) const REACH: i32 = 6;

/// Lines taken back, per mille.
const SHARE: u32 = 12;
/// Months between a line and its reversal, with weights.
const LAGS: [(i32, u32); 7] = [(0, 700), (1, 250), (2, 20), (3, 12), (4, 8), (5, 5), (6, 5)];
/// One reversal in so many breaks a rule of netting: about one line in 50,000.
const FAULTY: u32 = 600;

/// `A` or `R`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cancellation,
    Return,
}

/// How a reversal breaks the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Twice,
    WrongAmount,
    TooMuch,
    WrongPrescriber,
    WrongDate,
    CancelledCancellation,
}

/// A line to be taken back.
pub(super) struct Reversal {
    /// The line's place among its prescriber's lines of its month.
    pub(super) position: u32,
    kind: Kind,
    lag: i32,
    fault: Option<Fault>,
}

/// A row that takes something back.
pub(super) struct Row {
    pub(super) kind: Kind,
    /// Concerns the row before it, not the line.
    pub(super) of_row_before: bool,
    /// The date given for what it concerns.
    pub(super) concerns_day: i32,
    /// What stands on the row: the line's fields with negative amounts and a date of its own.
    pub(super) line: Line,
}

/// Calls `each` with the reversals, delivered in month `now`, of a prescriber's lines of `month`.
pub(super) fn for_each(
    practice: &Practice,
    who: u32,
    month: Month,
    now: Month,
    mut each: impl FnMut(&Reversal, &mut Dice),
) {
    let lines = practice.lines(who, month);
    let key = [u64::from(who), u64::from(month.number().unsigned_abs())];
    let dice = &mut practice.seed.dice(Subject::Reversal, &key);
    let mut position = dice.failures(SHARE);
    while position < lines {
        let key = [key[0], key[1], u64::from(position)];
        let of_line = &mut practice.seed.dice(Subject::Reversal, &key);
        let reversal = Reversal {
            position,
            kind: if of_line.below(12) < 5 { Kind::Cancellation } else { Kind::Return },
            lag: of_line.weighted(&LAGS).unwrap_or(0),
            fault: (of_line.below(FAULTY) == 0).then(|| of_line.pick(&FAULTS)).flatten(),
        };
        if reversal.lag == now.since(month) {
            each(&reversal, of_line);
        }
        position = position.saturating_add(1).saturating_add(dice.failures(SHARE));
    }
}

const FAULTS: [Fault; 6] = [
    Fault::Twice,
    Fault::WrongAmount,
    Fault::TooMuch,
    Fault::WrongPrescriber,
    Fault::WrongDate,
    Fault::CancelledCancellation,
];

impl Reversal {
    /// How many rows the reversal takes in the delivery.
    pub(super) fn rows(&self) -> u32 {
        match self.fault {
            Some(Fault::Twice | Fault::CancelledCancellation) => 2,
            _ => 1,
        }
    }

    /// Calls `each` with the rows that take `line` back in month `now`.
    pub(super) fn write(&self, line: &Line, now: Month, dice: &mut Dice, mut each: impl FnMut(&Row)) {
        let first = days_since_epoch(now.first_day()).max(line.day);
        let whole = Line { packages: -line.packages, price: -line.price, ..*line };
        let mut row = Row {
            kind: self.kind,
            of_row_before: false,
            concerns_day: line.day,
            line: Line { day: dice.between(first, days_since_epoch(now.last_day())), ..whole },
        };
        if self.kind == Kind::Return {
            set_packages(&mut row.line, line, returned(line.packages, dice));
        }
        match self.fault {
            None => {}
            Some(Fault::Twice | Fault::CancelledCancellation) => row.kind = Kind::Cancellation,
            Some(Fault::WrongAmount) => {
                row.kind = Kind::Cancellation;
                row.line.price -= 100;
            }
            Some(Fault::TooMuch) => {
                row.kind = Kind::Return;
                set_packages(&mut row.line, line, line.packages + 1000);
            }
            Some(Fault::WrongPrescriber) => row.line.hpr = row.line.hpr % 999_999_998 + 1,
            Some(Fault::WrongDate) => row.concerns_day -= 1,
        }
        if self.rows() == 2 {
            row.line = Line { day: row.line.day, ..whole };
        }
        each(&row);
        if self.rows() == 2 {
            if self.fault == Some(Fault::CancelledCancellation) {
                row.of_row_before = true;
                row.concerns_day = row.line.day;
            }
            each(&row);
        }
    }
}

/// Thousandths of a package that come back: mostly all.
fn returned(packages: i64, dice: &mut Dice) -> i64 {
    match packages {
        2000.. if dice.chance(500) => i64::from(1 + dice.below(u32::try_from(packages / 1000 - 1).unwrap_or(1))) * 1000,
        1000 if dice.chance(50) => 500,
        _ => packages,
    }
}

/// Makes `row` a return of so many thousandths of `line`, at the line's price.
fn set_packages(row: &mut Line, line: &Line, packages: i64) {
    row.packages = -packages;
    row.price = -((line.price * packages + line.packages / 2) / line.packages).max(1);
}

#[cfg(test)]
mod tests {
    use super::super::random::Seed;
    use super::*;

    fn rows(kind: Kind, fault: Option<Fault>, packages: i64) -> Vec<(Kind, Line)> {
        let line = Line {
            day: 20_500,
            prescribed: Some(20_490),
            nth: 1,
            hpr: 1_234_567,
            varenr: 38_448,
            packages,
            hjemmel: 200,
            reservation: 0,
            by_substance: false,
            price: 10_001,
            age: "",
        };
        let reversal = Reversal { position: 0, kind, lag: 0, fault };
        let now = crate::calendar::date_from_days(line.day).map(Month::of).unwrap();
        let mut rows = Vec::new();
        let mut dice = Seed(5).dice(Subject::Test, &[packages.unsigned_abs()]);
        reversal.write(&line, now, &mut dice, |row| rows.push((row.kind, row.line)));
        assert_eq!(u32::try_from(rows.len()).unwrap(), reversal.rows());
        assert!(rows.iter().all(|(_, row)| row.day >= line.day && row.packages < 0 && row.price < 0));
        rows
    }

    #[test]
    fn a_cancellation_has_the_exact_negative_amounts() {
        let rows = rows(Kind::Cancellation, None, 3000);
        assert_eq!((rows[0].1.packages, rows[0].1.price), (-3000, -10_001));
    }

    #[test]
    fn a_return_never_takes_back_more_than_the_line() {
        for packages in [250, 333, 500, 1000, 2000, 3000, 4000] {
            let row = rows(Kind::Return, None, packages)[0].1;
            assert!(-row.packages <= packages && -row.price <= 10_001, "{row:?}");
            assert!(-row.packages < packages || row.price == -10_001, "{row:?}");
        }
    }

    #[test]
    fn each_fault_breaks_one_rule() {
        assert_eq!(rows(Kind::Return, Some(Fault::Twice), 1000).len(), 2);
        assert_eq!(rows(Kind::Return, Some(Fault::CancelledCancellation), 1000).len(), 2);
        assert_eq!(rows(Kind::Cancellation, Some(Fault::TooMuch), 1000)[0].1.packages, -2000);
        assert_eq!(rows(Kind::Return, Some(Fault::WrongAmount), 1000)[0].1.price, -10_101);
        assert_ne!(rows(Kind::Return, Some(Fault::WrongPrescriber), 1000)[0].1.hpr, 1_234_567);
    }
}
