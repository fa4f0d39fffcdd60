//! One battery for every encoding: what is written is read, whole and in part; conditions on the encoded form answer as on the
//! decoded one; damaged bytes are an error or other values, never a panic. A new encoding adds a line to `every_encoding`.

use super::{Chunk, encode};
use crate::encoding::dictionary::{self, Dictionary};
use crate::encoding::tokens::{Tokens, Trained};
use crate::encoding::{Encoding, lanes, presence, put_sized, reals, text};
use crate::limits::{BLOCK_ROWS, VECTOR_ROWS};
use crate::testing::{Generator, STORED_TYPES, assert_same_values, conditions_for};
use crate::vector::filter::{Test, evaluate};
use crate::vector::key::{bytes_at, integer_lanes};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, Int64Array, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use proptest::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// What the blocks of a column share.
#[derive(Clone, Copy, Default)]
struct Shared<'a> {
    dictionary: Option<&'a Dictionary>,
    tokens: Option<&'a Tokens>,
}

impl<'a> From<&'a Dictionary> for Shared<'a> {
    fn from(dictionary: &'a Dictionary) -> Self {
        Shared {
            dictionary: Some(dictionary),
            tokens: None,
        }
    }
}

/// The battery: a chunk's bytes and the plain array they were made of.
fn check(bytes: &[u8], array: &ArrayRef, shared: Shared<'_>, generator: &mut Generator) {
    let dictionary = shared.dictionary;
    let chunk = Chunk::parse(bytes, array.len(), array.data_type(), shared.tokens).unwrap();
    for rows in ranges(array.len(), generator) {
        let part = array.slice(rows.start, rows.len());
        assert_same_values(&chunk.decode(rows, dictionary).unwrap(), &part);
    }
    let mut lists: Vec<Vec<u32>> = Vec::from([1, 3, 20, 500].map(|one_in| single_rows(array.len(), one_in, generator)));
    lists.extend((0..array.len().min(6)).map(|_| vec![generator.below(array.len() as u64) as u32]));
    for rows in lists {
        let part: Vec<ArrayRef> = rows.iter().map(|row| array.slice(*row as usize, 1)).collect();
        let part: Vec<&dyn Array> = part.iter().map(|row| &**row).collect();
        let picked = chunk.pick(&rows, dictionary).unwrap();
        assert_eq!(picked.len(), rows.len());
        if !rows.is_empty() {
            assert_same_values(&picked, &arrow_select::concat::concat(&part).unwrap());
        }
    }
    for rows in ranges(array.len(), generator).into_iter().skip(3) {
        let part = array.slice(rows.start, rows.len());
        for condition in conditions_for(&part, generator) {
            let test = Test::compile(&condition, array.data_type()).unwrap();
            let codes = dictionary.map(|dictionary| dictionary.translate(&test));
            let codes = codes.filter(|_| test.about_presence().is_none()).map(Result::unwrap);
            let selection = generator.selection(part.len());
            let found = chunk.filter(rows.clone(), &test, codes.as_ref(), &selection).unwrap();
            let expected = &selection & &evaluate(&part, &condition);
            assert_eq!(found, expected, "{condition:?} of {rows:?} in {:?}", chunk.encoding());
        }
    }
    check_damage(bytes, array, shared, generator);
}

/// Everything, nothing, ends, single rows, ranges within and across vectors.
fn ranges(row_count: usize, generator: &mut Generator) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0, row_count..row_count, 0..row_count.min(1), 0..row_count];
    if row_count > 0 {
        ranges.push(row_count - 1..row_count);
        for _ in 0..4 {
            let from = generator.below(row_count as u64) as usize;
            ranges.push(from..from + 1);
            ranges.push(from..from + 1 + generator.below((row_count - from) as u64) as usize);
            let from = from / VECTOR_ROWS * VECTOR_ROWS;
            ranges.push(from..(from + 8 * VECTOR_ROWS).min(row_count));
        }
    }
    ranges
}

/// About one row in so many.
fn single_rows(row_count: usize, one_in: u64, generator: &mut Generator) -> Vec<u32> {
    (0..row_count as u32).filter(|_| generator.below(one_in) == 0).collect()
}

/// Reads and filters bytes that nobody wrote.
fn touch(bytes: &[u8], array: &ArrayRef, shared: Shared<'_>, tests: &[Test]) -> bool {
    let Ok(chunk) = Chunk::parse(bytes, array.len(), array.data_type(), shared.tokens) else {
        return false;
    };
    let dictionary = shared.dictionary;
    let all = BooleanBuffer::new_set(array.len());
    let mut is_whole = chunk.decode(0..array.len(), dictionary).is_ok();
    let every_ninth: Vec<u32> = (0..array.len() as u32).step_by(9).collect();
    is_whole &= chunk.pick(&every_ninth, dictionary).is_ok();
    for test in tests {
        let codes = dictionary.and_then(|dictionary| dictionary.translate(test).ok());
        is_whole &= chunk.filter(0..array.len(), test, codes.as_ref(), &all).is_ok();
    }
    is_whole
}

