//! Distinct values to dense ids from 1, and back; 0 is NULL. Texts and bytes by their views, 128-bit values as integers, anything
//! else by its row encoding.

use super::KeyFacts;
use super::read_ahead::read_ahead;
use super::rows::view_hash;
use crate::error::{Error, Result};
use crate::operators::gather::column_bytes;
use crate::operators::key::{KeyEncoder, KeyField, Keys, hash_bytes, hash_wide, interval_nanoseconds};
use crate::operators::spill::compacted;
use arrow_array::builder::make_view;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, FixedSizeBinaryArray, PrimitiveArray, StringViewArray, UInt32Array,
};
use arrow_buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::collections::HashMap;
use std::sync::Arc;

/// A table of (lower half of the hash, id); 0 is a free slot.
#[derive(Default)]
struct IdTable {
    slots: Vec<(u32, u32)>,
    used: usize,
}

impl IdTable {
    /// Makes room for so many more values, and looks at the slots of their hashes.
    fn prepare(&mut self, hashes: &[u64]) {
        self.reserve(hashes.len());
        read_ahead(&self.slots, hashes.iter().copied());
    }

    /// Makes room for so many more values.
    fn reserve(&mut self, count: usize) {
        while (self.used + count) * 8 > self.slots.len() * 5 {
            self.grow();
        }
    }

    /// The id of the first value that hashes alike.
    #[inline(always)]
    fn candidate(&self, hash: u64) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let hash = hash as u32;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => return None,
                (known, id) if known == hash => return Some(id),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The id of a value that hashes like this, by `is_same`; where there is none, `new_id` becomes its id.
    #[inline(always)]
    fn find_or_insert(&mut self, hash: u64, new_id: u32, is_same: impl Fn(u32) -> bool) -> u32 {
        if (self.used + 1) * 8 > self.slots.len() * 5 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let hash = hash as u32;
        let mut at = hash as usize & mask;
        loop {
            let (known, id) = self.slots[at];
            if id == 0 {
                self.slots[at] = (hash, new_id);
                self.used += 1;
                return new_id;
            }
            if known == hash && is_same(id) {
                return id;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![(0, 0); (self.slots.len() * 2).max(64)];
        let mask = larger.len() - 1;
        for (hash, id) in std::mem::replace(&mut self.slots, larger) {
            if id == 0 {
                continue;
            }
            let mut at = hash as usize & mask;
            while self.slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = (hash, id);
        }
    }

    fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u32, u32)>()
    }
}

/// Rows that are brought near at once.
pub(super) const CHUNK_ROWS: usize = 64;

/// Values that are near anyway, where they were copied.
const FEW_VALUES: usize = 4096;

/// Bytes of the first block of long values, and of any; each is four times as large as the one before.
const BLOCK_BYTES_MIN: usize = 16 << 10;
const BLOCK_BYTES_MAX: usize = 1 << 20;

/// Texts or byte strings.
#[derive(Default)]
pub(super) struct TextInterner {
    table: IdTable,
    /// Of id 1 and so on; they point into the blocks.
    views: Vec<u128>,
    blocks: Vec<Buffer>,
    /// Of blocks that nobody else holds.
    block_bytes: usize,
    /// Where the blocks of each column begin whose values stay where they are.
    adopted: Vec<usize>,
    /// Of values that stay where they are.
    staying_bytes: usize,
    /// The block that is being filled.
    current: Vec<u8>,
    /// All values lie near one another.
    are_near: bool,
}

impl TextInterner {
    /// An id per row of a plain column.
    pub(super) fn ids(&mut self, array: &ArrayRef, facts: KeyFacts<'_>) -> Vec<u32> {
        let (views, buffers) = text_views(array);
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let adopted = facts.texts_stay.then(|| self.adopt(buffers));
        let mut ids = Vec::with_capacity(views.len());
        let mut computed = Vec::with_capacity(CHUNK_ROWS);
        for views in views.chunks(CHUNK_ROWS) {
            let first = ids.len();
            let hashes = match facts.hashes {
                Some(hashes) => &hashes[first..first + views.len()],
                None => {
                    computed.clear();
                    computed.extend(views.iter().map(|view| view_hash(*view, buffers)));
                    &computed
                }
            };
            self.prepare(hashes, views.iter().copied(), buffers);
            for (at, (view, hash)) in views.iter().zip(hashes).enumerate() {
                let is_null = nulls.is_some_and(|nulls| nulls.is_null(first + at));
                ids.push(if is_null {
                    0
                } else {
                    self.id(*view, *hash, buffers, adopted)
                });
            }
        }
        ids
    }

