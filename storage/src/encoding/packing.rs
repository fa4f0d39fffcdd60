//! Bit packing of 1,024 unsigned codes in FastLanes order, as loops a compiler vectorizes.
//!
//! The words are the narrowest that hold the width (8, 16, 32 or 64 bits), so that narrow codes unpack many per instruction.
//! Byte for byte what the `fastlanes` crate makes of the same words (tests hold the two together); its own functions are not
//! used because they never inline into a function with wider target features.

use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;
use crate::vector::multiversion::{Kernel, dispatch};
use std::mem::MaybeUninit;

/// A vector still to be written: decoders fill memory once, without clearing it first.
pub(crate) type Uninitialized<O> = [MaybeUninit<O>; VECTOR_ROWS];

/// A vector on the stack.
#[inline(always)]
pub(crate) fn uninitialized<O: Copy>() -> Uninitialized<O> {
    [const { MaybeUninit::uninit() }; VECTOR_ROWS]
}

/// The values of a vector all of which were written.
///
/// # Safety
/// Every place must have been written.
#[inline(always)]
pub(crate) unsafe fn initialized<O: Copy>(values: &Uninitialized<O>) -> &[O; VECTOR_ROWS] {
    // SAFETY: the layouts are the same, and the caller wrote every place.
    unsafe { &*std::ptr::from_ref(values).cast() }
}

/// The order of groups of eight rows.
const GROUP_ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];

/// Bytes of a packed vector.
pub(crate) const fn packed_bytes(width: u8) -> usize {
    VECTOR_ROWS / 8 * width as usize
}

/// Bits needed for codes up to this one.
pub(crate) fn width_of(largest: u64) -> u8 {
    (64 - largest.leading_zeros()) as u8
}

