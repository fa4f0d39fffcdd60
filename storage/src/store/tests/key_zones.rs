//! Keys of several columns and types against a model: segments whose bounds meet and do not, deleted rows, rows in memory, rows older than
//! a column, filters over many segments. What is found must be what is there, whatever was passed by.

use super::support::*;
use crate::commit::{Change, RowId};
use crate::disk::{Disk, MemoryDisk};
use crate::key_index::rows_that_may_have;
use crate::scan::{ScanColumn, ScanRequest};
use crate::schema::{ColumnId, ColumnSchema, KeySchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::store::Store;
use crate::store::snapshot::StateSnapshot;
use crate::testing::Generator;
use crate::vector::Batch;
use arrow_array::*;
use arrow_schema::{DataType, TimeUnit};
use roaring::RoaringBitmap;
use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Values of a column are made of numbers below this, in their order.
const NUMBERS: u64 = 400;
/// The number that is both zeros of floats, and what rows have in a column that they are older than.
const ZERO: u64 = 200;

/// A key's numbers; NULL is `None`.
type Key = Vec<Option<u64>>;

const TYPES: [DataType; 8] = [
    DataType::Int32,
    DataType::Int64,
    DataType::Utf8View,
    DataType::BinaryView,
    DataType::FixedSizeBinary(16),
    DataType::Timestamp(TimeUnit::Microsecond, None),
    DataType::Decimal128(38, 4),
    DataType::Float64,
];

/// A float: of zero either one, the greatest number is no number.
fn float(number: u64, place: usize) -> f64 {
    match number {
        ZERO if place % 2 == 1 => -0.0,
        number if number == NUMBERS - 1 => f64::NAN,
        number => number as f64 - ZERO as f64,
    }
}

/// Text with and without a beginning that is longer than what bounds keep.
fn text(number: u64, is_long: bool) -> String {
    let beginning = if is_long { "x".repeat(70) } else { String::new() };
    format!("{beginning}{number:04}")
}

/// A column of numbers as values of a type.
fn values(data_type: &DataType, is_long: bool, numbers: &[Option<u64>]) -> ArrayRef {
    let signed = |number: u64| number as i64 - ZERO as i64;
    let numbers = || numbers.iter().copied();
    let lanes = || numbers().map(|number| number.map(signed));
    match data_type {
        DataType::Int32 => Arc::new(Int32Array::from_iter(
            lanes().map(|lane| lane.map(|lane| lane as i32 * 7)),
        )),
        DataType::Int64 => Arc::new(Int64Array::from_iter(lanes().map(|lane| lane.map(|lane| lane << 40)))),
        DataType::Timestamp(_, _) => Arc::new(TimestampMicrosecondArray::from_iter(lanes())),
        DataType::Decimal128(precision, scale) => {
            let wide = lanes().map(|lane| lane.map(|lane| i128::from(lane) << 70));
            let wide = Decimal128Array::from_iter(wide).with_precision_and_scale(*precision, *scale);
            Arc::new(wide.unwrap())
        }
        DataType::Float64 => {
            let floats = numbers().enumerate();
            Arc::new(Float64Array::from_iter(
                floats.map(|(place, number)| number.map(|number| float(number, place))),
            ))
        }
        DataType::FixedSizeBinary(_) => {
            let bytes = numbers().map(|number| number.map(|number| (u128::from(number) << 119).to_be_bytes()));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes, 16).unwrap())
        }
        DataType::BinaryView => Arc::new(BinaryViewArray::from_iter(
            numbers().map(|number| number.map(|number| text(number, is_long).into_bytes())),
        )),
        _ => Arc::new(StringViewArray::from_iter(
            numbers().map(|number| number.map(|number| text(number, is_long))),
        )),
    }
}

/// The table without its key.
fn schema_before(table: TableId, has_partitions: bool) -> TableSchema {
    let mut schema = TableSchema {
        partition_by: has_partitions.then_some(PartitionBy {
            column: DAY,
            unit: PartitionUnit::Month,
        }),
        sort_key: vec![],
        ..schema(table)
    };
    schema.columns.truncate(3);
    schema
}

/// The key's columns.
fn columns_of(types: &[(DataType, bool)], nullable: bool) -> Vec<ColumnSchema> {
    let columns = (4..).zip(types).map(|(id, (data_type, is_long))| ColumnSchema {
        id: ColumnId(id),
        name: id.to_string(),
        data_type: data_type.clone(),
        nullable,
        missing_value: Some(values(data_type, *is_long, &[Some(ZERO)])),
    });
    columns.collect()
}

