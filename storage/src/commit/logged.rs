//! Commits and edits as they stand in the log: everything decided, so that replay repeats and never decides anew.

use super::definition::{
    read_partial, read_row_sets, read_schema, read_segment, write_partial, write_row_sets, write_schema, write_segment,
};
use super::{CommitVersion, PartId};
use crate::ingest::{IngestCounts, Token, read_counts, read_token, write_counts, write_token};
use crate::schema::{TableId, TableSchema};
use crate::segment::{Partial, SegmentMeta};
use crate::serial::{ByteReader, ByteWriter, ReadResult};
use crate::wal::RecordKind;
use crate::wal::rows::{LoggedRows, read_rows, write_rows};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// One change with everything about it decided.
#[derive(Clone, Debug)]
pub(crate) enum LoggedChange {
    /// Rows into a part in memory, from `first_row` on.
    Insert {
        table: TableId,
        part: PartId,
        first_row: u32,
        rows: LoggedRows,
    },
    AddSegments(TableId, Vec<SegmentMeta>),
    Delete(TableId, Vec<(PartId, RoaringBitmap)>),
    Truncate(TableId),
    CreateTable(Arc<TableSchema>),
    AlterTable(Arc<TableSchema>),
    DropTable(TableId),
    PutObject(String, Option<Arc<[u8]>>),
    Ingest(TableId, Arc<str>, IngestCounts),
    Token(Token),
    /// Whole parts out: retention.
    RemoveParts(TableId, Vec<PartId>),
}

/// What takes a version.
#[derive(Clone, Debug)]
pub(crate) struct LoggedCommit {
    pub(crate) version: CommitVersion,
    pub(crate) time: i64,
    pub(crate) cause: String,
    pub(crate) changes: Vec<LoggedChange>,
}

impl LoggedCommit {
    /// Whether it takes rows, columns or tables away and adds none.
    pub(crate) fn makes_room(&self) -> bool {
        let adds = |change: &LoggedChange| {
            matches!(
                change,
                LoggedChange::Insert { .. } | LoggedChange::AddSegments(..) | LoggedChange::CreateTable(_)
            )
        };
        let removes = |change: &LoggedChange| {
            matches!(
                change,
                LoggedChange::Delete(..)
                    | LoggedChange::Truncate(_)
                    | LoggedChange::AlterTable(_)
                    | LoggedChange::DropTable(_)
                    | LoggedChange::RemoveParts(..)
            )
        };
        self.changes.iter().any(removes) && !self.changes.iter().any(adds)
    }
}

/// A change of structure that changes no rows: parts out, segments with the same rows in.
#[derive(Clone, Debug)]
pub(crate) struct LoggedEdit {
    pub(crate) table: TableId,
    pub(crate) removed: Vec<PartId>,
    pub(crate) added: Vec<SegmentMeta>,
    /// Rows of the added segments that were deleted, and by which commits; these ascend.
    pub(crate) deleted: Vec<(CommitVersion, Vec<(PartId, RoaringBitmap)>)>,
    /// The least version as of which the table can be read from now on, where that changes.
    pub(crate) history_from: Option<CommitVersion>,
    /// What rollups have of segments that are there already, in place of what they had.
    pub(crate) partials: Vec<(PartId, Partial)>,
}

impl LoggedEdit {
    /// One that does nothing to a table.
    pub(crate) fn new(table: TableId) -> Self {
        LoggedEdit {
            table,
            removed: Vec::new(),
            added: Vec::new(),
            deleted: Vec::new(),
            history_from: None,
            partials: Vec::new(),
        }
    }

    /// The files that come with it.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PartId> + '_ {
        let partials = self.partials.iter().map(|(_, partial)| partial.segment.id);
        self.added.iter().flat_map(SegmentMeta::ids).chain(partials)
    }
}

/// A commit's bytes, and where in them the sequencer puts what it decides.
#[derive(Debug)]
pub(crate) struct EncodedCommit {
    writer: ByteWriter,
    /// Where each insert's part and first row stand.
    placements: Vec<usize>,
}

