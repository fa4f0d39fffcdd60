//! Which rows come into a table with an event time: not those whose event is too far in the future, or in a partition beyond retention.
//! These are put aside, whole and with the reason. No row is ever left out for being late; those that are late are counted.

use super::rejects::rejects_of;
use super::row_sink::RowSink;
use super::seal::{self, Sealed};
use super::stored;
use crate::catalog::arrival::{LATE, ON_TIME, VERY_LATE};
use crate::catalog::options::{AfterSeal, event_time};
use crate::catalog::relation::Relation;
use crate::catalog::view::View;
use crate::connection::batch::producer;
use crate::error::{Error, Result};
use crate::format::FormatSettings;
use crate::functions::scalar::json::document::ObjectBuilder;
use crate::functions::scalar::json::write::{JsonWriter, Style};
use crate::pipeline::MemoryBudget;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int16Array, StringViewArray, TimestampMicrosecondArray};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::DataType;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use stoa_storage::ingest::IngestCounts;
use stoa_storage::store::kept_from;
use stoa_storage::vector::{Batch, Selection};

const DAY_US: i64 = 86_400_000_000;
/// Of an event further in the future than this counts only the time at which it came: clocks differ, and one that is wrong by a year
/// would make all later events late ones.
const CLOCK_SKEW_MAX_US: i64 = 300_000_000;

/// See the module.
pub(super) struct Admission {
    event_time: usize,
    /// When the rows are received.
    now: i64,
    /// Bounds of what comes: from the first, up to the second.
    least: Option<i64>,
    most: i64,
    /// Events before this one are late, and before the second very late.
    late_before: Option<(i64, i64)>,
    reasons: [String; 3],
    sealed: Option<Sealed>,
    source: Arc<str>,
    columns: Vec<(String, LogicalType)>,
    format: FormatSettings,
    rejects: Box<RowSink>,
    late: AtomicU64,
    very_late: AtomicU64,
    event_time_max: AtomicI64,
}

