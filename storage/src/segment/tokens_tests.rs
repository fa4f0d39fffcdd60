//! Text that a segment keeps by a table of tokens: chosen, read, filtered, and refused where the table is not there.

use super::tests::{Files, schema_of, write};
use super::*;
use crate::encoding::Encoding;
use crate::error::Error;
use crate::limits::BLOCK_ROWS;
use crate::predicate::Condition;
use crate::testing::{Generator, assert_same_values, conditions_for};
use crate::vector::filter::evaluate;
use arrow_array::cast::AsArray;
use arrow_array::{Array, Int64Array, StringViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::path::Path;
use std::sync::Arc;

const WORDS: [&str; 12] = [
    "carefully ",
    "final ",
    "deposits ",
    "sleep ",
    "furiously ",
    "über ",
    "requests ",
    "haggle ",
    "even ",
    "packages ",
    "above the ",
    "accounts. ",
];

/// Sentences that a dictionary cannot hold, cut anywhere; some are NULL.
fn sentences(row_count: usize, generator: &mut Generator) -> ArrayRef {
    let sentence = |generator: &mut Generator| {
        let mut text = String::new();
        for _ in 0..2 + generator.below(7) {
            text.push_str(WORDS[generator.below(12) as usize]);
        }
        let from = (0..text.len()).find(|at| text.is_char_boundary(*at) && generator.below(3) == 0);
        text.split_off(from.unwrap_or(0))
    };
    let rows = (0..row_count).map(|_| (generator.below(50) > 0).then(|| sentence(generator)));
    Arc::new(StringViewArray::from_iter(rows.collect::<Vec<_>>()))
}

/// A segment of one column.
fn written(files: &Files, column: &ArrayRef) -> SegmentMeta {
    let schema = schema_of(std::slice::from_ref(column.data_type()));
    write(files, &schema, std::slice::from_ref(column), RowVersions::Single)
}

fn open(files: &Files, meta: &SegmentMeta) -> SegmentReader {
    SegmentReader::open(files, Path::new("segment"), meta).unwrap()
}

#[test]
fn sentences_are_stored_by_tokens_and_read_back() {
    let files = Files::default();
    let mut generator = Generator::new(21);
    let column = sentences(BLOCK_ROWS + 9_000, &mut generator);
    let meta = written(&files, &column);
    let reader = open(&files, &meta);
    reader.verify().unwrap();
    let text_bytes: usize = column.as_string_view().iter().flatten().map(str::len).sum();
    assert!(
        meta.file_bytes < text_bytes as u64 / 3,
        "{} of {text_bytes}",
        meta.file_bytes
    );
    for block in 0..reader.block_count() {
        assert_eq!(reader.encoding_of(ColumnId(1), block), Some(Encoding::Tokens));
        for rows in [reader.block_rows(block), {
            let start = reader.block_rows(block).start;
            start + 4_090..start + 4_100
        }] {
            let part = column.slice(rows.start as usize, rows.len());
            assert_same_values(&reader.decode(ColumnId(1), rows.clone()).unwrap(), &part);
            let contains = Condition::Contains(b"ly even re".as_slice().into());
            for condition in conditions_for(&part, &mut generator).into_iter().chain([contains]) {
                let all = BooleanBuffer::new_set(part.len());
                let found = reader.filter(ColumnId(1), rows.clone(), &condition, &all).unwrap();
                assert_eq!(found, evaluate(&part, &condition), "{condition:?}");
            }
        }
    }
}

#[test]
fn the_same_text_gives_the_same_file() {
    let column = sentences(20_000, &mut Generator::new(22));
    let file = || {
        let files = Files::default();
        write(
            &files,
            &schema_of(&[DataType::Utf8View]),
            std::slice::from_ref(&column),
            RowVersions::Single,
        );
        crate::disk::Disk::read(&files, Path::new("segment")).unwrap()
    };
    assert_eq!(file(), file());
}

#[test]
fn a_block_of_another_kind_is_stored_in_another_form() {
    let files = Files::default();
    let mut generator = Generator::new(23);
    let sentences = sentences(2 * BLOCK_ROWS, &mut generator);
    let noise = (0..BLOCK_ROWS).map(|_| {
        let letters = (0..24).map(|_| char::from(b'!' + generator.below(90) as u8));
        Some(letters.collect::<String>())
    });
    let noise: ArrayRef = Arc::new(StringViewArray::from_iter(noise.collect::<Vec<_>>()));
    let column = arrow_select::concat::concat(&[&sentences, &noise]).unwrap();
    let meta = written(&files, &column);
    let reader = open(&files, &meta);
    assert_eq!(reader.encoding_of(ColumnId(1), 0), Some(Encoding::Tokens));
    assert_ne!(reader.encoding_of(ColumnId(1), 2), Some(Encoding::Tokens));
    let rows = reader.block_rows(2);
    assert_same_values(&reader.decode(ColumnId(1), rows).unwrap(), &noise);
}

/// Tokens came with version 2; what was written before has none and is otherwise the same.
#[test]
fn files_of_the_first_version_are_read() {
    let files = Files::default();
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5_000));
    let meta = written(&files, &column);
    let set_version = |version: u8| files.change(Path::new("segment"), |bytes| bytes[8] = version);
    set_version(1);
    let reader = open(&files, &meta);
    assert_same_values(&reader.decode(ColumnId(1), 0..5_000).unwrap(), &column);
    set_version(0);
    let opened = SegmentReader::open(&files, Path::new("segment"), &meta);
    assert!(matches!(opened, Err(Error::Corrupt { .. })));
    set_version(3);
    let opened = SegmentReader::open(&files, Path::new("segment"), &meta);
    assert!(matches!(opened, Err(Error::UnknownVersion { found: 3, .. })));
}
