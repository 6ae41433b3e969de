//! What the middle of a file name says besides a plain month, year or date.

use crate::calendar::Month;

/// Kind and date of a period like `104_koder_2026-11-01`.
pub fn kind_and_date(period: &str) -> Option<(&str, &str)> {
    let (kind, date) = period.rsplit_once('_')?;
    let (number, what) = kind.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && matches!(what, "koder" | "endringer") && is_date(date)).then_some((kind, date))
}

/// Whether it is a date written like `2026-11-01`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The county code in the name of a delivery of several counties.
pub const SEVERAL_COUNTIES: &str = "00";

/// The county and month of a period like `03_2026-10`; [`SEVERAL_COUNTIES`] may stand for the county.
pub fn county_and_month(period: &str) -> Option<(&str, Month)> {
    let (county, month) = period.split_once('_')?;
    let is_code = county.len() == 2 && county.bytes().all(|byte| byte.is_ascii_digit());
    month.parse().ok().filter(|_| is_code).map(|month| (county, month))
}
