//! Numbers as a Norwegian reader writes them, rounded once and last (definition A4).
//!
//! Knows nothing of tables, templates or texts: it turns a number into digits and signs.

/// The space between a number and its percent sign.
const NO_BREAK_SPACE: char = '\u{a0}';
/// The space between groups of three digits.
const NARROW_NO_BREAK_SPACE: char = '\u{202f}';
/// The minus sign proper, as wide as a plus.
const MINUS: char = '\u{2212}';

/// A whole number in groups of three digits: `1 234`.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    if number < 0 {
        text.push(MINUS);
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(NARROW_NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    text
}

/// A rate in tenths of a percentage point, from integers: `(2000·r + n) div 2n`.
/// `None` when there is nothing to divide by, or when a count is negative: neither is a rate of 0.
pub(super) fn rate_tenths(numerator: i64, denominator: i64) -> Option<i64> {
    if denominator <= 0 || numerator < 0 {
        return None;
    }
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    i64::try_from((2000 * numerator + denominator) / (2 * denominator)).ok()
}

/// A share between 0 and 1 in tenths of a percentage point, half away from zero.
pub(super) fn share_tenths(share: f64) -> Option<i64> {
    scaled(share, 3)
}

/// Tenths of a percentage point as a reader writes them: `4,2 %`.
pub(super) fn percent(tenths: i64) -> String {
    format!("{}{NO_BREAK_SPACE}%", with_comma(tenths, 1))
}

/// A change in tenths of a percentage point, with its sign: `+0,4`, `−1,2`, `0,0`.
pub(super) fn points(tenths: i64) -> String {
    format!("{}{}", if tenths > 0 { "+" } else { "" }, with_comma(tenths, 1))
}

/// A whole number of percentage points: `5 %`, for axes.
pub(super) fn whole_percent(points: i64) -> String {
    format!("{}{NO_BREAK_SPACE}%", grouped(points))
}

/// Days as whole weeks, half away from zero.
pub(super) fn weeks(days: f64) -> Option<i64> {
    scaled(days / 7.0, 0)
}

/// A number with a fixed count of decimals and a comma: `1,04`. `None` when it is not a finite number.
pub(super) fn decimal(number: f64, decimals: u32) -> Option<String> {
    scaled(number, decimals).map(|units| with_comma(units, decimals))
}

/// The nearest whole number, half away from zero; `None` when there is none.
pub(super) fn whole(number: f64) -> Option<i64> {
    scaled(number, 0)
}

/// Øre as whole kroner, half away from zero: `1 235 kr`.
pub(super) fn kroner(ore: i64) -> String {
    let whole = (ore.unsigned_abs() + 50) / 100;
    let whole = i64::try_from(whole).unwrap_or(i64::MAX);
    format!("{}{NO_BREAK_SPACE}kr", grouped(if ore < 0 { -whole } else { whole }))
}

/// Kroner as whole ones, half away from zero: `1 235 kr`. `None` when it is not a finite number.
pub(super) fn whole_kroner(kroner: f64) -> Option<String> {
    scaled(kroner, 0).map(|whole| format!("{}{NO_BREAK_SPACE}kr", grouped(whole)))
}

/// `number · 10^decimals` as a whole number, half away from zero.
fn scaled(number: f64, decimals: u32) -> Option<i64> {
    let units = (number * 10_f64.powi(decimals as i32)).round();
    // Beyond 2^53 a double has no decimals to round.
    (units.is_finite() && units.abs() < 9e15).then_some(units as i64)
}

/// `1234` with two decimals is `12,34`.
fn with_comma(units: i64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let (whole, rest) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
    let sign = if units < 0 { MINUS.to_string() } else { String::new() };
    let whole = grouped(i64::try_from(whole).unwrap_or(i64::MAX));
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole},{rest:0width$}", width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_by_narrow_spaces() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1234), "1\u{202f}234");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(-1234), "\u{2212}1\u{202f}234");
    }

    #[test]
    fn a_rate_rounds_half_away_from_zero_from_integers() {
        // 1 of 2000 is exactly 0.05 pp, 3 of 2000 exactly 0.15 pp: both go up.
        assert_eq!(rate_tenths(1, 2000), Some(1));
        assert_eq!(rate_tenths(3, 2000), Some(2));
        assert_eq!(rate_tenths(1, 2001), Some(0));
        assert_eq!(rate_tenths(5, 119), Some(42));
        assert_eq!(rate_tenths(7, 7), Some(1000));
        assert_eq!(percent(42), "4,2\u{a0}%");
        assert_eq!(percent(0), "0,0\u{a0}%");
        assert_eq!(percent(1000), "100,0\u{a0}%");
    }

    #[test]
    fn no_denominator_is_absent_and_never_zero() {
        assert_eq!(rate_tenths(0, 0), None);
        assert_eq!(rate_tenths(-1, 10), None);
        assert_eq!(share_tenths(f64::NAN), None);
        assert_eq!(decimal(f64::INFINITY, 2), None);
    }

    #[test]
    fn shares_and_ratios_round_once() {
        assert_eq!(share_tenths(0.0005), Some(1));
        assert_eq!(share_tenths(0.042_49), Some(42));
        assert_eq!(share_tenths(-0.0005), Some(-1));
        assert_eq!(decimal(1.125, 2).as_deref(), Some("1,13"));
        assert_eq!(decimal(0.5, 0).as_deref(), Some("1"));
        assert_eq!(decimal(-0.004, 2).as_deref(), Some("0,00"));
        assert_eq!(decimal(-12.5, 1).as_deref(), Some("\u{2212}12,5"));
        assert_eq!(decimal(1234.0, 1).as_deref(), Some("1\u{202f}234,0"));
    }

    #[test]
    fn weeks_are_whole_and_half_a_week_goes_up() {
        let weeks = [0.0, 3.0, 3.5, 4.0, 10.0, 11.0, 24.5, 56.0, f64::NAN].map(weeks);
        let expected = [Some(0), Some(0), Some(1), Some(1), Some(1), Some(2), Some(4), Some(8), None];
        assert_eq!(weeks, expected);
    }

    #[test]
    fn kroner_are_whole() {
        assert_eq!(kroner(123_450), "1\u{202f}235\u{a0}kr");
        assert_eq!(kroner(49), "0\u{a0}kr");
        assert_eq!(kroner(-150), "\u{2212}2\u{a0}kr");
        assert_eq!(whole_kroner(1234.5).unwrap(), "1\u{202f}235\u{a0}kr");
        assert_eq!(whole_kroner(f64::NAN), None);
    }
}
