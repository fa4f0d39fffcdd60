//! The frame of a segment file: header, parts, footer, tail. Parts tile the file from header to footer without gaps and the
//! footer holds their checksums, so that no byte is outside one.
//!
//! ```text
//! segment = header part* footer tail
//! header  = "STOASEG1" format_version:u32 0:u32
//! tail    = footer_bytes:u64 footer_checksum:u64 "STOASEGE"
//! ```
//! The footer's grammar is [`Footer::write`]; checksums are XXH3-64 seeded with the segment's id and the part's place, so that a
//! part at the wrong place is found.

use crate::commit::PartId;
use crate::encoding::{Cursor, Decoded, Encoding, malformed, put_sized};
use crate::index::zone_map::ZoneTable;
use crate::limits::{BLOCK_ROWS, COLUMNS_MAX, SEGMENT_ROWS_MAX, ZONE_ROWS};
use crate::schema::{ColumnId, PartitionKey};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) const MAGIC: [u8; 8] = *b"STOASEG1";
pub(crate) const TAIL_MAGIC: [u8; 8] = *b"STOASEGE";
/// Version 2 has tokens.
pub(crate) const FORMAT_VERSION: u32 = 2;
pub(crate) const HEADER_BYTES: usize = 16;
pub(crate) const TAIL_BYTES: usize = 24;

/// The checksum of bytes at a place of a segment.
pub(crate) fn checksum(id: PartId, offset: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, id.0.rotate_left(40) ^ offset)
}

/// The first bytes of a file of some version.
pub(crate) fn header(version: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&version.to_le_bytes());
    header
}

/// Something in the file: where, how long, its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u64,
}

/// What else a column has besides its blocks. The numbers are the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExtraKind {
    /// The values codes stand for, ascending: `count:u32 stream-or-text`.
    Dictionary = 1,
    /// Bitmaps of some codes' rows.
    BitmapIndex = 2,
    /// A Bloom filter of the values.
    Bloom = 3,
    /// Bounds of values between which equally many are, ascending, in the form of a dictionary's values.
    Histogram = 4,
    /// The table of tokens of a text column's blocks.
    Tokens = 5,
}

/// A column of a segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FooterColumn {
    pub(crate) id: ColumnId,
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    /// The first of its blocks' parts; they are consecutive.
    pub(crate) first_part: u32,
    pub(crate) encodings: Vec<Encoding>,
    /// Kind and part.
    pub(crate) extras: Vec<(u8, u32)>,
    pub(crate) distinct_count: Option<u32>,
    pub(crate) zones: ZoneTable,
    pub(crate) blocks: ZoneTable,
}

impl FooterColumn {
    pub(crate) fn extra(&self, kind: ExtraKind) -> Option<u32> {
        self.extras
            .iter()
            .find(|(found, _)| *found == kind as u8)
            .map(|(_, part)| *part)
    }
}

/// The directory of a segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Footer {
    pub(crate) id: PartId,
    pub(crate) partition: PartitionKey,
    pub(crate) row_count: u32,
    pub(crate) parts: Vec<Part>,
    pub(crate) columns: Vec<FooterColumn>,
    /// The first part of the rows' commit versions, if each row has its own.
    pub(crate) versions_first_part: Option<u32>,
}

/// Blocks of a segment of so many rows.
pub(crate) fn block_count(row_count: u32) -> usize {
    (row_count as usize).div_ceil(BLOCK_ROWS)
}

/// Rows of a block.
pub(crate) fn block_rows(row_count: u32, block: usize) -> Range<u32> {
    let from = block * BLOCK_ROWS;
    from as u32..(from + BLOCK_ROWS).min(row_count as usize) as u32
}

