//! `approx_count_distinct`: exact up to 256 distinct values per group, beyond that a HyperLogLog sketch of 4,096 registers with a
//! standard error of 1.6 percent.

use super::rows::{counting_rows, grow, visit};
use super::signature::aggregate;
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::operators::key::{KeyEncoder, KeyField};
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryViewArray, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&APPROX_COUNT_DISTINCT];

static APPROX_COUNT_DISTINCT: AggregateFunction = AggregateFunction {
    info: || aggregate("approx_count_distinct", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "About how many distinct values there are that are not NULL: exact up to 256, then with a standard error of 1.6 percent.",
        example: "approx_count_distinct(x)",
        result: "3",
    },
    accumulator: |binding: &AggregateBinding| {
        let field = KeyField::without_nulls(array_type(&binding.argument_types[0]));
        Ok(Box::new(ApproximateCount {
            keys: KeyEncoder::new(vec![field])?,
            sketches: Vec::new(),
            bytes: 0,
        }))
    },
    summary: None,
};

const SIGNATURES: &[Signature] = &[Signature {
    parameters: &[Parameter::Any],
    variadic: false,
    returns: |_| LogicalType::BigInt,
}];

struct ApproximateCount {
    keys: KeyEncoder,
    sketches: Vec<Sketch>,
    bytes: usize,
}

/// Distinct hashes, or what is left of them.
#[derive(Clone)]
enum Sketch {
    /// Sorted.
    Exact(Vec<u64>),
    Registers(Box<[u8; REGISTERS]>),
}

const EXACT_MAX: usize = 256;
const REGISTER_BITS: u32 = 12;
const REGISTERS: usize = 1 << REGISTER_BITS;

impl Sketch {
    fn add(&mut self, hash: u64) {
        match self {
            Sketch::Exact(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else {
                    return;
                };
                hashes.insert(place, hash);
                if hashes.len() > EXACT_MAX {
                    let mut registers = Box::new([0; REGISTERS]);
                    hashes.iter().for_each(|hash| raise(&mut registers, *hash));
                    *self = Sketch::Registers(registers);
                }
            }
            Sketch::Registers(registers) => raise(registers, hash),
        }
    }

    fn memory_bytes(&self) -> usize {
        match self {
            Sketch::Exact(hashes) => hashes.capacity() * size_of::<u64>(),
            Sketch::Registers(_) => REGISTERS,
        }
    }

    fn count(&self) -> i64 {
        match self {
            Sketch::Exact(hashes) => hashes.len() as i64,
            Sketch::Registers(registers) => estimate(registers),
        }
    }

    /// Registers as they are; hashes 8 bytes each.
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Sketch::Exact(hashes) => hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect(),
            Sketch::Registers(registers) => registers.to_vec(),
        }
    }

    fn merge(&mut self, bytes: &[u8]) {
        if bytes.len() < REGISTERS {
            for hash in bytes.chunks_exact(8) {
                self.add(u64::from_le_bytes(hash.try_into().unwrap_or_default()));
            }
            return;
        }
        let mut registers = match std::mem::replace(self, Sketch::Exact(Vec::new())) {
            Sketch::Registers(registers) => registers,
            Sketch::Exact(hashes) => {
                let mut registers = Box::new([0; REGISTERS]);
                hashes.iter().for_each(|hash| raise(&mut registers, *hash));
                registers
            }
        };
        for (register, other) in registers.iter_mut().zip(bytes) {
            *register = (*register).max(*other);
        }
        *self = Sketch::Registers(registers);
    }
}

// 256 hashes take 2,048 bytes and registers 4,096, so that a state's length tells what it is.
const _: () = assert!(EXACT_MAX * 8 < REGISTERS);

/// Hashes that serve tables spread consecutive integers more evenly than chance would; sketches count on chance.
fn scatter(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn raise(registers: &mut [u8; REGISTERS], hash: u64) {
    let place = (hash >> (u64::BITS - REGISTER_BITS)) as usize;
    let rank = ((hash << REGISTER_BITS) | 1 << (REGISTER_BITS - 1)).leading_zeros() as u8 + 1;
    registers[place] = registers[place].max(rank);
}

fn estimate(registers: &[u8; REGISTERS]) -> i64 {
    let count = REGISTERS as f64;
    let harmonic: f64 = registers.iter().map(|rank| 0.5f64.powi(i32::from(*rank))).sum();
    let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / harmonic;
    let empty = registers.iter().filter(|rank| **rank == 0).count() as f64;
    let estimate = match raw <= 2.5 * count && empty > 0.0 {
        true => count * (count / empty).ln(),
        false => raw,
    };
    estimate.round() as i64
}

impl ApproximateCount {
    fn grow(&mut self, group_count: usize) {
        grow(&mut self.sketches, group_count, Sketch::Exact(Vec::new()));
    }
}

impl Accumulator for ApproximateCount {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        self.grow(group_count);
        let mask = counting_rows(&arguments[..1], selection);
        let hashes = self.keys.encode(&arguments[..1], groups.row_count())?.hashes();
        let (sketches, bytes) = (&mut self.sketches, &mut self.bytes);
        visit(groups, mask.as_ref(), |group, row| {
            let sketch = &mut sketches[group];
            let before = sketch.memory_bytes();
            sketch.add(scatter(hashes[row]));
            *bytes = *bytes + sketch.memory_bytes() - before;
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.grow(group_count);
        let states = states[0].as_binary_view();
        let (sketches, bytes) = (&mut self.sketches, &mut self.bytes);
        visit(groups, None, |group, row| {
            let before = sketches[group].memory_bytes();
            sketches[group].merge(states.value(row));
            *bytes = *bytes + sketches[group].memory_bytes() - before;
        });
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::BinaryView]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.grow(group_count);
        self.bytes = 0;
        let sketches = std::mem::take(&mut self.sketches);
        let states = BinaryViewArray::from_iter_values(sketches.iter().map(Sketch::to_bytes));
        Ok(vec![Arc::new(states)])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        self.grow(group_count);
        self.bytes = 0;
        let sketches = std::mem::take(&mut self.sketches);
        Ok(Arc::new(Int64Array::from_iter_values(
            sketches.iter().map(Sketch::count),
        )))
    }

    fn memory_bytes(&self) -> usize {
        self.sketches.capacity() * size_of::<Sketch>() + self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::key::hash_narrow;

    #[test]
    fn sketches_are_exact_below_their_limit_and_close_above_and_merge() {
        for count in [0u64, 1, 200, 256, 1_000, 20_000, 300_000] {
            let mut halves = [Sketch::Exact(Vec::new()), Sketch::Exact(Vec::new())];
            for value in 0..count {
                halves[(value % 2) as usize].add(scatter(hash_narrow(value)));
                halves[0].add(scatter(hash_narrow(value)));
            }
            let [mut all, half] = halves;
            all.merge(&half.to_bytes());
            let error = (all.count() as f64 - count as f64).abs();
            let allowed = if count <= 256 { 0.0 } else { count as f64 * 0.06 };
            assert!(error <= allowed, "{count}: {}", all.count());
        }
    }
}
