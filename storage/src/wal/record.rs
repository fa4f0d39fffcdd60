//! How records and file headers are framed. A checksum covers the file's random salt, so that bytes of an older file in the same
//! sectors never pass as records of this one.

use crate::error::{Error, Result};
use crate::limits::LOG_RECORD_BYTES_MAX;
use crate::wal::{LOG_FOLDER, LogPosition};
use std::path::{Path, PathBuf};

/// First bytes of a log file.
pub(crate) const MAGIC: [u8; 8] = *b"STOALOG\0";
/// The format this program writes.
pub(crate) const FORMAT_VERSION: u32 = 3;
/// Bytes of a file header.
pub(crate) const FILE_HEADER_BYTES: usize = 48;
/// Bytes of a record before its payload.
pub(crate) const RECORD_HEADER_BYTES: usize = 32;

/// What a record's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// A commit: takes a version.
    Commit,
    /// A change of structure that no reader of the newest version sees: flush, compaction, the end of history.
    Edit,
    /// One of format version 1, without history.
    FormerEdit,
    /// Nothing; says up to where the log was synced.
    SyncMark,
}

impl RecordKind {
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            RecordKind::Commit => 1,
            RecordKind::FormerEdit => 2,
            RecordKind::SyncMark => 3,
            RecordKind::Edit => 4,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(RecordKind::Commit),
            2 => Some(RecordKind::FormerEdit),
            3 => Some(RecordKind::SyncMark),
            4 => Some(RecordKind::Edit),
            _ => None,
        }
    }
}

/// Where the log file of that number is.
pub(crate) fn file_path(number: u64) -> PathBuf {
    Path::new(LOG_FOLDER).join(format!("{number:08}.log"))
}

/// Beginning of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) store: u128,
    pub(crate) start: LogPosition,
    pub(crate) salt: u64,
}

impl FileHeader {
    pub(crate) fn encode(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut bytes = [0; FILE_HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.store.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.start.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.salt.to_le_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[0..12]), &bytes[16..48]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; `path` is for messages.
    pub(crate) fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        let corrupt = |offset: u64, reason: &str| Error::Corrupt {
            path: path.to_path_buf(),
            offset,
            reason: reason.into(),
        };
        let Some(bytes) = bytes.first_chunk::<FILE_HEADER_BYTES>() else {
            return Err(corrupt(bytes.len() as u64, "the file ends within its header"));
        };
        if bytes[0..8] != MAGIC {
            return Err(corrupt(0, "this is no log file"));
        }
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[0..12]), &bytes[16..48]);
        if u32_at(bytes, 12) != checksum {
            return Err(corrupt(12, "the header's checksum does not match"));
        }
        let version = u32_at(bytes, 8);
        if version > FORMAT_VERSION {
            return Err(Error::UnknownVersion {
                path: path.to_path_buf(),
                found: version,
                supported: FORMAT_VERSION,
            });
        }
        let mut store = [0; 16];
        store.copy_from_slice(&bytes[16..32]);
        Ok(FileHeader {
            store: u128::from_le_bytes(store),
            start: u64_at(bytes, 32),
            salt: u64_at(bytes, 40),
        })
    }
}

/// What stands before a record's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) length: u32,
    pub(crate) kind: RecordKind,
    pub(crate) position: LogPosition,
    /// Up to where the log was synced when this was written.
    pub(crate) synced: LogPosition,
}

/// The bytes every record of a file begins with: half of its salt.
pub(crate) fn marker(salt: u64) -> [u8; 4] {
    ((salt >> 32) as u32).to_le_bytes()
}

impl RecordHeader {
    /// Encodes the header with the checksum over it and the payload.
    pub(crate) fn encode(&self, salt: u64, payload: &[u8]) -> [u8; RECORD_HEADER_BYTES] {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        bytes[0..4].copy_from_slice(&marker(salt));
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8] = self.kind.to_byte();
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.synced.to_le_bytes());
        let checksum = checksum(salt, &bytes, payload);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a record at an offset: its header and payload, or what is wrong.
    pub(crate) fn decode(salt: u64, bytes: &[u8]) -> std::result::Result<(Self, &[u8]), &'static str> {
        let Some(header) = bytes.first_chunk::<RECORD_HEADER_BYTES>() else {
            return Err("the file ends within a record's header");
        };
        if header[0..4] != marker(salt) {
            return Err("no record begins here");
        }
        let length = u32_at(header, 4);
        if length as usize > LOG_RECORD_BYTES_MAX {
            return Err("the record is longer than records may be");
        }
        let Some(payload) = bytes[RECORD_HEADER_BYTES..].get(..length as usize) else {
            return Err("the file ends within a record");
        };
        if u32_at(header, 12) != checksum(salt, header, payload) {
            return Err("the record's checksum does not match");
        }
        let Some(kind) = RecordKind::from_byte(header[8]) else {
            return Err("the record is of an unknown kind");
        };
        let header = RecordHeader {
            length,
            kind,
            position: u64_at(header, 16),
            synced: u64_at(header, 24),
        };
        Ok((header, payload))
    }
}

/// Over the salt, the header without this field, and the payload.
fn checksum(salt: u64, header: &[u8; RECORD_HEADER_BYTES], payload: &[u8]) -> u32 {
    let mut checksum = crc32c::crc32c(&salt.to_le_bytes());
    checksum = crc32c::crc32c_append(checksum, &header[0..12]);
    checksum = crc32c::crc32c_append(checksum, &header[16..]);
    crc32c::crc32c_append(checksum, payload)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}
