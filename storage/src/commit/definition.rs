//! Table definitions and segment metadata as bytes of logs and manifests.

use crate::commit::{CommitVersion, PartId};
use crate::limits::COLUMNS_MAX;
use crate::schema::{
    ColumnId, ColumnSchema, KeySchema, PartitionBy, PartitionKey, PartitionUnit, RollupSchema, TableId, TableSchema,
};
use crate::segment::{ColumnSummary, Partial, SegmentMeta};
use crate::serial::{ByteReader, ByteWriter, ReadResult};
use crate::wal::rows::{read_array, read_type, write_array, write_type};
use arrow_array::ArrayRef;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// Writes a table's definition.
pub(crate) fn write_schema(writer: &mut ByteWriter, schema: &TableSchema) {
    writer.u32(schema.id.0);
    writer.u32(schema.next_column_id);
    write_columns(writer, &schema.columns);
    writer.option(schema.partition_by, |writer, by| {
        writer.u32(by.column.0);
        writer.u8(match by.unit {
            PartitionUnit::Day => 1,
            PartitionUnit::Week => 2,
            PartitionUnit::Month => 3,
            PartitionUnit::Year => 4,
        });
    });
    write_column_ids(writer, &schema.sort_key);
    write_column_ids(writer, &schema.bloom_columns);
    writer.option(schema.retention_days, |writer, days| writer.u32(days));
    writer.bytes(&schema.definition);
    writer.u64(schema.history_ms);
    writer.count(schema.rollups.len());
    for rollup in &schema.rollups {
        writer.u32(rollup.id.0);
        write_columns(writer, &rollup.columns);
        writer.bytes(&rollup.definition);
    }
    writer.count(schema.keys.len());
    for key in &schema.keys {
        writer.u32(key.id.0);
        write_column_ids(writer, &key.columns);
    }
}

fn write_columns(writer: &mut ByteWriter, columns: &[ColumnSchema]) {
    writer.count(columns.len());
    for column in columns {
        writer.u32(column.id.0);
        writer.bytes(column.name.as_bytes());
        write_type(writer, &column.data_type);
        writer.u8(u8::from(column.nullable));
        writer.option(column.missing_value.as_ref(), |writer, value| {
            write_array(writer, value)
        });
    }
}

fn read_columns(reader: &mut ByteReader<'_>) -> ReadResult<Vec<ColumnSchema>> {
    let column_count = reader.count(8)?;
    if column_count > COLUMNS_MAX {
        return reader.damage(format!("{column_count} columns are too many"));
    }
    let mut columns = Vec::with_capacity(column_count);
    for _ in 0..column_count {
        columns.push(ColumnSchema {
            id: ColumnId(reader.u32()?),
            name: reader.text()?.to_owned(),
            data_type: read_type(reader)?,
            nullable: reader.u8()? != 0,
            missing_value: reader.option(|reader| read_array(reader, 1))?,
        });
    }
    Ok(columns)
}

fn read_rollups(reader: &mut ByteReader<'_>) -> ReadResult<Vec<Arc<RollupSchema>>> {
    let count = reader.count(12)?;
    let mut rollups = Vec::with_capacity(count);
    for _ in 0..count {
        rollups.push(Arc::new(RollupSchema {
            id: TableId(reader.u32()?),
            columns: read_columns(reader)?,
            definition: reader.bytes()?.into(),
        }));
    }
    Ok(rollups)
}

fn read_keys(reader: &mut ByteReader<'_>) -> ReadResult<Vec<KeySchema>> {
    let count = reader.count(8)?;
    let key = |reader: &mut ByteReader<'_>| {
        Ok(KeySchema {
            id: TableId(reader.u32()?),
            columns: read_column_ids(reader)?,
        })
    };
    (0..count).map(|_| key(reader)).collect()
}

/// Reads a table's definition as a format version has it: history and rollups are there from version 2 on, keys from version 3 on.
pub(crate) fn read_schema(reader: &mut ByteReader<'_>, version: u32) -> ReadResult<TableSchema> {
    let id = TableId(reader.u32()?);
    let next_column_id = reader.u32()?;
    let mut schema = TableSchema {
        id,
        next_column_id,
        columns: read_columns(reader)?,
        partition_by: reader.option(read_partition_by)?,
        sort_key: read_column_ids(reader)?,
        bloom_columns: read_column_ids(reader)?,
        retention_days: reader.option(ByteReader::u32)?,
        definition: reader.bytes()?.into(),
        history_ms: 0,
        rollups: Vec::new(),
        keys: Vec::new(),
    };
    if version >= 2 {
        schema.history_ms = reader.u64()?;
        schema.rollups = read_rollups(reader)?;
    }
    if version >= 3 {
        schema.keys = read_keys(reader)?;
    }
    Ok(schema)
}

fn read_partition_by(reader: &mut ByteReader<'_>) -> ReadResult<PartitionBy> {
    let column = ColumnId(reader.u32()?);
    let unit = match reader.u8()? {
        1 => PartitionUnit::Day,
        2 => PartitionUnit::Week,
        3 => PartitionUnit::Month,
        4 => PartitionUnit::Year,
        other => return reader.damage(format!("{other} is no unit of a partition")),
    };
    Ok(PartitionBy { column, unit })
}

/// Writes a list of column identities.
pub(crate) fn write_column_ids(writer: &mut ByteWriter, ids: &[ColumnId]) {
    writer.count(ids.len());
    for id in ids {
        writer.u32(id.0);
    }
}

