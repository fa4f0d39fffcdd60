//! Parquet files: the columns that are wanted, by name, a row group per morsel.

use super::files::ReadMorsels;
use super::parquet_convert::{Conversion, conversion};
use super::rows::with_context;
use super::source::{Progress, SourceFile};
use super::{BATCH_ROWS_MAX, BatchSink, TargetColumn};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::types::{LogicalType, array_type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

/// A Parquet file and how its columns become the target's.
pub(super) struct ParquetFile {
    source: SourceFile,
    metadata: ArrowReaderMetadata,
    projection: ProjectionMask,
    columns: Vec<Column>,
    progress: Arc<Progress>,
}

/// One target column.
struct Column {
    target: TargetColumn,
    /// Its place in the batches that are read.
    place: usize,
    conversion: Conversion,
}

impl ParquetFile {
    pub(super) fn open(
        source: SourceFile,
        targets: &[TargetColumn],
        settings: &FormatSettings,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let plain = load(&source, plain_options())?;
        let roots = targets
            .iter()
            .map(|target| find_column(plain.schema(), &target.name, source.path()))
            .collect::<Result<Vec<_>>>()?;
        let wanted = wanted_schema(plain.schema(), &roots, targets);
        // Types that the reader cannot give directly stay as they are.
        let metadata = load(&source, plain_options().with_schema(wanted)).unwrap_or(plain);
        let projection = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
        let mut columns = Vec::with_capacity(targets.len());
        for (target, root) in targets.iter().zip(&roots) {
            let field = metadata.schema().field(*root);
            let conversion = conversion(field.data_type(), &target.data_type, settings)
                .ok_or_else(|| type_error(&source, target, field.data_type()))?;
            let mut earlier: Vec<usize> = roots.iter().copied().filter(|other| other < root).collect();
            earlier.sort_unstable();
            earlier.dedup();
            columns.push(Column {
                target: target.clone(),
                place: earlier.len(),
                conversion,
            });
        }
        Ok(ParquetFile {
            source,
            metadata,
            projection,
            columns,
            progress,
        })
    }

    fn convert(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.columns
            .iter()
            .map(|column| self.convert_column(column, batch))
            .collect()
    }

    fn convert_column(&self, column: &Column, batch: &RecordBatch) -> Result<ArrayRef> {
        let in_file = |error| {
            let place = format!(
                "file \"{}\", column {}",
                self.source.path().display(),
                column.target.name
            );
            with_context(error, &place)
        };
        let array = (column.conversion)(batch.column(column.place)).map_err(in_file)?;
        if !column.target.nullable && array.logical_null_count() > 0 {
            return Err(in_file(Error::user(
                SqlState::NOT_NULL_VIOLATION,
                format!(
                    "null value in column \"{}\" violates not-null constraint",
                    column.target.name
                ),
            )));
        }
        Ok(array)
    }
}

impl ReadMorsels for ParquetFile {
    fn count(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn read(&self, morsel: usize, sink: &mut BatchSink<'_>) -> Result<()> {
        let Some(row_group) = self.metadata.metadata().row_groups().get(morsel) else {
            return Err(Error::Internal(format!("there is no row group {morsel} of a file")));
        };
        let bytes = u64::try_from(row_group.compressed_size()).unwrap_or(0);
        let row_count = u64::try_from(row_group.num_rows()).unwrap_or(0).max(1);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), self.metadata.clone());
        let mut reader = guarded(self.source.path(), || {
            builder
                .with_row_groups(vec![morsel])
                .with_projection(self.projection.clone())
                .with_batch_size(BATCH_ROWS_MAX)
                .build()
        })?;
        let mut rows_done = 0;
        let mut bytes_done = 0;
        while let Some(batch) = guarded(self.source.path(), || reader.next().transpose())? {
            rows_done += batch.num_rows() as u64;
            sink(self.convert(&batch)?, batch.num_rows())?;
            let reached = bytes * rows_done.min(row_count) / row_count;
            self.progress.add_bytes(reached - bytes_done);
            bytes_done = reached;
        }
        self.progress.add_bytes(bytes - bytes_done);
        Ok(())
    }
}

