//! Time grains: what of a time a function looks at. A function that only looks at the month of a time gives the same for the start of
//! the day that the time is in, so that a rollup by day answers what is asked by month.

use super::canonical::column_at;
use crate::calendar::{DAY, HOUR, MINUTE, SECOND, add_months, split};
use crate::functions::scalar::datetime::unit::Unit;
use crate::functions::scalar::datetime::zone::zone;
use stoa_sql::literal::Literal;
use stoa_sql::plan::{Expr, FunctionCall};
use stoa_sql::types::LogicalType;

/// Into what a time is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Grain {
    /// Buckets of so many microseconds that begin on a Monday, at midnight.
    Microseconds(i64),
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
}

/// What a function looks at.
#[derive(Debug)]
struct Looks<'e> {
    /// Of this time
    time: &'e Expr,
    /// it knows the bucket that it is in,
    grain: Grain,
    /// in the calendar of this zone; none where the time has none.
    zone: Option<String>,
}

impl Looks<'_> {
    fn is_of_utc(&self) -> bool {
        self.zone.as_deref().is_none_or(|zone| zone == "UTC")
    }
}

const WEEK: i64 = 7 * DAY;

impl Grain {
    fn of_unit(name: &str) -> Option<Grain> {
        Some(match Unit::of(name)? {
            Unit::Microsecond => Grain::Microseconds(1),
            Unit::Millisecond => Grain::Microseconds(1_000),
            Unit::Second => Grain::Microseconds(SECOND),
            Unit::Minute => Grain::Microseconds(MINUTE),
            Unit::Hour => Grain::Microseconds(HOUR),
            Unit::Day => Grain::Microseconds(DAY),
            Unit::Week => Grain::Microseconds(WEEK),
            Unit::Month => Grain::Month,
            Unit::Quarter => Grain::Quarter,
            Unit::Year => Grain::Year,
            Unit::Decade => Grain::Decade,
            Unit::Century => Grain::Century,
            Unit::Millennium => Grain::Millennium,
            _ => return None,
        })
    }

    /// The coarsest grain whose buckets a field of a time is the same in.
    fn of_field(name: &str) -> Option<Grain> {
        match Unit::of(name)? {
            // Their fractions are told, too.
            Unit::Second | Unit::Millisecond | Unit::Microsecond | Unit::Epoch => Some(Grain::Microseconds(1)),
            Unit::DayOfWeek | Unit::IsoDayOfWeek | Unit::DayOfYear => Some(Grain::Microseconds(DAY)),
            Unit::IsoYear => Some(Grain::Microseconds(WEEK)),
            _ => Grain::of_unit(name),
        }
    }

    fn rank(self) -> u32 {
        match self {
            Grain::Microseconds(_) => 0,
            Grain::Month => 1,
            Grain::Quarter => 2,
            Grain::Year => 3,
            Grain::Decade => 4,
            Grain::Century => 5,
            Grain::Millennium => 6,
        }
    }

    /// Whether each bucket of this grain lies in one of the other.
    fn refines(self, coarser: Grain) -> bool {
        match (self, coarser) {
            (Grain::Microseconds(fine), Grain::Microseconds(coarse)) => coarse % fine == 0,
            // Weeks lie in two months.
            (Grain::Microseconds(fine), _) => DAY % fine == 0,
            // Centuries begin with a year that ends on 1.
            (Grain::Decade, coarser) => coarser == Grain::Decade,
            (fine, coarser) => fine.rank() <= coarser.rank(),
        }
    }

    /// Whether buckets are smaller than days, or no multiples of them.
    fn is_within_day(self) -> bool {
        matches!(self, Grain::Microseconds(width) if width % DAY != 0)
    }
}

/// A constant of a call.
fn text_of(argument: &Expr) -> Option<&str> {
    match argument {
        Expr::Literal(Literal::Text(text), _) => Some(text),
        _ => None,
    }
}

/// The name by which zones are compared.
fn zone_of(argument: &Expr) -> Option<String> {
    let zone = zone(text_of(argument)?).ok()?;
    zone.iana_name().map(str::to_owned)
}

