//! `ALTER TABLE .. SEAL UP TO`: events before a time are as they were told, for ever. Rows of a sealed period do not go and do not change; those
//! that come late come as corrections, are put aside or refused, as the table's option `after_seal` says. Reading a sealed period as it was
//! sealed is the binder's business (`stoa.corrections`).

use super::admission::instants;
use super::{Effect, Run};
use crate::catalog::options::{AfterSeal, EventTime, after_seal, event_time};
use crate::catalog::persist::{Seal, TableDefinition};
use crate::catalog::relation::{Relation, relation_id};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::{ColumnWriter, parse_value};
use crate::types::{Literal, LogicalType, array_of};
use arrow_array::{ArrayRef, Date32Array, TimestampMicrosecondArray};
use arrow_schema::DataType;
use roaring::RoaringBitmap;
use std::sync::Arc;
use stoa_storage::commit::{Change, PartId, RowId};
use stoa_storage::predicate::{Bound, ColumnPredicate, Condition};
use stoa_storage::scan::{AddressCondition, ScanColumn, ScanRequest};
use stoa_storage::schema::{ColumnId, TableSchema};
use stoa_storage::vector::Batch;

const DAY_US: i64 = 86_400_000_000;
const NOT_IN_STATE: SqlState = SqlState("55000");

/// What a table's seals mean for rows that come.
pub(super) struct Sealed {
    /// The column of event times, by place.
    place: usize,
    /// Events before this are sealed: microseconds since 1970 UTC.
    pub(super) until: i64,
    pub(super) policy: AfterSeal,
    table: String,
}

impl Sealed {
    /// Of a table; `None` where nothing is sealed.
    ///
    /// # Errors
    /// Options that do not fit the table.
    pub(super) fn of(relation: &Relation) -> Result<Option<Self>> {
        let Some(table) = relation.stored() else {
            return Ok(None);
        };
        let times = event_time(&table.schema, &table.definition.options)?;
        let (Some(times), Some(last)) = (times, table.definition.seals.last()) else {
            return Ok(None);
        };
        let place = table.schema.columns.iter().position(|column| column.id == times.column);
        Ok(Some(Sealed {
            place: place.ok_or_else(|| Error::Internal("the column of event times is gone".into()))?,
            until: last.until,
            policy: after_seal(&table.definition.options)?,
            table: relation.name().to_owned(),
        }))
    }

    /// Refuses rows of a sealed period, where these are not to come as corrections.
    ///
    /// # Errors
    /// 55000
    pub(super) fn check(&self, batch: &Batch) -> Result<()> {
        if self.policy == AfterSeal::Correction {
            return Ok(());
        }
        let times = batch.columns.get(self.place).map(instants);
        let is_sealed = |time: Option<i64>| time.is_some_and(|time| time < self.until);
        match times.is_some_and(|times| times.iter().any(is_sealed)) {
            true => Err(self.refused()),
            false => Ok(()),
        }
    }

    /// That a row cannot come.
    pub(super) fn refused(&self) -> Error {
        let error = stoa_sql::Error::new(
            NOT_IN_STATE,
            format!(
                "\"{}\" is sealed up to {}: no row of before comes",
                self.table,
                shown(self.until)
            ),
        );
        Error::Sql(error.with_hint(
            "ALTER TABLE .. SET (after_seal = 'correction') lets rows come as corrections, 'sideline' puts them aside.",
        ))
    }
}

/// An instant in UTC, for messages.
pub(super) fn shown(time: i64) -> String {
    let written = || {
        let column = array_of(&Literal::Timestamp(time), &LogicalType::TimestampTz).ok()?;
        let mut text = Vec::new();
        let format = FormatSettings::default();
        ColumnWriter::new(&column, &LogicalType::TimestampTz, &format).write(0, &mut text);
        String::from_utf8(text).ok()
    };
    written().unwrap_or_else(|| format!("{time} microseconds after 1970"))
}

/// Seals a table's events before a time, or up to the end of a day, as they are in the snapshot that the statement sees.
///
/// # Errors
/// 22023 for a table without event times, 55000 for a time before the last seal's or beyond what is final; what is no time.
pub(super) fn seal(
    run: &Run<'_>,
    schema: &TableSchema,
    definition: &mut TableDefinition,
    value: &str,
) -> Result<Vec<Change>> {
    let Some(times) = event_time(schema, &definition.options)? else {
        let error = stoa_sql::Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!(
                "\"{}\" cannot be sealed, because its events have no time",
                definition.name
            ),
        );
        return Err(Error::Sql(error.with_hint(
            "A table's option says when events happened: WITH (event_time = 'column').",
        )));
    };
    let until = bound(value, schema, &times, &run.view.format)?;
    if let Some(last) = definition.seals.last()
        && until <= last.until
    {
        let message = format!("\"{}\" is sealed up to {} already", definition.name, shown(last.until));
        return Err(Error::user(NOT_IN_STATE, message));
    }
    let now = run.view.shared.now();
    if until > now {
        let message = format!(
            "\"{}\" cannot be sealed up to {}, which is in the future",
            definition.name,
            shown(until)
        );
        return Err(Error::user(NOT_IN_STATE, message));
    }
    definition.seals.push(Seal {
        until,
        version: run.view.snapshot.version().0,
        sealed_at: now,
    });
    // What somebody takes away meanwhile was sealed.
    Ok(vec![Change::NoRowsDeletedSince(schema.id)])
}

