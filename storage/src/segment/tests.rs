//! Segments as a whole: what is written is read, pruning loses no row, no damaged byte goes unnoticed.

use super::*;
use crate::disk::{AppendFile, Disk, FileBytes};
use crate::encoding::Encoding;
use crate::error::{Error, Result};
use crate::limits::{BLOCK_ROWS, HISTOGRAM_BUCKETS, ZONE_ROWS};
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::schema::{ColumnSchema, TableId, TableSchema};
use crate::testing::{Generator, STORED_TYPES, assert_same_values, conditions_for};
use crate::vector::filter::evaluate;
use arrow_array::{Array, Int64Array, StringViewArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files in memory; just what segments need.
#[derive(Clone, Default)]
pub(super) struct Files(Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>);

impl Files {
    /// Changes the bytes of a file.
    pub(super) fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.0.lock().entry(path.into()).or_default());
    }
}

struct OpenFile(Files, PathBuf);
struct Whole(Vec<u8>);

impl FileBytes for Whole {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AppendFile for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.0
            .0
            .lock()
            .entry(self.1.clone())
            .or_default()
            .extend_from_slice(bytes);
        Ok(())
    }
    fn sync(&mut self) -> Result<()> {
        Ok(())
    }
    fn length_bytes(&self) -> u64 {
        self.0.0.lock().get(&self.1).map_or(0, |bytes| bytes.len() as u64)
    }
}

impl Disk for Files {
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        self.0.lock().insert(path.into(), Vec::new());
        Ok(Box::new(OpenFile(self.clone(), path.into())))
    }
    fn open_append(&self, path: &Path, _length_bytes: u64) -> Result<Box<dyn AppendFile>> {
        Ok(Box::new(OpenFile(self.clone(), path.into())))
    }
    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>> {
        Ok(Arc::new(Whole(self.read(path)?)))
    }
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        Ok(self.0.lock().get(path).cloned().unwrap_or_default())
    }
    fn rename(&self, _from: &Path, _to: &Path) -> Result<()> {
        Ok(())
    }
    fn remove(&self, path: &Path) -> Result<()> {
        self.0.lock().remove(path);
        Ok(())
    }
    fn list(&self, _folder: &Path) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn create_folder(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }
    fn sync_folder(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }
    fn length_bytes(&self, path: &Path) -> Result<Option<u64>> {
        Ok(self.0.lock().get(path).map(|bytes| bytes.len() as u64))
    }
    fn free_bytes(&self) -> Result<u64> {
        Ok(u64::MAX)
    }
    fn describe(&self, path: &Path) -> PathBuf {
        path.into()
    }
}

pub(super) fn schema_of(types: &[DataType]) -> TableSchema {
    TableSchema {
        id: TableId(1),
        columns: types
            .iter()
            .enumerate()
            .map(|(place, data_type)| ColumnSchema {
                id: ColumnId(place as u32 + 1),
                name: format!("column_{place}"),
                data_type: data_type.clone(),
                nullable: true,
                missing_value: None,
            })
            .collect(),
        next_column_id: types.len() as u32 + 1,
        partition_by: None,
        sort_key: Vec::new(),
        bloom_columns: (0..types.len()).map(|place| ColumnId(place as u32 + 1)).collect(),
        retention_days: None,
        history_ms: 0,
        rollups: Vec::new(),
        keys: Vec::new(),
        definition: Arc::from([]),
    }
}

pub(super) fn write(files: &Files, schema: &TableSchema, columns: &[ArrayRef], versions: RowVersions) -> SegmentMeta {
    let input = SegmentInput {
        schema,
        partition: PartitionKey(Some(20_000)),
        columns,
        versions,
    };
    write_segment(files, Path::new("segment"), PartId(7), input).unwrap()
}

fn random_columns(seed: u64, row_count: usize) -> (TableSchema, Vec<ArrayRef>) {
    let mut generator = Generator::new(seed);
    let columns: Vec<ArrayRef> = STORED_TYPES
        .iter()
        .map(|data_type| generator.column(data_type, row_count))
        .collect();
    (schema_of(STORED_TYPES.as_slice()), columns)
}