macro_rules! word_packing {
    ($module:ident, $word:ty) => {
        mod $module {
            use super::*;
            const BITS: usize = <$word>::BITS as usize;
            const LANES: usize = VECTOR_ROWS / BITS;
            const BYTES: usize = BITS / 8;

            #[inline(always)]
            fn place(row: usize) -> usize {
                GROUP_ORDER[row / 8] * 16 + (row % 8) * 128
            }

            #[inline(always)]
            fn mask(width: usize) -> $word {
                if width == 0 {
                    0
                } else {
                    <$word>::MAX >> (BITS - width)
                }
            }

            #[inline(always)]
            pub(super) fn pack(width: usize, values: &[i64; VECTOR_ROWS], reference: i64, out: &mut [u8]) {
                let mut words = [0 as $word; VECTOR_ROWS];
                let mask = mask(width);
                for row in 0..BITS {
                    let (word, shift) = (row * width / BITS, row * width % BITS);
                    let values = &values[place(row)..][..LANES];
                    let low = &mut words[word * LANES..][..LANES];
                    for lane in 0..LANES {
                        low[lane] |= (values[lane].wrapping_sub(reference) as $word & mask) << shift;
                    }
                    if shift + width > BITS {
                        let high = &mut words[(word + 1) * LANES..][..LANES];
                        for lane in 0..LANES {
                            high[lane] |= (values[lane].wrapping_sub(reference) as $word & mask) >> (BITS - shift);
                        }
                    }
                }
                for (place, word) in out.as_chunks_mut::<BYTES>().0.iter_mut().zip(&words) {
                    *place = word.to_le_bytes();
                }
            }

            /// Writes every place of `out`.
            #[inline(always)]
            pub(super) fn unpack(width: usize, packed: &[u8], out: &mut Uninitialized<$word>) {
                let (words, _) = packed.as_chunks::<BYTES>();
                let words = &words[..width * LANES];
                let mask = mask(width);
                for row in 0..BITS {
                    let (word, shift) = (row * width / BITS, row * width % BITS);
                    let low = &words[word * LANES..][..LANES];
                    let values = &mut out[place(row)..][..LANES];
                    if shift + width > BITS {
                        let high = &words[(word + 1) * LANES..][..LANES];
                        for lane in 0..LANES {
                            let low = <$word>::from_le_bytes(low[lane]) >> shift;
                            let high = <$word>::from_le_bytes(high[lane]) << (BITS - shift);
                            values[lane].write((low | high) & mask);
                        }
                    } else {
                        for lane in 0..LANES {
                            values[lane].write((<$word>::from_le_bytes(low[lane]) >> shift) & mask);
                        }
                    }
                }
            }

            #[inline(always)]
            pub(super) fn unpack_lanes<O: LaneValue>(
                width: usize,
                packed: &[u8],
                reference: i64,
                out: &mut Uninitialized<O>,
            ) {
                let mut codes = uninitialized::<$word>();
                unpack(width, packed, &mut codes);
                // SAFETY: `unpack` wrote every place.
                let codes = unsafe { initialized(&codes) };
                for (value, code) in out.iter_mut().zip(codes) {
                    value.write(O::from_lane(reference.wrapping_add(*code as i64)));
                }
            }

            /// The code at a place of a vector.
            #[inline(always)]
            pub(super) fn code(width: usize, packed: &[u8], place: usize) -> u64 {
                let (words, _) = packed.as_chunks::<BYTES>();
                // The order of groups is its own inverse.
                let row = GROUP_ORDER[place % 128 / LANES * LANES / 16] * 8 + place / 128;
                let (word, shift) = (row * width / BITS, row * width % BITS);
                let at = word * LANES + place % LANES;
                let low = <$word>::from_le_bytes(words[at]) >> shift;
                let code = match shift + width > BITS {
                    true => low | <$word>::from_le_bytes(words[at + LANES]) << (BITS - shift),
                    false => low,
                };
                (code & mask(width)) as u64
            }

            #[inline(always)]
            pub(super) fn compare(width: usize, packed: &[u8], low: u64, span: u64, out: &mut [u64; 16]) {
                let mut codes = uninitialized::<$word>();
                unpack(width, packed, &mut codes);
                // SAFETY: `unpack` wrote every place.
                let codes = unsafe { initialized(&codes) };
                let mut passes = [0u8; VECTOR_ROWS];
                let (low, span) = (low as $word, span as $word);
                for (pass, code) in passes.iter_mut().zip(codes) {
                    *pass = u8::from(code.wrapping_sub(low) <= span);
                }
                bits_of_bytes(&passes, out);
            }
        }
    };
}
word_packing!(words8, u8);
word_packing!(words16, u16);
word_packing!(words32, u32);
word_packing!(words64, u64);

/// Sets a bit for every byte that is 1; all others are 0.
#[inline(always)]
pub(super) fn bits_of_bytes(passes: &[u8; VECTOR_ROWS], out: &mut [u64; 16]) {
    let (groups, _) = passes.as_chunks::<64>();
    for (word, group) in out.iter_mut().zip(groups) {
        let (eights, _) = group.as_chunks::<8>();
        let mut bits = 0u64;
        for (place, eight) in eights.iter().enumerate() {
            let byte = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            bits |= byte << (place * 8);
        }
        *word = bits;
    }
}

struct Pack<'a> {
    width: u8,
    values: &'a [i64; VECTOR_ROWS],
    reference: i64,
    out: &'a mut [u8],
}

impl Kernel for Pack<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let width = self.width as usize;
        match self.width {
            0 => {}
            1..=8 => words8::pack(width, self.values, self.reference, self.out),
            9..=16 => words16::pack(width, self.values, self.reference, self.out),
            17..=32 => words32::pack(width, self.values, self.reference, self.out),
            _ => words64::pack(width, self.values, self.reference, self.out),
        }
    }
}

/// Appends the lowest bits, as many as the width (at most 64), of a vector's differences from a reference.
pub(crate) fn pack(width: u8, values: &[i64; VECTOR_ROWS], reference: i64, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + packed_bytes(width), 0);
    dispatch(Pack {
        width,
        values,
        reference,
        out: &mut out[start..],
    });
}