    /// Makes room for so many values that lie near one another, whose bytes need not be read ahead.
    pub(super) fn reserve_near(&mut self, count: usize) {
        self.are_near = true;
        self.table.reserve(count);
        self.views.reserve(count);
    }

    /// Distinct values so far.
    pub(super) fn text_count(&self) -> usize {
        self.views.len()
    }

    /// Makes room for more values, and reads those that hash like known ones, and these: reads that do not depend on each other take
    /// little longer than one.
    pub(super) fn prepare(&mut self, hashes: &[u64], views: impl Iterator<Item = u128>, buffers: &[Buffer]) {
        self.table.prepare(hashes);
        if self.are_near || self.views.len() < FEW_VALUES && self.adopted.is_empty() {
            return;
        }
        let mut near = 0;
        for (hash, view) in hashes.iter().zip(views) {
            if view as u32 > VIEW_INLINE_MAX
                && let Some(known) = self.table.candidate(*hash).map(|id| self.views[id as usize - 1])
                && known as u32 > VIEW_INLINE_MAX
            {
                let known = bytes_of(known, &self.blocks, &self.current);
                let bytes = view_bytes(view, buffers);
                near ^= known[0] ^ known[known.len() - 1] ^ bytes[0] ^ bytes[bytes.len() - 1];
            }
        }
        std::hint::black_box(near);
    }

    /// Holds on to the buffers of a column, so that its values need not be copied; where they are among the blocks.
    pub(super) fn adopt(&mut self, buffers: &[Buffer]) -> usize {
        let is_known = |first: &&usize| {
            let known = self.blocks.get(**first..**first + buffers.len()).unwrap_or_default();
            known.len() == buffers.len() && known.iter().zip(buffers).all(|(known, buffer)| is_same(known, buffer))
        };
        if let Some(first) = self.adopted.iter().rev().find(is_known) {
            return *first;
        }
        self.close_block();
        self.adopted.push(self.blocks.len());
        self.blocks.extend(buffers.iter().cloned());
        self.blocks.len() - buffers.len()
    }

    /// The id of a value; where it is new, it is copied, or stays in the buffers that were [adopted](Self::adopt) there.
    #[inline]
    pub(super) fn id(&mut self, view: u128, hash: u64, buffers: &[Buffer], adopted: Option<usize>) -> u32 {
        let new_id = self.views.len() as u32 + 1;
        let (views, blocks, current) = (&self.views, &self.blocks, &self.current);
        let is_short = view as u32 <= VIEW_INLINE_MAX;
        let id = self.table.find_or_insert(hash, new_id, |id| {
            let known = views[id as usize - 1];
            // A short value is all in its view; a long one has its length and first bytes there.
            if is_short || known as u64 != view as u64 {
                return known == view;
            }
            bytes_of(known, blocks, current) == view_bytes(view, buffers)
        });
        if id == new_id {
            let stored = match adopted {
                _ if is_short => view,
                Some(first) => {
                    self.staying_bytes += view as u32 as usize;
                    in_block(view, block_of(view) + first)
                }
                None => self.store(view_bytes(view, buffers)),
            };
            self.views.push(stored);
        }
        id
    }

    /// Copies a long value into a block.
    #[cold]
    fn store(&mut self, bytes: &[u8]) -> u128 {
        if self.current.len() + bytes.len() > self.current.capacity() {
            let larger = (self.current.capacity() * 4).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
            self.close_block();
            self.current.reserve_exact(larger.max(bytes.len()));
        }
        let (block, offset) = (self.blocks.len() as u32, self.current.len() as u32);
        self.current.extend_from_slice(bytes);
        make_view(bytes, block, offset)
    }

