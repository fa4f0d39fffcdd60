//! The left side streams by the table.

use super::left::{SpilledLeft, Turn};
use super::output::{paired, retain_matching};
use super::table::{Cursor, NO_ROW, Pairs, ProbeKeys};
use super::{Built, Join, JoinKeys, Kind, LeftSide};
use crate::error::{Error, Result, SqlState};
use crate::operators::gather::SelectedRows;
use crate::operators::key::{KeyWidth, Keys};
use crate::pipeline::{Stream, Transform};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// Joins what streams by.
pub(crate) struct ProbeTransform {
    pub(crate) join: Arc<Join>,
    pub(crate) left: Arc<LeftSide>,
}

impl Transform for ProbeTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(ProbeStream {
            join: self.join.clone(),
            left: self.left.clone(),
            input,
            current: None,
            spilled: SpilledLeft::new(self.left.clone()),
        }))
    }
}

struct ProbeStream {
    join: Arc<Join>,
    left: Arc<LeftSide>,
    input: Box<dyn Stream>,
    /// The left batch in hand, and the table that it is looked up in.
    current: Option<(Arc<Built>, Current)>,
    /// In use where the right side is on disk.
    spilled: SpilledLeft,
}

impl ProbeStream {
    fn next_turn(&mut self) -> Result<Option<Turn>> {
        let specification = &self.join.specification;
        if self.join.spill.is_used() {
            return self.spilled.next(specification, &self.join.spill, &mut *self.input);
        }
        let built = self.join.built()?;
        if built.row_count == 0 && specification.kind.drops_unmatched_left() {
            return Ok(None);
        }
        Ok(self.input.next()?.map(|batch| Turn::only(built.clone(), batch)))
    }
}

/// A left batch on its way.
struct Current {
    side: Arc<LeftSide>,
    left: SelectedRows,
    probe: ProbeKeys,
    cursor: Cursor,
    /// Selected rows that have a match, where that is asked for.
    matched: Vec<bool>,
    /// Some of them were joined with other right rows before.
    is_continued: bool,
    /// They are not joined with further right rows.
    is_last: bool,
    /// All pairs are found; what is left are rows without a match from this row on.
    unmatched_from: Option<usize>,
}

impl Stream for ProbeStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let join = self.join.clone();
        let kind = join.specification.kind;
        loop {
            join.specification.cancel.check()?;
            let (built, mut current) = match self.current.take() {
                Some(current) => current,
                None => match self.next_turn()? {
                    None => return Ok(None),
                    Some(turn) => (turn.built.clone(), Current::new(&join, self.left.clone(), turn)?),
                },
            };
            let batch = match kind.asks_existence() {
                true => current.existence(&join, &built)?,
                false if kind.only_marks() => current.mark_right(&join, &built)?,
                false => current.next_pairs(&join, &built)?,
            };
            if !current.is_done() {
                self.current = Some((built, current));
            } else if !current.is_last {
                self.spilled.keep_matched(&current.matched);
            }
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }
}

/// Looks rows' keys up. A single key of text that comes with a dictionary smaller than the batch is looked up by its values.
fn look_up(keys: &JoinKeys, columns: Vec<ArrayRef>, row_count: usize, built: &Built) -> Result<ProbeKeys> {
    let present = keys.encoder.present(&columns);
    if let [column] = columns.as_slice()
        && let Some(dictionary) = column.as_dictionary_opt::<UInt32Type>()
        && keys.encoder.width() == KeyWidth::Bytes
        && dictionary.values().len() < row_count
        // A NULL that meets a NULL has no code.
        && (present.is_some() || dictionary.logical_null_count() == 0)
    {
        let values = dictionary.values();
        let values = keys.encoder.encode(std::slice::from_ref(values), values.len())?;
        let codes = dictionary.keys().values().clone();
        return Ok(ProbeKeys::with_codes(
            values,
            Some(codes),
            row_count,
            present,
            &built.table,
        ));
    }
    let encoded = keys.encoder.encode(&columns, row_count)?;
    Ok(ProbeKeys::new(encoded, row_count, present, &built.table))
}