/// Up to 1,024 values as a vector, padded with a filler where there are fewer.
#[inline]
pub(crate) fn whole_vector<'a>(
    values: &'a [i64],
    filler: i64,
    padded: &'a mut [i64; VECTOR_ROWS],
) -> &'a [i64; VECTOR_ROWS] {
    if let Some(vector) = values.first_chunk() {
        return vector;
    }
    padded.fill(filler);
    padded[..values.len()].copy_from_slice(values);
    padded
}

struct Widths<'a> {
    values: &'a [i64; VECTOR_ROWS],
    reference: i64,
}

impl Kernel for Widths<'_> {
    type Output = [u16; 65];
    #[inline(always)]
    fn run(self) -> [u16; 65] {
        // Several tables: the next count does not wait for the last one to be stored.
        let mut tables = [[0u16; 65]; 4];
        for four in self.values.as_chunks::<4>().0 {
            for (table, value) in tables.iter_mut().zip(four) {
                table[width_of(value.wrapping_sub(self.reference) as u64) as usize] += 1;
            }
        }
        let [first, second, third, fourth] = tables;
        std::array::from_fn(|width| first[width] + second[width] + third[width] + fourth[width])
    }
}

/// How many of a vector's differences from a reference need each width.
pub(crate) fn count_widths(values: &[i64; VECTOR_ROWS], reference: i64) -> [u16; 65] {
    dispatch(Widths { values, reference })
}

struct Unpack<'a, O> {
    width: u8,
    packed: &'a [u8],
    reference: i64,
    out: &'a mut Uninitialized<O>,
}

impl<O: LaneValue> Kernel for Unpack<'_, O> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let width = self.width as usize;
        match self.width {
            0 => self.out.fill(MaybeUninit::new(O::from_lane(self.reference))),
            1..=8 => words8::unpack_lanes(width, self.packed, self.reference, self.out),
            9..=16 => words16::unpack_lanes(width, self.packed, self.reference, self.out),
            17..=32 => words32::unpack_lanes(width, self.packed, self.reference, self.out),
            _ => words64::unpack_lanes(width, self.packed, self.reference, self.out),
        }
    }
}

/// Unpacks a vector, adding a reference; every place of `out` is written. `packed` holds at least [`packed_bytes`] and the width
/// is at most 64.
#[inline]
pub(crate) fn unpack<O: LaneValue>(width: u8, packed: &[u8], reference: i64, out: &mut Uninitialized<O>) {
    dispatch(Unpack {
        width,
        packed,
        reference,
        out,
    });
}

/// Appends a vector's values at some places, adding a reference. `packed` and the width are as for [`unpack`].
#[inline]
pub(crate) fn pick<O: LaneValue>(
    width: u8,
    packed: &[u8],
    reference: i64,
    places: impl Iterator<Item = usize>,
    out: &mut Vec<O>,
) {
    let value = |code: u64| O::from_lane(reference.wrapping_add(code as i64));
    let bits = width as usize;
    match width {
        0 => out.extend(places.map(|_| value(0))),
        1..=8 => out.extend(places.map(|place| value(words8::code(bits, packed, place)))),
        9..=16 => out.extend(places.map(|place| value(words16::code(bits, packed, place)))),
        17..=32 => out.extend(places.map(|place| value(words32::code(bits, packed, place)))),
        _ => out.extend(places.map(|place| value(words64::code(bits, packed, place)))),
    }
}

struct Compare<'a> {
    width: u8,
    packed: &'a [u8],
    low: u64,
    span: u64,
    out: &'a mut [u64; 16],
}

impl Kernel for Compare<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let width = self.width as usize;
        match self.width {
            0 => self.out.fill(if self.low == 0 { u64::MAX } else { 0 }),
            1..=8 => words8::compare(width, self.packed, self.low, self.span, self.out),
            9..=16 => words16::compare(width, self.packed, self.low, self.span, self.out),
            17..=32 => words32::compare(width, self.packed, self.low, self.span, self.out),
            _ => words64::compare(width, self.packed, self.low, self.span, self.out),
        }
    }
}

