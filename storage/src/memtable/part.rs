//! A part in memory: rows of one table with the same columns, in arrival order. Immutable: an insert makes a new part that shares
//! the old one's pieces. Small pieces are joined eight at a time, so that a row is copied about five times however small the
//! batches are, and a part has a few dozen pieces at most.

use super::facts::Facts;
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, OVERLAY_PARTS_FIRST, PartId};
use crate::error::{Error, Result};
use crate::key_index::PartKeys;
use crate::limits::BLOCK_ROWS;
use crate::schema::ColumnId;
use crate::wal::LogPosition;
use crate::wal::rows::LoggedRows;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use std::sync::Arc;

/// Rows beyond which an insert begins a new part.
pub(crate) const PART_ROWS_MAX: u32 = BLOCK_ROWS as u32;
/// Pieces of about the same size that are joined.
const PIECES_JOINED: usize = 8;
/// Pieces of so many rows are left as they are.
const PIECE_ROWS_JOINED_MAX: u32 = 4_096;

/// Rows in memory.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) id: PartId,
    pub(crate) column_ids: Arc<[ColumnId]>,
    pub(crate) pieces: Vec<Arc<Piece>>,
    pub(crate) row_count: u32,
    /// About how much memory it holds.
    pub(crate) bytes: usize,
    /// The oldest log record with rows of it; 0 while it has none.
    pub(crate) first_position: LogPosition,
    pub(crate) deletes: Option<Arc<Deletes>>,
    /// Shared by all states of this part: dead once none is seen any more.
    pub(crate) lineage: Arc<()>,
    /// Where its keys are; shared likewise.
    pub(crate) keys: Arc<PartKeys>,
}

/// Consecutive rows of a part.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) first_row: u32,
    pub(crate) row_count: u32,
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) versions: Versions,
    pub(super) facts: Facts,
}

/// Which commits brought rows.
#[derive(Clone, Debug)]
pub(crate) enum Versions {
    Single(CommitVersion),
    PerRow(Int64Array),
}

impl Versions {
    /// One version per row.
    pub(crate) fn array(&self, row_count: usize) -> Int64Array {
        match self {
            Versions::Single(version) => Int64Array::from_value(version.0 as i64, row_count),
            Versions::PerRow(versions) => versions.clone(),
        }
    }
}

impl Part {
    /// Without rows.
    pub(crate) fn new(id: PartId, column_ids: Arc<[ColumnId]>) -> Self {
        Part {
            id,
            column_ids,
            pieces: Vec::new(),
            row_count: 0,
            bytes: 0,
            first_position: 0,
            deletes: None,
            lineage: Arc::new(()),
            keys: Arc::default(),
        }
    }

    /// Adds rows at the end.
    pub(crate) fn append(&mut self, rows: &LoggedRows, version: CommitVersion, position: LogPosition) -> Result<()> {
        let row_count = rows.row_count as u32;
        if row_count == 0 {
            return Ok(());
        }
        self.pieces.push(Arc::new(Piece {
            first_row: self.row_count,
            row_count,
            columns: rows.columns.clone(),
            versions: Versions::Single(version),
            facts: Facts::default(),
        }));
        if self.first_position == 0 {
            self.first_position = position;
        }
        self.row_count += row_count;
        self.bytes += rows.bytes;
        if self.id.0 >= OVERLAY_PARTS_FIRST {
            // A transaction may go back to a savepoint and bring other rows in the place of these.
            self.keys = Arc::default();
        }
        self.join_pieces()
    }

    fn join_pieces(&mut self) -> Result<()> {
        loop {
            let Some(last) = self.pieces.last() else { return Ok(()) };
            let class = size_class(last.row_count);
            let same =
                |piece: &&Arc<Piece>| piece.row_count < PIECE_ROWS_JOINED_MAX && size_class(piece.row_count) <= class;
            let count = self.pieces.iter().rev().take_while(same).count();
            if count < PIECES_JOINED {
                return Ok(());
            }
            let joined = self.pieces.split_off(self.pieces.len() - count);
            self.pieces.push(Arc::new(join(&joined)?));
        }
    }

    /// Its rows as of a version; `None` where it had none.
    pub(crate) fn at(self: &Arc<Self>, version: CommitVersion) -> Option<Arc<Part>> {
        let row_count = self.rows_until(version);
        let is_older = self.deletes.as_ref().is_none_or(|deletes| deletes.version() <= version);
        if row_count == self.row_count && is_older {
            return Some(self.clone());
        }
        let pieces = self.pieces.iter().filter_map(|piece| match piece.rows_until(version) {
            0 => None,
            count if count == piece.row_count => Some(piece.clone()),
            count => Some(Arc::new(piece.first_rows(count))),
        });
        let then = Part {
            pieces: pieces.collect(),
            row_count,
            deletes: self
                .deletes
                .as_ref()
                .and_then(|deletes| deletes.at(version))
                .map(Arc::new),
            ..(**self).clone()
        };
        (then.visible_rows() > 0).then(|| Arc::new(then))
    }

