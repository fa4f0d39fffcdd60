//! The store as its users see it: everything here hands on to the part that does it.

use super::background::{Background, Bell, wait_for_room};
use super::bulk_load::Load;
use super::checkpoint::Checkpointer;
use super::foreign::refuse_foreign;
use super::partial::{Unmade, make_missing, make_missing_filter, unknown_key};
use super::past::PastSnapshot;
use super::recovery::{Recovered, recover};
use super::snapshot::StateSnapshot;
use super::state::{DatabaseState, SegmentState, TableState};
use super::{BulkLoad, CheckReport, CommitInfo, Snapshot, Store, StoreOptions};
use super::{check, compaction, flush};
use crate::clock::{Clock, SystemClock};
use crate::commit::overlay::overlay;
use crate::commit::sequencer::Sequencer;
use crate::commit::{Change, Changes, CommitVersion, PartId, RowId};
use crate::disk::{Disk, LocalDisk};
use crate::error::Result;
use crate::key_index::{LoadedKeys, duplicates_of_load};
use crate::schema::{TableId, TableSchema};
use crate::segment::SegmentMeta;
use crate::temporary::TemporaryFiles;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What all parts of a store share.
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: StoreOptions,
    pub(crate) sequencer: Sequencer,
    pub(crate) checkpointer: Checkpointer,
    pub(crate) next_table: AtomicU32,
    pub(crate) temporary_files: Arc<TemporaryFiles>,
    /// Held by whoever seals.
    pub(crate) flushing: Mutex<()>,
    /// Held by whoever merges or drops segments.
    pub(crate) compacting: Mutex<()>,
    /// Partials that could not be made.
    pub(crate) unmade: Unmade,
    pub(crate) bell: Bell,
}

impl Shared {
    /// The last commit before a table's history: what it and those before it deleted is of no more use. `None` where the table keeps
    /// none.
    pub(crate) fn forgotten(&self, table: &TableState) -> Option<CommitVersion> {
        let history_us = table
            .schema
            .history_ms
            .checked_mul(1_000)
            .filter(|history| *history > 0)?;
        let kept_from = self
            .clock
            .now()
            .saturating_sub(i64::try_from(history_us).unwrap_or(i64::MAX));
        Some(self.sequencer.history().version_at(kept_from).unwrap_or_default())
    }

    /// Writes a manifest, if anything happened since the last one.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        let next_table = self.next_table.load(Ordering::Relaxed);
        self.checkpointer.run(&self.disk, &self.sequencer, next_table)
    }
}

struct Database {
    shared: Arc<Shared>,
    background: Background,
}

impl Drop for Database {
    fn drop(&mut self) {
        self.background.stop(&self.shared);
    }
}

/// Opens a folder as a store, making it where there is none; nobody else can open it meanwhile.
///
/// # Errors
/// [`Error::Foreign`], [`Error::Locked`], [`Error::UnknownVersion`], [`Error::Corrupt`], [`Error::Io`].
pub fn open(folder: &Path, options: StoreOptions) -> Result<Arc<dyn Store>> {
    refuse_foreign(&LocalDisk::unlocked(folder))?;
    open_on(Arc::new(LocalDisk::open(folder)?), Arc::new(SystemClock), options)
}

/// Opens a store on any disk, with any clock.
///
/// # Errors
/// As [`open`].
pub fn open_on(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, options: StoreOptions) -> Result<Arc<dyn Store>> {
    let Recovered {
        sequencer,
        checkpointer,
        next_table,
    } = recover(&disk, clock.clone(), &options)?;
    TemporaryFiles::remove_left_over(&*disk)?;
    let shared = Arc::new(Shared {
        temporary_files: TemporaryFiles::new(disk.clone()),
        disk,
        clock,
        options,
        sequencer,
        checkpointer,
        next_table: AtomicU32::new(next_table),
        flushing: Mutex::new(()),
        compacting: Mutex::new(()),
        unmade: Unmade::default(),
        bell: Bell::default(),
    });
    let background = match shared.options.background {
        true => Background::start(&shared)?,
        false => Background::default(),
    };
    Ok(Arc::new(Database { shared, background }))
}

