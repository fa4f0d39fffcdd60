//! Sums against an oracle that never rounds: whether a number is the nearest one is a question about the signs of exact sums.

use super::*;
use crate::operators::testing::Random;
use arrow_array::Float32Array;
use std::cmp::Ordering;

/// The sign of the exact sum of finite values, in digits of 32 bits whose carries come at the end.
fn sign(values: impl IntoIterator<Item = f64>) -> Ordering {
    let mut digits = [0i64; 72];
    for value in values {
        let (bits, is_negative) = (value.abs().to_bits(), value.is_sign_negative());
        let exponent = (bits >> 52).max(1) as usize - 1;
        let hidden = u128::from(value.abs() >= f64::MIN_POSITIVE) << 52;
        let number = (u128::from(bits & ((1 << 52) - 1)) | hidden) << (exponent % 32);
        for digit in 0..3 {
            let part = (number >> (32 * digit)) as u32;
            digits[exponent / 32 + digit] += i64::from(part) * if is_negative { -1 } else { 1 };
        }
    }
    let mut carry = 0;
    let mut is_zero = true;
    for digit in &mut digits {
        let total = *digit + carry;
        carry = total >> 32;
        is_zero &= total as u32 == 0;
    }
    match (carry < 0, is_zero) {
        (true, _) => Ordering::Less,
        (false, true) => Ordering::Equal,
        (false, false) => Ordering::Greater,
    }
}

fn twice(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().flat_map(|value| [*value, *value])
}

/// Whether an answer between two neighbours is the nearest to the sum: beyond neither middle, and in a middle only if it is even.
fn is_nearest(values: &[f64], answer: f64, neighbours: [f64; 2], is_even: bool) -> bool {
    let side = |neighbour: f64| sign(twice(values).chain([-answer, -neighbour]));
    let middle = |side: Ordering| is_even && side == Ordering::Equal;
    let (above_low, below_high) = (side(neighbours[0]), side(neighbours[1]));
    (above_low == Ordering::Greater || middle(above_low)) && (below_high == Ordering::Less || middle(below_high))
}

fn assert_nearest(values: &[f64], answer: f64) {
    let neighbours = [answer.next_down(), answer.next_up()];
    let is_even = answer.to_bits() & 1 == 0;
    assert!(
        is_nearest(values, answer, neighbours, is_even),
        "{answer:e} of {values:?}"
    );
}

fn assert_nearest_single(values: &[f32], answer: f32) {
    let neighbours = [answer.next_down(), answer.next_up()].map(f64::from);
    let is_even = answer.to_bits() & 1 == 0;
    let wide: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    assert!(
        is_nearest(&wide, f64::from(answer), neighbours, is_even),
        "{answer:e} of {values:?}"
    );
}

fn array<T: Float>(values: &[T::Native]) -> Vec<ArrayRef> {
    vec![Arc::new(PrimitiveArray::<T>::from_iter_values(values.iter().copied()))]
}

fn one(row_count: usize) -> Groups<'static> {
    Groups::One { group: 0, row_count }
}

/// The state and the answer of a group that took all values at once.
fn at_once<T: Float>(values: &[T::Native]) -> (Vec<ArrayRef>, Result<ArrayRef>) {
    let mut sum = FloatSum::<T>::new();
    let update = |sum: &mut FloatSum<T>| sum.update(&array::<T>(values), one(values.len()), None, 1);
    update(&mut sum).unwrap();
    let states = sum.states(1).unwrap();
    update(&mut sum).unwrap();
    (states, sum.finish(1))
}

fn double(values: &[f64]) -> Result<f64> {
    let answer = at_once::<Float64Type>(values).1?;
    Ok(answer.as_primitive::<Float64Type>().value(0))
}

fn single(values: &[f32]) -> Result<f32> {
    let answer = at_once::<Float32Type>(values).1?;
    Ok(answer.as_primitive::<Float32Type>().value(0))
}

fn shuffle<V>(values: &mut [V], random: &mut Random) {
    for at in (1..values.len()).rev() {
        values.swap(at, random.below(at as u64 + 1) as usize);
    }
}

