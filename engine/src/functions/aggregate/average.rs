//! `avg`: a sum and a count.

use super::count::Count;
use super::rows::counting_rows;
use super::signature::{aggregate, fractional, same_as_first, signatures};
use super::sum::{is_summarized, overflow, sum_of};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups, SummaryState};
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, Decimal128Array, Float64Array, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, IntervalMonthDayNano};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&AVG];

static AVG: AggregateFunction = AggregateFunction {
    info: || aggregate("avg", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The average of all values that are not NULL: numeric for integers and numeric, rounded at 16 digits behind the point or as many as the argument has. Of double precision it is the exact sum, rounded, by the count.",
        example: "avg(x)",
        result: "1.5000000000000000",
    },
    accumulator: |binding| {
        let argument = &binding.argument_types[0];
        Ok(Box::new(Average {
            sum: sum_of(argument, argument)?,
            count: Count::default(),
            answer: array_type(&binding.return_type),
        }))
    },
    summary: Some(|binding: &AggregateBinding| {
        is_summarized(&binding.argument_types[0]).then(|| vec![SummaryState::Sum, SummaryState::Count])
    }),
};

const SIGNATURES: &[Signature] = signatures![
    (SmallInt) => fractional,
    (Integer) => fractional,
    (BigInt) => fractional,
    (Numeric) => fractional,
    (Double) => |_| LogicalType::Double,
    (Interval) => same_as_first,
];

struct Average {
    /// Of doubles its answer is divided, otherwise its state: that has the digits that an answer may have no room for.
    sum: Box<dyn Accumulator>,
    count: Count,
    answer: DataType,
}

impl Accumulator for Average {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        self.count.add(groups, mask.as_ref(), group_count);
        self.sum.update(arguments, groups, selection, group_count)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        let (sum, count) = states.split_at(states.len() - 1);
        self.sum.merge(sum, groups, group_count)?;
        self.count.merge(count, groups, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        let mut types = self.sum.state_types();
        types.push(DataType::Int64);
        types
    }

    fn state_bytes(&self) -> Option<usize> {
        Some(self.sum.state_bytes()? + size_of::<i64>())
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let mut states = self.sum.states(group_count)?;
        states.push(self.count.finish(group_count)?);
        Ok(states)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let sums = match self.answer {
            DataType::Float64 => self.sum.finish(group_count)?,
            _ => self.sum.states(group_count)?.swap_remove(0),
        };
        divide(&sums, &self.count.take(group_count), &self.answer)
    }

    fn finish_some(&mut self, groups: &[u32], group_count: usize) -> Result<ArrayRef> {
        let sums = match self.answer {
            DataType::Float64 => self.sum.finish_some(groups, group_count)?,
            _ => self.sum.states_of(groups, group_count)?.swap_remove(0),
        };
        let counts = self.count.take(group_count);
        let counts: Vec<i64> = groups.iter().map(|group| counts[*group as usize]).collect();
        divide(&sums, &counts, &self.answer)
    }

    fn memory_bytes(&self) -> usize {
        self.sum.memory_bytes() + self.count.memory_bytes()
    }
}

fn divide(sums: &ArrayRef, counts: &[i64], answer: &DataType) -> Result<ArrayRef> {
    let present = |row: usize| counts[row] > 0;
    Ok(match (sums.data_type(), answer) {
        (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) => {
            let more_digits = u32::try_from(to - from).unwrap_or(0);
            let sums = sums.as_primitive::<Decimal128Type>().values();
            let averages = (0..sums.len()).map(|row| match present(row) {
                false => Ok(None),
                true => divide_rounded(sums[row], counts[row], more_digits)
                    .ok_or_else(overflow)
                    .map(Some),
            });
            let averages = averages.collect::<Result<Decimal128Array>>()?;
            Arc::new(averages.with_data_type(answer.clone()))
        }
        (DataType::Float64, _) => {
            let sums = sums.as_primitive::<Float64Type>().values();
            let averages = (0..sums.len()).map(|row| present(row).then(|| sums[row] / counts[row] as f64));
            Arc::new(averages.collect::<Float64Array>())
        }
        (DataType::Interval(_), _) => {
            let sums = sums.as_primitive::<IntervalMonthDayNanoType>().values();
            let averages = (0..sums.len()).map(|row| match present(row) {
                false => Ok(None),
                true => scale_interval(sums[row], |value| value / counts[row] as f64).map(Some),
            });
            Arc::new(averages.collect::<Result<PrimitiveArray<IntervalMonthDayNanoType>>>()?)
        }
        (other, _) => return Err(Error::Internal(format!("an average of sums of {other}"))),
    })
}