fn check_column(reader: &SegmentReader, id: ColumnId, column: &ArrayRef, generator: &mut Generator) {
    for block in 0..reader.block_count() {
        let rows = reader.block_rows(block);
        let expected = column.slice(rows.start as usize, (rows.end - rows.start) as usize);
        let decoded = reader.decode(id, rows.clone()).unwrap();
        assert_same_values(&decoded, &expected);
        let from = generator.below((rows.end - rows.start) as u64) as u32;
        let to = from + 1 + generator.below(u64::from(rows.end - rows.start - from)) as u32;
        let within = rows.start + from..rows.start + to;
        let part = expected.slice(from as usize, (to - from) as usize);
        assert_same_values(&reader.decode(id, within.clone()).unwrap(), &part);

        for condition in conditions_for(&expected, generator) {
            let selection = generator.selection(part.len());
            let found = reader.filter(id, within.clone(), &condition, &selection).unwrap();
            assert_eq!(
                found,
                &selection & &evaluate(&part, &condition),
                "{condition:?} on {:?}",
                part.data_type()
            );
            let predicate = ColumnPredicate { column: id, condition };
            let prepared = reader.prepare_condition(id, &predicate.condition).unwrap();
            let passing = evaluate(&expected, &predicate.condition).count_set_bits();
            let verdicts = [
                reader.prune(block, id, &prepared.test),
                summary_verdict(&reader.block_summary(id, block).unwrap(), &predicate.condition),
            ];
            for verdict in verdicts {
                match verdict {
                    Verdict::NoRow => assert_eq!(passing, 0, "{predicate:?}"),
                    Verdict::EveryRow => assert_eq!(passing, expected.len(), "{predicate:?}"),
                    Verdict::SomeRows => {}
                }
            }
            let all = evaluate(column, &predicate.condition);
            if let Some(rows) = reader.index_rows(&prepared).unwrap() {
                let expected: Vec<u32> = all.set_indices_u32().collect();
                assert_eq!(rows.iter().collect::<Vec<_>>(), expected, "{predicate:?}");
            }
            assert!(
                reader.may_contain(&prepared).unwrap() || !all.has_true(),
                "{predicate:?}"
            );
        }
    }
}

fn check_histogram(reader: &SegmentReader, id: ColumnId, column: &ArrayRef) {
    let Some(bounds) = reader.histogram(id).unwrap() else {
        assert!(column.len() - column.null_count() < 1_000, "{}", column.data_type());
        return;
    };
    assert_eq!(bounds.len(), HISTOGRAM_BUCKETS + 1);
    assert_eq!(bounds.data_type(), column.data_type());
    let within = |condition: Condition| evaluate(column, &condition).count_set_bits() as f64;
    let present = (column.len() - column.null_count()) as f64;
    for bound in (0..bounds.len()).step_by(16) {
        let share = bound as f64 / HISTOGRAM_BUCKETS as f64;
        let up_to = |inclusive: bool| Condition::Range {
            lower: None,
            upper: Some(Bound {
                value: bounds.slice(bound, 1),
                inclusive,
            }),
        };
        let (below, not_above) = (within(up_to(false)) / present, within(up_to(true)) / present);
        let is_near = below - 0.15 <= share && share <= not_above + 0.15;
        assert!(
            is_near,
            "{}: bound {bound} above {below}, not above {not_above}",
            column.data_type()
        );
    }
}

fn check_round_trip(seed: u64, row_count: usize) {
    let files = Files::default();
    let (schema, columns) = random_columns(seed, row_count);
    let versions = Int64Array::from_iter_values((0..row_count as i64).map(|row| 5 + row / 1000));
    let meta = write(&files, &schema, &columns, RowVersions::PerRow(versions.clone()));
    assert_eq!(meta.row_count as usize, row_count);
    assert_eq!(meta.version_min.0, if row_count == 0 { 0 } else { 5 });
    let reader = SegmentReader::open(&files, Path::new("segment"), &meta).unwrap();
    reader.verify().unwrap();
    let mut generator = Generator::new(seed ^ 1);
    for (column, array) in schema.columns.iter().zip(&columns) {
        check_column(&reader, column.id, array, &mut generator);
        check_histogram(&reader, column.id, array);
    }
    for block in 0..reader.block_count() {
        let rows = reader.block_rows(block);
        let expected = versions.slice(rows.start as usize, (rows.end - rows.start) as usize);
        assert_eq!(reader.versions(rows).unwrap(), Some(expected));
    }
    let mut text = String::new();
    reader.dump(&mut text).unwrap();
    assert!(text.contains("column_3"));
}

#[test]
fn small_segments_read_back() {
    for (seed, row_count) in [(1, 0), (2, 1), (3, 2), (4, 1023), (5, 1024), (6, 1025), (7, 3000)] {
        check_round_trip(seed, row_count);
    }
}

#[test]
fn segments_of_several_blocks_read_back() {
    check_round_trip(8, BLOCK_ROWS + ZONE_ROWS + 17);
}

