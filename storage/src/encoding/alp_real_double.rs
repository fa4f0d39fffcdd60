//! Doubles and reals that use all their bits: the leading ones by a dictionary of at most eight, the others packed.
//!
//! ```text
//! alp_real_double = right_bits:u8 count:u8 left:u16* exceptions:u32 position:u32* left:u16* codes:sized(stream) stream
//! ```

use super::cursor::{Cursor, Decoded, malformed, put_sized};
use super::lanes::{self, Lanes};
use super::reals::{Exceptions, Real};
use ::alp::{ALPRDFloat, RDEncoder};
use std::marker::PhantomData;
use std::ops::Range;

/// Entries of the dictionary at most.
const LEFT_MAX: usize = ::alp::MAX_DICT_SIZE as usize;

#[derive(Debug)]
pub(crate) struct AlpRealDouble<'a, T> {
    right_bits: u8,
    left: [u16; LEFT_MAX],
    exceptions: Exceptions<'a>,
    codes: Lanes<'a>,
    right: Lanes<'a>,
    of: PhantomData<T>,
}

pub(super) fn encode<T: Real>(values: &[T], out: &mut Vec<u8>) {
    let encoder = RDEncoder::new(values);
    let (codes, right, positions, exceptions) = encoder.split_parts(values);
    let mask = (1u64 << encoder.right_bit_width()) - 1;
    out.extend_from_slice(&[encoder.right_bit_width(), encoder.codes().len() as u8]);
    out.extend(encoder.codes().iter().flat_map(|left| left.to_le_bytes()));
    Exceptions::write(&positions, exceptions.into_iter().map(u64::from), 2, out);
    let codes: Vec<i64> = codes.into_iter().map(i64::from).collect();
    put_sized(out, |out| {
        lanes::encode(&codes, out);
    });
    debug_assert_eq!(right.len(), values.len());
    let right: Vec<i64> = values.iter().map(|value| (value.bits() & mask) as i64).collect();
    lanes::encode(&right, out);
}

impl<'a, T: Real> AlpRealDouble<'a, T> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let (right_bits, count) = (cursor.u8()?, cursor.u8()? as usize);
        if right_bits as usize >= <T as ALPRDFloat>::BITS || count > LEFT_MAX {
            return malformed(format!("{count} leading parts above {right_bits} bits"));
        }
        let mut left = [0; LEFT_MAX];
        for place in &mut left[..count] {
            *place = cursor.u16()?;
        }
        Ok(AlpRealDouble {
            right_bits,
            left,
            exceptions: Exceptions::parse(&mut cursor, 2)?,
            codes: Lanes::parse(cursor.sized()?, row_count)?,
            right: Lanes::parse(cursor.rest(), row_count)?,
            of: PhantomData,
        })
    }

    pub(super) fn to_vec(&self, rows: Range<usize>) -> Decoded<Vec<T>> {
        let codes = self.codes.to_vec::<u8>(rows.clone())?;
        let right = self.right.to_vec::<i64>(rows.clone())?;
        let value = |left: u16, right: i64| T::of_bits((u64::from(left) << self.right_bits) | right as u64);
        let mut values: Vec<T> = codes
            .iter()
            .zip(&right)
            .map(|(code, right)| value(self.left[*code as usize % LEFT_MAX], *right))
            .collect();
        self.exceptions
            .for_each(&rows, |place, left| values[place] = value(left as u16, right[place]));
        Ok(values)
    }
}