    /// The values of ids.
    pub(super) fn values(&self, ids: impl Iterator<Item = u32>, data_type: &DataType) -> ArrayRef {
        let mut valid = Vec::new();
        let views: ScalarBuffer<u128> = ids
            .map(|id| {
                valid.push(id > 0);
                if id == 0 { 0 } else { self.views[id as usize - 1] }
            })
            .collect();
        let mut blocks = self.blocks.clone();
        if !self.current.is_empty() {
            blocks.push(Buffer::from_slice_ref(&self.current));
        }
        let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
        // SAFETY: the views are those of values, and of the empty text for NULL; the blocks are the ones that they point into.
        unsafe { view_array(data_type, views, blocks, nulls) }
    }

    /// The values of several interners, each one's in the order of their ids, as one column.
    pub(super) fn all_values<'i>(interners: impl Iterator<Item = &'i mut Self>, data_type: &DataType) -> ArrayRef {
        let (mut views, mut blocks, mut places) = (Vec::new(), Vec::new(), HashMap::new());
        for interner in interners {
            interner.close_block();
            // A block that several have adopted is there once.
            let place = |block: &Buffer| {
                *places.entry((block.as_ptr(), block.len())).or_insert_with(|| {
                    blocks.push(block.clone());
                    blocks.len() - 1
                })
            };
            let of_blocks: Vec<usize> = interner.blocks.iter().map(place).collect();
            views.extend(interner.views.iter().map(|view| match *view as u32 <= VIEW_INLINE_MAX {
                true => *view,
                false => in_block(*view, of_blocks[block_of(*view)]),
            }));
        }
        // SAFETY: the views are those of values, each with the place of its block among all.
        unsafe { view_array(data_type, views.into(), blocks, None) }
    }

    fn close_block(&mut self) {
        if !self.current.is_empty() {
            // What it has room for stays allocated.
            self.block_bytes += self.current.capacity();
            self.blocks.push(Buffer::from_vec(std::mem::take(&mut self.current)));
        }
    }

    /// Bytes held, but for those of values that stay where they are.
    pub(super) fn memory_bytes(&self) -> usize {
        self.table.memory_bytes() + self.views.capacity() * 16 + self.block_bytes + self.current.capacity()
    }

    /// Bytes of values that stay where they are.
    pub(super) fn staying_bytes(&self) -> usize {
        self.staying_bytes
    }
}

/// Single values, copied out of their interners.
#[derive(Default)]
pub(super) struct Copies {
    views: Vec<u128>,
    valid: Vec<bool>,
    blocks: Vec<Buffer>,
    current: Vec<u8>,
}

impl Copies {
    pub(super) fn push_null(&mut self) {
        self.views.push(0);
        self.valid.push(false);
    }

    /// The value with a place among an interner's.
    pub(super) fn push(&mut self, interner: &TextInterner, place: usize) {
        let view = interner.views[place];
        let copy = match view as u32 <= VIEW_INLINE_MAX {
            true => view,
            false => self.copy(bytes_of(view, &interner.blocks, &interner.current)),
        };
        self.views.push(copy);
        self.valid.push(true);
    }

    fn copy(&mut self, bytes: &[u8]) -> u128 {
        if self.current.len() + bytes.len() > i32::MAX as usize {
            self.close_block();
        }
        let view = make_view(bytes, self.blocks.len() as u32, self.current.len() as u32);
        self.current.extend_from_slice(bytes);
        view
    }

    fn close_block(&mut self) {
        self.blocks.push(Buffer::from_vec(std::mem::take(&mut self.current)));
    }

    pub(super) fn finish(mut self, data_type: &DataType) -> ArrayRef {
        self.close_block();
        let nulls = Some(NullBuffer::from(self.valid)).filter(|nulls| nulls.null_count() > 0);
        // SAFETY: the views are those of values, and of the empty text for NULL; the blocks are the ones that they point into.
        unsafe { view_array(data_type, self.views.into(), self.blocks, nulls) }
    }
}

