//! Writes what the database is into a new manifest, and removes the log that nobody needs any more.

use super::history::History;
use super::state::{DatabaseState, TableState};
use crate::commit::sequencer::Sequencer;
use crate::commit::visibility::Deletes;
use crate::disk::Disk;
use crate::error::Result;
use crate::manifest::{self, Manifest};
use crate::wal::LogPosition;
use parking_lot::Mutex;
use std::sync::Arc;

/// Commits a manifest remembers.
const COMMITS_KEPT_MAX: usize = 4_096;

/// Makes manifests, one at a time.
pub(crate) struct Checkpointer {
    store: u128,
    /// The newest manifest's number and position.
    newest: Mutex<(u64, LogPosition)>,
}

impl Checkpointer {
    pub(crate) fn new(store: u128, number: u64, position: LogPosition) -> Self {
        Checkpointer {
            store,
            newest: Mutex::new((number, position)),
        }
    }

    /// Writes a manifest of the published state, if anything happened since the last one.
    pub(crate) fn run(&self, disk: &Arc<dyn Disk>, sequencer: &Sequencer, next_table: u32) -> Result<()> {
        let mut newest = self.newest.lock();
        sequencer.check_usable()?;
        let state = sequencer.published();
        if state.position == newest.1 {
            return Ok(());
        }
        // With less than full durability the log may end before the state that the manifest would claim.
        if let Err(error) = sequencer.with_writer(|writer| writer.sync()) {
            sequencer.poison(&error.to_string());
            return Err(error);
        }
        let manifest = describe(
            self.store,
            &state,
            sequencer.history(),
            sequencer.next_part_id(),
            next_table,
        );
        let number = newest.0 + 1;
        manifest::write(&**disk, number, &manifest)?;
        *newest = (number, state.position);
        manifest::remove_older(&**disk, number)?;
        sequencer.with_writer(|writer| writer.remove_before(manifest.low_water))
    }
}

/// The state as a manifest.
pub(crate) fn describe(
    store: u128,
    state: &DatabaseState,
    history: &History,
    next_part: u64,
    next_table: u32,
) -> Manifest {
    let parts = state.tables.values().flat_map(|table| &table.parts);
    let oldest = parts
        .filter(|part| part.row_count > 0)
        .map(|part| part.first_position)
        .min();
    let objects = state.objects.iter();
    let (moments, commits) = history.until(state.version, COMMITS_KEPT_MAX).into_parts();
    Manifest {
        store,
        version: state.version,
        time: state.time,
        position: state.position,
        low_water: oldest.unwrap_or(state.position + 1),
        next_part,
        next_table,
        tables: state.tables.values().map(|table| describe_table(table)).collect(),
        objects: objects
            .filter_map(|(name, object)| Some((name.clone(), object.version, object.bytes.clone()?)))
            .collect(),
        commits,
        moments,
        producers: state.producers.clone(),
    }
}

fn describe_table(table: &TableState) -> manifest::ManifestTable {
    manifest::ManifestTable {
        schema: table.schema.clone(),
        schema_version: table.schema_version,
        history_from: table.history_from,
        ingest: table.ingest.clone(),
        segments: table
            .segments
            .iter()
            .map(|segment| (segment.meta(), describe_deletes(&segment.deletes)))
            .collect(),
        parts: table
            .parts
            .iter()
            .map(|part| manifest::ManifestPart {
                id: part.id,
                column_ids: part.column_ids.to_vec(),
                row_count: part.row_count,
                deleted: describe_deletes(&part.deletes),
            })
            .collect(),
    }
}

fn describe_deletes(deletes: &Option<Arc<Deletes>>) -> manifest::DeletedRows {
    let deletes = deletes.as_ref()?;
    let (old, recent) = deletes.taken_apart();
    Some(manifest::Deleted {
        version: deletes.version(),
        old,
        recent,
    })
}
