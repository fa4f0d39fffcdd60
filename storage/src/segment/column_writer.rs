//! One column into a segment: with or without a dictionary, block by block, with its summaries and indexes.

use super::column_chunk;
use super::format::{ExtraKind, FooterColumn};
use super::writer::SegmentWriter;
use crate::encoding::dictionary::{self, Built};
use crate::error::Result;
use crate::index::zone_map::ZoneTable;
use crate::limits::{BLOCK_ROWS, DICTIONARY_VALUES_MAX, ZONE_ROWS};
use crate::schema::ColumnSchema;
use crate::vector::key::{self, Domain, domain_of};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::ops::Range;

/// Distinct values of a dictionary of values no longer than a code's column would be.
const SHORT_VALUES_MAX: usize = 4_096;
/// Values of a dictionary that are encoded to tell its size.
const SAMPLE_VALUES: usize = 16_384;

/// Writes a plain column and says what the footer keeps of it.
pub(super) fn write(writer: &mut SegmentWriter, schema: &ColumnSchema, array: &ArrayRef) -> Result<FooterColumn> {
    let dictionary = choose_dictionary(array);
    let first_part = writer.parts.len() as u32;
    let mut encodings = Vec::new();
    let mut zones = ZoneTable::empty(&schema.data_type);
    let mut chunk = Vec::new();
    for rows in blocks(array.len()) {
        let block = array.slice(rows.start, rows.len());
        let keys = key::lane_keys(block.as_ref());
        zones.append(&block, keys.as_deref(), ZONE_ROWS);
        chunk.clear();
        let codes = dictionary.as_ref().map(|dictionary| &dictionary.codes[rows]);
        encodings.push(column_chunk::encode(&block, codes, &mut chunk));
        writer.append_part(&chunk)?;
    }
    let mut extras = Vec::new();
    if let Some(dictionary) = &dictionary {
        extras.push((
            ExtraKind::Dictionary as u8,
            write_dictionary(writer, &dictionary.values)?,
        ));
    }
    Ok(FooterColumn {
        id: schema.id,
        name: schema.name.clone(),
        data_type: schema.data_type.clone(),
        first_part,
        encodings,
        extras,
        distinct_count: dictionary.as_ref().map(|dictionary| dictionary.values.len() as u32),
        blocks: zones.merged(BLOCK_ROWS / ZONE_ROWS),
        zones,
    })
}

/// The rows of each block of a column.
fn blocks(row_count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..row_count)
        .step_by(BLOCK_ROWS)
        .map(move |from| from..(from + BLOCK_ROWS).min(row_count))
}

/// The dictionary of a column, if it takes fewer bytes than to do without. Both are tried on the middle block, exactly.
fn choose_dictionary(array: &ArrayRef) -> Option<Built> {
    let is_short = domain_of(array.data_type()) == Some(Domain::Lane);
    let most = if is_short {
        SHORT_VALUES_MAX
    } else {
        DICTIONARY_VALUES_MAX
    };
    let built = dictionary::build(array, most.min(array.len() / 2 + 1))?;
    let count = array.len().div_ceil(BLOCK_ROWS);
    let rows = blocks(array.len()).nth(count / 2)?;
    let block = array.slice(rows.start, rows.len());
    let encoded_bytes = |array: &ArrayRef, codes: Option<&[u32]>| {
        let mut out = Vec::new();
        column_chunk::encode(array, codes, &mut out);
        out.len()
    };
    let without = encoded_bytes(&block, None);
    let codes = encoded_bytes(&block, Some(&built.codes[rows.clone()]));
    let sample = built.values.slice(0, built.values.len().min(SAMPLE_VALUES));
    let values = encoded_bytes(&sample, None) as u64 * built.values.len() as u64 / sample.len() as u64;
    let with = codes as u64 + values * rows.len() as u64 / array.len() as u64;
    // Codes of text are worth more than their bytes: they group, compare and match without it. Those of numbers are not.
    let is_text = matches!(array.data_type(), DataType::Utf8View | DataType::BinaryView);
    let worthwhile = if is_text {
        with <= without as u64
    } else {
        with * 10 < without as u64 * 9
    };
    worthwhile.then_some(built)
}

fn write_dictionary(writer: &mut SegmentWriter, values: &ArrayRef) -> Result<u32> {
    let mut part = Vec::new();
    part.extend_from_slice(&(values.len() as u32).to_le_bytes());
    column_chunk::encode(values, None, &mut part);
    writer.append_part(&part)
}
