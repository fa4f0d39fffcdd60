//! Groups whose text keys are ids: of texts that come with large dictionaries each is interned once for the whole query, and everything
//! between there and the answers (tables, partitions, files) has 32 bits in its place. Rows that come otherwise are grouped by their texts,
//! unless most rows went by ids so far; which of the two the groups end as is decided at the end, by where most rows went.

use super::shared_groups::SharedGroups;
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::functions::kernel::encoded::dictionary_values;
use crate::operators::group_table::SharedInterner;
use crate::pipeline::MemoryBudget;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stoa_storage::vector::flatten;

/// Groups by ids.
pub(super) struct Interned {
    pub(super) keys: InternedKeys,
    pub(super) shared: Arc<SharedGroups>,
    /// These are the groups to hand out.
    pub(super) holds_result: AtomicBool,
}

impl Interned {
    /// Whether the groups by ids are the ones to hand out.
    pub(super) fn holds_result(&self) -> bool {
        self.holds_result.load(Ordering::Relaxed)
    }

    /// Whether more rows went by ids than by texts so far.
    pub(super) fn has_most_rows(&self, by_texts: &SharedGroups) -> bool {
        self.shared.rows_taken() > by_texts.rows_taken()
    }

    /// Brings groups by ids and groups by texts together; whether as groups by ids.
    ///
    /// # Errors
    /// Those of groups on their way.
    pub(super) fn gather(&self, by_texts: &SharedGroups) -> Result<bool> {
        let holds_result = !self.keys.is_full() && self.shared.rows_taken() >= by_texts.rows_taken();
        let (from, to) = match holds_result {
            true => (by_texts, &*self.shared),
            false => (&*self.shared, by_texts),
        };
        to.send_ascending(false)?;
        from.bring_together()?;
        while let Some((groups, reservation)) = from.take_groups()? {
            drop(reservation);
            let mut states = groups.hand_out()?;
            states.keys = match holds_result {
                true => self.keys.of_columns(&states.keys)?,
                false => self.keys.texts(&states.keys, 0)?.iter().map(flatten).collect(),
            };
            to.merge_states(states)?;
        }
        self.holds_result.store(holds_result, Ordering::Relaxed);
        Ok(holds_result)
    }
}

/// The ids of an aggregation's text keys.
pub(super) struct InternedKeys {
    /// One per key that is a text.
    interners: Vec<Option<Arc<SharedInterner>>>,
    /// Some batch was worth it: all others go by ids, too, if they can.
    has_begun: AtomicBool,
    /// Values of a dictionary that make it worth it.
    values_min: usize,
}

impl InternedKeys {
    /// For an aggregation with text keys. Those that come first may come as ids of another one's.
    pub(super) fn of(
        specification: &AggregateSpecification,
        first: Option<&InternedKeys>,
        values_min: usize,
        memory: &Arc<MemoryBudget>,
    ) -> Option<Self> {
        let types = specification.key_types.iter().enumerate();
        let interner = |(at, data_type)| {
            let known = first.and_then(|first| first.interners.get(at).cloned().flatten());
            is_text(data_type)
                .then(|| known.unwrap_or_else(|| Arc::new(SharedInterner::new(data_type, memory.reservation()))))
        };
        let interners: Vec<_> = types.map(interner).collect();
        interners.iter().any(Option::is_some).then(|| InternedKeys {
            interners,
            has_begun: AtomicBool::new(false),
            values_min,
        })
    }

    /// The aggregation of rows that have ids for texts.
    pub(super) fn specification(&self, specification: &AggregateSpecification) -> AggregateSpecification {
        let types = specification.key_types.iter().zip(&self.interners);
        AggregateSpecification {
            keys: Vec::new(),
            arguments: Vec::new(),
            filters: Vec::new(),
            key_types: types
                .map(|(data_type, interner)| match interner {
                    Some(_) => DataType::UInt32,
                    None => data_type.clone(),
                })
                .collect(),
            calls: specification.calls.clone(),
            sets: specification.sets.clone(),
            ..*specification
        }
    }

    /// The keys of a batch with ids for texts, and `true`; all as texts where that is preferred or ids are not worth it, or there is no room
    /// for more texts. `has_most_rows`: they had better be ids, if they can.
    pub(super) fn of_batch(
        &self,
        keys: &[ArrayRef],
        prefers_texts: bool,
        has_most_rows: bool,
    ) -> Result<(Vec<ArrayRef>, bool)> {
        if prefers_texts || self.is_full() || !(has_most_rows || self.suits(keys)) {
            return Ok((self.texts(keys, 0)?, false));
        }
        self.has_begun.store(true, Ordering::Relaxed);
        Ok((self.of_columns(keys)?, true))
    }

    fn suits(&self, keys: &[ArrayRef]) -> bool {
        let mut is_worth = self.has_begun.load(Ordering::Relaxed);
        for (key, _) in keys
            .iter()
            .zip(&self.interners)
            .filter(|(_, interner)| interner.is_some())
        {
            match (key.data_type(), dictionary_values(key)) {
                (_, Some(values)) => is_worth |= values.len() >= self.values_min,
                (DataType::UInt32, _) => is_worth = true,
                (DataType::RunEndEncoded(_, _), _) => {}
                _ => return false,
            }
        }
        is_worth
    }

    /// Columns that begin with the keys, with ids for texts.
    fn of_columns(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let ids = |(at, column): (usize, &ArrayRef)| match self.interners.get(at) {
            Some(Some(interner)) => interner.ids(column),
            _ => Ok(column.clone()),
        };
        columns.iter().enumerate().map(ids).collect()
    }

    /// Columns that begin with the keys, with texts for ids, but for the first ones.
    pub(super) fn texts(&self, columns: &[ArrayRef], first: usize) -> Result<Vec<ArrayRef>> {
        let texts = |(at, column): (usize, &ArrayRef)| match (self.interners.get(at), column.data_type()) {
            (Some(Some(interner)), DataType::UInt32) if at >= first => interner.values(column),
            _ => Ok(column.clone()),
        };
        columns.iter().enumerate().map(texts).collect()
    }

    /// Leaves nothing of ids but whether they are those of NULL; `first` is the first column's place among the keys.
    pub(super) fn leave_nulls(&self, columns: &mut [ArrayRef], first: usize) {
        for (column, interner) in columns.iter_mut().zip(&self.interners[first..]) {
            if interner.is_some()
                && let Some(ids) = column.as_primitive_opt::<UInt32Type>()
            {
                let present = BooleanBuffer::collect_bool(ids.len(), |row| ids.value(row) != 0);
                *column = Arc::new(BooleanArray::new(present.clone(), Some(NullBuffer::new(present))));
            }
        }
    }

    /// Texts that have ids.
    pub(super) fn text_count(&self) -> usize {
        self.interners
            .iter()
            .flatten()
            .map(|interner| interner.text_count())
            .sum()
    }

    /// Whether there is no room for more texts.
    pub(super) fn is_full(&self) -> bool {
        self.interners.iter().flatten().any(|interner| interner.is_full())
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8View | DataType::BinaryView)
}
