//! What a segment's summaries and indexes know of a condition without reading rows.

use super::format::ExtraKind;
use super::reader::parse_values;
use super::{ColumnSummary, PreparedCondition, SegmentReader};
use crate::error::Result;
use crate::index::Verdict;
use crate::index::bitmap;
use crate::index::bloom::Bloom;
use crate::limits::{BITMAP_VALUES_MAX, ZONE_ROWS};
use crate::schema::ColumnId;
use crate::vector::filter::Test;
use arrow_array::{Array, ArrayRef};
use roaring::RoaringBitmap;
use std::ops::Range;

impl SegmentReader {
    /// What is known of a column's values in a block.
    pub fn block_summary(&self, column: ColumnId, block: usize) -> Option<ColumnSummary> {
        let column = self.column(column)?;
        let rows = (block < self.block_count()).then(|| self.block_rows(block))?;
        Some(column.blocks.summary(block, rows.end - rows.start, &column.data_type))
    }

    /// Zones of [`ZONE_ROWS`] rows in the segment.
    pub fn zone_count(&self) -> usize {
        (self.footer.row_count as usize).div_ceil(ZONE_ROWS)
    }

    /// The rows of a zone.
    pub fn zone_rows(&self, zone: usize) -> Range<u32> {
        let from = (zone * ZONE_ROWS) as u32;
        from..(from + ZONE_ROWS as u32).min(self.footer.row_count)
    }

    /// What is known of a column's values in a zone.
    pub fn zone_summary(&self, column: ColumnId, zone: usize) -> Option<ColumnSummary> {
        let column = self.column(column)?;
        let rows = (zone < self.zone_count()).then(|| self.zone_rows(zone))?;
        Some(column.zones.summary(zone, rows.end - rows.start, &column.data_type))
    }

    /// What is known of a block's rows and a test of a column. [`Verdict::SomeRows`] for a column the segment does not hold.
    pub(crate) fn prune(&self, block: usize, column: ColumnId, test: &Test) -> Verdict {
        let rows = self.block_rows(block);
        match self.column(column) {
            Some(column) => column.blocks.verdict(block, rows.end - rows.start, test),
            None => Verdict::SomeRows,
        }
    }

    /// What is known of a zone's rows and a test of a column, likewise.
    pub(crate) fn prune_zone(&self, zone: usize, column: ColumnId, test: &Test) -> Verdict {
        let rows = self.zone_rows(zone);
        match self.column(column) {
            Some(column) => column.zones.verdict(zone, rows.end - rows.start, test),
            None => Verdict::SomeRows,
        }
    }

    /// All rows of the segment that meet a condition, where an index knows them exactly; `None` where it must be filtered.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the index is damaged.
    pub fn index_rows(&self, condition: &PreparedCondition) -> Result<Option<RoaringBitmap>> {
        let Some((column, codes)) = self.column(condition.column).zip(condition.codes.as_ref()) else {
            return Ok(None);
        };
        let Some(dictionary) = self.dictionary(column)? else {
            return Ok(None);
        };
        let Some(codes) = codes.passing(dictionary.values().len(), BITMAP_VALUES_MAX) else {
            return Ok(None);
        };
        if codes.is_empty() {
            return Ok(Some(RoaringBitmap::new()));
        }
        let Some(part) = column.extra(ExtraKind::BitmapIndex) else {
            return Ok(None);
        };
        let part = part as usize;
        bitmap::rows_of(self.part(part)?, &codes, self.row_count()).map_err(|problem| self.corrupt(part, problem))
    }

    /// The bounds of a column's histogram; `None` where the segment holds none.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where it is damaged.
    pub fn histogram(&self, column: ColumnId) -> Result<Option<ArrayRef>> {
        let column = self.column(column);
        let Some((column, part)) = column.and_then(|column| Some((column, column.extra(ExtraKind::Histogram)?))) else {
            return Ok(None);
        };
        let part = part as usize;
        let bounds =
            parse_values(self.part(part)?, &column.data_type).map_err(|problem| self.corrupt(part, problem))?;
        Ok((bounds.len() > 1 && bounds.null_count() == 0).then_some(bounds))
    }

    /// Whether some row may meet a condition, by the dictionary or the Bloom filter; true where neither can tell.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the index is damaged.
    pub fn may_contain(&self, condition: &PreparedCondition) -> Result<bool> {
        let Some(column) = self.column(condition.column) else {
            return Ok(true);
        };
        if let (Some(codes), Some(dictionary)) = (&condition.codes, self.dictionary(column)?) {
            return Ok(codes.passing(dictionary.values().len(), 0).is_none());
        }
        let bloom = self.bloom(condition.column)?;
        Ok(bloom.is_none_or(|bloom| bloom.may_contain(&condition.test)))
    }

    /// The Bloom filter of a column; `None` where it has none.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where it is damaged.
    pub(crate) fn bloom(&self, column: ColumnId) -> Result<Option<Bloom<'_>>> {
        let column = self.column(column);
        let Some(part) = column.and_then(|column| column.extra(ExtraKind::Bloom)) else {
            return Ok(None);
        };
        let part = part as usize;
        let bloom = Bloom::parse(self.part(part)?).map_err(|problem| self.corrupt(part, problem))?;
        Ok(Some(bloom))
    }
}
