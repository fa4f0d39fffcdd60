//! How far the events of a table are there. Each source brings its events in their order, but for late ones; a source that is silent for too
//! long holds nobody up. Nothing is left out for what is said here: it says what may still come.

use super::options::{EventTime, event_time};
use super::relation::{Relation, storage_id};
use super::view::View;
use crate::error::{Error, Result, SqlState};
use crate::format::text::parse_value;
use crate::types::{Literal, LogicalType};
use std::sync::Arc;
use stoa_storage::ingest::IngestCounts;
use stoa_storage::store::{Snapshot, TableSnapshot};

/// The setting that demands completeness.
const COMPLETE_UNTIL: &str = "stoa.complete_until";

/// See the module. Times are microseconds since 1970 UTC; there is none where no event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// All sources that are not idle have brought events up to here.
    pub(crate) time: Option<i64>,
    /// Events before this are late by more than is allowed.
    pub(crate) final_until: Option<i64>,
}

/// Whether a source has brought nothing for longer than a table waits.
pub(crate) fn is_idle(times: &EventTime, counts: &IngestCounts, now: i64) -> bool {
    let idle_us = us(times.idle_after_ms);
    counts
        .received_time_max
        .is_none_or(|received| now.saturating_sub(received) > idle_us)
}

impl Watermark {
    /// Of a table as of now; where all sources are idle, that of all.
    pub(crate) fn of(times: &EventTime, sources: &[(Arc<str>, IngestCounts)], now: i64) -> Self {
        let known = sources.iter().filter(|(_, counts)| counts.event_time_max.is_some());
        let active = known.clone().filter(|(_, counts)| !is_idle(times, counts, now));
        let least = active.filter_map(|(_, counts)| counts.event_time_max).min();
        let time = least.or_else(|| known.filter_map(|(_, counts)| counts.event_time_max).min());
        Watermark {
            time,
            final_until: time.map(|time| time.saturating_sub(us(times.allowed_lateness_ms))),
        }
    }

    /// Of a relation in a snapshot; `None` where its events have no times.
    pub(crate) fn of_relation(relation: &Relation, snapshot: &dyn Snapshot, now: i64) -> Option<Self> {
        let stored = relation.stored()?;
        let times = event_time(&stored.schema, &stored.definition.options).ok()??;
        let table = snapshot.table(storage_id(relation.id()))?;
        Some(Watermark::of(&times, &table.ingest(), now))
    }
}

fn us(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)
}

/// Refuses to read a table whose events are not there up to the time that the session demands.
///
/// # Errors
/// 55000; a setting that is no time.
pub(crate) fn check_complete(view: &View, relation: &Relation, table: &dyn TableSnapshot) -> Result<()> {
    let demanded = view.settings.get(COMPLETE_UNTIL).unwrap_or_default();
    let demanded = demanded.trim();
    let Some(stored) = relation.stored().filter(|_| !demanded.is_empty()) else {
        return Ok(());
    };
    let Some(times) = event_time(&stored.schema, &stored.definition.options)? else {
        return Ok(());
    };
    let Literal::Timestamp(time) = parse_value(demanded, &LogicalType::TimestampTz, &view.format)? else {
        return Err(Error::Internal("a time was read as something else".into()));
    };
    let known = Watermark::of(&times, &table.ingest(), view.shared.now()).time;
    if known.is_some_and(|known| known >= time) {
        return Ok(());
    }
    let name = relation.name();
    let error = stoa_sql::Error::new(
        SqlState("55000"),
        format!("\"{name}\" is not complete until {demanded}, which {COMPLETE_UNTIL} demands"),
    );
    Err(Error::Sql(error.with_hint(
        "SELECT * FROM stoa.watermarks tells which source is behind; an empty setting demands nothing.",
    )))
}