/// `sum * 10^more_digits / count`, rounded half away from zero; `None` beyond 38 digits.
pub(super) fn divide_rounded(sum: i128, count: i64, more_digits: u32) -> Option<i128> {
    if let Some(average) = divide_rounded_short(sum, count, more_digits) {
        return Some(average);
    }
    let count = i128::from(count);
    let power = 10i128.checked_pow(more_digits)?;
    // The remainder is below 2^63, so with 19 digits more it still fits; no type asks for more than 16.
    let (whole, remainder) = (sum / count, sum % count);
    let scaled = remainder.checked_mul(power)?;
    let (fraction, rest) = (scaled / count, scaled % count);
    let rounding = match rest.unsigned_abs() * 2 >= count.unsigned_abs() {
        true => sum.signum(),
        false => 0,
    };
    let average = whole.checked_mul(power)?.checked_add(fraction + rounding)?;
    (average.unsigned_abs() < 10u128.pow(38)).then_some(average)
}

/// The same where all but the answer has 64 bits: many times faster than dividing 128.
fn divide_rounded_short(sum: i128, count: i64, more_digits: u32) -> Option<i128> {
    let sum = i64::try_from(sum).ok()?;
    let power = 10i64.checked_pow(more_digits)?;
    let (whole, remainder) = (sum.checked_div(count)?, sum % count);
    let scaled = remainder.checked_mul(power)?;
    let (fraction, rest) = (scaled / count, scaled % count);
    let rounding = match rest.unsigned_abs().checked_mul(2)? >= count.unsigned_abs() {
        true => sum.signum(),
        false => 0,
    };
    Some(i128::from(whole) * i128::from(power) + i128::from(fraction + rounding))
}

const DAYS_PER_MONTH: f64 = 30.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const NANOSECONDS: f64 = 1_000.0;
const MICROSECONDS_PER_SECOND: f64 = 1_000_000.0;

/// An interval multiplied or divided as Postgres does: fractions of months become days, fractions of days become time.
pub(super) fn scale_interval(span: IntervalMonthDayNano, scale: impl Fn(f64) -> f64) -> Result<IntervalMonthDayNano> {
    let to_microseconds = |value: f64| (value * MICROSECONDS_PER_SECOND).round_ties_even() / MICROSECONDS_PER_SECOND;
    let months = scale(f64::from(span.months)).trunc();
    let mut days = scale(f64::from(span.days)).trunc();
    let month_days = to_microseconds((scale(f64::from(span.months)) - months) * DAYS_PER_MONTH);
    let day_part = scale(f64::from(span.days)) - days + month_days - month_days.trunc();
    let mut seconds = to_microseconds(day_part * SECONDS_PER_DAY);
    if seconds.abs() >= SECONDS_PER_DAY {
        let whole = (seconds / SECONDS_PER_DAY).trunc();
        days += whole;
        seconds -= whole * SECONDS_PER_DAY;
    }
    days += month_days.trunc();
    let microseconds = scale(span.nanoseconds as f64 / NANOSECONDS) + seconds * MICROSECONDS_PER_SECOND;
    let nanoseconds = microseconds.round_ties_even() * NANOSECONDS;
    if days.abs() > f64::from(i32::MAX) || nanoseconds.abs() >= i64::MAX as f64 {
        return Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range"));
    }
    Ok(IntervalMonthDayNano::new(
        months as i32,
        days as i32,
        nanoseconds as i64,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_round_half_away_from_zero() {
        assert_eq!(divide_rounded(3, 2, 0), Some(2));
        assert_eq!(divide_rounded(-3, 2, 0), Some(-2));
        assert_eq!(divide_rounded(1, 3, 16), Some(3_333_333_333_333_333));
        assert_eq!(divide_rounded(2, 3, 16), Some(6_666_666_666_666_667));
        assert_eq!(divide_rounded(-2, 3, 16), Some(-6_666_666_666_666_667));
        assert_eq!(divide_rounded(10i128.pow(37), 1, 16), None);
        for (sum, count) in [(7, 3), (-7, 3), (i128::from(i64::MAX), 7), (1 << 70, 3), (5, i64::MAX)] {
            let exact = sum as f64 / count as f64;
            let average = divide_rounded(sum, count, 6).unwrap() as f64 / 1e6;
            assert!(
                (average - exact).abs() <= exact.abs() * 1e-12 + 5e-7,
                "{sum} / {count}: {average}"
            );
        }
    }

    #[test]
    fn intervals_divide_as_in_postgres() {
        let interval = IntervalMonthDayNano::new;
        // select interval '1 month' / 2, interval '1 month 1 day' / 4, interval '5 days 03:00' / 2
        let cases = [
            (interval(1, 0, 0), 2.0, interval(0, 15, 0)),
            (interval(1, 1, 0), 4.0, interval(0, 7, 64_800_000_000_000)),
            (
                interval(0, 5, 10_800_000_000_000),
                2.0,
                interval(0, 2, 48_600_000_000_000),
            ),
        ];
        for (span, factor, expected) in cases {
            assert_eq!(scale_interval(span, |value| value / factor).unwrap(), expected);
        }
    }
}
