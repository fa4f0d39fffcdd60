//! Between two neighbouring values.

use crate::functions::aggregate::average::scale_interval;
use arrow_buffer::IntervalMonthDayNano;

/// Where a fraction of so many values falls: the place of the value at or before it, and how far beyond that it is.
pub(super) fn continuous_place(fraction: f64, count: usize) -> (usize, f64) {
    let place = fraction * (count - 1) as f64;
    (place.floor() as usize, place - place.floor())
}

/// The place of the first value that reaches a fraction of so many.
pub(super) fn discrete_place(fraction: f64, count: usize) -> usize {
    let number = (fraction * count as f64).ceil() as usize;
    number.clamp(1, count) - 1
}

/// A part of the way from one double to the next.
pub(super) fn between(low: f64, high: f64, part: f64) -> f64 {
    match part == 0.0 {
        true => low,
        false => low + part * (high - low),
    }
}

/// A part of the way from one interval to the next; `None` beyond an interval's range.
pub(super) fn between_intervals(
    low: IntervalMonthDayNano,
    high: IntervalMonthDayNano,
    part: f64,
) -> Option<IntervalMonthDayNano> {
    if part == 0.0 {
        return Some(low);
    }
    let difference = IntervalMonthDayNano::new(
        high.months.checked_sub(low.months)?,
        high.days.checked_sub(low.days)?,
        high.nanoseconds.checked_sub(low.nanoseconds)?,
    );
    let way = scale_interval(difference, |value| value * part).ok()?;
    Some(IntervalMonthDayNano::new(
        low.months.checked_add(way.months)?,
        low.days.checked_add(way.days)?,
        low.nanoseconds.checked_add(way.nanoseconds)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_postgres_s() {
        assert_eq!(continuous_place(0.5, 4), (1, 0.5));
        assert_eq!(continuous_place(1.0, 4), (3, 0.0));
        for (fraction, count, place) in [(0.0, 4, 0), (0.25, 4, 0), (0.26, 4, 1), (0.5, 3, 1), (1.0, 4, 3)] {
            assert_eq!(discrete_place(fraction, count), place, "{fraction} of {count}");
        }
        assert_eq!(between(1.0, 2.0, 0.5), 1.5);
        assert_eq!(between(1.0, f64::INFINITY, 0.0), 1.0);
    }
}
