//! COPY's binary: a signature, then rows as counts of fields, each with its length, then -1.

use super::copy_decoder::Step;
use super::rows::{Rows, bad_format};
use crate::error::Result;

/// What binary data begins with.
pub(super) const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xFF\r\n\0";

/// The count of fields that ends the data.
pub(super) const TRAILER: i16 = -1;

/// The flags that a reader need not know.
const OPTIONAL_FLAGS: u32 = 0xFFFF;

/// Whether the header has been read.
#[derive(Default)]
pub(super) struct BinaryFormat {
    has_read_header: bool,
}

/// Bytes taken from the front, as long as there are any.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn take_i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn take_i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
}

impl BinaryFormat {
    /// Reads the header or one row from the begin of the bytes.
    pub(super) fn step(&mut self, bytes: &[u8], is_end: bool, rows: &mut Rows) -> Result<Step> {
        let mut reader = Reader { bytes, at: 0 };
        let step = match self.has_read_header {
            false => self.header(&mut reader)?,
            true => row(&mut reader, rows)?,
        };
        match step {
            Some(step) => Ok(step),
            None if !is_end => Ok(Step::More),
            None if !self.has_read_header => Err(bad_format("COPY file signature not recognized")),
            None if bytes.is_empty() => Ok(Step::More),
            None => Err(rows.at_place(bad_format("unexpected EOF in COPY data"))),
        }
    }

    fn header(&mut self, reader: &mut Reader<'_>) -> Result<Option<Step>> {
        let known = reader.bytes.len().min(SIGNATURE.len());
        if reader.bytes[..known] != SIGNATURE[..known] {
            return Err(bad_format("COPY file signature not recognized"));
        }
        let mut parts = || {
            reader.take(SIGNATURE.len())?;
            Some((reader.take_i32()? as u32, reader.take_i32()?))
        };
        let Some((flags, extension_length)) = parts() else {
            return Ok(None);
        };
        if flags & (1 << 16) != 0 {
            return Err(bad_format("invalid COPY file header (WITH OIDS)"));
        }
        if flags & !OPTIONAL_FLAGS != 0 {
            return Err(bad_format("unrecognized critical flags in COPY file header"));
        }
        let Ok(extension_length) = usize::try_from(extension_length) else {
            return Err(bad_format("invalid COPY file header (missing length)"));
        };
        if reader.take(extension_length).is_none() {
            return Ok(None);
        }
        self.has_read_header = true;
        Ok(Some(Step::Skip(reader.at)))
    }
}

/// Reads one row; nothing of it is pushed before all of it is there.
fn row(reader: &mut Reader<'_>, rows: &mut Rows) -> Result<Option<Step>> {
    let Some(field_count) = reader.take_i16() else {
        return Ok(None);
    };
    if field_count == TRAILER {
        return match reader.bytes.len() == reader.at {
            true => Ok(Some(Step::End)),
            false => Err(bad_format("received copy data after EOF marker")),
        };
    }
    let column_count = rows.column_count();
    if usize::try_from(field_count) != Ok(column_count) {
        rows.line_number += 1;
        return Err(rows.at_place(bad_format(format!(
            "row field count is {field_count}, expected {column_count}"
        ))));
    }
    let begin = reader.at;
    for column in 0..column_count {
        let Some(length) = reader.take_i32() else {
            return Ok(None);
        };
        match usize::try_from(length) {
            Ok(length) if reader.take(length).is_none() => return Ok(None),
            Ok(_) => {}
            Err(_) if length == -1 => {}
            Err(_) => {
                rows.line_number += 1;
                return Err(rows.at_column(bad_format("invalid field size"), column));
            }
        }
    }
    rows.line_number += 1;
    reader.at = begin;
    let mut null_column = None;
    for column in 0..column_count {
        let length = reader.take_i32().unwrap_or(-1);
        match usize::try_from(length).ok().and_then(|length| reader.take(length)) {
            Some(bytes) => rows.push_binary(column, bytes)?,
            None => {
                if !rows.push_null(column) {
                    null_column = null_column.or(Some(column));
                }
            }
        }
    }
    if let Some(column) = null_column {
        return Err(rows.at_place(rows.not_null_error(column)));
    }
    Ok(Some(Step::Row(reader.at)))
}
