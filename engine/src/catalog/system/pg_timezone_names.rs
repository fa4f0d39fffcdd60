//! `pg_timezone_names`: the time zones that `SET TimeZone` takes, with their offsets of now.

use super::{Rows, SystemTable, columns_of, flag, text};
use crate::catalog::state::PG_CATALOG;
use crate::types::Literal;

const COLUMNS: &str = "name text, abbrev text, utc_offset interval, is_dst boolean";

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_timezone_names",
    oid: 12_223,
    columns: || columns_of(COLUMNS),
    rows: |context| {
        let mut rows = Rows::new(columns_of(COLUMNS));
        let now = jiff::Timestamp::from_microsecond(context.statement.transaction_time).unwrap_or_default();
        for name in jiff::tz::db().available() {
            let Ok(zone) = jiff::tz::TimeZone::get(name.as_str()) else {
                continue;
            };
            let info = zone.to_offset_info(now);
            let offset = Literal::Interval {
                months: 0,
                days: 0,
                microseconds: i64::from(info.offset().seconds()) * 1_000_000,
            };
            rows.push([
                text(name.as_str()),
                text(info.abbreviation()),
                offset,
                flag(info.dst().is_dst()),
            ]);
        }
        rows.finish()
    },
}];
