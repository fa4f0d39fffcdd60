//! From files to a running store: newest manifest, log from its position on, sweep of what nothing refers to. Every step can be cut
//! short and begun again.

use super::StoreOptions;
use super::checkpoint::{Checkpointer, describe};
use super::history::{History, Past};
use super::segment_file::TABLES_FOLDER;
use super::state::{DatabaseState, SegmentState, StoredObject, TableState};
use crate::clock::Clock;
use crate::commit::apply::Application;
use crate::commit::logged::{LoggedChange, LoggedCommit, read_commit, read_edit, read_former_edit};
use crate::commit::sequencer::Sequencer;
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, PartId};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::manifest::{self, DeletedRows, Manifest, ManifestTable};
use crate::memtable::Part;
use crate::schema::TableId;
use crate::segment::{HeldDictionaries, SegmentMeta};
use crate::wal::{self, LOG_FOLDER, LogFile, LogPosition, LogRecord, LogWriter, RecordKind, SealedFile};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What recovery gives the store.
pub(crate) struct Recovered {
    pub(crate) sequencer: Sequencer,
    pub(crate) checkpointer: Checkpointer,
    pub(crate) next_table: u32,
}

/// Opens the store on a disk, making it where there is none.
pub(crate) fn recover(disk: &Arc<dyn Disk>, clock: Arc<dyn Clock>, options: &StoreOptions) -> Result<Recovered> {
    for folder in [manifest::MANIFEST_FOLDER, LOG_FOLDER, TABLES_FOLDER] {
        disk.create_folder(Path::new(folder))?;
    }
    disk.sync_folder(Path::new(""))?;
    let Some((number, manifest, _)) = manifest::read_newest(&**disk)? else {
        return create(disk, clock, options);
    };
    // The process before may have died between giving the manifest its name and making that durable: what it makes needless may go
    // only then.
    disk.sync_folder(Path::new(manifest::MANIFEST_FOLDER))?;
    let mut replay = Replay::new(disk, &manifest, held_dictionaries(options))?;
    let log = replay_log(disk, &manifest, &mut replay)?;
    let last = replay.state.position;
    sweep(disk, &replay.state)?;
    manifest::remove_older(&**disk, number)?;
    let mut writer = LogWriter::begin(
        disk.clone(),
        options.durability,
        manifest.store,
        log.next_number,
        last,
        log.sealed,
    )?;
    writer.remove_before(needed_from(&manifest))?;
    let history = History::new(replay.past);
    Ok(Recovered {
        next_table: replay.next_table,
        sequencer: Sequencer::new(disk.clone(), clock, writer, replay.state, history, replay.next_part),
        checkpointer: Checkpointer::new(manifest.store, number, manifest.position),
    })
}

/// A new store. The log's first file comes before the manifest, so that a manifest without a log is damage.
fn create(disk: &Arc<dyn Disk>, clock: Arc<dyn Clock>, options: &StoreOptions) -> Result<Recovered> {
    for name in disk.list(Path::new(LOG_FOLDER))? {
        let path = Path::new(LOG_FOLDER).join(name);
        let file = match path.extension().is_some_and(|extension| extension == "log") {
            true => wal::read_file(&**disk, &path, true)?,
            false => None,
        };
        if file.is_some_and(|file| !file.records.is_empty() || file.dropped_bytes > 0) {
            return Err(Error::Corrupt {
                path: disk.describe(Path::new(manifest::MANIFEST_FOLDER)),
                offset: 0,
                reason: format!("there is no manifest, though \"{}\" has records", path.display()),
            });
        }
        disk.remove(&path)?;
    }
    let state = DatabaseState {
        held_dictionaries: held_dictionaries(options),
        ..DatabaseState::default()
    };
    sweep(disk, &state)?;
    let store = u128::from(wal::random_salt()) << 64 | u128::from(wal::random_salt());
    let writer = LogWriter::begin(disk.clone(), options.durability, store, 1, 0, Vec::new())?;
    let history = History::new(Past::default());
    manifest::write(&**disk, 1, &describe(store, &state, &history, 1, 1))?;
    Ok(Recovered {
        sequencer: Sequencer::new(disk.clone(), clock, writer, state, history, 1),
        checkpointer: Checkpointer::new(store, 1, 0),
        next_table: 1,
    })
}