impl Footer {
    /// Appends the footer.
    ///
    /// ```text
    /// footer  = id:u64 rows:u32 block_rows:u32 zone_rows:u32 has_partition:u8 partition:i32
    ///           part_count:u32 length:u64* checksum:u64*
    ///           has_versions:u8 versions_first_part:u32
    ///           column_count:u32 column:sized*
    /// column  = id:u32 name:sized type first_part:u32 encoding:u8*
    ///           extra_count:u8 (kind:u8 part:u32)* has_distinct:u8 distinct:u32 zones:table blocks:table
    /// ```
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let put = |out: &mut Vec<u8>, value: u32| out.extend_from_slice(&value.to_le_bytes());
        out.extend_from_slice(&self.id.0.to_le_bytes());
        put(out, self.row_count);
        put(out, BLOCK_ROWS as u32);
        put(out, ZONE_ROWS as u32);
        out.push(u8::from(self.partition.0.is_some()));
        out.extend_from_slice(&self.partition.0.unwrap_or(0).to_le_bytes());
        put(out, self.parts.len() as u32);
        out.extend(self.parts.iter().flat_map(|part| part.length.to_le_bytes()));
        out.extend(self.parts.iter().flat_map(|part| part.checksum.to_le_bytes()));
        out.push(u8::from(self.versions_first_part.is_some()));
        put(out, self.versions_first_part.unwrap_or(0));
        put(out, self.columns.len() as u32);
        for column in &self.columns {
            put_sized(out, |out| column.write(out));
        }
    }

    /// Reads a footer.
    pub(crate) fn parse(bytes: &[u8]) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let id = PartId(cursor.u64()?);
        let row_count = cursor.u32()?;
        let (block_rows, zone_rows) = (cursor.u32()? as usize, cursor.u32()? as usize);
        if block_rows != BLOCK_ROWS || zone_rows != ZONE_ROWS || row_count as usize > SEGMENT_ROWS_MAX {
            return malformed(format!(
                "{row_count} rows in blocks of {block_rows} and zones of {zone_rows}"
            ));
        }
        let has_partition = cursor.u8()? != 0;
        let partition = cursor.i32()?;
        let part_count = cursor.u32()? as usize;
        let lengths = cursor.u64s(part_count)?;
        let checksums = cursor.u64s(part_count)?;
        let mut offset = HEADER_BYTES as u64;
        let mut parts = Vec::with_capacity(part_count);
        for (length, checksum) in lengths.into_iter().zip(checksums) {
            parts.push(Part {
                offset,
                length,
                checksum,
            });
            offset = match offset.checked_add(length) {
                Some(offset) => offset,
                None => return malformed("a part beyond all bounds"),
            };
        }
        let has_versions = cursor.u8()? != 0;
        let versions_first_part = cursor.u32()?;
        let column_count = cursor.u32()? as usize;
        if column_count > COLUMNS_MAX {
            return malformed(format!("{column_count} columns"));
        }
        let mut columns = Vec::new();
        for _ in 0..column_count {
            columns.push(FooterColumn::parse(Cursor::new(cursor.sized()?), row_count)?);
        }
        cursor.end()?;
        let footer = Footer {
            id,
            partition: PartitionKey(has_partition.then_some(partition)),
            row_count,
            parts,
            columns,
            versions_first_part: has_versions.then_some(versions_first_part),
        };
        footer.check_parts()?;
        Ok(footer)
    }

    /// Every part that is named exists.
    fn check_parts(&self) -> Decoded<()> {
        let blocks = block_count(self.row_count);
        let count = self.parts.len();
        let fits = |first: u32| (first as usize).checked_add(blocks).is_some_and(|end| end <= count);
        for column in &self.columns {
            if !fits(column.first_part) || column.extras.iter().any(|(_, part)| *part as usize >= count) {
                return malformed(format!("column {} names a part that is not there", column.id.0));
            }
        }
        if self.versions_first_part.is_some_and(|first| !fits(first)) {
            return malformed("versions that are not there");
        }
        Ok(())
    }
}

