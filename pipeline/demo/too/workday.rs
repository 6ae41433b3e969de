//! Working days. Knows weekends, not holidays.

/// The day itself, or the Monday after a weekend.
pub(super) fn workday(day: i32) -> i32 {
    // 1970-01-01 was a Thursday.
    match (day + 3).rem_euclid(7) {
        5 => day + 2,
        6 => day + 1,
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_move_to_monday() {
        let day = |year, month, day| crate::calendar::days_since_epoch(jiff::civil::date(year, month, day));
        assert_eq!(workday(day(2026, 10, 31)), day(2026, 11, 2));
        assert_eq!(workday(day(2026, 10, 30)), day(2026, 10, 30));
    }
}
