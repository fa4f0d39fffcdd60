//! Doubles and reals that are decimals, as integers: `value = integer x 10^f x 10^-e` exactly, what is not so being an exception.
//! Integers order as values do, so that a range of values is one of integers.
//!
//! ```text
//! alp = e:u8 f:u8 exceptions:u32 position:u32* value* stream
//! ```

use super::cursor::{Cursor, Decoded, malformed};
use super::lanes::{self, Lanes};
use super::reals::{Exceptions, Real};
use crate::vector::filter::KeyTest;
use crate::vector::key::LaneValue;
use crate::vector::multiversion::{Kernel, dispatch};
use ::alp::{ALPFloat, Exponents};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use std::marker::PhantomData;
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Alp<'a, T> {
    exponents: Exponents,
    exceptions: Exceptions<'a>,
    integers: Lanes<'a>,
    of: PhantomData<T>,
}

pub(super) fn encode<T: Real>(values: &[T], out: &mut Vec<u8>) {
    let (exponents, integers, positions, exceptions, _) = ::alp::encode(values, None);
    out.extend_from_slice(&[exponents.e, exponents.f]);
    Exceptions::write(&positions, exceptions.into_iter().map(T::bits), T::BYTES, out);
    let integers: Vec<i64> = integers.into_iter().map(LaneValue::to_lane).collect();
    lanes::encode(&integers, out);
}

struct Scale<'a, T: ALPFloat> {
    integers: &'a [T::ALPInt],
    exponents: Exponents,
}

impl<T: Real> Kernel for Scale<'_, T> {
    type Output = Vec<T>;
    #[inline(always)]
    fn run(self) -> Vec<T> {
        let exponents = self.exponents;
        self.integers
            .iter()
            .map(|integer| T::decode_single(*integer, exponents))
            .collect()
    }
}

impl<'a, T: Real> Alp<'a, T> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let exponents = Exponents {
            e: cursor.u8()?,
            f: cursor.u8()?,
        };
        if exponents.e as usize >= T::IF10.len() || exponents.f as usize >= T::F10.len() {
            return malformed(format!("decimals of exponents {exponents}"));
        }
        Ok(Alp {
            exponents,
            exceptions: Exceptions::parse(&mut cursor, T::BYTES)?,
            integers: Lanes::parse(cursor.rest(), row_count)?,
            of: PhantomData,
        })
    }

    pub(super) fn constant(&self) -> Option<T> {
        let integer = self.integers.constant().filter(|_| self.exceptions.is_empty())?;
        Some(T::decode_single(T::ALPInt::from_lane(integer), self.exponents))
    }

    pub(super) fn to_vec(&self, rows: Range<usize>) -> Decoded<Vec<T>> {
        let integers = self.integers.to_vec::<T::ALPInt>(rows.clone())?;
        let mut values = dispatch(Scale::<T> {
            integers: &integers,
            exponents: self.exponents,
        });
        self.exceptions
            .for_each(&rows, |place, bits| values[place] = T::of_bits(bits));
        Ok(values)
    }

    /// One bit per row whose value passes and is selected; `None` where the test is not one of few ranges.
    pub(super) fn filter(
        &self,
        rows: Range<usize>,
        test: &KeyTest<i64>,
        selection: &BooleanBuffer,
    ) -> Option<Decoded<BooleanBuffer>> {
        let (low, high, inside) = match test {
            KeyTest::Range { low, high } => (*low, *high, true),
            KeyTest::NotEqual(key) => (*key, *key, false),
            _ => return None,
        };
        Some(self.filter_range(rows, low, high, inside, selection))
    }

    fn filter_range(
        &self,
        rows: Range<usize>,
        low: i64,
        high: i64,
        inside: bool,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        let key = |integer: i64| T::decode_single(T::ALPInt::from_lane(integer), self.exponents).key();
        let integers = KeyTest::Range {
            low: first_integer::<T>(|integer| key(integer) >= low),
            high: first_integer::<T>(|integer| key(integer) > high).saturating_sub(1),
        };
        let all = BooleanBuffer::new_set(rows.len());
        let mut bits = self.integers.filter(rows.clone(), &integers, &all)?;
        if !inside {
            bits = !&bits;
        }
        if !self.exceptions.is_empty() {
            let mut builder = BooleanBufferBuilder::new(rows.len());
            builder.append_buffer(&bits);
            self.exceptions.for_each(&rows, |place, value| {
                builder.set_bit(place, (low..=high).contains(&T::of_bits(value).key()) == inside);
            });
            bits = builder.finish();
        }
        Ok(&bits & selection)
    }
}

/// The first integer that reaches something all above it reach; one beyond the greatest where none does.
fn first_integer<T: Real>(reaches: impl Fn(i64) -> bool) -> i64 {
    let bits = T::BYTES as u32 * 8;
    let (mut from, mut to) = (
        i128::from(i64::MIN >> (64 - bits)),
        i128::from(i64::MAX >> (64 - bits)) + 1,
    );
    while from < to {
        let middle = (from + to).div_euclid(2);
        if reaches(middle as i64) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    i64::try_from(from).unwrap_or(i64::MAX)
}