impl Current {
    fn new(join: &Join, side: Arc<LeftSide>, turn: Turn) -> Result<Self> {
        let built = &*turn.built;
        let left = SelectedRows::new(turn.left);
        let count = left.count();
        let probe = match &join.specification.keys {
            None => ProbeKeys::new(Keys::Narrow(Vec::new()), count, None, &built.table),
            Some(keys) => look_up(keys, side.keys.evaluate_encoded(&left.batch)?, count, built)?,
        };
        let notes_matches = join.specification.kind.notes_left_matches();
        Ok(Current {
            side,
            left,
            probe,
            cursor: Cursor::default(),
            is_continued: turn.matched.is_some(),
            is_last: turn.is_last,
            matched: match turn.matched {
                Some(matched) => matched,
                None => vec![false; if notes_matches { count } else { 0 }],
            },
            unmatched_from: None,
        })
    }

    fn is_done(&self) -> bool {
        self.unmatched_from.is_some_and(|from| from >= self.matched.len())
    }

    /// The next pairs, and then left rows without a match; `None` where there were none this time.
    fn next_pairs(&mut self, join: &Join, built: &Built) -> Result<Option<Batch>> {
        let specification = &join.specification;
        let pairs_max = specification.batch_rows.max(1);
        let mut pairs = Pairs::default();
        if self.unmatched_from.is_none() {
            let is_end = built
                .table
                .pairs(&self.probe, &mut self.cursor, pairs_max, None, &mut pairs);
            if let Some(residual) = &self.side.residual {
                retain_matching(residual, &self.left, built, &mut pairs)?;
            }
            built.mark(&pairs.right);
            self.note_matches(&pairs, specification.kind)?;
            if is_end {
                self.unmatched_from = Some(if self.is_last { 0 } else { self.matched.len() });
            }
        }
        if let Some(from) = &mut self.unmatched_from {
            while let Some(matched) = self.matched.get(*from)
                && pairs.left.len() < pairs_max
            {
                if !matched {
                    pairs.left.push(*from as u32);
                    pairs.right.push(NO_ROW);
                }
                *from += 1;
            }
        }
        match pairs.left.is_empty() {
            true => Ok(None),
            false => paired(&self.side, &self.left, built, &pairs).map(Some),
        }
    }

    /// Notes the next right rows that have a match; there is nothing to hand on.
    fn mark_right(&mut self, join: &Join, built: &Built) -> Result<Option<Batch>> {
        let mut pairs = Pairs::default();
        let pairs_max = join.specification.batch_rows.max(1);
        let is_end = built
            .table
            .pairs(&self.probe, &mut self.cursor, pairs_max, None, &mut pairs);
        if let Some(residual) = &self.side.residual {
            pairs.retain_right(|row| !built.is_matched(row as usize));
            retain_matching(residual, &self.left, built, &mut pairs)?;
        }
        built.mark(&pairs.right);
        if is_end {
            self.unmatched_from = Some(self.matched.len());
        }
        Ok(None)
    }

    fn note_matches(&mut self, pairs: &Pairs, kind: Kind) -> Result<()> {
        if self.matched.is_empty() {
            return Ok(());
        }
        for row in &pairs.left {
            let matched = &mut self.matched[*row as usize];
            if *matched && kind == Kind::Single {
                return Err(Error::user(
                    SqlState::CARDINALITY_VIOLATION,
                    "more than one row returned by a subquery used as an expression",
                ));
            }
            *matched = true;
        }
        Ok(())
    }

