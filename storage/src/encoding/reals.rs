//! Streams of doubles and reals: as decimal integers where they are decimals, with a dictionary of their leading bits where they
//! are not, else side by side. Every bit comes back, those of NaNs included.
//!
//! ```text
//! reals = 0 value*                 side by side, 8 or 4 bytes each
//!       | 7 alp | 8 alp_real_double
//! ```

use super::alp::Alp;
use super::alp_real_double::AlpRealDouble;
use super::cursor::{Cursor, Decoded, malformed};
use super::{Encoding, alp, alp_real_double};
use crate::limits::VECTOR_ROWS;
use crate::vector::filter::KeyTest;
use crate::vector::key::{LaneValue, key_of_f32, key_of_f64};
use ::alp::{ALPFloat, ALPRDFloat};
use arrow_buffer::{ArrowNativeType, BooleanBuffer};
use std::ops::Range;

/// Vectors that are tried.
const SAMPLE_VECTORS: usize = 3;

/// `f64` and `f32`.
pub(crate) trait Real: ALPFloat<ALPInt: LaneValue> + ALPRDFloat + ArrowNativeType {
    /// Bytes of a value.
    const BYTES: usize;
    /// The bits, in the lowest of 64.
    fn bits(self) -> u64;
    /// From the lowest bits of 64.
    fn of_bits(bits: u64) -> Self;
    /// The order key.
    fn key(self) -> i64;
}

impl Real for f64 {
    const BYTES: usize = 8;
    #[inline(always)]
    fn bits(self) -> u64 {
        self.to_bits()
    }
    #[inline(always)]
    fn of_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
    #[inline(always)]
    fn key(self) -> i64 {
        key_of_f64(self)
    }
}

impl Real for f32 {
    const BYTES: usize = 4;
    #[inline(always)]
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
    #[inline(always)]
    fn of_bits(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
    #[inline(always)]
    fn key(self) -> i64 {
        key_of_f32(self)
    }
}

/// A stream that was read, of values of type `T`.
#[derive(Debug)]
pub(crate) struct Reals<'a, T> {
    row_count: usize,
    form: Form<'a, T>,
}

#[derive(Debug)]
enum Form<'a, T> {
    Plain(&'a [u8]),
    Alp(Alp<'a, T>),
    AlpRealDouble(AlpRealDouble<'a, T>),
}

/// Appends a stream of values in the cheapest encoding, which it returns.
pub(crate) fn encode<T: Real>(values: &[T], out: &mut Vec<u8>) -> Encoding {
    let encoding = choose(values);
    encode_in(encoding, values, out);
    encoding
}

/// Appends a stream in an encoding that need not be the cheapest.
pub(crate) fn encode_in<T: Real>(encoding: Encoding, values: &[T], out: &mut Vec<u8>) {
    out.push(encoding as u8);
    match encoding {
        Encoding::Alp => alp::encode(values, out),
        Encoding::AlpRealDouble => alp_real_double::encode(values, out),
        _ => {
            for value in values {
                out.extend_from_slice(&value.bits().to_le_bytes()[..T::BYTES]);
            }
        }
    }
}

/// Tries both on a few vectors. Decimals must save a tenth, leading bits an eighth of what is saved at all.
fn choose<T: Real>(values: &[T]) -> Encoding {
    let step = values.len().div_ceil(VECTOR_ROWS).div_ceil(SAMPLE_VECTORS).max(1);
    let sample: Vec<T> = values.chunks(VECTOR_ROWS).step_by(step).flatten().copied().collect();
    let bytes_in = |encoding| {
        let mut out = Vec::new();
        encode_in(encoding, &sample, &mut out);
        out.len()
    };
    if sample.len() < 8 {
        return Encoding::Plain;
    }
    let plain = sample.len() * T::BYTES;
    let alp = bytes_in(Encoding::Alp);
    if alp < plain / 4 * 3 {
        return Encoding::Alp;
    }
    let real_double = bytes_in(Encoding::AlpRealDouble);
    match (alp.min(real_double) < plain / 10 * 9, alp <= real_double) {
        (false, _) => Encoding::Plain,
        (true, true) => Encoding::Alp,
        (true, false) => Encoding::AlpRealDouble,
    }
}

impl<'a, T: Real> Reals<'a, T> {
    /// Reads a stream of that many values; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let form = match Encoding::from_tag(cursor.u8()?)? {
            Encoding::Plain => {
                let bytes = cursor.take(row_count * T::BYTES)?;
                cursor.end()?;
                Form::Plain(bytes)
            }
            Encoding::Alp => Form::Alp(Alp::parse(cursor, row_count)?),
            Encoding::AlpRealDouble => Form::AlpRealDouble(AlpRealDouble::parse(cursor, row_count)?),
            other => return malformed(format!("reals cannot be stored as {other:?}")),
        };
        Ok(Reals { row_count, form })
    }

    /// The encoding.
    pub(crate) fn encoding(&self) -> Encoding {
        match &self.form {
            Form::Plain(_) => Encoding::Plain,
            Form::Alp(_) => Encoding::Alp,
            Form::AlpRealDouble(_) => Encoding::AlpRealDouble,
        }
    }

    /// The one value of all rows.
    pub(crate) fn constant(&self) -> Option<T> {
        match &self.form {
            Form::Alp(alp) => alp.constant(),
            _ => None,
        }
    }

    /// The values of some rows.
    pub(crate) fn to_vec(&self, rows: Range<usize>) -> Decoded<Vec<T>> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of {}", self.row_count));
        }
        match &self.form {
            Form::Plain(bytes) => Ok(plain_values(&bytes[rows.start * T::BYTES..rows.end * T::BYTES])),
            Form::Alp(alp) => alp.to_vec(rows),
            Form::AlpRealDouble(real_double) => real_double.to_vec(rows),
        }
    }

    /// One bit per row whose value passes and is selected; `None` where values must be read for that.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &KeyTest<i64>,
        selection: &BooleanBuffer,
    ) -> Option<Decoded<BooleanBuffer>> {
        match &self.form {
            Form::Alp(alp) => alp.filter(rows, test, selection),
            _ => None,
        }
    }
}