fn check_damage(bytes: &[u8], array: &ArrayRef, shared: Shared<'_>, generator: &mut Generator) {
    let few = array.len() > 5_000;
    let conditions = conditions_for(&array.slice(0, array.len().min(100)), generator);
    let tests: Vec<Test> = conditions
        .iter()
        .step_by(if few { 7 } else { 3 })
        .map(|condition| Test::compile(condition, array.data_type()).unwrap())
        .collect();
    assert!(touch(bytes, array, shared, &tests));
    for _ in 0..if few { 2 } else { 12 } {
        let length = generator.below(bytes.len() as u64) as usize;
        assert!(
            !touch(&bytes[..length], array, shared, &tests),
            "cut to {length} of {}",
            bytes.len()
        );
        let mut damaged = bytes.to_vec();
        // Headers are at the front: most flips go there.
        let within = if generator.below(3) > 0 {
            bytes.len().min(64)
        } else {
            bytes.len()
        };
        damaged[generator.below(within as u64) as usize] ^= 1 << generator.below(8);
        touch(&damaged, array, shared, &tests);
        let mut longer = bytes.to_vec();
        longer.extend_from_slice(&[0; 3]);
        touch(&longer, array, shared, &tests);
    }
}

/// Encodes as the writer does, with and without a dictionary, and checks both.
fn check_chosen(array: &ArrayRef, generator: &mut Generator) {
    let mut bytes = Vec::new();
    encode(array, None, &mut bytes);
    check(&bytes, array, Shared::default(), generator);
    if let Some(built) = dictionary::build(array, usize::MAX) {
        bytes.clear();
        encode(array, Some(&built.codes), &mut bytes);
        let dictionary = Dictionary::new(built.values).unwrap();
        check(&bytes, array, Shared::from(&dictionary), generator);
    }
}

fn all_present(row_count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_sized(&mut bytes, |out| {
        presence::encode(&BooleanBuffer::new_set(row_count), out)
    });
    bytes
}

/// Encodes in one encoding, cheapest or not, and checks that.
fn check_forced(encoding: Encoding, array: &ArrayRef, generator: &mut Generator) {
    let mut bytes = all_present(array.len());
    match integer_lanes(array.as_ref()) {
        Some(values) => lanes::encode_in(encoding, &values, &mut bytes),
        None => {
            let values: Vec<&[u8]> = (0..array.len()).map(|row| bytes_at(array.as_ref(), row)).collect();
            text::encode_in(encoding, &values, &mut bytes);
        }
    }
    check(&bytes, array, Shared::default(), generator);
}

/// Text by a table of tokens of its own.
fn check_tokens(array: &ArrayRef, generator: &mut Generator) {
    let values: Vec<&[u8]> = (0..array.len()).map(|row| bytes_at(array.as_ref(), row)).collect();
    let trained = Trained::new(&[values.concat()]);
    let mut bytes = all_present(array.len());
    text::encode_tokens(&trained, &values, &mut bytes);
    let tokens = table_of(&trained);
    let shared = Shared {
        dictionary: None,
        tokens: Some(&tokens),
    };
    check(&bytes, array, shared, generator);
    assert!(
        !touch(&bytes, array, Shared::default(), &[]),
        "tokens were read without their table"
    );
}

fn table_of(trained: &Trained) -> Tokens {
    let mut bytes = Vec::new();
    trained.write(&mut bytes);
    Tokens::parse(&bytes).unwrap()
}

/// Doubles and reals in one encoding, cheapest or not.
fn check_forced_reals(encoding: Encoding, generator: &mut Generator, row_count: usize) {
    let array = without_nulls(generator.column(&DataType::Float64, row_count));
    let mut bytes = all_present(row_count);
    reals::encode_in(encoding, array.as_primitive::<Float64Type>().values(), &mut bytes);
    check(&bytes, &array, Shared::default(), generator);
    let array = without_nulls(generator.column(&DataType::Float32, row_count));
    let mut bytes = all_present(row_count);
    reals::encode_in(encoding, array.as_primitive::<Float32Type>().values(), &mut bytes);
    check(&bytes, &array, Shared::default(), generator);
}