impl FooterColumn {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0.to_le_bytes());
        put_sized(out, |out| out.extend_from_slice(self.name.as_bytes()));
        write_type(&self.data_type, out);
        out.extend_from_slice(&self.first_part.to_le_bytes());
        out.extend(self.encodings.iter().map(|encoding| *encoding as u8));
        out.push(self.extras.len() as u8);
        for (kind, part) in &self.extras {
            out.push(*kind);
            out.extend_from_slice(&part.to_le_bytes());
        }
        out.push(u8::from(self.distinct_count.is_some()));
        out.extend_from_slice(&self.distinct_count.unwrap_or(0).to_le_bytes());
        self.zones.write(out);
        self.blocks.write(out);
    }

    fn parse(mut cursor: Cursor<'_>, row_count: u32) -> Decoded<Self> {
        let id = ColumnId(cursor.u32()?);
        let name = String::from_utf8_lossy(cursor.sized()?).into_owned();
        let data_type = parse_type(&mut cursor)?;
        let first_part = cursor.u32()?;
        let blocks = block_count(row_count);
        let encodings = cursor
            .take(blocks)?
            .iter()
            .map(|tag| Encoding::from_tag(*tag))
            .collect::<Decoded<Vec<_>>>()?;
        let mut extras = Vec::new();
        for _ in 0..cursor.u8()? {
            extras.push((cursor.u8()?, cursor.u32()?));
        }
        let has_distinct = cursor.u8()? != 0;
        let distinct_count = cursor.u32()?;
        let zones = ZoneTable::parse(&mut cursor, (row_count as usize).div_ceil(ZONE_ROWS), &data_type)?;
        let blocks = ZoneTable::parse(&mut cursor, blocks, &data_type)?;
        cursor.end()?;
        Ok(FooterColumn {
            id,
            name,
            data_type,
            first_part,
            encodings,
            extras,
            distinct_count: has_distinct.then_some(distinct_count),
            zones,
            blocks,
        })
    }
}

/// Appends a stored type: `tag:u8` and its parameters.
pub(crate) fn write_type(data_type: &DataType, out: &mut Vec<u8>) {
    let tag = match data_type {
        DataType::Boolean => 1,
        DataType::Int16 => 2,
        DataType::Int32 => 3,
        DataType::Int64 => 4,
        DataType::Float32 => 5,
        DataType::Float64 => 6,
        DataType::Decimal64(_, _) => 7,
        DataType::Decimal128(_, _) => 8,
        DataType::Utf8View => 9,
        DataType::BinaryView => 10,
        DataType::Date32 => 11,
        DataType::Time64(_) => 12,
        DataType::Timestamp(_, None) => 13,
        DataType::Timestamp(_, Some(_)) => 14,
        DataType::Interval(_) => 15,
        _ => 16,
    };
    out.push(tag);
    if let DataType::Decimal64(precision, scale) | DataType::Decimal128(precision, scale) = data_type {
        out.extend_from_slice(&[*precision, *scale as u8]);
    }
}

/// Reads a stored type.
pub(crate) fn parse_type(cursor: &mut Cursor<'_>) -> Decoded<DataType> {
    Ok(match cursor.u8()? {
        1 => DataType::Boolean,
        2 => DataType::Int16,
        3 => DataType::Int32,
        4 => DataType::Int64,
        5 => DataType::Float32,
        6 => DataType::Float64,
        tag @ (7 | 8) => {
            let (precision, scale) = (cursor.u8()?, cursor.u8()? as i8);
            let most = if tag == 7 { 18 } else { 38 };
            if precision == 0 || precision > most || scale.unsigned_abs() > precision {
                return malformed(format!("decimals of precision {precision} and scale {scale}"));
            }
            if tag == 7 {
                DataType::Decimal64(precision, scale)
            } else {
                DataType::Decimal128(precision, scale)
            }
        }
        9 => DataType::Utf8View,
        10 => DataType::BinaryView,
        11 => DataType::Date32,
        12 => DataType::Time64(TimeUnit::Microsecond),
        13 => DataType::Timestamp(TimeUnit::Microsecond, None),
        14 => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        15 => DataType::Interval(IntervalUnit::MonthDayNano),
        16 => DataType::FixedSizeBinary(16),
        tag => return malformed(format!("unknown type {tag}")),
    })
}
