//! One column into a segment: with or without a dictionary, block by block, with its summaries and indexes.

use super::column_chunk;
use super::format::{ExtraKind, FooterColumn};
use super::writer::SegmentWriter;
use crate::encoding::Encoding;
use crate::encoding::dictionary::{self, Built};
use crate::error::Result;
use crate::index::distinct::DistinctSketch;
use crate::index::zone_map::ZoneTable;
use crate::index::{bitmap, bloom, histogram};
use crate::limits::{BLOCK_ROWS, DICTIONARY_VALUES_MAX, ZONE_ROWS};
use crate::schema::ColumnSchema;
use crate::vector::key::{self, Domain, domain_of};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::ops::Range;

/// Distinct values of a dictionary of values no longer than a code's column would be.
const SHORT_VALUES_MAX: usize = 4_096;
/// Distinct values of a dictionary, for each row: more repeat too seldom ..
const VALUES_PER_ROW_MAX: f64 = 0.5;
/// .. but for texts, each of which takes many times a code's bytes.
const TEXTS_PER_ROW_MAX: f64 = 0.75;
/// Text that repeats so often gets a dictionary without trying.
const FEW_VALUES_ONE_IN: usize = 16;
/// Bytes that a dictionary of text may take for each that it would take without.
const TEXT_BYTES_MAX: u64 = 2;
/// Values of a dictionary that are encoded to tell its size.
const SAMPLE_VALUES: usize = 16_384;

/// Writes a plain column and says what the footer keeps of it.
pub(super) fn write(
    writer: &mut SegmentWriter,
    schema: &ColumnSchema,
    array: &ArrayRef,
    has_bloom: bool,
) -> Result<FooterColumn> {
    let dictionary = choose_dictionary(array);
    let tokens = match dictionary {
        Some(_) => None,
        None => column_chunk::train_tokens(array),
    };
    let first_part = writer.parts.len() as u32;
    let mut encodings = Vec::new();
    let mut zones = ZoneTable::empty(&schema.data_type);
    let mut distinct = DistinctSketch::new();
    let mut column_bytes = 0;
    let mut chunk = Vec::new();
    for rows in blocks(array.len()) {
        let block = array.slice(rows.start, rows.len());
        let keys = key::lane_keys(block.as_ref());
        let codes = dictionary.as_ref().map(|dictionary| &dictionary.codes[rows]);
        let values = dictionary.as_ref().map(|dictionary| &dictionary.values);
        zones.append(&block, keys.as_deref(), values.zip(codes), ZONE_ROWS);
        if dictionary.is_none() {
            count_distinct(&block, keys.as_deref(), &mut distinct);
        }
        chunk.clear();
        let lanes = keys.filter(|_| is_integer(array.data_type()));
        let encoding = column_chunk::encode_block(&block, lanes, codes, tokens.as_ref(), &mut chunk);
        encodings.push(encoding);
        column_bytes += chunk.len();
        writer.append_part(&chunk)?;
    }
    let mut extras = Vec::new();
    write_histogram(writer, array, dictionary.as_ref(), &mut extras)?;
    if let Some(tokens) = tokens.filter(|_| encodings.contains(&Encoding::Tokens)) {
        let mut part = Vec::new();
        tokens.write(&mut part);
        extras.push((ExtraKind::Tokens as u8, writer.append_part(&part)?));
    }
    let distinct_count = match &dictionary {
        Some(dictionary) => {
            write_dictionary(writer, dictionary, array, column_bytes, &mut extras)?;
            dictionary.values.len()
        }
        None => {
            let distinct_count = (distinct.estimate() as usize).min(array.len() - array.null_count());
            if has_bloom {
                write_bloom(writer, array, distinct_count, &mut extras)?;
            }
            distinct_count
        }
    };
    Ok(FooterColumn {
        id: schema.id,
        name: schema.name.clone(),
        data_type: schema.data_type.clone(),
        first_part,
        encodings,
        extras,
        distinct_count: Some(distinct_count as u32),
        blocks: zones.merged(BLOCK_ROWS / ZONE_ROWS),
        zones,
    })
}

