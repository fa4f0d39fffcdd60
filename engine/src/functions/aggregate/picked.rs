//! One row kept per group: the first, the last, or the one with the smallest or largest key.

use super::rows::{grow, visit};
use crate::error::Result;
use crate::functions::Groups;
use arrow_array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;

/// Where a group's row is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    piece: u32,
    row: u32,
}

/// The row that a group has while another one is offered.
pub(super) enum Held<'a> {
    /// None yet.
    Nothing,
    /// One of those that are offered now.
    Offered(usize),
    /// One of earlier ones: columns, and its place in them.
    Earlier(&'a [ArrayRef], usize),
}

/// Rows kept, by group.
pub(super) struct PickedRows {
    types: Vec<DataType>,
    places: Vec<Option<Place>>,
    /// Pieces of rows, a list of columns each.
    pieces: Vec<Vec<ArrayRef>>,
    /// Rows in all pieces; many may have been replaced.
    kept_rows: usize,
    bytes: usize,
}

/// Rows that may be kept in vain before they are dropped.
const STALE_ROWS_MAX: usize = 64 * 1024;

impl PickedRows {
    /// Rows of these plain types.
    pub(super) fn new(types: Vec<DataType>) -> Self {
        PickedRows {
            types,
            places: Vec::new(),
            pieces: Vec::new(),
            kept_rows: 0,
            bytes: 0,
        }
    }

    /// Offers rows. `is_better` is asked, row by row, whether to take a row of a group; it hears which one the group has.
    pub(super) fn offer(
        &mut self,
        columns: &[ArrayRef],
        groups: Groups<'_>,
        mask: Option<&BooleanBuffer>,
        group_count: usize,
        mut is_better: impl FnMut(usize, usize, Held<'_>) -> bool,
    ) -> Result<()> {
        grow(&mut self.places, group_count, None);
        let piece = self.pieces.len() as u32;
        // First the places in the batch; only the rows that are left at its end are taken out of it.
        let mut touched: Vec<u32> = Vec::new();
        visit(groups, mask, |group, row| {
            let place = &mut self.places[group];
            let held = match place {
                None => Held::Nothing,
                Some(place) => match self.pieces.get(place.piece as usize) {
                    None => Held::Offered(place.row as usize),
                    Some(columns) => Held::Earlier(columns, place.row as usize),
                },
            };
            if is_better(group, row, held) {
                if place.is_none_or(|place| place.piece != piece) {
                    touched.push(group as u32);
                }
                *place = Some(Place { piece, row: row as u32 });
            }
        });
        if touched.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(touched.len());
        for (at, group) in touched.iter().enumerate() {
            if let Some(place) = &mut self.places[*group as usize] {
                rows.push(std::mem::replace(&mut place.row, at as u32));
            }
        }
        let rows = UInt32Array::from(rows);
        let columns = columns
            .iter()
            .map(|column| Ok(arrow_select::take::take(column, &rows, None)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        self.kept_rows += rows.len();
        self.bytes += columns.iter().map(Array::get_array_memory_size).sum::<usize>();
        self.pieces.push(columns);
        if self.kept_rows > 2 * self.places.len() + STALE_ROWS_MAX {
            self.compact()?;
        }
        Ok(())
    }

    /// Keeps only the rows that are some group's.
    fn compact(&mut self) -> Result<()> {
        let columns = self.gather()?;
        for (row, place) in (0..).zip(&mut self.places) {
            *place = place.map(|_| Place { piece: 0, row });
        }
        self.kept_rows = self.places.len();
        self.bytes = columns.iter().map(Array::get_array_memory_size).sum();
        self.pieces = vec![columns];
        Ok(())
    }

    /// A row per group, NULLs where there is none.
    fn gather(&self) -> Result<Vec<ArrayRef>> {
        let mut columns = Vec::with_capacity(self.types.len());
        for (at, data_type) in self.types.iter().enumerate() {
            let nothing = new_null_array(data_type, 1);
            let mut parts: Vec<&dyn Array> = vec![&*nothing];
            parts.extend(self.pieces.iter().map(|piece| &*piece[at]));
            let places: Vec<(usize, usize)> = self
                .places
                .iter()
                .map(|place| place.map_or((0, 0), |place| (place.piece as usize + 1, place.row as usize)))
                .collect();
            columns.push(arrow_select::interleave::interleave(&parts, &places)?);
        }
        Ok(columns)
    }

    /// A row per group, and which groups have one; empty afterwards.
    pub(super) fn take(&mut self, group_count: usize) -> Result<(Vec<ArrayRef>, Vec<bool>)> {
        grow(&mut self.places, group_count, None);
        let columns = self.gather()?;
        let present = self.places.iter().map(Option::is_some).collect();
        *self = PickedRows::new(std::mem::take(&mut self.types));
        Ok((columns, present))
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes + self.places.capacity() * size_of::<Option<Place>>()
    }
}