/// The first instant that is not sealed: of a day, that of the next one.
fn bound(value: &str, schema: &TableSchema, times: &EventTime, format: &FormatSettings) -> Result<i64> {
    let in_zone = schema.column(times.column).map(|column| &column.data_type);
    let has_zone = matches!(in_zone, Some(DataType::Timestamp(_, Some(_))));
    let instant = |text: &str| -> Result<i64> {
        let data_type = match has_zone {
            true => LogicalType::TimestampTz,
            false => LogicalType::Timestamp,
        };
        match parse_value(text, &data_type, format)? {
            Literal::Timestamp(time) => Ok(time),
            _ => Err(Error::Internal("a time was read as something else".into())),
        }
    };
    let value = value.trim();
    let is_day = !value.contains(':') && parse_value(value, &LogicalType::Date, format).is_ok();
    match is_day {
        true => Ok(instant(value)?.saturating_add(DAY_US)),
        false => instant(value),
    }
}

/// Sees to it that a statement takes no row of a sealed period away; and that nobody seals one meanwhile.
///
/// # Errors
/// 55000
pub(super) fn guard(run: &Run<'_>, mut effect: Effect) -> Result<Effect> {
    let mut checked = Vec::new();
    for change in &effect.writes.changes {
        let (table, rows) = match change {
            Change::Delete(table, rows) => (*table, Some(rows)),
            Change::Truncate(table) => (*table, None),
            _ => continue,
        };
        let Some(relation) = run.view.catalog.by_id(relation_id(table)) else {
            continue;
        };
        let Some(stored) = relation.stored() else { continue };
        let Some(times) = event_time(&stored.schema, &stored.definition.options)? else {
            continue;
        };
        checked.push(Change::CheckedBy(stored.schema.clone()));
        if let Some(sealed) = Sealed::of(&relation)?
            && has_sealed_rows(run, &stored.schema, times.column, sealed.until, rows)?
        {
            let error = stoa_sql::Error::new(
                NOT_IN_STATE,
                format!(
                    "\"{}\" is sealed up to {}: no row of before goes or changes",
                    relation.name(),
                    shown(sealed.until)
                ),
            );
            return Err(Error::Sql(error.with_hint(
                "Insert a row that makes up for it: with after_seal = 'correction' it comes as a correction.",
            )));
        }
    }
    effect.writes.changes.extend(checked);
    Ok(effect)
}

/// Whether some rows of a table, or any, are of before a time.
fn has_sealed_rows(
    run: &Run<'_>,
    schema: &TableSchema,
    column: ColumnId,
    until: i64,
    rows: Option<&Vec<(PartId, RoaringBitmap)>>,
) -> Result<bool> {
    let Some(table) = run.view.snapshot.table(schema.id) else {
        return Ok(false);
    };
    let data_type = schema.column(column).map(|column| column.data_type.clone());
    let data_type = data_type.ok_or_else(|| Error::Internal("the column of event times is gone".into()))?;
    let addresses = rows.map(|rows| {
        let rows = rows.iter();
        let mut ids: Vec<RowId> = rows
            .flat_map(|(part, rows)| rows.iter().map(|row| RowId { part: *part, row }))
            .collect();
        ids.sort_unstable_by_key(|id| (id.part, id.row));
        AddressCondition::Rows(ids.into())
    });
    let before = Bound {
        value: bound_value(until, &data_type),
        inclusive: false,
    };
    let scan = table.scan(ScanRequest {
        columns: vec![ScanColumn::Table(column)],
        predicates: vec![ColumnPredicate {
            column,
            condition: Condition::Range {
                lower: None,
                upper: Some(before),
            },
        }],
        addresses: addresses.into_iter().collect(),
        ..ScanRequest::default()
    })?;
    Ok(scan.reader().next()?.is_some())
}

/// An instant as a value of a column of event times: of dates the first day that does not begin before it.
fn bound_value(until: i64, data_type: &DataType) -> ArrayRef {
    match data_type {
        DataType::Date32 => {
            let day = until.div_euclid(DAY_US) + i64::from(until.rem_euclid(DAY_US) > 0);
            Arc::new(Date32Array::from(vec![i32::try_from(day).unwrap_or(i32::MAX)]))
        }
        DataType::Timestamp(_, Some(zone)) => {
            Arc::new(TimestampMicrosecondArray::from(vec![until]).with_timezone(zone.clone()))
        }
        _ => Arc::new(TimestampMicrosecondArray::from(vec![until])),
    }
}
