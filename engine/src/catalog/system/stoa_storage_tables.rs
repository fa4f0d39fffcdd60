//! `stoa.tables`, `stoa.columns`, `stoa.segments`, `stoa.rollups`, `stoa.commits`, `stoa.ingest`, `stoa.watermarks`, `stoa.producers`: what is stored, how much
//! of it, and who brought it.

use super::{Rows, SystemContext, SystemTable, flag, number, text, text_or_null};
use crate::catalog::options::event_time;
use crate::catalog::relation::{StoredTable, storage_id};
use crate::catalog::state::{CatalogState, STOA};
use crate::catalog::watermark::{Watermark, is_idle};
use crate::error::Result;
use crate::types::{Literal, LogicalType, literal_at};
use arrow_array::ArrayRef;
use std::sync::Arc;
use stoa_sql::catalog::{RelationInfo, TableId};
use stoa_storage::clock::{Clock, SystemClock};
use stoa_storage::segment::ColumnSummary;
use stoa_storage::store::TableSnapshot;

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: STOA,
        name: "tables",
        oid: 12_501,
        columns: table_columns,
        rows: table_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "columns",
        oid: 12_502,
        columns: column_columns,
        rows: column_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "segments",
        oid: 12_503,
        columns: segment_columns,
        rows: segment_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "commits",
        oid: 12_504,
        columns: commit_columns,
        rows: commit_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "rollups",
        oid: 12_508,
        columns: rollup_columns,
        rows: rollup_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "seals",
        oid: 12_513,
        columns: seal_columns,
        rows: seal_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "ingest",
        oid: 12_509,
        columns: ingest_columns,
        rows: ingest_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "watermarks",
        oid: 12_511,
        columns: watermark_columns,
        rows: watermark_rows,
    },
    &SystemTable {
        schema: STOA,
        name: "producers",
        oid: 12_510,
        columns: producer_columns,
        rows: producer_rows,
    },
];

/// Commits that are listed at most.
const COMMITS_MAX: usize = 32_768;

/// A stored table with everything that is known of it.
pub(super) type Stored<'c> = (&'c RelationInfo, &'c StoredTable, Arc<dyn TableSnapshot>);

pub(super) fn stored<'c>(context: &'c SystemContext<'_>) -> impl Iterator<Item = Stored<'c>> {
    let catalog: &CatalogState = context.catalog;
    catalog.user_relations().filter_map(|relation| {
        let table = relation.stored()?;
        let snapshot = context.snapshot.table(storage_id(relation.id()))?;
        Some((&*relation.info, table, snapshot))
    })
}

fn option(table: &StoredTable, name: &str) -> Literal {
    let options = &table.definition.options;
    let option = options.iter().find(|(option, _)| option == name);
    text_or_null(option.map(|(_, value)| value.clone()))
}

fn table_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Integer, Oid, Text};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("table_id", Oid),
        ("row_count", BigInt),
        ("memory_rows", BigInt),
        ("segments", Integer),
        ("disk_bytes", BigInt),
        ("partition_by", Text),
        ("order_by", Text),
        ("bloom_filter", Text),
        ("deduplicate_by", Text),
        ("retention", Text),
        ("history", Text),
    ]
}

fn table_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(table_columns());
    for (info, table, snapshot) in stored(context) {
        rows.push([
            text(&info.schema),
            text(&info.name),
            number(info.id.0),
            number(snapshot.row_count()),
            number(snapshot.memtable_rows()),
            number(snapshot.segments().len()),
            number(snapshot.file_bytes()),
            option(table, "partition_by"),
            option(table, "order_by"),
            option(table, "bloom_filter"),
            option(table, "deduplicate_by"),
            option(table, "retention"),
            option(table, "history"),
        ]);
    }
    rows.finish()
}

fn column_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Boolean, Integer, Text};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("column_name", Text),
        ("position", Integer),
        ("data_type", Text),
        ("is_nullable", Boolean),
        ("default_value", Text),
        ("null_count", BigInt),
        ("distinct_count", BigInt),
        ("minimum", Text),
        ("maximum", Text),
    ]
}

/// A bound of a column as text.
pub(super) fn bound(value: Option<&ArrayRef>, data_type: &LogicalType, context: &SystemContext<'_>) -> Result<Literal> {
    let Some(value) = value else { return Ok(Literal::Null) };
    // Bounds of arrays are bounds of the bytes that storage keeps them as.
    if matches!(data_type, LogicalType::Array(_)) {
        return Ok(Literal::Null);
    }
    let mut out = Vec::new();
    if literal_at(value, 0, data_type)? == Literal::Null {
        return Ok(Literal::Null);
    }
    crate::format::text::ColumnWriter::new(value, data_type, context.format).write(0, &mut out);
    Ok(text(String::from_utf8_lossy(&out)))
}

fn column_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(column_columns());
    for (info, table, snapshot) in stored(context) {
        for (position, (column, stored)) in info.columns.iter().zip(&table.schema.columns).enumerate() {
            let summary: Option<ColumnSummary> = snapshot.column_summary(stored.id);
            let part = |value: fn(&ColumnSummary) -> Literal| summary.as_ref().map_or(Literal::Null, value);
            let bounds = summary.as_ref();
            rows.push([
                text(&info.schema),
                text(&info.name),
                text(&column.name),
                number(position + 1),
                text(column.data_type.to_string()),
                flag(column.nullable),
                text_or_null(column.default.clone()),
                part(|summary| number(summary.null_count)),
                part(|summary| summary.distinct_count.map_or(Literal::Null, number)),
                bound(
                    bounds.and_then(|summary| summary.minimum.as_ref()),
                    &column.data_type,
                    context,
                )?,
                bound(
                    bounds.and_then(|summary| summary.maximum.as_ref()),
                    &column.data_type,
                    context,
                )?,
            ]);
        }
    }
    rows.finish()
}

