//! The sketch against sorted numbers: exact while there are few, within its guarantee of many, the same in every order and division.

use super::*;
use crate::operators::testing::Random;

fn sketch(values: &[f64]) -> QuantileSketch {
    let mut sketch = QuantileSketch::default();
    values.iter().for_each(|value| sketch.add(*value));
    sketch
}

fn level(sketch: &QuantileSketch) -> u32 {
    match &sketch.finite {
        Finite::Values(_) => 0,
        Finite::Buckets(buckets) => buckets.level,
    }
}

/// Values of both signs, of some powers of two.
fn random_values(count: usize, powers: i32, negative: u64) -> Vec<f64> {
    let mut random = Random::new(count as u64);
    let value = |_| {
        let magnitude = (1.0 + random.below(1 << 20) as f64 / f64::from(1 << 20))
            * 2f64.powi(random.below(powers as u64) as i32 - powers / 2);
        if random.below(100) < negative {
            -magnitude
        } else {
            magnitude
        }
    };
    (0..count).map(value).collect()
}

/// Every value is told within a relative error, at its place.
fn check_guarantee(values: &[f64], error: f64) {
    let mut sketch = sketch(values);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = (sorted.len() - 1) as f64;
    for fraction in [0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0] {
        let place = fraction * last;
        let [low, high] = [place.floor(), place.ceil()].map(|place| sorted[place as usize]);
        let slack = |value: f64| value.abs() * error * (1.0 + 1e-12);
        let answer = sketch.quantile(fraction).unwrap();
        assert!(
            low - slack(low) <= answer && answer <= high + slack(high),
            "{fraction}: {answer} of {low} to {high}"
        );
    }
    assert_eq!(sketch.quantile(0.0), sorted.first().copied());
    assert_eq!(sketch.quantile(1.0), sorted.last().copied());
}

#[test]
fn few_numbers_are_exact() {
    let mut sketch = sketch(&[]);
    assert_eq!(sketch.quantile(0.5), None);
    [4.0, 1.0, f64::NAN, 3.0, 2.0]
        .iter()
        .for_each(|value| sketch.add(*value));
    for (fraction, expected) in [(0.0, 1.0), (0.5, 2.5), (0.25, 1.75), (1.0, 4.0)] {
        assert_eq!(sketch.quantile(fraction), Some(expected));
    }
    sketch.add(f64::INFINITY);
    sketch.add(f64::NEG_INFINITY);
    assert_eq!(sketch.quantile(0.0), Some(f64::NEG_INFINITY));
    assert_eq!(sketch.quantile(1.0), Some(f64::INFINITY));
    assert_eq!(sketch.quantile(0.5), Some(2.5));
}

#[test]
fn many_numbers_are_within_the_guarantee() {
    check_guarantee(&random_values(100_000, 16, 0), 1.0 / 257.0);
    check_guarantee(&random_values(100_000, 8, 50), 1.0 / 257.0);
    check_guarantee(&random_values(100_000, 32, 0), 1.0 / 129.0);
    check_guarantee(&random_values(100_000, 60, 30), 1.0 / 33.0);
    check_guarantee(&random_values(100_000, 2000, 50), 0.6);
    let zeros = [vec![0.0; 700], vec![-0.0; 700], random_values(1000, 4, 50)].concat();
    check_guarantee(&zeros, 1.0 / 257.0);
    check_guarantee(&[vec![0.0; 600], vec![-3.5; 20]].concat(), 0.0);
    check_guarantee(&[vec![-f64::MAX; 600], vec![f64::MAX; 600]].concat(), 1.0 / 257.0);
    check_guarantee(&[vec![f64::MIN_POSITIVE; 600], vec![1.0; 3]].concat(), 1.0 / 257.0);
}

#[test]
fn its_size_is_bounded() {
    let mut every_magnitude = QuantileSketch::default();
    for bits in (0..f64::MAX.to_bits() >> 44).map(|bits| bits << 44) {
        every_magnitude.add(f64::from_bits(bits));
        every_magnitude.add(-f64::from_bits(bits));
    }
    let Finite::Buckets(buckets) = &every_magnitude.finite else {
        panic!("there are many numbers");
    };
    assert!(buckets.keys.len() <= BUCKETS_MAX);
    assert_eq!(buckets.level, 8);
    assert!(every_magnitude.memory_bytes() <= 64 * 1024);
    assert!(every_magnitude.encoded().len() <= BUCKETS_MAX * 8);
}

#[test]
fn neither_order_nor_parts_show() {
    let mut random = Random::new(9);
    for (count, powers) in [(400, 10), (600, 10), (5000, 16), (20_000, 300), (20_000, 2000)] {
        let mut values = random_values(count, powers, 30);
        values.extend([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY]);
        let expected = sketch(&values).encoded();
        for parts in [1, 3, 40] {
            for at in (1..values.len()).rev() {
                values.swap(at, random.below(at as u64 + 1) as usize);
            }
            let mut merged = QuantileSketch::default();
            // Parts of very different sizes.
            let mut rest = values.as_slice();
            for part in (1..=parts).rev() {
                let length = if part == 1 {
                    rest.len()
                } else {
                    random.below(rest.len() as u64 / 2 + 1) as usize
                };
                let (first, others) = rest.split_at(length);
                merged.merge(&QuantileSketch::from_bytes(&sketch(first).encoded()).unwrap());
                rest = others;
            }
            assert!(merged.encoded() == expected, "{count} values in {parts} parts");
        }
    }
    assert!(level(&sketch(&random_values(20_000, 300, 0))) > 1);
}

#[test]
fn bytes_that_are_none_are_refused() {
    let mut sketches = [sketch(&[1.0, 2.0, f64::INFINITY]), sketch(&random_values(1000, 4, 50))];
    for sketch in &mut sketches {
        let bytes = sketch.encoded();
        assert_eq!(QuantileSketch::from_bytes(&bytes).as_mut(), Some(&mut *sketch));
        for length in 0..bytes.len() {
            // A part may be a smaller sketch; it must not be a panic.
            if let Some(mut part) = QuantileSketch::from_bytes(&bytes[..length]) {
                part.quantile(0.5);
            }
        }
    }
    for wrong in [&[][..], &[0], &[0, 0], &[0, 0, 0, 1], &[40, 0, 0, 0], &[1, 0, 0, 0xff]] {
        assert_eq!(QuantileSketch::from_bytes(wrong), None, "{wrong:?}");
    }
}
