//! Numbers, lengths and bytes in a row, little-endian: the alphabet of log records and manifests. Reading checks every length
//! against what is left, so that damaged bytes give an error with their place, never a panic or an allocation beyond them.

use crate::error::Error;
use std::path::Path;

/// Bytes that cannot be what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where, in bytes from the beginning of what was read.
    pub(crate) offset: usize,
    /// What is wrong there.
    pub(crate) reason: String,
}

impl Damage {
    /// As an error about a file in which the bytes begin at `base`.
    pub(crate) fn in_file(self, path: &Path, base: u64) -> Error {
        Error::Corrupt {
            path: path.to_path_buf(),
            offset: base + self.offset as u64,
            reason: self.reason,
        }
    }
}

/// Result of reading.
pub(crate) type ReadResult<T> = Result<T, Damage>;

/// Writes.
#[derive(Debug, Default)]
pub(crate) struct ByteWriter {
    /// What was written.
    pub(crate) bytes: Vec<u8>,
}

impl ByteWriter {
    /// One byte.
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Four bytes.
    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes.
    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes.
    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Sixteen bytes.
    pub(crate) fn i128(&mut self, value: i128) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A count of things that follow. Counts beyond 32 bits are refused long before they come here.
    pub(crate) fn count(&mut self, value: usize) {
        self.u32(u32::try_from(value).expect("lists in logs and manifests are bounded by limits far below 2^32"));
    }

    /// A length and so many bytes.
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.count(value.len());
        self.bytes.extend_from_slice(value);
    }

    /// A value that may be missing.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                write(self, value);
            }
        }
    }

    /// Overwrites eight bytes written before.
    pub(crate) fn patch_u64(&mut self, position: usize, value: u64) {
        self.bytes[position..position + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// Overwrites four bytes written before.
    pub(crate) fn patch_u32(&mut self, position: usize, value: u32) {
        self.bytes[position..position + 4].copy_from_slice(&value.to_le_bytes());
    }
}

/// Reads what [`ByteWriter`] wrote.
#[derive(Debug)]
pub(crate) struct ByteReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> ByteReader<'a> {
    /// From the beginning.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        ByteReader { bytes, position: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Bytes not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Damage at this place.
    pub(crate) fn damage<T>(&self, reason: impl Into<String>) -> ReadResult<T> {
        Err(Damage {
            offset: self.position,
            reason: reason.into(),
        })
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, length: usize) -> ReadResult<&'a [u8]> {
        let rest = &self.bytes[self.position..];
        let Some(taken) = rest.get(..length) else {
            return self.damage(format!("{length} bytes are due, {} are left", rest.len()));
        };
        self.position += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> ReadResult<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// One byte.
    pub(crate) fn u8(&mut self) -> ReadResult<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Four bytes.
    pub(crate) fn u32(&mut self) -> ReadResult<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub(crate) fn u64(&mut self) -> ReadResult<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Eight bytes.
    pub(crate) fn i64(&mut self) -> ReadResult<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// Sixteen bytes.
    pub(crate) fn i128(&mut self) -> ReadResult<i128> {
        self.array().map(i128::from_le_bytes)
    }

    /// A count of things of at least `bytes_min` bytes each.
    pub(crate) fn count(&mut self, bytes_min: usize) -> ReadResult<usize> {
        let count = self.u32()? as usize;
        if count.saturating_mul(bytes_min) > self.remaining() {
            return self.damage(format!(
                "{count} entries cannot fit into the {} bytes left",
                self.remaining()
            ));
        }
        Ok(count)
    }

    /// A length and so many bytes.
    pub(crate) fn bytes(&mut self) -> ReadResult<&'a [u8]> {
        let length = self.count(1)?;
        self.take(length)
    }

    /// Text.
    pub(crate) fn text(&mut self) -> ReadResult<&'a str> {
        let bytes = self.bytes()?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => self.damage("text is not UTF-8"),
        }
    }

    /// A value that may be missing.
    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> ReadResult<T>) -> ReadResult<Option<T>> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            other => self.damage(format!("{other} where 0 or 1 must be")),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self) -> ReadResult<()> {
        match self.remaining() {
            0 => Ok(()),
            left => self.damage(format!("{left} bytes are left over")),
        }
    }
}
