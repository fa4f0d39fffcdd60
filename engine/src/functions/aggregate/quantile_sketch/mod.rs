//! A sketch of many numbers that tells any quantile with a bounded relative error, and is the same for the same numbers: neither their
//! order nor a division into parts shows. Up to [`VALUES_MAX`] numbers it holds the numbers themselves.
//!
//! It is a DDSketch (C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees", VLDB 2019): counts of buckets that are as wide as their place is far from 0. As in that paper's fast variant the logarithm
//! is the number's own exponent, between powers of two it is linear: 128 buckets for each, found by shifting bits, on every machine the
//! same. A number is told by the middle of its bucket, at most 1/257 (0.39 percent) of it away.
//!
//! More than [`BUCKETS_MAX`] buckets become half as many by joining neighbours, as I. Epicoco and others do ("UDDSketch", 2020): the
//! guarantee then is half as good, for all quantiles. How often that was done depends on the numbers alone. Numbers that spread
//! over 16 powers of two, negative ones counted apart, never cause it, as many as there may be; over 32 the error is at most 0.8 percent,
//! over 64 at most 1.6 percent, and over all that doubles have 60 percent. Below the smallest normal double, 2.2e-308, it is absolute.
//!
//! Infinities and zeros are counted apart, the least and the largest number are exact, NaN is not taken in.

mod bytes;
#[cfg(test)]
mod tests;

/// So many numbers are held as they are.
pub(super) const VALUES_MAX: usize = 512;
/// So many buckets are held.
pub(super) const BUCKETS_MAX: usize = 2048;
/// Bits of a double below those that tell its bucket: 7 of the fraction are left.
const BUCKET_SHIFT: u32 = 52 - 7;

/// The sketch of a group's numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct QuantileSketch {
    infinite_below: u64,
    infinite_above: u64,
    finite: Finite,
}

#[derive(Clone, Debug, PartialEq)]
enum Finite {
    /// In no order.
    Values(Vec<f64>),
    Buckets(Box<Buckets>),
}

impl Default for Finite {
    fn default() -> Self {
        Finite::Values(Vec::new())
    }
}

/// Counts of more numbers.
#[derive(Clone, Debug, PartialEq)]
struct Buckets {
    /// How often buckets were joined: each is of so many powers of two of the finest ones.
    level: u32,
    zeros: u64,
    least: f64,
    largest: f64,
    /// Buckets that have numbers, ascending: the bits of a magnitude shifted, inverted for negative numbers.
    keys: Vec<i32>,
    counts: Vec<u64>,
}

impl QuantileSketch {
    /// Takes a number in.
    pub(super) fn add(&mut self, value: f64) {
        match value {
            value if value.is_nan() => {}
            f64::INFINITY => self.infinite_above += 1,
            f64::NEG_INFINITY => self.infinite_below += 1,
            value => self.finite.add(value),
        }
    }

    /// Takes another sketch in.
    pub(super) fn merge(&mut self, other: &QuantileSketch) {
        self.infinite_below += other.infinite_below;
        self.infinite_above += other.infinite_above;
        match &other.finite {
            Finite::Values(values) => values.iter().for_each(|value| self.finite.add(*value)),
            Finite::Buckets(buckets) => self.finite.buckets().merge(buckets),
        }
    }

    /// The value at a fraction, as `percentile_cont` has it of numbers that are each told as the sketch does; `None` without numbers.
    pub(super) fn quantile(&mut self, fraction: f64) -> Option<f64> {
        let finite = self.finite.count();
        let total = finite + self.infinite_below + self.infinite_above;
        if total == 0 {
            return None;
        }
        // The place among all, counted from 0.
        let place = fraction * (total - 1) as f64;
        if place < self.infinite_below as f64 {
            return Some(f64::NEG_INFINITY);
        }
        let place = place - self.infinite_below as f64;
        if finite == 0 || place > (finite - 1) as f64 {
            return Some(f64::INFINITY);
        }
        self.finite.sort();
        let (low, high) = (
            self.finite.at(place.floor() as u64)?,
            self.finite.at(place.ceil() as u64)?,
        );
        let part = place - place.floor();
        Some(match part > 0.0 && low < high {
            true => low * (1.0 - part) + high * part,
            false => low,
        })
    }

    /// Bytes held besides the struct.
    pub(super) fn memory_bytes(&self) -> usize {
        match &self.finite {
            Finite::Values(values) => values.capacity() * size_of::<f64>(),
            Finite::Buckets(buckets) => {
                size_of::<Buckets>()
                    + buckets.keys.capacity() * size_of::<i32>()
                    + buckets.counts.capacity() * size_of::<u64>()
            }
        }
    }
}

