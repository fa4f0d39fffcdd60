//! What a segment's indexes know of a condition without reading rows.

use super::SegmentReader;
use super::format::ExtraKind;
use crate::error::Result;
use crate::index::bitmap;
use crate::index::bloom::Bloom;
use crate::limits::BITMAP_VALUES_MAX;
use crate::predicate::ColumnPredicate;
use roaring::RoaringBitmap;

impl SegmentReader {
    /// All rows of the segment that meet a condition, where an index knows them exactly; `None` where it must be filtered.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the index is damaged.
    pub fn index_rows(&self, predicate: &ColumnPredicate) -> Result<Option<RoaringBitmap>> {
        let Some((column, test)) = self.prepare(predicate) else {
            return Ok(None);
        };
        let (Some(codes), Some(dictionary)) = (self.translate(column, &test)?, self.dictionary(column)?) else {
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

    /// Whether some row may meet a condition, by the dictionary or the Bloom filter; true where neither can tell.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the index is damaged.
    pub fn may_contain(&self, predicate: &ColumnPredicate) -> Result<bool> {
        let Some((column, test)) = self.prepare(predicate) else {
            return Ok(true);
        };
        if let (Some(codes), Some(dictionary)) = (self.translate(column, &test)?, self.dictionary(column)?) {
            return Ok(codes.passing(dictionary.values().len(), 0).is_none());
        }
        let Some(part) = column.extra(ExtraKind::Bloom) else {
            return Ok(true);
        };
        let part = part as usize;
        let bloom = Bloom::parse(self.part(part)?).map_err(|problem| self.corrupt(part, problem))?;
        Ok(bloom.may_contain(&test))
    }
}