/// One bit per code: whether it lies from `low` to `high`, both inside and both codes of that width.
#[inline]
pub(crate) fn compare(width: u8, packed: &[u8], low: u64, high: u64, out: &mut [u64; 16]) {
    dispatch(Compare {
        width,
        packed,
        low,
        span: high - low,
        out,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastlanes::BitPacking;
    use proptest::prelude::*;

    fn codes(width: u8, seed: u64) -> [u64; VECTOR_ROWS] {
        let mut state = seed | 1;
        std::array::from_fn(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if width == 0 {
                0
            } else {
                state.rotate_left(17) >> (64 - width)
            }
        })
    }

    #[test]
    fn bytes_are_those_of_fastlanes() {
        macro_rules! check {
            ($word:ty, $widths:expr) => {
                for width in $widths {
                    let codes = codes(width, 7);
                    let words: Vec<$word> = codes.iter().map(|code| *code as $word).collect();
                    let mut expected = vec![0 as $word; packed_bytes(width) / size_of::<$word>()];
                    // SAFETY: 1,024 values in, 1,024 * width bits out, width at most that of the word.
                    unsafe { BitPacking::unchecked_pack(width as usize, &words, &mut expected) };
                    let expected: Vec<u8> = expected.iter().flat_map(|word| word.to_le_bytes()).collect();
                    let mut packed = Vec::new();
                    pack(width, &codes.map(|code| code as i64), 0, &mut packed);
                    assert_eq!(packed, expected, "width {width}");
                }
            };
        }
        check!(u8, 1..=8u8);
        check!(u16, 9..=16u8);
        check!(u32, 17..=32u8);
        check!(u64, 33..=64u8);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn both_versions_agree(width in 0u8..=64, seed: u64, reference: i64, bounds: [u64; 2]) {
            let codes = codes(width, seed);
            let values = codes.map(|code| reference.wrapping_add(code as i64));
            let mut packed = Vec::new();
            pack(width, &values, reference, &mut packed);
            prop_assert_eq!(packed.len(), packed_bytes(width));
            let mut scalar_packed = vec![0; packed.len()];
            Pack { width, values: &values, reference, out: &mut scalar_packed }.run();
            prop_assert_eq!(&packed, &scalar_packed);
            let mut widths = [0; 65];
            codes.iter().for_each(|code| widths[width_of(*code) as usize] += 1);
            prop_assert_eq!(count_widths(&values, reference), widths);

            let (mut wide, mut scalar) = (uninitialized::<i64>(), uninitialized::<i64>());
            unpack(width, &packed, reference, &mut wide);
            Unpack { width, packed: &packed, reference, out: &mut scalar }.run();
            // SAFETY: both wrote every place.
            let (wide, scalar) = unsafe { (*initialized(&wide), *initialized(&scalar)) };
            prop_assert_eq!(wide, scalar);
            let mut picked = Vec::new();
            pick::<i64>(width, &packed, reference, (0..VECTOR_ROWS).rev(), &mut picked);
            picked.reverse();
            prop_assert_eq!(&picked[..], &wide[..]);
            prop_assert!(codes.iter().zip(&wide).all(|(code, value)| reference.wrapping_add(*code as i64) == *value));

            let mask = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
            let (low, high) = (bounds[0] & mask, bounds[1] & mask);
            let (low, high) = (low.min(high), low.max(high));
            let (mut bits, mut scalar_bits) = ([0u64; 16], [0u64; 16]);
            compare(width, &packed, low, high, &mut bits);
            Compare { width, packed: &packed, low, span: high - low, out: &mut scalar_bits }.run();
            prop_assert_eq!(bits, scalar_bits);
            for (row, code) in codes.iter().enumerate() {
                prop_assert_eq!(bits[row / 64] >> (row % 64) & 1 == 1, (low..=high).contains(code));
            }
        }
    }
}