fn of_call(call: &FunctionCall) -> Option<Looks<'_>> {
    match (call.function.name, call.arguments.as_slice()) {
        ("date_trunc", [unit, time]) if time.data_type() == LogicalType::Timestamp => Some(Looks {
            time,
            grain: Grain::of_unit(text_of(unit)?)?,
            zone: None,
        }),
        ("date_trunc", [unit, time, zone]) => Some(Looks {
            time,
            grain: Grain::of_unit(text_of(unit)?)?,
            zone: Some(zone_of(zone)?),
        }),
        ("time_bucket", [width, time]) => Some(Looks {
            time,
            // Of a date, the start of a bucket of hours is cut down to a date.
            grain: bucket(width).filter(|grain| time.data_type() != LogicalType::Date || !grain.is_within_day())?,
            zone: match time.data_type() {
                LogicalType::Timestamp | LogicalType::Date => None,
                LogicalType::TimestampTz => Some("UTC".to_owned()),
                _ => return None,
            },
        }),
        ("extract" | "date_part", [field, time])
            if matches!(time.data_type(), LogicalType::Timestamp | LogicalType::Date) =>
        {
            Some(Looks {
                time,
                grain: Grain::of_field(text_of(field)?)?,
                zone: None,
            })
        }
        _ => None,
    }
}

/// The grain of `time_bucket`.
fn bucket(width: &Expr) -> Option<Grain> {
    let Expr::Literal(
        Literal::Interval {
            months,
            days,
            microseconds,
        },
        _,
    ) = width
    else {
        return None;
    };
    match (months, i64::from(*days).checked_mul(DAY)?.checked_add(*microseconds)?) {
        (0, width) if width > 0 => Some(Grain::Microseconds(width)),
        (1, 0) => Some(Grain::Month),
        (3, 0) => Some(Grain::Quarter),
        (12, 0) => Some(Grain::Year),
        _ => None,
    }
}

fn looks(expression: &Expr) -> Option<Looks<'_>> {
    match expression {
        Expr::Call(call) => of_call(call),
        Expr::Cast {
            input,
            target: LogicalType::Date,
            ..
        } if input.data_type() == LogicalType::Timestamp => Some(Looks {
            time: input,
            grain: Grain::Microseconds(DAY),
            zone: None,
        }),
        _ => None,
    }
}

/// Whether an expression cuts times down to the start of a bucket, rather than telling something of it.
fn truncates(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => matches!(call.function.name, "date_trunc" | "time_bucket"),
        Expr::Cast { .. } => true,
        _ => false,
    }
}

/// The time that a key is the bucket of, where no bucket begins after a time in it: at the end of summer some zones have midnight twice.
pub(super) fn truncated_time(key: &Expr) -> Option<&Expr> {
    let looks = looks(key).filter(|looks| truncates(key) && looks.is_of_utc())?;
    Some(looks.time)
}

/// Where the bucket after the one that begins at a time would begin, both in microseconds, if no zone moved it.
pub(super) fn bucket_after(key: &Expr, start: i64) -> Option<i64> {
    let months = match looks(key)?.grain {
        Grain::Microseconds(width) => return start.checked_add(width),
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::Year => 12,
        Grain::Decade => 120,
        Grain::Century => 1_200,
        Grain::Millennium => 12_000,
    };
    let (day, time_of_day) = split(start);
    add_months(day, months).checked_mul(DAY)?.checked_add(time_of_day)
}

/// A key, which is the column of a partial at that place, in place of the time that it is the bucket of.
pub(super) fn as_time(key: &Expr, place: usize, time: &Expr) -> Expr {
    let column = column_at(place, key.data_type());
    match key.data_type() == time.data_type() {
        true => column,
        false => Expr::Cast {
            input: Box::new(column),
            target: time.data_type(),
            explicit: false,
            span: None,
        },
    }
}

/// An expression that only looks at the bucket of a time, over the key that is this bucket or a smaller one.
pub(super) fn coarsened(expression: &Expr, keys: &[Expr]) -> Option<Expr> {
    let wanted = looks(expression)?;
    let mut keys = keys.iter().enumerate().filter(|(_, key)| truncates(key));
    let (place, key) = keys.find(|(_, key)| {
        looks(key).is_some_and(|has| has.time == wanted.time && has.zone == wanted.zone && is_within(&has, &wanted))
    })?;
    let time = wanted.time.clone();
    let bucket = as_time(key, place, &time);
    Some(
        expression
            .clone()
            .replace(&mut |part| (*part == time).then(|| bucket.clone())),
    )
}

/// Whether what one looks at tells what the other does.
fn is_within(has: &Looks<'_>, wanted: &Looks<'_>) -> bool {
    // In other zones a change of the offset may cut an hour, even at the end of a year.
    let zone_is_harmless = has.is_of_utc() || !has.grain.is_within_day() || has.grain == wanted.grain;
    has.grain.refines(wanted.grain) && zone_is_harmless
}
