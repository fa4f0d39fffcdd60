//! A manifest's bytes: a header with length and checksum, then the state. The grammar is in this crate's README.

use crate::commit::definition::{
    read_column_ids, read_row_sets, read_rows, read_schema, read_segment, write_column_ids, write_rows, write_schema,
    write_segment,
};
use crate::commit::{CommitVersion, PartId};
use crate::error::{Error, Result};
use crate::ingest::{Producers, Sources, read_counts, read_producers, write_counts, write_producers};
use crate::schema::{ColumnId, TableSchema};
use crate::segment::SegmentMeta;
use crate::serial::{ByteReader, ByteWriter, ReadResult};
use crate::store::CommitInfo;
use crate::store::history::Moment;
use crate::wal::LogPosition;
use roaring::RoaringBitmap;
use std::path::Path;
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"STOAMANI";
const FORMAT_VERSION: u32 = 3;
/// The first version that knows of history.
const HISTORY_VERSION: u32 = 2;
/// The first version that knows who brought rows.
const INGEST_VERSION: u32 = 3;
const HEADER_BYTES: usize = 32;

/// What a manifest says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manifest {
    /// Which store this is: random, in every file.
    pub(crate) store: u128,
    pub(crate) version: CommitVersion,
    pub(crate) time: i64,
    /// Everything up to this log record is in here, but for rows in memory.
    pub(crate) position: LogPosition,
    /// The oldest log record with rows in memory; after `position` where there are none.
    pub(crate) low_water: LogPosition,
    pub(crate) next_part: u64,
    pub(crate) next_table: u32,
    pub(crate) tables: Vec<ManifestTable>,
    pub(crate) objects: Vec<(String, CommitVersion, Arc<[u8]>)>,
    /// Oldest first.
    pub(crate) commits: Vec<CommitInfo>,
    /// When commits before those were made, oldest first.
    pub(crate) moments: Vec<Moment>,
    pub(crate) producers: Arc<Producers>,
}

#[derive(Clone, Debug)]
pub(crate) struct ManifestTable {
    pub(crate) schema: Arc<TableSchema>,
    pub(crate) schema_version: CommitVersion,
    pub(crate) history_from: CommitVersion,
    pub(crate) segments: Vec<(SegmentMeta, DeletedRows)>,
    pub(crate) parts: Vec<ManifestPart>,
    pub(crate) ingest: Arc<Sources>,
}

/// A part in memory, whose rows are in the log.
#[derive(Clone, Debug)]
pub(crate) struct ManifestPart {
    pub(crate) id: PartId,
    pub(crate) column_ids: Vec<ColumnId>,
    pub(crate) row_count: u32,
    pub(crate) deleted: DeletedRows,
}

/// Rows deleted of a part.
#[derive(Clone, Debug)]
pub(crate) struct Deleted {
    /// The newest delete's.
    pub(crate) version: CommitVersion,
    /// Those of which it is not remembered what commit deleted them.
    pub(crate) old: RoaringBitmap,
    /// The others by commits, which ascend.
    pub(crate) recent: Vec<(CommitVersion, RoaringBitmap)>,
}

pub(crate) type DeletedRows = Option<Deleted>;

pub(super) fn encode(manifest: &Manifest) -> Vec<u8> {
    let mut writer = ByteWriter {
        bytes: vec![0; HEADER_BYTES],
    };
    write_manifest(&mut writer, manifest);
    let mut bytes = writer.bytes;
    let length = (bytes.len() - HEADER_BYTES) as u64;
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&bytes);
    bytes[24..32].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Over everything but the checksum itself.
fn checksum(bytes: &[u8]) -> u64 {
    let header = xxhash_rust::xxh3::xxh3_64(&bytes[..24]);
    xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[HEADER_BYTES..], header)
}

