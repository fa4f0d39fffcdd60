//! A log file for people: its header and one line per record.

use super::reader::read_file;
use crate::commit::logged::describe_record;
use crate::disk::Disk;
use crate::error::Result;
use std::fmt::Write;
use std::path::Path;

/// Prints a log file.
pub fn dump(disk: &dyn Disk, path: &Path) -> Result<String> {
    let Some(file) = read_file(disk, path, true)? else {
        return Ok("log file whose creation was cut short: empty\n".into());
    };
    let mut text = format!(
        "log of store {:032x}, from position {}\n",
        file.header.store, file.header.start
    );
    for (record, offset) in file.records.iter().zip(&file.offsets) {
        let what = match describe_record(record.kind, &record.payload) {
            Ok(what) => what,
            Err(damage) => format!(
                "unreadable at byte {}: {}",
                offset + damage.offset as u64,
                damage.reason
            ),
        };
        let _ = writeln!(
            text,
            "{:>10}  byte {:>10}  {:>10} bytes  {what}",
            record.position,
            offset,
            record.payload.len()
        );
    }
    if file.dropped_bytes > 0 {
        let _ = writeln!(text, "torn tail of {} bytes, never acknowledged", file.dropped_bytes);
    }
    Ok(text)
}
