//! A state with changes on top that are not committed: what a transaction reads of its own writes. Nothing is logged, and nobody
//! else sees it.

use super::apply::Application;
use super::logged::LoggedChange;
use super::prepare::prepare_changes;
use super::{Change, PartId, RowId};
use crate::disk::Disk;
use crate::error::Result;
use crate::memtable::PART_ROWS_MAX;
use crate::store::state::DatabaseState;
use std::sync::Arc;

/// The state after the changes, still at the base's version, and where each insert's rows begin, in order. Parts from `own_from` on
/// are of earlier overlays below this one: rows may join them.
pub(crate) fn overlay(
    disk: &Arc<dyn Disk>,
    base: &DatabaseState,
    changes: Vec<Change>,
    own_from: Option<PartId>,
    mut new_part_id: impl FnMut() -> PartId,
) -> Result<(DatabaseState, Vec<RowId>)> {
    let mut places = Vec::new();
    let mut application = Application::new(disk, base.clone(), base.version);
    let (changes, _) = super::conditions::split(changes);
    for mut change in prepare_changes(changes, base)? {
        if let LoggedChange::Insert {
            table,
            part,
            first_row,
            rows,
        } = &mut change
        {
            // Parts of their own: those of the base stay shared with everybody.
            let last = application.table(*table)?.parts.last();
            let own = last.filter(|last| {
                own_from.is_some_and(|own_from| last.id >= own_from)
                    && last.column_ids == rows.column_ids
                    && last.row_count.saturating_add(rows.row_count as u32) <= PART_ROWS_MAX
            });
            (*part, *first_row) = own.map_or_else(|| (new_part_id(), 0), |last| (last.id, last.row_count));
            rows.bytes = rows.row_count * 8 * rows.columns.len();
            places.push(RowId {
                part: *part,
                row: *first_row,
            });
        }
        application.change(&change)?;
    }
    Ok((application.state, places))
}