struct Model {
    random: Generator,
    disk: Arc<dyn Disk>,
    store: Arc<dyn Store>,
    schema: Arc<TableSchema>,
    key: KeySchema,
    /// Of each column of the key, its type, and whether texts are long.
    types: Vec<(DataType, bool)>,
    /// The key of each row that ever came, by its serial number.
    rows: Vec<Key>,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut random = Generator::new(seed);
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        let store = open_store(disk.clone(), options()).unwrap();
        let (table, key) = (store.next_table_id(), store.next_table_id());
        let count = 1 + random.below(3) as u32;
        let types = (0..count).map(|_| (TYPES[random.below(8) as usize].clone(), random.below(2) == 0));
        let types: Vec<(DataType, bool)> = types.collect();
        let mut schema = schema_before(table, random.below(2) == 0);
        let columns = columns_of(&types, random.below(2) == 0);
        let key = KeySchema {
            id: key,
            columns: columns.iter().map(|column| column.id).collect(),
        };
        let mut model = Model {
            random,
            disk,
            store,
            schema: Arc::new(schema.clone()),
            key: key.clone(),
            types,
            rows: Vec::new(),
        };
        commit(&*model.store, vec![Change::CreateTable(model.schema.clone())]).unwrap();
        // Rows that are older than the key's columns.
        let batch = model.batch(&[vec![], vec![]]);
        commit(&*model.store, vec![Change::Insert(table, batch)]).unwrap();
        model.rows = vec![vec![Some(ZERO); columns.len()]; 2];
        model.store.flush(None).unwrap();
        schema.columns.extend(columns);
        schema.next_column_id = 8;
        schema.keys = vec![key];
        model.schema = Arc::new(schema);
        commit(&*model.store, vec![Change::AlterTable(model.schema.clone())]).unwrap();
        model
    }

    fn table(&self) -> TableId {
        self.schema.id
    }

    /// Keys around a random place: those of a segment are near each other, or not.
    fn keys(&mut self, count: usize) -> Vec<Key> {
        let width = [3, 30, NUMBERS][self.random.below(3) as usize];
        let start = self.random.below(NUMBERS - width + 1);
        let is_nullable = self.schema.columns.last().is_some_and(|column| column.nullable);
        let number = |random: &mut Generator| {
            let number = start + random.below(width);
            (!is_nullable || random.below(20) > 0).then_some(number)
        };
        let columns = self.types.len();
        let key = |random: &mut Generator| (0..columns).map(|_| number(random)).collect();
        (0..count).map(|_| key(&mut self.random)).collect()
    }

    fn columns(&self, keys: &[Key]) -> Vec<ArrayRef> {
        let columns = self.types.iter().enumerate().map(|(place, (data_type, is_long))| {
            let numbers: Vec<Option<u64>> = keys.iter().map(|key| key[place]).collect();
            values(data_type, *is_long, &numbers)
        });
        columns.collect()
    }

    /// Rows with these keys and the next serial numbers.
    fn batch(&mut self, keys: &[Key]) -> Batch {
        let days: Vec<i32> = keys.iter().map(|_| self.random.below(90) as i32).collect();
        let first = self.rows.len() as i64;
        let serials = || first..first + keys.len() as i64;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from(days)),
            Arc::new(Int64Array::from_iter_values(serials())),
            Arc::new(Int64Array::from_iter_values(serials())),
        ];
        if self.schema.columns.len() > 3 {
            columns.extend(self.columns(keys));
        }
        Batch::new(columns, keys.len())
    }

    fn visible(&self) -> BTreeMap<RowId, usize> {
        let request = ScanRequest {
            columns: vec![ScanColumn::Table(KEY), ScanColumn::RowId],
            ..ScanRequest::default()
        };
        let numbers = |column: &ArrayRef| column.as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec();
        let batches = batches(&*self.store.snapshot(), self.table(), request).unwrap();
        let rows = batches.iter().flat_map(|batch| {
            let ids = numbers(&batch.columns[1]).into_iter().map(RowId::unpack);
            ids.zip(numbers(&batch.columns[0]).into_iter().map(|serial| serial as usize))
        });
        rows.collect()
    }

    /// Keys that are there, neighbors of them, and others.
    fn asked(&mut self, visible: &BTreeMap<RowId, usize>) -> Vec<Key> {
        let mut asked: Vec<Key> = visible.values().map(|serial| self.rows[*serial].clone()).collect();
        for place in 0..asked.len() {
            let mut neighbor = asked[place].clone();
            let column = self.random.below(neighbor.len() as u64) as usize;
            let step = self.random.below(3);
            neighbor[column] = neighbor[column].map(|number| (number + step).saturating_sub(1).min(NUMBERS - 1));
            asked.push(neighbor);
        }
        let others = self.random.below(300) as usize;
        asked.extend(self.keys(others));
        // Few and many of them.
        let kept = [1, 8, 100][self.random.below(3) as usize];
        asked.retain(|_| self.random.below(kept) == 0);
        asked
    }

    fn check(&mut self) {
        let visible = self.visible();
        let mut there: HashMap<&Key, Vec<RowId>> = HashMap::new();
        for (id, serial) in &visible {
            there.entry(&self.rows[*serial]).or_default().push(*id);
        }
        let is_key = |key: &Key| key.iter().all(Option::is_some);
        let there: HashMap<Key, Vec<RowId>> = there.into_iter().map(|(key, ids)| (key.clone(), ids)).collect();
        let asked = self.asked(&visible);
        let columns = self.columns(&asked);
        let snapshot = self.store.snapshot();
        let found = snapshot
            .table(self.table())
            .unwrap()
            .find(self.key.id, &columns)
            .unwrap();
        let snapshot: Arc<dyn Any> = snapshot;
        let state = &snapshot.downcast_ref::<StateSnapshot>().unwrap().state;
        let may_have = rows_that_may_have(&state.tables[&self.table()], &self.key, &columns).unwrap();
        let may_have: HashSet<RowId> = may_have.into_iter().collect();
        for (key, found) in asked.iter().zip(found) {
            let rows = there.get(key).filter(|_| is_key(key));
            match (rows, found) {
                (None, found) => assert_eq!(found, None, "{key:?} of {:?}", self.types),
                (Some(rows), found) => {
                    assert!(
                        found.is_some_and(|found| rows.contains(&found)),
                        "{key:?} of {:?}",
                        self.types
                    );
                    assert!(rows.iter().all(|row| may_have.contains(row)));
                }
            }
        }
    }

    fn insert(&mut self) {
        let count = 1 + self.random.below(40) as usize;
        let keys = self.keys(count);
        let batch = self.batch(&keys);
        commit(&*self.store, vec![Change::Insert(self.table(), batch)]).unwrap();
        self.rows.extend(keys);
    }

    /// Loads rows without those whose keys are there.
    fn load(&mut self) {
        let load = self.store.bulk_load(self.schema.clone(), 1 << 12).unwrap();
        let before = self.visible();
        let before: HashSet<Key> = before.values().map(|serial| self.rows[*serial].clone()).collect();
        let first = self.rows.len();
        for _ in 0..=self.random.below(3) {
            let count = 1 + self.random.below(60) as usize;
            let keys = self.keys(count);
            load.append(self.batch(&keys)).unwrap();
            self.rows.extend(keys);
        }
        let segments = load.finish().unwrap();
        let loaded = self
            .store
            .loaded_keys(&self.store.snapshot(), &self.schema, self.key.id, &segments);
        let changes = vec![
            Change::AddSegments(self.table(), segments),
            Change::Delete(self.table(), loaded.unwrap().duplicates),
        ];
        commit(&*self.store, changes).unwrap();
        let mut expected: BTreeMap<&Key, usize> = BTreeMap::new();
        for key in &self.rows[first..] {
            let is_key = key.iter().all(Option::is_some);
            let count = expected.entry(key).or_default();
            *count = match is_key {
                true => usize::from(!before.contains(key)),
                false => *count + 1,
            };
        }
        let mut left: BTreeMap<&Key, usize> = self.rows[first..].iter().map(|key| (key, 0)).collect();
        for serial in self.visible().into_values().filter(|serial| *serial >= first) {
            *left.entry(&self.rows[serial]).or_default() += 1;
        }
        assert_eq!(left, expected, "{:?}", self.types);
    }

    fn delete(&mut self) {
        let mut sets: BTreeMap<_, RoaringBitmap> = BTreeMap::new();
        for (id, _) in self.visible() {
            if self.random.below(5) == 0 {
                sets.entry(id.part).or_default().insert(id.row);
            }
        }
        if !sets.is_empty() {
            commit(
                &*self.store,
                vec![Change::Delete(self.table(), sets.into_iter().collect())],
            )
            .unwrap();
        }
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0..4 => self.insert(),
            4..6 => self.load(),
            6 => self.delete(),
            7 => self.store.compact(None).unwrap(),
            8 => self.store.make_partials(self.table()).unwrap(),
            9 => self.store = open_store(self.disk.clone(), options()).unwrap(),
            _ => self.store.flush(None).unwrap(),
        }
        self.check();
    }
}

#[test]
fn what_is_passed_by_has_none_of_the_keys() {
    for seed in 0..60 {
        let mut model = Model::new(seed);
        for _ in 0..25 {
            model.step();
        }
    }
}
