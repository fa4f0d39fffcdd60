//! Generated tables as Parquet files, like any other tool would have written them: standard logical types (uuid, json, UTC
//! timestamps, decimals), no Arrow hints, several files and row groups per table. A file appears under its name when it is whole.

use super::Table;
use crate::progress::Progress;
use arrow_schema::{DataType, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, LogicalType, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{SchemaDescriptor, Type};
use std::fs::File;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 1 << 18;
/// Chunks of a file at most, and files of a table at least where there are so many chunks.
const FILE_CHUNKS_MAX: usize = 32;
const FILES_MIN: usize = 4;

/// How pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "codecs by name")]
pub enum Codec {
    Uncompressed,
    Snappy,
    Zstd,
}

impl Codec {
    /// The codec of that name.
    pub fn named(name: &str) -> Option<Codec> {
        match name {
            "none" => Some(Codec::Uncompressed),
            "snappy" => Some(Codec::Snappy),
            "zstd" => Some(Codec::Zstd),
            _ => None,
        }
    }
}

/// What was written of a table.
#[derive(Clone, Debug)]
pub struct Written {
    /// The files in the table's order.
    pub files: Vec<PathBuf>,
    /// Rows in all of them.
    pub row_count: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// Writes a table to `folder/<table>/<table>-000.parquet` and so on, `threads` files at a time.
///
/// # Errors
/// What the file system says, with the file's name.
pub fn write_table(
    table: &dyn Table,
    folder: &Path,
    codec: Codec,
    threads: usize,
    progress: &dyn Progress,
) -> Result<Written> {
    let folder = folder.join(table.name());
    std::fs::create_dir_all(&folder).map_err(|error| named(&folder, error))?;
    let ranges = file_ranges(table.chunk_count());
    let files: Vec<PathBuf> = (0..ranges.len())
        .map(|file| folder.join(format!("{}-{file:03}.parquet", table.name())))
        .collect();
    progress.begin(
        &format!("writing {} as Parquet", table.name()),
        table.row_count_estimate(),
    );
    let next_file = AtomicUsize::new(0);
    let row_count = AtomicU64::new(0);
    let write_files = || -> Result<()> {
        loop {
            let file = next_file.fetch_add(1, Ordering::Relaxed);
            let (Some(range), Some(path)) = (ranges.get(file), files.get(file)) else {
                return Ok(());
            };
            let count_rows = |rows| progress.advance(row_count.fetch_add(rows, Ordering::Relaxed) + rows);
            write_file(table, range.clone(), path, codec, &count_rows).map_err(|error| named(path, error))?;
        }
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(write_files)).collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().expect("a writer returns its errors"))
    })?;
    let bytes = files
        .iter()
        .map(|path| std::fs::metadata(path).map(|data| data.len()))
        .sum::<Result<u64>>()?;
    let row_count = row_count.into_inner();
    progress.finish(&format!(
        "{row_count} rows of {} in {} Parquet files",
        table.name(),
        files.len()
    ));
    Ok(Written {
        files,
        row_count,
        bytes,
    })
}

fn named(path: &Path, error: Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

/// Which chunks go to which file.
fn file_ranges(chunks: usize) -> Vec<std::ops::Range<usize>> {
    let files = chunks.div_ceil(FILE_CHUNKS_MAX).max(FILES_MIN.min(chunks));
    (0..files)
        .map(|file| chunks * file / files..chunks * (file + 1) / files)
        .collect()
}

fn write_file(
    table: &dyn Table,
    chunks: std::ops::Range<usize>,
    path: &Path,
    codec: Codec,
    written: &dyn Fn(u64),
) -> Result<()> {
    let partial = path.with_extension("partial");
    let schema = table.schema();
    let options = ArrowWriterOptions::new()
        .with_properties(properties(codec))
        .with_skip_arrow_metadata(true)
        .with_parquet_schema(parquet_schema(&schema)?);
    let mut writer = ArrowWriter::try_new_with_options(File::create(&partial)?, schema, options)?;
    for chunk in chunks {
        let batch = table.chunk(chunk);
        writer.write(&batch)?;
        written(batch.num_rows() as u64);
    }
    writer.close()?;
    std::fs::rename(&partial, path)
}

fn properties(codec: Codec) -> WriterProperties {
    let compression = match codec {
        Codec::Uncompressed => Compression::UNCOMPRESSED,
        Codec::Snappy => Compression::SNAPPY,
        Codec::Zstd => Compression::ZSTD(ZstdLevel::default()),
    };
    WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by("stoa bench generate".to_owned())
        .build()
}

/// The Parquet schema with the logical types that Arrow has no words for: 16 bytes are a uuid, `payload` is json.
fn parquet_schema(schema: &Schema) -> Result<SchemaDescriptor> {
    let converted = ArrowSchemaConverter::new().convert(schema)?;
    let fields = converted.root_schema().get_fields().iter().zip(schema.fields());
    let fields = fields
        .map(|(parquet_type, field)| {
            let logical = match field.data_type() {
                DataType::FixedSizeBinary(16) => LogicalType::Uuid,
                _ if field.name() == "payload" => LogicalType::Json,
                _ => return Ok(parquet_type.clone()),
            };
            let basic = parquet_type.get_basic_info();
            let length = if logical == LogicalType::Uuid { 16 } else { -1 };
            Type::primitive_type_builder(field.name(), parquet_type.get_physical_type())
                .with_repetition(basic.repetition())
                .with_length(length)
                .with_logical_type(Some(logical))
                .build()
                .map(Arc::new)
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let root = Type::group_type_builder("schema").with_fields(fields).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Suite;
    use crate::progress::Silent;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn files_hold_every_row_once_with_standard_types() {
        let folder = tempfile::tempdir().unwrap();
        for table in Suite::Questions.tables(3_000, 1) {
            let written = write_table(&*table, folder.path(), Codec::Snappy, 2, &Silent).unwrap();
            let expected: usize = (0..table.chunk_count())
                .map(|chunk| table.chunk(chunk).num_rows())
                .sum();
            let rows: i64 = written
                .files
                .iter()
                .map(|path| {
                    SerializedFileReader::new(File::open(path).unwrap())
                        .unwrap()
                        .metadata()
                        .file_metadata()
                        .num_rows()
                })
                .sum();
            assert_eq!(
                (rows as usize, written.row_count as usize),
                (expected, expected),
                "{}",
                table.name()
            );
        }
        let events = File::open(folder.path().join("events/events-000.parquet")).unwrap();
        let reader = SerializedFileReader::new(events).unwrap();
        let logical: Vec<_> = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .columns()
            .iter()
            .map(|column| column.logical_type_ref().cloned())
            .collect();
        assert_eq!(logical[0], Some(LogicalType::Uuid));
        assert_eq!(logical[12], Some(LogicalType::Json));
        assert!(matches!(logical[2], Some(LogicalType::Timestamp { .. })), "{logical:?}");
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sales"), "x").unwrap();
        let table = crate::generate::sales::Sales::new(10, 1);
        let error = write_table(&table, folder.path(), Codec::Snappy, 1, &Silent).unwrap_err();
        assert!(error.to_string().contains("sales"), "{error}");
    }

    #[test]
    fn chunks_are_shared_out_without_gaps() {
        for chunks in [1, 2, 5, 77, 3_815] {
            let ranges = file_ranges(chunks);
            assert_eq!(
                ranges.iter().cloned().flatten().collect::<Vec<_>>(),
                (0..chunks).collect::<Vec<_>>()
            );
        }
        assert_eq!(file_ranges(3_815).len(), 120);
    }
}