const VERSION_AT: usize = 0;
const TIME_AT: usize = 8;

impl EncodedCommit {
    /// Everything but version, time and places, which `commit` may have as zeroes.
    pub(crate) fn new(commit: &LoggedCommit) -> Self {
        let mut writer = ByteWriter::default();
        let mut placements = Vec::new();
        writer.u64(commit.version.0);
        writer.i64(commit.time);
        writer.bytes(commit.cause.as_bytes());
        writer.count(commit.changes.len());
        for change in &commit.changes {
            write_change(&mut writer, change, &mut placements);
        }
        EncodedCommit { writer, placements }
    }

    /// Bytes so far and for ever.
    pub(crate) fn length_bytes(&self) -> usize {
        self.writer.bytes.len()
    }

    /// Puts in what was decided meanwhile.
    pub(crate) fn finish(mut self, commit: &LoggedCommit) -> Vec<u8> {
        self.writer.patch_u64(VERSION_AT, commit.version.0);
        self.writer.patch_u64(TIME_AT, commit.time as u64);
        let places = commit.changes.iter().filter_map(|change| match change {
            LoggedChange::Insert { part, first_row, .. } => Some((part, first_row)),
            _ => None,
        });
        for (at, (part, first_row)) in self.placements.iter().zip(places) {
            self.writer.patch_u64(*at, part.0);
            self.writer.patch_u32(*at + 8, *first_row);
        }
        self.writer.bytes
    }
}

fn write_change(writer: &mut ByteWriter, change: &LoggedChange, placements: &mut Vec<usize>) {
    match change {
        LoggedChange::Insert {
            table,
            part,
            first_row,
            rows,
        } => {
            writer.u8(1);
            writer.u32(table.0);
            placements.push(writer.bytes.len());
            writer.u64(part.0);
            writer.u32(*first_row);
            write_rows(writer, rows);
        }
        LoggedChange::AddSegments(table, segments) => {
            writer.u8(12);
            writer.u32(table.0);
            write_segments(writer, segments);
        }
        LoggedChange::Delete(table, rows) => {
            writer.u8(3);
            writer.u32(table.0);
            write_row_sets(writer, rows);
        }
        LoggedChange::Truncate(table) => {
            writer.u8(4);
            writer.u32(table.0);
        }
        LoggedChange::CreateTable(schema) => {
            writer.u8(13);
            write_schema(writer, schema);
        }
        LoggedChange::AlterTable(schema) => {
            writer.u8(14);
            write_schema(writer, schema);
        }
        LoggedChange::DropTable(table) => {
            writer.u8(7);
            writer.u32(table.0);
        }
        LoggedChange::PutObject(name, bytes) => {
            writer.u8(8);
            writer.bytes(name.as_bytes());
            writer.option(bytes.as_ref(), |writer, bytes| writer.bytes(bytes));
        }
        LoggedChange::Ingest(table, source, counts) => {
            writer.u8(15);
            writer.u32(table.0);
            write_counts(writer, source, counts);
        }
        LoggedChange::Token(token) => {
            writer.u8(16);
            write_token(writer, token);
        }
        LoggedChange::RemoveParts(table, parts) => {
            writer.u8(9);
            writer.u32(table.0);
            write_parts(writer, parts);
        }
    }
}