/// Values side by side.
pub(super) fn plain_values<T: Real>(bytes: &[u8]) -> Vec<T> {
    let of = |value: &[u8]| {
        let mut bits = [0; 8];
        bits[..T::BYTES].copy_from_slice(value);
        T::of_bits(u64::from_le_bytes(bits))
    };
    bytes.chunks_exact(T::BYTES).map(of).collect()
}

/// Values that the main form of a stream could not hold: places, ascending, and what is there.
#[derive(Clone, Debug)]
pub(super) struct Exceptions<'a> {
    positions: &'a [[u8; 4]],
    values: &'a [u8],
    value_bytes: usize,
}

impl<'a> Exceptions<'a> {
    /// Appends exceptions: `count:u32 position:u32* value*`.
    pub(super) fn write(positions: &[u64], values: impl Iterator<Item = u64>, value_bytes: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&(positions.len() as u32).to_le_bytes());
        out.extend(positions.iter().flat_map(|position| (*position as u32).to_le_bytes()));
        for value in values {
            out.extend_from_slice(&value.to_le_bytes()[..value_bytes]);
        }
    }

    pub(super) fn parse(cursor: &mut Cursor<'a>, value_bytes: usize) -> Decoded<Self> {
        let count = cursor.u32()? as usize;
        let positions = cursor.take(count.saturating_mul(4))?.as_chunks().0;
        let values = cursor.take(count.saturating_mul(value_bytes))?;
        Ok(Exceptions {
            positions,
            values,
            value_bytes,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Visits those of some rows: place among the rows, and value.
    pub(super) fn for_each(&self, rows: &Range<usize>, mut visit: impl FnMut(usize, u64)) {
        let position = |place: &[u8; 4]| u32::from_le_bytes(*place) as usize;
        let from = self.positions.partition_point(|place| position(place) < rows.start);
        for (place, bytes) in self
            .positions
            .iter()
            .zip(self.values.chunks_exact(self.value_bytes))
            .skip(from)
        {
            let place = position(place);
            if !rows.contains(&place) {
                break;
            }
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            visit(place - rows.start, u64::from_le_bytes(value));
        }
    }
}