/// The views of a plain column of texts or bytes, and what they point into.
pub(super) fn text_views(array: &ArrayRef) -> (&[u128], &[Buffer]) {
    match array.data_type() {
        DataType::Utf8View => {
            let array = array.as_string_view();
            (array.views(), array.data_buffers())
        }
        _ => {
            let array = array.as_binary_view();
            (array.views(), array.data_buffers())
        }
    }
}

/// Texts or bytes as a column.
///
/// # Safety
/// The views are those of values that an array of this type had, their places apart; these are where the values are in the blocks.
unsafe fn view_array(
    data_type: &DataType,
    views: ScalarBuffer<u128>,
    blocks: Vec<Buffer>,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    match data_type {
        // SAFETY: the caller's.
        DataType::Utf8View => Arc::new(unsafe { StringViewArray::new_unchecked(views, blocks, nulls) }),
        // SAFETY: the caller's.
        _ => Arc::new(unsafe { BinaryViewArray::new_unchecked(views, blocks, nulls) }),
    }
}

/// Whether two buffers are the same bytes in the same place.
pub(super) fn is_same(left: &Buffer, right: &Buffer) -> bool {
    left.as_ptr() == right.as_ptr() && left.len() == right.len()
}

/// The block of a long value.
#[inline(always)]
fn block_of(view: u128) -> usize {
    (view >> 64) as u32 as usize
}

/// The view of the same long value in another block.
#[inline(always)]
fn in_block(view: u128, block: usize) -> u128 {
    view & !(u128::from(u32::MAX) << 64) | (block as u128) << 64
}

/// The longest value that is all in its view.
pub(super) const VIEW_INLINE_MAX: u32 = 12;

/// The bytes of a long value.
#[inline]
pub(super) fn view_bytes(view: u128, buffers: &[Buffer]) -> &[u8] {
    let (length, block, offset) = (
        view as u32 as usize,
        (view >> 64) as u32 as usize,
        (view >> 96) as usize,
    );
    &buffers[block][offset..offset + length]
}

#[inline]
fn bytes_of<'a>(view: u128, blocks: &'a [Buffer], current: &'a [u8]) -> &'a [u8] {
    let (length, block, offset) = (
        view as u32 as usize,
        (view >> 64) as u32 as usize,
        (view >> 96) as usize,
    );
    let block = blocks.get(block).map_or(current, |block| block.as_slice());
    &block[offset..offset + length]
}

/// Values of 128 bits. Intervals that compare equal ('1 month', '30 days') are one, and stay as the first was written.
#[derive(Default)]
pub(super) struct WideInterner {
    table: IdTable,
    keys: Vec<i128>,
    intervals: Vec<arrow_buffer::IntervalMonthDayNano>,
}

impl WideInterner {
    /// An id per row of a plain column.
    pub(super) fn ids(&mut self, array: &ArrayRef) -> Result<Vec<u32>> {
        let nulls = array.nulls();
        Ok(match array.data_type() {
            DataType::Decimal128(_, _) => {
                let values = array.as_primitive::<Decimal128Type>().values();
                self.intern(values.iter().copied(), nulls)
            }
            DataType::FixedSizeBinary(16) => {
                let values = array.as_fixed_size_binary();
                let values =
                    (0..values.len()).map(|row| i128::from_be_bytes(values.value(row).try_into().unwrap_or_default()));
                self.intern(values, nulls)
            }
            DataType::Interval(_) => {
                let values = array.as_primitive::<IntervalMonthDayNanoType>().values();
                let before = self.keys.len() as u32;
                let ids = self.intern(values.iter().map(|value| interval_nanoseconds(*value)), nulls);
                let mut newest = before;
                for (id, value) in ids.iter().zip(values) {
                    if *id > newest {
                        self.intervals.push(*value);
                        newest = *id;
                    }
                }
                ids
            }
            other => return Err(Error::Internal(format!("a 128-bit key of {other}"))),
        })
    }

