//! County codes over time (SSB Klass 104): the structures of 2018, 2020 and 2024.
//!
//! Only for checking deliveries; names, regions and what became what are in `queries/felles/fylke.sql`.

use anyhow::ensure;
use jiff::civil::Date;

use super::Partition;

const FROM_2018: &[i64] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 18, 19, 20, 50];
const FROM_2020: &[i64] = &[3, 11, 15, 18, 30, 34, 38, 42, 46, 50, 54];
const FROM_2024: &[i64] = &[3, 11, 15, 18, 31, 32, 33, 34, 39, 40, 42, 46, 50, 55, 56];

/// The codes that are valid on a date. Before 2018 the codes of 2018 are taken.
pub fn codes_on(date: Date) -> &'static [i64] {
    match date.year() {
        ..2020 => FROM_2018,
        2020..2024 => FROM_2020,
        _ => FROM_2024,
    }
}

/// Whether some structure has or had the code.
pub fn is_county(code: i64) -> bool {
    [FROM_2018, FROM_2020, FROM_2024].iter().any(|codes| codes.contains(&code))
}

/// Whether a limit per county can hold: a county's rows are taken or left without the others' only where each is told
/// by its key to be that county's, or where deliveries add to each other.
pub(super) fn check_limit(partition: Partition, county: usize, key: &[usize]) -> anyhow::Result<()> {
    let replaces = matches!(partition, Partition::Year | Partition::Latest);
    ensure!(
        partition == Partition::Delivery || (replaces && key.contains(&county)),
        "`grense_per_fylke` goes with partisjon leveranse, or with aar or siste when `noekkel` has the county"
    );
    Ok(())
}
