//! Reads log files back, up to the first record that is not whole, and decides what that means: a torn tail that nobody was told
//! about, or damage to something acknowledged.

use super::record::{FILE_HEADER_BYTES, FileHeader, RECORD_HEADER_BYTES, RecordHeader, marker};
use super::writer::LogRecord;
use super::{LOG_FOLDER, LogPosition};
use crate::disk::Disk;
use crate::error::{Error, Result};
use std::path::Path;

/// A log file as found.
pub(crate) struct LogFile {
    pub(crate) header: FileHeader,
    pub(crate) records: Vec<LogRecord>,
    /// Where each record's payload begins.
    pub(crate) offsets: Vec<u64>,
    /// Bytes after the last whole record.
    pub(crate) dropped_bytes: u64,
}

/// Numbers of the log's files, ascending.
pub(crate) fn list_files(disk: &dyn Disk) -> Result<Vec<u64>> {
    let names = disk.list(Path::new(LOG_FOLDER))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".log")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads a file. `None` is a file whose creation was cut short: nothing was ever written to it.
///
/// # Errors
/// [`Error::Corrupt`] where something that was synced is damaged; of the last file, a tail that was never acknowledged
/// is not.
pub(crate) fn read_file(disk: &dyn Disk, path: &Path, is_last: bool) -> Result<Option<LogFile>> {
    let bytes = disk.read(path)?;
    let shown = disk.describe(path);
    let header = match FileHeader::decode(&bytes, &shown) {
        Ok(header) => header,
        Err(Error::Corrupt { .. }) if is_last && bytes.len() <= FILE_HEADER_BYTES => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut file = LogFile {
        header,
        records: Vec::new(),
        offsets: Vec::new(),
        dropped_bytes: 0,
    };
    let mut offset = FILE_HEADER_BYTES;
    while offset < bytes.len() {
        let expected = header.start + file.records.len() as u64;
        let reason = match RecordHeader::decode(header.salt, &bytes[offset..]) {
            Ok((record, payload)) if record.position == expected => {
                file.offsets.push((offset + RECORD_HEADER_BYTES) as u64);
                offset += RECORD_HEADER_BYTES + payload.len();
                file.records.push(LogRecord {
                    kind: record.kind,
                    position: record.position,
                    payload: payload.to_vec(),
                    makes_room: false,
                });
                continue;
            }
            Ok(_) => "a record is out of order",
            Err(reason) => reason,
        };
        let corrupt = |reason: String| Error::Corrupt {
            path: shown.clone(),
            offset: offset as u64,
            reason,
        };
        if !is_last {
            return Err(corrupt(format!("{reason}, though later log files exist")));
        }
        if let Some(proof) = synced_beyond(header.salt, &bytes[offset..], expected) {
            return Err(corrupt(format!(
                "{reason}, though record {proof} later in the file says that it was synced"
            )));
        }
        file.dropped_bytes = (bytes.len() - offset) as u64;
        break;
    }
    Ok(Some(file))
}

/// A later whole record that says that position `lost` was synced, if there is one.
fn synced_beyond(salt: u64, bytes: &[u8], lost: LogPosition) -> Option<LogPosition> {
    memchr::memmem::find_iter(bytes, &marker(salt)).find_map(|at| {
        let (record, _) = RecordHeader::decode(salt, &bytes[at..]).ok()?;
        (record.position > lost && record.synced >= lost).then_some(record.position)
    })
}
