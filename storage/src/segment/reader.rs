//! A sealed segment, mapped. Opening checks the frame and the footer; every part is checked against its checksum when it is
//! first touched and never again. Bad bytes answer with [`Error::Corrupt`], never with a panic or a wrong value.

use super::column_chunk::Chunk;
use super::format::{self, ExtraKind, Footer, FooterColumn};
use super::held_dictionaries::{DictionarySlot, HeldDictionaries};
use super::open::{Problem, footer_place, read_footer};
use super::{ColumnSummary, SegmentMeta};
use crate::disk::{Disk, FileBytes};
use crate::encoding::dictionary::{CodeTest, Dictionary};
use crate::encoding::lanes::Lanes;
use crate::encoding::tokens::Tokens;
use crate::encoding::{Cursor, Decoded, Encoding, Malformed, malformed};
use crate::error::{Error, Result};
use crate::index::Verdict;
use crate::index::zone_map::verdict_of_summary;
use crate::limits::{BLOCK_ROWS, DICTIONARY_VALUES_MAX};
use crate::predicate::Condition;
use crate::schema::ColumnId;
use crate::vector::filter::Test;
use crate::vector::flatten;
use arrow_array::{ArrayRef, Int64Array, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// An open segment. Cheap to share between threads.
pub struct SegmentReader {
    pub(super) path: PathBuf,
    bytes: Arc<dyn FileBytes>,
    pub(super) footer: Footer,
    places: HashMap<ColumnId, usize, foldhash::fast::RandomState>,
    /// What the columns' blocks share, read when first needed.
    shared: Box<[Shared]>,
    held_dictionaries: Arc<HeldDictionaries>,
    /// Held while something shared is read: threads that need it wait instead of reading it too.
    reading: Mutex<()>,
    /// One bit per part: its checksum was found right.
    verified: Box<[AtomicU64]>,
}

/// What the blocks of a column share.
#[derive(Default)]
struct Shared {
    dictionary: Arc<DictionarySlot>,
    tokens: OnceLock<Tokens>,
}

impl std::fmt::Debug for SegmentReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SegmentReader")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What is known of a summary's rows and a condition on its column.
pub fn summary_verdict(summary: &ColumnSummary, condition: &Condition) -> Verdict {
    verdict_of_summary(summary, condition)
}

/// The summary of a whole column.
pub(super) fn column_summary(column: &FooterColumn, row_count: u32) -> ColumnSummary {
    if row_count == 0 {
        return ColumnSummary {
            row_count: 0,
            null_count: 0,
            minimum: None,
            maximum: None,
            exact: true,
            sum: None,
            distinct_count: Some(0),
        };
    }
    let mut summary = column
        .blocks
        .merged(column.blocks.len().max(1))
        .summary(0, row_count, &column.data_type);
    summary.distinct_count = column.distinct_count;
    summary
}

/// Tells the medium that the footer will be read: its end first, which says where it begins.
fn announce_footer(bytes: &dyn FileBytes) {
    let length = bytes.bytes().len();
    bytes.will_need(length.saturating_sub(TAIL_READ_BYTES)..length);
    if let Some((start, _)) = footer_place(bytes.bytes()) {
        bytes.will_need(start..length);
    }
}

/// Most footers are within so many bytes of a file's end.
const TAIL_READ_BYTES: usize = 64 << 10;

impl SegmentReader {
    /// Opens the file of a segment and checks its frame and footer.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the file is not what `meta` describes, [`Error::UnknownVersion`] where a newer program wrote it.
    pub fn open(disk: &dyn Disk, path: &Path, meta: &SegmentMeta) -> Result<Self> {
        SegmentReader::open_among(disk, path, meta, Arc::default())
    }

    /// As [`Self::open`], one of many whose dictionaries have a bound together.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_among(
        disk: &dyn Disk,
        path: &Path,
        meta: &SegmentMeta,
        held_dictionaries: Arc<HeldDictionaries>,
    ) -> Result<Self> {
        let bytes = disk.map(path)?;
        let path = disk.describe(path);
        announce_footer(&*bytes);
        let footer = read_footer(bytes.bytes(), meta).map_err(|problem| match problem {
            Problem::At(offset, reason) => Error::Corrupt {
                path: path.clone(),
                offset,
                reason,
            },
            Problem::NewerVersion(found) => Error::UnknownVersion {
                path: path.clone(),
                found,
                supported: format::FORMAT_VERSION,
            },
        })?;
        let places = footer
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.id, place))
            .collect();
        let verified = (0..footer.parts.len().div_ceil(64))
            .map(|_| AtomicU64::new(0))
            .collect();
        let shared = footer.columns.iter().map(|_| Shared::default()).collect();
        Ok(SegmentReader {
            path,
            bytes,
            footer,
            places,
            shared,
            held_dictionaries,
            reading: Mutex::default(),
            verified,
        })
    }

    /// Rows, deleted ones included.
    pub fn row_count(&self) -> u32 {
        self.footer.row_count
    }

    /// Blocks.
    pub fn block_count(&self) -> usize {
        format::block_count(self.footer.row_count)
    }

    /// The rows of a block.
    pub fn block_rows(&self, block: usize) -> Range<u32> {
        format::block_rows(self.footer.row_count, block)
    }

    /// Whether the segment holds a column; it does not if the column was added later.
    pub fn has_column(&self, column: ColumnId) -> bool {
        self.places.contains_key(&column)
    }

    pub(super) fn column(&self, id: ColumnId) -> Option<&FooterColumn> {
        self.places.get(&id).map(|place| &self.footer.columns[*place])
    }

    fn column_or_error(&self, id: ColumnId) -> Result<&FooterColumn> {
        self.column(id).ok_or_else(|| Error::Invalid {
            reason: format!("segment \"{}\" has no column {}", self.path.display(), id.0),
        })
    }

    /// The values of some rows of one block: plain, `Dictionary(UInt32, plain)` or `RunEndEncoded(Int32, plain)`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the block is damaged, [`Error::Invalid`] where there is no such column.
    pub fn decode(&self, column: ColumnId, rows: Range<u32>) -> Result<ArrayRef> {
        let column = self.column_or_error(column)?;
        if rows.is_empty() {
            return Ok(arrow_array::new_empty_array(&column.data_type));
        }
        let dictionary = self.dictionary(column)?;
        let (chunk, part, within) = self.chunk(column, &rows)?;
        chunk
            .decode(within, dictionary.as_deref())
            .map_err(|problem| self.corrupt(part, problem))
    }

    /// The values of single rows of one block, numbered within it and ascending; in the forms of [`Self::decode`]. Where they are few,
    /// others are not unpacked.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn pick(&self, column: ColumnId, block: usize, rows: &[u32]) -> Result<ArrayRef> {
        let column = self.column_or_error(column)?;
        let (chunk, part, _) = self.chunk(column, &self.block_rows(block))?;
        let corrupt = |problem| self.corrupt(part, problem);
        if rows.len() <= SINGLE_VALUES_MAX
            && let Some(dictionary_part) = self.unread_dictionary(column)
            && let Some((codes, nulls)) = chunk.pick_codes(rows).map_err(corrupt)?
        {
            let values = single_values(self.part(dictionary_part)?, &column.data_type, &codes, nulls);
            return values.map_err(|problem| self.corrupt(dictionary_part, problem));
        }
        chunk.pick(rows, self.dictionary(column)?.as_deref()).map_err(corrupt)
    }

    /// The part of a column's dictionary, where it is not held.
    fn unread_dictionary(&self, column: &FooterColumn) -> Option<usize> {
        let place = *self.places.get(&column.id)?;
        let is_unread = self.shared.get(place)?.dictionary.is_empty();
        column
            .extra(ExtraKind::Dictionary)
            .filter(|_| is_unread)
            .map(|part| part as usize)
    }

    /// Which of some rows of one block are selected and meet a condition.
    ///
    /// # Errors
    /// As [`Self::decode`]; [`Error::Invalid`] where the condition does not fit the column.
    pub fn filter(
        &self,
        column: ColumnId,
        rows: Range<u32>,
        condition: &Condition,
        selection: &BooleanBuffer,
    ) -> Result<BooleanBuffer> {
        if rows.is_empty() || !selection.has_true() {
            let column = self.column_or_error(column)?;
            Test::compile(condition, &column.data_type)?;
            return Ok(selection.clone());
        }
        self.filter_prepared(&self.prepare_condition(column, condition)?, rows, selection)
    }

    /// A condition made ready for this segment: its values in the forms that the column's encodings compare.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the condition does not fit the column, [`Error::Corrupt`] where its dictionary is damaged.
    pub fn prepare_condition(&self, column: ColumnId, condition: &Condition) -> Result<PreparedCondition> {
        let footer = self.column_or_error(column)?;
        let test = Test::compile(condition, &footer.data_type)?;
        let codes = self.translate(footer, &test)?;
        Ok(PreparedCondition { column, test, codes })
    }

    /// [`Self::filter`] with a condition made ready once for many ranges of rows.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn filter_prepared(
        &self,
        condition: &PreparedCondition,
        rows: Range<u32>,
        selection: &BooleanBuffer,
    ) -> Result<BooleanBuffer> {
        if rows.is_empty() || !selection.has_true() {
            return Ok(selection.clone());
        }
        let column = self.column_or_error(condition.column)?;
        let (chunk, part, within) = self.chunk(column, &rows)?;
        chunk
            .filter(within, &condition.test, condition.codes.as_ref(), selection)
            .map_err(|problem| self.corrupt(part, problem))
    }

    /// The commits that brought some rows of one block; `None` where one commit brought all of the segment.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the block is damaged.
    pub fn versions(&self, rows: Range<u32>) -> Result<Option<Int64Array>> {
        let Some(first_part) = self.footer.versions_first_part else {
            return Ok(None);
        };
        if rows.is_empty() {
            return Ok(Some(Int64Array::from(Vec::<i64>::new())));
        }
        let (block, within) = self.locate(&rows)?;
        let part = first_part as usize + block;
        let block_rows = self.block_rows(block);
        let bytes = self.part(part)?;
        Lanes::parse(bytes, (block_rows.end - block_rows.start) as usize)
            .and_then(|lanes| lanes.to_vec::<i64>(within))
            .map(|versions| Some(Int64Array::from(versions)))
            .map_err(|problem| self.corrupt(part, problem))
    }

    /// Stored bytes of a column's block; 0 where there is none.
    pub fn bytes_of(&self, column: ColumnId, block: usize) -> u64 {
        self.column(column)
            .and_then(|column| self.footer.parts.get(column.first_part as usize + block))
            .map_or(0, |part| part.length)
    }

    /// The encoding of a column's block.
    pub fn encoding_of(&self, column: ColumnId, block: usize) -> Option<Encoding> {
        self.column(column)?.encodings.get(block).copied()
    }

    /// Tells the medium that a column's block will be read soon, unless it was read before.
    pub fn will_need(&self, column: ColumnId, block: usize) {
        if let Some(column) = self.column(column) {
            let part = column.first_part as usize + block;
            if part < self.footer.parts.len() && !self.is_verified(part) {
                self.announce(part);
            }
        }
    }

    fn announce(&self, part: usize) {
        let part = &self.footer.parts[part];
        self.bytes
            .will_need(part.offset as usize..(part.offset + part.length) as usize);
    }

    fn is_verified(&self, part: usize) -> bool {
        self.verified[part / 64].load(Ordering::Acquire) >> (part % 64) & 1 == 1
    }

    /// Checks every byte of the file against its checksum.
    ///
    /// # Errors
    /// [`Error::Corrupt`] at the first part that is damaged.
    pub fn verify(&self) -> Result<()> {
        for part in 0..self.footer.parts.len() {
            self.check_part(part)?;
        }
        Ok(())
    }

    /// The block of some rows, and the rows within it.
    fn locate(&self, rows: &Range<u32>) -> Result<(usize, Range<usize>)> {
        let block = rows.start as usize / BLOCK_ROWS;
        let of_block = format::block_rows(self.footer.row_count, block);
        if rows.start > rows.end || rows.end > of_block.end || rows.end > self.footer.row_count {
            return Err(Error::Invalid {
                reason: format!("rows {rows:?} do not lie within one block of {}", self.path.display()),
            });
        }
        Ok((
            block,
            (rows.start - of_block.start) as usize..(rows.end - of_block.start) as usize,
        ))
    }

    fn chunk<'a>(&'a self, column: &'a FooterColumn, rows: &Range<u32>) -> Result<(Chunk<'a>, usize, Range<usize>)> {
        let (block, within) = self.locate(rows)?;
        let of_block = self.block_rows(block);
        let part = column.first_part as usize + block;
        let bytes = self.part(part)?;
        let tokens = self.tokens(column)?;
        let row_count = (of_block.end - of_block.start) as usize;
        let chunk =
            Chunk::parse(bytes, row_count, &column.data_type, tokens).map_err(|problem| self.corrupt(part, problem))?;
        Ok((chunk, part, within))
    }

    /// The dictionary of a column that has one, held or decoded anew.
    pub(super) fn dictionary(&self, column: &FooterColumn) -> Result<Option<Arc<Dictionary>>> {
        let Some((part, shared)) = self.beside(column, ExtraKind::Dictionary) else {
            return Ok(None);
        };
        if let Some(dictionary) = shared.dictionary.get() {
            return Ok(Some(dictionary));
        }
        let _reading = self.reading.lock();
        if let Some(dictionary) = shared.dictionary.get() {
            return Ok(Some(dictionary));
        }
        let read = parse_values(self.part(part)?, &column.data_type).and_then(Dictionary::new);
        let read = Arc::new(read.map_err(|problem| self.corrupt(part, problem))?);
        self.held_dictionaries.hold(&shared.dictionary, read.clone());
        Ok(Some(read))
    }

    /// The table of tokens of a column that has one, read by the first who needs it.
    fn tokens(&self, column: &FooterColumn) -> Result<Option<&Tokens>> {
        let Some((part, shared)) = self.beside(column, ExtraKind::Tokens) else {
            return Ok(None);
        };
        if shared.tokens.get().is_none() {
            let _reading = self.reading.lock();
            if shared.tokens.get().is_none() {
                let read = Tokens::parse(self.part(part)?).map_err(|problem| self.corrupt(part, problem))?;
                // Never set already: it is under the lock.
                let _ = shared.tokens.set(read);
            }
        }
        Ok(shared.tokens.get())
    }

    /// The part that stands beside a column's blocks, and where what was read of it is kept.
    fn beside(&self, column: &FooterColumn, kind: ExtraKind) -> Option<(usize, &Shared)> {
        let part = column.extra(kind)? as usize;
        let place = *self.places.get(&column.id)?;
        Some((part, self.shared.get(place)?))
    }

    /// A test on a column's values as one on the codes of its dictionary, if it has one and values are looked at.
    pub(super) fn translate(&self, column: &FooterColumn, test: &Test) -> Result<Option<CodeTest>> {
        if test.about_presence().is_some() {
            return Ok(None);
        }
        if self.unread_dictionary(column).is_some()
            && let Some(least) = column.blocks.least_whole_bytes()
            && let Some(codes) = CodeTest::of_least(test, least)
        {
            return Ok(Some(codes));
        }
        let (Some(dictionary), Some(part)) = (self.dictionary(column)?, column.extra(ExtraKind::Dictionary)) else {
            return Ok(None);
        };
        let codes = dictionary.translate(test);
        codes.map(Some).map_err(|problem| self.corrupt(part as usize, problem))
    }

    /// The bytes of a part, checked once.
    pub(super) fn part(&self, part: usize) -> Result<&[u8]> {
        if !self.is_verified(part) {
            self.announce(part);
            self.check_part(part)?;
            self.verified[part / 64].fetch_or(1 << (part % 64), Ordering::Release);
        }
        Ok(self.part_bytes(part))
    }

    fn part_bytes(&self, part: usize) -> &[u8] {
        let part = &self.footer.parts[part];
        &self.bytes.bytes()[part.offset as usize..(part.offset + part.length) as usize]
    }

    fn check_part(&self, number: usize) -> Result<()> {
        let part = &self.footer.parts[number];
        let found = format::checksum(self.footer.id, part.offset, self.part_bytes(number));
        if found == part.checksum {
            return Ok(());
        }
        Err(self.corrupt(
            number,
            Malformed(format!(
                "{} bytes have checksum {found:016x}, {:016x} expected",
                part.length, part.checksum
            )),
        ))
    }

    pub(super) fn corrupt(&self, part: usize, problem: Malformed) -> Error {
        Error::Corrupt {
            path: self.path.clone(),
            offset: self.footer.parts[part].offset,
            reason: problem.0,
        }
    }

    /// A column's block described for people.
    pub(super) fn describe_block(&self, column: &FooterColumn, block: usize) -> Result<Encoding> {
        let rows = self.block_rows(block);
        Ok(self.chunk(column, &rows)?.0.encoding())
    }

    /// The plain type of a column.
    pub fn data_type(&self, column: ColumnId) -> Option<&DataType> {
        self.column(column).map(|column| &column.data_type)
    }
}