    /// The answer of a kind that asks only whether there is a match.
    fn existence(&mut self, join: &Join, built: &Built) -> Result<Option<Batch>> {
        let specification = &join.specification;
        let side = self.side.clone();
        self.unmatched_from = Some(self.matched.len());
        match &side.residual {
            None if self.is_continued => {
                let mut matched = vec![false; self.matched.len()];
                built.table.matches(&self.probe, &mut matched);
                let known = self.matched.iter_mut().zip(matched);
                known.for_each(|(known, matched)| *known |= matched);
            }
            None => built.table.matches(&self.probe, &mut self.matched),
            Some(residual) => loop {
                specification.cancel.check()?;
                let mut pairs = Pairs::default();
                let is_end = built.table.pairs(
                    &self.probe,
                    &mut self.cursor,
                    specification.batch_rows.max(1),
                    Some(&self.matched),
                    &mut pairs,
                );
                retain_matching(residual, &self.left, built, &mut pairs)?;
                self.note_matches(&pairs, specification.kind)?;
                if is_end {
                    break;
                }
            },
        }
        if !self.is_last {
            return Ok(None);
        }
        let matched = std::mem::take(&mut self.matched);
        Ok(match specification.kind {
            Kind::Semi => self.selected(&matched),
            Kind::Anti => self.selected(&matched.iter().map(|matched| !matched).collect::<Vec<_>>()),
            Kind::NullAwareAnti => {
                let selected: Vec<bool> = matched
                    .iter()
                    .enumerate()
                    .map(|(row, matched)| match built.has_rows {
                        false => true,
                        true => !built.has_null_key && !matched && self.is_present(row),
                    })
                    .collect();
                self.selected(&selected)
            }
            Kind::Mark { null_aware } => Some(self.marked(&matched, null_aware, built)?),
            _ => None,
        })
    }

    /// Whether a row's key has no NULL.
    fn is_present(&self, row: usize) -> bool {
        self.probe.present.as_ref().is_none_or(|present| present.is_valid(row))
    }

    /// The left batch with only the columns that are handed on.
    fn handed_on(&self) -> Batch {
        let columns = self
            .side
            .output
            .iter()
            .map(|place| self.left.batch.columns[*place].clone());
        Batch {
            columns: columns.collect(),
            row_count: self.left.batch.row_count,
            selection: self.left.batch.selection.clone(),
        }
    }

    /// The left batch with only these of its selected rows; `None` where there are none.
    fn selected(&self, keep: &[bool]) -> Option<Batch> {
        let kept = keep.iter().filter(|keep| **keep).count();
        if kept == 0 {
            return None;
        }
        let mut batch = self.handed_on();
        if kept < keep.len() {
            let mut bits = BooleanBufferBuilder::new(batch.row_count);
            bits.append_n(batch.row_count, false);
            for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
                bits.set_bit(self.left.place(row), true);
            }
            batch.selection = Some(Selection::new(bits.finish()));
            if kept * 4 < batch.row_count {
                batch = batch.compact();
            }
        }
        Some(batch)
    }

    /// The left batch with a column that says whether there is a match.
    fn marked(&self, matched: &[bool], null_aware: bool, built: &Built) -> Result<Batch> {
        let row_count = self.left.batch.row_count;
        let mut values = BooleanBufferBuilder::new(row_count);
        values.append_n(row_count, false);
        let mut known = BooleanBufferBuilder::new(row_count);
        known.append_n(row_count, true);
        for (row, matched) in matched.iter().enumerate() {
            let place = self.left.place(row);
            values.set_bit(place, *matched);
            let is_open = built.has_rows && (built.has_null_key || !self.is_present(row));
            known.set_bit(place, *matched || !null_aware || !is_open);
        }
        let known: BooleanBuffer = known.finish();
        let nulls = Some(NullBuffer::new(known)).filter(|nulls| nulls.null_count() > 0);
        let mark: ArrayRef = Arc::new(BooleanArray::new(values.finish(), nulls));
        let mut batch = self.handed_on();
        batch.columns.push(mark);
        Ok(batch)
    }
}