pub(super) fn decode(bytes: &[u8], path: &Path) -> Result<Manifest> {
    let corrupt = |offset: usize, reason: &str| Error::Corrupt {
        path: path.to_path_buf(),
        offset: offset as u64,
        reason: reason.into(),
    };
    if bytes.len() < HEADER_BYTES {
        return Err(corrupt(bytes.len(), "the file ends within its header"));
    }
    let mut header = ByteReader::new(&bytes[..HEADER_BYTES]);
    let in_header = |damage: crate::serial::Damage| damage.in_file(path, 0);
    if header.take(8).map_err(in_header)? != MAGIC {
        return Err(corrupt(0, "this is no manifest"));
    }
    let version = header.u32().map_err(in_header)?;
    if version > FORMAT_VERSION {
        return Err(Error::UnknownVersion {
            path: path.to_path_buf(),
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    let _reserved = header.u32().map_err(in_header)?;
    if header.u64().map_err(in_header)? != (bytes.len() - HEADER_BYTES) as u64 {
        return Err(corrupt(16, "the file does not have the length that its header says"));
    }
    if header.u64().map_err(in_header)? != checksum(bytes) {
        return Err(corrupt(24, "the checksum does not match"));
    }
    read_manifest(&bytes[HEADER_BYTES..], version).map_err(|damage| damage.in_file(path, HEADER_BYTES as u64))
}

fn write_manifest(writer: &mut ByteWriter, manifest: &Manifest) {
    writer.u64(manifest.store as u64);
    writer.u64((manifest.store >> 64) as u64);
    writer.u64(manifest.version.0);
    writer.i64(manifest.time);
    writer.u64(manifest.position);
    writer.u64(manifest.low_water);
    writer.u64(manifest.next_part);
    writer.u32(manifest.next_table);
    writer.count(manifest.tables.len());
    for table in &manifest.tables {
        write_table(writer, table);
    }
    writer.count(manifest.objects.len());
    for (name, version, bytes) in &manifest.objects {
        writer.bytes(name.as_bytes());
        writer.u64(version.0);
        writer.bytes(bytes);
    }
    writer.count(manifest.commits.len());
    for commit in &manifest.commits {
        writer.u64(commit.version.0);
        writer.i64(commit.time);
        writer.bytes(commit.cause.as_bytes());
        writer.u64(commit.rows_inserted);
        writer.u64(commit.rows_deleted);
    }
    writer.count(manifest.moments.len());
    for (version, time) in &manifest.moments {
        writer.u64(version.0);
        writer.i64(*time);
    }
    write_producers(writer, &manifest.producers);
}

fn write_table(writer: &mut ByteWriter, table: &ManifestTable) {
    write_schema(writer, &table.schema);
    writer.u64(table.schema_version.0);
    writer.u64(table.history_from.0);
    writer.count(table.segments.len());
    for (segment, deleted) in &table.segments {
        write_segment(writer, segment);
        write_deleted(writer, deleted);
    }
    writer.count(table.parts.len());
    for part in &table.parts {
        writer.u64(part.id.0);
        write_column_ids(writer, &part.column_ids);
        writer.u32(part.row_count);
        write_deleted(writer, &part.deleted);
    }
    writer.count(table.ingest.len());
    for (source, counts) in &*table.ingest {
        write_counts(writer, source, counts);
    }
}

fn write_deleted(writer: &mut ByteWriter, deleted: &DeletedRows) {
    writer.option(deleted.as_ref(), |writer, deleted| {
        writer.u64(deleted.version.0);
        write_rows(writer, &deleted.old);
        writer.count(deleted.recent.len());
        for (version, rows) in &deleted.recent {
            writer.u64(version.0);
            write_rows(writer, rows);
        }
    });
}

fn read_deleted(
    reader: &mut ByteReader<'_>,
    part: PartId,
    row_count: u32,
    has_history: bool,
) -> ReadResult<DeletedRows> {
    let deleted = reader.option(|reader| {
        let mut deleted = Deleted {
            version: CommitVersion(reader.u64()?),
            old: RoaringBitmap::new(),
            recent: Vec::new(),
        };
        if !has_history {
            return match read_row_sets(reader)?.pop() {
                Some((id, rows)) if id == part => Ok(Deleted { old: rows, ..deleted }),
                _ => reader.damage("the set of deleted rows is not of this part"),
            };
        }
        deleted.old = read_rows(reader)?;
        for _ in 0..reader.count(12)? {
            let version = CommitVersion(reader.u64()?);
            deleted.recent.push((version, read_rows(reader)?));
        }
        Ok(deleted)
    })?;
    let mut all = deleted.as_ref().map(|deleted| deleted.old.clone()).unwrap_or_default();
    for (_, rows) in deleted.iter().flat_map(|deleted| &deleted.recent) {
        if !all.is_disjoint(rows) {
            return reader.damage("a row is deleted twice");
        }
        all |= rows;
    }
    match all.max().is_some_and(|row| row >= row_count) {
        true => reader.damage("a row is deleted that the part does not have"),
        false => Ok(deleted),
    }
}

fn read_manifest(bytes: &[u8], format_version: u32) -> ReadResult<Manifest> {
    let has_history = format_version >= HISTORY_VERSION;
    let mut reader = ByteReader::new(bytes);
    let (low, high) = (reader.u64()?, reader.u64()?);
    let mut manifest = Manifest {
        store: u128::from(low) | u128::from(high) << 64,
        version: CommitVersion(reader.u64()?),
        time: reader.i64()?,
        position: reader.u64()?,
        low_water: reader.u64()?,
        next_part: reader.u64()?,
        next_table: reader.u32()?,
        ..Manifest::default()
    };
    for _ in 0..reader.count(32)? {
        manifest
            .tables
            .push(read_table(&mut reader, manifest.version, format_version)?);
    }
    for _ in 0..reader.count(16)? {
        let name = reader.text()?.to_owned();
        let version = CommitVersion(reader.u64()?);
        manifest.objects.push((name, version, reader.bytes()?.into()));
    }
    for _ in 0..reader.count(36)? {
        manifest.commits.push(CommitInfo {
            version: CommitVersion(reader.u64()?),
            time: reader.i64()?,
            cause: reader.text()?.to_owned(),
            rows_inserted: reader.u64()?,
            rows_deleted: reader.u64()?,
        });
    }
    if has_history {
        for _ in 0..reader.count(16)? {
            let version = CommitVersion(reader.u64()?);
            manifest.moments.push((version, reader.i64()?));
        }
    }
    if format_version >= INGEST_VERSION {
        manifest.producers = Arc::new(read_producers(&mut reader)?);
    }
    reader.finish()?;
    Ok(manifest)
}

/// Of a manifest of this version and format version.
fn read_table(reader: &mut ByteReader<'_>, version: CommitVersion, format_version: u32) -> ReadResult<ManifestTable> {
    let has_history = format_version >= HISTORY_VERSION;
    let mut table = ManifestTable {
        schema: Arc::new(read_schema(reader, format_version)?),
        schema_version: CommitVersion(reader.u64()?),
        history_from: match has_history {
            true => CommitVersion(reader.u64()?),
            false => version,
        },
        segments: Vec::new(),
        parts: Vec::new(),
        ingest: Arc::default(),
    };
    for _ in 0..reader.count(48)? {
        let segment = read_segment(reader, !has_history)?;
        let deleted = read_deleted(reader, segment.id, segment.row_count, has_history)?;
        table.segments.push((segment, deleted));
    }
    for _ in 0..reader.count(17)? {
        let id = PartId(reader.u64()?);
        let column_ids = read_column_ids(reader)?;
        let row_count = reader.u32()?;
        table.parts.push(ManifestPart {
            id,
            column_ids,
            row_count,
            deleted: read_deleted(reader, id, row_count, has_history)?,
        });
    }
    if format_version >= INGEST_VERSION {
        let sources = (0..reader.count(54)?).map(|_| read_counts(reader));
        table.ingest = Arc::new(sources.collect::<ReadResult<_>>()?);
    }
    Ok(table)
}