fn held_dictionaries(options: &StoreOptions) -> Arc<HeldDictionaries> {
    Arc::new(HeldDictionaries::new(options.dictionary_bytes_max))
}

/// The log as recovery leaves it.
struct RecoveredLog {
    next_number: u64,
    sealed: Vec<SealedFile>,
}

/// The oldest log record that a start from this manifest reads.
fn needed_from(manifest: &Manifest) -> LogPosition {
    manifest.low_water.min(manifest.position + 1)
}

fn replay_log(disk: &Arc<dyn Disk>, manifest: &Manifest, replay: &mut Replay<'_>) -> Result<RecoveredLog> {
    let numbers = wal::list_files(&**disk)?;
    let needed_from = needed_from(manifest);
    let mut log = RecoveredLog {
        next_number: numbers.last().map_or(1, |last| last + 1),
        sealed: Vec::new(),
    };
    let mut next: Option<LogPosition> = None;
    for (at, number) in numbers.iter().enumerate() {
        let path = wal::file_path(*number);
        let is_last = at + 1 == numbers.len();
        let Some(file) = wal::read_file(&**disk, &path, is_last)? else {
            disk.remove(&path)?;
            // Before the next file is begun: together with that one it would not be the last, and damage.
            disk.sync_folder(Path::new(LOG_FOLDER))?;
            continue;
        };
        check_place(disk, &path, &file, manifest, next, needed_from)?;
        let end = file.header.start + file.records.len() as u64 - 1;
        if file.dropped_bytes > 0 {
            tracing::warn!(
                file = %path.display(),
                bytes = file.dropped_bytes,
                "dropped the torn end of the log, which was never acknowledged"
            );
        }
        for (record, offset) in file.records.iter().zip(&file.offsets) {
            replay.record(record, &disk.describe(&path), *offset)?;
        }
        // Also where it has no whole record: from now on it is not the last file, and nothing of it may be torn or unsynced.
        if is_last {
            wal::rewrite_file(&**disk, manifest.store, *number, file.header.start, &file.records)?;
        }
        next = Some(end + 1);
        log.sealed.push(SealedFile { number: *number, end });
    }
    let missing = |reason: String| Error::Corrupt {
        path: disk.describe(Path::new(LOG_FOLDER)),
        offset: 0,
        reason,
    };
    match next {
        None => Err(missing("the log is missing".into())),
        Some(next) if next <= manifest.position => Err(missing(format!(
            "the log ends at position {}, though the manifest is of position {}",
            next - 1,
            manifest.position
        ))),
        Some(_) => replay.finish(manifest, &missing).map(|()| log),
    }
}

/// A file must be of this store and go on where the one before it ended.
fn check_place(
    disk: &Arc<dyn Disk>,
    path: &Path,
    file: &LogFile,
    manifest: &Manifest,
    next: Option<LogPosition>,
    needed_from: LogPosition,
) -> Result<()> {
    let corrupt = |reason: String| {
        Err(Error::Corrupt {
            path: disk.describe(path),
            offset: 0,
            reason,
        })
    };
    if file.header.store != manifest.store {
        return corrupt("the file belongs to another store".into());
    }
    let start = file.header.start;
    match next {
        Some(next) if next != start => corrupt(format!("the file begins at position {start} instead of {next}")),
        None if start > needed_from => corrupt(format!(
            "the oldest log file begins at position {start}; {needed_from} is needed"
        )),
        _ => Ok(()),
    }
}

/// The state while the log is read.
struct Replay<'a> {
    disk: &'a Arc<dyn Disk>,
    state: DatabaseState,
    /// Records up to here are in the manifest, but for rows in memory.
    manifest_position: LogPosition,
    next_part: u64,
    next_table: u32,
    past: Past,
}