fn read_change(reader: &mut ByteReader<'_>) -> ReadResult<LoggedChange> {
    let tag = reader.u8()?;
    let change = match tag {
        1 => LoggedChange::Insert {
            table: TableId(reader.u32()?),
            part: PartId(reader.u64()?),
            first_row: reader.u32()?,
            rows: read_rows(reader)?,
        },
        2 | 12 => LoggedChange::AddSegments(TableId(reader.u32()?), read_segments(reader, tag == 2)?),
        3 => LoggedChange::Delete(TableId(reader.u32()?), read_row_sets(reader)?),
        4 => LoggedChange::Truncate(TableId(reader.u32()?)),
        5 => LoggedChange::CreateTable(Arc::new(read_schema(reader, 1)?)),
        6 => LoggedChange::AlterTable(Arc::new(read_schema(reader, 1)?)),
        10 => LoggedChange::CreateTable(Arc::new(read_schema(reader, 2)?)),
        11 => LoggedChange::AlterTable(Arc::new(read_schema(reader, 2)?)),
        13 => LoggedChange::CreateTable(Arc::new(read_schema(reader, 3)?)),
        14 => LoggedChange::AlterTable(Arc::new(read_schema(reader, 3)?)),
        7 => LoggedChange::DropTable(TableId(reader.u32()?)),
        8 => {
            let name = reader.text()?.to_owned();
            LoggedChange::PutObject(name, reader.option(|reader| Ok(reader.bytes()?.into()))?)
        }
        9 => LoggedChange::RemoveParts(TableId(reader.u32()?), read_parts(reader)?),
        15 => {
            let table = TableId(reader.u32()?);
            let (source, counts) = read_counts(reader)?;
            LoggedChange::Ingest(table, source, counts)
        }
        16 => LoggedChange::Token(read_token(reader)?),
        other => return reader.damage(format!("{other} is no kind of change")),
    };
    Ok(change)
}

fn write_segments(writer: &mut ByteWriter, segments: &[SegmentMeta]) {
    writer.count(segments.len());
    for segment in segments {
        write_segment(writer, segment);
    }
}

fn read_segments(reader: &mut ByteReader<'_>, are_former: bool) -> ReadResult<Vec<SegmentMeta>> {
    let count = reader.count(48)?;
    (0..count).map(|_| read_segment(reader, are_former)).collect()
}

fn write_parts(writer: &mut ByteWriter, parts: &[PartId]) {
    writer.count(parts.len());
    for part in parts {
        writer.u64(part.0);
    }
}

fn read_parts(reader: &mut ByteReader<'_>) -> ReadResult<Vec<PartId>> {
    let count = reader.count(8)?;
    (0..count).map(|_| reader.u64().map(PartId)).collect()
}

/// Reads a commit's record.
pub(crate) fn read_commit(payload: &[u8]) -> ReadResult<LoggedCommit> {
    let mut reader = ByteReader::new(payload);
    let version = CommitVersion(reader.u64()?);
    let time = reader.i64()?;
    let cause = reader.text()?.to_owned();
    let count = reader.count(5)?;
    let changes = (0..count)
        .map(|_| read_change(&mut reader))
        .collect::<ReadResult<_>>()?;
    reader.finish()?;
    Ok(LoggedCommit {
        version,
        time,
        cause,
        changes,
    })
}

/// Writes an edit's record.
pub(crate) fn write_edit(edit: &LoggedEdit) -> Vec<u8> {
    let mut writer = ByteWriter::default();
    writer.u32(edit.table.0);
    write_parts(&mut writer, &edit.removed);
    write_segments(&mut writer, &edit.added);
    writer.count(edit.deleted.len());
    for (version, rows) in &edit.deleted {
        writer.u64(version.0);
        write_row_sets(&mut writer, rows);
    }
    writer.option(edit.history_from, |writer, version| writer.u64(version.0));
    // Absent where there are none, as in edits from before there were any.
    if !edit.partials.is_empty() {
        writer.count(edit.partials.len());
        for (segment, partial) in &edit.partials {
            writer.u64(segment.0);
            write_partial(&mut writer, partial);
        }
    }
    writer.bytes
}

/// Reads an edit's record.
pub(crate) fn read_edit(payload: &[u8]) -> ReadResult<LoggedEdit> {
    let mut reader = ByteReader::new(payload);
    let mut edit = begin_edit(&mut reader, false)?;
    for _ in 0..reader.count(12)? {
        edit.deleted
            .push((CommitVersion(reader.u64()?), read_row_sets(&mut reader)?));
    }
    edit.history_from = reader.option(ByteReader::u64)?.map(CommitVersion);
    let count = if reader.remaining() == 0 { 0 } else { reader.count(64)? };
    for _ in 0..count {
        edit.partials.push((PartId(reader.u64()?), read_partial(&mut reader)?));
    }
    reader.finish()?;
    Ok(edit)
}