impl Admission {
    /// To a table; `None` where its events have no time.
    ///
    /// # Errors
    /// Where the table of rejects is not there: a bug.
    pub(super) fn to(view: &View, relation: &Relation, memory: &Arc<MemoryBudget>) -> Result<Option<Self>> {
        let table = stored(relation)?;
        let Some(times) = event_time(&table.schema, &table.definition.options)? else {
            return Ok(None);
        };
        let rejects = rejects_of(view, relation);
        let rejects = rejects.ok_or_else(|| Error::Internal("a table with an event time has no rejects".into()))?;
        let place = table.schema.columns.iter().position(|column| column.id == times.column);
        let now = view.shared.now();
        let us = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000);
        let source = producer(&view.settings);
        let is_partitioned_so = table.schema.partition_by.is_some_and(|by| by.column == times.column);
        let kept_from = kept_from(&table.schema, now).filter(|_| is_partitioned_so);
        let latest = view.snapshot.table(table.schema.id).and_then(|table| {
            let sources = table.ingest();
            let known = sources.into_iter().find(|(known, _)| *known == source);
            known.and_then(|(_, counts)| counts.event_time_max)
        });
        let sealed = Sealed::of(relation)?;
        let columns = relation.info.columns.iter();
        let days = table.schema.retention_days.unwrap_or_default();
        Ok(Some(Admission {
            event_time: place.ok_or_else(|| Error::Internal("the column of event times is gone".into()))?,
            now,
            least: kept_from.map(|day| i64::from(day).saturating_mul(DAY_US)),
            most: now.saturating_add(us(times.future_tolerance_ms)),
            late_before: latest.map(|latest| (latest, latest.saturating_sub(us(times.allowed_lateness_ms)))),
            reasons: [
                format!(
                    "the event is more than {} in the future",
                    shown(times.future_tolerance_ms)
                ),
                format!("the event is older than the table's retention of {days} days"),
                sealed.as_ref().map_or_else(String::new, |sealed| {
                    format!(
                        "the event is in a period that is sealed up to {}",
                        seal::shown(sealed.until)
                    )
                }),
            ],
            sealed,
            source,
            columns: columns
                .map(|column| (column.name.clone(), column.data_type.clone()))
                .collect(),
            format: FormatSettings::default(),
            rejects: Box::new(RowSink::new(view, &rejects, memory)?),
            late: AtomicU64::new(0),
            very_late: AtomicU64::new(0),
            event_time_max: AtomicI64::new(i64::MIN),
        }))
    }

    /// The rows that come; puts the others aside.
    ///
    /// # Errors
    /// What their table says.
    pub(super) fn admit(&self, batch: Batch) -> Result<Batch> {
        let Some(times) = batch.columns.get(self.event_time).map(instants) else {
            return Ok(batch);
        };
        let mut put_aside: Vec<(usize, usize)> = Vec::new();
        let (mut late, mut very_late, mut latest) = (0, 0, i64::MIN);
        for (row, time) in times.iter().enumerate() {
            let Some(time) = time else { continue };
            if time > self.most {
                put_aside.push((row, 0));
            } else if self.least.is_some_and(|least| time < least) {
                put_aside.push((row, 1));
            } else if self.is_put_aside(time)? {
                put_aside.push((row, 2));
            } else {
                latest = latest.max(time);
                let (late_before, very_late_before) = self.late_before.unwrap_or((i64::MIN, i64::MIN));
                late += u64::from(time < late_before);
                very_late += u64::from(time < very_late_before);
            }
        }
        self.late.fetch_add(late, Ordering::Relaxed);
        self.very_late.fetch_add(very_late, Ordering::Relaxed);
        let latest = latest.min(self.now.saturating_add(CLOCK_SKEW_MAX_US));
        self.event_time_max.fetch_max(latest, Ordering::Relaxed);
        if put_aside.is_empty() {
            return Ok(batch);
        }
        self.put_aside(&batch, &times, &put_aside)?;
        let mut kept = BooleanBufferBuilder::new(batch.row_count);
        kept.append_n(batch.row_count, true);
        put_aside.iter().for_each(|(row, _)| kept.set_bit(*row, false));
        let selection = Some(Selection::new(kept.finish()));
        Ok(Batch { selection, ..batch }.compact())
    }

    /// Whether an event is in a sealed period, and put aside for it.
    fn is_put_aside(&self, time: i64) -> Result<bool> {
        let sealed = self.sealed.as_ref().filter(|sealed| time < sealed.until);
        match sealed.map(|sealed| (sealed, sealed.policy)) {
            None | Some((_, AfterSeal::Correction)) => Ok(false),
            Some((_, AfterSeal::Sideline)) => Ok(true),
            Some((sealed, AfterSeal::Reject)) => Err(sealed.refused()),
        }
    }

    fn put_aside(&self, batch: &Batch, times: &TimestampMicrosecondArray, rows: &[(usize, usize)]) -> Result<()> {
        let writers = self.columns.iter().zip(&batch.columns);
        let writers = writers
            .map(|((name, data_type), column)| (name, JsonWriter::new(column, data_type, Style::Jsonb, &self.format)));
        let writers: Vec<_> = writers.collect();
        let mut documents = Vec::with_capacity(rows.len());
        for (row, _) in rows {
            documents.push(document(&writers, *row)?);
        }
        let zoned = |times: TimestampMicrosecondArray| times.with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(zoned(TimestampMicrosecondArray::from_value(self.now, rows.len()))),
            Arc::new(StringViewArray::from_iter_values(rows.iter().map(|_| &*self.source))),
            Arc::new(StringViewArray::from_iter_values(
                rows.iter().map(|(_, reason)| &self.reasons[*reason]),
            )),
            Arc::new(zoned(rows.iter().map(|(row, _)| Some(times.value(*row))).collect())),
            Arc::new(StringViewArray::from_iter_values(documents)),
        ];
        self.rejects.append(Batch::new(columns, rows.len()))
    }

    /// How rows that come are to be remembered: whether they are late.
    pub(super) fn arrivals(&self, batch: &Batch) -> ArrayRef {
        let times = batch.columns.get(self.event_time).map(instants);
        let (late_before, very_late_before) = self.late_before.unwrap_or((i64::MIN, i64::MIN));
        let arrival = |time: Option<i64>| match time {
            Some(time) if time < very_late_before => VERY_LATE,
            Some(time) if time < late_before => LATE,
            _ => ON_TIME,
        };
        let times = times.iter().flat_map(|times| times.iter());
        Arc::new(Int16Array::from_iter_values(times.map(arrival)))
    }

    /// The sink of the rows that were put aside.
    pub(super) fn rejects(&self) -> &RowSink {
        &self.rejects
    }

    /// Adds what is known of the rows that came.
    pub(super) fn add_to(&self, counts: IngestCounts) -> IngestCounts {
        let latest = self.event_time_max.load(Ordering::Relaxed);
        let rejected = self.rejects.row_count();
        IngestCounts {
            received: counts.received + rejected,
            rejected,
            late: self.late.load(Ordering::Relaxed),
            very_late: self.very_late.load(Ordering::Relaxed),
            event_time_max: (latest > i64::MIN).then_some(latest),
            received_time_max: Some(self.now),
            ..counts
        }
    }
}

/// A span of time in its largest unit.
fn shown(span_ms: u64) -> String {
    let units = [
        ("days", 86_400_000),
        ("hours", 3_600_000),
        ("minutes", 60_000),
        ("seconds", 1_000),
    ];
    let unit = units.into_iter().find(|(_, unit_ms)| span_ms.is_multiple_of(*unit_ms));
    let (unit, unit_ms) = unit.unwrap_or(("milliseconds", 1));
    format!("{} {unit}", span_ms / unit_ms)
}

/// A row as an object of its columns.
fn document(writers: &[(&String, JsonWriter<'_>)], row: usize) -> Result<String> {
    let mut object = ObjectBuilder::default();
    for (name, writer) in writers {
        let mut value = String::new();
        writer.write(row, &mut value)?;
        object.push((*name).clone(), value);
    }
    let mut text = String::new();
    object.finish(&mut text);
    Ok(text)
}

/// A column of times in microseconds since 1970 UTC.
pub(super) fn instants(column: &ArrayRef) -> TimestampMicrosecondArray {
    match column.data_type() {
        DataType::Date32 => column
            .as_primitive::<Date32Type>()
            .unary(|day| i64::from(day).saturating_mul(DAY_US)),
        _ => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            TimestampMicrosecondArray::new(times.values().clone(), times.nulls().cloned())
        }
    }
}