/// Reads a list of column identities.
pub(crate) fn read_column_ids(reader: &mut ByteReader<'_>) -> ReadResult<Vec<ColumnId>> {
    let count = reader.count(4)?;
    (0..count).map(|_| reader.u32().map(ColumnId)).collect()
}

/// Writes what the manifest keeps of a segment.
pub(crate) fn write_segment(writer: &mut ByteWriter, segment: &SegmentMeta) {
    write_former_segment(writer, segment);
    writer.count(segment.partials.len());
    for partial in &segment.partials {
        write_partial(writer, partial);
    }
}

/// Writes what the manifest keeps of a partial.
pub(crate) fn write_partial(writer: &mut ByteWriter, partial: &Partial) {
    writer.u32(partial.owner.0);
    writer.u32(partial.deleted_rows);
    write_former_segment(writer, &partial.segment);
}

/// Reads what the manifest keeps of a partial.
pub(crate) fn read_partial(reader: &mut ByteReader<'_>) -> ReadResult<Partial> {
    Ok(Partial {
        owner: TableId(reader.u32()?),
        deleted_rows: reader.u32()?,
        segment: read_former_segment(reader)?,
    })
}

fn write_former_segment(writer: &mut ByteWriter, segment: &SegmentMeta) {
    writer.u64(segment.id.0);
    writer.option(segment.partition.0, |writer, day| writer.u32(day as u32));
    writer.u32(segment.row_count);
    writer.u64(segment.file_bytes);
    writer.u64(segment.footer_checksum);
    writer.u64(segment.version_min.0);
    writer.u64(segment.version_max.0);
    writer.count(segment.columns.len());
    for (id, summary) in &segment.columns {
        writer.u32(id.0);
        write_summary(writer, summary);
    }
}

/// Reads what the manifest keeps of a segment; of format version 1 it has no partials.
pub(crate) fn read_segment(reader: &mut ByteReader<'_>, is_former: bool) -> ReadResult<SegmentMeta> {
    let mut segment = read_former_segment(reader)?;
    if !is_former {
        for _ in 0..reader.count(56)? {
            segment.partials.push(read_partial(reader)?);
        }
    }
    Ok(segment)
}

fn read_former_segment(reader: &mut ByteReader<'_>) -> ReadResult<SegmentMeta> {
    let mut segment = SegmentMeta {
        id: PartId(reader.u64()?),
        partition: PartitionKey(reader.option(ByteReader::u32)?.map(|day| day as i32)),
        row_count: reader.u32()?,
        file_bytes: reader.u64()?,
        footer_checksum: reader.u64()?,
        version_min: CommitVersion(reader.u64()?),
        version_max: CommitVersion(reader.u64()?),
        columns: Vec::new(),
        partials: Vec::new(),
    };
    let column_count = reader.count(16)?;
    for _ in 0..column_count {
        let id = ColumnId(reader.u32()?);
        segment.columns.push((id, read_summary(reader)?));
    }
    Ok(segment)
}

fn write_summary(writer: &mut ByteWriter, summary: &ColumnSummary) {
    let bound = |writer: &mut ByteWriter, value: &ArrayRef| write_array(writer, value);
    writer.u32(summary.row_count);
    writer.u32(summary.null_count);
    writer.option(summary.minimum.as_ref(), bound);
    writer.option(summary.maximum.as_ref(), bound);
    writer.u8(u8::from(summary.exact));
    writer.option(summary.sum, ByteWriter::i128);
    writer.option(summary.distinct_count, ByteWriter::u32);
}

fn read_summary(reader: &mut ByteReader<'_>) -> ReadResult<ColumnSummary> {
    Ok(ColumnSummary {
        row_count: reader.u32()?,
        null_count: reader.u32()?,
        minimum: reader.option(|reader| read_array(reader, 1))?,
        maximum: reader.option(|reader| read_array(reader, 1))?,
        exact: reader.u8()? != 0,
        sum: reader.option(ByteReader::i128)?,
        distinct_count: reader.option(ByteReader::u32)?,
    })
}

/// Writes sets of rows per part.
pub(crate) fn write_row_sets(writer: &mut ByteWriter, sets: &[(PartId, RoaringBitmap)]) {
    writer.count(sets.len());
    for (part, rows) in sets {
        writer.u64(part.0);
        write_rows(writer, rows);
    }
}

/// Writes a set of rows.
pub(crate) fn write_rows(writer: &mut ByteWriter, rows: &RoaringBitmap) {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut bytes)
        .expect("writing into memory does not fail");
    writer.bytes(&bytes);
}

/// Reads a set of rows.
pub(crate) fn read_rows(reader: &mut ByteReader<'_>) -> ReadResult<RoaringBitmap> {
    let bytes = reader.bytes()?;
    match RoaringBitmap::deserialize_from(bytes) {
        Ok(rows) => Ok(rows),
        Err(error) => reader.damage(format!("a set of rows cannot be read: {error}")),
    }
}

/// Reads sets of rows per part.
pub(crate) fn read_row_sets(reader: &mut ByteReader<'_>) -> ReadResult<Vec<(PartId, RoaringBitmap)>> {
    let count = reader.count(12)?;
    let mut sets = Vec::with_capacity(count);
    for _ in 0..count {
        let part = PartId(reader.u64()?);
        sets.push((part, read_rows(reader)?));
    }
    Ok(sets)
}
