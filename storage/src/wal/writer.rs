//! Appends records to the newest log file and syncs them, many at once. One thread at a time; a failed write is cut back so that
//! the file ends with its last whole record, a failed sync is final.

use super::record::{FILE_HEADER_BYTES, FileHeader, RECORD_HEADER_BYTES, RecordHeader, RecordKind, file_path};
use super::{LOG_FOLDER, LogPosition};
use crate::disk::{AppendFile, Disk};
use crate::error::{Error, Result};
use crate::store::Durability;
use std::path::Path;
use std::sync::Arc;

/// Size at which a new file is begun.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Records up to this size are gathered into one write.
const GATHERED_BYTES_MAX: usize = 256 << 10;
/// Bytes that the newest file may keep though nothing in it is needed any more.
const UNNEEDED_BYTES_MAX: u64 = 1 << 20;
/// Free bytes that appends leave on the device, for flushes and manifests that make room again.
const RESERVE_BYTES: u64 = 64 << 20;

/// A record to be written.
#[derive(Debug)]
pub(crate) struct LogRecord {
    pub(crate) kind: RecordKind,
    pub(crate) position: LogPosition,
    pub(crate) payload: Vec<u8>,
    /// It only takes away: deletes, drops. May use half of the reserve, or a full disk could never be made emptier.
    pub(crate) makes_room: bool,
}

/// Why records were not written.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// No room; the log is as it was before.
    Full(Error),
    /// What the log holds is not known any more.
    Fatal(Error),
}

/// A file that is complete: positions `start..=end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedFile {
    pub(crate) number: u64,
    pub(crate) end: LogPosition,
}

/// The writing end of the log.
pub(crate) struct LogWriter {
    disk: Arc<dyn Disk>,
    durability: Durability,
    store: u128,
    file: Box<dyn AppendFile>,
    number: u64,
    salt: u64,
    /// Newest position written, and newest position synced.
    written: LogPosition,
    synced: LogPosition,
    sealed: Vec<SealedFile>,
    gathered: Vec<u8>,
}

impl LogWriter {
    /// Begins a new file after `last`, which (like all before) is durable in `sealed` files.
    pub(crate) fn begin(
        disk: Arc<dyn Disk>,
        durability: Durability,
        store: u128,
        number: u64,
        last: LogPosition,
        sealed: Vec<SealedFile>,
    ) -> Result<Self> {
        let salt = random_salt();
        let file = begin_file(&*disk, store, number, last + 1, salt)?;
        Ok(LogWriter {
            disk,
            durability,
            store,
            file,
            number,
            salt,
            written: last,
            synced: last,
            sealed,
            gathered: Vec::new(),
        })
    }

    /// Bytes in files that are still needed.
    pub(crate) fn length_bytes(&self) -> u64 {
        self.file.length_bytes() + self.sealed.len() as u64 * FILE_BYTES_MAX
    }

    /// Whether the newest record was synced and a later record says so: only then is damage to it provable.
    pub(crate) fn needs_mark(&self, marked: LogPosition) -> bool {
        self.written > marked
    }

    /// Writes records in order, and syncs them unless less was asked for and is enough.
    pub(crate) fn append(&mut self, records: &[LogRecord], must_sync: bool) -> std::result::Result<(), WriteFailure> {
        let Some(last) = records.last() else { return Ok(()) };
        let bytes: usize = records
            .iter()
            .map(|record| record.payload.len() + RECORD_HEADER_BYTES)
            .sum();
        let free = self.disk.free_bytes().map_err(WriteFailure::Fatal)?;
        let commits = records.iter().filter(|record| record.kind == RecordKind::Commit);
        let reserve = commits.map(|commit| {
            if commit.makes_room {
                RESERVE_BYTES / 2
            } else {
                RESERVE_BYTES
            }
        });
        if reserve.max().is_some_and(|reserve| free < reserve + bytes as u64) {
            return Err(WriteFailure::Full(self.full()));
        }
        if self.file.length_bytes() >= FILE_BYTES_MAX {
            self.roll()?;
        }
        let length = self.file.length_bytes();
        match self.write(records) {
            Ok(()) => {}
            Err(Error::Full { .. }) => return Err(self.cut_back(length)),
            Err(other) => return Err(WriteFailure::Fatal(other)),
        }
        self.written = last.position;
        if must_sync || self.durability == Durability::Sync {
            self.sync().map_err(WriteFailure::Fatal)?;
        }
        Ok(())
    }