/// Takes values in, in several batches, in one of the ways in which rows come; the others of the batch belong to no group or another one.
fn take_in<T: Float>(sum: &mut FloatSum<T>, values: &[T::Native], group: u32, group_count: usize, random: &mut Random) {
    let mut rest = values;
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
        rest = behind;
        let row_count = batch.len();
        let doubled: Vec<T::Native> = batch.iter().flat_map(|value| [*value, *value]).collect();
        let every_other = BooleanBuffer::collect_bool(doubled.len(), |row| row % 2 == 0);
        let of_other = |row: usize| {
            if row.is_multiple_of(2) {
                group
            } else {
                (group + 1) % group_count as u32
            }
        };
        let (values, groups, mask) = match random.below(4) {
            0 => (batch, vec![group; row_count], None),
            1 => (
                &*doubled,
                (0..doubled.len()).map(of_other).collect(),
                Some(&every_other),
            ),
            2 => (&*doubled, vec![group; doubled.len()], Some(&every_other)),
            _ => (batch, Vec::new(), None),
        };
        let groups = match groups.is_empty() {
            true => Groups::One { group, row_count },
            false => Groups::PerRow(&groups),
        };
        sum.update(&array::<T>(values), groups, mask, group_count).unwrap();
    }
}

/// The state and the answer of values that came in any order to any number of accumulators, which were merged in any order.
fn in_parts<T: Float>(values: &[T::Native], random: &mut Random) -> (Vec<ArrayRef>, Result<ArrayRef>) {
    let mut values = values.to_vec();
    shuffle(&mut values, random);
    let mut parts = vec![values.as_slice()];
    for _ in 0..random.below(5) {
        let (left, right) = parts
            .pop()
            .map_or((&[][..], &[][..]), |last| last.split_at(last.len() / 3));
        parts.extend([left, right]);
    }
    let group_count = [2, 40][random.below(2) as usize];
    let group = random.below(group_count) as u32;
    let mut partials: Vec<Vec<ArrayRef>> = Vec::new();
    let group_count = group_count as usize;
    for part in parts {
        let mut sum = FloatSum::<T>::new();
        take_in(&mut sum, part, group, group_count, random);
        partials.push(sum.states(group_count).unwrap());
    }
    shuffle(&mut partials, random);
    let all: Vec<u32> = (0..group_count as u32).collect();
    let merged = |whole: &mut FloatSum<T>| {
        for states in &partials {
            whole.merge(states, Groups::PerRow(&all), group_count).unwrap();
        }
    };
    let mut whole = FloatSum::<T>::new();
    merged(&mut whole);
    let states = whole.states_of(&[group], group_count).unwrap();
    merged(&mut whole);
    (states, whole.finish_some(&[group], group_count))
}

/// Values whose exponents lie that far apart, a part of them with their opposites.
fn spread(random: &mut Random, count: usize, exponents: std::ops::Range<i32>) -> Vec<f64> {
    let width = (exponents.end - exponents.start) as u64;
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        let exponent = (exponents.start + random.below(width) as i32 + 1023) as u64;
        let bits = random.below(u64::MAX) & !(0x7ff << 52) | exponent << 52;
        values.push(f64::from_bits(bits));
        if random.below(3) == 0 {
            values.push(-f64::from_bits(bits));
        }
    }
    values
}

#[test]
fn sums_are_the_nearest_numbers_in_any_order_and_any_parts() {
    let mut random = Random::new(3);
    let ranges = [
        -20..20,
        -60..60,
        -1023..-960,
        -1023..900,
        900..1010,
        1010..1023,
        0..1,
        -52..0,
    ];
    for round in 0..96 {
        let count = [1, 2, 3, 17, 300, 1500][random.below(6) as usize];
        let mut values = spread(&mut random, count, ranges[round % ranges.len()].clone());
        if round % 3 == 0 {
            let total = values.iter().sum::<f64>();
            values.extend(Some(-total).filter(|total| total.is_finite()));
        }
        let (states, answer) = at_once::<Float64Type>(&values);
        match &answer {
            Ok(answer) => assert_nearest(&values, answer.as_primitive::<Float64Type>().value(0)),
            Err(_) => {
                let limits = [f64::MAX, 2f64.powi(970)];
                let over = sign(values.iter().copied().chain(limits.map(|limit| -limit)));
                let under = sign(values.iter().copied().chain(limits));
                assert!(over != Ordering::Less || under != Ordering::Greater, "{values:?}");
            }
        }
        for _ in 0..6 {
            let (other_states, other_answer) = in_parts::<Float64Type>(&values, &mut random);
            assert_eq!(format!("{other_states:?}"), format!("{states:?}"));
            assert_eq!(format!("{other_answer:?}"), format!("{answer:?}"));
        }
    }
}

