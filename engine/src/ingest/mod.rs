//! Rows in and out as bytes: COPY's text, csv, binary and newline-delimited JSON, and files of these and of Parquet.
//!
//! Everything here turns bytes into batches of plain columns or back; what becomes of the batches is the caller's business. Only
//! `source` touches the file system.

mod compression;
mod copy_binary;
mod copy_csv;
mod copy_decoder;
mod copy_encoder;
mod copy_split;
mod copy_text;
mod files;
mod glob;
mod infer;
mod json_array;
mod json_lines;
mod json_rows;
mod lines;
mod parquet_convert;
mod parquet_file;
mod rows;
mod source;
mod text_file;

pub use compression::{Compression, decompressed};
pub use copy_decoder::CopyDecoder;
pub use copy_encoder::CopyEncoder;
pub use files::{FileReader, ReadMorsels, format_of_path};
pub use infer::infer_columns;
pub use rows::TargetColumn;
pub use source::{Progress, SourceFile, create_below, find_below};
pub use stoa_sql::plan::CopyOptions;

use crate::error::Result;
use arrow_array::ArrayRef;

/// Rows of a batch at most.
pub const BATCH_ROWS_MAX: usize = 64 * 1024;

/// Bytes of input that make up a batch at most, give or take one row.
pub(crate) const BATCH_BYTES_MAX: usize = 64 << 20;

/// Takes batches: plain columns of equal length, and their length.
pub type BatchSink<'a> = dyn FnMut(Vec<ArrayRef>, usize) -> Result<()> + 'a;

#[cfg(test)]
#[path = "speed_test.rs"]
mod speed;