    fn write(&mut self, records: &[LogRecord]) -> Result<()> {
        self.gathered.clear();
        for record in records {
            let header = RecordHeader {
                length: record.payload.len() as u32,
                kind: record.kind,
                position: record.position,
                synced: self.synced,
            };
            self.gathered
                .extend_from_slice(&header.encode(self.salt, &record.payload));
            if record.payload.len() <= GATHERED_BYTES_MAX {
                self.gathered.extend_from_slice(&record.payload);
            }
            if record.payload.len() > GATHERED_BYTES_MAX || self.gathered.len() > GATHERED_BYTES_MAX {
                self.file.append(&self.gathered)?;
                self.gathered.clear();
            }
            if record.payload.len() > GATHERED_BYTES_MAX {
                self.file.append(&record.payload)?;
            }
        }
        if !self.gathered.is_empty() {
            self.file.append(&self.gathered)?;
        }
        Ok(())
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        if self.synced < self.written {
            self.file.sync()?;
            self.synced = self.written;
        }
        Ok(())
    }

    /// Begins a new file; the old one is durable from then on.
    fn roll(&mut self) -> std::result::Result<(), WriteFailure> {
        self.sync().map_err(WriteFailure::Fatal)?;
        let number = self.number + 1;
        let salt = random_salt();
        let file = match begin_file(&*self.disk, self.store, number, self.written + 1, salt) {
            Ok(file) => file,
            Err(error) => {
                // Half a file of that number must not stand in the way of the next attempt.
                let removed = self.disk.remove(&file_path(number));
                return Err(match (error, removed) {
                    (Error::Full { path }, Ok(())) => WriteFailure::Full(Error::Full { path }),
                    (error, _) => WriteFailure::Fatal(error),
                });
            }
        };
        self.sealed.push(SealedFile {
            number: self.number,
            end: self.written,
        });
        (self.file, self.number, self.salt) = (file, number, salt);
        Ok(())
    }

    fn full(&self) -> Error {
        Error::Full {
            path: self.disk.describe(Path::new(LOG_FOLDER)),
        }
    }

    /// After a write that did not fit: the file as it was.
    fn cut_back(&mut self, length: u64) -> WriteFailure {
        let cut = self.disk.open_append(&file_path(self.number), length);
        let cut = cut.and_then(|mut file| file.sync().map(|()| file));
        match cut {
            Ok(file) => {
                self.file = file;
                self.synced = self.written;
                WriteFailure::Full(self.full())
            }
            Err(error) => WriteFailure::Fatal(error),
        }
    }

    /// Removes files all of whose records lie before `low_water`. If that is so of the newest file, too, a new one is begun.
    pub(crate) fn remove_before(&mut self, low_water: LogPosition) -> Result<()> {
        if self.written < low_water && self.file.length_bytes() > UNNEEDED_BYTES_MAX {
            match self.roll() {
                // Without room for another file this one stays until there is.
                Ok(()) | Err(WriteFailure::Full(_)) => {}
                Err(WriteFailure::Fatal(error)) => return Err(error),
            }
        }
        let unneeded = self.sealed.iter().take_while(|file| file.end < low_water).count();
        for file in self.sealed.drain(..unneeded) {
            self.disk.remove(&file_path(file.number))?;
        }
        Ok(())
    }
}

fn begin_file(disk: &dyn Disk, store: u128, number: u64, start: LogPosition, salt: u64) -> Result<Box<dyn AppendFile>> {
    let mut file = disk.create(&file_path(number))?;
    file.append(&FileHeader { store, start, salt }.encode())?;
    file.sync()?;
    disk.sync_folder(Path::new(LOG_FOLDER))?;
    debug_assert_eq!(file.length_bytes(), FILE_HEADER_BYTES as u64);
    Ok(file)
}

/// Writes the records again under a new salt and puts the file in place of the old one, atomically: after an unclean end
/// nothing that was merely read back from the page cache is trusted to be on the medium.
pub(crate) fn rewrite_file(
    disk: &dyn Disk,
    store: u128,
    number: u64,
    start: LogPosition,
    records: &[LogRecord],
) -> Result<()> {
    let path = file_path(number);
    let temporary = path.with_extension("tmp");
    if disk.length_bytes(&temporary)?.is_some() {
        disk.remove(&temporary)?;
    }
    let salt = random_salt();
    let mut file = disk.create(&temporary)?;
    file.append(&FileHeader { store, start, salt }.encode())?;
    for record in records {
        let header = RecordHeader {
            length: record.payload.len() as u32,
            kind: record.kind,
            position: record.position,
            synced: records.last().map_or(start - 1, |last| last.position),
        };
        file.append(&header.encode(salt, &record.payload))?;
        file.append(&record.payload)?;
    }
    file.sync()?;
    disk.rename(&temporary, &path)?;
    disk.sync_folder(Path::new(LOG_FOLDER))
}

/// A number nobody can foresee; the standard library's map keys are the operating system's random bytes.
pub(crate) fn random_salt() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