const LANES: [Encoding; 5] = [
    Encoding::Plain,
    Encoding::RunLength,
    Encoding::BitPacked,
    Encoding::FrameOfReference,
    Encoding::Delta,
];
const TEXTS: [Encoding; 4] = [Encoding::Plain, Encoding::Fsst, Encoding::Lz4, Encoding::Zstd];
const REALS: [Encoding; 3] = [Encoding::Plain, Encoding::Alp, Encoding::AlpRealDouble];
const EDGES: [usize; 6] = [1, 2, 63, 1024, 1025, 3000];

fn without_nulls(array: ArrayRef) -> ArrayRef {
    arrow_array::make_array(array.to_data().into_builder().nulls(None).build().unwrap())
}

fn every_encoding(seed: u64, row_count: usize) {
    let mut generator = Generator::new(seed);
    for encoding in LANES {
        let array: ArrayRef = Arc::new(Int64Array::from(generator.lanes(row_count)));
        check_forced(encoding, &array, &mut generator);
    }
    for encoding in TEXTS {
        let data_type = [DataType::Utf8View, DataType::BinaryView][generator.below(2) as usize].clone();
        let array = without_nulls(generator.column(&data_type, row_count));
        check_forced(encoding, &array, &mut generator);
        check_tokens(&array, &mut generator);
    }
    for encoding in REALS {
        check_forced_reals(encoding, &mut generator, row_count);
    }
    for data_type in STORED_TYPES.iter() {
        let array = generator.column(data_type, row_count);
        check_chosen(&array, &mut generator);
    }
}

#[test]
fn blocks_of_edge_sizes_conform() {
    for (seed, row_count) in EDGES.into_iter().enumerate() {
        every_encoding(seed as u64, row_count);
    }
}

#[test]
fn empty_blocks_conform() {
    for data_type in STORED_TYPES.iter() {
        check_chosen(&arrow_array::new_empty_array(data_type), &mut Generator::new(1));
    }
}

#[test]
fn one_value_among_nulls_conforms() {
    let mut generator = Generator::new(3);
    for data_type in STORED_TYPES.iter() {
        let columns = std::iter::repeat_with(|| generator.column(data_type, 100));
        let some = columns.take(99).find(|some| some.null_count() < some.len()).unwrap();
        let there = (0..some.len()).find(|row| some.is_valid(*row)).unwrap() as u32;
        let places = (0..3_000).map(|row| (row % 3 == 1).then_some(there));
        let places: UInt32Array = places.collect();
        let array = arrow_select::take::take(&some, &places, None).unwrap();
        check_chosen(&array, &mut generator);
    }
}

#[test]
fn full_blocks_conform() {
    let mut generator = Generator::new(5);
    for data_type in [
        DataType::Int64,
        DataType::Utf8View,
        DataType::Float64,
        DataType::Decimal128(38, 4),
    ] {
        let array = generator.column(&data_type, BLOCK_ROWS);
        check_chosen(&array, &mut generator);
    }
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values((0..BLOCK_ROWS as i64).map(|row| row * 3)));
    for encoding in LANES {
        check_forced(encoding, &array, &mut generator);
    }
}

#[test]
fn extreme_integers_conform() {
    let mut generator = Generator::new(6);
    let shapes: [fn(usize) -> i64; 5] = [
        |row| if row.is_multiple_of(2) { i64::MIN } else { i64::MAX },
        |row| i64::MAX - row as i64,
        |row| i64::MIN + row as i64,
        |row| if row == 700 { i64::MIN } else { row as i64 % 3 },
        |row| (row as i64).wrapping_mul(0x7fff_ffff_ffff_ffff),
    ];
    for shape in shapes {
        let array: ArrayRef = Arc::new(Int64Array::from_iter_values((0..3000).map(shape)));
        for encoding in LANES {
            check_forced(encoding, &array, &mut generator);
        }
        check_chosen(&array, &mut generator);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]
    #[test]
    fn random_blocks_conform(seed: u64, row_count in 1usize..4000) {
        every_encoding(seed, row_count);
    }
}

#[test]
fn bytes_that_nobody_wrote_do_no_harm() {
    let mut generator = Generator::new(9);
    let tokens = table_of(&Trained::new(&[b"small numbers ".repeat(20)]));
    let shared = Shared {
        dictionary: None,
        tokens: Some(&tokens),
    };
    for data_type in STORED_TYPES.iter() {
        let array = generator.column(data_type, 1_500);
        let tests: Vec<Test> = conditions_for(&array, &mut generator)
            .iter()
            .map(|condition| Test::compile(condition, data_type).unwrap())
            .collect();
        for attempt in 0..150 {
            let mut bytes = all_present(array.len());
            bytes.push(attempt % 16);
            for _ in 0..generator.below(200) {
                // Small numbers, so that lengths and counts are often possible.
                bytes.push((generator.next() >> (56 + generator.below(8))) as u8);
            }
            touch(&bytes, &array, shared, &tests);
        }
    }
}
