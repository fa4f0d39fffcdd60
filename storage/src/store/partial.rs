//! Partials on their way to disk with the segment whose rows they are of. A partial that cannot be made is left out.

use super::database::Shared;
use super::segment_file::{TABLES_FOLDER, segment_path, table_folder};
use crate::commit::PartId;
use crate::error::{Error, Result};
use crate::schema::{PartitionKey, RollupSchema, TableSchema};
use crate::segment::{Partial, RowVersions, SegmentInput, SegmentMeta, write_segment};
use crate::vector::{Batch, flatten};
use std::path::Path;

/// Writes a segment and, if asked, what its table's rollups have of it. Until a commit or edit names them their files are provisional.
pub(super) fn write_with_partials(
    shared: &Shared,
    input: SegmentInput<'_>,
    makes_partials: bool,
) -> Result<SegmentMeta> {
    let (schema, columns) = (input.schema, input.columns);
    let mut meta = write_provisional(shared, schema, input)?;
    let rollups = schema.rollups.iter().filter(|_| makes_partials);
    for rollup in rollups {
        match write_partial(shared, schema, rollup, columns) {
            Ok(partial) => meta.partials.extend(partial),
            Err(error) => {
                remove(shared, schema, &[meta]);
                return Err(error);
            }
        }
    }
    Ok(meta)
}

fn write_provisional(shared: &Shared, schema: &TableSchema, input: SegmentInput<'_>) -> Result<SegmentMeta> {
    let id = shared.sequencer.new_part_id();
    shared.sequencer.register_loaded([id]);
    let written = write_segment(&*shared.disk, &segment_path(schema.id, id), id, input);
    if written.is_err() {
        shared.sequencer.abandon_loaded(&[id]);
    }
    written
}

fn write_partial(
    shared: &Shared,
    schema: &TableSchema,
    rollup: &RollupSchema,
    columns: &[arrow_array::ArrayRef],
) -> Result<Option<Partial>> {
    let Some(maker) = &shared.options.partial_maker else {
        return Ok(None);
    };
    let row_count = columns.first().map_or(0, |column| column.len());
    let rows = match maker.make(schema, rollup, Batch::new(columns.to_vec(), row_count)) {
        Ok(rows) => rows.compact(),
        Err(error) => {
            tracing::warn!(%error, rollup = rollup.id.0, "a segment has no partial for a rollup");
            return Ok(None);
        }
    };
    let plain: Vec<_> = rows.columns.iter().map(flatten).collect();
    let of_rollup = schema_of(rollup);
    shared.disk.create_folder(&table_folder(rollup.id))?;
    let input = SegmentInput {
        schema: &of_rollup,
        partition: PartitionKey(None),
        columns: &plain,
        versions: RowVersions::Single,
    };
    Ok(Some(Partial {
        rollup: rollup.id,
        deleted_rows: 0,
        segment: write_provisional(shared, &of_rollup, input)?,
    }))
}

/// The rollup as a table, as which its partials are written and read.
pub(crate) fn schema_of(rollup: &RollupSchema) -> TableSchema {
    TableSchema::new(rollup.id, rollup.columns.clone(), rollup.definition.clone())
}

/// Makes durable that the files of a table's segments and partials are in their folders.
pub(super) fn sync_folders(shared: &Shared, schema: &TableSchema, segments: &[SegmentMeta]) -> Result<()> {
    shared.disk.sync_folder(&table_folder(schema.id))?;
    let mut rollups: Vec<_> = segments
        .iter()
        .flat_map(|segment| &segment.partials)
        .map(|partial| partial.rollup)
        .collect();
    rollups.sort_unstable();
    rollups.dedup();
    for rollup in rollups {
        shared.disk.sync_folder(&table_folder(rollup))?;
    }
    shared.disk.sync_folder(Path::new(TABLES_FOLDER))
}

/// Removes segments that were written and will not be committed.
pub(super) fn remove(shared: &Shared, schema: &TableSchema, segments: &[SegmentMeta]) {
    let files = segments.iter().flat_map(|segment| {
        let partials = segment
            .partials
            .iter()
            .map(|partial| (partial.rollup, partial.segment.id));
        std::iter::once((schema.id, segment.id)).chain(partials)
    });
    for (table, id) in files {
        let abandoned: Vec<PartId> = shared.sequencer.abandon_loaded(&[id]);
        for id in abandoned {
            if let Err(error) = shared.disk.remove(&segment_path(table, id)) {
                tracing::warn!(%error, "a segment that was not put in place stays until the next start");
            }
        }
    }
}

/// What is wrong with a request for partials.
pub(crate) fn unknown_rollup(table: &TableSchema, rollup: crate::schema::TableId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no rollup {}", table.id.0, rollup.0),
    }
}