#[test]
fn sums_of_singles_are_rounded_once() {
    let mut random = Random::new(4);
    for round in 0..60 {
        let spread = [-10..10, -126..100, -60..-20][round % 3].clone();
        let values: Vec<f32> = spread_of_singles(&mut random, spread);
        let (states, answer) = at_once::<Float32Type>(&values);
        assert_nearest_single(&values, answer.as_ref().unwrap().as_primitive::<Float32Type>().value(0));
        for _ in 0..4 {
            let (other_states, other_answer) = in_parts::<Float32Type>(&values, &mut random);
            assert_eq!(format!("{other_states:?}"), format!("{states:?}"));
            assert_eq!(format!("{other_answer:?}"), format!("{answer:?}"));
        }
    }
    // Rounded to a double, each is in the middle of two singles.
    let (half, tiny) = (2f32.powi(-24), 2f32.powi(-80));
    let (even, odd) = (1.0f32, 1.0 + f32::EPSILON);
    assert_eq!(single(&[even, half]).unwrap(), even);
    assert_eq!(single(&[even, half, tiny]).unwrap(), odd);
    assert_eq!(single(&[odd, half, -tiny]).unwrap(), odd);
    assert_eq!(single(&[odd, half]).unwrap(), odd + f32::EPSILON);
    assert_eq!(single(&[-even, -half, -tiny]).unwrap(), -odd);
    assert_eq!(
        single(&[1.0, half, f32::from_bits(1), -f32::from_bits(1)]).unwrap(),
        1.0
    );
}

fn spread_of_singles(random: &mut Random, exponents: std::ops::Range<i32>) -> Vec<f32> {
    let values = spread(random, 400, exponents).into_iter();
    values.map(|value| value as f32).collect()
}

#[test]
fn known_sums() {
    let two = |exponent: i32| 2f64.powi(exponent);
    // Of the tests of Python's math.fsum.
    let cases: Vec<(Vec<f64>, f64)> = vec![
        (vec![1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50], 1e-100),
        (vec![two(53), -0.5, -two(-54)], two(53) - 1.0),
        (vec![two(53), 1.0, two(-100)], two(53) + 2.0),
        (vec![two(53) + 10.0, 1.0, two(-100)], two(53) + 12.0),
        (vec![two(53) - 4.0, 0.5, two(-54)], two(53) - 3.0),
        ((1..=1000).map(|n| 1.0 / f64::from(n)).collect(), 7.485_470_860_550_345),
        (vec![1e16, 1.0, 1e-16], 10_000_000_000_000_002.0),
        (vec![1e16 - 2.0, 1.0 - two(-53), -(1e16 - 2.0), -(1.0 - two(-53))], 0.0),
        (vec![0.1; 10], 1.0),
        (vec![0.1, 0.2, -0.3], 2f64.powi(-55)),
    ];
    for (values, expected) in cases {
        assert_eq!(double(&values).unwrap(), expected, "{values:?}");
        assert_nearest(&values, expected);
    }
}

#[test]
fn zeros_infinities_and_overflows_are_postgres_s() {
    assert_eq!(double(&[-0.0, -0.0]).unwrap().to_bits(), 0);
    assert_eq!(double(&[1.5, -1.5, -0.0]).unwrap().to_bits(), 0);
    let mut sum = FloatSum::<Float64Type>::new();
    sum.update(
        &array::<Float64Type>(&[-0.0, -0.0, 1.0]),
        Groups::PerRow(&[0, 1, 2]),
        None,
        3,
    )
    .unwrap();
    let zeros = sum.finish(3).unwrap();
    let bits = zeros
        .as_primitive::<Float64Type>()
        .iter()
        .map(|zero| zero.map(f64::to_bits));
    assert_eq!(bits.collect::<Vec<_>>(), [Some(0), Some(0), Some(1f64.to_bits())]);
    let (infinity, nan) = (f64::INFINITY, f64::NAN);
    assert_eq!(double(&[1.0, infinity, f64::MAX, f64::MAX]).unwrap(), infinity);
    assert_eq!(double(&[-infinity, 1e308, 1e308]).unwrap(), -infinity);
    assert!(double(&[infinity, 1.0, -infinity]).unwrap().is_nan());
    assert!(double(&[1.0, nan, infinity]).unwrap().is_nan());
    assert_eq!(single(&[f32::NEG_INFINITY, 1.0]).unwrap(), f32::NEG_INFINITY);
    // In the middle a sum may be anything.
    assert_eq!(double(&[1e308, 1e308, 1.0, -1e308, -1e308]).unwrap(), 1.0);
    assert_eq!(single(&[f32::MAX, f32::MAX, -f32::MAX]).unwrap(), f32::MAX);
    let overflow = "value out of range: overflow";
    for values in [
        vec![f64::MAX, f64::MAX],
        vec![-f64::MAX, -2f64.powi(970)],
        vec![1e308; 2000],
    ] {
        assert_eq!(double(&values).unwrap_err().to_string(), overflow);
    }
    for values in [[f32::MAX, f32::MAX], [f32::MAX, 2f32.powi(103)], [-f32::MAX, -f32::MAX]] {
        assert_eq!(single(&values).unwrap_err().to_string(), overflow);
    }
    assert_eq!(single(&[f32::MAX, 2f32.powi(102)]).unwrap(), f32::MAX);
}