    fn intern(&mut self, values: impl Iterator<Item = i128>, nulls: Option<&NullBuffer>) -> Vec<u32> {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        let id_of = |(row, value): (usize, i128)| {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return 0;
            }
            let new_id = self.keys.len() as u32 + 1;
            let keys = &self.keys;
            let id = self
                .table
                .find_or_insert(hash_wide(value as u128), new_id, |id| keys[id as usize - 1] == value);
            if id == new_id {
                self.keys.push(value);
            }
            id
        };
        values.enumerate().map(id_of).collect()
    }

    /// The values of ids.
    pub(super) fn values(&self, ids: impl Iterator<Item = u32>, data_type: &DataType) -> Result<ArrayRef> {
        let places = ids.map(|id| (id > 0).then(|| id as usize - 1));
        Ok(match data_type {
            DataType::Decimal128(_, _) => {
                let values = places.map(|place| place.map(|place| self.keys[place]));
                let values: PrimitiveArray<Decimal128Type> = values.collect();
                Arc::new(values.with_data_type(data_type.clone()))
            }
            DataType::Interval(_) => {
                let values = places.map(|place| place.map(|place| self.intervals[place]));
                Arc::new(values.collect::<PrimitiveArray<IntervalMonthDayNanoType>>())
            }
            _ => {
                let values = places.map(|place| place.map(|place| self.keys[place].to_be_bytes()));
                Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, 16)?)
            }
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.table.memory_bytes() + (self.keys.capacity() + self.intervals.capacity()) * 16
    }
}

/// Values of any type.
pub(super) struct EncodedInterner {
    encoder: KeyEncoder,
    data_type: DataType,
    table: IdTable,
    /// Ends of the encoded values.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    /// The values themselves, in pieces.
    values: Vec<ArrayRef>,
    value_bytes: usize,
}

impl EncodedInterner {
    pub(super) fn new(data_type: &DataType) -> Result<Self> {
        Ok(EncodedInterner {
            encoder: KeyEncoder::new_bytes(vec![KeyField::equality(data_type.clone())])?,
            data_type: data_type.clone(),
            table: IdTable::default(),
            ends: Vec::new(),
            bytes: Vec::new(),
            values: Vec::new(),
            value_bytes: 0,
        })
    }

    /// An id per row of a plain column.
    pub(super) fn ids(&mut self, array: &ArrayRef) -> Result<Vec<u32>> {
        let Keys::Bytes(rows) = self.encoder.encode(std::slice::from_ref(array), array.len())? else {
            return Err(Error::Internal(
                "keys that are not the bytes that were asked for".into(),
            ));
        };
        let nulls = array.logical_nulls();
        let mut new_rows: Vec<u32> = Vec::new();
        let mut ids = Vec::with_capacity(array.len());
        for row in 0..array.len() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                ids.push(0);
                continue;
            }
            let key = rows.row(row);
            let key = key.data();
            let new_id = self.ends.len() as u32 + 1;
            let (ends, bytes) = (&self.ends, &self.bytes);
            let id = self.table.find_or_insert(hash_bytes(key), new_id, |id| {
                let start = if id == 1 { 0 } else { ends[id as usize - 2] };
                &bytes[start..ends[id as usize - 1]] == key
            });
            if id == new_id {
                self.bytes.extend_from_slice(key);
                self.ends.push(self.bytes.len());
                new_rows.push(row as u32);
            }
            ids.push(id);
        }
        if !new_rows.is_empty() {
            let values = compacted(&arrow_select::take::take(array, &UInt32Array::from(new_rows), None)?);
            self.value_bytes += column_bytes(&values);
            self.values.push(values);
        }
        Ok(ids)
    }

    /// The values of ids.
    pub(super) fn values(&self, ids: impl Iterator<Item = u32>) -> Result<ArrayRef> {
        let rows: UInt32Array = ids.map(|id| (id > 0).then(|| id - 1)).collect();
        if self.values.is_empty() {
            return Ok(arrow_array::new_null_array(&self.data_type, rows.len()));
        }
        let pieces: Vec<&dyn Array> = self.values.iter().map(|piece| &**piece).collect();
        let values = arrow_select::concat::concat(&pieces)?;
        Ok(arrow_select::take::take(&values, &rows, None)?)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.table.memory_bytes() + self.ends.capacity() * 8 + self.bytes.capacity() + self.value_bytes
    }
}