/// A condition made ready for one segment.
#[derive(Clone, Debug)]
pub struct PreparedCondition {
    pub(super) column: ColumnId,
    pub(super) test: Test,
    pub(super) codes: Option<CodeTest>,
}

/// Values of a dictionary up to which they are read for themselves, while nobody needs all.
const SINGLE_VALUES_MAX: usize = 16;

/// The values of a few codes of a dictionary that is not read as a whole, plain.
fn single_values(bytes: &[u8], data_type: &DataType, codes: &[u32], nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
    let mut wanted = codes.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let values = flatten(&values_chunk(bytes, data_type)?.pick(&wanted, None)?);
    let places = codes
        .iter()
        .map(|code| wanted.partition_point(|other| other < code) as u32);
    let places = UInt32Array::new(places.collect(), nulls);
    arrow_select::take::take(&values, &places, None).or_else(|error| malformed(error.to_string()))
}

/// Reads values that stand beside the blocks: a dictionary's, or a histogram's bounds.
pub(super) fn parse_values(bytes: &[u8], data_type: &DataType) -> Decoded<ArrayRef> {
    values_chunk(bytes, data_type)?.decode_plain()
}

fn values_chunk<'a>(bytes: &'a [u8], data_type: &'a DataType) -> Decoded<Chunk<'a>> {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.u32()? as usize;
    if count > DICTIONARY_VALUES_MAX {
        return malformed(format!("a dictionary of {count} values"));
    }
    Chunk::parse(cursor.rest(), count, data_type, None)
}
