//! Differences from the previous value, each vector with its first value, its own reference and width, and its exceptions. For
//! values that mostly ascend: sorted ids, timestamps in order of arrival. Every vector is read alone.
//!
//! ```text
//! delta = (first:i64 reference:i64 header)* vector*           header and vector as in `patched`
//! ```
//! A vector's value `i` is `first` plus the sum of `reference + code` of the places 1 to `i`; the code of place 0 is 0.

use super::cursor::{Cursor, Decoded, malformed};
use super::packing::{self, Uninitialized};
use super::patched::{self, Plan, Vector};
use super::{Encoding, loops};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;

const ENTRY_BYTES: usize = 16 + patched::HEADER_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Delta<'a> {
    entries: &'a [[u8; ENTRY_BYTES]],
    payload: &'a [u8],
}

/// The differences within a vector, what they are stored as differences from, and how.
struct Planned {
    steps: [i64; VECTOR_ROWS],
    reference: i64,
    plan: Plan,
}

/// Steps from the least, and whether some go up and some back.
fn from_least(vector: &[i64]) -> (Planned, bool) {
    let mut steps = [0; VECTOR_ROWS];
    let next = vector.get(1..).unwrap_or_default();
    for ((step, value), next) in steps[1..].iter_mut().zip(vector).zip(next) {
        *step = next.wrapping_sub(*value);
    }
    let (reference, greatest) = match next {
        [] => (0, 0),
        _ => loops::extremes(&steps[1..vector.len()]),
    };
    let plan = plan_from(reference, vector.len(), &mut steps);
    let is_mixed = reference < 0 && greatest > 0;
    (Planned { steps, reference, plan }, is_mixed)
}

/// Most steps are best stored from the least. Where values ascend but for a few that go back, as within the values of a column
/// before them in the sort key, those few are exceptions and all others are stored from 0.
fn planned(vector: &[i64]) -> Planned {
    let (mut planned, is_mixed) = from_least(vector);
    if is_mixed {
        let from_zero = plan_from(0, vector.len(), &mut planned.steps);
        if from_zero.bytes < planned.plan.bytes {
            (planned.reference, planned.plan) = (0, from_zero);
        } else {
            fill(planned.reference, vector.len(), &mut planned.steps);
        }
    }
    planned
}

fn plan_from(reference: i64, length: usize, steps: &mut [i64; VECTOR_ROWS]) -> Plan {
    fill(reference, length, steps);
    patched::plan(steps, reference)
}

/// Puts the reference where there is no step: at the first value and behind the last.
fn fill(reference: i64, length: usize, steps: &mut [i64; VECTOR_ROWS]) {
    steps[0] = reference;
    steps[length..].fill(reference);
}

/// Bytes of one vector, all of whose steps are stored from the least.
pub(super) fn estimate_vector(vector: &[i64]) -> usize {
    ENTRY_BYTES + from_least(vector).0.plan.bytes
}

/// Bytes of one vector.
pub(super) fn estimate_vector_with_steps_back(vector: &[i64]) -> usize {
    ENTRY_BYTES + planned(vector).plan.bytes
}

pub(super) fn encode(lanes: &[i64], out: &mut Vec<u8>) {
    out.push(Encoding::Delta as u8);
    let mut payload = Vec::with_capacity(lanes.len());
    for vector in lanes.chunks(VECTOR_ROWS) {
        let Planned { steps, reference, plan } = planned(vector);
        out.extend_from_slice(&vector[0].to_le_bytes());
        out.extend_from_slice(&reference.to_le_bytes());
        patched::put_header(&plan, payload.len(), out);
        patched::put_vector(&steps, reference, &plan, &mut payload);
    }
    out.extend_from_slice(&payload);
}

impl<'a> Delta<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let entries = cursor.take(row_count.div_ceil(VECTOR_ROWS) * ENTRY_BYTES)?;
        Ok(Delta {
            entries: entries.as_chunks().0,
            payload: cursor.rest(),
        })
    }

    pub(super) fn read_vector<O: LaneValue>(&self, vector: usize, out: &mut Uninitialized<O>) -> Decoded<()> {
        let Some(entry) = self.entries.get(vector) else {
            return malformed(format!("no vector {vector}"));
        };
        let (words, _) = entry.as_chunks::<8>();
        let [first, reference, header] = words else {
            return malformed("an entry of another size");
        };
        let (first, reference) = (i64::from_le_bytes(*first), i64::from_le_bytes(*reference));
        let vector = Vector::find(*header, self.payload)?;
        let mut codes = packing::uninitialized::<i64>();
        packing::unpack(vector.width, vector.packed, reference, &mut codes);
        vector.for_each_exception(|position, code| {
            codes[position].write(reference.wrapping_add(code as i64));
        });
        // SAFETY: `unpack` wrote every place.
        let steps = unsafe { packing::initialized(&codes) };
        loops::running_sum(first.wrapping_sub(reference), steps, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(lanes: &[i64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(lanes, &mut bytes);
        let stored = Delta::parse(Cursor::new(&bytes[1..]), lanes.len()).unwrap();
        for (number, vector) in lanes.chunks(VECTOR_ROWS).enumerate() {
            let mut read = packing::uninitialized::<i64>();
            stored.read_vector(number, &mut read).unwrap();
            // SAFETY: `read_vector` wrote every place.
            let read = unsafe { packing::initialized(&read) };
            assert_eq!(&read[..vector.len()], vector);
        }
        bytes
    }

    #[test]
    fn steps_back_are_exceptions() {
        let within_day = |row: i64| row % 700 * 5_000 + row % 3;
        let lanes: Vec<i64> = (0..20 * VECTOR_ROWS as i64).map(within_day).collect();
        let bits = bytes_of(&lanes).len() * 8 / lanes.len();
        assert!(bits < 14, "{bits} bits for steps below 8,192");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn any_steps_come_back(
            first: i64,
            steps in prop::collection::vec((0i64..5_000, prop::option::weighted(0.02, any::<i64>())), 1..2_500),
        ) {
            let mut value = first;
            let lanes: Vec<i64> = steps
                .iter()
                .map(|(step, far)| {
                    value = value.wrapping_add(far.unwrap_or(*step));
                    value
                })
                .collect();
            bytes_of(&lanes);
        }
    }
}