/// The file's columns as Parquet's own types say, whatever the writer's Arrow types were.
fn plain_options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

fn load(source: &SourceFile, options: ArrowReaderOptions) -> Result<ArrowReaderMetadata> {
    guarded(source.path(), || ArrowReaderMetadata::load(source, options))
}

/// The columns of a Parquet file, and its own schema.
pub(super) fn read_schema(source: &SourceFile) -> Result<(SchemaRef, ArrowReaderMetadata)> {
    let metadata = load(source, plain_options())?;
    Ok((metadata.schema().clone(), metadata))
}

/// Runs the reader; damaged files may make it panic.
fn guarded<T, E: std::fmt::Display>(path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<T> {
    let reason = match std::panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its data is damaged".into(),
    };
    Err(Error::user(
        SqlState::BAD_COPY_FILE_FORMAT,
        format!("could not read Parquet file \"{}\": {reason}", path.display()),
    ))
}

/// The place of a column: its very name, or the only one that differs in upper and lower case.
fn find_column(schema: &Schema, name: &str, path: &Path) -> Result<usize> {
    let fields = schema.fields();
    if let Some(place) = fields.iter().position(|field| field.name() == name) {
        return Ok(place);
    }
    let lower = name.to_lowercase();
    let mut alike = (0..fields.len()).filter(|place| fields[*place].name().to_lowercase() == lower);
    match (alike.next(), alike.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(Error::user(
            SqlState::AMBIGUOUS_COLUMN,
            format!("file \"{}\" has several columns named like \"{name}\"", path.display()),
        )),
        (None, _) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            Err(Error::Sql(
                stoa_sql::Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("file \"{}\" has no column \"{name}\"", path.display()),
                )
                .with_detail(format!("Its columns are {}.", names.join(", "))),
            ))
        }
    }
}

/// The file's schema with the types that the reader should give: views for strings, 64 bits for decimals, microseconds.
fn wanted_schema(schema: &Schema, roots: &[usize], targets: &[TargetColumn]) -> SchemaRef {
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| (**field).clone()).collect();
    for (root, target) in roots.iter().zip(targets) {
        let Some(field) = fields.get_mut(*root) else { continue };
        if let Some(wanted) = wanted_type(field.data_type(), &target.data_type) {
            *field = field.clone().with_data_type(wanted);
        }
    }
    Arc::new(Schema::new(fields))
}

fn wanted_type(source: &DataType, target: &LogicalType) -> Option<DataType> {
    if let (DataType::List(field), LogicalType::Array(element)) = (source, target) {
        let wanted = wanted_type(field.data_type(), element)?;
        return Some(DataType::List(Arc::new((**field).clone().with_data_type(wanted))));
    }
    Some(match (source, array_type(target)) {
        (DataType::Utf8 | DataType::LargeUtf8, _) => DataType::Utf8View,
        (DataType::Binary | DataType::LargeBinary, DataType::Utf8View) => DataType::Utf8View,
        (DataType::Binary | DataType::LargeBinary, _) => DataType::BinaryView,
        (DataType::Decimal128(precision, scale), DataType::Decimal64(_, _))
            if *precision <= crate::types::DECIMAL64_PRECISION_MAX =>
        {
            DataType::Decimal64(*precision, *scale)
        }
        // Nanoseconds of 96 bits, which 64 bits do not hold for all years.
        (DataType::Timestamp(TimeUnit::Nanosecond, None), DataType::Timestamp(_, _)) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        _ => return None,
    })
}

#[cold]
fn type_error(source: &SourceFile, target: &TargetColumn, found: &DataType) -> Error {
    Error::user(
        SqlState::DATATYPE_MISMATCH,
        format!(
            "column \"{}\" of file \"{}\" is of type {found}, which cannot be read as {}",
            target.name,
            source.path().display(),
            target.data_type
        ),
    )
}