/// Few values, and conditions about the least one, are answered without the dictionary; all the same as with it.
#[test]
fn single_values_of_an_unread_dictionary() {
    let long = "a value that is longer than what bounds keep of one, so that it stands there cut";
    for least in ["", "a", long] {
        let mut generator = Generator::new(9);
        let text = |number: u64| match number {
            0 => least.to_owned(),
            _ => format!("{long}, {number}"),
        };
        let values = (0..20_000).map(|_| (generator.below(10) > 0).then(|| text(generator.below(900))));
        let column: ArrayRef = Arc::new(values.collect::<StringViewArray>());
        let files = Files::default();
        let schema = schema_of(&[DataType::Utf8View]);
        let columns = [column.clone()];
        let meta = write(&files, &schema, &columns, RowVersions::Single);
        let open = || SegmentReader::open(&files, Path::new("segment"), &meta).unwrap();
        let id = ColumnId(1);
        assert_eq!(open().encoding_of(id, 0), Some(Encoding::Dictionary));
        let value: ArrayRef = Arc::new(StringViewArray::from(vec![least]));
        let bound = || {
            Some(Bound {
                value: value.clone(),
                inclusive: true,
            })
        };
        let equal = Condition::Range {
            lower: bound(),
            upper: bound(),
        };
        for condition in [Condition::NotEqual(value.clone()), equal] {
            let selection = generator.selection(column.len());
            let found = open().filter(id, 0..20_000, &condition, &selection).unwrap();
            assert_eq!(found, &selection & &evaluate(&column, &condition), "{condition:?}");
        }
        let reader = open();
        for one_in in [10_000, 2_000, 20_000, 10] {
            let rows: Vec<u32> = (0..20_000).filter(|_| generator.below(one_in) == 0).collect();
            let places = UInt32Array::from(rows.clone());
            let expected = arrow_select::take::take(&column, &places, None).unwrap();
            assert_same_values(&reader.pick(id, 0, &rows).unwrap(), &expected);
        }
    }
}

#[test]
fn sums_and_counts_are_exact() {
    let files = Files::default();
    let values: Vec<Option<i64>> = (0..10_000)
        .map(|row| (row % 7 != 0).then_some(i64::MAX - row))
        .collect();
    let column: ArrayRef = Arc::new(Int64Array::from(values.clone()));
    let meta = write(&files, &schema_of(&[DataType::Int64]), &[column], RowVersions::Single);
    let expected: i128 = values.iter().flatten().map(|value| i128::from(*value)).sum();
    let summary = &meta.columns[0].1;
    assert_eq!(summary.sum, Some(expected));
    assert_eq!(
        summary.null_count as usize,
        values.iter().filter(|value| value.is_none()).count()
    );
    let reader = SegmentReader::open(&files, Path::new("segment"), &meta).unwrap();
    let of_zones: i128 = (0..reader.zone_count())
        .map(|zone| reader.zone_summary(ColumnId(1), zone).unwrap().sum.unwrap())
        .sum();
    assert_eq!(of_zones, expected);
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let files = Files::default();
    let (schema, columns) = random_columns(11, 300);
    let meta = write(&files, &schema, &columns, RowVersions::Single);
    let length = meta.file_bytes as usize;
    for at in (0..length).step_by(7).chain(length - 40..length) {
        files.0.lock().get_mut(Path::new("segment")).unwrap()[at] ^= 1 << (at % 8);
        let found = SegmentReader::open(&files, Path::new("segment"), &meta).and_then(|reader| reader.verify());
        assert!(
            matches!(found, Err(Error::Corrupt { .. } | Error::UnknownVersion { .. })),
            "flip at {at} of {length}"
        );
        files.0.lock().get_mut(Path::new("segment")).unwrap()[at] ^= 1 << (at % 8);
    }
    for length in [0, 10, 39, length / 2, length - 1] {
        let other = Files::default();
        let bytes = files.read(Path::new("segment")).unwrap()[..length].to_vec();
        other.0.lock().insert("segment".into(), bytes);
        assert!(SegmentReader::open(&other, Path::new("segment"), &meta).is_err());
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let files = Files::default();
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let schema = schema_of(&[DataType::Int32]);
    let input = SegmentInput {
        schema: &schema,
        partition: PartitionKey(None),
        columns: &[column],
        versions: RowVersions::Single,
    };
    let refused = write_segment(&files, Path::new("segment"), PartId(1), input);
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert!(files.0.lock().is_empty());
}

#[test]
fn rows_across_blocks_are_refused() {
    let files = Files::default();
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..BLOCK_ROWS as i64 + 10));
    let meta = write(&files, &schema_of(&[DataType::Int64]), &[column], RowVersions::Single);
    let reader = SegmentReader::open(&files, Path::new("segment"), &meta).unwrap();
    let end = BLOCK_ROWS as u32;
    assert!(reader.decode(ColumnId(1), end - 1..end + 1).is_err());
    assert!(reader.decode(ColumnId(1), end..end + 11).is_err());
    assert!(reader.decode(ColumnId(2), 0..1).is_err());
    let none = BooleanBuffer::new_unset(3);
    assert_eq!(
        reader
            .filter(ColumnId(1), 0..3, &crate::predicate::Condition::IsNotNull, &none)
            .unwrap(),
        none
    );
}