/// The state that a snapshot of the newest version, or an overlay, shows.
fn state_of(snapshot: &Arc<dyn Snapshot>) -> Result<&DatabaseState> {
    let any: &dyn std::any::Any = &**snapshot;
    match any.downcast_ref::<StateSnapshot>() {
        Some(snapshot) => Ok(&snapshot.state),
        None => Err(crate::Error::Invalid {
            reason: "the snapshot is not one of this store".into(),
        }),
    }
}

impl Store for Database {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        let state = self.shared.sequencer.published();
        Arc::new(StateSnapshot { state })
    }

    fn snapshot_at(&self, version: CommitVersion) -> Result<Arc<dyn Snapshot>> {
        let sequencer = &self.shared.sequencer;
        let published = sequencer.published();
        Ok(match published.version <= version {
            true => Arc::new(StateSnapshot { state: published }),
            false => Arc::new(PastSnapshot::new(published, version)),
        })
    }

    fn commit(&self, changes: Changes, base: CommitVersion) -> Result<CommitVersion> {
        let adds_rows = |change: &Change| matches!(change, Change::Insert(_, _));
        if self.shared.options.background && changes.changes.iter().any(adds_rows) {
            wait_for_room(&self.shared)?;
        }
        self.shared.sequencer.commit(changes, base)
    }

    fn overlay(
        &self,
        base: &Arc<dyn Snapshot>,
        changes: Vec<Change>,
        own_from: Option<PartId>,
    ) -> Result<(Arc<dyn Snapshot>, Vec<RowId>)> {
        let base = state_of(base)?;
        let sequencer = &self.shared.sequencer;
        let new_part_id = || sequencer.new_overlay_part_id();
        let (state, places) = overlay(&self.shared.disk, base, changes, own_from, new_part_id)?;
        Ok((Arc::new(StateSnapshot { state: Arc::new(state) }), places))
    }

    fn bulk_load(&self, schema: Arc<TableSchema>, memory_bytes_max: usize) -> Result<Arc<dyn BulkLoad>> {
        Ok(Arc::new(Load::begin(self.shared.clone(), schema, memory_bytes_max)?))
    }

    fn loaded_keys(
        &self,
        snapshot: &Arc<dyn Snapshot>,
        schema: &Arc<TableSchema>,
        key: TableId,
        segments: &[SegmentMeta],
    ) -> Result<LoadedKeys> {
        let held = Arc::default();
        let loaded = segments
            .iter()
            .map(|meta| SegmentState::new(&self.shared.disk, &held, schema.id, meta.clone()));
        let loaded: Vec<SegmentState> = loaded.collect();
        let key = schema.key(key).ok_or_else(|| unknown_key(schema, key))?;
        let state = state_of(snapshot)?;
        match state.tables.get(&schema.id) {
            Some(table) => duplicates_of_load(table, key, &loaded),
            // The table is made by the same commit.
            None => duplicates_of_load(&TableState::new(schema.clone(), state.version), key, &loaded),
        }
    }

    fn next_table_id(&self) -> TableId {
        TableId(self.shared.next_table.fetch_add(1, Ordering::Relaxed))
    }

    fn flush(&self, table: Option<TableId>) -> Result<()> {
        flush::flush(&self.shared, table)
    }

    fn compact(&self, table: Option<TableId>) -> Result<()> {
        compaction::compact(&self.shared, table)
    }

    fn make_partials(&self, table: TableId) -> Result<()> {
        self.shared.sequencer.check_usable()?;
        make_missing(&self.shared, table)?;
        while make_missing_filter(&self.shared, table)? {}
        Ok(())
    }

    fn apply_retention(&self) -> Result<()> {
        compaction::apply_retention(&self.shared, true)
    }

    fn commits(&self, count_max: usize) -> Vec<CommitInfo> {
        self.shared.sequencer.history().commits(count_max)
    }

    fn version_at(&self, time: i64) -> Option<CommitVersion> {
        self.shared.sequencer.history().version_at(time)
    }

    fn check(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport> {
        check::check(&self.shared, progress)
    }

    fn temporary_files(&self) -> &Arc<TemporaryFiles> {
        &self.shared.temporary_files
    }

    fn close(&self, flush: bool) -> Result<()> {
        self.background.stop(&self.shared);
        let done = match flush {
            true => self.flush(None),
            false => self.shared.checkpoint(),
        };
        self.shared.sequencer.poison("it was closed");
        self.shared.disk.unlock();
        done
    }
}