/// Reads an edit's record of format version 1; `version` is that of the state before it.
pub(crate) fn read_former_edit(payload: &[u8], version: CommitVersion) -> ReadResult<LoggedEdit> {
    let mut reader = ByteReader::new(payload);
    let mut edit = begin_edit(&mut reader, true)?;
    edit.deleted.push((version, read_row_sets(&mut reader)?));
    reader.finish()?;
    Ok(edit)
}

fn begin_edit(reader: &mut ByteReader<'_>, is_former: bool) -> ReadResult<LoggedEdit> {
    let mut edit = LoggedEdit::new(TableId(reader.u32()?));
    edit.removed = read_parts(reader)?;
    edit.added = read_segments(reader, is_former)?;
    Ok(edit)
}

/// A record in one line, for people.
pub(crate) fn describe_record(kind: RecordKind, payload: &[u8]) -> ReadResult<String> {
    Ok(match kind {
        RecordKind::SyncMark => "sync mark".into(),
        RecordKind::Edit => describe_edit(&read_edit(payload)?),
        RecordKind::FormerEdit => describe_edit(&read_former_edit(payload, CommitVersion(0))?),
        RecordKind::Commit => {
            let commit = read_commit(payload)?;
            let changes: Vec<String> = commit.changes.iter().map(describe_change).collect();
            format!(
                "commit {} at {} ({}): {}",
                commit.version.0,
                commit.time,
                commit.cause,
                changes.join("; ")
            )
        }
    })
}

fn describe_edit(edit: &LoggedEdit) -> String {
    let history = match edit.history_from {
        Some(version) => format!(", history from version {}", version.0),
        None => String::new(),
    };
    format!(
        "edit of table {}: parts {:?} out, segments {:?} in, partials {:?}{history}",
        edit.table.0,
        edit.removed.iter().map(|part| part.0).collect::<Vec<_>>(),
        edit.added.iter().map(|segment| segment.id.0).collect::<Vec<_>>(),
        edit.partials
            .iter()
            .map(|(_, partial)| partial.segment.id.0)
            .collect::<Vec<_>>()
    )
}

fn describe_change(change: &LoggedChange) -> String {
    match change {
        LoggedChange::Insert {
            table,
            part,
            first_row,
            rows,
        } => format!(
            "{} rows into table {}, part {} from row {first_row}",
            rows.row_count, table.0, part.0
        ),
        LoggedChange::AddSegments(table, segments) => {
            let rows: u64 = segments.iter().map(|segment| u64::from(segment.row_count)).sum();
            format!("{} segments of {rows} rows into table {}", segments.len(), table.0)
        }
        LoggedChange::Delete(table, sets) => {
            let rows: u64 = sets.iter().map(|(_, rows)| rows.len()).sum();
            format!("{rows} rows out of table {}", table.0)
        }
        LoggedChange::Truncate(table) => format!("truncate table {}", table.0),
        LoggedChange::CreateTable(schema) => format!("create table {}", schema.id.0),
        LoggedChange::AlterTable(schema) => format!("alter table {}", schema.id.0),
        LoggedChange::DropTable(table) => format!("drop table {}", table.0),
        LoggedChange::PutObject(name, bytes) => match bytes {
            Some(bytes) => format!("object {name:?}: {} bytes", bytes.len()),
            None => format!("object {name:?} out"),
        },
        LoggedChange::Ingest(table, source, counts) => format!(
            "{} rows received for table {} from {source:?}: {} stored, {} deduplicated, {} rejected",
            counts.received, table.0, counts.stored, counts.deduplicated, counts.rejected
        ),
        LoggedChange::Token(token) => format!(
            "batch {} of producer {:?}, epoch {}",
            token.number, token.producer, token.epoch
        ),
        LoggedChange::RemoveParts(table, parts) => format!("{} parts out of table {}", parts.len(), table.0),
    }
}