#[test]
fn what_goes_into_a_group_is_no_business_of_the_others() {
    for group_count in [4, 100] {
        let mut random = Random::new(5);
        let row_count = 6000;
        let groups: Vec<u32> = (0..row_count).map(|_| random.below(group_count) as u32).collect();
        let value = |row: usize| match groups[row] {
            0 => f64::INFINITY,
            1 => [1e300, 1e-300, -1e300][row % 3],
            2 => f64::NAN,
            group => f64::from(group) * 0.1,
        };
        let values: Vec<f64> = (0..row_count).map(value).collect();
        let mut sum = FloatSum::<Float64Type>::new();
        let group_count = group_count as usize;
        sum.update(
            &array::<Float64Type>(&values),
            Groups::PerRow(&groups),
            None,
            group_count,
        )
        .unwrap();
        let answers = sum.finish(group_count + 1).unwrap();
        let answers = answers.as_primitive::<Float64Type>();
        assert_eq!(answers.value(0), f64::INFINITY);
        assert!(answers.value(2).is_nan());
        assert!(answers.is_null(group_count));
        for group in (1..group_count).filter(|group| *group != 2) {
            let rows = (0..row_count).filter(|row| groups[*row] as usize == group);
            let values: Vec<f64> = rows.map(|row| values[row]).collect();
            assert_nearest(&values, answers.value(group));
        }
        // The sum of a group with an infinity does not excuse another one's overflow.
        sum.update(
            &array::<Float64Type>(&[f64::INFINITY, f64::MAX, f64::MAX]),
            Groups::PerRow(&[0, 1, 1]),
            None,
            2,
        )
        .unwrap();
        assert_eq!(sum.finish(2).unwrap_err().to_string(), "value out of range: overflow");
    }
}

#[test]
fn states_need_a_third_column_only_where_two_do_not_do() {
    let state = |values: &[f64]| at_once::<Float64Type>(values).0;
    let prices: Vec<f64> = (0..100_000).map(|n| f64::from(n) * 0.01).collect();
    let states = state(&prices);
    assert_eq!(states[2].null_count(), 1);
    let states = state(&[1.0, 1e-30, 1e-60, -1e-90]);
    let sums: Vec<f64> = [0, 1]
        .map(|at| states[at].as_primitive::<Float64Type>().value(0))
        .to_vec();
    assert_eq!(sums, [1.0, 1e-30]);
    assert!(states[2].as_binary_view().value(0).len() < 32);
    let nothing = state(&[]);
    assert!(nothing.iter().all(|column| column.is_null(0)));
    let mut sum = FloatSum::<Float64Type>::new();
    let broken: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![1.0])),
        Arc::new(Float64Array::from(vec![0.0])),
        Arc::new(arrow_array::BinaryViewArray::from(vec![&[1u8][..]])),
    ];
    assert!(sum.merge(&broken, one(1), 1).is_err());
}

#[test]
fn nulls_do_not_count() {
    let values: ArrayRef = Arc::new(Float32Array::from(vec![None, Some(0.5), None, Some(0.25)]));
    let mut sum = FloatSum::<Float32Type>::new();
    sum.update(&[values], Groups::PerRow(&[0, 1, 1, 1]), None, 2).unwrap();
    assert!(sum.memory_bytes() >= 32);
    let answers = sum.finish(2).unwrap();
    assert_eq!(
        *answers,
        *(Arc::new(Float32Array::from(vec![None, Some(0.75)])) as ArrayRef)
    );
}