/// Whether keys are the values themselves.
fn is_integer(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Boolean | DataType::Float32 | DataType::Float64)
}

/// The rows of each block of a column.
fn blocks(row_count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..row_count)
        .step_by(BLOCK_ROWS)
        .map(move |from| from..(from + BLOCK_ROWS).min(row_count))
}

/// The dictionary of a column, if it is worth its bytes. Both ways are tried on the middle block, exactly.
fn choose_dictionary(array: &ArrayRef) -> Option<Built> {
    let is_short = domain_of(array.data_type()) == Some(Domain::Lane);
    let most = if is_short {
        SHORT_VALUES_MAX
    } else {
        DICTIONARY_VALUES_MAX
    };
    let is_text = matches!(array.data_type(), DataType::Utf8View | DataType::BinaryView);
    let per_row = if is_text { TEXTS_PER_ROW_MAX } else { VALUES_PER_ROW_MAX };
    let built = dictionary::build(array, most.min((array.len() as f64 * per_row) as usize + 1))?;
    if is_text && built.values.len() * FEW_VALUES_ONE_IN <= array.len() {
        return Some(built);
    }
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
    let worthwhile = if is_text {
        with <= without as u64 * TEXT_BYTES_MAX
    } else {
        with * 10 < without as u64 * 9
    };
    worthwhile.then_some(built)
}

/// Writes the dictionary, and bitmaps of its rare values where they are worth it.
fn write_dictionary(
    writer: &mut SegmentWriter,
    dictionary: &Built,
    array: &ArrayRef,
    column_bytes: usize,
    extras: &mut Vec<(u8, u32)>,
) -> Result<()> {
    let value_count = dictionary.values.len();
    write_values(writer, ExtraKind::Dictionary, &dictionary.values, extras)?;
    let mut part = Vec::new();
    if bitmap::write(&dictionary.codes, value_count, array.nulls(), column_bytes, &mut part) {
        extras.push((ExtraKind::BitmapIndex as u8, writer.append_part(&part)?));
    }
    Ok(())
}

/// Writes values that stand beside the blocks.
fn write_values(
    writer: &mut SegmentWriter,
    kind: ExtraKind,
    values: &ArrayRef,
    extras: &mut Vec<(u8, u32)>,
) -> Result<()> {
    let mut part = (values.len() as u32).to_le_bytes().to_vec();
    column_chunk::encode(values, None, &mut part);
    extras.push((kind as u8, writer.append_part(&part)?));
    Ok(())
}

/// Writes where a column's values lie, if there are enough of them.
fn write_histogram(
    writer: &mut SegmentWriter,
    array: &ArrayRef,
    dictionary: Option<&Built>,
    extras: &mut Vec<(u8, u32)>,
) -> Result<()> {
    let codes = dictionary.map(|dictionary| (&dictionary.values, &*dictionary.codes));
    match histogram::of_column(array, codes) {
        Some(bounds) => write_values(writer, ExtraKind::Histogram, &bounds, extras),
        None => Ok(()),
    }
}

/// Writes a filter of a column's values; a dictionary makes one needless.
fn write_bloom(
    writer: &mut SegmentWriter,
    array: &ArrayRef,
    distinct_count: usize,
    extras: &mut Vec<(u8, u32)>,
) -> Result<()> {
    let mut builder = bloom::Builder::new(distinct_count);
    bloom::for_each_hash(array, |hash| builder.add(hash));
    let mut part = Vec::new();
    builder.write(&mut part);
    extras.push((ExtraKind::Bloom as u8, writer.append_part(&part)?));
    Ok(())
}

/// Adds the values of a block to a sketch.
fn count_distinct(block: &ArrayRef, keys: Option<&[i64]>, distinct: &mut DistinctSketch) {
    let Some(keys) = keys else {
        return bloom::for_each_hash(block, |hash| distinct.add(hash));
    };
    let nulls = block.nulls();
    let mut last = None;
    for (row, key) in keys.iter().enumerate() {
        if last != Some(*key) && nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            distinct.add_number(*key);
            last = Some(*key);
        }
    }
}