impl Finite {
    fn add(&mut self, value: f64) {
        match self {
            Finite::Values(values) if values.len() < VALUES_MAX => values.push(value),
            Finite::Values(_) => self.buckets().add(value),
            Finite::Buckets(buckets) => buckets.add(value),
        }
    }

    /// As buckets, from now on.
    fn buckets(&mut self) -> &mut Buckets {
        if let Finite::Values(values) = self {
            let mut buckets = Box::<Buckets>::default();
            values.iter().for_each(|value| buckets.add(*value));
            *self = Finite::Buckets(buckets);
        }
        match self {
            Finite::Buckets(buckets) => buckets,
            Finite::Values(_) => unreachable!("they were just made buckets"),
        }
    }

    fn count(&self) -> u64 {
        match self {
            Finite::Values(values) => values.len() as u64,
            Finite::Buckets(buckets) => buckets.total(),
        }
    }

    fn sort(&mut self) {
        if let Finite::Values(values) = self {
            values.sort_by(f64::total_cmp);
        }
    }

    /// The number at a place in the order, from 0; values are sorted.
    fn at(&self, place: u64) -> Option<f64> {
        match self {
            Finite::Values(values) => values.get(usize::try_from(place).ok()?).copied(),
            Finite::Buckets(buckets) => Some(buckets.at(place)),
        }
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Buckets {
            level: 0,
            zeros: 0,
            least: f64::INFINITY,
            largest: f64::NEG_INFINITY,
            keys: Vec::new(),
            counts: Vec::new(),
        }
    }
}

impl Buckets {
    fn add(&mut self, value: f64) {
        // There is one zero here.
        let value = value + 0.0;
        self.least = self.least.min(value);
        self.largest = self.largest.max(value);
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        let magnitude = (value.abs().to_bits() >> BUCKET_SHIFT) as i32;
        let key = if value < 0.0 { !magnitude } else { magnitude };
        self.count(key >> self.level, 1);
    }

    /// Counts numbers of a bucket of this level.
    fn count(&mut self, key: i32, count: u64) {
        match self.keys.binary_search(&key) {
            Ok(place) => self.counts[place] += count,
            Err(place) => {
                self.keys.insert(place, key);
                self.counts.insert(place, count);
                while self.keys.len() > BUCKETS_MAX {
                    self.join_neighbours();
                }
            }
        }
    }

    /// Half as many buckets, of twice the width.
    fn join_neighbours(&mut self) {
        self.level += 1;
        let (mut keys, mut counts): (Vec<i32>, Vec<u64>) = (Vec::new(), Vec::new());
        for (key, count) in self.keys.iter().zip(&self.counts) {
            let key = key >> 1;
            match counts.last_mut() {
                Some(last) if keys.last() == Some(&key) => *last += count,
                _ => {
                    keys.push(key);
                    counts.push(*count);
                }
            }
        }
        (self.keys, self.counts) = (keys, counts);
    }

    fn merge(&mut self, other: &Buckets) {
        self.zeros += other.zeros;
        self.least = self.least.min(other.least);
        self.largest = self.largest.max(other.largest);
        while self.level < other.level {
            self.join_neighbours();
        }
        for (key, count) in other.keys.iter().zip(&other.counts) {
            // Counting may join neighbours.
            self.count(key >> (self.level - other.level), *count);
        }
    }

    /// How many numbers there are.
    fn total(&self) -> u64 {
        self.zeros + self.counts.iter().sum::<u64>()
    }

    /// What tells the number at a place in the order, from 0.
    fn at(&self, place: u64) -> f64 {
        if place == 0 {
            return self.least;
        }
        if place + 1 >= self.total() {
            return self.largest;
        }
        let mut before = 0;
        let mut zeros = Some(self.zeros);
        for (key, count) in self.keys.iter().zip(&self.counts) {
            if *key >= 0 {
                before += zeros.take().unwrap_or(0);
                if place < before {
                    return 0.0;
                }
            }
            before += count;
            if place < before {
                return self.middle(*key).clamp(self.least, self.largest);
            }
        }
        // All others are zeros, where no number is positive.
        if zeros.is_some() { 0.0 } else { self.largest }
    }

    /// The number in a bucket that is relatively as far from its start as from its end.
    fn middle(&self, key: i32) -> f64 {
        let magnitude = if key < 0 { !key } else { key };
        let bound = |place: u64| {
            let bits = (place << self.level) << BUCKET_SHIFT;
            f64::from_bits(bits.min(f64::MAX.to_bits()))
        };
        let (start, end) = (bound(magnitude as u64), bound(magnitude as u64 + 1));
        // Twice the product over the sum, without leaving the doubles.
        let middle = start * (end / (start / 2.0 + end / 2.0));
        if key < 0 { -middle } else { middle }
    }
}