impl<'a> Replay<'a> {
    fn new(disk: &'a Arc<dyn Disk>, manifest: &Manifest, held: Arc<HeldDictionaries>) -> Result<Self> {
        let mut state = DatabaseState {
            version: manifest.version,
            time: manifest.time,
            position: manifest.position,
            definition_version: manifest.version,
            held_dictionaries: held,
            producers: manifest.producers.clone(),
            ..DatabaseState::default()
        };
        for table in &manifest.tables {
            let id = table.schema.id;
            state
                .tables
                .insert(id, Arc::new(restore_table(disk, &state.held_dictionaries, table)?));
        }
        let objects = manifest.objects.iter().map(|(name, version, bytes)| {
            let object = StoredObject {
                version: *version,
                bytes: Some(bytes.clone()),
            };
            (name.clone(), object)
        });
        state.objects = Arc::new(objects.collect());
        Ok(Replay {
            disk,
            state,
            manifest_position: manifest.position,
            next_part: manifest.next_part,
            next_table: manifest.next_table,
            past: Past::of(&manifest.moments, &manifest.commits),
        })
    }

    fn record(&mut self, record: &LogRecord, path: &Path, offset: u64) -> Result<()> {
        let damaged = |damage: crate::serial::Damage| damage.in_file(path, offset);
        let refused = |error: Error| match error {
            Error::Conflict { reason } | Error::Invalid { reason } => Error::Corrupt {
                path: path.to_path_buf(),
                offset,
                reason: format!("the record does not fit what is before it: {reason}"),
            },
            other => other,
        };
        let old = record.position <= self.manifest_position;
        match record.kind {
            RecordKind::SyncMark if old => Ok(()),
            RecordKind::SyncMark => {
                self.state.position = record.position;
                Ok(())
            }
            RecordKind::Edit | RecordKind::FormerEdit if old => Ok(()),
            RecordKind::Edit | RecordKind::FormerEdit => {
                let edit = match record.kind {
                    RecordKind::Edit => read_edit(&record.payload),
                    _ => read_former_edit(&record.payload, self.state.version),
                };
                let edit = edit.map_err(damaged)?;
                self.seen_parts(edit.ids());
                self.apply(|application| application.edit(&edit, record.position))
                    .map_err(refused)
                    .map(drop)
            }
            RecordKind::Commit => {
                let commit = read_commit(&record.payload).map_err(damaged)?;
                match old {
                    true => self.refill(commit, record.position).map_err(refused),
                    false => self.commit(&commit, record.position).map_err(refused),
                }
            }
        }
    }

