//! Files as rows: opened once, read by several threads a morsel at a time.

use super::parquet_file::ParquetFile;
use super::source::{Progress, SourceFile};
use super::text_file::TextFile;
use super::{BatchSink, TargetColumn};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use std::path::Path;
use std::sync::Arc;
use stoa_sql::plan::{CopyFormat, CopyOptions};

/// Parts of a file that can be read in any order, each by one thread.
pub trait ReadMorsels: Send + Sync {
    /// How many parts there are.
    fn count(&self) -> usize;
    /// Reads one part and hands its rows on in order.
    ///
    /// # Errors
    /// The file's data is wrong or does not fit the columns; the message or detail names file, column and line.
    fn read(&self, morsel: usize, sink: &mut BatchSink<'_>) -> Result<()>;
}

/// A file that is read into columns.
pub struct FileReader {
    morsels: Box<dyn ReadMorsels>,
    progress: Arc<Progress>,
    byte_count: u64,
}

impl FileReader {
    /// Prepares to read a file of some format into columns: by name for Parquet and JSON, by place for csv, text and binary.
    ///
    /// # Errors
    /// The file cannot be read, is not of the format, or has no such columns.
    pub fn open(
        source: SourceFile,
        relation: &str,
        targets: &[TargetColumn],
        options: &CopyOptions,
        settings: &FormatSettings,
    ) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let byte_count = source.byte_count();
        let morsels: Box<dyn ReadMorsels> = match options.format {
            CopyFormat::Parquet => Box::new(ParquetFile::open(source, targets, settings, progress.clone())?),
            _ => Box::new(TextFile::open(
                source,
                relation,
                targets,
                options,
                settings,
                progress.clone(),
            )?),
        };
        Ok(FileReader {
            morsels,
            progress,
            byte_count,
        })
    }

    /// Bytes of the file, as it is stored.
    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// How far all morsels together are.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }
}

impl ReadMorsels for FileReader {
    fn count(&self) -> usize {
        self.morsels.count()
    }

    fn read(&self, morsel: usize, sink: &mut BatchSink<'_>) -> Result<()> {
        let progress = &self.progress;
        self.morsels.read(morsel, &mut |columns, row_count| {
            progress.add_rows(row_count);
            sink(columns, row_count)
        })
    }
}

/// What a file's name says about its format: `sales.csv`, `sales.ndjson.gz`.
///
/// # Errors
/// 22023 for a name that says nothing.
pub fn format_of_path(path: &Path) -> Result<CopyFormat> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = [".gz", ".zst", ".zstd"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "parquet" | "pq" => Ok(CopyFormat::Parquet),
        "csv" => Ok(CopyFormat::Csv),
        "json" | "jsonl" | "ndjson" => Ok(CopyFormat::Json),
        "tsv" | "txt" | "text" | "tbl" => Ok(CopyFormat::Text),
        _ => Err(Error::Sql(
            stoa_sql::Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("the format of file \"{}\" is not clear from its name", path.display()),
            )
            .with_hint("Known endings are .parquet, .csv, .tsv, .ndjson, each of text also with .gz or .zst."),
        )),
    }
}

#[cfg(test)]
#[path = "files_test.rs"]
mod tests;
