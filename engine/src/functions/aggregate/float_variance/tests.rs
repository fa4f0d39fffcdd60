//! Variances against exact quotients; the same in every order and division; what has no square.

use super::*;
use crate::operators::testing::Random;

const POPULATION: Wanted = Wanted::VARIANCE_POP;
const SAMPLE: Wanted = Wanted::VARIANCE_SAMP;

fn array(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn one(row_count: usize) -> Groups<'static> {
    Groups::One { group: 0, row_count }
}

fn taken_in(values: &[f64], wanted: Wanted) -> FloatVariance {
    let mut variance = FloatVariance::new(wanted);
    variance.update(&[array(values)], one(values.len()), None, 1).unwrap();
    variance
}

fn answer_of(variance: &mut FloatVariance) -> Result<Option<f64>> {
    let answers = variance.finish(1)?;
    Ok(answers.as_primitive::<Float64Type>().iter().next().flatten())
}

fn answer(values: &[f64], wanted: Wanted) -> Result<Option<f64>> {
    answer_of(&mut taken_in(values, wanted))
}

/// By both ways, which must agree.
fn nearest(values: &[f64], wanted: Wanted) -> f64 {
    let mut variance = taken_in(values, wanted);
    let parts = variance.sums().map(|sum| sum.parts(1).next().flatten().unwrap());
    let [sum, squares, errors] = parts;
    let count = values.len() as i64;
    let sums = PowerSums {
        count,
        sum,
        squares,
        errors,
    };
    let divisor = count - i64::from(wanted.is_sample);
    let exact = sums.by_integers(divisor);
    if let Some(quick) = sums.by_pairs(divisor) {
        assert_eq!(quick.to_bits(), exact.to_bits(), "{values:?}");
    }
    exact
}

#[test]
fn quotients_of_whole_numbers_are_the_nearest_doubles() {
    let mut random = Random::new(3);
    for round in 0..500 {
        let count = 2 + random.below(90) as i64;
        let values: Vec<i64> = (0..count).map(|_| random.below(1 << 16) as i64 - (1 << 14)).collect();
        let (sum, squares): (i64, i64) = (values.iter().sum(), values.iter().map(|value| value * value).sum());
        let numerator = (count * squares - sum * sum) as f64;
        let scale = 2f64.powi(round % 200 - 100);
        let doubles: Vec<f64> = values.iter().map(|value| *value as f64 * scale).collect();
        for (wanted, divisor) in [(POPULATION, count), (SAMPLE, count - 1)] {
            // A quotient of two doubles is rounded once.
            let expected = numerator / (count * divisor) as f64 * scale * scale;
            assert_eq!(nearest(&doubles, wanted), expected);
            assert_eq!(answer(&doubles, wanted).unwrap(), Some(expected));
        }
    }
}

#[test]
fn what_cancels_is_exact() {
    let far: Vec<f64> = [1e15, 1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0].to_vec();
    assert_eq!(nearest(&far, POPULATION), 1.25);
    assert_eq!(nearest(&[0.1; 1000], POPULATION), 0.0);
    assert_eq!(answer(&[0.1; 1000], SAMPLE).unwrap(), Some(0.0));
    // The least possible difference: (ulp / 2)^2.
    let next = f64::from_bits(0.1f64.to_bits() + 1);
    let half = (next - 0.1) / 2.0;
    assert_eq!(nearest(&[0.1, next], POPULATION), half * half);
    // A value of any magnitude beside others.
    assert_eq!(nearest(&[1e150, 1.0, -1e150, -1.0, 1e-150], POPULATION), 4e299);
}

#[test]
fn the_smallest_and_the_largest_variances() {
    let tiny = f64::from_bits(1);
    assert_eq!(nearest(&[0.0, 2f64.powi(-536)], POPULATION), tiny);
    assert_eq!(nearest(&[0.0, 2f64.powi(-537)], POPULATION), 0.0);
    assert_eq!(nearest(&[0.0, tiny, 1e-170], POPULATION), 0.0);
    assert_eq!(nearest(&[0.0, 3.0 * 2f64.powi(-537)], SAMPLE), 4.0 * tiny);
    let large = 2f64.powi(511);
    assert_eq!(nearest(&[large, -large], POPULATION), 2f64.powi(1022));
    assert_eq!(nearest(&[large, -large].repeat(500), POPULATION), 2f64.powi(1022));
    let overflow = "value out of range: overflow";
    assert_eq!(answer(&[1e200, 1e200], POPULATION).unwrap_err().to_string(), overflow);
    assert_eq!(answer(&[1.3e154, -1.3e154], SAMPLE).unwrap_err().to_string(), overflow);
    assert_eq!(answer(&[1e200], POPULATION).unwrap(), Some(0.0));
    assert_eq!(answer(&[f64::MAX], SAMPLE).unwrap(), None);
}

#[test]
fn infinities_and_nan_are_postgres_s() {
    for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(answer(&[value], POPULATION).unwrap().unwrap().is_nan());
        assert_eq!(answer(&[value], SAMPLE).unwrap(), None);
        assert!(answer(&[1.0, value, 1e300], SAMPLE).unwrap().unwrap().is_nan());
    }
    assert!(
        answer(&[f64::INFINITY, f64::NEG_INFINITY, 1.0], POPULATION)
            .unwrap()
            .unwrap()
            .is_nan()
    );
    assert_eq!(answer(&[], POPULATION).unwrap(), None);
}

#[test]
fn neither_order_nor_parts_show() {
    let mut random = Random::new(11);
    for magnitudes in [1, 40, 900] {
        let value = |random: &mut Random| {
            let power = random.below(magnitudes) as i32 - magnitudes as i32 / 2;
            (random.below(1 << 40) as f64 * 0.01 - 3e9) * 2f64.powi(power)
        };
        let mut values: Vec<f64> = (0..2000).map(|_| value(&mut random)).collect();
        let expected = answer(&values, SAMPLE).unwrap().map(f64::to_bits);
        assert_eq!(Some(nearest(&values, SAMPLE).to_bits()), expected);
        for part_rows in [1, 7, 300, 2000] {
            for at in (1..values.len()).rev() {
                values.swap(at, random.below(at as u64 + 1) as usize);
            }
            let mut whole = FloatVariance::new(SAMPLE);
            for part in values.chunks(part_rows) {
                let states = taken_in(part, SAMPLE).states(1).unwrap();
                assert_eq!(states.len(), whole.state_types().len());
                whole.merge(&states, one(1), 1).unwrap();
            }
            assert_eq!(answer_of(&mut whole).unwrap().map(f64::to_bits), expected);
        }
    }
}
