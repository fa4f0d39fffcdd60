//! Days of the three years of sales, as days since 1970-01-01, and how busy each of them is. No time zones: a day is a day.

use jiff::civil::{Date, Weekday, date};

/// The first day of sales.
pub fn first_day() -> Date {
    date(2022, 1, 1)
}

/// How many days there are sales for: 2022, 2023 and 2024.
pub const DAY_COUNT: usize = 365 + 365 + 366;

/// Days since 1970-01-01.
pub fn days_since_epoch(day: Date) -> i32 {
    day.duration_since(date(1970, 1, 1)).as_hours() as i32 / 24
}

/// The day so many days after the first.
pub fn day_at(index: usize) -> Date {
    first_day()
        .checked_add(jiff::Span::new().days(index as i64))
        .expect("three years after 2022 is in the calendar")
}

/// A day of discounts: the Black Friday week, the days around the turn of the year, mid-summer.
pub fn is_sale_season(day: Date) -> bool {
    matches!(
        (day.month(), day.day()),
        (11, 22..=30) | (12, 26..=31) | (1, 2..=10) | (7, 10..=16)
    )
}

/// How much is sold on a day, relative to an ordinary Tuesday of the first year.
pub fn day_weight(index: usize) -> f64 {
    let day = day_at(index);
    let weekday = match day.weekday() {
        Weekday::Monday => 1.04,
        Weekday::Tuesday => 1.0,
        Weekday::Wednesday => 1.01,
        Weekday::Thursday => 1.05,
        Weekday::Friday => 1.18,
        Weekday::Saturday => 1.27,
        Weekday::Sunday => 1.12,
    };
    let season = match (day.month(), day.day()) {
        (12, 25) => 0.4,
        (1, 1) => 0.45,
        (11, 22..=30) => 2.1,
        (12, 1..=23) => 1.6,
        (12, 26..=31) => 1.3,
        (7, 10..=16) => 1.35,
        (2, _) => 0.88,
        (8, _) => 0.92,
        (10 | 11, _) => 1.1,
        _ => 1.0,
    };
    let growth = 1.0 + 0.22 * index as f64 / 365.0;
    weekday * season * growth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_three_whole_years() {
        assert_eq!(days_since_epoch(first_day()), 18_993);
        assert_eq!(day_at(DAY_COUNT - 1), date(2024, 12, 31));
    }

    #[test]
    fn december_beats_february_and_christmas_is_quiet() {
        let index = |day: Date| (days_since_epoch(day) - days_since_epoch(first_day())) as usize;
        assert!(day_weight(index(date(2023, 12, 12))) > 1.5 * day_weight(index(date(2023, 2, 14))));
        assert!(day_weight(index(date(2023, 12, 25))) < 0.5 * day_weight(index(date(2023, 12, 18))));
    }
}