    fn apply<T>(
        &mut self,
        act: impl FnOnce(&mut Application<'_>) -> Result<T>,
    ) -> Result<crate::commit::apply::Effects> {
        let state = std::mem::take(&mut self.state);
        let mut application = Application::new(self.disk, state, CommitVersion(u64::MAX));
        act(&mut application)?;
        self.state = application.state;
        Ok(application.effects)
    }

    /// Rows that the manifest leaves to the log.
    fn refill(&mut self, commit: LoggedCommit, position: LogPosition) -> Result<()> {
        for change in &commit.changes {
            let LoggedChange::Insert { table, part, rows, .. } = change else {
                continue;
            };
            let Some(table) = self.state.tables.get_mut(table) else {
                continue;
            };
            let table = Arc::make_mut(table);
            let Some(at) = table.part_position(*part) else { continue };
            Arc::make_mut(&mut table.parts[at]).append(rows, commit.version, position)?;
        }
        Ok(())
    }

    fn commit(&mut self, commit: &LoggedCommit, position: LogPosition) -> Result<()> {
        if commit.version.0 != self.state.version.0 + 1 {
            return Err(Error::Invalid {
                reason: format!("version {} follows version {}", commit.version.0, self.state.version.0),
            });
        }
        for change in &commit.changes {
            match change {
                LoggedChange::Insert { part, .. } => self.seen_parts([*part].into_iter()),
                LoggedChange::AddSegments(_, segments) => self.seen_parts(segments.iter().flat_map(SegmentMeta::ids)),
                LoggedChange::CreateTable(schema) | LoggedChange::AlterTable(schema) => {
                    let largest = schema.ids().map(|id| id.0).max().unwrap_or(0);
                    self.next_table = self.next_table.max(largest + 1);
                }
                _ => {}
            }
        }
        let effects = self.apply(|application| application.commit(commit, position))?;
        self.past.push(super::CommitInfo {
            version: commit.version,
            time: commit.time,
            cause: commit.cause.clone(),
            rows_inserted: effects.rows_inserted,
            rows_deleted: effects.rows_deleted,
        });
        Ok(())
    }

    fn seen_parts(&mut self, parts: impl Iterator<Item = PartId>) {
        self.next_part = parts.fold(self.next_part, |next, part| next.max(part.0 + 1));
    }

    /// Parts that the manifest knows must have got their rows back, at least as many as it knows of.
    fn finish(&self, manifest: &Manifest, missing: &dyn Fn(String) -> Error) -> Result<()> {
        for table in &manifest.tables {
            let Some(state) = self.state.tables.get(&table.schema.id) else {
                continue;
            };
            for part in &table.parts {
                let Some(at) = state.part_position(part.id) else {
                    continue;
                };
                let found = state.parts[at].row_count;
                if found < part.row_count {
                    return Err(missing(format!(
                        "part {} of table {} has {} rows, the log has {found} of them",
                        part.id.0, table.schema.id.0, part.row_count
                    )));
                }
            }
        }
        Ok(())
    }
}

fn restore_deletes(deleted: &DeletedRows) -> Option<Arc<Deletes>> {
    let deleted = deleted.as_ref()?;
    Deletes::put_together(deleted.version, &deleted.old, &deleted.recent).map(Arc::new)
}

fn restore_table(disk: &Arc<dyn Disk>, held: &Arc<HeldDictionaries>, table: &ManifestTable) -> Result<TableState> {
    let mut state = TableState::new(table.schema.clone(), table.schema_version);
    state.history_from = table.history_from;
    state.ingest = table.ingest.clone();
    let segments = table.segments.iter().map(|(meta, deleted)| SegmentState {
        deletes: restore_deletes(deleted),
        ..SegmentState::new(disk, held, table.schema.id, meta.clone())
    });
    state.segments = Arc::new(segments.collect());
    for part in &table.parts {
        let mut restored = Part::new(part.id, part.column_ids.clone().into());
        restored.deletes = restore_deletes(&part.deleted);
        state.parts.push(Arc::new(restored));
    }
    Ok(state)
}

/// Removes segment files that no table has: of loads, flushes and compactions that were cut short.
fn sweep(disk: &Arc<dyn Disk>, state: &DatabaseState) -> Result<()> {
    let segments = || state.tables.values().flat_map(|table| table.segments.iter());
    let files = || segments().flat_map(SegmentState::files);
    let known: HashSet<PathBuf> = files().map(|file| file.path.clone()).collect();
    for folder in disk.list(Path::new(TABLES_FOLDER))? {
        if folder.parse::<u32>().map(TableId).is_err() {
            continue;
        }
        let folder = Path::new(TABLES_FOLDER).join(folder);
        for name in disk.list(&folder)? {
            let path = folder.join(name);
            if !known.contains(&path) {
                disk.remove(&path)?;
            }
        }
    }
    for file in files() {
        let (path, expected) = (&file.path, file.meta.file_bytes);
        let found = disk.length_bytes(path)?;
        if found != Some(expected) {
            return Err(Error::Corrupt {
                path: disk.describe(path),
                offset: found.unwrap_or(0),
                reason: match found {
                    None => "the segment is missing".into(),
                    Some(found) => format!("the segment has {found} bytes, {expected} expected"),
                },
            });
        }
    }
    Ok(())
}