    /// How many of its rows came up to a version: the first ones, because rows come in the order of their commits.
    pub(crate) fn rows_until(&self, version: CommitVersion) -> u32 {
        self.pieces.iter().map(|piece| piece.rows_until(version)).sum()
    }

    /// The last commit that brought rows.
    pub(crate) fn newest_version(&self) -> CommitVersion {
        match self.pieces.last().map(|piece| &piece.versions) {
            None => CommitVersion(0),
            Some(Versions::Single(version)) => *version,
            Some(Versions::PerRow(each)) => CommitVersion(each.values().last().map_or(0, |last| *last as u64)),
        }
    }

    /// Rows that are not deleted.
    pub(crate) fn visible_rows(&self) -> u64 {
        u64::from(self.row_count - self.deletes.as_ref().map_or(0, |deletes| deletes.count()))
    }

    /// Where a column stands in its pieces.
    pub(crate) fn column_position(&self, id: ColumnId) -> Option<usize> {
        self.column_ids.iter().position(|column| *column == id)
    }
}

impl Piece {
    fn rows_until(&self, version: CommitVersion) -> u32 {
        match &self.versions {
            Versions::Single(brought) if *brought <= version => self.row_count,
            Versions::Single(_) => 0,
            Versions::PerRow(each) => each.values().partition_point(|brought| *brought as u64 <= version.0) as u32,
        }
    }

    fn first_rows(&self, count: u32) -> Piece {
        let rows = count as usize;
        Piece {
            first_row: self.first_row,
            row_count: count,
            columns: self.columns.iter().map(|column| column.slice(0, rows)).collect(),
            versions: match &self.versions {
                Versions::Single(version) => Versions::Single(*version),
                Versions::PerRow(each) => Versions::PerRow(each.slice(0, rows)),
            },
            facts: Facts::default(),
        }
    }
}

fn size_class(row_count: u32) -> u32 {
    row_count.max(1).ilog2() / PIECES_JOINED.ilog2()
}

fn join(pieces: &[Arc<Piece>]) -> Result<Piece> {
    let internal = |error: arrow_schema::ArrowError| Error::Invalid {
        reason: format!("rows in memory cannot be joined: {error}"),
    };
    let column_count = pieces[0].columns.len();
    let mut columns = Vec::with_capacity(column_count);
    for position in 0..column_count {
        let arrays: Vec<&dyn Array> = pieces.iter().map(|piece| piece.columns[position].as_ref()).collect();
        let joined = arrow_select::concat::concat(&arrays).map_err(internal)?;
        columns.push(own_values(joined));
    }
    let row_count: u32 = pieces.iter().map(|piece| piece.row_count).sum();
    let mut versions = Vec::with_capacity(row_count as usize);
    for piece in pieces {
        match &piece.versions {
            Versions::Single(version) => {
                versions.extend(std::iter::repeat_n(version.0 as i64, piece.row_count as usize));
            }
            Versions::PerRow(each) => versions.extend_from_slice(each.values()),
        }
    }
    Ok(Piece {
        first_row: pieces[0].first_row,
        row_count,
        columns,
        versions: Versions::PerRow(Int64Array::from(versions)),
        facts: Facts::default(),
    })
}

/// Text views of joined pieces refer to all their buffers; this gives them one of their own.
fn own_values(array: ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        _ => array,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::StringViewArray;
    use arrow_array::types::Int64Type;

    #[test]
    fn single_rows_become_few_pieces_and_keep_values_and_versions() {
        let column_ids: Arc<[ColumnId]> = Arc::from([ColumnId(0), ColumnId(1)]);
        let mut part = Part::new(PartId(1), column_ids.clone());
        for row in 0..5_000i64 {
            let rows = LoggedRows {
                column_ids: column_ids.clone(),
                columns: vec![
                    Arc::new(Int64Array::from(vec![row])),
                    Arc::new(StringViewArray::from(vec![format!("a text beyond twelve bytes {row}")])),
                ],
                row_count: 1,
                bytes: 40,
            };
            part.append(&rows, CommitVersion(row as u64 + 1), 9).unwrap();
        }
        assert!(part.pieces.len() < 40, "{} pieces", part.pieces.len());
        let mut next = 0i64;
        for piece in &part.pieces {
            assert_eq!(i64::from(piece.first_row), next);
            let versions = piece.versions.array(piece.row_count as usize);
            for row in 0..piece.row_count as usize {
                assert_eq!(piece.columns[0].as_primitive::<Int64Type>().value(row), next);
                assert_eq!(
                    piece.columns[1].as_string_view().value(row),
                    format!("a text beyond twelve bytes {next}")
                );
                assert_eq!(versions.value(row), next + 1);
                next += 1;
            }
            assert!(piece.columns[1].as_string_view().data_buffers().len() <= 1);
        }
        assert_eq!(next, 5_000);
    }
}
