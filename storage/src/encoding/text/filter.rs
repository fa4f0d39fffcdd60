//! Conditions on text: by lengths alone where they decide, by one search over a frame's bytes for what lies inside values, else
//! value by value, and only in frames with a selected row.

use super::{Piece, Text};
use crate::encoding::cursor::{Decoded, malformed};
use crate::vector::filter::BytesTest;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use memchr::memmem::Finder;
use std::ops::Range;

impl Text<'_> {
    /// One bit per row: whether its value passes and it is selected.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &BytesTest,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        if selection.len() != rows.len() {
            return malformed(format!("a selection of {} for {} rows", selection.len(), rows.len()));
        }
        let equality = Equality::of(test);
        let mut builder = BooleanBufferBuilder::new(rows.len());
        self.visit(rows, |offset, piece| {
            let selected = selection.slice(offset, piece.rows.len());
            if !selected.has_true() {
                builder.append_n(piece.rows.len(), false);
                return Ok(());
            }
            let passing = match (&equality, test) {
                (Some(equality), _) => equality.filter(&piece, &selected)?,
                (None, BytesTest::Contains(finder)) => contains(&piece, finder)?,
                _ => each(&piece, &selected, |value| test.passes(value))?,
            };
            builder.append_buffer(&(&passing & &selected));
            Ok(())
        })?;
        Ok(builder.finish())
    }
}

/// Tests the selected values one by one.
fn each(piece: &Piece<'_, '_>, selected: &BooleanBuffer, passes: impl Fn(&[u8]) -> bool) -> Decoded<BooleanBuffer> {
    let bytes = piece.bytes()?;
    let places = piece.places();
    Ok(BooleanBuffer::collect_bool(selected.len(), |row| {
        selected.value(row) && passes(&bytes[places[row]..places[row + 1]])
    }))
}

/// Searches all bytes at once and maps hits to the values they lie in.
fn contains(piece: &Piece<'_, '_>, finder: &Finder<'static>) -> Decoded<BooleanBuffer> {
    let places = piece.places();
    let row_count = places.len() - 1;
    let needle_bytes = finder.needle().len();
    if needle_bytes == 0 {
        return Ok(BooleanBuffer::new_set(row_count));
    }
    let bytes = piece.bytes()?;
    let end = places[row_count];
    let mut builder = BooleanBufferBuilder::new(row_count);
    builder.append_n(row_count, false);
    let (mut at, mut row) = (places[0], 0);
    while at < end {
        let Some(hit) = finder.find(&bytes[at..end]) else {
            break;
        };
        let hit = at + hit;
        row += places[row + 1..].partition_point(|place| *place <= hit);
        // What begins in one value and ends in the next is in neither.
        if hit + needle_bytes <= places[row + 1] {
            builder.set_bit(row, true);
            at = places[row + 1];
        } else {
            at = hit + 1;
        }
    }
    Ok(builder.finish())
}

/// A test for or against being one of some values: their lengths decide most rows.
struct Equality<'t> {
    values: &'t [Vec<u8>],
    passes_if_found: bool,
}

impl<'t> Equality<'t> {
    fn of(test: &'t BytesTest) -> Option<Self> {
        let (values, passes_if_found) = match test {
            BytesTest::In(values) => (values.as_slice(), true),
            BytesTest::NotIn(values) => (values.as_slice(), false),
            BytesTest::NotEqual(value) => (std::slice::from_ref(value), false),
            BytesTest::Range {
                lower: Some((lower, true)),
                upper: Some((upper, true)),
            } if lower == upper => (std::slice::from_ref(lower), true),
            _ => return None,
        };
        Some(Equality {
            values,
            passes_if_found,
        })
    }

    fn filter(&self, piece: &Piece<'_, '_>, selected: &BooleanBuffer) -> Decoded<BooleanBuffer> {
        let places = piece.places();
        let mut lengths: Vec<usize> = self.values.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let candidates = BooleanBuffer::collect_bool(selected.len(), |row| {
            let length = places[row + 1] - places[row];
            match lengths.as_slice() {
                [only] => length == *only,
                lengths => lengths.binary_search(&length).is_ok(),
            }
        });
        let candidates = &candidates & selected;
        let found = if lengths == [0] || !candidates.has_true() {
            candidates
        } else {
            let find = |value: &[u8]| match self.values {
                [only] => value == only.as_slice(),
                values => values.binary_search_by(|probe| probe.as_slice().cmp(value)).is_ok(),
            };
            each(piece, &candidates, find)?
        };
        Ok(if self.passes_if_found { found } else { !&found })
    }
}
