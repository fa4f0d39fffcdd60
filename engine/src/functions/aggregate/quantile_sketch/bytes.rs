//! A sketch as bytes, as states and partials have it. The same numbers give the same bytes; other bytes are refused.
//!
//! Numbers up to 2^64 are written 7 bits to a byte, the lower ones first, with the highest bit set on all bytes but the last.
//! - a byte: 0 for values, otherwise one more than the level of the buckets; the number of infinities below and of those above
//! - values: 8 bytes each, ascending
//! - buckets: the number of zeros; the least and the largest number, 8 bytes each; then for each bucket the difference of its key from that of
//!   the one before, which for the first is 2^31 below 0, and its count.

use super::{BUCKETS_MAX, Buckets, Finite, QuantileSketch, VALUES_MAX};

/// The highest level at which buckets differ.
const LEVEL_MAX: u32 = 18;

impl QuantileSketch {
    /// See the module.
    pub(in crate::functions::aggregate) fn encoded(&mut self) -> Vec<u8> {
        self.finite.sort();
        let mut bytes = Vec::new();
        let form = match &self.finite {
            Finite::Values(_) => 0,
            Finite::Buckets(buckets) => buckets.level as u8 + 1,
        };
        bytes.push(form);
        write(&mut bytes, self.infinite_below);
        write(&mut bytes, self.infinite_above);
        match &self.finite {
            Finite::Values(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Finite::Buckets(buckets) => {
                write(&mut bytes, buckets.zeros);
                bytes.extend(
                    [buckets.least, buckets.largest]
                        .iter()
                        .flat_map(|value| value.to_le_bytes()),
                );
                let mut last = i32::MIN;
                for (key, count) in buckets.keys.iter().zip(&buckets.counts) {
                    write(&mut bytes, u64::from(key.abs_diff(last)));
                    write(&mut bytes, *count);
                    last = *key;
                }
            }
        }
        bytes
    }

    /// From what [`Self::encoded`] gave; `None` of other bytes.
    pub(in crate::functions::aggregate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, mut bytes) = bytes.split_first()?;
        let bytes = &mut bytes;
        let (infinite_below, infinite_above) = (read(bytes)?, read(bytes)?);
        let finite = match form.checked_sub(1) {
            None => {
                let (values, rest) = bytes.as_chunks();
                let values: Vec<f64> = values.iter().map(|value| f64::from_le_bytes(*value)).collect();
                let is_sound = rest.is_empty() && values.len() <= VALUES_MAX;
                Finite::Values(values).sound(is_sound)?
            }
            Some(level) => {
                let buckets = Box::new(read_buckets(u32::from(level), bytes)?);
                let is_sound = level <= LEVEL_MAX as u8 && buckets.keys.len() <= BUCKETS_MAX;
                Finite::Buckets(buckets).sound(is_sound)?
            }
        };
        Some(QuantileSketch {
            infinite_below,
            infinite_above,
            finite,
        })
    }
}

impl Finite {
    fn sound(self, is_sound: bool) -> Option<Self> {
        is_sound.then_some(self)
    }
}

fn read_buckets(level: u32, bytes: &mut &[u8]) -> Option<Buckets> {
    let mut buckets = Buckets {
        level,
        zeros: read(bytes)?,
        least: read_double(bytes)?,
        largest: read_double(bytes)?,
        ..Buckets::default()
    };
    if buckets.least.is_nan() || buckets.largest.is_nan() || buckets.least > buckets.largest {
        return None;
    }
    let mut last = i32::MIN;
    while !bytes.is_empty() {
        last = last.checked_add_unsigned(u32::try_from(read(bytes)?).ok()?)?;
        buckets.keys.push(last);
        buckets.counts.push(read(bytes)?);
    }
    buckets.keys.is_sorted_by(|left, right| left < right).then_some(buckets)
}

fn read_double(bytes: &mut &[u8]) -> Option<f64> {
    let (double, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(f64::from_le_bytes(*double))
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