fn segment_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Date, Text};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("segment_id", BigInt),
        ("partition_start", Date),
        ("row_count", BigInt),
        ("deleted_rows", BigInt),
        ("disk_bytes", BigInt),
        ("version_min", BigInt),
        ("version_max", BigInt),
    ]
}

fn segment_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(segment_columns());
    for (info, _, snapshot) in stored(context) {
        for (segment, visible_rows) in snapshot.segments().iter().zip(snapshot.visible_rows_of_segments()) {
            rows.push([
                text(&info.schema),
                text(&info.name),
                number(segment.id.0),
                segment.partition.0.map_or(Literal::Null, Literal::Date),
                number(segment.row_count),
                number(u64::from(segment.row_count) - visible_rows),
                number(segment.file_bytes),
                number(segment.version_min.0),
                number(segment.version_max.0),
            ]);
        }
    }
    rows.finish()
}

fn rollup_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Boolean, Integer, Text};
    vec![
        ("view_schema", Text),
        ("view_name", Text),
        ("table_schema", Text),
        ("table_name", Text),
        ("segments", Integer),
        ("segments_covered", Integer),
        ("is_complete", Boolean),
        ("group_count", BigInt),
        ("disk_bytes", BigInt),
    ]
}

/// Those of tables; a materialized view of materialized views keeps nothing itself.
fn rollup_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(rollup_columns());
    for (info, _, snapshot) in stored(context) {
        for named in context.catalog.rollups(info.id).iter() {
            let Some(view) = context.catalog.by_id(TableId(named.rollup.view)) else {
                continue;
            };
            let coverage = snapshot.rollup_coverage(named.rollup.id);
            rows.push([
                text(view.schema()),
                text(view.name()),
                text(&info.schema),
                text(&info.name),
                number(coverage.segments),
                number(coverage.segments_covered),
                flag(coverage.segments == coverage.segments_covered),
                number(coverage.group_count),
                number(coverage.file_bytes),
            ]);
        }
    }
    rows.finish()
}

fn commit_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Text, TimestampTz};
    vec![
        ("version", BigInt),
        ("commit_time", TimestampTz),
        ("cause", Text),
        ("rows_inserted", BigInt),
        ("rows_deleted", BigInt),
    ]
}

fn commit_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(commit_columns());
    for commit in context.store.commits(COMMITS_MAX) {
        rows.push([
            number(commit.version.0),
            Literal::Timestamp(commit.time),
            text(commit.cause),
            number(commit.rows_inserted),
            number(commit.rows_deleted),
        ]);
    }
    rows.finish()
}

fn ingest_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Text};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("source", Text),
        ("rows_received", BigInt),
        ("rows_stored", BigInt),
        ("rows_deduplicated", BigInt),
        ("rows_rejected", BigInt),
        ("rows_late", BigInt),
        ("rows_very_late", BigInt),
        ("received_at", LogicalType::TimestampTz),
    ]
}

fn ingest_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(ingest_columns());
    for (info, _, snapshot) in stored(context) {
        for (source, counts) in snapshot.ingest() {
            rows.push([
                text(&info.schema),
                text(&info.name),
                text(&*source),
                number(counts.received),
                number(counts.stored),
                number(counts.deduplicated),
                number(counts.rejected),
                number(counts.late),
                number(counts.very_late),
                instant(counts.received_time_max),
            ]);
        }
    }
    rows.finish()
}

fn instant(time: Option<i64>) -> Literal {
    time.map_or(Literal::Null, Literal::Timestamp)
}

fn watermark_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Text, TimestampTz};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("source", Text),
        ("watermark", TimestampTz),
        ("final_until", TimestampTz),
        ("received_at", TimestampTz),
        ("is_idle", LogicalType::Boolean),
    ]
}

/// How far the events of a table are there, by source.
fn watermark_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(watermark_columns());
    let now = SystemClock.now();
    for (info, table, snapshot) in stored(context) {
        let Some(times) = event_time(&table.schema, &table.definition.options)? else {
            continue;
        };
        for (source, counts) in snapshot.ingest() {
            let of_source = Watermark::of(&times, &[(source.clone(), counts)], now);
            rows.push([
                text(&info.schema),
                text(&info.name),
                text(&*source),
                instant(of_source.time),
                instant(of_source.final_until),
                instant(counts.received_time_max),
                flag(is_idle(&times, &counts, now)),
            ]);
        }
    }
    rows.finish()
}

fn seal_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Text, TimestampTz};
    vec![
        ("table_schema", Text),
        ("table_name", Text),
        ("sealed_until", TimestampTz),
        ("version", BigInt),
        ("sealed_at", TimestampTz),
    ]
}

/// Periods that were sealed: events before a time, as they were at a version.
fn seal_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(seal_columns());
    for (info, table, _) in stored(context) {
        for seal in &table.definition.seals {
            rows.push([
                text(&info.schema),
                text(&info.name),
                Literal::Timestamp(seal.until),
                number(seal.version),
                Literal::Timestamp(seal.sealed_at),
            ]);
        }
    }
    rows.finish()
}

fn producer_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Text};
    vec![
        ("producer", Text),
        ("epoch", BigInt),
        ("token", BigInt),
        ("version", BigInt),
    ]
}

fn producer_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(producer_columns());
    for (producer, last) in context.snapshot.producers() {
        rows.push([
            text(&*producer),
            number(last.epoch),
            number(last.number),
            number(last.version.0),
        ]);
    }
    rows.finish()
}
